"""When the end of a response leaves: with the others of its turn, or at once."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from relay._core import Request
from relay.clock import Clock
from relay.config.settings import Stream
from relay.downstream.reply import MAX_HELD, Reply
from relay.outbox import Outbox

HIGH = 256 << 10


@dataclass
class Wire:
    """A transport that keeps what was written to it, and is its own connection. `waiting`: bytes not taken yet."""

    waiting: int = 0
    is_full: bool = False
    request: Request = field(default_factory=lambda: Request("POST", "/v1/messages", [], is_1_1=True, keeps=True))
    written: list[bytes] = field(default_factory=list)

    @property
    def transport(self) -> "Wire":
        return self

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def write(self, data: bytes) -> None:
        self.written.append(data)


def reply_on(wire: Wire, outbox: Outbox, high: int = HIGH) -> Reply:
    return Reply(cast(Any, wire), Clock(), outbox, Stream(10.0, 0.0, high, high // 4))


async def lengths_before_and_after(content: int, high: int = HIGH, waiting: int = 0) -> tuple[int, int]:
    """Send a response; give how many were written when that returned, and when the turn was over."""
    wire, outbox = Wire(waiting), Outbox()
    reply_on(wire, outbox, high).send(200, bytes(content))
    before = len(wire.written)
    await asyncio.sleep(0)
    assert wire.written[0].endswith(bytes(content))
    return before, len(wire.written)


@pytest.mark.parametrize("content", [2, 28 << 10, MAX_HELD - 1024])
async def test_a_response_leaves_at_the_end_of_the_turn(content: int) -> None:
    assert await lengths_before_and_after(content) == (0, 1)


async def test_a_long_one_leaves_at_once() -> None:
    assert await lengths_before_and_after(MAX_HELD) == (1, 1)


@pytest.mark.parametrize(("high", "waiting"), [(16 << 10, 0), (HIGH, HIGH - (16 << 10))])
async def test_one_that_a_slow_client_may_have_no_room_for_leaves_at_once(high: int, waiting: int) -> None:
    assert await lengths_before_and_after(20 << 10, high, waiting) == (1, 1)


async def test_one_that_ends_its_connection_leaves_at_once() -> None:
    wire = Wire(request=Request("POST", "/v1/messages", [], is_1_1=True, keeps=False))
    reply_on(wire, Outbox()).send(200, b"{}")

    assert len(wire.written) == 1


async def test_what_leaves_at_once_overtakes_nothing() -> None:
    wire, outbox = Wire(), Outbox()
    reply_on(wire, outbox).send(200, b"first")
    reply_on(wire, outbox).send(200, bytes(MAX_HELD))

    assert [data[-5:] for data in wire.written] == [b"first", bytes(5)]


async def test_the_end_of_a_stream_that_was_read_at_once_leaves_with_the_others() -> None:
    wire, outbox = Wire(), Outbox()
    assert reply_on(wire, outbox).push(bytes(28 << 10), last=True) is False
    assert wire.written == []
    await asyncio.sleep(0)
    assert wire.written == [bytes(28 << 10)]


async def test_the_first_of_several_reads_leaves_at_once() -> None:
    wire, outbox = Wire(), Outbox()
    reply = reply_on(wire, outbox)
    reply.push(b"first")
    reply.push(b"last", last=True)

    assert wire.written == [b"first", b"last"]
