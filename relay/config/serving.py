"""Who answers, and at what price: the keys of providers, endpoints and models."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_serializer

from relay.config.section import (
    AccessTokens,
    Clock,
    KeyPair,
    Line,
    ModelName,
    Name,
    Quantization,
    Reference,
    Section,
    Tokens,
    WebUrl,
)
from relay.config.unbuilt import CAPABILITIES, DIALECTS
from relay.config.values import Text, Usd

Dialect = Annotated[str, Text(r"[a-z]{1,32}", f"one of {', '.join(DIALECTS)}")]
Modality = Literal["text", "image", "file", "audio", "video"]
Effort = Literal["minimal", "low", "medium", "high", "xhigh", "max"]
PerMillion = Annotated[int, Usd("million tokens")]


class Rates(Section):
    """What a price is made of."""

    cache_read: PerMillion | None = None
    """Input tokens read from the cache; default: as prompt."""
    cache_write_5m: PerMillion | None = None
    """Input tokens written to the cache for 5 minutes; default: 1.25 × prompt with explicit caching, else prompt."""
    cache_write_1h: PerMillion | None = None
    """Input tokens written to the cache for an hour; default: 2 × prompt with explicit caching, else prompt."""
    audio: PerMillion | None = None
    """Audio tokens; default: as prompt. For lists and limits: no dialect of this version reports them."""
    image: Annotated[int, Usd("image")] | None = None
    """A fee for each image of the request; default: none."""


class LongContext(Rates):
    """What costs something else in long prompts; what it does not name stays."""

    above_tokens: Tokens
    """It holds for prompts of more tokens than that, cached ones included."""
    prompt: PerMillion | None = None
    """Input tokens."""
    completion: PerMillion | None = None
    """Output tokens."""
    request: Annotated[int, Usd("call")] | None = None
    """A fee for each call."""


_FORMS: Mapping[str, type[Section]] = {"(pair)": KeyPair, "(tokens)": AccessTokens}


def _credential_form(value: Any) -> str:
    if value == "caller":
        return "(caller)"
    for tag, form in _FORMS.items():
        written = isinstance(value, dict) and not value.keys().isdisjoint(form.model_fields)
        if written or isinstance(value, form):
            return tag
    return "(entry)"


Credential = Annotated[
    Annotated[Reference, Tag("(entry)")]
    | Annotated[KeyPair, Tag("(pair)")]
    | Annotated[AccessTokens, Tag("(tokens)")]
    | Annotated[Literal["caller"], Tag("(caller)")],
    Discriminator(_credential_form),
]


class Price(Rates):
    """What an endpoint costs."""

    prompt: PerMillion
    """Input tokens."""
    completion: PerMillion
    """Output tokens."""
    request: Annotated[int, Usd("call")] = 0
    """A fee for each call."""
    long_context: list[LongContext] = Field(default=[], max_length=16)
    """Prices of long prompts; of those whose threshold a prompt passes the highest holds."""


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


class Serving(Section):
    """What a provider says for all its endpoints and an endpoint may say for itself."""

    credential: Credential | None = None
    """The secret that relay sends to the provider. `caller`: the client's own, which only one provider may have: with
    the key of relay as `Authorization: Bearer` it is sent as `x-api-key`; with that as `x-relay-key`, as the provider's
    own clients send it. A provider of the dialect `bedrock` takes a key of its API, or a pair of AWS's keys; those of
    Google and of Azure take tokens that end: `{google: default}`, `{entra: default}`."""
    price: Price | None = None
    """What it costs; an endpoint's price replaces its provider's as a whole. Absent: unknown, never free."""
    default_max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """Sent as `max_tokens` when the client names none; default 4096."""
    timeouts: UpstreamTimeouts | None = None
    """Clocks that differ from the level above."""
    capabilities: list[Annotated[str, Text("[a-z_]{1,64}", f"one of {', '.join(CAPABILITIES)}")]] | None = None
    """Abilities that it has, and no others. Absent: what relay knows of the provider, else unknown."""
    variant: Name | None = None
    """Tells it from the provider's other endpoints of a model: lists name it `provider/variant`."""
    region: Name | None = None
    """Where it runs: lists name it `provider/region`; for AWS the name of the region."""
    tier: Literal["default", "flex", "priority"] | None = None
    """The service tier; one that is not `default` answers only calls that ask for it."""
    context_tokens: Tokens | None = None
    """Its window, prompt and answer together; absent: unknown, which keeps no call out."""
    max_output_tokens: Tokens | None = None
    """The longest answer; absent: unknown, which keeps no call out."""
    quantization: Quantization | None = None
    """How its weights are stored."""
    supported_parameters: list[Annotated[str, Text("[a-z_]{1,64}", "a name such as `temperature`")]] | None = None
    """What it takes of a request; others are left out. Absent: unknown, so that all is sent."""
    input_modalities: Annotated[list[Modality], Field(min_length=1)] | None = None
    """What it reads; `file` is a document. Absent: unknown, which keeps no call out."""
    output_modalities: Annotated[list[Modality], Field(min_length=1)] | None = None
    """What it gives; for lists."""
    caching: Literal["explicit", "explicit+automatic", "implicit", "none"] | None = None
    """How it caches prompts; conversations stay with an endpoint that does."""
    reasoning_style: Literal["effort", "budget", "flag", "none"] | None = None
    """How it is told to think: by level, by tokens, on or off, not at all. Absent: as the client says."""
    reasoning_efforts: Annotated[list[Effort], Field(min_length=1)] | None = None
    """The levels of effort that it has; another one becomes the nearest lower. Absent: unknown, all are sent."""
    adaptive_only: bool | None = None
    """It decides itself how long to think: a budget is not sent."""
    betas: list[Annotated[str, Text(r"[!-+\--~]{1,128}", "the name of a beta, without commas")]] | None = None
    """Names of `anthropic-beta` that it takes; others are not sent. Absent: all are."""
    max_stop_sequences: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most stop sequences that it takes; only the first ones are sent."""
    context_management_policy: Literal["emulate", "native_only", "drop"] | None = None
    """What becomes of `context_management` where the capability of this name is missing; default: relay does it."""
    zdr: bool | None = None
    """It keeps no data at all: a statement of the operator. Absent: it may."""
    trains: bool | None = None
    """It trains on what it is sent: a statement of the operator. Absent: it may."""
    retains: bool | None = None
    """It keeps what it is sent: a statement of the operator. Absent: it may."""
    owner_key: Name | None = None
    """The name of a key: its holder's own account, for them alone; they pay the provider, and relay nothing."""
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


class Deprecated(Section):
    """A model that answers no more."""

    successor: ModelName
    """The model that callers are told to use instead."""


Score = Annotated[float, Field(ge=0, le=1_000_000)]


class Scores(Section):
    """How good a model is, on any scale that all models share."""

    general: Score | None = None
    """At what no other key says."""
    coding: Score | None = None
    """At code."""
    tasks: dict[Name, Score] | None = None
    """At one kind of request, by its name."""


class ModelEntry(Section):
    """A model with more to say than its endpoints."""

    endpoints: Endpoints | None = None
    """Who serves it, in the order of trying; only a deprecated model may lack them."""
    author: Line | None = None
    """Who made it; default: what stands before the `/` of its name."""
    family: Line | None = None
    """Its family: `~author/family-latest` is the newest model of it."""
    distillable: bool = False
    """Its answers may be used to train other models."""
    created: Annotated[int, Field(ge=0, le=253_402_300_799)] = 0
    """When it came out, in Unix seconds."""
    deprecated: Deprecated | None = None
    """It is gone: calls are refused with the name of its successor."""
    auto: bool = False
    """`openrouter/auto` may choose it."""
    scores: Scores = Scores()
    """By what `openrouter/auto` chooses."""


def _model_form(value: Any) -> str | None:
    return "(list)" if isinstance(value, list) else "(entry)" if isinstance(value, dict | ModelEntry) else None


Model = Annotated[
    Annotated[Endpoints, Tag("(list)")] | Annotated[ModelEntry, Tag("(entry)")],
    Discriminator(
        _model_form,
        custom_error_type="relay",
        custom_error_message="must be a list of endpoints, or a mapping with `endpoints`",
    ),
]


def endpoints_of(model: list[Endpoint] | ModelEntry) -> list[Endpoint]:
    """Give the endpoints of either form of a model."""
    return model if isinstance(model, list) else model.endpoints or []
