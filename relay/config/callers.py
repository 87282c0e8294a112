"""Who may call, what for, and how much: the keys of `keys`."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_serializer

from relay.config.redaction import RedactionPolicy
from relay.config.section import Line, ModelName, Name, Quantization, Reference, Section
from relay.config.values import Text, Usd, Value, refusal

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

ProviderName = Annotated[str, Text(r"[!-~]{1,256}", "a provider's name, or `provider/variant`")]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
PerMillion = Annotated[int, Usd("million tokens")]
Bound = Annotated[float, Field(ge=0, le=1_000_000, strict=False)]


class Moment(Value):
    """A date and time by RFC 3339, with its distance from UTC; Unix seconds inside."""

    def read(self, value: object) -> float:
        reason = "must be a time such as 2027-01-31T12:00:00Z"
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise refusal(reason)
        try:
            moment = datetime.fromisoformat(value.upper()).timestamp()
            self.write(moment)  # in UTC its year may be one that no calendar has, and it could never be shown
        except (ValueError, OverflowError) as cause:
            raise refusal(reason) from cause
        return moment

    def write(self, value: float) -> str:
        return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")

    def describe(self) -> dict[str, Any]:
        return {
            "type": "string",
            "format": "date-time",
            "pattern": f"^{_MOMENT.pattern}$",
            "examples": ["2027-01-31T12:00:00Z"],
        }


class KeyLimits(Section):
    """How much the holder may use; what is absent has no limit."""

    requests_per_minute: Count | None = None
    """Calls; as many may come at once after a minute without any."""
    tokens_per_minute: Count | None = None
    """Tokens of prompts, cached ones too, and of answers; counted when a call has ended."""
    spend_usd: Annotated[int, Usd("window")] | None = None
    """US dollars; what has begun is not cut when they are spent."""
    reset: Literal["daily", "weekly", "monthly"] | None = None
    """When `spend_usd` begins anew, at 00:00 UTC: each day, on Mondays, on the first. Absent: never."""


class MaxPrice(Section):
    """What an endpoint may cost at most."""

    prompt: PerMillion | None = None
    """A million input tokens."""
    completion: PerMillion | None = None
    """A million output tokens."""
    request: Annotated[int, Usd("call")] | None = None
    """A call's own fee."""


class KeyProvider(Section):
    """What stands behind `provider` of each request, field by field."""

    order: list[ProviderName] | None = None
    """Who is asked first, in this order."""
    allow_fallbacks: bool | None = None
    """false: nobody behind the first, or behind those of `order`."""
    require_parameters: bool | None = None
    """true: only who takes all that a request says."""
    data_collection: Literal["allow", "deny"] | None = None
    """deny: only who neither trains on what it is sent nor keeps it."""
    enforce_distillable_text: bool | None = None
    """true: only models whose answers may train others."""
    quantizations: list[Quantization] | None = None
    """How weights may be stored."""
    sort: Literal["price", "throughput", "latency", "exacto"] | None = None
    """Who is asked first."""
    max_price: MaxPrice | None = None
    """What an endpoint may cost at most."""
    preferred_min_throughput: Bound | None = None
    """Tokens a second; who is slower is asked last."""
    preferred_max_latency: Bound | None = None
    """Seconds to the first token; who is slower is asked last."""


class Grant(Section):
    """What the holder of a key may do."""

    expires: Annotated[float, Moment()] | None = None
    """When it stops being valid (RFC 3339)."""
    models: list[ModelName] | None = None
    """What may be asked for, `*` standing for any text; absent: any model."""
    providers: list[ProviderName] | None = None
    """Who may answer, as `provider.only` of a request names them; absent: any."""
    ignore: list[ProviderName] | None = None
    """Who must not answer, as `provider.ignore` of a request names them."""
    zdr: bool = False
    """Only endpoints that keep no data may answer."""
    redact: RedactionPolicy | None = None
    """What is found in the holder's calls beside what the section `redact` has found in all."""
    aliases: dict[ModelName, ModelName] | None = None
    """What the holder may write for a model; Claude Code lists only names that begin with `claude`."""
    provider: KeyProvider | None = None
    """What stands behind `provider` of each request."""
    limits: KeyLimits | None = None
    """How much the holder may use."""
    admin: bool = False
    """It may read what all keys used."""

    @field_serializer("provider", "redact", "limits")
    def _only_written(self, value: Section | None) -> dict[str, Any] | None:
        return value.model_dump(exclude_unset=True) if value else None


class Key(Grant):
    """Who may call, and what for."""

    name: Name
    """What records and logs call the holder."""
    secret: Reference
    """The key that the client sends: 8 characters or more."""
    disabled: bool = False
    """It is refused like one that does not exist."""


class KeyRing(Section):
    """Keys of which some are kept outside of this file."""

    store: Line
    """The SQLite file of `relay keys`; relative to the configuration's folder. Changes are seen within 5 s."""
    inline: list[Key] = Field(default=[])
    """Keys beside those of the store."""


def _key_form(value: Any) -> str | None:
    if isinstance(value, dict | KeyRing):
        return "(entry)"
    return "(list)" if isinstance(value, list) else "(open)" if value == "open" else None


Keys = Annotated[
    Annotated[list[Key], Field(min_length=1), Tag("(list)")]
    | Annotated[KeyRing, Tag("(entry)")]
    | Annotated[Literal["open"], Tag("(open)")],
    Discriminator(
        _key_form,
        custom_error_type="relay",
        custom_error_message="must be a list of {name, secret}, {store: PATH}, or `open`",
    ),
]
