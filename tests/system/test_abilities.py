"""Abilities over real processes: where an image goes, what is left out that nobody takes, variants that think, and
models that are gone.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.answers import message, whole
from tests.support.processes import Running
from tests.support.raw_client import Answer, ask, body, exchange, head
from tests.support.raw_provider import RawProvider
from tests.system.planted import ENVIRON

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}
SEEN = [{"role": "user", "content": [IMAGE]}]
Pair = tuple[RawProvider, RawProvider]


@pytest.fixture
async def providers() -> AsyncIterator[Pair]:
    pair = RawProvider(), RawProvider()
    for each in pair:
        await each.start()
        each.answers = [whole(message())]
    yield pair
    for each in pair:
        await each.stop()


@pytest.fixture
def relay(providers: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    blind, seeing = providers
    config: dict[str, Any] = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            "blind": {"dialect": "messages", "base_url": f"http://127.0.0.1:{blind.port}"},
            "seeing": {"dialect": "messages", "base_url": f"http://127.0.0.1:{seeing.port}"},
        },
        "models": {
            "a/m": [
                {"provider": "blind", "model": "up", "input_modalities": ["text"], "price": _price(1)},
                {"provider": "seeing", "model": "up", "capabilities": ["pdf"], "price": _price(9)},
            ],
            "a/old": {"deprecated": {"successor": "a/m"}},
            "a/think": [{"provider": "blind", "model": "up", "supported_parameters": ["reasoning"]}],
            "a/blind": [
                {
                    "provider": "blind",
                    "model": "up",
                    "input_modalities": ["text"],
                    "supported_parameters": ["temperature"],
                }
            ],
        },
    }
    with Running.relay(config, tmp_path_factory.mktemp("abilities"), ENVIRON) as process:
        yield process


def _price(usd: int) -> dict[str, int]:
    return {"prompt": usd, "completion": usd}


async def asked(relay: Running, model: str, **said: Any) -> Answer:
    return await ask(relay.port, body(model, **said))


async def test_an_image_goes_where_it_may_be_seen(relay: Running, providers: Pair) -> None:
    for _ in range(5):
        assert (await asked(relay, "a/m", messages=SEEN)).status == 200

    assert [len(each.calls) for each in providers] == [0, 5]


async def test_an_image_for_a_model_that_reads_text_alone_is_refused_before_anything_is_sent(
    relay: Running, providers: Pair
) -> None:
    answer = await asked(relay, "a/blind", messages=SEEN)

    assert answer.status == 404
    told = answer.error["availability"]
    assert (told["code"], told["excluded_by"]) == ("constraint_filtered", ["require_parameters"])
    assert told["constraint"]["field"] == "messages"
    assert "an image" in answer.error["message"]
    assert [len(each.calls) for each in providers] == [0, 0]


async def test_settings_that_nobody_takes_are_left_out_and_their_neighbours_stay(
    relay: Running, providers: Pair
) -> None:
    config = {"effort": "low", "task_budget": {"type": "tokens", "total": 20_000}}

    answer = await asked(relay, "a/blind", output_config=config, top_k=3)

    assert answer.status == 200
    sent = json.loads(providers[0].calls[0].content)
    assert sent["output_config"] == {"task_budget": config["task_budget"]}
    assert "top_k" not in sent
    alone = await asked(relay, "a/blind", output_config={"effort": "low"})
    assert alone.status == 200
    assert "output_config" not in json.loads(providers[0].calls[1].content)


async def test_pitfall_69_a_temperature_is_not_sent_to_who_refuses_it(relay: Running, providers: Pair) -> None:
    for model in ("a/think", "a/blind"):
        assert (await asked(relay, model, temperature=0.5)).status == 200

    refuses, takes = (json.loads(received.content) for received in providers[0].calls)
    assert "temperature" not in refuses
    assert takes["temperature"] == 0.5


@pytest.mark.parametrize(("said", "budget"), [({"max_tokens": 8000}, 4000), ({"max_tokens": 1100}, 1024)])
async def test_a_variant_that_thinks_has_the_model_think_with_half_of_its_answer(
    relay: Running, providers: Pair, said: dict[str, Any], budget: int
) -> None:
    answer = await asked(relay, "a/think:thinking", **said)

    assert (answer.status, answer.json["model"]) == (200, "a/think")
    sent = json.loads(providers[0].calls[0].content)
    assert sent["thinking"] == {"type": "enabled", "budget_tokens": budget}


async def test_a_request_that_says_how_to_think_is_sent_as_it_is(relay: Running, providers: Pair) -> None:
    await asked(relay, "a/think:thinking", thinking={"type": "disabled"})
    await asked(relay, "a/think:thinking", thinking=None, max_tokens=8000)

    first, second = (json.loads(received.content) for received in providers[0].calls)
    assert first["thinking"] == {"type": "disabled"}
    assert second["thinking"]["budget_tokens"] == 4000


async def test_an_answer_too_short_for_a_thought_is_refused_before_anything_is_sent(
    relay: Running, providers: Pair
) -> None:
    answer = await asked(relay, "a/think:thinking", max_tokens=1024)

    assert answer.status == 400
    assert answer.error["message"].startswith("max_tokens: must be more than 1024")
    assert providers[0].calls == []


async def test_a_model_that_is_gone_names_its_successor_and_is_not_listed(relay: Running) -> None:
    answer = await asked(relay, "a/old")

    assert (answer.status, answer.error["type"]) == (404, "not_found_error")
    assert answer.error["availability"]["code"] == "model_deprecated"
    assert answer.error["availability"]["fallback_models"] == ["a/m"]
    listed = await exchange(relay.port, head(None, method="GET", path="/v1/models"))
    assert [model["id"] for model in listed.json["data"]] == ["a/m", "a/think", "a/blind"]


async def test_a_free_variant_that_ended_names_what_is_paid(relay: Running) -> None:
    answer = await asked(relay, "a/m:free")

    assert (answer.status, answer.error["availability"]["code"]) == (404, "free_variant_ended")
    assert answer.error["availability"]["fallback_models"] == ["a/m"]
