"""For the tests of the embedded provider: one without a pace, and a client that is nothing but a socket. For those of
the command line: a file, and the variables that would interfere."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from relay.run.demo import DemoServer
from tests.config.shapes import MINIMAL

HTTP_ERRORS = [
    ("error@status=401", openai.AuthenticationError),
    ("error@status=429", openai.RateLimitError),
    ("error@status=503", openai.InternalServerError),
]
VARIABLES = ("RELAY_CONFIG", "RELAY_LISTEN", "RELAY_OPS_LISTEN", "RELAY_URL", "RELAY_KEY", "ANTHROPIC_API_KEY")


@dataclass(frozen=True)
class Demo:
    """A started provider and where it listens."""

    server: DemoServer
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    server = DemoServer(pace_s=0)
    port = await server.start()
    yield Demo(server, port)
    await server.stop()


@dataclass(frozen=True)
class Raw:
    """What came back, read with nothing but a socket; `end` is `clean`, `cut` or `reset`."""

    head: bytes
    content: bytes
    end: str

    @property
    def frames(self) -> list[bytes]:
        return [frame for frame in self.content.split(b"\n\n") if frame]


def request(model: Any, path: str = "/v1/messages", **more: Any) -> bytes:
    body = {"model": model, "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": "hi"}]} | more
    content = json.dumps({key: value for key, value in body.items() if value is not ...}).encode()
    return b"POST %b HTTP/1.1\r\nhost: demo\r\nX-Mark: 1\r\ncontent-length: %d\r\n\r\n%b" % (
        path.encode(),
        len(content),
        content,
    )


async def ask(port: int, model: Any, path: str = "/v1/messages", **more: Any) -> Raw:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(model, path, **more))
    try:
        return await asyncio.wait_for(answered(reader), 20)
    finally:
        writer.close()


async def answered(reader: asyncio.StreamReader) -> Raw:
    head, pieces = await reader.readuntil(b"\r\n\r\n"), list[bytes]()
    try:
        if b"chunked" not in head:
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            return Raw(head, await reader.readexactly(length), "clean")
        while size := int(await reader.readuntil(b"\r\n"), 16):
            pieces.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
    except asyncio.IncompleteReadError as missing:
        return Raw(head, b"".join(pieces) + missing.partial, "cut")
    except ConnectionResetError:
        return Raw(head, b"".join(pieces), "reset")
    return Raw(head, b"".join(pieces), "clean")


async def get(port: int, path: str) -> Any:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET %b HTTP/1.1\r\nhost: demo\r\n\r\n" % path.encode())
    raw = await answered(reader)
    writer.close()
    return json.loads(raw.content)


@pytest.fixture
def relay_yaml(tmp_path: Path) -> Path:
    path = tmp_path / "relay.yaml"
    path.write_text(MINIMAL)
    return path
