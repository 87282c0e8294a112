"""What was asked, by whom, and of whom: Identity, Policy, Preferences, Call, and the names made for them."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_BASE62: Final = bytes(
    [b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[byte % 62] for byte in range(256)]
)


Member = tuple[str, int, int, int, int]
"""Where a member of a request lies in its content: key, start, end, start and end of the value."""


class Ids:
    """Generation ids `gen-<unix seconds>-<24 base62>`: request id, message id and ledger key (over 140 random bits)."""

    __slots__ = ("_at", "_unused")

    def __init__(self) -> None:
        self._unused = ""
        self._at = 0

    def next(self) -> str:
        """Give a new one; the random part comes from the system, many at a time."""
        at = self._at
        if at == len(self._unused):
            self._unused = os.urandom(24 * 128).translate(_BASE62).decode()
            at = 0
        self._at = at + 24
        return f"gen-{int(time.time())}-{self._unused[at : self._at]}"


def matches(pattern: str, name: str) -> bool:
    """Tell whether a name is what a pattern stands for: each `*` in it is any text."""
    head, *parts = pattern.split("*")
    if not parts:
        return pattern == name
    tail = parts.pop()
    if len(name) < len(head) + len(tail) or not name.startswith(head) or not name.endswith(tail):
        return False
    at, end = len(head), len(name) - len(tail)
    for part in parts:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator lets the holder of a key have; a request can only narrow it.

    models      patterns with `*` of what may be asked for; empty: any model
    providers   as `provider.only`, in lower case; empty: any provider
    ignore      as `provider.ignore`, in lower case
    zdr         only endpoints that keep no data
    redact      what is found in each call beside what is found in all: a `gateway.redact`, JSON; empty: nothing
    aliases     what the holder may write → the model that it means
    provider    members of a request's `provider` where it says nothing itself
    """

    models: tuple[str, ...] = ()
    providers: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    zdr: bool = False
    redact: bytes = b""
    aliases: Mapping[str, str] = field(default_factory=dict)
    provider: Mapping[str, Any] = field(default_factory=dict)

    def allows(self, model: str) -> bool:
        """Tell whether the holder may ask for a model, by the name that relay gives it."""
        return not self.models or any(matches(pattern, model) for pattern in self.models)


NO_POLICY: Final = Policy()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the holder of a key may use; None is any amount.

    spend_nanousd   in the present window
    reset           `daily`, `weekly`, `monthly`: at 00:00 UTC, on Mondays, on the first; None: one window for ever
    """

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    spend_nanousd: int | None = None
    reset: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls.

    name      of the key, as the operator wrote it
    policy    NO_POLICY itself where the operator says nothing
    limits    None: none
    expires   Unix seconds; None: never
    id        the key's public part, where relay made it
    is_admin  it may read what all keys used
    """

    name: str
    policy: Policy = NO_POLICY
    limits: Limits | None = None
    expires: float | None = None
    id: str | None = None
    is_admin: bool = False


Cutoffs = tuple[tuple[int, float], ...]
"""Percentile (50, 75, 90, 99) and its bound."""
Lists = tuple[tuple[str, frozenset[str]], ...]
"""The field that says a list, and the names in it."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Who may answer a request, and who rather (spec/openrouter-messages.md 9, spec/gateway-object.md 4); checked.

    Names of providers are in lower case. Money is nano-dollars, per million tokens or per call.

    models           tried in turn behind the call's own
    order            first, in this order; nobody else when there are no fallbacks
    allowed_models   patterns with `*` that the key may ask for; empty: any
    only             field and names: an endpoint must stand in each of them
    ignore           field and names: an endpoint must stand in none of them
    zdr              the field that asks for it; None: nobody does
    denies_training  no endpoint that trains on what it is sent, or keeps it
    quantizations    empty: any
    sort             `price`, `throughput`, `latency`, `exacto`; None: balanced by price
    mixes_models     models are sorted as one group
    max_price        kind → the most; kinds `prompt`, `completion`, `request`, `image`, `audio`
    min_throughput, max_latency   tokens a second, and seconds to the first of them
    options          provider, or provider and place, → members that it alone gets, and their JSON
    tier             `priority`, `flex`; `default` cancels that of a variant; None: nothing is said
    """

    models: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    allowed_models: tuple[str, ...] = ()
    only: Lists = ()
    ignore: Lists = ()
    allow_fallbacks: bool = True
    require_parameters: bool = False
    zdr: str | None = None
    denies_training: bool = False
    distillable: bool = False
    quantizations: frozenset[str] = frozenset()
    sort: str | None = None
    mixes_models: bool = False
    max_price: tuple[tuple[str, int], ...] = ()
    min_throughput: Cutoffs = ()
    max_latency: Cutoffs = ()
    tier: str | None = None
    options: tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...] = ()


NO_PREFERENCES: Final = Preferences()
COST_TIERS: Final = ("low", "medium", "high", "xhigh", "max")
"""Fifths of the prices, from the cheapest on."""


@dataclass(frozen=True, slots=True)
class AutoRouter:
    """How a router model is to choose (spec/openrouter-messages.md 7, 12.3).

    allowed, excluded       patterns of models, in lower case; of `allowed` none is all
    cost_quality_tradeoff   0 is the best whatever it costs, 10 the cheapest
    cost_tier               one of COST_TIERS, which beats the tradeoff
    pin_model               a conversation keeps its model: True always, False never; None: as it keeps its endpoint
    """

    allowed: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    cost_quality_tradeoff: int = 7
    cost_tier: str | None = None
    pin_model: bool | None = None


@dataclass(frozen=True, slots=True)
class Plugins:
    """What a request says of plugins.

    routers   by the plugin's id
    ignored   paths of parameters that no plugin knows, and of members of a request that were left out of the hub's
    """

    routers: Mapping[str, AutoRouter] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


NO_PLUGINS: Final = Plugins()


class Call:
    """One client request. Nobody writes to it after ingress, but for `release`.

    id           the generation id
    operation    `chat` or `count_tokens`
    model        as the client wrote it
    stream       the client waits for events
    content      the request body as received, `size` bytes; `members` are those of the JSON object that it is
    version, betas   the client's `anthropic-version` and merged `anthropic-beta` as sent, None when not
    app          what the client says of itself, for the record
    redact       what its `gateway.redact` says, decoded and unchecked; None: nothing
    preferences  who may answer it
    reports      it asked for the `x-relay-*` report fields
    describes    it asked for `openrouter_metadata`
    plugins      what it says of them
    user         of the client's own users, by the client's name; None: it says nothing
    credential   the client's own for a provider: the Secret of a header line; None: it sent none, or nobody takes it
    """

    __slots__ = (
        "app",
        "betas",
        "content",
        "credential",
        "describes",
        "id",
        "identity",
        "members",
        "model",
        "operation",
        "plugins",
        "preferences",
        "received_ns",
        "redact",
        "reports",
        "session_id",
        "size",
        "stream",
        "user",
        "version",
    )

    def __init__(
        self,
        id: str,
        operation: str,
        model: str,
        stream: bool,
        content: bytes,
        members: list[Member],
        identity: Identity,
        received_ns: int,
        *,
        version: bytes | None,
        betas: bytes | None,
        session_id: str | None,
        app: str | None,
        reports: bool,
        redact: Any = None,
        preferences: Preferences = NO_PREFERENCES,
        describes: bool = False,
        plugins: Plugins = NO_PLUGINS,
        user: str | None = None,
        credential: object | None = None,
    ) -> None:
        self.id = id
        self.operation = operation
        self.model = model
        self.content = content
        self.size = len(content)
        self.members = members
        self.identity = identity
        self.stream = stream
        self.received_ns = received_ns
        self.version = version
        self.betas = betas
        self.session_id = session_id
        self.app = app
        self.reports = reports
        self.redact = redact
        self.preferences = preferences
        self.describes = describes
        self.plugins = plugins
        self.user = user
        self.credential = credential

    def release(self) -> None:
        """Let go of the request's content: once model bytes were sent no further attempt needs it."""
        self.content = b""
        self.members = []
