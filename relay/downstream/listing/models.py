"""Models in OpenRouter's shape, which OpenAI's clients read too: for_openrouter(), one() (contract 20.1)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from relay.catalog import Endpoint, Generation, Model
from relay.downstream.listing.endpoints import Vitals, as_list, endpoints_of, pricing
from relay.downstream.listing.filters import selected
from relay.downstream.listing.messages import as_messages
from relay.errors import CallerUnsupported

_ENDPOINTS: Final = "/endpoints"
_OPENAI: Final = ("id", "object", "created", "owned_by")
"""What OpenAI's clients read of a model, in lists and at the top of an answer about one."""
_MODALITIES: Final = ("text", "image", "file", "audio", "video")


def for_openrouter(generation: Generation, parameters: Mapping[str, str], vitals: Vitals) -> dict[str, Any]:
    """Give the models that a query asks for.

    raises   CallerInvalid, naming what of the query makes no sense
    """
    models = [_openrouter_model(model) for model in selected(generation, parameters, vitals)]
    return {"object": "list", "data": models}


def one(generation: Generation, name: str, in_messages_shape: bool, vitals: Vitals) -> dict[str, Any]:
    """Give one model, also one that only a wildcard knows; for `<id>/endpoints` give it with its endpoints.

    raises   CallerUnsupported when there is none
    """
    if name not in generation.models and name.endswith(_ENDPOINTS):
        model = _found(generation, name.removesuffix(_ENDPOINTS))
        return endpoints_of(_openrouter_model(model), model, vitals)
    model = _found(generation, name)
    if in_messages_shape:
        return as_messages(model)
    told = _openrouter_model(model)
    return {**{name: told[name] for name in _OPENAI}, "data": told}


def _found(generation: Generation, name: str) -> Model:
    found = generation.find(name)
    if found is None:
        raise CallerUnsupported(f"no model named {name[:256]!r} is configured")
    return replace(found[0], id=name)


def _openrouter_model(model: Model) -> dict[str, Any]:
    first = model.endpoints[0]
    price = next((endpoint.price for endpoint in model.endpoints if endpoint.price), None)
    windows = [endpoint.context_tokens for endpoint in model.endpoints if endpoint.context_tokens]
    return {
        "id": model.id,
        "object": "model",
        "owned_by": model.author or model.id.partition("/")[0],
        "canonical_slug": model.id,
        "name": model.id,
        "created": model.created,
        "description": "",
        "context_length": max(windows, default=None),
        "architecture": _architecture(model),
        "pricing": pricing(price),
        "top_provider": {
            "context_length": first.context_tokens,
            "max_completion_tokens": first.max_output_tokens,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": as_list(_united(model, "parameters")),
        "default_parameters": None,
    }


def _architecture(model: Model) -> dict[str, Any]:
    reads = as_list(_united(model, "input_modalities"), _MODALITIES)
    gives = as_list(_united(model, "output_modalities"), _MODALITIES)
    return {
        "modality": f"{'+'.join(reads)}->{'+'.join(gives)}" if reads and gives else None,
        "input_modalities": reads,
        "output_modalities": gives,
        "tokenizer": None,
        "instruct_type": None,
    }


def _united(model: Model, name: str) -> frozenset[str] | None:
    """Give what any of its endpoints is known to have; None where nothing is said of any."""
    known: list[frozenset[str]] = [words for each in model.endpoints if (words := _of(each, name)) is not None]
    return frozenset().union(*known) if known else None


def _of(endpoint: Endpoint, name: str) -> frozenset[str] | None:
    words: frozenset[str] | None = getattr(endpoint, name)
    return words
