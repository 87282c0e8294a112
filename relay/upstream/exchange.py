"""One attempt's HTTP request and response, with its clocks.

status, fields         of the response head
begins_with_events()   a look at the body, where the head does not say what it is
pump(sink)             the body, pushed (see connection.Connection.pump)
read(limit)            the body, whole
sweep()                called once a second; fails the exchange when one of its clocks ran out
"""

from collections.abc import Awaitable
from typing import Final

from relay.catalog import Timeouts
from relay.clock import Clock
from relay.errors import ProviderProtocol, ProviderTruncated
from relay.upstream.connection import Connection, Sink

_BINARY: Final = b"application/vnd.amazon.eventstream"
_EVENTS: Final = b"text/event-stream"
_STREAMS: Final = (_EVENTS, _BINARY)
_FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:", b":")
_LONGEST_FIELD: Final = 6
_BEFORE: Final = b"\xef\xbb\xbf\r\n"


class _Body:
    """A sink that keeps what comes, and asks to stop at `limit` bytes."""

    __slots__ = ("_limit", "parts", "size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.parts: list[bytes] = []
        self.size = 0

    def __call__(self, data: bytes) -> bool:
        if data:
            self.parts.append(data)
            self.size += len(data)
        return self.size >= self._limit


class Exchange:
    """A request that was sent, and its answer; the head has come.

    answered   set by who reads the stream when its first event has come
    """

    __slots__ = ("_clock", "_connection", "_first", "_sent", "_stream", "_timeouts", "answered")

    def __init__(self, connection: Connection, timeouts: Timeouts, clock: Clock, stream: bool) -> None:
        self._connection = connection
        self._first = b""  # of the body, what was looked at
        self._timeouts = timeouts
        self._clock = clock
        self._sent = clock.tick
        self._stream = stream
        self.answered = False

    @property
    def status(self) -> int:
        return self._connection.status

    @property
    def fields(self) -> dict[bytes, bytes]:
        """Header fields by lower-case name."""
        return self._connection.fields

    @property
    def is_event_stream(self) -> bool:
        """The answer says that it comes in events."""
        kind = self.fields.get(b"content-type", b"")
        return kind[:17] == _EVENTS or kind.lower().startswith(_STREAMS)

    @property
    def is_binary(self) -> bool:
        """They are messages of AWS's event stream, not server-sent events."""
        kind = self.fields.get(b"content-type", b"")
        return kind[:17] != _EVENTS and kind.lower().startswith(_BINARY)

    async def begins_with_events(self) -> bool:
        """Look at the first bytes of an answer whose type says nothing: some servers call events text, or nothing."""
        kind = self.fields.get(b"content-type", b"").lower()
        if b"json" in kind or b"html" in kind:
            return False
        self._first = await self.read_some(_LONGEST_FIELD)
        return len(self._first) >= _LONGEST_FIELD and self._first.lstrip(_BEFORE).startswith(_FIELDS)

    def pump(self, sink: Sink) -> Awaitable[bool]:
        """Push the body into `sink`; True: it asked to stop, call again to go on; False: all is delivered."""
        return self._pump_on(sink) if self._first else self._connection.pump(sink)

    async def _pump_on(self, sink: Sink) -> bool:
        first, self._first = self._first, b""
        return sink(first) or await self._connection.pump(sink)

    async def read(self, limit_bytes: int) -> bytes:
        """Give the whole body.

        raises   ProviderProtocol over `limit_bytes`; ProviderTruncated when it broke off
        """
        body = await self.read_some(limit_bytes + 1)
        if len(body) > limit_bytes:
            raise ProviderProtocol("the provider's answer is too large")
        if self._connection.broken:
            raise ProviderTruncated("the provider's answer broke off")
        return body

    async def read_some(self, limit_bytes: int) -> bytes:
        """Give the body up to the read in which it passed `limit_bytes`, or as far as it came."""
        body = _Body(limit_bytes)
        while await self.pump(body) and body.size < limit_bytes:
            continue
        return body.parts[0] if len(body.parts) == 1 else b"".join(body.parts)

    def sweep(self) -> None:
        """Fail the exchange when a clock ran out (spec/operations.md 4)."""
        connection, timeouts, passed = self._connection, self._timeouts, self._clock.passed
        if connection.is_complete:
            return
        if passed(self._sent, timeouts.total_stream if self._stream else timeouts.total_unary):
            connection.timed_out("total")
        elif not self._stream or connection.is_paused:
            return
        elif not connection.status and passed(self._sent, timeouts.upstream_headers):
            connection.timed_out("headers")
        elif not self.answered and passed(self._sent, timeouts.first_event):
            connection.timed_out("first_event")
        elif connection.status and passed(connection.heard, timeouts.idle_event):
            connection.timed_out("idle")

    def release(self) -> None:
        """Give the connection back, or close it."""
        self._connection.release()

    @property
    def is_complete(self) -> bool:
        """The response was read to its end."""
        return self._connection.is_complete

    def abort(self) -> None:
        """Close the connection at once: the client is gone."""
        self._connection.abort()
