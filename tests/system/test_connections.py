"""Connections to providers are kept only after a clean end (UPS-2); small writes leave at once on both legs (STR-7)."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from tests.support.answers import LAST_CHUNK, chunk, delta, failure, head, message, opening, stream, streamed, whole
from tests.support.processes import Running, sockets_of
from tests.support.raw_client import Client, ask, body, request
from tests.support.raw_provider import FIN, RST, STALL, RawProvider, Step, again
from tests.system.conftest import configured
from tests.system.planted import ENVIRON


async def ask_twice(relay: Running, first: bool = True) -> None:
    await ask(relay.port, body("raw/first", stream=first))
    await asyncio.sleep(0.02)
    answer = await ask(relay.port, body("raw/second", stream=True))
    assert answer.status == 200


KEPT: dict[str, tuple[list[Step], bool]] = {
    "a whole stream": ([streamed()], True),
    "a stream whose last chunk is late": ([head() + chunk(stream()), 0.01, LAST_CHUNK], True),
    "a stream with a length": ([whole(stream(), content_type="text/event-stream")], True),
    "a unary answer": ([whole(message())], False),
    "an error": ([failure("400 Bad", "invalid_request_error", "no")], False),
}
NOT_KEPT: dict[str, tuple[list[Step], bool]] = {
    "a cut stream": ([head(), chunk(opening()), FIN], True),
    "a reset stream": ([head(), chunk(opening()), RST], True),
    "a stream without its last chunk": ([head() + chunk(stream())], True),
    "a provider that wants to close": ([streamed((), "connection: close")], True),
    "HTTP/1.0": ([b"HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + stream(), FIN], True),
    "an answer without an end": ([head("application/json"), chunk(message()), FIN], False),
    "a second answer": ([whole(message()) + whole(message("unasked"))], False),
    "half a second answer": ([whole(message()) + b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"], False),
    "garbage after the answer": ([whole(message()), b"\x00garbage"], False),
    "garbage while idle": ([whole(message()), 0.005, b"garbage"], False),
    "a broken error": ([head("application/json", "500 Oops", length=100) + b"{", FIN], False),
    "an error event": ([head(), chunk(b'event: error\ndata: {"type":"error","error":{"type":"api_error"}}\n\n')], True),
}


@pytest.mark.parametrize("name", KEPT)
async def test_a_connection_is_kept_after_a_clean_end(relay: Running, provider: RawProvider, name: str) -> None:
    steps, streams = KEPT[name]
    provider.answers = lambda received: steps if received.model == "first" else [streamed()]

    await ask_twice(relay, streams)

    assert len(provider.connections) == 1


@pytest.mark.parametrize("name", NOT_KEPT)
async def test_a_connection_is_closed_after_any_other_end(relay: Running, provider: RawProvider, name: str) -> None:
    steps, streams = NOT_KEPT[name]
    provider.answers = lambda received: steps if received.model == "first" else [streamed()]

    await ask_twice(relay, streams)

    assert len(provider.connections) == 2


async def test_a_connection_whose_body_was_not_read_is_never_used_again(relay: Running, provider: RawProvider) -> None:
    provider.answers = lambda received: [head(), chunk(opening()), STALL] if received.model == "first" else [streamed()]
    async with Client(relay.port) as client:
        client.send(request(body("raw/first", stream=True)))
        await client.head()
        client.leave()
    await provider.connections[0].closed()

    answer = await ask(relay.port, body("raw/second", stream=True))

    assert answer.status == 200
    assert len(provider.connections) == 2


@pytest.mark.parametrize("end", [FIN, RST])
async def test_a_stale_connection_is_replaced_once_and_for_free(
    relay: Running, provider: RawProvider, end: Step
) -> None:
    """The provider closes on receiving the second request, without a byte of an answer."""
    provider.answers = lambda received: [end] if len(received.connection.served) == 2 else [streamed()]

    await ask(relay.port, body("raw/first", stream=True))
    answer = await ask(relay.port, body("raw/stale", stream=True))
    record = await relay.record_of("raw/stale")

    assert answer.events[-1][0] == "message_stop"
    assert len(provider.connections) == 2
    assert [attempt["error_type"] for attempt in record["attempts"]] == [None]


async def test_a_fresh_connection_that_closes_is_not_tried_again(relay: Running, provider: RawProvider) -> None:
    provider.answers = [FIN]

    answer = await ask(relay.port, body("raw/fresh", stream=True))

    assert answer.status == 502
    assert len(provider.calls) == 1


async def test_a_stale_connection_is_replaced_no_second_time(relay: Running, provider: RawProvider) -> None:
    provider.answers = lambda received: [streamed()] if received.model == "first" else [FIN]

    await ask(relay.port, body("raw/first", stream=True))
    answer = await ask(relay.port, body("raw/stale-twice", stream=True))

    assert answer.status == 502
    assert len(provider.calls) == 3


async def test_a_request_that_was_answered_in_part_is_not_sent_again(relay: Running, provider: RawProvider) -> None:
    provider.answers = lambda received: [streamed()] if received.model == "first" else [b"HTTP/1.1 200", FIN]

    await ask(relay.port, body("raw/first", stream=True))
    answer = await ask(relay.port, body("raw/part", stream=True))

    assert answer.status == 502
    assert len(provider.calls) == 2


async def test_concurrent_calls_have_connections_of_their_own(relay: Running, provider: RawProvider) -> None:
    provider.answers = lambda received: [
        head(),
        chunk(opening()),
        0.05,
        chunk(stream([received.model])[len(opening()) :]),
        LAST_CHUNK,
    ]

    answers = await asyncio.gather(*(ask(relay.port, body(f"raw/tag-{n}", stream=True)) for n in range(20)))

    assert [f"tag-{n}".encode() in answer.content for n, answer in enumerate(answers)] == 20 * [True]
    assert len(provider.connections) == 20


async def test_small_writes_are_not_held_back_on_either_leg(relay: Running, provider: RawProvider) -> None:
    provider.answers = [head(), chunk(opening()), STALL]
    async with Client(relay.port) as client:
        client.send(request(body("raw/nodelay", stream=True)))
        await client.head()
        legs = {
            sock.getpeername()[1]: sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for sock in sockets_of(relay.pid)
        }

        assert legs[client.local_port]
        assert legs[provider.port]


async def test_an_event_goes_through_at_once(relay: Running, provider: RawProvider) -> None:
    """No mode near 40 ms (AT-18): a delayed acknowledgement would show in each of them."""
    provider.answers = [head(), chunk(opening()), *again(100, 0.003, chunk(delta("x"))), STALL]
    lateness: list[float] = []
    async with Client(relay.port) as client:
        client.send(request(body("raw/at-once", stream=True)))
        await client.head()
        before = time.monotonic()
        for _ in range(90):
            await client.chunk()
            lateness.append(time.monotonic() - before)
            before = time.monotonic()

    assert sorted(lateness)[len(lateness) // 2] < 0.02


async def test_each_endpoint_is_sent_its_own_credential(tmp_path: Path, raw_port: int, provider: RawProvider) -> None:
    """SEC-4, for two models that differ in nothing but the credential of their endpoint."""
    provider.answers = [whole(message())]
    endpoint = {"provider": "raw", "model": "same"}
    models = {
        "a": [endpoint | {"credential": {"env": "CREDENTIAL_A"}}],
        "b": [endpoint | {"credential": {"env": "CREDENTIAL_B"}}],
    }
    environ = ENVIRON | {"CREDENTIAL_A": "credential-of-a-00000000", "CREDENTIAL_B": "credential-of-b-11111111"}
    with Running.relay(configured(raw_port, models=models), tmp_path, environ) as relay:
        await ask(relay.port, body("a"))
        await ask(relay.port, body("b"))

    assert [received.fields["x-api-key"] for received in provider.calls] == [
        "credential-of-a-00000000",
        "credential-of-b-11111111",
    ]
