"""A client that is nothing but a socket: splits, half requests, half-closes, slow reading, and every byte that came.

answer = await ask(port, request({"model": …}))          # one request, the whole answer
async with Client(port) as client: …                     # piece by piece
"""

import asyncio
import contextlib
import json
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

PATIENCE_S = 20.0
KEY = "caller-key-planted-0123456789"
HELLO = [{"role": "user", "content": "hello"}]
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Answer:
    """A response as it came; `content` without its framing.

    end   `clean` (by its framing), `eof` (by the end of the connection, which is its framing), `cut`, `reset`
    """

    head: bytes
    content: bytes
    end: str

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])

    @property
    def fields(self) -> dict[str, str]:
        """Header fields by lower-case name."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(":") for line in lines if line)
        return {name.lower(): value.strip() for name, _, value in pairs}

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> dict[str, Any]:
        """The `error` member of a whole error response, whose envelope must be right."""
        envelope = self.json
        assert envelope["type"] == "error"
        assert envelope.keys() >= {"type", "error", "request_id"}
        return dict(envelope["error"])

    @property
    def events(self) -> list[tuple[str, Any]]:
        """(event, data) of every frame of a stream; comments are left out."""
        return events(self.content)


def events(content: bytes) -> list[tuple[str, Any]]:
    """Read whole frames as relay writes them: `event: T`, `data: J`, blank line; AssertionError on anything else."""
    found = []
    for frame in content.split(b"\n\n")[:-1]:
        if frame.startswith(b":"):
            continue
        name, data = frame.split(b"\n")
        assert name.startswith(b"event: ")
        assert data.startswith(b"data: ")
        found.append((name[7:].decode(), json.loads(data[6:])))
    assert content.endswith(b"\n\n") or not content, "the last frame is cut"
    return found


def body(model: str = "demo/chat", **members: Any) -> bytes:
    """The JSON of a Messages request."""
    return json.dumps({"model": model, "max_tokens": 100, "messages": HELLO} | members).encode()


def head(
    length: int | None, *, method: str = "POST", path: str = "/v1/messages", version: str = "1.1", **fields: str | None
) -> bytes:
    """A request head; `fields` by name with `_` for `-`, None leaves out the key that is sent otherwise."""
    told: dict[str, str | None] = {"host": "relay", "x_api_key": KEY, "content_type": "application/json"}
    if length is not None:
        told["content_length"] = str(length)
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in (told | fields).items() if value is not None]
    return "\r\n".join((f"{method} {path} HTTP/{version}", *lines, "", "")).encode("utf-8", "surrogateescape")


def request(content: bytes, **fields: str | None) -> bytes:
    """A whole POST /v1/messages."""
    return head(len(content), **fields) + content  # type: ignore[arg-type]


class Client:
    """One connection to relay."""

    def __init__(self, port: int, *, receive_bytes: int | None = None, limit_bytes: int | None = None) -> None:
        self._port = port
        self._receive_bytes = receive_bytes  # of the kernel
        self._limit_bytes = limit_bytes or receive_bytes or 1 << 20  # that asyncio reads ahead

    async def __aenter__(self) -> Self:
        sock = socket.socket()
        if self._receive_bytes is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_bytes)
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self._port))
        except OSError:
            sock.close()
            raise
        self.reader, self.writer = await asyncio.open_connection(sock=sock, limit=self._limit_bytes)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.writer.transport.abort()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    @property
    def local_port(self) -> int:
        return int(self.writer.get_extra_info("sockname")[1])

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)

    async def send_slowly(self, *pieces: bytes, pause_s: float = 0.01) -> None:
        """Send each piece as a segment of its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(pause_s)

    def half_close(self) -> None:
        """End the sending side; what comes can still be read."""
        self.writer.write_eof()

    def leave(self, *, reset: bool = False) -> float:
        """Hang up, with FIN or RST; gives the moment."""
        if reset:
            sock = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()
        return time.monotonic()

    async def answer(self, *, without_content: bool = False) -> Answer:
        """Read one response; interim ones (1xx) are skipped."""
        async with asyncio.timeout(PATIENCE_S):
            told = await self.head()
            while told.startswith(b"HTTP/1.1 1"):
                told = await self.head()
            return await self._content(told, without_content)

    async def head(self) -> bytes:
        """Read a head with its blank line."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def chunk(self) -> bytes:
        """Read one chunk of the content, as it was framed; b"" is the end."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        data = await self.reader.readexactly(size)
        assert await self.reader.readexactly(2) == b"\r\n"
        return data

    async def _content(self, told: bytes, without_content: bool) -> Answer:
        fields = Answer(told, b"", "").fields
        pieces: list[bytes] = []
        try:
            if without_content:
                return Answer(told, b"", "clean")
            if fields.get("transfer-encoding") == "chunked":
                while piece := await self.chunk():
                    pieces.append(piece)
                return Answer(told, b"".join(pieces), "clean")
            if "content-length" in fields:
                return Answer(told, await self.reader.readexactly(int(fields["content-length"])), "clean")
            return Answer(told, await self.reader.read(-1), "eof")
        except asyncio.IncompleteReadError as missing:
            return Answer(told, b"".join(pieces) + missing.partial, "cut")
        except ConnectionResetError:
            return Answer(told, b"".join(pieces), "reset")

    async def closed(self, within_s: float = PATIENCE_S) -> bytes:
        """Wait until relay closes; gives what came before."""
        async with asyncio.timeout(within_s):
            try:
                return await self.reader.read(-1)
            except ConnectionResetError:
                return b""


async def ask(port: int, content: bytes, **fields: str | None) -> Answer:
    """Send one POST /v1/messages on a connection of its own; give the answer."""
    return await exchange(port, request(content, **fields))


async def exchange(port: int, *pieces: bytes, without_content: bool = False) -> Answer:
    """Send bytes on a connection of their own; give the answer."""
    async with Client(port) as client:
        client.send(*pieces)
        return await client.answer(without_content=without_content)


def members(mapping: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    """Pick values in order; None for what is absent."""
    return tuple(mapping.get(name) for name in names)
