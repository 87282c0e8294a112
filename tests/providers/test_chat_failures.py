"""What failures of Chat providers mean, by status, code and type; and how a caller's own credential leaves."""

import json
from typing import Any

import pytest

from relay import errors
from relay._core import PeerError, members
from relay.call import Call, Identity
from relay.catalog import CALLER, Attempt, Endpoint, Secret
from relay.providers import error, fault, request


def body(message: str, **more: Any) -> bytes:
    return json.dumps({"error": {"message": message, "param": None} | more}).encode()


def test_the_length_of_a_prompt_is_told_as_agents_know_it() -> None:
    said = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
    refused = error(400, {}, body(said, type="invalid_request_error", code="context_length_exceeded"))
    assert (refused.message, refused.error_type) == (
        "prompt is too long: 9000 tokens > 8192 maximum",
        "context_length_exceeded",
    )
    assert error(400, {}, body("too big", code="context_length_exceeded")).error_type == "context_length_exceeded"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "content_policy_violation", errors.ProviderRefused),
        (429, "rate_limit_exceeded", errors.ProviderRateLimited),
        (429, "insufficient_quota", errors.ProviderBilling),
        (401, "invalid_api_key", errors.ProviderAuth),
        (404, "model_not_found", errors.ProviderNotFound),
        (503, None, errors.ProviderOverloaded),
    ],
)
def test_statuses_and_codes(status: int, code: str | None, kind: type[errors.ProviderError]) -> None:
    assert type(error(status, {}, body("no", code=code))) is kind


def test_a_conflict_is_another_endpoints_chance() -> None:
    assert error(409, {}, body("locked")).retry is errors.Retry.OTHER
    assert error(415, {}, body("no")).retry is errors.Retry.MODEL


@pytest.mark.parametrize(
    ("type", "code", "kind"),
    [
        ("", "429", errors.ProviderRateLimited),
        ("", "502", errors.ProviderFailed),
        ("BadRequestError", "400", errors.ProviderRefused),
        ("rate_limit_error", "", errors.ProviderRateLimited),
        ("tokens", "rate_limit_exceeded", errors.ProviderRateLimited),
        ("server_error", "7", errors.ProviderFailed),
        ("overloaded_error", "", errors.ProviderOverloaded),
        ("service_unavailable_error", "server_is_overloaded", errors.ProviderOverloaded),
        ("", "slow_down", errors.ProviderOverloaded),
        ("engine_overloaded_error", "", errors.ProviderOverloaded),
        ("rate_limit_reached_error", "", errors.ProviderRateLimited),
        ("", "99999999999999999999", errors.ProviderFailed),
    ],
)
def test_errors_in_a_stream_mean_what_their_status_would(type: str, code: str, kind: Any) -> None:
    assert fault(PeerError(type, "no", code)).__class__ is kind


@pytest.mark.parametrize("line", ["x-api-key: own-key\r\n", "authorization: Bearer own-key\r\n"])
def test_a_callers_own_credential_leaves_as_bearer(line: str) -> None:
    content = b'{"model":"a/m","messages":[{"role":"user","content":"hi"}]}'
    call = Call(
        "gen-1-a", "chat", "a/m", False, content, members(content), Identity("dev"), 0,
        version=None, betas=b"beta", session_id=None, app=None, reports=False, credential=Secret(line),
    )  # fmt: skip
    endpoint = Endpoint("e", "p", "P", "chat", "up", "http://x", credential=CALLER)
    sent = request(call, Attempt(1, endpoint, "a/m", "up"), {}, b"beta")
    assert sent.own is not None
    assert sent.own.reveal() == "authorization: Bearer own-key\r\n"
    assert (sent.target, b"anthropic" in sent.fields) == (b"/chat/completions", False)
