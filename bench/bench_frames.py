"""Frames as providers send them, for the benches: four shapes of delta, and reads of 1, 8 and 64 of them."""

import json

EVENTS_PER_READ = (1, 8, 64)

_PROSE = "The gateway forwards what it reads, and says at the end what it was. " * 15


def _delta(kind: str, **fields: str) -> bytes:
    event = {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **fields}}
    return f"event: content_block_delta\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


SHAPES = {
    "tiny": _delta("text_delta", text=" the"),
    "tool": _delta("input_json_delta", partial_json='{"path": "src/main.py", "line": 1'),
    "prose": _delta("text_delta", text=_PROSE[:1024]),
    "unicode": _delta("text_delta", text="Grüße aus 東京 😀 и привет"),
}
"""One frame of each shape."""

START = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant",'
    b'"model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,'
    b'"usage":{"input_tokens":25,"cache_read_input_tokens":2048,"output_tokens":1}}}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    b'"content_block":{"type":"text","text":""}}\n\n'
)
"""What comes before the first delta."""

READS = [(shape, count) for shape in SHAPES for count in EVENTS_PER_READ]


def read(shape: str, count: int) -> bytes:
    """One read of `count` events."""
    return SHAPES[shape] * count


def data_of(shape: str) -> bytes:
    """The JSON text of one event."""
    return SHAPES[shape].split(b"data: ")[1].rstrip(b"\n")
