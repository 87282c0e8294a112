"""Bytes that a Messages provider would send: heads, frames, whole streams and answers, with every length right."""

import json
from collections.abc import Sequence
from typing import Any

SSE = "text/event-stream; charset=utf-8"


def head(content_type: str = SSE, status: str = "200 OK", *lines: str, length: int | None = None) -> bytes:
    """A response head; without `length` the content is chunked."""
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    return "\r\n".join((f"HTTP/1.1 {status}", f"content-type: {content_type}", framing, *lines, "", "")).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def frame(type: str, **members: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (type.encode(), json.dumps({"type": type} | members).encode())


def message_start(**members: Any) -> bytes:
    message: dict[str, Any] = {"id": "msg_raw", "type": "message", "role": "assistant", "model": "raw", "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 7, "output_tokens": 1}}
    return frame("message_start", message=message | members)


def delta(text: str) -> bytes:
    return frame("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def message_delta(output_tokens: int = 3) -> bytes:
    return frame(
        "message_delta",
        delta={"stop_reason": "end_turn", "stop_sequence": None},
        usage={"output_tokens": output_tokens},
    )


def opening() -> bytes:
    """What comes before the first delta."""
    return message_start() + frame("content_block_start", index=0, content_block={"type": "text", "text": ""})


def closing() -> bytes:
    """What comes after the last delta."""
    return frame("content_block_stop", index=0) + message_delta() + frame("message_stop")


def stream(texts: Sequence[str] = ("hello", " world")) -> bytes:
    """All frames of an answer in one text block."""
    return opening() + b"".join(delta(text) for text in texts) + closing()


def streamed(texts: Sequence[str] = ("hello", " world"), *lines: str) -> bytes:
    """A whole HTTP response that streams an answer."""
    return head(SSE, "200 OK", *lines) + chunk(stream(texts)) + LAST_CHUNK


def message(text: str = "hello world", **members: Any) -> bytes:
    """The JSON of a unary answer."""
    return json.dumps(
        {
            "id": "msg_raw",
            "type": "message",
            "role": "assistant",
            "model": "raw",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 7, "output_tokens": 3},
        }
        | members
    ).encode()


def whole(content: bytes, status: str = "200 OK", content_type: str = "application/json", *lines: str) -> bytes:
    """A whole HTTP response with its length."""
    return head(content_type, status, *lines, length=len(content)) + content


def failure(status: str, type: str, text: str, *lines: str) -> bytes:
    """A whole error response in the dialect's envelope."""
    envelope = {"type": "error", "error": {"type": type, "message": text}, "request_id": "req_raw"}
    return whole(json.dumps(envelope).encode(), status, "application/json", *lines)
