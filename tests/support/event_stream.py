"""Messages of AWS's event stream, made from the grammar and nothing of relay."""

import base64
import json
import struct
from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

Value = tuple[int, bytes]
"""A header's type and the bytes of its value, without their length."""


def text(value: str) -> Value:
    return 7, value.encode()


def message(headers: Mapping[str, Value], payload: bytes = b"") -> bytes:
    """One message with both checksums."""
    head = b"".join([_header(name, *value) for name, value in headers.items()])
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    body = prelude + struct.pack(">I", crc32(prelude)) + head + payload
    return body + struct.pack(">I", crc32(body))


def _header(name: str, kind: int, value: bytes) -> bytes:
    size = struct.pack(">H", len(value)) if kind in (6, 7) else b""
    return struct.pack("B", len(name.encode())) + name.encode() + struct.pack("B", kind) + size + value


def event(name: str, payload: Any) -> bytes:
    """An event with a JSON payload; bytes are a payload of their own."""
    said = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
    told = {":event-type": text(name), ":content-type": text("application/json"), ":message-type": text("event")}
    return message(told, said)


def exception(name: str, payload: Any) -> bytes:
    told = {":exception-type": text(name), ":content-type": text("application/json")}
    return message(told | {":message-type": text("exception")}, json.dumps(payload).encode())


def error(code: str, said: str) -> bytes:
    return message({":error-code": text(code), ":error-message": text(said), ":message-type": text("error")})


def chunk(native: Any, **more: Any) -> bytes:
    """One event of the Messages dialect, or any bytes, as InvokeModelWithResponseStream wraps it."""
    inner = native if isinstance(native, bytes) else json.dumps(native, ensure_ascii=False).encode()
    return event("chunk", {"bytes": base64.b64encode(inner).decode()} | more)


def body_of(lines: Iterable[str]) -> bytes:
    """A body from a golden case: a JSON object a line, of an event, a chunk of Invoke, a fault, or bytes in hex."""
    return b"".join([_made(json.loads(line)) for line in lines])


def _made(line: dict[str, Any]) -> bytes:
    match line:
        case {"hex": digits}:
            return bytes.fromhex(digits)
        case {"chunk": native, **rest}:
            return chunk(native, **rest.get("more", {}))
        case {"text": native}:
            return chunk(native.encode())
        case {"event": name, "raw": payload}:
            return event(name, payload.encode())
        case {"event": name, "payload": payload}:
            return event(name, payload)
        case {"exception": name, "payload": payload}:
            return exception(name, payload)
        case _:
            return error(line["error"], line["payload"])
