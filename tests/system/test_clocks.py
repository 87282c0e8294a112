"""Silence: keep-alives to the client, early commit, and every clock of the provider with its own reason.

The sweeper ticks once a second: an interval of 100 ms means the next tick.
"""

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.support.answers import LAST_CHUNK, chunk, closing, delta, failure, head, message, opening, streamed, whole
from tests.support.processes import Running
from tests.support.raw_client import Client, ask, body, request
from tests.support.raw_provider import FIN, STALL, RawProvider, Steps, again
from tests.system.conftest import configured
from tests.system.planted import ENVIRON

IN_TIME_S = 3.5


@pytest.fixture(scope="module")
def pinging(tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running) -> Iterator[Running]:
    """A relay that breaks every silence at the next tick."""
    config = configured(raw_port, demo.port, stream={"ping_interval": "100ms", "early_commit_after": "100ms"})
    with Running.relay(config, tmp_path_factory.mktemp("pinging"), ENVIRON) as process:
        yield process


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running) -> Iterator[Running]:
    """A relay whose models differ in the one clock that is short."""
    config = configured(raw_port, demo.port)
    for clock in ("upstream_headers", "first_event", "idle_event", "total_stream", "total_unary"):
        config["models"][f"{clock}/*"] = [{"provider": "raw", "model": f"{clock}-*", "timeouts": clocks(clock)}]
    with Running.relay(config, tmp_path_factory.mktemp("impatient"), ENVIRON) as process:
        yield process


def clocks(short: str) -> dict[str, str]:
    """All clocks long but one, as far as they must fit each other."""
    if short.startswith("total"):
        short_too = {"upstream_headers": "900ms", "first_event": "900ms", "idle_event": "900ms"}
        return {short: "1s"} | (short_too if short == "total_stream" else {})
    return {short: "900ms"}


async def test_a_silent_stream_is_pinged_between_events(pinging: Running, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(opening() + delta("a")), 2.2, chunk(delta("b") + closing()), LAST_CHUNK]

    answer = await ask(pinging.port, body("raw/pinged", stream=True))

    names = [name for name, _ in answer.events]
    between = names[names.index("content_block_delta") + 1 : -4]
    assert set(between) == {"ping"}
    assert 1 <= len(between) <= 3
    assert all(data == {"type": "ping"} for name, data in answer.events if name == "ping")
    assert names[-1] == "message_stop"


async def test_pitfall_41_before_message_start_the_client_gets_comments_and_then_the_stream(
    pinging: Running, provider: RawProvider
) -> None:
    provider.answers = [2.2, streamed()]

    answer = await ask(pinging.port, body("raw/early", stream=True))

    before, _, _ = answer.content.partition(b"event: message_start\n")
    assert before
    assert all(line.startswith(b":") or not line for line in before.split(b"\n"))
    assert answer.events[-1][0] == "message_stop"


async def test_pitfall_40_a_failure_after_an_early_commit_is_an_error_event(
    pinging: Running, provider: RawProvider
) -> None:
    provider.answers = [1.5, failure("400 Bad", "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum")]

    answer = await ask(pinging.port, body("raw/early-error", stream=True))
    record = await pinging.record_of("raw/early-error")

    assert answer.status == 200
    assert [name for name, _ in answer.events] == ["error"]
    assert answer.events[0][1]["error"]["type"] == "invalid_request_error"
    assert (record["outcome"], record["error_type"]) == ("error", "caller_invalid")


async def test_after_an_early_commit_another_endpoint_may_still_answer(pinging: Running, provider: RawProvider) -> None:
    provider.answers = [1.5, FIN]

    answer = await ask(pinging.port, body("pair/early", stream=True))
    record = await pinging.record_of("pair/early")

    assert (answer.status, answer.events[-1][0]) == (200, "message_stop")
    assert len(record["attempts"]) == 2


async def test_a_unary_answer_is_never_preceded_by_anything(pinging: Running, provider: RawProvider) -> None:
    provider.answers = [1.5, whole(message())]

    answer = await ask(pinging.port, body("raw/unary-late"))

    assert (answer.status, answer.json["type"]) == (200, "message")


CASES: dict[str, tuple[Steps, bool, int, str]] = {
    "upstream_headers": ([STALL], True, 504, "provider_timeout_headers"),
    "first_event": ([head(), STALL], True, 504, "provider_timeout_first_event"),
    "first_event/comments": (
        [head(), *again(40, chunk(b": still here\n\n"), 0.1), STALL],
        True,
        504,
        "provider_timeout_first_event",
    ),
    "first_event/half": ([head(), chunk(opening()[:30]), STALL], True, 504, "provider_timeout_first_event"),
    "first_event/interim": (
        [b"HTTP/1.1 100 Continue\r\n\r\n", head(), STALL],
        True,
        504,
        "provider_timeout_first_event",
    ),
    "idle_event": ([head(), chunk(opening()), STALL], True, 200, "provider_timeout_idle"),
    "total_stream": (
        [head(), chunk(opening()), *again(40, chunk(delta("x")), 0.1)],
        True,
        200,
        "provider_timeout_total",
    ),
    "total_unary": ([STALL], False, 504, "provider_timeout_total"),
    "total_unary/content": (
        [head("application/json"), *again(40, chunk(b" "), 0.1)],
        False,
        504,
        "provider_timeout_total",
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_each_clock_of_a_provider_runs_out_with_its_own_reason(
    impatient: Running, provider: RawProvider, name: str
) -> None:
    steps, streams, status, reason = CASES[name]
    provider.answers = steps
    model = f"{name.split('/')[0]}/{name.replace('/', '-')}"
    started = time.monotonic()

    async with asyncio.timeout(2 * IN_TIME_S):
        answer = await ask(impatient.port, body(model, stream=streams))
    took_s = time.monotonic() - started
    record = await impatient.record_of(model)
    await provider.connections[0].closed(1)

    assert (answer.status, record["error_type"]) == (status, reason)
    told = answer.events[-1][1] if status == 200 else answer.json
    assert (told["type"], told["error"]["type"]) == ("error", "timeout_error")
    assert took_s < IN_TIME_S


async def test_comments_keep_a_started_stream_alive(impatient: Running, provider: RawProvider) -> None:
    """wire-protocols 1.3: a comment is a sign of life for the idle clock."""
    quiet = again(12, 0.2, chunk(b": ping\n\n"))
    provider.answers = [head(), chunk(opening()), *quiet, chunk(delta("x") + closing()), LAST_CHUNK]

    answer = await ask(impatient.port, body("idle_event/comments", stream=True))

    assert answer.events[-1][0] == "message_stop"


async def test_a_paused_client_is_not_the_providers_silence(impatient: Running, provider: RawProvider) -> None:
    """While relay itself does not read, the idle clock stands still."""
    flood = 200 * [chunk(delta(60_000 * "x"))]
    provider.answers = [head(), chunk(opening()), *flood, chunk(closing()), LAST_CHUNK]

    async with Client(impatient.port, receive_bytes=8192, limit_bytes=64 << 20) as client:
        client.send(request(body("idle_event/paused", stream=True)))
        await client.reader.read(1000)
        await asyncio.sleep(2.5)
        told = await client.reader.readuntil(b"\r\n0\r\n\r\n")

    assert b'"timeout' not in told
    assert told.endswith(b"0\r\n\r\n")
