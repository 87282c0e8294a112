"""Why nobody may answer (16.3 of the contract).

nobody_named()   no model has the name
nobody_left()    rules left nobody
nobody_now()     the endpoints all rest
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from relay.catalog import Generation
from relay.errors import CallerInvalid, ModelGone, NoEndpoint, RelayError, UnknownModel
from relay.route.ask import Ask, Candidate
from relay.route.rules import Sifted, only

_USUAL_ANSWER: Final = 1024
"""Tokens that an answer is counted with where the request says nothing (7.3)."""
_CODES: Final[Mapping[str, str]] = {
    "allowed_models": "no_endpoints",
    "allowed_providers": "no_endpoints",
    "data_policy:zdr": "privacy_restricted",
    "data_policy:training": "privacy_restricted",
    "credential": "no_endpoints",
    "tier": "no_endpoints",
}
_FIELDS: Final[Mapping[str, str]] = {
    "allowed_models": "key.models",
    "data_policy:training": "provider.data_collection",
    "max_price": "provider.max_price",
    "quantization": "provider.quantizations",
    "require_parameters": "provider.require_parameters",
}


def nobody_named(name: str, path: str, generation: Generation) -> RelayError:
    """Give the error for a name that no model has; `path` is where the request says it."""
    docs_url = generation.docs_url
    if (successor := generation.deprecated.get(name)) is not None:
        return ModelGone(name, "model_deprecated", successor, docs_url, path)
    paid = name.removesuffix(":free")
    if paid != name and paid in generation.models:
        return ModelGone(name, "free_variant_ended", paid, docs_url, path)
    return UnknownModel(name, generation.close_to(name), docs_url, path)


def nobody_left(ask: Ask, sifted: Sifted, models: Sequence[str], docs_url: str) -> RelayError:
    """Give the error for rules that left nobody."""
    words = list(dict.fromkeys(word for _, word, _ in sifted.dropped))
    if words == ["context_length"]:
        return _too_long(ask, sifted)
    if words == ["credential"]:
        return _no_credential(sifted)
    last = sifted.emptied or words[-1]
    field = _field(ask, last)
    error = NoEndpoint(_sentence(ask, sifted, last, field, models[0]))
    if last == "allowed_models":
        error.reason = "policy_model_denied"
    code = _CODES.get(last, "constraint_filtered")
    error.availability = _availability(code, False, models, docs_url) | {
        "affected_providers": _providers([candidate for candidate, _, _ in sifted.dropped]),
        "excluded_by": words,
    }
    if field:
        error.availability["constraint"] = {"field": field, "detail": error.message}
    return error


def nobody_now(
    retry_after_s: float, models: Sequence[str], candidates: Sequence[Candidate], docs_url: str
) -> RelayError:
    """Give the error for endpoints that all asked to be left alone for a while."""
    error = NoEndpoint("every provider of this model is at its rate limit; send the request again later")
    error.status, error.error_type, error.should_retry = 429, "rate_limit_exceeded", True
    error.retry_after_s = retry_after_s
    error.availability = _availability("capacity_exhausted", True, models, docs_url) | {
        "affected_providers": _providers(candidates)
    }
    error.metadata = {"limit_source": "provider"}
    return error


def _no_credential(sifted: Sifted) -> RelayError:
    providers = ", ".join(_providers([candidate for candidate, _, _ in sifted.dropped]))
    return CallerInvalid(
        f"x-api-key: {providers} takes your own credential; send it there, and the key of this gateway as "
        "`Authorization: Bearer` or `x-relay-key`"
    )


def _too_long(ask: Ask, sifted: Sifted) -> RelayError:
    window = max(candidate.endpoint.context_tokens or 0 for candidate, _, _ in sifted.dropped)
    tools, answer = ask.tools_tokens(), ask.max_tokens() or _USUAL_ANSWER
    text = max(0, ask.input_tokens() - tools)
    error = CallerInvalid(
        f"messages: the largest window of this model holds {window} tokens, and the request needs some "
        f"{text + tools + answer}: {text} of text, {tools} of tools and {answer} for the answer. Send less; this "
        "version of relay has no plugin context-compression yet that would shorten it"
    )
    error.error_type = "context_length_exceeded"
    return error


def _sentence(ask: Ask, sifted: Sifted, word: str, field: str | None, model: str) -> str:
    dropped = [candidate for candidate, _, _ in sifted.dropped]
    if word == "data_policy:zdr":
        return f"{field}: no zero-data-retention endpoint for model {model!r}"
    if word == "allowed_models":
        return f"model: this key may not ask for {model!r}; it may ask for {', '.join(ask.preferences.allowed_models)}"
    if word == "allowed_providers" and all(only(ask, candidate) for candidate in dropped):
        served = ", ".join(_providers(dropped))
        return f"{field}: none of {_permitted(ask)} serves model {model!r}, which {served} serve"
    reasons = dict.fromkeys(f"{candidate.endpoint.display_name}: {why}" for candidate, _, why in sifted.dropped)
    return f"{field or 'model'}: no endpoint of model {model!r} is left. {'; '.join(list(reasons)[:8])}"


def _permitted(ask: Ask) -> str:
    """Give the providers that may answer: of several lists only who stands in each."""
    lists = [f"[{', '.join(sorted(names))}]" for _, names in ask.preferences.only]
    return lists[0] if len(lists) == 1 else f"those in each of {' and '.join(lists)}"


def _field(ask: Ask, word: str) -> str | None:
    """Give the field of the request that a rule reads."""
    if word == "data_policy:zdr":
        return ask.preferences.zdr
    if word == "allowed_providers":
        lists = (*ask.preferences.ignore, *ask.preferences.only)
        return lists[-1][0] if lists else "provider.order"
    if word == "require_parameters" and not ask.preferences.require_parameters:
        return "messages" if ask.modalities() else "tools"
    return _FIELDS.get(word)


def _availability(code: str, retryable: bool, models: Sequence[str], docs_url: str) -> dict[str, Any]:
    return {
        "code": code,
        "retryable": retryable,
        "requested_models": list(models),
        "docs_url": f"{docs_url}#{code}",
    }


def _providers(candidates: Sequence[Candidate]) -> list[str]:
    return list(dict.fromkeys(candidate.endpoint.display_name for candidate in candidates))
