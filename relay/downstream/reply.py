"""Reply: one response to a client, and the only code that writes to one.

fresh → open (stream head sent, nothing of the model) → committed (model bytes sent) → closed. Everything is written
straight to the transport: a read of the provider becomes one write here. Exactly one ending (STR-10).
"""

import re
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from math import ceil
from typing import Any, Final, Protocol, cast
from urllib.parse import quote

from relay._core import chunk
from relay.clock import Clock
from relay.config.settings import Stream
from relay.dialects.inbound import Client
from relay.downstream.server import ClientConnection
from relay.downstream.speech import MESSAGES, Speech
from relay.errors import PolicyRateLimited, RelayError
from relay.outbox import Outbox
from relay.price import Usage

MAX_HELD: Final = 64 << 10
"""What ends a response waits for the end of the turn up to this size: hundreds of the usual events."""
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
# By their first ten bytes: one look in a set for a field of an answer, none for those that begin otherwise.
_PASSED: Final = frozenset([prefix[:10] for prefix in (b"anthropic-", b"retry-after", b"x-should-retry")])
_A: Final = ord("a")
_R: Final = ord("r")
_X: Final = ord("x")
_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class Described(Protocol):
    """How a call was routed: JSON of `openrouter_metadata`, beside an error none where there is nothing to tell."""

    def of_answer(self, usage: Usage) -> bytes: ...

    def of_error(self, error: RelayError) -> bytes: ...


class State(Enum):
    """How far a reply is."""

    FRESH = 0
    OPEN = 1
    COMMITTED = 2
    CLOSED = 3


class Reply:
    """The response to one request.

    client       what the request said of how it is answered, in a dialect that is not the hub's; None: Messages
    chunked      a stream goes out in HTTP chunks; to HTTP/1.0 as it is, until the connection ends
    bytes_out    content of a whole response
    fields       header lines for the head, each with CRLF; set before it is sent
    metadata     what `openrouter_metadata` says of the call; None: the client does not ask
    on_commit    called once, when the first bytes of the model are written
    recorded     the request became a call, which has a record of its own
    speech       how errors and keep-alives are said
    """

    __slots__ = (
        "_adopted",
        "_clock",
        "_connection",
        "_is_head",
        "_is_limited",
        "_keep_alive",
        "_outbox",
        "_progress",
        "_settings",
        "_stalled_since",
        "_started",
        "_state",
        "_streams",
        "_transport",
        "_wrote",
        "bytes_out",
        "chunked",
        "client",
        "fields",
        "id",
        "is_cut",
        "is_slow",
        "metadata",
        "on_commit",
        "recorded",
        "reports",
        "speech",
        "status",
    )

    def __init__(
        self,
        connection: ClientConnection,
        clock: Clock,
        outbox: Outbox,
        settings: Stream,
    ) -> None:
        request = connection.request
        # First what `push` asks for: it lies in two cache lines.
        self._state = State.FRESH
        self._transport = cast(Any, connection.transport)
        self._clock = clock
        self._started = self._wrote = clock.tick
        self._connection = connection
        self._outbox = outbox
        self._settings = settings
        self.chunked = request.is_1_1
        self._keep_alive = self.chunked and request.keeps
        self._is_head = request.method == "HEAD"
        self._is_limited = False
        self._streams = False
        self._stalled_since = -1
        self._progress = -1
        self._adopted = b""
        self.bytes_out = 0
        self.client: Client | None = None
        self.fields = b""
        self.id: str | None = None
        self.is_cut = False
        self.is_slow = False
        self.metadata: Described | None = None
        self.on_commit: Callable[[], None] | None = None
        self.recorded = False
        self.reports = False
        self.speech: Speech = MESSAGES
        self.status = 0

    @property
    def committed(self) -> bool:
        """Bytes of the model were written: no other endpoint may answer now."""
        return self._state is State.COMMITTED

    @property
    def keeps_connection(self) -> bool:
        """The response is over, and another request may follow it."""
        return self._keep_alive and self._state is State.CLOSED

    def expect(self, stream: bool, reports: bool) -> None:
        """A call has come: the client waits for events, so that keep-alives may be sent; or for one whole answer."""
        self.recorded = True
        self.reports = reports
        self._streams = stream

    def name(self, id: str, request_id: bytes | None) -> None:
        """Give the response its ids: the generation's, and the caller's own where it sent a usable one."""
        self.id = id
        known = id.encode()
        if request_id is None or not _REQUEST_ID.fullmatch(request_id):
            request_id = known
        self.fields += b"x-generation-id: %b\r\nrequest-id: %b\r\nx-request-id: %b\r\n" % (
            known,
            known,
            request_id,
        )

    def close_after(self) -> None:
        """End the connection with this response."""
        self._keep_alive = False

    def limit(self, fields: bytes) -> None:
        """Tell what the key may still use; the provider's limits, which are not the client's, are told no more."""
        self._is_limited = True
        self.fields += fields

    def adopt(self, fields: dict[bytes, bytes], max_tokens: int | None) -> str | None:
        """Pass on what the answering provider may tell the client (HDR-1), instead of what one before it told.

        max_tokens   what the answer's limit was cut to for it, which a report tells; None: it fits
        returns      the provider's request id
        """
        adopted = b""
        for name, value in fields.items():
            first = name[0]  # no name is empty; to find this one in a constant would cost more
            if first in (_A, _R, _X) and name[:10] in _PASSED and b"\0" not in value:
                if self._is_limited and name.startswith(b"anthropic-ratelimit-"):
                    continue
                adopted += name + b": " + value + b"\r\n"
        if max_tokens is not None and self.reports:
            adopted += b"x-relay-max-tokens: %d\r\n" % max_tokens
        upstream_id = fields.get(b"request-id") or fields.get(b"x-request-id") or fields.get(b"x-amzn-requestid")
        self._adopted = adopted + b"x-relay-upstream-request-id: " + upstream_id + b"\r\n" if upstream_id else adopted
        return upstream_id.decode("latin-1") if upstream_id else None

    def report_fields(self, route: str, attempts: int, redactions: bytes) -> bytes:
        """Give the lines of the report that a client may ask for with `x-relay-metadata: 1`.

        redactions   its lines about them, empty when nothing was looked for
        """
        if not self.reports:
            return b""
        return b"x-relay-route: %b\r\nx-relay-attempts: %d\r\n%b" % (quote(route).encode(), attempts, redactions)

    # A stream

    def opening(self) -> bytes:
        """Give what goes before the next event: the head, while nothing was sent."""
        if self._state is not State.FRESH:
            return b""
        return self._head(200, self.speech.fields + (b"transfer-encoding: chunked\r\n" if self.chunked else b""))

    def push(self, out: bytes, last: bool = False) -> bool:
        """Write events of the model, framed already and behind `opening`; True: the client is slower, `settle` first.

        last   the end of the stream is with them
        """
        self._wrote = self._clock.tick
        if self._state is State.COMMITTED:
            self._transport.write(out)
        elif self._state is not State.CLOSED:
            self._commit(out, last)
        if last:
            self._state = State.CLOSED
        return self._connection.is_full

    def _commit(self, out: bytes, last: bool) -> None:
        self.status = 200
        self._state = State.COMMITTED
        if last:
            self._write_last(out)
        else:
            self._transport.write(out)
        if self.on_commit is not None:
            self.on_commit()

    @property
    def lags(self) -> bool:
        """The client has not taken enough of what was written, or is gone: `settle` tells which."""
        return self._connection.is_full or self._connection.transport is None

    async def settle(self) -> None:
        """Wait until the client has taken enough; raises ConnectionError when it is gone."""
        if self.lags:
            await self._connection.drained()

    def _write_events(self, out: bytes, last: bool = False) -> None:
        """Write events of our own; the head goes before the first."""
        opening = self.opening()
        data = chunk(out, last, opening) if self.chunked else opening + out
        if self._state is State.FRESH:
            self.status = 200
            self._state = State.OPEN
        self._wrote = self._clock.tick
        if last:
            self._write_last(data)
        else:
            self._transport.write(data)

    def _write_last(self, data: bytes) -> None:
        """Write what ends the response.

        At once where the connection ends with it (aiohttp is about to close it), and where a slow client's buffer would
        be full with it, which `settle` has to see.
        """
        room = self._settings.write_high_bytes - self._transport.get_write_buffer_size()
        if self._keep_alive and len(data) <= min(MAX_HELD, room):
            self._outbox.put(self._transport, data)
        else:
            self._outbox.flush()
            self._transport.write(data)

    # A whole response

    def send(self, status: int, content: bytes, fields: bytes = b"") -> None:
        """Write a whole JSON response."""
        self.status = status
        self.bytes_out = len(content)
        framing = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(content)
        head = self._head(status, framing + fields)
        self._state = State.CLOSED
        self._write_last(head if self._is_head else head + content)

    def fail(self, error: RelayError, fields: bytes = b"") -> None:
        """End with an error: a whole response while nothing was sent, else one terminal event.

        fields   header lines of it, which become comments behind an event
        """
        if self._state is State.CLOSED:
            return
        told = self.metadata.of_error(error) if self.metadata is not None else b""
        content = self.speech.error(error, self.id, self.reports, told)
        if self._state is State.FRESH:
            self._adopted = b""  # of a provider that did not answer after all
            self.send(self.speech.status(error), content, _retry_fields(error) + fields)
            return
        self._keep_alive = False
        notes = b"".join([b": %b\n" % line for line in fields.splitlines()])
        self._write_events(self.speech.ending(content, self.client) + (notes and notes + b"\n"), last=True)
        self._state = State.CLOSED

    def cut(self, error: RelayError) -> None:
        """End a call from outside, with an error and an orderly close; its task is cancelled by the lost connection."""
        self.is_cut = True
        self.close_after()
        self.fail(error)
        self._transport.close()

    def _head(self, status: int, fields: bytes) -> bytes:
        return b"%b%b%b%b%bserver: relay\r\n%b\r\n" % (
            _status_line(status),
            fields,
            self.fields,
            self._adopted,
            self._clock.date,
            b"" if self._keep_alive else b"connection: close\r\n",
        )

    # Once a second

    def sweep(self, client_stall_s: float) -> None:
        """Send keep-alives to a client that waits; cut one that takes nothing any more."""
        if self._connection.is_full:
            self._watch_stall(client_stall_s)
            return
        if self._state is State.CLOSED:
            return
        self._stalled_since = -1
        silence = self._clock.tick - self._wrote
        if self._state is State.FRESH:
            early = self._settings.early_commit_after_s
            if self._streams and early and self._clock.tick - self._started >= early:
                self._write_events(self.speech.processing)
        elif silence >= self._settings.ping_interval_s:
            self._write_events(self.speech.ping if self.committed else self.speech.processing)

    def _watch_stall(self, client_stall_s: float) -> None:
        """STR-6: a client without progress while its buffer is full is cut."""
        waiting = self._transport.get_write_buffer_size()
        if self._stalled_since < 0 or waiting != self._progress:
            self._stalled_since, self._progress = self._clock.tick, waiting
        elif self._clock.passed(self._stalled_since, client_stall_s):
            self.is_slow = True
            self._transport.abort()


def _status_line(status: int) -> bytes:
    return _STATUS_LINES.get(status) or b"HTTP/1.1 %d Status\r\n" % status


def _retry_fields(error: RelayError) -> bytes:
    lines = []
    if error.should_retry is not None:
        lines.append(b"x-should-retry: true\r\n" if error.should_retry else b"x-should-retry: false\r\n")
    if error.retry_after_s is not None:
        # Upwards: who comes a moment too early is refused once more.
        seconds = max(1, ceil(error.retry_after_s))
        lines.append(b"retry-after: %d\r\nretry-after-ms: %d\r\n" % (seconds, ceil(error.retry_after_s * 1000)))
    if isinstance(error, PolicyRateLimited):
        lines.append(error.fields)
    return b"".join(lines)
