"""What a call costs: every attempt counts, what failed without output is free, and no lie of a provider breaks it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.answers import (
    LAST_CHUNK,
    chunk,
    delta,
    failure,
    frame,
    head,
    message,
    message_start,
    opening,
    whole,
)
from tests.support.processes import Json, Running
from tests.support.raw_client import Client, ask, body, exchange, request
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import FIN, STALL, RawProvider
from tests.system.planted import ENVIRON

NAMES = ("one", "two", "own", "free", "long")
PRICE: Json = {"prompt": 1, "completion": 2, "request": 0.001}
FEE, IN, OUT = 1_000_000, 1_000, 2_000  # nano-dollars a call, a token
Providers = dict[str, RawProvider]
TEXT = frame("content_block_start", index=0, content_block={"type": "text", "text": ""})


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    found = {name: RawProvider() for name in NAMES}
    for provider in found.values():
        await provider.start()
    yield found
    for provider in found.values():
        await provider.stop()


@pytest.fixture
def relay(providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    serving: dict[str, Json] = {name: {"provider": name, "model": "up", "price": PRICE} for name in NAMES}
    del serving["free"]["price"]
    serving["long"]["price"] = PRICE | {"image": 0.5, "long_context": [{"above_tokens": 9, "prompt": 10}]}
    serving["own"]["owner_key"] = "dev"
    fast = {"model": "up-fast", "tier": "priority"}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            name: {"dialect": "messages", "base_url": f"http://127.0.0.1:{provider.port}"}
            for name, provider in providers.items()
        },
        "models": {"a/m": [serving["one"], serving["two"]], "b/tiers": [serving["one"], serving["one"] | fast]}
        | {f"b/{name}": [serving[name]] for name in NAMES},
        "drain": {"deadline": "0s"},
    }
    with Running.relay(config, tmp_path_factory.mktemp("relay"), ENVIRON) as process:
        yield process


def usage(**counts: Any) -> Json:
    return {"input_tokens": 5, "output_tokens": 1} | counts


def streamed(start: Any, last: Any, text: str = "hello") -> list[bytes]:
    """A whole stream with these usage objects; None leaves the member out."""
    final: Json = {"delta": {"stop_reason": "end_turn", "stop_sequence": None}}
    final |= {} if last is None else {"usage": last}
    frames = message_start(usage=start) + TEXT + (delta(text) if text else b"")
    frames += frame("content_block_stop", index=0) + frame("message_delta", **final) + frame("message_stop")
    return [head(), chunk(frames), LAST_CHUNK]


async def generation(relay: Running, id: str) -> Json:
    answer = await exchange(relay.port, request_head(None, method="GET", path=f"/v1/generation?id={id}"))
    assert answer.status == 200
    return dict(answer.json["data"])


def doubled(content: bytes) -> list[str]:
    """The names of members that stand twice in an object of an answer, whole or streamed."""
    found: list[str] = []

    def pairs(told: list[tuple[str, Any]]) -> Json:
        found.extend(name for name, count in Counter(name for name, _ in told).items() if count > 1)
        return dict(told)

    for line in content.split(b"\n"):
        if line.startswith((b"data: {", b"{")):
            json.loads(line.removeprefix(b"data: "), object_pairs_hook=pairs)
    return found


async def test_each_attempt_carries_its_own_and_the_call_pays_for_all(relay: Running, providers: Providers) -> None:
    """The first fails in its first event: it is free, yet told."""
    error = frame("error", error={"type": "overloaded_error", "message": "no"})
    providers["one"].answers = [head(), chunk(error), LAST_CHUNK]
    providers["two"].answers = streamed(usage(), {"output_tokens": 3})

    answer = await ask(relay.port, body("a/m", stream=True, provider={"order": ["one", "two"]}))
    record = await relay.record_of("a/m")

    told = answer.events[-2][1]["usage"]
    cost = 5 * IN + 3 * OUT + FEE
    assert (record["cost_nanousd"], told["cost"]) == (cost, cost / 1e9)
    assert [attempt["cost_nanousd"] for attempt in record["attempts"]] == [0, cost]
    assert (record["usage"], record["basis"]) == ({"input_tokens": 5, "output_tokens": 3}, "provider_final")
    assert record["attempts"][0]["basis"] == "none"
    shown = await generation(relay, record["request_id"])
    assert shown["total_cost_nanousd"] == cost
    assert shown["cost_details"]["upstream_inference_prompt_cost"] == 5 * IN / 1e9
    assert [each["total_cost_nanousd"] for each in shown["provider_responses"]] == [0, cost]


async def test_an_error_before_any_output_is_free_and_its_usage_is_kept(relay: Running, providers: Providers) -> None:
    providers["one"].answers = [head(), chunk(message_start(usage=usage(input_tokens=40))), 0.05, FIN]

    answer = await ask(relay.port, body("b/one", stream=True))
    record = await relay.record_of("b/one")

    assert answer.events[-1][0] == "error"
    assert (record["cost_nanousd"], record["usage"]["input_tokens"]) == (0, 40)
    assert record["basis"] == "provider_partial"


async def test_an_error_behind_some_output_is_charged_for_what_came(relay: Running, providers: Providers) -> None:
    text = " ".join(100 * ["word"])
    providers["one"].answers = [head(), chunk(opening() + delta(text)), FIN]

    await ask(relay.port, body("b/one", stream=True))
    record = await relay.record_of("b/one")

    output = record["usage"]["output_tokens"]
    assert (record["basis"], output > 50) == ("provider_partial", True)
    assert record["cost_nanousd"] == 7 * IN + output * OUT + FEE


async def test_a_refused_call_costs_nothing_and_says_so(relay: Running, providers: Providers) -> None:
    providers["one"].answers = [failure("500 Oops", "api_error", "no")]

    await ask(relay.port, body("b/one"))
    record = await relay.record_of("b/one")

    assert (record["cost_nanousd"], record["basis"], record["usage"]) == (0, "none", {})


@pytest.mark.parametrize("outcome", ["client_gone", "drain_cut"])
async def test_a_stream_that_was_cut_on_this_side_is_charged_for_what_came(
    relay: Running, providers: Providers, outcome: str
) -> None:
    providers["one"].answers = [head(), chunk(opening() + delta(" ".join(100 * ["word"]))), STALL]
    async with Client(relay.port) as client:
        client.send(request(body("b/one", stream=True)))
        await client.head()
        if outcome == "client_gone":
            client.leave()
        else:
            await asyncio.to_thread(relay.end)
    record = await relay.record_of("b/one")

    assert (record["outcome"], record["basis"]) == (outcome, "provider_partial")
    assert record["cost_nanousd"] == 7 * IN + record["usage"]["output_tokens"] * OUT + FEE


LIES: dict[str, tuple[Any, Any, Json, str, int]] = {
    "decreasing": (usage(output_tokens=9), {"output_tokens": 3}, {"output_tokens": 3}, "provider_final", 1),
    "negative": (usage(output_tokens=-3), {"output_tokens": 3, "input_tokens": -5}, {}, "provider_final", 2),
    "huge": (usage(input_tokens=10**30), {"output_tokens": 3, "input_tokens": 5}, {}, "provider_final", 1),
    "wrong types": (usage(input_tokens="5"), {"output_tokens": 3, "input_tokens": 5.5}, {}, "estimated", 2),
    "no final count": (usage(), {"output_tokens": None}, {"output_tokens": 6}, "provider_partial", 0),
    "no final usage": (usage(), None, {"output_tokens": 6}, "provider_partial", 0),
    "a list": (usage(), [3], {"output_tokens": 6}, "provider_partial", 0),
    "nothing at all": (None, None, {"output_tokens": 6}, "estimated", 0),
    "only the output": ({}, {"output_tokens": 3}, {"output_tokens": 3}, "estimated", 0),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_provider_that_lies_is_charged_for_what_can_be(relay: Running, providers: Providers, lie: str) -> None:
    start, last, expected, basis, anomalies = LIES[lie]
    providers["one"].answers = streamed(start, last, "some twenty letters.")

    answer = await ask(relay.port, body("b/one", stream=True))
    record = await relay.record_of("b/one")

    known: Json = {"output_tokens": 3} | expected
    told = dict(record["usage"])
    assert (record["basis"], record["usage_anomalies"]) == (basis, anomalies)
    assert told.items() >= known.items()
    assert record["cost_nanousd"] == told["input_tokens"] * IN + told["output_tokens"] * OUT + FEE
    assert told["input_tokens"] == (5 if basis != "estimated" else told["input_tokens"]) > 0
    assert answer.events[-2][1]["usage"]["cost"] == record["cost_nanousd"] / 1e9


@pytest.mark.parametrize("said", [None, {}, {"output_tokens": "3"}, [], {"input_tokens": 5}])
async def test_a_whole_answer_without_counts_is_estimated(relay: Running, providers: Providers, said: Any) -> None:
    providers["one"].answers = [whole(message("some twenty letters.", usage=said))]

    answer = await ask(relay.port, body("b/one"))
    record = await relay.record_of("b/one")

    usage = record["usage"]
    assert record["basis"] == ("provider_partial" if said == {"input_tokens": 5} else "estimated")
    assert 5 <= usage["output_tokens"] <= 20
    assert usage["input_tokens"] >= 5
    assert record["cost_nanousd"] == usage["input_tokens"] * IN + usage["output_tokens"] * OUT + FEE
    assert answer.json["usage"]["cost"] == record["cost_nanousd"] / 1e9


async def test_a_missing_price_is_null_everywhere_and_told_once(relay: Running, providers: Providers) -> None:
    providers["free"].answers = [whole(message())]

    for _ in range(3):
        answer = await ask(relay.port, body("b/free"))
        assert answer.json["usage"]["cost"] is None
    record = await relay.record_of("b/free")

    assert record["cost_nanousd"] is None
    assert (await generation(relay, record["request_id"]))["total_cost"] is None
    told = [line for line in relay.log if line["event"] == "price_missing"]
    assert [line["endpoint"] for line in told] == ["free/up"]


async def test_an_own_account_costs_the_caller_nothing_here_and_shows_what_it_costs_there(
    relay: Running, providers: Providers
) -> None:
    providers["own"].answers = streamed(usage(), {"output_tokens": 3})

    answer = await ask(relay.port, body("b/own", stream=True))
    record = await relay.record_of("b/own")

    told, upstream = answer.events[-2][1]["usage"], 5 * IN + 3 * OUT + FEE
    assert (told["cost"], told["is_byok"]) == (0, True)
    assert told["cost_details"]["upstream_inference_cost"] == upstream / 1e9
    assert record["cost_nanousd"] == 0
    shown = await generation(relay, record["request_id"])
    assert (shown["total_cost"], shown["is_byok"]) == (0, True)
    assert shown["upstream_inference_cost"] == upstream / 1e9
    assert [each["is_byok"] for each in shown["provider_responses"]] == [True]


async def test_long_prompts_and_images_cost_what_the_operator_says(relay: Running, providers: Providers) -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [image, {"type": "text", "text": "x"}]}
    messages: list[Json] = [
        {"role": "user", "content": [image, {"type": "text", "text": "what is it?"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "look", "input": {}}]},
        {"role": "user", "content": [result]},
    ]
    cached = usage(input_tokens=4, cache_read_input_tokens=6)
    providers["long"].answers = [whole(message(usage=cached))]

    await ask(relay.port, body("b/long", messages=messages))
    record = await relay.record_of("b/long")

    assert record["cost_nanousd"] == 10 * 10 * IN + OUT + 2 * 500_000_000 + FEE
    shown = await generation(relay, record["request_id"])
    assert shown["cache_discount"] == 0
    assert json.loads(providers["long"].calls[-1].content)["messages"] == messages


@pytest.mark.parametrize("told", [None, "batch"])
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("tier", ["priority", "standard"])
async def test_usage_names_the_tier_that_served(
    relay: Running, providers: Providers, tier: str, stream: bool, told: str | None
) -> None:
    """In the words of the provider where it has some."""
    said = {} if told is None else {"service_tier": told}
    providers["one"].answers = (
        streamed(usage(**said), {"output_tokens": 3}) if stream else [whole(message(usage=usage(**said)))]
    )

    answer = await ask(relay.port, body("b/tiers", stream=stream, service_tier=tier))

    shown = answer.events[-2][1]["usage"] if stream else answer.json["usage"]
    if told and stream:
        shown = answer.events[0][1]["message"]["usage"]
    assert shown["service_tier"] == (told or tier)
    kept = await generation(relay, answer.fields["request-id"])
    assert kept["service_tier"] == (told or (tier if tier == "priority" else None))


@pytest.mark.parametrize(("start", "last"), [({}, {}), (usage(), {}), (usage(), {"output_tokens": None})])
async def test_the_counts_that_a_stream_is_charged_for_are_told(
    relay: Running, providers: Providers, start: Json, last: Json
) -> None:
    providers["one"].answers = streamed(start, last, "some twenty letters.")

    answer = await ask(relay.port, body("b/one", stream=True))
    record = await relay.record_of("b/one")

    begun, ended = answer.events[0][1]["message"]["usage"], answer.events[-2][1]["usage"]
    assert begun["input_tokens"] == record["usage"]["input_tokens"] > 0
    assert ended["output_tokens"] == record["usage"]["output_tokens"] > 0


@pytest.mark.parametrize("said", [{}, {"input_tokens": 5}, {"input_tokens": None, "output_tokens": None}])
async def test_the_counts_that_a_whole_answer_is_charged_for_are_told(
    relay: Running, providers: Providers, said: Json
) -> None:
    providers["one"].answers = [whole(message("some twenty letters.", usage=said))]

    told = (await ask(relay.port, body("b/one"))).json["usage"]
    record = await relay.record_of("b/one")

    assert told["cost"] * 1e9 == pytest.approx(told["input_tokens"] * IN + told["output_tokens"] * OUT + FEE)
    assert record["usage"] == {name: told[name] for name in ("input_tokens", "output_tokens")}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("counts", [usage(), {}])
async def test_a_cost_that_a_gateway_behind_tells_is_replaced_and_not_doubled(
    relay: Running, providers: Providers, stream: bool, counts: Json
) -> None:
    """A strict reader refuses a member that is there twice."""
    theirs = counts | {"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": [{"a": 1}]}, "kept": 1}
    providers["one"].answers = streamed(usage(), theirs) if stream else [whole(message(usage=theirs))]

    answer = await ask(relay.port, body("b/one", stream=stream))

    assert doubled(answer.content) == []
    told = (answer.events[-2][1] if stream else answer.json)["usage"]
    assert told["kept"] == 1
    assert not told["is_byok"]
    assert told["cost"] != 0.5
    assert told["output_tokens"] > 0


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "theirs", [{"service_tier": None}, {"service_tier": 1}, {"is_byok": True}, {"cost_details": {"a": 1}}]
)
async def test_what_a_gateway_behind_tells_without_a_cost_is_not_doubled(
    relay: Running, providers: Providers, stream: bool, theirs: Json
) -> None:
    """Such as a tier of null, where who speaks the dialect has none."""
    told = usage(**theirs)
    providers["one"].answers = streamed(usage(), told) if stream else [whole(message(usage=told))]

    answer = await ask(relay.port, body("b/one", stream=stream))

    assert doubled(answer.content) == []
    shown = (answer.events[-2][1] if stream else answer.json)["usage"]
    assert (shown["service_tier"], shown["is_byok"]) == ("standard", False)
