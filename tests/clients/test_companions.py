"""What SDKs do beside asking: count, list, leave early; and what the provider gets to see of them."""

import time

import pytest

from tests.clients.conftest import Client
from tests.clients.servers import KEY, NAMED

PATIENCE_S = 0.25  # "client gone → upstream closed" of the shared decisions, "Times"


def test_tokens_are_counted_by_the_provider(client: Client) -> None:
    params = {"system": "be brief", "tools": [{"name": "now", "input_schema": {"type": "object", "properties": {}}}]}

    direct, through = client.direct("count", "chat", **params), client.through("count", "chat", **params)

    assert client.provider.seen()["path"] == "/v1/messages/count_tokens"
    assert through["counted"] == direct["counted"]
    assert through["counted"]["input_tokens"] > 0


def test_models_are_those_of_the_configuration(client: Client) -> None:
    outcome = client.ask("models", "demo/thinking", client.gateway.url)

    assert [model["id"] for model in outcome["models"]] == list(NAMED)
    for model in (*outcome["models"], outcome["model"]):
        assert model["type"] == "model"
        assert model["display_name"] == model["id"]
        assert model["created_at"] == "1970-01-01T00:00:00Z"  # the API's word for an unknown date
    assert outcome["model"]["id"] == "demo/thinking"


@pytest.mark.parametrize("kind", ["create", "stream", "count"])
def test_the_clients_key_never_goes_to_the_provider(client: Client, kind: str) -> None:
    client.through(kind, "echo@delay=0")

    fields = client.provider.seen_fields()
    assert not {"authorization", "x-api-key", "cookie"} & fields.keys()
    assert KEY not in str(client.provider.seen())


def test_a_client_that_leaves_takes_the_upstream_with_it(client: Client) -> None:
    model = "paced@events=1000,rate=100"
    before = client.provider.streams()["gone"]

    client.ask("leave", f"demo/{model}", client.gateway.url, leave_after=5)
    left = time.monotonic()

    while client.provider.streams()["gone"] == before:
        assert time.monotonic() - left < PATIENCE_S + 1.0
        time.sleep(0.01)
    assert client.provider.streams()["left"][-1]["at"] - left < PATIENCE_S
    assert client.gateway.call(request_model=f"demo/{model}")["outcome"] == "client_gone"


def test_a_call_is_in_the_log_with_what_the_client_was_told(client: Client) -> None:
    message = client.through("create", "tools@delay=0")["message"]

    call = client.gateway.call(request_id=message["id"])

    usage = message["usage"]
    assert (call["outcome"], call["status"], call["key_id"]) == ("complete", 200, "dev")
    assert (call["request_model"], call["provider"]) == (message["model"], "demo")
    assert (call["usage"]["input_tokens"], call["usage"]["output_tokens"]) == (
        usage["input_tokens"],
        usage["output_tokens"],
    )
    assert call["cost_nanousd"] == round(usage["cost"] * 1e9)
