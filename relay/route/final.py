"""The error that a client sees after the last attempt (spec/openrouter-messages.md 16.4)."""

from collections.abc import Sequence
from typing import Any, Final

from relay.catalog import Attempt
from relay.errors import ProviderAuth, ProviderError, ProviderNotFound, ProviderOverloaded, ProviderRateLimited

Failures = Sequence[tuple[Attempt, ProviderError]]
_WAITS: Final = (429, 503, 529)
"""Statuses behind which a client comes again, as soon as any of the endpoints may answer."""


def final_error(failures: Failures, model: str, docs_url: str) -> ProviderError:
    """Give the last attempt's error, or the one that all of them amount to; with what each of them met.

    failures   in the order of the attempts, at least one
    """
    errors = [error for _, error in failures]
    final = errors[-1]
    if all(isinstance(error, ProviderRateLimited) for error in errors):
        final = ProviderRateLimited(final.message)
        final.availability = _availability("capacity_exhausted", True, model, docs_url, failures)
    elif all(isinstance(error, ProviderNotFound) for error in errors):
        final = ProviderNotFound(final.message)
        final.availability = _availability("model_unavailable_upstream", False, model, docs_url, failures)
    elif len(errors) > 1 and all(error.status >= 500 and not isinstance(error, ProviderAuth) for error in errors):
        is_overload = all(error.status == 529 for error in errors)
        final = ProviderOverloaded("no provider of this model answered; send the request again later")
        final.status = 529 if is_overload else 503
        final.availability = _availability("temporarily_unavailable", True, model, docs_url, failures)
    if final.status in _WAITS:
        final.retry_after_s = min((e.retry_after_s for e in errors if e.retry_after_s is not None), default=None)
    final.metadata = _metadata(failures, final)
    return final


def _availability(code: str, retryable: bool, model: str, docs_url: str, failures: Failures) -> dict[str, Any]:
    return {
        "code": code,
        "retryable": retryable,
        "requested_models": [model],
        "docs_url": f"{docs_url}#{code}",
        "affected_providers": list(dict.fromkeys(attempt.endpoint.display_name for attempt, _ in failures)),
    }


def _metadata(failures: Failures, final: ProviderError) -> dict[str, Any] | None:
    told: dict[str, Any] = {}
    if len(failures) > 1:
        told["previous_errors"] = [
            {
                "provider": attempt.endpoint.display_name,
                "code": "capacity_exhausted" if isinstance(error, ProviderRateLimited) else error.error_type,
                "status": attempt.status,
            }
            for attempt, error in failures[:-1]
        ]
    if isinstance(final, ProviderRateLimited):
        told["limit_source"] = "provider"
    return told or None
