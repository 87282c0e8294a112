"""What a query leaves of the models, and in which order: selected() (spec/openrouter-messages.md 20.1).

It leaves what a call with the same wish could reach: an unknown size or ability keeps nobody out, an unknown price,
policy or speed does. Add a filter: write how its value is read and what a model must have, and name it in FILTERS.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast

from relay.catalog import Endpoint, Generation, Model
from relay.downstream.listing.endpoints import Vitals
from relay.errors import CallerInvalid
from relay.price import NANO

MOST: Final = 1000
_MOST_NUMBER: Final = 10**9

Fits = Callable[[Model], bool]
Key = Callable[[Model, Vitals], float | None]


def selected(generation: Generation, parameters: Mapping[str, str], vitals: Vitals) -> list[Model]:
    """Give the models that a query asks for, in the catalogue's order or that of `sort`; `offset` and `limit` cut it.

    raises   CallerInvalid, `<name>: <reason>`, for a value that makes no sense
    """
    fits = [make(name, parameters[name]) for name, make in FILTERS.items() if name in parameters]
    models = [model for model in generation.models.values() if all(each(model) for each in fits)]
    if "sort" in parameters:
        models = _sorted(models, parameters["sort"], vitals)
    offset = number(parameters, "offset", 0, 0, _MOST_NUMBER)
    return models[offset : offset + number(parameters, "limit", MOST, 1, MOST)]


def number(parameters: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """Give a whole number of a query.

    raises   CallerInvalid
    """
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 12 or not least <= int(text) <= most:
        raise CallerInvalid(f"{name}: must be a whole number from {least} to {most}")
    return int(text)


def _words(name: str, text: str) -> list[str]:
    words = [word.strip().lower() for word in text.split(",")]
    if not all(words):
        raise CallerInvalid(f"{name}: must be names with commas between them")
    return words


def _q(_: str, text: str) -> Fits:
    words = text.lower().split()
    return lambda model: all(word in model.id.lower() for word in words)


def _parameters(name: str, text: str) -> Fits:
    words = set(_words(name, text))
    return lambda model: _any(model, lambda each: each.parameters is None or words <= each.parameters)


def _modalities(name: str, text: str) -> Fits:
    words = set(_words(name, text))

    def fits(each: Endpoint) -> bool:
        known: frozenset[str] | None = getattr(each, name)
        return known is None or words <= known

    return lambda model: _any(model, fits)


def _context(name: str, text: str) -> Fits:
    least = number({name: text}, name, 1, 1, _MOST_NUMBER)
    return lambda model: _any(model, lambda each: each.context_tokens is None or each.context_tokens >= least)


def _max_price(name: str, text: str) -> Fits:
    try:
        usd = Decimal(text)
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or not 0 <= usd <= _MOST_NUMBER:
        raise CallerInvalid(f"{name}: must be US dollars for a million tokens of prompt, such as 1.5")
    most = int(usd * NANO)
    return lambda model: _any(model, lambda each: each.price is not None and each.price.prompt <= most)


def _providers(name: str, text: str) -> Fits:
    words = set(_words(name, text))
    return lambda model: _any(
        model, lambda each: not words.isdisjoint((each.provider.lower(), each.display_name.lower()))
    )


def _zdr(name: str, text: str) -> Fits:
    wanted = _flag(name, text)
    return lambda model: _any(model, lambda each: each.zdr) is wanted


def _distillable(name: str, text: str) -> Fits:
    wanted = _flag(name, text)
    return lambda model: model.distillable is wanted


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise CallerInvalid(f"{name}: must be true or false")
    return text == "true"


def _any(model: Model, fits: Callable[[Endpoint], bool]) -> bool:
    return any(fits(endpoint) for endpoint in model.endpoints)


FILTERS: Final[Mapping[str, Callable[[str, str], Fits]]] = {
    "q": _q,
    "supported_parameters": _parameters,
    "input_modalities": _modalities,
    "output_modalities": _modalities,
    "context": _context,
    "max_price": _max_price,
    "providers": _providers,
    "zdr": _zdr,
    "distillable": _distillable,
}


def _price(model: Model, _: Vitals) -> float | None:
    return min((3 * each.price.prompt + each.price.completion for each in model.endpoints if each.price), default=None)


def _window(model: Model, _: Vitals) -> float | None:
    return max((each.context_tokens for each in model.endpoints if each.context_tokens), default=None)


def _throughput(model: Model, vitals: Vitals) -> float | None:
    return max(_medians(model, vitals, "throughput_last_30m"), default=None)


def _latency(model: Model, vitals: Vitals) -> float | None:
    return min(_medians(model, vitals, "latency_last_30m"), default=None)


def _medians(model: Model, vitals: Vitals, name: str) -> Iterable[float]:
    for endpoint in model.endpoints:
        if percentiles := cast(dict[str, Any] | None, vitals(endpoint.id)[name]):
            yield percentiles["p50"]


SORTS: Final[Mapping[str, tuple[Key, int]]] = {
    "newest": (lambda model, _: model.created or None, -1),
    "pricing-low-to-high": (_price, 1),
    "pricing-high-to-low": (_price, -1),
    "context-high-to-low": (_window, -1),
    "throughput-high-to-low": (_throughput, -1),
    "latency-low-to-high": (_latency, 1),
}
"""Word → the number of a model, None for unknown, which comes last; and its sign."""


def _sorted(models: Sequence[Model], word: str, vitals: Vitals) -> list[Model]:
    if word not in SORTS:
        raise CallerInvalid(f"sort: must be one of {', '.join(SORTS)}")
    key, sign = SORTS[word]
    known = [(key(model, vitals), at) for at, model in enumerate(models)]
    return [models[at] for _, at in sorted(known, key=lambda each: (each[0] is None, sign * (each[0] or 0), each[1]))]
