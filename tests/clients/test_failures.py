"""What goes wrong reaches every SDK as the exception that it has for it, and never as a short answer."""

import itertools

import pytest

from tests.clients.compare import GENERATION_ID, Json, bare_events
from tests.clients.conftest import Client

STATUSES = [  # the provider's: what the client sees, by spec/openrouter-messages.md 16.2 and 16.4
    (400, 400, "invalid_request_error", "invalid_request"),
    (401, 502, "api_error", "provider_unavailable"),
    (402, 502, "api_error", "provider_unavailable"),
    (403, 502, "api_error", "provider_unavailable"),
    (404, 404, "not_found_error", "not_found"),
    (408, 504, "timeout_error", "timeout"),
    (413, 413, "invalid_request_error", "payload_too_large"),
    (422, 400, "invalid_request_error", "invalid_request"),
    (429, 429, "rate_limit_error", "rate_limit_exceeded"),
    (500, 502, "api_error", "provider_unavailable"),
    (502, 502, "api_error", "provider_unavailable"),
    (503, 503, "overloaded_error", "provider_overloaded"),
    (504, 504, "timeout_error", "timeout"),
    (529, 529, "overloaded_error", "provider_overloaded"),
]
CLASSES = {
    400: "BadRequestError",
    404: "NotFoundError",
    429: "RateLimitError",
    502: "InternalServerError",
}
"""Classes whose names are alike in all SDKs; the others are compared with what the SDK makes of the status itself."""

KEPT = {400, 404, 413, 422, 429, 503, 529}
"""Statuses whose message is the caller's business: the provider's words stay."""


FRESH = itertools.count()
"""Numbers that make a model's name a new one: relay leaves a model alone for as long as its provider asked."""


@pytest.mark.parametrize("kind", ["create", "stream"])
@pytest.mark.parametrize(("status", "told", "error_type", "detail"), STATUSES)
def test_a_providers_status_is_its_exception(
    client: Client, kind: str, status: int, told: int, error_type: str, detail: str
) -> None:
    class_of_told = client.direct(kind, f"error@status={told}")["failure"]["class"]

    failure = client.through(kind, f"error@status={status},message=words of the provider {next(FRESH)}")["failure"]

    assert (failure["class"], failure["status"]) == (class_of_told, told)
    assert failure["class"] == CLASSES.get(told, class_of_told)
    check_envelope(failure, error_type, detail)
    assert ("words of the provider" in failure["body"]["error"]["message"]) == (status in KEPT)


def check_envelope(failure: Json, error_type: str, detail: str) -> None:
    body, fields = failure["body"], failure["fields"]
    assert body["type"] == "error"
    assert (body["error"]["type"], body["error"]["error_type"]) == (error_type, detail)
    assert GENERATION_ID.fullmatch(body["request_id"])
    assert body["request_id"] == fields["request-id"] == fields["x-generation-id"]


@pytest.mark.parametrize("kind", ["create", "stream"])
def test_a_rate_limit_says_when_to_come_back(client: Client, kind: str) -> None:
    failure = client.through(kind, f"error@status=429,retry_after=7,message={next(FRESH)}")["failure"]

    assert failure["fields"]["retry-after"] == "7"
    assert failure["body"]["error"]["availability"]["code"] == "capacity_exhausted"
    assert failure["body"]["metadata"]["limit_source"] == "provider"


@pytest.mark.parametrize(
    "model", ["error-mid@after=3,delay=0", "error-mid@after=0,delay=0", "error-mid@after=9,of=tools,delay=0"]
)
def test_an_error_mid_stream_comes_after_the_same_events(client: Client, model: str) -> None:
    params = {"tools": [{"name": "Bash", "input_schema": {"type": "object", "properties": {}}}]}
    direct, through = client.direct("events", model, **params), client.through("events", model, **params)

    assert bare_events(through["events"]) == bare_events(direct["events"]) != []
    assert through["failure"]["class"] == direct["failure"]["class"]
    assert through["failure"].get("status") == direct["failure"].get("status")
    check_envelope(through["failure"], "overloaded_error", "provider_overloaded")
    assert through["failure"]["body"]["error"]["type"] == direct["failure"]["body"]["error"]["type"]
    assert client.through("stream", model, **params)["failure"]["class"] == direct["failure"]["class"]


@pytest.mark.parametrize("kind", ["create", "stream", "events"])
def test_an_error_before_anything_was_said_is_a_status(client: Client, kind: str) -> None:
    failure = client.through(kind, "error-first@delay=0")

    assert failure["events"] == []
    assert failure["failure"]["status"] in (503, 529)
    check_envelope(failure["failure"], "overloaded_error", "provider_overloaded")


@pytest.mark.parametrize(
    "model", ["cut@bytes=900,delay=0", "reset@bytes=900,delay=0", "cut@bytes=2000,of=tools,delay=0"]
)
def test_a_cut_stream_is_an_error_and_no_short_answer(client: Client, model: str) -> None:
    params = {"tools": [{"name": "Bash", "input_schema": {"type": "object", "properties": {"command": {}}}}]}

    outcome = client.through("events", model, **params)

    kinds = [event["type"] for event in outcome["events"]]
    assert kinds[0] == "message_start"
    assert "message_stop" not in kinds
    check_envelope(outcome["failure"], "api_error", "provider_unavailable")
    assert "failure" in client.through("stream", model, **params)


@pytest.mark.parametrize("kind", ["create", "stream"])
@pytest.mark.parametrize("model", ["html", "cut@bytes=0", "reset@bytes=0"])
def test_rubbish_is_a_bad_gateway(client: Client, kind: str, model: str) -> None:
    failure = client.through(kind, model)["failure"]

    assert (failure["class"], failure["status"]) == ("InternalServerError", 502)
    check_envelope(failure, "api_error", "provider_unavailable")


@pytest.mark.parametrize("kind", ["create", "stream"])
def test_an_error_that_came_with_200_is_one(client: Client, kind: str) -> None:
    failure = client.through(kind, "json-error@type=invalid_request_error")["failure"]

    assert (failure["class"], failure["status"]) == ("BadRequestError", 400)
    check_envelope(failure, "invalid_request_error", "invalid_request")


@pytest.mark.parametrize("kind", ["create", "stream", "count", "models"])
def test_a_wrong_key_is_refused(client: Client, kind: str) -> None:
    failure = client.ask(kind, "demo/chat", client.gateway.url, key="sk-relay-dev-not-the-key")["failure"]

    assert (failure["class"], failure["status"]) == ("AuthenticationError", 401)
    assert failure["body"]["error"]["type"] == "authentication_error"
    assert failure["body"]["request_id"] is None


def test_an_unknown_model_is_named(client: Client) -> None:
    failure = client.ask("create", "nobody/nothing", client.gateway.url)["failure"]

    assert (failure["class"], failure["status"]) == ("BadRequestError", 400)
    assert failure["body"]["error"]["availability"]["code"] == "model_not_found"
    assert "nobody/nothing" in failure["body"]["error"]["message"]


def test_a_wrong_request_is_refused_with_its_path(client: Client) -> None:
    wrong = [{"role": "nobody", "content": "hi"}]

    failure = client.through("create", "chat", messages=wrong)["failure"]

    assert (failure["class"], failure["status"]) == ("BadRequestError", 400)
    assert failure["body"]["error"]["message"].startswith("messages.0.role: ")
