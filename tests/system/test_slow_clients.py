"""Clients that send half a request, or read nothing, are told or cut in time, and hold up nobody."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.answers import chunk, delta, message, opening, streamed, whole
from tests.support.answers import head as raw_head
from tests.support.processes import Running, sockets_of
from tests.support.raw_client import KEY, Client, body, exchange, head, request
from tests.support.raw_provider import STALL, RawProvider
from tests.system.conftest import configured
from tests.system.planted import ENVIRON, PROMPT

HEAD_CLOCK_S = 3.1  # 1 s of header_read, up to two ticks of the sweeper, and its own length


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, raw_port: int) -> Iterator[Running]:
    """A relay with little patience."""
    clocks = {"header_read": "1s", "body_read": "200ms", "client_stall": "1s"}
    config = configured(raw_port, timeouts=clocks, limits={"body": "1KiB"})
    with Running.relay(config, tmp_path_factory.mktemp("strict"), ENVIRON) as process:
        yield process
    assert not [line for line in process.lines if PROMPT.encode() in line]


CONTENT = body("raw/x", system=PROMPT)
WHOLE = request(CONTENT)
HALVES = {
    "nothing": b"",
    "one byte": b"P",
    "half a request line": b"POST /v1/mess",
    "a head without its blank line": head(len(CONTENT))[:-2],
    "half a second head": WHOLE + b"POST /v1/mess",
}


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
async def test_a_head_that_never_ends_is_closed_in_time(strict: Running, provider: RawProvider, half: bytes) -> None:
    provider.answers = [streamed()]
    async with Client(strict.port) as client:
        client.send(half)
        started = time.monotonic()
        told = await client.closed(HEAD_CLOCK_S + 1)

    assert time.monotonic() - started < HEAD_CLOCK_S
    assert not told or b" 408 " in told or half.startswith(WHOLE)


async def test_a_head_that_was_refused_is_not_refused_again_by_its_clock(strict: Running) -> None:
    async with Client(strict.port) as client:
        client.send(b"GET / HTTP/1.1\r\n" + 12 * (b"x-a: " + 6000 * b"a" + b"\r\n"))
        told = await client.closed(HEAD_CLOCK_S + 1)
        assert (told.count(b"HTTP/1.1 "), told.count(b" 431 ")) == (1, 1)
        client.send(b"x")
        await asyncio.sleep(HEAD_CLOCK_S)
    assert not [line for line in strict.lines if b"defect" in line or b"Traceback" in line]


@pytest.mark.parametrize("framing", ["length", "length, in two parts", "chunks"])
async def test_a_connection_that_rests_between_requests_is_left_alone(
    strict: Running, provider: RawProvider, framing: str
) -> None:
    provider.answers = [whole(message("Hello"))]
    chunked = head(None, transfer_encoding="chunked") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(CONTENT), CONTENT)
    async with Client(strict.port) as client:
        client.send(WHOLE[:-20] if "parts" in framing else chunked if framing == "chunks" else WHOLE)
        if "parts" in framing:
            await asyncio.sleep(0.1)
            client.send(WHOLE[-20:])
        assert (await client.answer()).status == 200
        await asyncio.sleep(HEAD_CLOCK_S + 1)
        client.send(WHOLE)
        assert (await client.answer()).status == 200


REFUSED = {
    "a bad key": (401, request(CONTENT, x_api_key="wrong")),
    "an unknown path": (404, request(CONTENT).replace(b"/v1/messages", b"/v1/nothing", 1)),
    "a coded body": (415, request(CONTENT, content_encoding="gzip")),
    "an empty line behind it": (200, request(CONTENT) + b"\r\n"),
}


@pytest.mark.parametrize(("status", "asked"), REFUSED.values(), ids=REFUSED)
async def test_a_connection_that_was_refused_something_is_told_nothing_more(
    strict: Running, provider: RawProvider, status: int, asked: bytes
) -> None:
    provider.answers = [whole(message("Hello"))]
    async with Client(strict.port) as client:
        client.send(asked)
        assert (await client.answer()).status == status
        await asyncio.sleep(HEAD_CLOCK_S + 1)
        client.send(WHOLE)
        assert (await client.answer()).status == 200


BODIES = {
    "no byte of the body": head(len(CONTENT)),
    "half a body": WHOLE[:-20],
    "all but one byte": WHOLE[:-1],
    "half a chunk": head(None, transfer_encoding="chunked") + b"64\r\n{",
    "chunks without the last": head(None, transfer_encoding="chunked") + b"2\r\n{}\r\n",
    "half a chunk size": head(None, transfer_encoding="chunked") + b"6",
}


@pytest.mark.parametrize("half", BODIES.values(), ids=BODIES)
async def test_a_body_that_stops_is_answered_with_408(strict: Running, provider: RawProvider, half: bytes) -> None:
    async with Client(strict.port) as client:
        client.send(half)
        answer = await client.answer()

    assert (answer.status, answer.error["type"], answer.error["error_type"]) == (408, "timeout_error", "timeout")
    assert (answer.fields["connection"], answer.fields["x-should-retry"]) == ("close", "true")
    assert not provider.calls


async def test_a_chunked_body_over_the_limit_is_refused_also_when_it_comes_at_once(strict: Running) -> None:
    piece = b"%x\r\n%b\r\n0\r\n\r\n" % (4096, 4096 * b" ")

    answer = await exchange(strict.port, head(None, transfer_encoding="chunked"), piece)

    assert (answer.status, answer.error["error_type"]) == (413, "payload_too_large")


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_a_request_in_pieces_is_one_request(relay: Running, provider: RawProvider, size: int) -> None:
    provider.answers = [streamed()]
    whole = request(body("raw/x", stream=True))
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]

    async with Client(relay.port) as client:
        await client.send_slowly(*pieces, pause_s=0.0005)
        answer = await client.answer()

    assert (answer.status, answer.events[-1][0]) == (200, "message_stop")


@pytest.mark.slow
async def test_a_body_that_trickles_is_answered_with_408(relay: Running) -> None:
    """operations 4: at least 16 KiB/s after 5 s, not only a byte now and then."""
    async with Client(relay.port) as client:
        client.send(head(100_000))
        trickle = asyncio.ensure_future(client.send_slowly(*(200 * [b"x"]), pause_s=0.25))
        try:
            async with asyncio.timeout(12):
                answer = await client.answer()
        finally:
            trickle.cancel()

    assert answer.status == 408


async def test_a_kept_connection_without_a_request_is_closed_in_time(
    tmp_path: Path, raw_port: int, provider: RawProvider
) -> None:
    provider.answers = [streamed()]
    config = configured(raw_port, timeouts={"keepalive_idle": "100ms"})
    with Running.relay(config, tmp_path, ENVIRON) as relay:
        async with Client(relay.port) as client:
            client.send(request(body("raw/x", stream=True)))
            await client.answer()
            started = time.monotonic()

            assert await client.closed(5) == b""

    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_a_client_that_reads_nothing_is_cut_and_its_provider_too(
    strict: Running, provider: RawProvider, streams: bool
) -> None:
    flood = chunk(delta(60_000 * "x"))
    answer = [raw_head(), chunk(opening()), *(400 * [flood])]
    if not streams:
        size = 30 << 20
        answer = [raw_head("application/json", length=size + 60), b'{"type":"message","content":[],"x":"', size * b"x"]
        answer.append(b'"}' + 22 * b" ")
    provider.answers = [*answer, STALL]
    model = f"raw/stalled-{streams}"

    async with Client(strict.port, receive_bytes=4096) as client:
        client.send(request(body(model, stream=streams)))
        received = await provider.called()
        gone_at = await received.connection.closed(8) if streams else 0.0
        record = await strict.record_of(model, 8)
        await wait_until_cut(strict, client)

    assert record["outcome"] == "client_slow"
    assert gone_at - received.at < 6


async def wait_until_cut(relay: Running, client: Client) -> None:
    """TimeoutError when relay keeps the connection of a client that reads nothing."""
    async with asyncio.timeout(6):
        while client.local_port in {sock.getpeername()[1] for sock in sockets_of(relay.pid)}:
            await asyncio.sleep(0.1)


async def test_one_slow_reader_delays_nobody(relay: Running, provider: RawProvider) -> None:
    flood = chunk(delta(60_000 * "x"))
    provider.answers = lambda received: (
        [raw_head(), chunk(opening()), *(400 * [flood]), STALL] if "slow" in received.model else [streamed()]
    )

    async with Client(relay.port, receive_bytes=4096) as slow:
        slow.send(request(body("raw/slow", stream=True)))
        await provider.called()
        await asyncio.sleep(0.1)
        started = time.monotonic()
        answers = await asyncio.gather(
            *(exchange(relay.port, request(body("raw/quick", stream=True))) for _ in range(10))
        )

    assert time.monotonic() - started < 1
    assert {answer.events[-1][0] for answer in answers} == {"message_stop"}


async def test_a_key_that_is_wrong_is_told_before_the_body_comes(strict: Running) -> None:
    answer = await exchange(strict.port, head(500, x_api_key="x" + KEY))

    assert answer.status == 401
