"""A provider that relay knows, without a price in the file: what a call costs, and what lists say of its model."""

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
