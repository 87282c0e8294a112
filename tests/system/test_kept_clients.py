"""Clients that keep their connection: whatever form their requests have, and however they come, each has its answer."""

import asyncio
import random
import signal
from contextlib import AsyncExitStack, suppress
from itertools import pairwise

import pytest

from tests.support.answers import message, whole
from tests.support.processes import Running
from tests.support.raw_client import Client, body, head
from tests.support.raw_provider import RawProvider
from tests.system.conftest import configured
from tests.system.planted import ENVIRON

pytestmark = pytest.mark.usefixtures("serves_on")


def chunked(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)


def asked(form: str, id: str) -> bytes:
    """One request in this form, whose answer tells its id."""
    content = body(f"raw/{id}")
    if form == "list":
        return head(None, method="GET", path="/v1/models", x_request_id=id)
    if form == "chunked":
        return head(None, transfer_encoding="chunked", x_request_id=id) + chunked(content)
    if form == "refused":
        return head(2, x_request_id=id) + b"[]"
    if form == "large":
        content = body(f"raw/{id}", system=50_000 * "s")
    if form == "after an empty line":
        return b"\r\n" + head(len(content), x_request_id=id) + content
    return head(len(content), x_request_id=id) + content


FORMS = ["plain", "plain", "list", "large", "chunked", "refused", "after an empty line"]


def parts(data: bytes, cuts: int, chance: random.Random) -> list[bytes]:
    bounds = [0, *sorted(chance.randrange(len(data)) for _ in range(cuts)), len(data)]
    return [data[start:end] for start, end in pairwise(bounds) if end > start]


@pytest.mark.parametrize("seed", range(30))
async def test_requests_of_all_forms_share_a_connection(relay: Running, provider: RawProvider, seed: int) -> None:
    provider.answers = lambda received: [whole(message(received.model))]
    chance = random.Random(seed)
    forms = [chance.choice(FORMS) for _ in range(8)]
    ids = [f"{seed}-{nth}" for nth in range(len(forms))]

    async with Client(relay.port) as client:
        waiting: list[str] = []
        for form, id in zip(forms, ids, strict=True):
            for part in parts(asked(form, id), chance.choice((0, 0, 1, 3)), chance):
                client.send(part)
                await asyncio.sleep(chance.choice((0, 0.003)))
            waiting.append(id)
            if chance.random() < 0.6:  # else the next one is sent before this one's answer came
                await answered(client, waiting)
        await answered(client, waiting)

    assert [call.model for call in provider.calls] == [
        id for form, id in zip(forms, ids, strict=True) if form not in ("list", "refused")
    ]


async def answered(client: Client, waiting: list[str]) -> None:
    """Take the answers to these requests, in their order."""
    while waiting:
        answer = await client.answer()
        assert (answer.fields["x-request-id"], answer.end) == (waiting.pop(0), "clean")


GET = head(None, method="GET", path="/v1/models", x_request_id="first")


@pytest.mark.parametrize("missing", [0, 1, 2, 3, 4, 5, 40])
@pytest.mark.parametrize("first", ["plain", "chunked", "large"])
async def test_the_beginning_of_a_head_behind_a_request_belongs_to_the_next(
    relay: Running, provider: RawProvider, first: str, missing: int
) -> None:
    provider.answers = lambda received: [whole(message(received.model))]
    content = body("raw/next", system=100_000 * "s")
    next_head = head(len(content), x_request_id="next")
    end = len(next_head) - missing

    async with Client(relay.port) as client:
        client.send(asked(first, "first") + next_head[:end])
        await answered(client, ["first"])
        client.send(next_head[end:] + content)
        await answered(client, ["next"])


async def test_a_length_with_zeros_without_end_is_a_length(relay: Running) -> None:
    async with Client(relay.port) as client:
        for id in ("first", "next"):
            length = 5000 * "0"
            client.send(head(None, method="GET", path="/v1/models", x_request_id=id, content_length=length))
            await answered(client, [id])


@pytest.mark.parametrize("wish", ["h2c", "websocket"])
async def test_what_follows_a_wish_to_switch_protocols_is_not_read(relay: Running, wish: str) -> None:
    fields = {"connection": "Upgrade", "upgrade": wish, "x_request_id": "first"}
    async with Client(relay.port) as client:
        client.send(head(None, method="GET", path="/v1/models", **fields) + GET)
        answer = await client.answer()
        assert (answer.status, answer.fields["connection"]) == (200, "close")
        assert await client.reader.read() == b""


async def test_an_interim_answer_waits_for_the_answer_before(relay: Running, provider: RawProvider) -> None:
    provider.answers = lambda received: [whole(message(received.model))]
    content = body("raw/next")
    async with Client(relay.port) as client:
        client.send(GET + head(len(content), expect="100-continue", x_request_id="next"))
        assert (await client.head()).startswith(b"HTTP/1.1 200 ")
        await client.reader.readuntil(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.send(content)
        await answered(client, ["next"])


async def test_a_refusal_waits_for_the_answer_before(relay: Running) -> None:
    for _ in range(10):
        async with Client(relay.port) as client:
            client.send(GET)
            client.send(b"GET / HTTP/1.1\r\n" + 12 * (b"x-a: " + 6000 * b"a" + b"\r\n"))
            assert (await client.answer()).status == 200


async def test_a_clock_that_runs_out_as_requests_come_loses_no_answer(
    tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running
) -> None:
    config = configured(raw_port, demo.port, timeouts={"header_read": "1s"})
    with Running.relay(config, tmp_path_factory.mktemp("asleep"), ENVIRON) as process:
        async with AsyncExitStack() as stack:
            fresh = [await stack.enter_async_context(Client(process.port)) for _ in range(4)]
            rested = [await stack.enter_async_context(Client(process.port)) for _ in range(4)]
            for client in rested:
                client.send(GET)
                await answered(client, ["first"])
            process.signal(signal.SIGSTOP)
            for pair in zip(fresh, rested, strict=True):
                for client in pair:
                    client.send(GET)
            await asyncio.sleep(2.5)
            process.signal(signal.SIGCONT)
            for client in rested:
                await answered(client, ["first"])
            for client in fresh:  # its clock had run out before it was looked at
                with suppress(ConnectionResetError):
                    assert (await client.reader.read(12)) in (b"HTTP/1.1 200", b"")
    assert not [line for line in process.lines if b"Traceback" in line or b"internal" in line]
