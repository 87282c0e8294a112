"""What failures of Google's APIs mean, and in which header line they are told a credential."""

import json
from typing import Any

import pytest

from relay import errors
from relay._core import PeerError
from relay.catalog import CALLER, Endpoint
from relay.providers import PROVIDERS, credential_form, error, fault

RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}


def body(status: str, message: str = "no", *details: Any, listed: bool = False) -> bytes:
    told = {"error": {"code": 400, "message": message, "status": status, "details": list(details)}}
    return json.dumps([told] if listed else told).encode()


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize(
    "said",
    [
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "The input token count 1200000 exceeds the maximum number of tokens allowed 1048576.",
    ],
)
def test_the_length_of_a_prompt_is_told_as_agents_know_it(said: str, listed: bool) -> None:
    refused = error(400, {}, body("INVALID_ARGUMENT", said, listed=listed))
    assert (refused.message, refused.error_type) == (
        "prompt is too long: 1200000 tokens > 1048576 maximum",
        "context_length_exceeded",
    )


def test_a_key_that_google_does_not_know_is_no_fault_of_the_request() -> None:
    said = body("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", BAD_KEY)
    assert type(error(400, {}, said)) is errors.ProviderAuth
    assert type(error(400, {}, said, own=True)) is errors.CredentialRefused
    assert type(error(400, {}, body("INVALID_ARGUMENT"))) is errors.ProviderRefused


@pytest.mark.parametrize("details", [(RETRY,), ({"x": 1}, RETRY)])
def test_pitfall_84_when_to_ask_again_is_read_from_the_body_where_no_field_says_it(details: Any) -> None:
    said = body("RESOURCE_EXHAUSTED", "quota", *details)
    assert error(429, {}, said).retry_after_s == 34.5
    assert error(429, {b"retry-after": b"2"}, said).retry_after_s == 2.0
    assert error(429, {}, body("RESOURCE_EXHAUSTED", "quota", {"retryDelay": "soon"}, 7)).retry_after_s is None


@pytest.mark.parametrize(
    ("type", "code", "kind"),
    [
        ("UNAVAILABLE", "503", errors.ProviderOverloaded),
        ("RESOURCE_EXHAUSTED", "", errors.ProviderRateLimited),
        ("PERMISSION_DENIED", "403", errors.ProviderAuth),
        ("INTERNAL", "500", errors.ProviderFailed),
        ("DEADLINE_EXCEEDED", "", errors.ProviderTimeout),
        ("api_error", "", errors.ProviderFailed),
    ],
)
def test_errors_in_a_stream_mean_what_their_status_would(type: str, code: str, kind: Any) -> None:
    assert fault(PeerError(type, "no", code)).__class__ is kind


@pytest.mark.parametrize(
    ("dialect", "base_url", "form"),
    [
        ("gemini", PROVIDERS["google-ai-studio"].base_url, "x-goog-api-key:"),
        ("gemini", PROVIDERS["google-vertex"].base_url, "x-goog-api-key:"),
        (
            "gemini",
            "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google",
            "authorization: Bearer",
        ),
        ("chat", "https://api.example/v1", "authorization: Bearer"),
        ("messages", "https://api.example", "x-api-key:"),
    ],
)
def test_a_credential_has_the_form_that_the_api_wants(dialect: str, base_url: str, form: str) -> None:
    assert credential_form(Endpoint("e", "p", "P", dialect, "up", base_url, credential=CALLER)) == form
