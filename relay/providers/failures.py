"""What a provider's failure means: status, body or in-band error to a leaf of the error tree.

Source: spec/openrouter-messages.md 16.4, spec/wire-protocols.md 6.2. The provider's own words are kept only where the
fault is the caller's, whole; they are never its raw body. Who tells them on cuts and redacts them.
"""

import email.utils
import re
import time
from collections.abc import Mapping, Sequence

import orjson

from relay import errors
from relay._core import LimitExceeded, PeerError, ProtocolError, Truncated

_STATUS_OF_WORD: Mapping[str, int] = {
    "context_length_exceeded": 400,
    "content_filter": 400,
    "content_policy_violation": 400,
    "insufficient_quota": 402,
    "invalid_prompt": 400,
    "image_content_policy_violation": 400,
    "bio_policy": 400,
    "misalignment_policy_violation": 400,
    "invalid_api_key": 401,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "server_is_overloaded": 503,
    "slow_down": 503,
    "service_unavailable_error": 503,
    "engine_overloaded_error": 503,
    "rate_limit_reached_error": 429,
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
    "API_KEY_INVALID": 401,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_MEANT: Mapping[str, int] = {
    "API_KEY_INVALID": 401,
    "ExpiredTokenException": 401,
    "IncompleteSignature": 401,
    "ServiceQuotaExceededException": 429,
    "ThrottlingException": 429,
    "UnrecognizedClientException": 401,
}
"""Words with which Google and AWS answer 400 where the request is not at fault, and the status that they mean."""
_TOO_LONG = (
    "prompt is too long",
    "input is too long",
    "input token count",
    "context length",
    "context_length",
    "context window",
    "too many tokens",
)
_CONTEXT = re.compile(
    r"maximum context length (?:is|of) (?P<most>\d+) tokens.*?(?P<said>\d+) tokens"
    r"|input token count \(?(?P<counted>\d+)\)? exceeds.*?\(?(?P<allowed>\d+)\)?",
    re.DOTALL | re.IGNORECASE,
)
_DELAY = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s")
_POLICY = ("content_policy", "content policy", "content filter", "content_filter", "bio_policy", "policy_violation")


def error(status: int, fields: Mapping[bytes, bytes], body: bytes, *, own: bool = False) -> errors.ProviderError:
    """Give the failure that an answer with this status means.

    fields   header fields, names in lower case
    own      the caller's own credential was sent
    """
    message, words, delay_s = _told(body)
    if kind := fields.get(b"x-amzn-errortype"):
        words += (kind.decode("latin-1").partition(":")[0],)
    meant = next((_MEANT[word] for word in words if word in _MEANT), status) if status == 400 else status
    if own and meant in (401, 402, 403):
        failure: errors.ProviderError = errors.CredentialRefused(status)
    else:
        failure = _by_status(meant, message, words)
    failure.upstream_status = status
    told_s = retry_after(fields)
    failure.retry_after_s = delay_s if told_s is None else told_s
    if (told := fields.get(b"x-should-retry")) in (b"true", b"false"):
        failure.retry = errors.Retry.OTHER if told == b"true" else errors.Retry.NEVER
    return failure


def fault(cause: Exception) -> errors.ProviderError:
    """Give the failure that stopped a stream: what `Pipeline.check` raised, as ours."""
    if isinstance(cause, PeerError):
        return _by_status(_status_of(cause), cause.message, (cause.code, cause.type))
    if isinstance(cause, Truncated):
        return errors.ProviderTruncated("the provider's answer ended before its stop reason")
    if isinstance(cause, LimitExceeded):
        return errors.ProviderProtocol(f"the provider sent more than one event may hold ({cause.limit})")
    if isinstance(cause, ProtocolError):
        return errors.ProviderProtocol("the provider's stream is not what its dialect says")
    raise cause


def retry_after(fields: Mapping[bytes, bytes]) -> float | None:
    """Give the seconds of `retry-after-ms` or `retry-after` (seconds or a date); None when there is no such hint."""
    for name, scale in ((b"retry-after-ms", 0.001), (b"retry-after", 1.0)):
        text = fields.get(name, b"").decode("latin-1").strip()
        try:
            return max(0.0, min(float(text) * scale, 86400.0))
        except ValueError:
            continue
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _status_of(cause: PeerError) -> int:
    """Give the status that an error in a stream would have had: its code says it in digits, or its words do."""
    if len(cause.code) == 3 and cause.code.isdecimal() and 400 <= int(cause.code) <= 599:
        return int(cause.code)
    return _STATUS_OF_WORD.get(cause.code) or _STATUS_OF_WORD.get(cause.type) or 500


def _told(body: bytes) -> tuple[str, tuple[str, ...], float | None]:
    """Give what an error body in any of the usual shapes says: its sentence, empty where there is none, its words, and
    the seconds after which to ask again.
    """
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", (), None
    told = told[0] if isinstance(told, list) and told else told
    inner = told.get("error", told) if isinstance(told, dict) else None
    if not isinstance(inner, dict):
        return (inner if isinstance(inner, str) else ""), (), None
    text = inner.get("message")
    details = inner.get("details")
    details = [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []
    said = (inner.get("code"), inner.get("type"), inner.get("status"), *[each.get("reason") for each in details])
    words = tuple([word for word in said if isinstance(word, str)])
    delays = [found for each in details if (found := _DELAY.fullmatch(str(each.get("retryDelay"))))]
    return (text if isinstance(text, str) else ""), words, float(delays[0][1]) if delays else None


def _by_status(status: int, message: str, words: Sequence[str] = ()) -> errors.ProviderError:
    """Give the failure of a status; `words` are the provider's own for it, which say more than some statuses do."""
    if status in (400, 422):
        kind = _kind_of_refusal(f"{message} {' '.join(words)}")
        if kind == "context_length_exceeded":
            message = _too_long(message)
        return errors.ProviderRefused(message or "the provider refused the request", 400, kind)
    if status in (405, 409, 415):
        refusal = errors.ProviderRefused(message or "the provider refused the request")
        if status == 409:  # a lock, which is nobody else's
            refusal.retry = errors.Retry.OTHER
        return refusal
    if status == 413:
        return errors.ProviderRefused(message or "the request is too large for the provider", 413, "payload_too_large")
    if status in (401, 403):
        refused = errors.ProviderAuth("the provider refused this gateway's credential; tell its operator")
        refused.counts_against = status == 401
        return refused
    if status == 402 or (status == 429 and "insufficient_quota" in words):
        return errors.ProviderBilling("the provider wants this gateway's account settled; tell its operator")
    if status == 404:
        return errors.ProviderNotFound(message or "the provider does not know this model")
    if status in (408, 504):
        return errors.ProviderTimeout("headers")
    if status == 429:
        return errors.ProviderRateLimited(message or "the provider's rate limit was reached")
    if status in (503, 529):
        overloaded = errors.ProviderOverloaded(message or "the provider is overloaded")
        overloaded.status = status
        return overloaded
    return errors.ProviderFailed("the provider failed")


def _too_long(message: str) -> str:
    """Give the sentence by which agents know that they have to shorten the prompt (spec/wire-protocols.md 8)."""
    limit = _CONTEXT.search(message)
    if limit is None or message.startswith("prompt is too long"):
        return message
    said, most = limit["said"] or limit["counted"], limit["most"] or limit["allowed"]
    return f"prompt is too long: {said} tokens > {most} maximum"


def _kind_of_refusal(message: str) -> str:
    lowered = message.lower()
    if any(words in lowered for words in _TOO_LONG):
        return "context_length_exceeded"
    if any(words in lowered for words in _POLICY):
        return "content_policy_violation"
    return "invalid_request"
