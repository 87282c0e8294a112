"""Streams to test with: builders of Messages frames, ways to cut a body into reads, and hypothesis strategies.

Every builder gives bytes exactly as a provider would send them; every splitter gives non-empty pieces that joined give
the body (an empty read would be an end of input for a Pipeline).
"""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import strategies as st

ABSENT: Any = object()
"""Given as `usage`: leave the member out."""


def sse(event: str, data: str) -> bytes:
    """One frame in the one form that a Pipeline writes."""
    return f"event: {event}\ndata: {data}\n\n".encode()


def frame(event: str, **fields: Any) -> bytes:
    """One Messages frame in canonical form, its type repeated in its data."""
    return sse(event, json.dumps({"type": event, **fields}, ensure_ascii=False))


def message_start(usage: Any = None, **fields: Any) -> bytes:
    """A `message_start` with twelve input tokens, unless told otherwise; `usage`: not null, or ABSENT."""
    message: dict[str, Any] = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 1} if usage is None else usage,
    }
    return frame("message_start", message=_present(message | fields))


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ABSENT}


def block_start(index: int, block: dict[str, Any] | None = None) -> bytes:
    """A `content_block_start`, of an empty text block unless told otherwise."""
    return frame("content_block_start", index=index, content_block=block or {"type": "text", "text": ""})


def delta(index: int, kind: str, **fields: Any) -> bytes:
    """A `content_block_delta` whose delta has the given type."""
    return frame("content_block_delta", index=index, delta={"type": kind, **fields})


def text(index: int, value: str) -> bytes:
    """A `content_block_delta` with text."""
    return delta(index, "text_delta", text=value)


def block_stop(index: int) -> bytes:
    """A `content_block_stop`."""
    return frame("content_block_stop", index=index)


def message_delta(stop_reason: str | None = "end_turn", usage: Any = None) -> bytes:
    """A `message_delta` with fifteen output tokens, unless told otherwise; `usage`: not null, or ABSENT."""
    members = {
        "delta": {"stop_reason": stop_reason, "stop_sequence": None},
        "usage": {"output_tokens": 15} if usage is None else usage,
    }
    return frame("message_delta", **_present(members))


PING = frame("ping")
STOP = frame("message_stop")
END = message_delta() + STOP


def text_block(index: int, *values: str) -> bytes:
    """A whole text block, one delta per value."""
    return block_start(index) + b"".join(text(index, value) for value in values) + block_stop(index)


def tool_block(index: int, *fragments: str, kind: str = "tool_use", name: str = "get_weather") -> bytes:
    """A whole tool block whose input arrives in the given fragments of JSON."""
    start = block_start(index, {"type": kind, "id": "toolu_01", "name": name, "input": {}})
    return start + b"".join(delta(index, "input_json_delta", partial_json=f) for f in fragments) + block_stop(index)


def thinking_block(index: int, signature: str, *values: str) -> bytes:
    """A whole thinking block, signed just before its stop."""
    start = block_start(index, {"type": "thinking", "thinking": "", "signature": ""})
    thoughts = b"".join(delta(index, "thinking_delta", thinking=value) for value in values)
    return start + thoughts + delta(index, "signature_delta", signature=signature) + block_stop(index)


def conversation(*blocks: bytes) -> bytes:
    """A complete answer around the given blocks."""
    return message_start() + b"".join(blocks) + END


def split_at(body: bytes, points: Sequence[int]) -> list[bytes]:
    """The body cut at the given offsets, empty pieces left out."""
    edges = [0, *sorted(points), len(body)]
    return [body[start:end] for start, end in pairwise(edges) if start < end]


def in_pieces(body: bytes, size: int) -> list[bytes]:
    """The body in reads of `size` bytes."""
    return [body[start : start + size] for start in range(0, len(body), size)]


def every_cut(body: bytes) -> Iterator[list[bytes]]:
    """The body in two reads, once for every place between two bytes."""
    return ([body[:point], body[point:]] for point in range(1, len(body)))


def random_splits(body: bytes, count: int, seed: int = 0) -> Iterator[list[bytes]]:
    """The body cut at up to eight random places, `count` times; the same ones in every run."""
    random = Random(seed)
    for _ in range(count):
        yield split_at(body, [random.randrange(len(body) + 1) for _ in range(random.randint(1, 8))])


def splits(body: bytes, exhaustive_to: int = 6000) -> Iterator[list[bytes]]:
    """All cuts of a short body, 200 random ones of a long body, and all fixed sizes from 1 to 16 of both."""
    yield from every_cut(body) if len(body) <= exhaustive_to else random_splits(body, 200)
    for size in range(1, 17):
        yield in_pieces(body, size)


_LINE_ENDS = [b"\n", b"\r", b"\r\n"]
_STRAYS = [
    b"\xff",
    b"\xe2\x82",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98",
    b"\x80",
    b"\xc0\xaf",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
]
_SNIPPETS = [
    "data",
    "event",
    "id",
    "retry",
    ":",
    ": ",
    " ",
    "\t",
    "\0",
    "7",
    "{}",
    "é",
    "漢",
    "😀",
    "\u2028",
    "\x85",
    "\x0b",
]


def sse_streams() -> st.SearchStrategy[bytes]:
    """Bodies made of the pieces that the grammar cares about, in any order."""
    piece = st.sampled_from([*(s.encode() for s in _SNIPPETS), *_LINE_ENDS, *_LINE_ENDS, *_STRAYS]) | st.binary(
        max_size=3
    )
    return st.lists(piece, max_size=60).map(b"".join)


def cuts() -> st.SearchStrategy[list[float]]:
    """Places to cut at, as shares of the length."""
    return st.lists(st.floats(0, 1), max_size=12)


def cut(body: bytes, places: Sequence[float]) -> list[bytes]:
    """The body cut at shares of its length."""
    return split_at(body, [int(place * len(body)) for place in places])


def conversations() -> st.SearchStrategy[bytes]:
    """Complete, well-formed Messages streams with text, tools, thinking, pings and unknown events."""
    values = st.lists(st.text(max_size=12), max_size=4)
    block = st.tuples(st.sampled_from(["text", "tool", "thinking"]), values)
    extra = st.sampled_from([b"", PING, frame("novelty", a=[1])])
    return st.lists(st.tuples(block, extra), max_size=4).map(_assemble)


def _assemble(parts: list[tuple[tuple[str, list[str]], bytes]]) -> bytes:
    return conversation(*(_block(index, kind, values) + extra for index, ((kind, values), extra) in enumerate(parts)))


def _block(index: int, kind: str, values: list[str]) -> bytes:
    if kind == "thinking":
        return thinking_block(index, "c2ln", *values)
    return text_block(index, *values) if kind == "text" else tool_block(index, *values)


def damaged_conversations() -> st.SearchStrategy[bytes]:
    """Messages streams with frames lost, doubled, swapped or rewritten, and bytes flipped."""
    return st.tuples(
        conversations(), st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1), st.binary(max_size=2)), max_size=4)
    ).map(lambda drawn: _damage(*drawn))


def _damage(body: bytes, wounds: list[tuple[int, float, bytes]]) -> bytes:
    for kind, place, insert in wounds:
        parts = body.split(b"\n\n")
        at = int(place * (len(parts) - 1))
        if kind < 2:
            body = b"\n\n".join(parts[:at] + parts[at + 1 :])
        elif kind < 4:
            body = b"\n\n".join([*parts[:at], parts[at], *parts[at:]])
        elif kind < 6:
            body = body.replace(b"\n", [b"\r\n", b"\r"][kind - 4])
        elif kind < 7:
            body = b"\n\n".join([*parts[:at], parts[at].partition(b"\n")[2], *parts[at + 1 :]])
        else:
            offset = int(place * len(body))
            body = body[:offset] + insert + body[offset + kind - 7 :]
    return body
