"""What a request says of who may answer: `provider`, `models`, `fallbacks`, `route`, tiers; and its `gateway` object.

The types of spec/openrouter-messages.md 3 and 9.1 and spec/gateway-object.md 1; read() checks and merges them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal

import orjson
from msgspec import Meta, Struct

from relay.call import NO_POLICY, NO_PREFERENCES, Cutoffs, Lists, Policy, Preferences
from relay.dialects.check import converted
from relay.dialects.gateway_object import GatewayObject
from relay.dialects.schema import OWN_FIELDS, REQUEST_FIELDS, ModelName
from relay.errors import CallerInvalid
from relay.price import NANO

MOST_FALLBACKS: Final = 3

Names = Annotated[list[Annotated[str, Meta(min_length=1, max_length=256)]], Meta(max_length=256)]
SortBy = Literal["price", "throughput", "latency", "exacto"]
Quantization = Literal[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"
]
Bound = Annotated[float, Meta(ge=0)]
Usd = Bound | str


class Sort(Struct, forbid_unknown_fields=True):
    by: SortBy | None = None
    partition: Literal["model", "none"] | None = None


class Percentiles(Struct, forbid_unknown_fields=True):
    p50: Bound | None = None
    p75: Bound | None = None
    p90: Bound | None = None
    p99: Bound | None = None


class MaxPrice(Struct, forbid_unknown_fields=True):
    prompt: Usd | None = None
    completion: Usd | None = None
    request: Usd | None = None
    image: Usd | None = None
    audio: Usd | None = None


class Provider(Struct, forbid_unknown_fields=True):
    order: Names | None = None
    only: Names | None = None
    ignore: Names | None = None
    allow_fallbacks: bool | None = None
    require_parameters: bool | None = None
    data_collection: Literal["allow", "deny"] | None = None
    zdr: bool | None = None
    enforce_distillable_text: bool | None = None
    quantizations: list[Quantization] | None = None
    sort: SortBy | Sort | None = None
    max_price: MaxPrice | None = None
    preferred_min_throughput: Bound | Percentiles | None = None
    preferred_max_latency: Bound | Percentiles | None = None
    options: dict[str, Any] | None = None


class Fallback(Struct, forbid_unknown_fields=True):
    model: ModelName


class Members(Struct):
    provider: Provider | None = None
    models: list[ModelName] | None = None
    fallbacks: list[Fallback] | None = None
    route: Literal["fallback", "sort"] | None = None
    service_tier: str | None = None
    speed: str | None = None


MEMBERS: Final[frozenset[str]] = frozenset(Members.__struct_fields__)
"""Members of a request that read() takes."""


def read(said: Mapping[str, Any], gateway: GatewayObject, policy: Policy = NO_POLICY) -> Preferences:
    """Give what a request prefers, within what its key lets it have.

    said      those of its MEMBERS that it has, decoded
    gateway   its `gateway` object
    policy    lists of it are added, so that a request can only narrow them; its `provider` stands behind the request's
    raises    CallerInvalid, naming the path
    """
    members: Members = converted(_behind(said, policy.provider), Members, "")
    provider = members.provider or Provider()
    order = gateway.order or _lower(provider.order)
    ignore = (("key.ignore", policy.ignore), ("provider.ignore", _lower(provider.ignore)))
    only = (
        ("key.providers", policy.providers),
        ("provider.only", _lower(provider.only)),
        ("gateway.only", gateway.only),
    )
    preferences = Preferences(
        models=_fallbacks(members),
        order=order,
        allowed_models=policy.models,
        only=_lists(only),
        ignore=_lists(ignore),
        allow_fallbacks=provider.allow_fallbacks is not False,
        require_parameters=provider.require_parameters is True,
        zdr=_zdr(gateway.zdr, provider.zdr is True, policy.zdr),
        denies_training=provider.data_collection == "deny",
        distillable=provider.enforce_distillable_text is True,
        quantizations=frozenset(provider.quantizations or ()),
        sort=provider.sort.by if isinstance(provider.sort, Sort) else provider.sort,
        mixes_models=_mixes(provider.sort, members.route),
        max_price=_prices(provider.max_price or MaxPrice()),
        min_throughput=_cutoffs(provider.preferred_min_throughput),
        max_latency=_cutoffs(provider.preferred_max_latency),
        tier=_tier(members),
        options=_options(provider.options or {}),
    )
    return NO_PREFERENCES if preferences == NO_PREFERENCES else preferences


def _behind(said: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is said with a key's defaults behind its `provider`, field by field."""
    provider = said.get("provider") or {}
    if not defaults or not isinstance(provider, dict):
        return dict(said)
    return {**said, "provider": {**defaults, **{name: value for name, value in provider.items() if value is not None}}}


def _lists(said: Iterable[tuple[str, Collection[str]]]) -> Lists:
    return tuple((field, frozenset(names)) for field, names in said if names)


def _zdr(of_gateway: bool, of_provider: bool, of_key: bool) -> str | None:
    """Give the field that asks for endpoints without any data kept."""
    return "gateway.zdr" if of_gateway else "provider.zdr" if of_provider else "key.zdr" if of_key else None


def _fallbacks(members: Members) -> tuple[str, ...]:
    if members.models and members.fallbacks:
        raise CallerInvalid("fallbacks: give models or fallbacks, not both")
    name = "models" if members.models else "fallbacks"
    names = members.models or [entry.model for entry in members.fallbacks or ()]
    if len(names) > MOST_FALLBACKS:
        raise CallerInvalid(f"{name}: at most {MOST_FALLBACKS} models")
    return tuple(dict.fromkeys(names))


def _options(said: Mapping[str, Any]) -> tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...]:
    """Give each provider's members and their JSON; what a request says for everybody is not among them."""
    for name, members in said.items():
        if not isinstance(members, dict):
            raise CallerInvalid(f"provider.options.{name[:64]}: expected object")
        for key in members:
            if key in REQUEST_FIELDS or key in OWN_FIELDS:
                raise CallerInvalid(f"provider.options.{name[:64]}.{key[:64]}: is a field of the request itself")
    return tuple(
        (name.lower(), tuple((key, orjson.dumps(value)) for key, value in members.items()))
        for name, members in said.items()
    )


def redacted_options(
    options: Sequence[tuple[str, bytes]], preferences: Preferences, provider: bytes
) -> tuple[tuple[str, bytes], ...]:
    """Give an endpoint's own members as redaction left them.

    options    those of `preferences` that it gets
    provider   what became of the request's member `provider`
    """
    said = orjson.loads(provider).get("options") or {}
    pairs = zip(preferences.options, _options(said), strict=True)
    became = {was: now for (_, before), (_, after) in pairs for was, now in zip(before, after, strict=True)}
    return tuple(became[each] for each in options)


def _lower(names: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in names or ()))


def _mixes(sort: SortBy | Sort | None, route: str | None) -> bool:
    """Tell whether models are one group: an explicit partition beats the deprecated `route`."""
    if isinstance(sort, Sort) and sort.partition is not None:
        return sort.partition == "none"
    return route == "sort"


def _prices(said: MaxPrice) -> tuple[tuple[str, int], ...]:
    found = []
    for kind in MaxPrice.__struct_fields__:
        value = getattr(said, kind)
        if value is None:
            continue
        try:
            usd = Decimal(value if isinstance(value, str) else repr(value))
        except InvalidOperation:
            usd = Decimal("NaN")
        if not usd.is_finite() or not 0 <= usd < 10**9:
            raise CallerInvalid(f"provider.max_price.{kind}: must be a number of dollars, such as 1.5")
        found.append((kind, int(usd * NANO)))
    return tuple(found)


def _cutoffs(said: float | Percentiles | None) -> Cutoffs:
    if said is None:
        return ()
    if not isinstance(said, Percentiles):
        return ((50, said),)
    told = ((50, said.p50), (75, said.p75), (90, said.p90), (99, said.p99))
    return tuple((percentile, bound) for percentile, bound in told if bound is not None)


def _tier(members: Members) -> str | None:
    if members.service_tier in ("priority", "fast"):
        return "priority"
    if members.service_tier == "flex":
        return "flex"
    if members.speed == "fast":
        return "priority"
    return "default" if members.service_tier else None
