"""Errors in the words of each dialect: one table, no error without a word (wire-protocols 8)."""

import json
from typing import Any

import pytest

from relay.downstream.speech import MESSAGES, OPENAI, speech_of
from relay.errors import (
    OPENAI_TYPES,
    TYPES,
    CallerAuth,
    CallerInvalid,
    CallerUnsupported,
    GatewayInternal,
    GatewayShed,
    PolicyBudget,
    ProviderOverloaded,
    ProviderRefused,
    RelayError,
    UnknownModel,
)


def told(error: RelayError, **options: Any) -> dict[str, Any]:
    return dict(json.loads(OPENAI.error(error, "gen-1", options.get("reports", False), options.get("metadata", b""))))


def test_every_error_has_a_word_in_every_dialect() -> None:
    assert OPENAI_TYPES.keys() == TYPES.keys()


@pytest.mark.parametrize(
    ("error", "status", "kind", "param", "code"),
    [
        (CallerInvalid("messages.0.role: field required"), 400, "invalid_request_error", "messages.0.role", None),
        (CallerInvalid("body: invalid JSON at byte 1"), 400, "invalid_request_error", "body", None),
        (ProviderRefused("it is wrong: so"), 400, "invalid_request_error", None, None),
        (ProviderRefused("too long", 400, "context_length_exceeded"), 400, "invalid_request_error", None, None),
        (CallerAuth("no key"), 401, "invalid_request_error", None, "invalid_api_key"),
        (PolicyBudget("spent"), 402, "insufficient_quota", None, "insufficient_quota"),
        (CallerUnsupported("no route: x"), 404, "invalid_request_error", None, None),
        (UnknownModel("m", [], "https://x"), 400, "invalid_request_error", "model", "model_not_found"),
        (GatewayInternal(), 500, "server_error", None, None),
        (GatewayShed(), 503, "server_error", None, None),
        (ProviderOverloaded("busy"), 503, "server_error", None, None),
    ],
)
def test_an_error_in_openais_shape(error: RelayError, status: int, kind: str, param: str | None, code: Any) -> None:
    if error.error_type == "context_length_exceeded":
        code = "context_length_exceeded"  # which clients compact on
    found = told(error)["error"]
    assert OPENAI.status(error) == status
    assert (found["type"], found["param"], found["code"], found["message"]) == (kind, param, code, error.message)


def test_what_relay_says_beside_an_error() -> None:
    body = told(CallerAuth("no key"), reports=True, metadata=b'{"attempt":0}')
    assert (body["request_id"], body["error"]["relay_reason"]) == ("gen-1", "caller_auth")
    assert body["openrouter_metadata"] == {"attempt": 0}


@pytest.mark.parametrize(
    ("path", "openai"),
    [
        ("/v1/chat/completions", True),
        ("/v1/responses/resp_1", True),
        ("/v1/embeddings", True),
        ("/v1/messages", False),
        ("/v1/nothing", False),
    ],
)
def test_the_path_decides_the_shape_also_of_a_route_that_is_none(path: str, openai: bool) -> None:
    assert speech_of(path) is (OPENAI if openai else MESSAGES)
