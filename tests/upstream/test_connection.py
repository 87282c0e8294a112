"""A connection against real sockets, where a system test can't see what becomes of it."""

import asyncio

from relay.clock import Clock
from relay.outbox import Outbox
from relay.upstream.connection import Connection

REFUSAL = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}"


async def kept_after(content: bytes) -> list[Connection]:
    """Send a request to a provider that answers its head and reads no further; give what was kept for another."""
    kept: list[Connection] = []
    over = asyncio.Event()

    async def provider(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(REFUSAL)
        await over.wait()
        writer.close()

    server = await asyncio.start_server(provider, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(Clock(), Outbox(), kept.append, lambda connection: None), "127.0.0.1", port
    )
    read: list[bytes] = []
    connection.send(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(content), content)
    await connection.head()
    while await connection.pump(lambda data: bool(read.append(data))):
        continue
    connection.release()
    over.set()
    server.close()

    assert (connection.status, b"".join(read)) == (400, b"{}")
    connection.abort()
    return kept


async def test_a_connection_is_kept_when_all_was_written() -> None:
    assert len(await kept_after(b"{}")) == 1


async def test_a_connection_on_which_a_request_still_waits_is_not_kept() -> None:
    assert await kept_after((32 << 20) * b"x") == []
