"""Server: client connections on aiohttp's low-level server, with relay's error shape and a clock on half-sent heads.

A request in the plain form that nearly all have, whole in one read, is read by `_core`, for a fraction of the cost. All
else is aiohttp's: it knows what to wait for and to refuse. Its refusals leave in the envelope of the Messages dialect.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import StreamReader, web
from aiohttp.http import HttpVersion11, RawRequestMessage
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError, LineTooLong
from aiohttp.web_protocol import RequestPayloadError, _ErrInfo

from relay._core import Request, whole_request
from relay.clock import Clock
from relay.config.settings import Stream
from relay.downstream.identity import Caller
from relay.downstream.refused import Refused
from relay.errors import CallerHeadersTooLarge, CallerInvalid, CallerSlow, GatewayInternal, RelayError

MAX_LINE = 16 << 10
MAX_HEAD = 64 << 10
MAX_FIELDS = 128
MAX_UNREAD = 1 << 20  # bytes a client may still send that was refused
LINE_END = 2  # an empty line behind a request is no beginning of another (RFC 9112 2.2)


class ClientConnection(web.RequestHandler):
    """One client connection; knows since when it waits for the rest of a request's head.

    caller    who calls
    request   what is being answered, or was last
    is_full   more was written than the client has taken: `drained` waits; an attribute, for it is asked per event
    """

    __slots__ = (
        "_behind",
        "_clock",
        "_fresh",
        "_head_size",
        "_heard",
        "_log",
        "_refused",
        "_serve",
        "_stream",
        "_tail",
        "_taken",
        "_waits_since",
        "caller",
        "is_full",
        "request",
    )

    request: Request

    def __init__(
        self, manager: "Server", serve: "Handler", clock: Clock, refused: Refused, stream: Stream, **settings: Any
    ) -> None:
        super().__init__(manager, **settings)
        self._serve = serve
        self._clock = clock
        self._log = refused
        self._stream = stream
        self._waits_since = clock.tick
        self._heard = False
        self._behind = -1  # bytes that came behind the present request's head; -1: its end was not seen
        self._head_size = 0
        self._tail = b""
        self._fresh = True  # no byte was read yet of the request that comes next; False for good where that is unsure
        self._taken: Request | None = None
        self._refused = False
        self.is_full = False
        self.caller = Caller()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.transport is not None:
            self.transport.set_write_buffer_limits(self._stream.write_high_bytes, self._stream.write_low_bytes)

    def pause_writing(self) -> None:
        self.is_full = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self.is_full = False
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self._head_size += len(data)
            if self._head_size > MAX_UNREAD:
                self.force_close()
            return
        self._heard = True
        if self._behind >= 0:
            self._behind += len(data)
            self._tail = data[-3:] if len(data) >= 3 else (self._tail + data)[-3:]
        elif self._fresh and self._take(data):
            return
        elif not self._ends_head(data) and self._head_size > MAX_HEAD:
            self._refuse(CallerHeadersTooLarge(f"the header fields are larger than {MAX_HEAD} bytes together"))
            return
        if not self._request_in_progress and self._waits_since < 0:
            self._waits_since = self._clock.tick
        super().data_received(data)
        if self._messages:
            self._waits_since = -1

    def _take(self, data: bytes) -> bool:
        """Take a request that came whole, in the plain form; nothing of it, or before it, is with aiohttp's parser."""
        waiter = self._waiter
        if self._head_size or waiter is None or waiter.done():
            return False
        request = whole_request(data)
        if request is None or request.content is None:
            return False
        self._behind = len(request.content)
        self._waits_since = -1
        self._taken = request
        waiter.set_result(None)
        return True

    def _ends_head(self, data: bytes) -> bool:
        """Tell whether the head's blank line is in these bytes, however it was cut; count what comes before it."""
        data = self._tail + data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._head_size += len(data) - len(self._tail)
            self._tail = data[-3:]
            return False
        self._behind = len(data) - end - 4
        self._head_size = 0
        self._tail = data[max(end + 4, len(data) - 3) :]
        return True

    def _refuse(self, error: RelayError) -> None:
        """Answer what is no whole request, and close: aiohttp has not seen one."""
        self._refused = True
        self._waits_since = -1
        self._loop.call_soon(self._dismiss, error)  # behind an answer that leaves at the end of this turn

    def _dismiss(self, error: RelayError) -> None:
        """Answer and end orderly: who still sends would see a reset instead of the answer (RFC 9112 9.6)."""
        if self.transport is not None:
            self.transport.write(_whole(error))
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self._loop.call_later(self._lingering_time, self.force_close)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read on where reading was paused; aiohttp asks twice for each body, and parses nothing each time."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    async def start(self) -> None:
        """Serve one request after the other, in the connection's own task.

        aiohttp's own loop makes a task for each request, and prepares and ends a response that relay has written
        already: 7 % of a call. What is no request at all still goes its way.
        """
        loop = self._loop
        while not self._force_close:
            if not self._messages:
                self._waiter = loop.create_future()
                try:
                    await self._waiter
                finally:
                    self._waiter = None
                if self._force_close:
                    return
            request, payload, self._taken = self._taken, None, None
            if request is None:
                message, payload = self._messages[0]
                if isinstance(message, _ErrInfo):
                    await super().start()
                    return
                request = self._consumed(message)
            if not await self._answer(request, payload):
                break
        if not self._force_close:
            self._task_handler = None
            if self.transport is not None:
                self.transport.close()

    def _consumed(self, message: RawRequestMessage) -> Request:
        """Give what aiohttp's parser has read in relay's form, and let it read the next."""
        self._messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        # What follows a wish to switch protocols can be read in two ways.
        closes = message.should_close or message.upgrade or message.method == "CONNECT"
        is_1_1 = message.version >= HttpVersion11
        return Request(message.method, message.path, message.raw_headers, is_1_1=is_1_1, keeps=not closes)

    async def _answer(self, request: Request, payload: StreamReader | None) -> bool:
        """Answer one request; tell whether the connection lives on."""
        self.request = request
        self._waits_since = -1
        self._request_in_progress = True
        try:
            self._keepalive = await self._serve(self, payload)
            if payload is not None and not payload.is_eof():
                await self._linger(payload)
        except asyncio.CancelledError:
            self.force_close()
            raise
        except ConnectionError:
            return False
        except Exception as error:  # noqa: BLE001 - logged; the handler answers for bugs of its own
            self._log.defect(error, None)
            self.force_close()
            return False
        finally:
            self._rest()
            self._request_in_progress = False
            if self._handler_waiter is not None:
                self._handler_waiter.set_result(None)
        if not self._keepalive or self._close:
            return False
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)
        return True

    async def _linger(self, payload: StreamReader) -> None:
        """Read on for a moment, so that a client that still sends sees the answer and no reset (RFC 9112 9.6)."""
        try:
            async with asyncio.timeout(self._lingering_time):
                while not payload.is_eof():
                    await payload.readany()
        except (TimeoutError, ConnectionError, RequestPayloadError, HttpProcessingError):
            self.close()

    async def drained(self) -> None:
        """Wait until the client has taken enough; raises ConnectionError when it is gone."""
        await self._drain_helper()

    def _rest(self) -> None:
        """The request was answered; what came behind its content is the next one's head, or the beginning of it."""
        fields = self.request.fields
        behind = self._behind - int(fields.get(b"content-length", 0))  # read or not
        if b"transfer-encoding" in fields or self._messages:
            self._fresh = False
            self._behind = 0 if self._messages else -1  # a pipelined request's head has been read already
            return
        if behind > LINE_END:
            self._waits_since = self._clock.tick
        if self._fresh:
            self._head_size = max(0, behind)
            self._tail = self._tail[-behind:] if behind > 0 else b""
        self._fresh = self._fresh and behind == 0
        self._behind = -1

    def sweep(self, header_read_s: float) -> None:
        """Close a connection whose request head did not come in time."""
        if self._waits_since < 0 or not self._clock.passed(self._waits_since, header_read_s) or self.transport is None:
            return
        if self._heard:
            self._refuse(CallerSlow("the request's header fields did not come in time"))
        else:
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - aiohttp's signature
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Answer a request that could not be read; never with words of the exception."""
        self._refused = True
        if isinstance(exc, Exception) and status >= 500:
            self._log.defect(exc, None)
        if exc is not None:
            exc.__traceback__ = None  # its frames hold what was read, in a cycle
        error: RelayError = GatewayInternal()
        if isinstance(exc, LineTooLong) or (isinstance(exc, BadHttpMessage) and "Too many" in exc.message):
            error = CallerHeadersTooLarge("the request line, a header field, or the number of fields is too large")
        elif status < 500:
            error = CallerInvalid("the request is not well-formed HTTP/1.1")
        response = web.Response(
            status=error.status, body=orjson.dumps(error.envelope(None)), content_type="application/json"
        )
        response.force_close()
        return response


def _whole(error: RelayError) -> bytes:
    body = orjson.dumps(error.envelope(None))
    status = f"{error.status} {HTTPStatus(error.status).phrase}".encode()
    head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\n" % status
    return b"%bcontent-length: %d\r\nconnection: close\r\n\r\n%b" % (head, len(body), body)


Handler = Callable[[ClientConnection, StreamReader | None], Awaitable[bool]]
"""Answers the connection's `request`, whose content is with it or comes; tells whether the connection lives."""


async def _unheard(request: web.BaseRequest) -> web.StreamResponse:  # noqa: ARG001 - aiohttp's signature
    raise GatewayInternal  # aiohttp's loop serves malformed requests only, which it hands to handle_error


class Server(web.Server):
    """Makes a ClientConnection for each socket; `handler` gets every request."""

    def __init__(self, handler: Handler, clock: Clock, refused: Refused, stream: Stream, *, keepalive_s: float) -> None:
        super().__init__(_unheard, handler_cancellation=True)
        self._stream = stream
        self._handler = handler
        self._clock = clock
        self._refused = refused
        self._settings: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,
            "keepalive_timeout": keepalive_s,
            "lingering_time": 3.0,
            "max_field_size": MAX_LINE,
            "max_headers": MAX_FIELDS,
            "max_line_size": MAX_LINE,
        }

    def __call__(self) -> web.RequestHandler:
        return ClientConnection(
            self, self._handler, self._clock, self._refused, self._stream, loop=self._loop, **self._settings
        )

    def sweep(self, header_read_s: float) -> None:
        """Once a second: clocks of half-sent heads."""
        for connection in self.connections:
            if isinstance(connection, ClientConnection):
                connection.sweep(header_read_s)
