"""Endpoints and providers as clients read them (openrouter-messages 20.2): endpoints_of(), zdr(), providers()."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from relay.catalog import Endpoint, Generation, Model
from relay.price import MILLION, NANO, Price

Vitals = Callable[[str], Mapping[str, object]]
"""By the id of an endpoint its `status`, `uptime_last_*`, `latency_last_30m` and `throughput_last_30m`."""

_CACHE_PRICES: Final = (
    ("input_cache_read", "cache_read"),
    ("input_cache_write", "cache_write_5m"),
    ("input_cache_write_1h", "cache_write_1h"),
)


def endpoints_of(described: Mapping[str, Any], model: Model, vitals: Vitals) -> dict[str, Any]:
    """Give a model with its endpoints; `described` is what its list says of it."""
    kept = {name: described[name] for name in ("id", "name", "created", "description", "architecture")}
    return {"data": kept | {"endpoints": [_endpoint(model, each, vitals) for each in model.endpoints]}}


def zdr(generation: Generation, vitals: Vitals) -> dict[str, Any]:
    """Give the endpoints that answer calls with `zdr`."""
    models = (*generation.models.values(), *generation.wildcards)
    return {"data": [_endpoint(model, each, vitals) for model in models for each in model.endpoints if each.zdr]}


def providers(generation: Generation) -> dict[str, Any]:
    """Give who answers."""
    return {
        "data": [
            {
                "name": each.name,
                "slug": each.slug,
                "privacy_policy_url": each.privacy_policy_url,
                "terms_of_service_url": each.terms_of_service_url,
                "status_page_url": each.status_page_url,
                "headquarters": each.headquarters,
                "datacenters": each.datacenters,
            }
            for each in generation.providers.values()
        ]
    }


def _endpoint(model: Model, endpoint: Endpoint, vitals: Vitals) -> dict[str, Any]:
    return {
        "name": f"{endpoint.display_name} | {model.id}",
        "model_id": model.id,
        "model_name": model.id,
        "provider_name": endpoint.display_name,
        "tag": _tag(endpoint),
        "quantization": endpoint.quantization,
        "context_length": endpoint.context_tokens,
        "max_completion_tokens": endpoint.max_output_tokens,
        "max_prompt_tokens": None,
        "pricing": pricing(endpoint.price),
        "supported_parameters": as_list(endpoint.parameters),
        "supports_implicit_caching": endpoint.caches_unasked,
        **vitals(endpoint.id),
    }


def _tag(endpoint: Endpoint) -> str:
    """Give what `provider.only` and `order` may call it: its provider, and what tells it from others of that."""
    tier = None if endpoint.tier == "default" else endpoint.tier
    place = tier or endpoint.variant or endpoint.region
    return f"{endpoint.provider}/{place}" if place else endpoint.provider


def pricing(price: Price | None) -> dict[str, str] | None:
    """Give prices in US dollars per token and per request, as strings; a cache's only where it is known."""
    if price is None:
        return None
    cached = {word: usd(nanos) for word, name in _CACHE_PRICES if (nanos := getattr(price, name)) is not None}
    return {
        "prompt": usd(price.prompt),
        "completion": usd(price.completion),
        "request": usd(price.request * MILLION),
    } | cached


def usd(nanousd_per_million: int) -> str:
    """Give what one of a million costs, in US dollars.

    A millionth of a nano-dollar is the finest price that a file can say: fifteen decimals hold it.
    """
    whole, part = divmod(nanousd_per_million, MILLION * NANO)
    return f"{whole}.{part:015d}".rstrip("0").rstrip(".")


def as_list(words: frozenset[str] | None, order: Sequence[str] = ()) -> list[str] | None:
    """Give words in a certain order, then by the alphabet; None stays unknown."""
    if words is None:
        return None
    return [word for word in order if word in words] + sorted(words.difference(order))
