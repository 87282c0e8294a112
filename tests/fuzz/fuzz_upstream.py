"""Any bytes as a provider's answer give the same content at any cut, or a documented fault at each; nothing hangs."""

import asyncio
from collections import deque
from typing import Any, cast

from relay._core import LimitExceeded, PeerError, Pipeline, ProtocolError
from relay.clock import Clock
from relay.errors import ProviderError
from relay.outbox import Outbox
from relay.upstream.connection import Connection, Stale
from tests.fuzz.harness import cuts, fuzz

LOOP = asyncio.new_event_loop()
CLOCK = Clock()
DOCUMENTED = (ProviderError, Stale, ProtocolError, LimitExceeded, PeerError)
TURNS = 10_000


class Wire:
    """A transport whose peer has a fixed answer: gives it in its pieces, heeds pauses, ends when all is told."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = deque(pieces)
        self.connection = Connection(CLOCK, Outbox(), lambda connection: None, lambda connection: None)
        self.paused = False
        self.closing = False
        self.lost = False
        self.connection.connection_made(cast(asyncio.BaseTransport, self))

    def write(self, data: bytes) -> None:
        """Take the request."""

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        self.closing = True

    def turn(self) -> None:
        """Do what a loop would do in one turn: one read, or the end."""
        if self.closing or (not self.pieces and not self.paused):
            self._lose()
        elif not self.paused:
            self.connection.data_received(self.pieces.popleft())

    def _lose(self) -> None:
        if not self.lost:
            self.lost = self.closing = True
            self.connection.connection_lost(None)


async def answer(connection: Connection) -> tuple[int, bytes, bool]:
    """Read an answer as the gateway does: a stream through a Pipeline, anything else whole."""
    connection.send(b"POST / HTTP/1.1\r\n\r\n", b"")
    await connection.head()
    out: list[bytes] = []
    is_stream = b"event-stream" in connection.fields.get(b"content-type", b"")
    pipeline = Pipeline(max_event=4096)

    def sink(data: bytes) -> bool:
        out.append(pipeline.feed(data, 1) if is_stream else data)
        return is_stream and not pipeline

    while await connection.pump(sink):
        pipeline.check()
        if not pipeline:
            break
    pipeline.check()
    return connection.status, b"".join(out), connection.broken


async def exchange(pieces: list[bytes]) -> Any:
    """What becomes of one answer: status, content and whether it broke off; None for a documented fault."""
    wire = Wire(pieces)
    task = asyncio.ensure_future(answer(wire.connection))
    for _ in range(TURNS):
        await asyncio.sleep(0)
        if task.done():
            break
        wire.turn()
    assert task.done(), "the exchange hangs"
    try:
        return task.result()
    except DOCUMENTED:
        return None
    finally:
        wire.connection.release()


def check(data: bytes) -> None:
    """Fail unless the answer ends the same way whole and cut."""
    whole = LOOP.run_until_complete(exchange([data] if data else []))
    for pieces in cuts(data):
        assert LOOP.run_until_complete(exchange(pieces)) == whole


if __name__ == "__main__":
    fuzz(check)
