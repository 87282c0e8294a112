"""A client that speaks Chat Completions: how it asks, and what it can bear (wire-protocols 3.2)."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.core.running import Run

Json = dict[str, Any]
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Client:
    """How a client of this dialect asked to be answered."""

    names: dict[bytes, bytes] = field(default_factory=dict)
    include_usage: bool = False
    dialect: str = "chat"


def told(output: bytes) -> list[Json]:
    """The chunks of an output, whose framing must be the one that clients can bear."""
    frames = output.split(b"\n\n")
    assert frames.pop() == b""
    if frames and frames[-1] == b"data: [DONE]":
        frames.pop()
    assert all(frame.startswith(b"data: {") and b"\n" not in frame for frame in frames)
    return [json.loads(frame[6:]) for frame in frames]


def assert_sound(done: Run, asked: bool) -> None:
    """Fail unless the output keeps the grammar of wire-protocols 3.2."""
    found = told(done.output)
    assert done.output.endswith(DONE) == (done.outcome is None)
    if not found:
        return
    assert len({(part["id"], part["created"], part["object"], part["model"]) for part in found}) == 1
    assert found[0]["object"] == "chat.completion.chunk"
    if asked and done.outcome is None:
        last = found.pop()
        assert (last["choices"], last["usage"]["total_tokens"] >= 0) == ([], True)
    assert all(len(part["choices"]) == 1 and "usage" not in part for part in found)
    choices = [part["choices"][0] for part in found]
    assert [choice["delta"].get("role") for choice in choices] == ["assistant"] + [None] * (len(choices) - 1)
    finishes = [choice["finish_reason"] for choice in choices]
    assert all(finish is None for finish in finishes[:-1])
    assert (finishes[-1] is not None) == (done.outcome is None)
    _assert_calls_in_order([call for choice in choices for call in choice["delta"].get("tool_calls", ())])


def _assert_calls_in_order(fragments: list[Json]) -> None:
    """Numbered from 0, one behind the other, named once."""
    at = -1
    for fragment in fragments:
        if "id" in fragment:
            at += 1
            assert (fragment["type"], fragment["function"]["arguments"]) == ("function", "")
        else:
            assert fragment.keys() == {"index", "function"}
            assert fragment["function"].keys() == {"arguments"}
        assert fragment["index"] == at
