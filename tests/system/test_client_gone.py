"""A client that hangs up, in whatever phase: its provider's connection is closed in 250 ms and the record says so."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.answers import chunk, delta, head, message, opening, streamed
from tests.support.processes import Running
from tests.support.raw_client import Client, body, exchange, request
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import STALL, RawProvider, Steps, again
from tests.system.conftest import configured
from tests.system.planted import ENVIRON

pytestmark = pytest.mark.usefixtures("serves_on")

NOTICED_S = 0.25
FLOOD = 400 * [chunk(delta(60_000 * "x"))]

PHASES: dict[str, tuple[Steps, bool]] = {
    "waiting for the head": ([STALL], True),
    "after an interim answer": ([b"HTTP/1.1 100 Continue\r\n\r\n", STALL], True),
    "half a head": ([b"HTTP/1.1 200 OK\r\ncontent-", STALL], True),
    "before the first event": ([head(), STALL], True),
    "half the first event": ([head(), chunk(opening()[:40]), STALL], True),
    "after message_start": ([head(), chunk(opening()), STALL], True),
    "mid-stream": ([head(), chunk(opening() + delta("hello")), STALL], True),
    "mid-stream, while events come": ([head(), chunk(opening()), *again(1000, chunk(delta("x")), 0.005)], True),
    "paused by back-pressure": ([head(), chunk(opening()), *FLOOD, STALL], True),
    "unary, waiting for the head": ([STALL], False),
    "unary, before the content": ([head("application/json", length=1000), STALL], False),
    "unary, in the content": ([head("application/json", length=1000), message()[:100], STALL], False),
    "unary, in an error": ([head("application/json", "500 Oops", length=1000), b'{"type"', STALL], False),
    "counting": ([STALL], False),
}


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
@pytest.mark.parametrize("phase", PHASES)
async def test_pitfall_81_a_client_that_leaves_takes_the_provider_connection_along(
    relay: Running, provider: RawProvider, phase: str, reset: bool
) -> None:
    provider.answers, streams = PHASES[phase]
    model = f"raw/{phase}-{reset}".replace(" ", "-")
    content = body(model, stream=streams)
    path = "/v1/messages/count_tokens" if phase == "counting" else "/v1/messages"

    async with Client(relay.port, receive_bytes=8192) as client:
        client.send(request_head(len(content), path=path) + content)
        received = await provider.called()
        await asyncio.sleep(0.15 if "paused" in phase else 0.05)
        left_at = client.leave(reset=reset)
        closed_at = await received.connection.closed()
    record = await relay.record_of(model)

    assert closed_at - left_at < NOTICED_S
    assert (record["outcome"], len(record["attempts"])) == ("client_gone", 1)
    assert not provider.calls[1:]


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_a_client_that_left_is_recorded_as_499_whatever_it_was_sent(
    relay: Running, provider: RawProvider, streams: bool
) -> None:
    provider.answers = [head(), chunk(opening()), STALL]
    model = f"raw/left-{streams}"
    async with Client(relay.port) as client:
        client.send(request(body(model, stream=streams)))
        await provider.called()
        await asyncio.sleep(0.05)
        client.leave()
        record = await relay.record_of(model)

    assert (record["status"], record["error_type"]) == (499, "caller_cancelled")


async def test_a_client_that_leaves_mid_stream_is_charged_for_what_was_reported(
    relay: Running, provider: RawProvider
) -> None:
    provider.answers = [head(), chunk(opening() + delta(" ".join(100 * ["word"]))), STALL]
    async with Client(relay.port) as client:
        client.send(request(body("raw/charged", stream=True)))
        await client.head()
        client.leave()
        record = await relay.record_of("raw/charged")

    assert record["basis"] == "provider_partial"
    assert record["usage"]["input_tokens"] == 7
    assert record["usage"]["output_tokens"] > 50


async def test_a_client_that_ends_its_side_is_gone(relay: Running, provider: RawProvider) -> None:
    """wire-protocols 6.5: EOF on its socket is a client that is gone; it rules over DIS-7."""
    provider.answers = [head(), chunk(opening()), STALL]
    async with Client(relay.port) as client:
        client.send(request(body("raw/half-close", stream=True)))
        received = await provider.called()
        await client.head()
        left_at = time.monotonic()
        client.half_close()
        closed_at = await received.connection.closed()

    assert closed_at - left_at < NOTICED_S


async def test_a_client_that_leaves_between_attempts_starts_no_other(relay: Running, provider: RawProvider) -> None:
    provider.answers = [0.3, b"garbage\r\n\r\n"]
    async with Client(relay.port) as client:
        client.send(request(body("pair/left", stream=True)))
        await provider.called()
        client.leave()
    record = await relay.record_of("pair/left")
    await asyncio.sleep(0.4)

    assert record["outcome"] == "client_gone"
    assert len(record["attempts"]) == 1


HALVES = {
    "no byte of the body": request_head(1000),
    "half a body": request_head(1000) + b'{"model":"raw/x",',
    "half a chunk": request_head(None, transfer_encoding="chunked") + b"64\r\n{",
}


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
async def test_a_client_that_leaves_while_it_sends_is_noted(relay: Running, half: bytes, reset: bool) -> None:
    seen = len(relay.log)
    async with Client(relay.port) as client:
        client.send(half)
        await asyncio.sleep(0.03)
        client.leave(reset=reset)
        line = await relay.find(lambda line: line.get("status") == 499 and line in relay.log[seen:], 1)

    assert line["error_type"] == "caller_cancelled"


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port that takes no connection and refuses none: its backlog is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield port
        for filler in fillers:
            filler.close()


@pytest.fixture
async def connecting(black_hole: int, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    config = configured(black_hole, timeouts={"upstream_connect": "1s"})
    with Running.relay(config, tmp_path_factory.mktemp("connecting"), ENVIRON) as process:
        yield process


def sockets_in_syn_sent(process: Running) -> int:
    """How many connections this process is trying to open."""
    inodes = set()
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(row.split()[3] == "02" and row.split()[9] in inodes for row in rows)


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_a_client_that_leaves_while_relay_connects_ends_the_attempt(connecting: Running, streams: bool) -> None:
    async with Client(connecting.port) as client:
        client.send(request(body("raw/connecting", stream=streams)))
        async with asyncio.timeout(1):
            while not sockets_in_syn_sent(connecting):
                await asyncio.sleep(0.01)
        left_at = time.time()
        client.leave()
    record = await connecting.record_of("raw/connecting")

    assert not sockets_in_syn_sent(connecting)
    # By relay's clock: one look at all sockets takes a busy machine longer than relay has.
    assert record["created"] + record["dur_ms"] / 1000 - left_at < NOTICED_S
    assert record["outcome"] == "client_gone"


async def test_a_connection_that_cannot_be_had_in_time_is_an_error(connecting: Running) -> None:
    started = time.monotonic()

    answer = await exchange(connecting.port, request(body("raw/never", stream=True)))
    record = await connecting.record_of("raw/never")

    assert (answer.status, record["error_type"]) == (502, "provider_connect")
    assert 0.9 < time.monotonic() - started < 1.6


async def test_hundreds_of_clients_that_leave_free_everything(relay: Running, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(opening()), STALL]
    files = relay.open_files()

    async def come_and_go(number: int) -> None:
        async with Client(relay.port) as client:
            client.send(request(body(f"raw/many-{number}", stream=True)))
            await client.head()
            client.leave(reset=number % 2 == 0)

    await asyncio.gather(*(come_and_go(number) for number in range(300)))
    closed = await asyncio.gather(*(connection.closed() for connection in provider.connections))
    provider.answers = [streamed()]
    answer = await exchange(relay.port, request(body("raw/after-many", stream=True)))

    assert len(closed) == 300
    assert answer.status == 200
    assert relay.open_files() <= files + 4
