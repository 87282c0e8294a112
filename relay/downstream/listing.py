"""The catalogue as clients read it: in the Messages shape, and in OpenRouter's (spec/openrouter-messages.md 20.1)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from relay._core import decimal
from relay.catalog import MILLION, NANO, NANO_PLACES, Generation, Model, Price
from relay.errors import CallerInvalid, CallerUnsupported

MAX_LIMIT = 1000


def for_messages(generation: Generation, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Give a page of models in the Messages shape; `limit`, `after_id`, `before_id` as the API has them."""
    models = list(generation.models.values())
    ids = [model.id for model in models]
    if (after := parameters.get("after_id")) in ids:
        models = models[ids.index(str(after)) + 1 :]
    elif (before := parameters.get("before_id")) in ids:
        models = models[: ids.index(str(before))]
    page = models[: _number(parameters, "limit", 20)]
    return {
        "data": [_messages_model(model) for model in page],
        "has_more": len(page) < len(models),
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
    }


def for_openrouter(generation: Generation, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Give models in OpenRouter's shape; `offset` and `limit` cut the list."""
    offset = _number(parameters, "offset", 0, least=0)
    page = list(generation.models.values())[offset : offset + _number(parameters, "limit", MAX_LIMIT)]
    return {"data": [_openrouter_model(model) for model in page]}


def one(generation: Generation, name: str, in_messages_shape: bool) -> dict[str, Any]:
    """Give one model, also one that only a wildcard knows."""
    found = generation.find(name)
    if found is None:
        raise CallerUnsupported(f"no model named {name[:256]!r} is configured")
    model = Model(name, found[0].endpoints, found[0].created)
    return _messages_model(model) if in_messages_shape else {"data": _openrouter_model(model)}


def _number(parameters: Mapping[str, str], name: str, default: int, least: int = 1) -> int:
    text = parameters.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text[:9]) < least:
        raise CallerInvalid(f"{name}: must be a whole number from {least}")
    return min(int(text[:9]), MAX_LIMIT)


def _messages_model(model: Model) -> dict[str, Any]:
    created = datetime.fromtimestamp(model.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "model", "id": model.id, "display_name": model.id, "created_at": created}


def _openrouter_model(model: Model) -> dict[str, Any]:
    price = next((endpoint.price for endpoint in model.endpoints if endpoint.price), None)
    return {
        "id": model.id,
        "canonical_slug": model.id,
        "name": model.id,
        "created": model.created,
        "description": "",
        "context_length": None,
        "architecture": {
            "modality": None,
            "input_modalities": None,
            "output_modalities": None,
            "tokenizer": None,
            "instruct_type": None,
        },
        "pricing": _pricing(price),
        "top_provider": {"context_length": None, "max_completion_tokens": None, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": None,
        "default_parameters": None,
    }


def _pricing(price: Price | None) -> dict[str, str] | None:
    """Give prices in US dollars per token, as strings."""
    if price is None:
        return None
    return {
        "prompt": _per_token(price.prompt),
        "completion": _per_token(price.completion),
        "request": _usd(price.request),
    }


def _usd(nanousd: int) -> str:
    return decimal(nanousd, NANO_PLACES).decode()


def _per_token(nanousd_per_million: int) -> str:
    """A millionth of a nano-dollar is the finest price that a file can say: fifteen decimals hold it."""
    whole, part = divmod(nanousd_per_million, MILLION * NANO)
    return f"{whole}.{part:015d}".rstrip("0").rstrip(".")
