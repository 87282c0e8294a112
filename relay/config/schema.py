"""Every key of the configuration file: type, unit, range, default and one line of help.

The single source of the JSON Schema, of `relay config show` and of the messages. Values that mean a time or a size are
written with a unit. What the contracts name and this version doesn't build stands in `unbuilt`. A schema describes one
key at a time; what two keys say together is judged in `check`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_serializer, model_validator

from relay.config.settings import Address
from relay.config.unbuilt import CAPABILITIES, DIALECTS
from relay.config.values import Duration, Listen, Size, Text, Url, Usd, refusal

Clock = Annotated[float, Duration("10ms", "24h")]
Name = Annotated[str, Text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "a name of letters, digits, `.`, `_` and `-`")]
ModelName = Annotated[str, Text(r"[!-~]{1,256}", "a model name without spaces, at most 256 characters")]
Line = Annotated[str, Text(r"[^\x00-\x1f\x7f]{1,1024}", "one line of text")]
Dialect = Annotated[str, Text(r"[a-z]{1,32}", f"one of {', '.join(DIALECTS)}")]
WebUrl = Annotated[str, Url()]
Tokens = Annotated[int, Field(ge=1, le=100_000_000)]
PerMillion = Annotated[int, Usd("million tokens")]


class Section(BaseModel):
    """A mapping of the file: closed, frozen, without coercion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Reference(Section):
    """Where a secret stands; the file itself never holds one."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["env"]}, {"required": ["file"]}]})

    env: Annotated[str, Text(r"[A-Za-z_][A-Za-z0-9_]{0,127}", "the name of an environment variable")] | None = None
    """The environment variable that holds the secret."""
    file: Line | None = None
    """The file that holds the secret and nothing else; relative to the configuration's folder."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_literal(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise refusal("a secret never stands in the file; write {env: NAME} or {file: PATH}")
        given = [key for key in ("env", "file") if value.get(key) is not None]
        if len(given) != 1 and "exec" not in value:
            raise refusal("must be either {env: NAME} or {file: PATH}")
        return value


class Price(Section):
    """What an endpoint costs."""

    prompt: PerMillion
    """Input tokens."""
    completion: PerMillion
    """Output tokens."""
    cache_read: PerMillion | None = None
    """Input tokens read from the cache; default: as prompt."""
    cache_write_5m: PerMillion | None = None
    """Input tokens written to the cache for 5 minutes; default: 1.25 × prompt."""
    cache_write_1h: PerMillion | None = None
    """Input tokens written to the cache for an hour; default: 2 × prompt."""
    request: Annotated[int, Usd("call")] = 0
    """A fee for each call."""


class UpstreamTimeouts(Section):
    """Clocks of the provider's side; what a provider or endpoint does not write it takes from the level above."""

    upstream_connect: Clock = Field(default="5s", validate_default=True)
    """Name look-up, TCP and TLS together."""
    upstream_headers: Clock = Field(default="120s", validate_default=True)
    """From the request's last byte to the response's head."""
    first_event: Clock = Field(default="120s", validate_default=True)
    """From the request's last byte to the first event of a stream."""
    idle_event: Clock = Field(default="120s", validate_default=True)
    """Between two reads of a stream."""
    total_stream: Clock = Field(default="3600s", validate_default=True)
    """A whole stream."""
    total_unary: Clock = Field(default="600s", validate_default=True)
    """A whole call without streaming."""


class Timeouts(UpstreamTimeouts):
    """All clocks: those of the provider's side as defaults of every endpoint, and those of the client's side."""

    header_read: Clock = Field(default="10s", validate_default=True)
    """From a client's connection to the end of its request head."""
    body_read: Clock = Field(default="30s", validate_default=True)
    """Between two reads of a request's content."""
    keepalive_idle: Clock = Field(default="120s", validate_default=True)
    """An idle kept-alive client connection; longer than the balancer's."""
    client_stall: Clock = Field(default="60s", validate_default=True)
    """Without progress of a client that does not read."""


class Serving(Section):
    """What a provider says for all its endpoints and an endpoint may say for itself."""

    credential: Reference | None = None
    """The secret that relay sends to the provider."""
    price: Price | None = None
    """What it costs; an endpoint's price replaces its provider's as a whole. Absent: unknown, never free."""
    default_max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """Sent as `max_tokens` when the client names none; default 4096."""
    timeouts: UpstreamTimeouts | None = None
    """Clocks that differ from the level above."""
    capabilities: list[Annotated[str, Text("[a-z_]{1,64}", f"one of {', '.join(CAPABILITIES)}")]] | None = None
    """Abilities that it is known to have; one that is not listed is unknown."""
    variant: Name | None = None
    """Tells it from the provider's other endpoints of a model: lists name it `provider/variant`."""
    region: Name | None = None
    """Where it runs: lists name it `provider/region`."""
    tier: Literal["default", "flex", "priority"] | None = None
    """The service tier; one that is not `default` answers only calls that ask for it."""
    context_tokens: Tokens | None = None
    """Its window, prompt and answer together; absent: unknown, which keeps no call out."""
    max_output_tokens: Tokens | None = None
    """The longest answer; absent: unknown, which keeps no call out."""
    quantization: (
        Literal["int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"]
        | None
    ) = None
    """How its weights are stored."""
    supported_parameters: list[Annotated[str, Text("[a-z_]{1,64}", "a name such as `temperature`")]] | None = None
    """What it takes of a request; others are left out. Absent: unknown, so that all is sent."""
    caching: Literal["explicit", "explicit+automatic", "implicit", "none"] | None = None
    """How it caches prompts; conversations stay with an endpoint that does."""
    zdr: bool | None = None
    """It keeps no data at all: a statement of the operator. Absent: it may."""
    trains: bool | None = None
    """It trains on what it is sent: a statement of the operator. Absent: it may."""
    retains: bool | None = None
    """It keeps what it is sent: a statement of the operator. Absent: it may."""
    data_region: Line | None = None
    """Where data stays: a statement of the operator; no call can ask for it yet."""

    @field_serializer("timeouts")
    def _only_written(self, value: UpstreamTimeouts | None) -> dict[str, Any] | None:
        return value.model_dump(exclude_unset=True) if value else None


class Provider(Serving):
    """Who answers. One that relay knows by name needs only its credential."""

    name: Line | None = None
    """What clients read as the provider's name; default: relay's own name for it, or the key."""
    dialect: Dialect | None = Field(default=None, json_schema_extra={"enum": [*DIALECTS, None]})
    """The language it speaks."""
    base_url: WebUrl | None = None
    """Where its API begins, the version's path included."""
    ca_file: Line | None = None
    """A private certificate authority (PEM), beside the system's; relative to the configuration's folder."""
    privacy_policy_url: WebUrl | None = None
    """For people: its privacy policy."""
    terms_of_service_url: WebUrl | None = None
    """For people: its terms."""
    status_page_url: WebUrl | None = None
    """For people: its status page."""
    headquarters: Line | None = None
    """For people: the country of its headquarters."""
    datacenters: list[Line] | None = None
    """For people: the countries of its data centres."""


class Endpoint(Serving):
    """One place that serves a model; its keys beat those of its provider."""

    provider: Line
    """A key in `providers`."""
    model: ModelName
    """The provider's name for the model; `*` stands for what the wildcard of the client's name matched."""


Endpoints = Annotated[list[Endpoint], Field(min_length=1)]


class ModelEntry(Section):
    """A model with more to say than its endpoints."""

    endpoints: Endpoints
    """Who serves it, in the order of trying."""
    author: Line | None = None
    """Who made it; default: what stands before the `/` of its name."""
    family: Line | None = None
    """Its family: `~author/family-latest` is the newest model of it."""
    distillable: bool = False
    """Its answers may be used to train other models."""
    created: Annotated[int, Field(ge=0, le=253_402_300_799)] = 0
    """When it came out, in Unix seconds."""


class Key(Section):
    """Who may call."""

    name: Name
    """What records and logs call the holder."""
    secret: Reference
    """The key that the client sends: 8 characters or more."""


class Ops(Section):
    """The port for operators."""

    listen: Annotated[Address, Listen()] | None = None
    """HOST:PORT; absent: no such port."""


class Limits(Section):
    """Bounds of what is taken in."""

    body: Annotated[int, Size("1KiB", "1GiB")] = Field(default="32MiB", validate_default=True)
    """The content of a request."""
    concurrency: int = Field(default=2000, ge=1, le=100_000)
    """Streams and unary calls in flight."""


class Pool(Section):
    """Connections to one endpoint; how long they are kept is fixed."""

    max: int = Field(default=1024, ge=1, le=100_000)
    """Most connections to one endpoint, as many as it has calls at a time."""


class Stream(Section):
    """How streams are written."""

    ping_interval: Clock = Field(default="10s", validate_default=True)
    """Silence after which a ping is written."""
    early_commit_after: Annotated[float, Duration("0s", "24h")] = Field(default="10s", validate_default=True)
    """Wait for the first event after which the answer begins with comments; 0s is never."""
    write_high: Annotated[int, Size("1KiB", "64MiB")] = Field(default="256KiB", validate_default=True)
    """Unsent bytes of a client at which its provider is no longer read."""
    write_low: Annotated[int, Size("0B", "64MiB")] = Field(default="64KiB", validate_default=True)
    """Unsent bytes of a client at which its provider is read again."""


class Drain(Section):
    """The way out."""

    deadline: Annotated[float, Duration("0s", "24h")] = Field(default="10s", validate_default=True)
    """How long streams may run on after the first SIGTERM."""


class CustomPattern(Section):
    """A phrase or an RE2 pattern with more to say than itself."""

    pattern: str
    """RE2, or the text itself with `literal`."""
    name: Annotated[str, Text(r"[^\x00-\x1f\x7f]{1,64}", "one line of text, at most 64 characters")] | None = None
    """What it is called."""
    literal: bool = False
    """The pattern is text, not RE2."""
    ignore_case: bool = False
    """Any case matches."""
    max_len: Annotated[int, Field(ge=1, le=256)] | None = None
    """Most characters of a match; default 128."""


def _custom_form(value: Any) -> str:
    return "(entry)" if isinstance(value, dict | CustomPattern) else "(text)"


def _mode_form(value: Any) -> str:
    return "(entry)" if isinstance(value, dict) else "(text)"


Custom = Annotated[
    Annotated[str, Tag("(text)")] | Annotated[CustomPattern, Tag("(entry)")], Discriminator(_custom_form)
]
Mode = Literal["mask", "placeholder", "hash", "block", "report"]
RedactionClass = Literal["email", "phone", "ip", "uuid", "token", "credit_card", "iban", "ssn", "mac", "custom"]
ModeOfEach = Annotated[
    Annotated[Mode, Tag("(text)")] | Annotated[dict[RedactionClass, Mode], Tag("(entry)")], Discriminator(_mode_form)
]


class Redact(Section):
    """The operator's floor of redaction for every call; a request can only add to it."""

    email: bool = False
    """E-mail addresses."""
    phone: bool = False
    """Telephone numbers."""
    ip: bool = False
    """IP addresses."""
    uuid: bool = False
    """UUIDs."""
    token: bool = False
    """Secrets and API keys."""
    credit_card: bool = False
    """Card numbers."""
    iban: bool = False
    """Bank account numbers."""
    ssn: bool = False
    """US social security numbers."""
    mac: bool = False
    """Hardware addresses."""
    custom: Annotated[list[Custom], Field(max_length=32)] = []
    """Phrases, `/RE2/` or `/RE2/i`, or mappings with `pattern`."""
    mode: ModeOfEach | None = None
    """What becomes of a match, for every class or class by class; default mask, which a request may change."""
    apply_to: Annotated[list[Literal["request", "response"]], Field(min_length=1)] | None = None
    """Which ways are scanned; default both."""
    restore: bool | None = None
    """In mode placeholder, originals come back into the response; default true, false holds for every call."""
    restore_in: list[Literal["text", "tool_input", "token_text"]] | None = None
    """Where originals come back; default text and tool_input."""
    allow: Annotated[list[str], Field(max_length=256)] = []
    """Values left alone: exact, `@domain`, `*.domain`, a CIDR, `prefix*` of a token."""
    session: Annotated[str, Field(max_length=256)] | None = None
    """The scope of hashes where a request names none; default the whole tenant."""
    scan_thinking: Literal["pass", "drop"] = "pass"
    """drop: thinking blocks are taken out of responses."""
    on_unscannable: Literal["pass", "block"] = "pass"
    """block: requests with images, audio, PDFs and other binary content are refused."""
    coverage: Literal["open", "strict"] = "open"
    """strict: a block or delta that relay doesn't know ends the stream, where it else passes unscanned."""
    hold_max: Annotated[int, Size("64B", "64KiB")] = Field(default="64KiB", validate_default=True)
    """Most text of a block that may wait to be decided, a byte a character; classes that may need more are refused."""
    hash_key: Reference | None = None
    """The secret of mode hash, 16 characters or more; without one the mode is refused."""


class Log(Section):
    """How log lines are written."""

    format: Literal["auto", "json", "text"] = "auto"
    """auto: text on a terminal, JSON elsewhere."""


def _key_form(value: Any) -> str | None:
    return "(list)" if isinstance(value, list) else "(open)" if value == "open" else None


def _model_form(value: Any) -> str | None:
    return "(list)" if isinstance(value, list) else "(entry)" if isinstance(value, dict | ModelEntry) else None


Keys = Annotated[
    Annotated[list[Key], Field(min_length=1), Tag("(list)")] | Annotated[Literal["open"], Tag("(open)")],
    Discriminator(
        _key_form,
        custom_error_type="relay",
        custom_error_message="must be a list of {name, secret}, or `open`",
    ),
]
Model = Annotated[
    Annotated[Endpoints, Tag("(list)")] | Annotated[ModelEntry, Tag("(entry)")],
    Discriminator(
        _model_form,
        custom_error_type="relay",
        custom_error_message="must be a list of endpoints, or a mapping with `endpoints`",
    ),
]


class File(Section):
    """The whole file."""

    listen: Annotated[Address, Listen()] = Field(default="127.0.0.1:8080", validate_default=True)
    """HOST:PORT for clients; port 0 takes a free one."""
    ops: Ops = Ops()
    """The port for operators."""
    keys: Keys
    """Who may call; `open` lets anybody in and is refused off loopback."""
    providers: dict[Name, Provider] = Field(min_length=1)
    """Who answers."""
    models: dict[ModelName, Model] = Field(min_length=1)
    """What the client says: the endpoints that serve it. One `*` in a name hands what it matched to the provider."""
    limits: Limits = Limits()
    """Bounds of what is taken in."""
    pool: Pool = Pool()
    """Connections to providers."""
    timeouts: Timeouts = Timeouts()
    """Clocks."""
    stream: Stream = Stream()
    """How streams are written."""
    redact: Redact = Redact()
    """What is redacted in every call."""
    drain: Drain = Drain()
    """The way out."""
    log: Log = Log()
    """How log lines are written."""


def endpoints_of(model: list[Endpoint] | ModelEntry) -> list[Endpoint]:
    """Give the endpoints of either form of a model."""
    return model if isinstance(model, list) else model.endpoints


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of the file."""
    schema = File.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": "relay configuration"}
