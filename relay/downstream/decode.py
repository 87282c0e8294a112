"""A request's content into a Call: read with limits, parse, check. Faults are named before anything is sent."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from relay._core import LimitExceeded, ProtocolError, members
from relay.call import Call, Identity
from relay.dialects import schema
from relay.errors import CallerInvalid, CallerSlow, CallerTooLarge, CallerUnsupported

MAX_DEPTH = 64
MAX_SESSION_ID = 256
MIN_RATE = 16 << 10
RATE_GRACE_S = 5.0


async def read_content(request: web.BaseRequest, limit_bytes: int, body_read_s: float) -> bytes:
    """Give the request's content.

    raises   CallerUnsupported for a coded body; CallerTooLarge; CallerSlow: silent for `body_read_s`, or under 16 KiB/s
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise CallerUnsupported("content-encoding: request bodies are taken uncompressed only", 415)
    if (request.content_length or 0) > limit_bytes:
        raise CallerTooLarge(f"body: larger than {limit_bytes} bytes")
    if request.headers.get("expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    stream = request.content
    if stream.is_eof():
        return stream.read_nowait()
    return await _read_on(stream, limit_bytes, body_read_s)


async def _read_on(stream: Any, limit_bytes: int, body_read_s: float) -> bytes:
    """Take a body that comes in several reads."""
    content = bytearray()
    clock = asyncio.get_running_loop().time
    started = clock()
    try:
        async with asyncio.timeout(None) as patience:
            while not stream.at_eof():
                by_rate = started + RATE_GRACE_S + len(content) / MIN_RATE
                patience.reschedule(min(clock() + body_read_s, max(by_rate, clock() + 1.0)))
                content += await stream.readany()
                if len(content) > limit_bytes:
                    raise CallerTooLarge(f"body: larger than {limit_bytes} bytes")
    except TimeoutError:
        raise CallerSlow("the request's content did not come in time") from None
    return bytes(content)


def parse(content: bytes) -> dict[str, Any]:
    """Give the JSON object that a request is; CallerInvalid names the byte where it is none."""
    try:
        spans = members(content, MAX_DEPTH)
        body: dict[str, Any] = orjson.loads(content)
    except LimitExceeded:
        raise CallerInvalid(f"body: nested deeper than {MAX_DEPTH} levels") from None
    except orjson.JSONDecodeError as fault:
        raise CallerInvalid(f"body: invalid JSON at byte {len(fault.doc[: fault.pos].encode())}") from None
    except ProtocolError as fault:
        raise CallerInvalid(f"body: {fault}") from None
    if len(body) != len(spans):
        names = [span[0] for span in spans]
        raise CallerInvalid(f"{next(name for name in names if names.count(name) > 1)}: given twice")
    return body


def call(
    id: str,
    operation: str,
    content: bytes,
    fields: Mapping[str, str],
    betas: list[str],
    identity: Identity,
    received_ns: int,
) -> Call:
    """Check a request and give it as a call; `betas` are all values of both beta fields."""
    body = parse(content)
    _refuse_fields(fields)
    schema.check(body)
    session_id = fields.get("x-session-id") or fields.get("x-claude-code-session-id")
    if session_id is not None and len(session_id) > MAX_SESSION_ID:
        raise CallerInvalid(f"x-session-id: longer than {MAX_SESSION_ID} characters")
    return Call(
        id=id,
        operation=operation,
        model=body["model"],
        content=content,
        size=len(content),
        body=body,
        identity=identity,
        stream=body.get("stream") is True and operation == "chat",
        received_ns=received_ns,
        version=fields.get("anthropic-version"),
        betas=_merged(betas),
        session_id=session_id,
        app=fields.get("x-openrouter-title") or fields.get("x-title") or fields.get("x-app"),
        reports=fields.get("x-relay-metadata") == "1",
    )


_NOT_BUILT = {
    "x-openrouter-metadata": "enabled",
    "x-openrouter-experimental-metadata": "enabled",
    "x-openrouter-cache": "true",
}


def _refuse_fields(fields: Mapping[str, str]) -> None:
    """An extension that is asked for and not built is refused, never ignored."""
    for name, on in _NOT_BUILT.items():
        if fields.get(name, "").lower() == on:
            raise CallerInvalid(f"{name}: this version of relay does not support it yet; remove the header field")


def _merged(betas: list[str]) -> str | None:
    names = dict.fromkeys(name.strip() for value in betas for name in value.split(",") if name.strip())
    return ",".join(names) or None
