"""One connection to a provider: HTTP/1.1 responses off the socket, pushed into a sink.

Per read: one call of `data_received`, one of the parser, one of the sink with all body bytes of the read. No task,
future or timer per read; there is one future per stop. Bounded: the head by the parser, body bytes that nobody takes by
pausing the socket. After a fault the connection is closed, never reused (UPS-2).
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from relay._core import ResponseParser
from relay.clock import Clock
from relay.errors import ProviderConnect, ProviderError, ProviderProtocol, ProviderTimeout
from relay.outbox import Outbox
from relay.upstream.coding import CodingError, Decoder

MAX_JOINED: Final = 64 << 10
MAX_LINGER: Final = 64 << 10

Sink = Callable[[bytes], bool]


class Stale(Exception):
    """A kept connection was closed by the provider before it read the request: send it again on another."""


class Connection(asyncio.Protocol):
    """A socket, its parser, and at most one exchange at a time.

    status, fields   of the present response; field names in lower case, repeated ones joined by a comma
    heard            tick of the last byte
    """

    __slots__ = (
        "_clock",
        "_complete",
        "_content",
        "_decoder",
        "_end_told",
        "_keep_alive",
        "_lingering",
        "_loop",
        "_on_idle",
        "_on_lost",
        "_outbox",
        "_parser",
        "_paused",
        "_sink",
        "_waiter",
        "broken",
        "bytes_in",
        "error",
        "fields",
        "heard",
        "opened",
        "status",
        "transport",
        "used",
    )

    def __init__(
        self,
        clock: Clock,
        outbox: Outbox,
        on_idle: Callable[["Connection"], None],
        on_lost: Callable[["Connection"], None],
    ) -> None:
        # First what each read asks for: it lies in two cache lines.
        self._clock = clock
        self.heard = clock.tick
        self.bytes_in = 0
        self._parser = ResponseParser()
        self._decoder: Decoder | None = None
        self._sink: Sink | None = None
        self._content = b""  # of the body, what nobody has taken yet
        self._outbox = outbox
        self._on_idle = on_idle
        self._on_lost = on_lost
        self.transport: asyncio.Transport | None = None
        self.opened = clock.tick
        self.used = 0
        self._loop = asyncio.get_running_loop()  # asking for it is a system call in Python 3.11
        self._waiter: asyncio.Future[bool] | None = None
        self._paused = False
        self._lingering = False
        self._reset()

    def _reset(self) -> None:
        """Forget the last response."""
        self.status = 0
        self.fields: dict[bytes, bytes] = {}
        self.error: ProviderError | Stale | None = None
        self.broken = False
        self.bytes_in = 0
        self._decoder = None
        self._complete = False
        self._end_told = False
        self._keep_alive = False

    # What an exchange calls.

    def send(self, head: bytes, *content: bytes | memoryview) -> None:
        """Write a request, its content in parts; the next response is its answer."""
        self._reset()
        self._parser.begin()
        self.used += 1
        self.heard = self._clock.tick
        transport = self._transport()
        if len(content[0]) < MAX_JOINED:
            head += content[0]
            content = content[1:]
        if not content:
            self._outbox.put(transport, head)
            return
        transport.write(head)
        for part in content:
            transport.write(part)

    async def head(self) -> None:
        """Wait for status and fields of the response."""
        if not self.status and self.error is None:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if not self.status:
            self._check()  # a fault behind the head is for pump(), after what came before it

    async def pump(self, sink: Sink) -> bool:
        """Give every read's body bytes to `sink`, in order, from the socket's callback; the end is an empty read.

        returns   True when the sink returned True: reading is paused, call again to go on; False when all is delivered
        raises    what the sink raises, and the error of a connection that was failed by a clock
        """
        if self._content and sink(self._taken()):
            return True
        self._check()
        if self._complete:
            if self._end_told:
                return False
            self._end_told = True
            return sink(b"")
        self._sink = sink
        self._resume()
        self._waiter = self._loop.create_future()
        try:
            more = await self._waiter
        finally:
            self._waiter = None
            self._sink = None
        return more

    def _check(self) -> None:
        """Raise the error; a method, for mypyc would hold the None that it saw once to be true behind an `await`."""
        if self.error is not None:
            raise self.error

    @property
    def is_complete(self) -> bool:
        """The response was read to its end."""
        return self._complete

    @property
    def is_paused(self) -> bool:
        """Nobody takes body bytes at present, so silence is not the provider's."""
        return self._paused

    @property
    def is_closed(self) -> bool:
        return self.transport is None or self.transport.is_closing()

    @property
    def is_usable(self) -> bool:
        """It can carry another exchange."""
        return self._keep_alive and not self.broken and not self.is_closed

    def release(self) -> None:
        """End the exchange: keep a connection whose response ended cleanly, or is about to; close any other."""
        self._content = b""
        if self.is_closed:
            return
        if self._complete:
            self._retire()
        elif self.status and self.error is None:
            self._lingering = True
            self.bytes_in = 0
            self._resume()
        else:
            self.abort()

    def fail(self, error: ProviderError | Stale) -> None:
        """End the present response with `error` and close."""
        if self.error is None:
            self.error = error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self.error)
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()

    def sweep_linger(self, seconds: float) -> None:
        """Close a connection whose answer was over for the client but whose end has not come for so long."""
        if self._lingering and self._clock.passed(self.heard, seconds):
            self.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.heard = self._clock.tick
        self.bytes_in += len(data)
        content = self._parser.feed(data)
        sink = self._sink
        if sink is not None and content and self._decoder is None and not self._content and self._parser:
            self._give(sink, content)  # nearly every read of a stream is this
        else:
            self._received(content)

    def _received(self, content: bytes) -> None:
        """Take what a read held, whatever it was."""
        try:
            if not self.status and self._parser.status:
                self._begin()
            if content and self._decoder is not None:
                content = self._decoder.feed(content)
        except CodingError:
            self._broke_off(ProviderProtocol("the provider's answer is in a coding that it should not be in"))
            return
        self._content += content
        if not self._parser and not self._end():
            return
        if self._lingering:
            self._linger()
        elif self._content or self._complete:
            self._deliver()

    def _begin(self) -> None:
        """The head has come."""
        self.status = self._parser.status
        self.fields = self._parser.fields
        coding = self.fields.get(b"content-encoding", b"identity").lower()
        if coding != b"identity":
            self._decoder = Decoder(coding)
        if self._sink is None:
            self._wake(True)

    def _end(self) -> bool:
        """Nothing more of the response is to come; tell whether it came to its end."""
        parser = self._parser
        if self._complete or not self.used:
            self.abort()  # bytes that nobody asked for
            return False
        if parser.fault is not None:
            self._broke_off(ProviderProtocol(f"the provider {parser.fault}"))
            return False
        self._complete = True
        self._keep_alive = parser.keeps
        self.broken = self._decoder is not None and self._decoder.is_cut
        return True

    def _broke_off(self, error: ProviderError) -> None:
        """The bytes are wrong from here on: what came before them is delivered first, in whatever reads it came."""
        sink = self._sink
        if self._content and sink is not None:
            self._sink = None
            try:
                if sink(self._taken()):
                    self.error = error  # for the next pump(), if who stopped it has not all it wants
                    self._wake(True)
            except Exception as cause:  # noqa: BLE001 - not swallowed: whoever awaits pump() gets it
                self._raise(cause)
                return
        self.fail(error)

    def eof_received(self) -> None:
        """The provider ended its side: `connection_lost` follows and decides what that means."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._on_lost(self)
        if self._complete or self.error is not None:
            self._wake(True)
            return
        if not self.status:
            self.fail(self._lost_before_head())
            return
        # RFC 9112 6.3: without length and chunks the end of the connection is the end of the content.
        is_cut = self._decoder is not None and self._decoder.is_cut
        self.broken = self._parser.delimited or exc is not None or is_cut
        self._complete = True
        if self._sink is not None:
            self._deliver()

    def _lost_before_head(self) -> ProviderError | Stale:
        if self.used > 1 and self.bytes_in == 0:
            return Stale()
        return ProviderConnect("the provider closed the connection before it answered")

    # Delivery

    def _taken(self) -> bytes:
        content, self._content = self._content, b""
        return content

    def _deliver(self) -> None:
        """Hand this read's body to the sink; without one hold it, and the socket too."""
        sink = self._sink
        if sink is None:
            if not self._complete:
                self._pause()
            return
        if self._content:
            self._give(sink, self._taken())
        if self._complete and self._sink is not None:
            self._end_told = True
            self._give(sink, b"")

    def _give(self, sink: Sink, content: bytes) -> None:
        """Hand content to who awaits pump(); nothing: the body has ended."""
        try:
            more = sink(content)
        except Exception as error:  # noqa: BLE001 - not swallowed: whoever awaits pump() gets it
            self._raise(error)
            return
        if more or not content:
            self._stop(more)

    def _stop(self, more: bool) -> None:
        self._sink = None
        if not self._complete:
            self._pause()
        self._wake(more)

    def _pause(self) -> None:
        if not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self.transport is not None:
            self._paused = False
            self.heard = self._clock.tick
            self.transport.resume_reading()

    def _wake(self, more: bool) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(more)

    def _raise(self, error: Exception) -> None:
        self._sink = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self.abort()

    # After the exchange

    def _linger(self) -> None:
        """The client has its answer; take the rest of the body (a last chunk, usually) to keep the socket."""
        self._content = b""
        if self._complete:
            self._retire()
        elif self.bytes_in > MAX_LINGER:
            self.abort()

    def _retire(self) -> None:
        self._lingering = False
        # An answer that came before all of its request was written leaves a socket that is not free for another.
        if self.is_usable and self._transport().get_write_buffer_size() == 0:
            self._on_idle(self)
        else:
            self.abort()

    def _transport(self) -> asyncio.Transport:
        if self.transport is None or self.transport.is_closing():
            raise Stale
        return self.transport

    def timed_out(self, clock: str) -> None:
        """A clock of the provider ran out."""
        self.fail(ProviderTimeout(clock))
