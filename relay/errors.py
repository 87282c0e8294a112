"""The error tree: one leaf says everything that anybody needs to decide.

RelayError       reason (closed set: logs, metrics), status and error_type (what the client sees)
├─ CallerError     caller_*     the client's fault
├─ PolicyError     policy_*     the operator's rules
├─ ProviderError   provider_*   the provider's; also `retry` (which endpoint next) and `counts` (for the breaker)
└─ GatewayError    gateway_*    ours

A message is one sentence without content, host or key; it says what to change if the reader can change something.
Source: spec/operations.md 11, spec/openrouter-messages.md 16.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

TYPES: Mapping[str, str] = {
    "invalid_request": "invalid_request_error",
    "context_length_exceeded": "invalid_request_error",
    "content_policy_violation": "invalid_request_error",
    "authentication": "authentication_error",
    "payment_required": "billing_error",
    "permission_denied": "permission_error",
    "not_found": "not_found_error",
    "payload_too_large": "invalid_request_error",
    "unprocessable": "invalid_request_error",
    "rate_limit_exceeded": "rate_limit_error",
    "server": "api_error",
    "provider_unavailable": "api_error",
    "provider_overloaded": "overloaded_error",
    "timeout": "timeout_error",
}
"""error_type → error.type of the Messages dialect (spec/openrouter-messages.md 16.2)."""

OPENAI_TYPES: Mapping[str, tuple[str, str | None]] = {
    "invalid_request": ("invalid_request_error", None),
    "context_length_exceeded": ("invalid_request_error", "context_length_exceeded"),
    "content_policy_violation": ("invalid_request_error", "content_policy_violation"),
    "authentication": ("invalid_request_error", "invalid_api_key"),
    "payment_required": ("insufficient_quota", "insufficient_quota"),
    "permission_denied": ("permission_denied", None),
    "not_found": ("invalid_request_error", "model_not_found"),
    "payload_too_large": ("invalid_request_error", "request_too_large"),
    "unprocessable": ("invalid_request_error", None),
    "rate_limit_exceeded": ("rate_limit_error", "rate_limit_exceeded"),
    "server": ("server_error", None),
    "provider_unavailable": ("server_error", None),
    "provider_overloaded": ("server_error", None),
    "timeout": ("timeout", None),
}
"""error_type → error.type and error.code of OpenAI's dialects (spec/wire-protocols.md 8)."""


class Retry(Enum):
    """Where the next attempt may go: nowhere, to another model, to another endpoint."""

    NEVER = "never"
    MODEL = "model"
    OTHER = "other"


class RelayError(Exception):
    """Any failure of a call that relay reports."""

    reason: str = "_OTHER"
    status: int = 500
    error_type: str = "server"
    should_retry: bool | None = None
    availability: Mapping[str, Any] | None = None
    retry_after_s: float | None = None
    metadata: Mapping[str, Any] | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def envelope(self, request_id: str | None, *, with_reason: bool = False) -> dict[str, Any]:
        """Give the error as the Messages dialect shows it (spec/openrouter-messages.md 16.1)."""
        error: dict[str, Any] = {
            "type": TYPES[self.error_type],
            "message": self.message,
            "error_type": self.error_type,
        }
        if self.availability:
            error["availability"] = self.availability
        if with_reason:
            error["relay_reason"] = self.reason
        body: dict[str, Any] = {"type": "error", "error": error, "request_id": request_id}
        if self.metadata:
            body["metadata"] = self.metadata
        return body


class CallerError(RelayError):
    """The client's fault."""

    should_retry = False


class CallerInvalid(CallerError):
    """The request can't be understood; the message is `<path>: <reason>`."""

    reason, status, error_type = "caller_invalid", 400, "invalid_request"


class CallerHeadersTooLarge(CallerInvalid):
    """Request line or header fields over their limits."""

    status = 431


class CallerUnsupported(CallerError):
    """No such route, method or content coding."""

    reason, status, error_type = "caller_unsupported", 404, "not_found"

    def __init__(self, message: str, status: int = 404) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = "not_found" if status == 404 else "invalid_request"


class CallerAuth(CallerError):
    """No key, or not one of ours."""

    reason, status, error_type = "caller_auth", 401, "authentication"


class CallerForbidden(CallerError):
    """A key that may not do this."""

    reason, status, error_type = "caller_forbidden", 403, "permission_denied"


class CallerTooLarge(CallerError):
    """The content is over its limit."""

    reason, status, error_type = "caller_too_large", 413, "payload_too_large"


class CallerSlow(CallerError):
    """The content did not arrive in time."""

    reason, status, error_type, should_retry = "caller_slow", 408, "timeout", True


class CallerGone(CallerError):
    """The client left; nobody sees this status but the log (DIS-6)."""

    reason, status = "caller_cancelled", 499

    def __init__(self) -> None:
        super().__init__("the client left")


class PolicyError(RelayError):
    """The operator's rules say no."""

    should_retry = False


class UnknownModel(PolicyError):
    """The model isn't in the catalogue; `close` are the names that come nearest, `path` is where the request has it."""

    reason, status, error_type = "policy_no_route", 400, "invalid_request"

    def __init__(self, model: str, close: list[str], docs_url: str, path: str = "model") -> None:
        super().__init__(f"{path}: no model named {model[:256]!r} is configured")
        self.availability = {
            "code": "model_not_found",
            "retryable": False,
            "requested_models": [model[:256]],
            "docs_url": f"{docs_url}#model_not_found",
            "fallback_models": close,
        }


class ModelGone(PolicyError):
    """The model is not there any more, and another is; `code` is `model_deprecated` or `free_variant_ended`."""

    reason, status, error_type = "policy_no_route", 404, "not_found"

    def __init__(self, model: str, code: str, successor: str, docs_url: str, path: str = "model") -> None:
        super().__init__(f"{path}: {model[:256]!r} is not served any more; use {successor!r}")
        self.availability = {
            "code": code,
            "retryable": False,
            "requested_models": [model[:256]],
            "docs_url": f"{docs_url}#{code}",
            "fallback_models": [successor],
        }


class NoEndpoint(PolicyError):
    """Rules or the present state of the endpoints leave nobody who may answer."""

    reason, status, error_type = "policy_no_route", 404, "not_found"


class PolicyBudget(PolicyError):
    """The key has spent its limit."""

    reason, status, error_type = "policy_budget", 402, "payment_required"


class PolicyRateLimited(PolicyError):
    """The key is at a limit of its rate; `fields` are the header lines that tell of it."""

    reason, status, error_type, should_retry = "policy_rate_limited", 429, "rate_limit_exceeded", True

    def __init__(self, message: str, retry_after_s: float, fields: bytes) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.metadata = {"limit_source": "gateway"}
        self.fields = fields


class PolicyBlocked(PolicyError):
    """A class was found that a policy keeps from passing by mode `block`; `classes` are its words."""

    reason, status, error_type = "policy_blocked", 403, "permission_denied"

    def __init__(self, classes: Sequence[str]) -> None:
        super().__init__(f"redact: blocked by policy, for it holds {', '.join(classes)}")


class PolicyUnscannable(PolicyBlocked):
    """A policy lets nothing pass that can't be scanned; `path` is the place of such a block in the request."""

    def __init__(self, path: str) -> None:
        PolicyError.__init__(self, f"{path}: blocked by policy, for it can't be scanned")


class PolicyRedactionFailed(PolicyError):
    """The redactor failed: nothing that it did not let go may pass (RED-1)."""

    reason, status, error_type = "policy_redaction_failed", 500, "server"

    def __init__(self) -> None:
        super().__init__("redact: the content could not be redacted")


class ProviderError(RelayError):
    """A provider failed.

    retry            where the next attempt may go
    counts           the breaker hears of it
    counts_against   it makes the endpoint less stable, so that others go before it
    """

    retry: Retry = Retry.OTHER
    counts: bool = True
    counts_against: bool = True
    upstream_status: int = 0
    should_retry = True


class ProviderRefused(ProviderError):
    """The provider says that the caller's own request is wrong: its message is kept, its fault isn't (ERR-2)."""

    reason, status, error_type = "caller_invalid", 400, "invalid_request"
    retry, counts, counts_against, should_retry = Retry.MODEL, False, False, False

    def __init__(self, message: str, status: int = 400, error_type: str = "invalid_request") -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type


class CredentialRefused(ProviderRefused):
    """The provider refused the caller's own credential, or wants its account settled; others may answer."""

    retry = Retry.OTHER

    def __init__(self, status: int) -> None:
        super().__init__(f"x-api-key: the provider refused your own credential ({status})")


class ProviderNotFound(ProviderError):
    """The provider doesn't know the model or the route."""

    reason, status, error_type, counts, should_retry = "provider_error", 404, "not_found", False, False


class ProviderRateLimited(ProviderError):
    """429 of the provider."""

    reason, status, error_type = "provider_rate_limited", 429, "rate_limit_exceeded"
    counts, counts_against = False, False


class ProviderOverloaded(ProviderError):
    """503 or 529 of the provider; the status that it said is kept."""

    reason, status, error_type = "provider_overloaded", 503, "provider_overloaded"


class ProviderFailed(ProviderError):
    """Any other 5xx, or an error event that says no more."""

    reason, status, error_type = "provider_error", 502, "provider_unavailable"


class ProviderProtocol(ProviderError):
    """The provider's bytes are not what its dialect says."""

    reason, status, error_type = "provider_protocol", 502, "provider_unavailable"


class ProviderTruncated(ProviderError):
    """The answer ended before its stop reason."""

    reason, status, error_type = "provider_truncated", 502, "provider_unavailable"


class ProviderConnect(ProviderError):
    """No connection could be had: name, TCP, TLS or pool; nothing was sent."""

    reason, status, error_type = "provider_connect", 502, "provider_unavailable"


class ProviderTimeout(ProviderError):
    """A clock of the provider ran out; `clock` is headers, first_event, idle or total."""

    status, error_type = 504, "timeout"

    def __init__(self, clock: str) -> None:
        super().__init__(f"the provider was silent for too long ({clock.replace('_', ' ')} timeout)")
        self.reason = f"provider_timeout_{clock}"
        if clock == "total":
            self.retry = Retry.NEVER


class ProviderAuth(ProviderError):
    """The provider refused relay's own credential."""

    reason, status, error_type, counts, should_retry = "provider_auth", 502, "provider_unavailable", False, False


class ProviderBilling(ProviderAuth):
    """The provider wants to be paid by the operator first."""

    reason = "provider_billing"


class GatewayError(RelayError):
    """Our own fault or state."""

    should_retry = True


class GatewayInternal(GatewayError):
    """A defect of relay; the traceback is in the log, never in the answer."""

    reason, status, error_type = "gateway_internal", 500, "server"

    def __init__(self) -> None:
        super().__init__("internal error")


class GatewayConfig(GatewayError):
    """Another configuration was to come into service, and can't; the text has its faults, a line each."""

    reason, status, error_type, should_retry = "gateway_config", 422, "unprocessable", False


class GatewayDraining(GatewayError):
    """The instance is going away."""

    reason, status, error_type = "gateway_draining", 503, "provider_overloaded"

    def __init__(self) -> None:
        super().__init__("this gateway is shutting down; send the request again")


class GatewayLedgerFull(GatewayError):
    """Records can't be written, and the operator wants no calls without one."""

    reason, status, error_type = "gateway_ledger_full", 503, "server"

    def __init__(self) -> None:
        super().__init__("this gateway can't keep its records; send the request again later")
        self.retry_after_s = 1.0


class GatewayShed(GatewayError):
    """More calls in flight than the instance takes."""

    reason, status, error_type = "gateway_shed", 529, "provider_overloaded"

    def __init__(self) -> None:
        super().__init__("this gateway is at its limit; send the request again later")
        self.retry_after_s = 1.0
