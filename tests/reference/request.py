"""Requests as aiohttp's parser reads them, which is the one that answers what relay's short way leaves."""

import asyncio
from typing import NamedTuple

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser

LOOP = asyncio.new_event_loop()
NEXT = b"GET /next HTTP/1.1\r\nhost: x\r\n\r\n"


class Read(NamedTuple):
    """What a parser makes of the bytes of one request."""

    method: str
    path: str
    fields: dict[bytes, bytes]
    content: bytes


def read(data: bytes) -> list[Read] | None:
    """Give the requests in these bytes, all of them whole; None when it refuses one, or waits for more of it."""
    protocol = BaseProtocol(LOOP)
    parser = HttpRequestParser(
        protocol,
        LOOP,
        2**16,
        max_line_size=16 << 10,
        max_headers=128,
        max_field_size=16 << 10,
        auto_decompress=False,
    )
    protocol._parser = parser
    try:
        messages, upgraded, _ = parser.feed_data(data)
    except HttpProcessingError:
        return None
    found = []
    for message, payload in messages:
        if message.should_close or message.upgrade or message.chunked or not payload.is_eof() or upgraded:
            return None
        fields = {name.lower(): value for name, value in message.raw_headers}
        found.append(Read(message.method, message.path, fields, payload.read_nowait()))
    return found


def agrees(data: bytes, ours: Read) -> bool:
    """Tell whether aiohttp reads this one request as we did, and what would follow as a request of its own."""
    found = read(data + NEXT)
    return found is not None and found == [ours, Read("GET", "/next", {b"host": b"x"}, b"")]
