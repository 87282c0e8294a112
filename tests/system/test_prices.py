"""A provider that relay knows, of which the file says nothing: costs, lists of its models, and what they are sent."""

import json
from collections.abc import Iterator

import pytest

from tests.support.answers import message, whole
from tests.support.processes import Running
from tests.support.raw_client import ask, body, exchange, head
from tests.support.raw_provider import RawProvider
from tests.system.planted import ENVIRON


@pytest.fixture
def relay(provider: RawProvider, raw_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    known = {"base_url": f"http://127.0.0.1:{raw_port}", "credential": {"env": "PROVIDER_KEY"}}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {"anthropic": known},
        "models": {
            "anthropic/claude-sonnet-4.5": [{"provider": "anthropic", "model": "claude-sonnet-4-5"}],
            "any/*": [{"provider": "anthropic", "model": "*"}],
        },
    }
    with Running.relay(config, tmp_path_factory.mktemp("prices"), ENVIRON) as process:
        yield process


@pytest.mark.parametrize(
    ("model", "nanousd"),
    [
        ("anthropic/claude-sonnet-4.5", 7 * 3000 + 3 * 15000),
        ("any/claude-haiku-4-5", 7 * 1000 + 3 * 5000),
        ("any/claude-of-tomorrow", None),
    ],
)
async def test_a_call_costs_what_the_list_says_and_nothing_is_made_up(
    relay: Running, provider: RawProvider, model: str, nanousd: int | None
) -> None:
    provider.answers = [whole(message())]

    answer = await ask(relay.port, body(model))

    assert answer.status == 200
    assert (await relay.record_of(model))["cost_nanousd"] == nanousd


async def test_the_models_of_a_wildcard_are_listed_with_what_is_known_of_them(relay: Running) -> None:
    listed = (await exchange(relay.port, head(None, method="GET", path="/v1/models?limit=1000"))).json["data"]

    by_id = {model["id"]: model for model in listed}
    assert by_id["any/claude-haiku-4-5"]["pricing"]["prompt"] == "0.000001"
    sonnet = by_id["anthropic/claude-sonnet-4.5"]
    assert sonnet["context_length"] == 200_000
    assert sonnet["architecture"]["input_modalities"] == ["text", "image", "file"]
    assert sonnet["pricing"]["input_cache_read"] == "0.0000003"


async def test_a_known_model_edits_its_context_itself_and_thinks_as_it_can(
    relay: Running, provider: RawProvider
) -> None:
    provider.answers = [whole(message())]
    edits = {"edits": [{"type": "clear_tool_uses_20250919"}]}

    edited = await ask(relay.port, body("any/claude-opus-5-5", context_management=edits, temperature=0.5))
    thought = await ask(relay.port, body("any/claude-opus-5-5:thinking", max_tokens=4096))
    budgeted = await ask(relay.port, body("any/claude-haiku-4-5:thinking", max_tokens=4096))

    assert (edited.status, thought.status, budgeted.status) == (200, 200, 200)
    sent = [json.loads(received.content) for received in provider.calls]
    assert sent[0]["context_management"] == edits
    assert "temperature" not in sent[0]
    assert sent[1]["thinking"]["type"] == "adaptive"
    assert sent[2]["thinking"] == {"type": "enabled", "budget_tokens": 2048}
