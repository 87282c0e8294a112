"""A request's content into a Call: read with limits, parse, check. Faults are named before anything is sent."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from aiohttp import StreamReader

from relay._core import LimitExceeded, ProtocolError, members, utf8_length
from relay.call import Call, Identity, Member
from relay.catalog import Secret
from relay.dialects import extensions
from relay.dialects.check import check
from relay.dialects.inbound import Client, Inbound
from relay.errors import CallerInvalid, CallerSlow, CallerTooLarge, CallerUnsupported

MAX_DEPTH: Final = 64
MAX_APP: Final = 128
MIN_RATE: Final = 16 << 10
RATE_GRACE_S: Final = 5.0

Fields = dict[bytes, bytes]
Inwards = Callable[[bytes, Sequence[Member]], Inbound]

_METADATA: Final = (b"x-openrouter-metadata", b"x-openrouter-experimental-metadata")
_CACHE: Final = b"x-openrouter-cache"
_ASKING: Final = frozenset((*_METADATA, _CACHE))
_SESSION: Final = (b"x-session-id", b"x-claude-code-session-id")
_APP: Final = (b"x-openrouter-title", b"x-title", b"x-app")


def check_content(fields: Fields, limit_bytes: int) -> None:
    """Look at what the fields say of the content.

    raises   CallerUnsupported for a coded one; CallerTooLarge
    """
    if fields.get(b"content-encoding", b"identity").lower() != b"identity":
        raise CallerUnsupported("content-encoding: request bodies are taken uncompressed only", 415)
    length = fields.get(b"content-length")
    if length is not None:
        check_size(int(length), limit_bytes)


def check_size(size: int, limit_bytes: int) -> None:
    """Look at how large the content is.

    raises   CallerTooLarge
    """
    if size > limit_bytes:
        raise CallerTooLarge(f"body: larger than {limit_bytes} bytes")


async def read_content(stream: StreamReader, limit_bytes: int, body_read_s: float, is_chunked: bool) -> bytes:
    """Give content that comes in several reads, up to the first bytes over the limit.

    is_chunked   in HTTP chunks, which may be a byte each: what waits is joined before it is kept
    raises   CallerSlow: silent for `body_read_s`, or under 16 KiB/s
    """
    parts: list[bytes] = []
    size = 0
    clock = asyncio.get_running_loop().time
    started = clock()
    try:
        async with asyncio.timeout(None) as patience:
            while not stream.at_eof() and size <= limit_bytes:
                patience.reschedule(min(clock() + body_read_s, started + RATE_GRACE_S + size / MIN_RATE))
                part = await stream.readany() if is_chunked else (await stream.readchunk())[0]
                parts.append(part)
                size += len(part)
    except TimeoutError:
        raise CallerSlow("the request's content did not come in time") from None
    return b"".join(parts)


def parse(content: bytes) -> list[Member]:
    """Give where the members of the JSON object that a request is lie in it.

    raises   CallerInvalid, naming the byte where it is none
    """
    valid = utf8_length(content)
    if valid < len(content):
        raise CallerInvalid(f"body: invalid UTF-8 at byte {valid}")
    try:
        spans = members(content, MAX_DEPTH)
    except LimitExceeded:
        raise CallerInvalid(f"body: nested deeper than {MAX_DEPTH} levels") from None
    except ProtocolError as fault:
        raise CallerInvalid(f"body: {fault}") from None
    seen = set()
    for span in spans:
        if span[0] in seen:
            raise CallerInvalid(f"{span[0][:64]}: given twice")
        seen.add(span[0])
    return spans


def call(
    id: str,
    operation: str,
    content: bytes,
    fields: Fields,
    identity: Identity,
    received_ns: int,
    credential: Secret | None = None,
) -> Call:
    """Check a request and give it as a call; `credential` is the client's own for a provider."""
    spans = parse(content)
    describes = not _ASKING.isdisjoint(fields) and _describes(fields) and operation == "chat"
    said = extensions.read(content, spans, identity.policy)
    model, stream = check(content, spans)
    return Call(
        id,
        operation,
        model,
        stream and operation == "chat",
        content,
        spans,
        identity,
        received_ns,
        version=fields.get(b"anthropic-version"),
        betas=_betas(fields),
        session_id=said.session_id or _session(fields),
        app=_text(fields, _APP)[:MAX_APP] or None,
        reports=fields.get(b"x-relay-metadata") == b"1",
        redact=said.redact,
        preferences=said.preferences,
        describes=describes,
        plugins=said.plugins,
        user=said.user,
        credential=credential,
    )


def heard(
    inbound: Inwards,
    id: str,
    content: bytes,
    fields: Fields,
    identity: Identity,
    received_ns: int,
    credential: Secret | None = None,
) -> tuple[Call, Client]:
    """Check a request of another dialect; give it as a call of the hub, and how its client is answered.

    inbound   gives the hub's request
    """
    found = inbound(content, parse(content))
    asked = call(id, "chat", found.content, fields, identity, received_ns, credential)
    if found.unread:
        asked.plugins = replace(asked.plugins, ignored=(*asked.plugins.ignored, *found.unread))
    return asked, found.client


def _describes(fields: Fields) -> bool:
    """Tell whether `openrouter_metadata` is asked for.

    raises   CallerInvalid for a field that asks for what is not built
    """
    if fields.get(_CACHE, b"").lower() == b"true":
        raise CallerInvalid(f"{_CACHE.decode()}: this version of relay does not support it yet; remove the field")
    return any(fields.get(name, b"").lower() == b"enabled" for name in _METADATA)


def _betas(fields: Fields) -> bytes | None:
    """Give the names of both beta fields, each once, in order."""
    first, second = fields.get(b"anthropic-beta"), fields.get(b"x-anthropic-beta")
    if first is None and second is None:
        return None
    names = ((first or b"") + b"," + (second or b"")).split(b",")
    return b",".join(dict.fromkeys([name.strip() for name in names if name.strip()])) or None


def _session(fields: Fields) -> str | None:
    session_id = _text(fields, _SESSION)
    if len(session_id) > extensions.MAX_SESSION_ID:
        raise CallerInvalid(f"x-session-id: longer than {extensions.MAX_SESSION_ID} characters")
    return session_id or None


def _text(fields: Fields, names: Sequence[bytes]) -> str:
    """Give the first of these fields that is there, as text."""
    for name in names:
        if name in fields:
            return fields[name].decode("utf-8", "replace")
    return ""
