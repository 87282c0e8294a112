"""Runs of a Pipeline, and how a run is held against the reference."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from relay._core import LimitExceeded, PeerError, Pipeline, ProtocolError, Report
from tests.reference.messages import Observed
from tests.reference.usage import INPUT_ESTIMATE, reckon

_FRAME = re.compile(rb"event: ([^\r\n]*)\ndata: ([^\r\n]*)\n\n")
_TIMES_AND_BYTES = ("first_event_ns", "first_content_ns", "last_event_ns", "bytes_in", "bytes_out")


@dataclass(frozen=True)
class Chat:
    """What a Pipeline asks of a request that was translated to Chat Completions."""

    names: dict[bytes, bytes] = field(default_factory=dict)
    single: bool = False
    dialect: str = "chat"


@dataclass(frozen=True)
class Run:
    """What came of one body.

    output    all that was written
    outcome   name of the exception, None for a complete answer
    detail    of a PeerError: (type, message)
    """

    output: bytes
    outcome: str | None
    detail: tuple[str, str] | None
    report: dict[str, Any]


def run(pieces: Iterable[bytes], **options: Any) -> Run:
    """Feed the pieces and the end, as the gateway does, and stop where the pipeline stops."""
    pipeline = Pipeline(**options)
    output = b""
    for piece in (*pieces, b""):
        written = pipeline.feed(piece, 1_000)
        assert written == b"" or written.endswith(b"\n\n")
        output += written
        if not pipeline:
            break
    return Run(output, *_fault(pipeline), facts(pipeline.report()))


def facts(report: Report) -> dict[str, Any]:
    """All that a report says, by name; `event_count` is checked here, for it is the sum of others."""
    found = {name: getattr(report, name) for name in dir(report) if not name.startswith("_")}
    estimates = (INPUT_ESTIMATE, report.estimated_output_tokens) if report.content_events else None
    is_final = report.basis == "provider_final"
    assert found.pop("reckoned")(lambda: INPUT_ESTIMATE) == reckon(report.usage, is_final, estimates)
    assert found.pop("event_count") == sum(report.events.values())
    return found


def _fault(pipeline: Pipeline) -> tuple[str | None, tuple[str, str] | None]:
    try:
        pipeline.check()
    except PeerError as fault:
        return "PeerError", (fault.type, fault.message)
    except (ProtocolError, LimitExceeded) as fault:
        return type(fault).__name__, None
    return None, None


def sent(output: bytes) -> list[tuple[str, str]]:
    """The (type, data) of frames that are all in the one form that a client gets; anything else fails."""
    assert _FRAME.sub(b"", output) == b""
    return [(kind.decode(), data.decode()) for kind, data in _FRAME.findall(output)]


def assert_agrees(done: Run, expected: Observed) -> None:
    """Fail unless output, end and report of a run are those of the reference."""
    frames = sent(done.output)
    assert [kind for kind, _ in frames] == [frame.type for frame in expected.sent]
    for (_, data), frame in zip(frames, expected.sent, strict=True):
        assert data == frame.data if frame.exact else strict_json(data) == json.loads(frame.data)
    assert (done.outcome, done.detail) == (expected.outcome, expected.detail)
    assert {name: value for name, value in done.report.items() if name not in _TIMES_AND_BYTES} == expected.report()
    assert done.report["bytes_out"] == len(done.output)


def strict_json(data: str) -> Any:
    """The value of a JSON text in which no object has a key twice."""
    return json.loads(data, object_pairs_hook=_without_doubles)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    assert len(members) == len(pairs), "a key came twice"
    return members
