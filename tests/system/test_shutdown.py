"""SIGTERM and SIGINT: nothing new is taken, streams end by themselves or with one error event, the exit code is 0."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.store.archive import Archive
from tests.support.answers import LAST_CHUNK, chunk, closing, delta, head, message, opening, streamed, whole
from tests.support.processes import Running
from tests.support.raw_client import Client, ask, body, exchange, request
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import STALL, RawProvider, again
from tests.system.conftest import configured
from tests.system.planted import ENVIRON

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)


@pytest.fixture
async def draining(tmp_path: Path, raw_port: int) -> AsyncIterator[Running]:
    """A relay of one test, with a deadline of 600 ms."""
    with Running.relay(configured(raw_port, drain={"deadline": "600ms"}), tmp_path, ENVIRON) as process:
        yield process


@SIGNALS
async def test_an_idle_relay_ends_at_once_with_0(draining: Running, number: signal.Signals) -> None:
    draining.signal(number)

    assert await draining.exit_code(1.0) == 0
    assert draining.noise == []


async def test_an_idle_kept_connection_does_not_hold_it_up(draining: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    async with Client(draining.port) as client:
        client.send(request(body("raw/kept", stream=True)))
        await client.answer()
        draining.signal(signal.SIGTERM)

        assert await client.closed(2) == b""
        assert await draining.exit_code(1.0) == 0


@SIGNALS
async def test_a_running_stream_may_finish_and_nothing_new_is_taken(
    draining: Running, provider: RawProvider, number: signal.Signals
) -> None:
    provider.answers = [head(), chunk(opening()), 0.3, chunk(delta("late") + closing()), LAST_CHUNK]
    async with Client(draining.port) as client:
        client.send(request(body("raw/finishing", stream=True)))
        await provider.called()
        draining.signal(number)
        await asyncio.sleep(0.1)
        with pytest.raises(ConnectionError):
            await ask(draining.port, body("raw/new"))
        answer = await client.answer()
        code = await draining.exit_code(1.5)

    assert answer.events[-1][0] == "message_stop"
    assert b"late" in answer.content
    assert code == 0
    assert [record["outcome"] for record in draining.records] == ["complete"]


async def test_a_call_on_a_kept_connection_is_refused_while_it_drains(draining: Running, provider: RawProvider) -> None:
    provider.answers = lambda received: [streamed()] if received.model == "first" else [STALL]
    async with Client(draining.port) as kept, Client(draining.port) as running:
        kept.send(request(body("raw/first", stream=True)))
        await kept.answer()
        running.send(request(body("raw/running", stream=True)))
        await provider.called(2)
        draining.signal(signal.SIGTERM)
        await asyncio.sleep(0.1)
        kept.send(request(body("raw/refused", stream=True)))
        answer = await kept.answer()

    assert (answer.status, answer.error["type"]) == (503, "overloaded_error")
    assert (answer.fields["connection"], answer.fields["x-should-retry"]) == ("close", "true")


async def test_every_stream_left_at_the_deadline_gets_one_error_event(draining: Running, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(opening()), *again(200, chunk(delta("x")), 0.02)]
    clients = [Client(draining.port) for _ in range(20)]
    for number, client in enumerate(clients):
        await client.__aenter__()
        client.send(request(body(f"raw/cut-{number}", stream=True)))
    await provider.called(20)
    started = time.monotonic()
    draining.signal(signal.SIGTERM)
    answers = await asyncio.gather(*(client.answer() for client in clients))
    code = await draining.exit_code(2)
    took_s = time.monotonic() - started
    for client in clients:
        await client.__aexit__(None, None, None)

    assert code == 0
    assert 0.5 < took_s < 2
    for answer in answers:
        names = [name for name, _ in answer.events]
        assert answer.end == "clean"
        assert names.count("error") == 1
        assert names[-1] == "error"
        assert answer.events[-1][1]["error"]["type"] == "overloaded_error"
    assert [record["outcome"] for record in draining.records] == 20 * ["drain_cut"]
    assert {record["error_type"] for record in draining.records} == {"gateway_draining"}
    assert all(record["usage"]["input_tokens"] == 7 for record in draining.records)
    assert draining.noise == []


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_a_call_without_an_answer_at_the_deadline_gets_503(
    draining: Running, provider: RawProvider, streams: bool
) -> None:
    provider.answers = [STALL]
    async with Client(draining.port) as client:
        client.send(request(body("raw/waiting", stream=streams)))
        await provider.called()
        draining.signal(signal.SIGTERM)
        answer = await client.answer()
        code = await draining.exit_code(2)

    assert (answer.status, answer.error["type"], code) == (503, "overloaded_error", 0)
    assert [(record["outcome"], record["status"]) for record in draining.records] == [("drain_cut", 503)]


async def test_a_client_that_reads_nothing_does_not_hold_it_up(draining: Running, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(opening()), *(400 * [chunk(delta(60_000 * "x"))]), STALL]
    async with Client(draining.port, receive_bytes=4096) as client:
        client.send(request(body("raw/stalled", stream=True)))
        await provider.called()
        await asyncio.sleep(0.2)
        draining.signal(signal.SIGTERM)

        assert await draining.exit_code(3) == 0

    assert [record["outcome"] for record in draining.records] == ["drain_cut"]


async def test_a_request_whose_body_is_on_its_way_is_answered(draining: Running, provider: RawProvider) -> None:
    provider.answers = [whole(message())]
    content = body("raw/half")
    async with Client(draining.port) as client:
        client.send(request_head(len(content)), content[:20])
        await asyncio.sleep(0.05)
        draining.signal(signal.SIGTERM)
        await asyncio.sleep(0.1)
        client.send(content[20:])
        answer = await client.answer()

    assert answer.status in (200, 503)
    assert await draining.exit_code(2) == 0


async def test_a_second_signal_ends_it_now(tmp_path: Path, raw_port: int, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(opening()), STALL]
    with Running.relay(configured(raw_port, drain={"deadline": "60s"}), tmp_path, ENVIRON) as relay:
        async with Client(relay.port) as client:
            client.send(request(body("raw/second", stream=True)))
            await client.head()
            relay.signal(signal.SIGTERM)
            await asyncio.sleep(0.1)
            relay.signal(signal.SIGTERM)
            code = await relay.exit_code(2)

    assert code == 0


async def test_sigquit_ends_it_now_and_still_writes_what_was(
    tmp_path: Path, raw_port: int, provider: RawProvider
) -> None:
    provider.answers = lambda received: [streamed()] if received.model == "ended" else [head(), chunk(opening()), STALL]
    config = configured(raw_port, drain={"deadline": "60s"}, ledger={"dir": "records"})
    with Running.relay(config, tmp_path, ENVIRON) as relay:
        async with Client(relay.port) as client:
            client.send(request(body("raw/runs", stream=True)))
            await client.head()
            assert (await ask(relay.port, body("raw/ended", stream=True))).status == 200
            relay.signal(signal.SIGQUIT)
            rest = await client.closed(2)
            code = await relay.exit_code(2)

    assert code == 0
    assert b"event: error" in rest
    archive = Archive(tmp_path / "records" / "archive.db", create=False)
    assert archive.usage(["model"], 0)[0]["requests"] == 1
    assert {row["model"] for row in archive.usage(["model"], 0)} == {"raw/runs", "raw/ended"}
    archive.close()


async def test_readiness_flips_at_once_and_liveness_stays(tmp_path: Path, raw_port: int, provider: RawProvider) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        ops = sock.getsockname()[1]
    provider.answers = [head(), chunk(opening()), STALL]
    config = configured(raw_port, drain={"deadline": "800ms"}, ops={"listen": f"127.0.0.1:{ops}"})
    with Running.relay(config, tmp_path, ENVIRON) as relay:
        before = await health(ops, "/readyz")
        async with Client(relay.port) as client:
            client.send(request(body("raw/ready", stream=True)))
            await client.head()
            relay.signal(signal.SIGTERM)
            await asyncio.sleep(0.1)
            ready, live = await health(ops, "/readyz"), await health(ops, "/livez")
            code = await relay.exit_code(3)

    assert (before, ready, live, code) == (200, 503, 200, 0)


async def health(port: int, path: str) -> int:
    answer = await exchange(port, request_head(None, method="GET", path=path))
    return answer.status
