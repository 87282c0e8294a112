"""What can be called: Endpoint, Timeouts, Model; Generation is one loaded configuration; Attempt is one try.

Secret holds a credential, TokenSource says who gives one; KnownProvider is what relay knows of a provider by name,
Provider is what lists say of one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from relay.call import Identity
from relay.price import Cost, Price, Usage

CALLER: Final = "caller"
"""The credential that a caller sends with its call; other names hold a dot."""
DEFAULT_MAX_TOKENS: Final = 4096


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; names and defaults of spec/operations.md 4."""

    upstream_connect: float = 5.0
    upstream_headers: float = 120.0
    first_event: float = 120.0
    idle_event: float = 120.0
    total_stream: float = 3600.0
    total_unary: float = 600.0


class Secret:
    """A credential that can't be printed, serialised or compared by accident (SEC-4); `reveal()` is the one way in."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the secret itself: only for the header field that needs it, or for its digest."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __format__(self, spec: str) -> str:
        raise TypeError("a secret can't be formatted; reveal() it where it is sent")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret can't be serialised")


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Who gives access tokens that end after a while.

    kind    `google` or `entra`
    file    that holds credentials of Google; None: what the surroundings have
    scope   what the tokens are for
    """

    kind: str
    file: str | None
    scope: str


@dataclass(frozen=True, slots=True)
class Accepts:
    """What an endpoint is known to take of a prompt; what is None or empty is sent as the client wrote it.

    author              who signs its thinking: who made the model, or the provider that encrypts it
    caching             `explicit`, `explicit+automatic`, `implicit`, `none`
    reasoning_style     `effort`, `budget`, `flag`, `none`
    reasoning_efforts   the levels of effort that it has
    adaptive_only       it thinks as it likes, not by a budget
    betas               names of `anthropic-beta`
    max_stop_sequences  as many as it takes
    """

    author: str | None = None
    caching: str | None = None
    reasoning_style: str | None = None
    reasoning_efforts: tuple[str, ...] = ()
    adaptive_only: bool = False
    betas: frozenset[bytes] | None = None
    max_stop_sequences: int | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """Who answers, as lists tell people; `slug` is the key in `providers`, None is what nobody says."""

    slug: str
    name: str
    privacy_policy_url: str | None = None
    terms_of_service_url: str | None = None
    status_page_url: str | None = None
    headquarters: str | None = None
    datacenters: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place that serves a model: provider + model + credential.

    id           stable, a metric label: `anthropic/claude-sonnet-4-5`
    provider     the key in `providers`; `display_name` is what clients read
    model        the provider's name for it; `*` stands for what the wildcard of the client's name matched
    credential   a name in `Generation.credentials`, or CALLER; None: the provider wants none
    price        None is unknown, never free
    ca_file      a private authority for TLS, beside the system's
    variant, region   what tells it from its provider's other endpoints of the model, as `provider/variant` in lists
    tier         `default`, `flex` or `priority`; one that is not `default` answers only who asks for it
    context_tokens, max_output_tokens   None is unknown: it keeps nobody out
    quantization   `unknown` where nobody says
    parameters   members of a request that it takes, of those in PARAMETERS; None is unknown: all of them
    zdr, trains, retains   what it does with data; unknown is the worse of the two
    caches       it is known to cache prompts; `caches_unasked`: without being told where
    abilities, input_modalities, output_modalities   its `capabilities`, what it reads, and gives; None is unknown
    thinks       it stands for a variant that has the model think, where the request says nothing of it
    owner_key    the name of the key whose holder's own account it is, and who alone may use it
    accepts, quirks   what it takes, None: all of a prompt; what its provider wants otherwise
    context_management   who edits context: it (`native`), relay (`emulate`), nobody (`native_only`: refused; `drop`)
    """

    id: str
    provider: str
    display_name: str
    dialect: str
    model: str
    base_url: str
    credential: str | None = None
    price: Price | None = None
    default_max_tokens: int = DEFAULT_MAX_TOKENS
    count_tokens: bool = False
    ca_file: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    variant: str | None = None
    region: str | None = None
    tier: str = "default"
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    quantization: str = "unknown"
    parameters: frozenset[str] | None = None
    zdr: bool = False
    trains: bool = True
    retains: bool = True
    caches: bool = False
    caches_unasked: bool = False
    abilities: frozenset[str] | None = None
    input_modalities: frozenset[str] | None = None
    output_modalities: frozenset[str] | None = None
    thinks: bool = False
    owner_key: str | None = None
    accepts: Accepts | None = None
    context_management: str = "emulate"
    quirks: frozenset[str] = frozenset()

    @property
    def is_plain(self) -> bool:
        """Nothing that it says can keep a call without preferences out, or change what is sent."""
        return (
            self.tier == "default"
            and self.context_tokens is None
            and self.max_output_tokens is None
            and self.parameters is None
            and self.abilities is None
            and self.input_modalities is None
            and not self.is_own
        )

    @property
    def is_own(self) -> bool:
        """An account of the caller's own answers: relay charges its fee alone."""
        return self.owner_key is not None or self.credential == CALLER

    def has(self, ability: str) -> bool:
        """Tell whether it is not known to lack one of the configuration's `capabilities`."""
        return self.abilities is None or ability in self.abilities

    @property
    def is_free(self) -> bool:
        """It is declared to cost nothing."""
        price = self.price
        return price is not None and price.is_nothing

    @property
    def keeps_caches(self) -> bool:
        """It is worth coming back to it for the prompts that it has cached."""
        price = self.price
        return self.caches or (price is not None and price.cache_read is not None and price.cache_read < price.prompt)


PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "stop_sequences": ("stop",),
    "tools": ("tools",),
    "tool_choice": ("tool_choice",),
    "thinking": ("reasoning",),
    "output_config.effort": ("verbosity", "reasoning_effort", "reasoning"),
    "output_config.format": ("structured_outputs",),
}
"""What of a request an endpoint may not take, and the catalogue's words for it, any of which says that it does."""


TASKS: Final = (
    "agent",
    "chat",
    "coding",
    "extraction",
    "math",
    "reasoning",
    "summary",
    "translation",
    "vision",
    "writing",
)
"""What a request may be about, for a model's scores."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How good a model is, on a scale of the operator's; None and absent tasks: nobody says.

    tasks   by a word of TASKS
    """

    general: float | None = None
    coding: float | None = None
    tasks: Mapping[str, float] = field(default_factory=dict)


_NO_SCORES: Final = Scores()


@dataclass(frozen=True, slots=True)
class Model:
    """What the client says, and the endpoints that serve it, in the operator's order.

    author, family   who made it, and what it belongs to: `~author/family-latest` is the newest of them
    distillable      None is unknown, which is no
    auto             `openrouter/auto` may choose it
    """

    id: str
    endpoints: tuple[Endpoint, ...]
    created: int = 0
    author: str | None = None
    family: str | None = None
    distillable: bool = False
    auto: bool = False
    scores: Scores = _NO_SCORES

    def quality(self, task: str) -> float | None:
        """Give how good it is at one of TASKS: by its score for that, else in general; None: nobody says."""
        if task in self.scores.tasks:
            return self.scores.tasks[task]
        if task == "coding" and self.scores.coding is not None:
            return self.scores.coding
        return self.scores.general


@dataclass(frozen=True, slots=True)
class Generation:
    """One immutable loaded configuration.

    models        exact ids; `wildcards` holds the ids with one `*`, longest first
    keys          SHA-256 of a caller key → who holds it; None lets anybody in (loopback only)
    credentials   credential name → secret, never printed, or who gives it
    digest        first 12 hex digits of the configuration's digest
    providers     by their key
    thinking      `:thinking` of the models that reason; the models in it keep their own id
    deprecated    models that answer no more, and who does instead
    passes_credentials   some endpoint takes the credential that a caller sends
    price_version the lists from which prices come that the configuration does not write
    """

    models: Mapping[str, Model]
    wildcards: tuple[Model, ...]
    keys: Mapping[bytes, Identity] | None
    credentials: Mapping[str, Secret | TokenSource] = field(repr=False)
    digest: str = ""
    body_limit_bytes: int = 32 << 20
    docs_url: str = "https://relay.invalid/errors"
    providers: Mapping[str, Provider] = field(default_factory=dict)
    thinking: Mapping[str, Model] = field(default_factory=dict)
    deprecated: Mapping[str, str] = field(default_factory=dict)
    price_version: str = ""
    passes_credentials: bool = False

    def find(self, name: str) -> tuple[Model, str | None] | None:
        """Give the model that `name` stands for: the exact id first, else the longest wildcard that matches.

        returns   the model, and what `*` stood for, None for an exact id
        """
        if (model := self.models.get(name)) is not None:
            return model, None
        if name in self.deprecated:
            return None
        for model in self.wildcards:
            head, _, tail = model.id.partition("*")
            if len(name) > len(head) + len(tail) and name.startswith(head) and name.endswith(tail):
                return model, name[len(head) : len(name) - len(tail)]
        return None

    def close_to(self, name: str) -> list[str]:
        """Give up to three configured ids that look like `name`."""
        from difflib import get_close_matches  # for an error alone

        return get_close_matches(name[:256], self.models, n=3)


class Attempt:
    """One try at one endpoint; filled in as it goes, and kept in the call's record.

    number        from 1
    slug          what relay calls the model; the client reads it in the answer
    model         the provider's name for the model, wildcard resolved
    max_tokens    what the request's own is cut to; None: it stays
    dropped       members of the request that the endpoint does not take
    dropped_fields   paths of what else of the request was not sent
    options       members that this endpoint alone gets, and their JSON
    context_management   JSON of what the answer is to say of the context's edits; None: nothing
    redacts       what is sent is redacted
    seal          what becomes of the answer's signatures of thinking; None: they pass
    status        HTTP status of the answer, 0 without one
    error         reason of the failure, None so far or when it answered
    sent_ns, head_ns   when the request was written and the head had come, monotonic; 0: not yet
    usage, basis  what it used and who says so (spec/operations.md USG-4)
    cost          None: nothing is known to charge for, or the price is not
    has_output    something of the model came
    anomalies     numbers of the provider that can't be
    """

    __slots__ = (
        "anomalies",
        "basis",
        "context_management",
        "cost",
        "dropped",
        "dropped_fields",
        "ended_ns",
        "endpoint",
        "error",
        "error_type",
        "has_output",
        "head_ns",
        "max_tokens",
        "model",
        "number",
        "options",
        "redacts",
        "seal",
        "sent_ns",
        "slug",
        "status",
        "upstream_request_id",
        "usage",
    )

    def __init__(
        self,
        number: int,
        endpoint: Endpoint,
        slug: str,
        model: str,
        max_tokens: int | None = None,
        dropped: frozenset[str] = frozenset(),
        options: tuple[tuple[str, bytes], ...] = (),
    ) -> None:
        self.number = number
        self.endpoint = endpoint
        self.slug = slug
        self.model = model
        self.max_tokens = max_tokens
        self.dropped = dropped
        self.dropped_fields: tuple[str, ...] = ()
        self.options = options
        self.context_management: bytes | None = None
        self.seal: Callable[[bytes], bytes] | None = None
        self.status = 0
        self.error: str | None = None
        self.error_type: str | None = None
        self.sent_ns = self.head_ns = self.ended_ns = 0
        self.upstream_request_id: str | None = None
        self.usage: Usage = {}
        self.basis = "none"
        self.cost: Cost | None = None
        self.has_output = self.redacts = False
        self.anomalies = 0
