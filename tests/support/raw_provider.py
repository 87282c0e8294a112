"""A provider that sends exactly the bytes it is told, and knows to the millisecond when its peer hung up.

    provider = RawProvider(); await provider.start()
    provider.answers = [head(), stream("text"), FIN]       # for every request, until replaced
    provider.calls[-1].content, provider.calls[-1].connection.closed_at

A step is bytes (one write), a float (seconds of silence), or one of FIN, RST, STALL. After the last step the connection
stays open for the next request. It knows nothing of relay.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

_RESET = struct.pack("ii", 1, 0)


class Do(Enum):
    """A step that is no bytes."""

    FIN = "fin"
    RST = "rst"
    STALL = "stall"
    DRAIN = "drain"


FIN, RST, STALL, DRAIN = Do.FIN, Do.RST, Do.STALL, Do.DRAIN
Step = bytes | float | Do
Steps = Iterable[Step]


def again(count: int, *steps: Step) -> list[Step]:
    """The same steps, `count` times."""
    return count * [*steps]


@dataclass(frozen=True)
class Received:
    """One request as it came; `at` is time.monotonic() of its last byte."""

    connection: "Connection"
    head: bytes
    content: bytes
    at: float

    @property
    def fields(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(":") for line in lines if line)
        return {name.lower(): value.strip() for name, _, value in pairs}

    @property
    def model(self) -> str:
        return str(json.loads(self.content)["model"])


Answers = Steps | Callable[[Received], Steps]


class RawProvider:
    """Listens on loopback; one at a time may use a port."""

    def __init__(self) -> None:
        self.answers: Answers = ()
        self.calls: list[Received] = []
        self.connections: list[Connection] = []
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, port: int = 0, tls: ssl.SSLContext | None = None) -> int:
        loop = asyncio.get_running_loop()
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        self._server = await loop.create_server(lambda: Connection(self), sock=sock, ssl=tls, backlog=4096)
        self.port = int(sock.getsockname()[1])
        return self.port

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self.connections:
            connection.end()
        tasks = [connection.task for connection in self.connections if connection.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def called(self, count: int = 1, within_s: float = 5.0) -> Received:
        """Wait until `count` requests have come; give the last of them."""
        async with asyncio.timeout(within_s):
            while len(self.calls) < count:
                await asyncio.sleep(0.002)
        return self.calls[count - 1]

    def steps(self, received: Received) -> Steps:
        answers = self.answers
        return answers(received) if callable(answers) else answers


class Connection(asyncio.Protocol):
    """One connection of the peer.

    closed_at   when it hung up, None while it has not
    served      the requests that came on it
    """

    def __init__(self, provider: RawProvider) -> None:
        self._provider = provider
        self._pending = b""
        self._wake = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport | None = None
        self.task: asyncio.Task[None] | None = None
        self.opened_at = 0.0
        self.closed_at: float | None = None
        self.sent_bytes = 0
        self.served: list[Received] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.opened_at = time.monotonic()
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._provider.connections.append(self)
        self.task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._pending += data
        self._wake.set()

    def eof_received(self) -> None:
        self._hung_up()

    def connection_lost(self, exc: Exception | None) -> None:
        self._hung_up()
        self._writable.set()
        if self.task is not None:
            self.task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _hung_up(self) -> None:
        if self.closed_at is None:
            self.closed_at = time.monotonic()

    async def closed(self, within_s: float = 5.0) -> float:
        """Wait until the peer has hung up; give the moment. TimeoutError when it does not."""
        async with asyncio.timeout(within_s):
            while self.closed_at is None:
                await asyncio.sleep(0.002)
        return self.closed_at

    def end(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def _serve(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                received = await self._request()
                self.served.append(received)
                self._provider.calls.append(received)
                for step in self._provider.steps(received):
                    await self._take(step)

    async def _request(self) -> Received:
        while b"\r\n\r\n" not in self._pending:
            await self._more()
        head, _, _ = self._pending.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        size = len(head) + 4 + length
        while len(self._pending) < size:
            await self._more()
        content, self._pending = self._pending[len(head) + 4 : size], self._pending[size:]
        return Received(self, head, content, time.monotonic())

    async def _more(self) -> None:
        self._wake.clear()
        await self._wake.wait()

    async def _take(self, step: Step) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            raise asyncio.CancelledError
        if isinstance(step, bytes):
            self._transport.write(step)
            self.sent_bytes += len(step)
            await self._writable.wait()
        elif isinstance(step, Do):
            await self._do(step)
        else:
            await asyncio.sleep(step)

    async def _do(self, step: Do) -> None:
        transport = self._transport
        assert transport is not None
        if step is STALL:
            await asyncio.Event().wait()
        while transport.get_write_buffer_size():  # what was told to be sent before must have left
            await asyncio.sleep(0.002)
        if step is FIN:
            transport.close()
        elif step is RST:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            transport.abort()
        await asyncio.sleep(0)
