"""The observe pipeline on a complete body, the obvious way: parse with the oracle, judge by the grammar, write anew.

Nothing is kept "as it came": every event is written as `event: T`, `data: J`, blank line, which for a well-formed frame
gives the same bytes again. Where relay writes JSON of its own (`Sent.exact` is False) only its value is laid down.

source    spec/wire-protocols.md 1.2, 1.3, 2.5, 6.4; spec/operations.md STR-1 to STR-10
"""

import json
import re
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from tests.reference.json import depth, load
from tests.reference.sse import BOM, Frame, frames
from tests.reference.tokens import estimate
from tests.reference.usage import is_count, reduce_usage

KINDS = (
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "ping",
    "error",
)
MAX_DEPTH = 500
_DELTAS = {f"{kind}_delta" for kind in ("text", "input_json", "thinking", "signature", "citations", "compaction")}
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_TEXT = re.compile(r'"(?:text|thinking|partial_json)"\s*:\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Sent:
    """One frame that the client gets.

    exact   True: these very characters; False: any JSON text of the same value, without doubled keys
    """

    type: str
    data: str
    exact: bool


class Ended(Exception):
    """How a stream ended before its message_stop.

    outcome   name of the exception that relay._core raises
    detail    of a PeerError: (type, message)
    """

    def __init__(self, outcome: str, detail: tuple[str, str] | None = None) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.detail = detail


@dataclass(slots=True)
class Observed:
    """What became of a body: frames to the client, the end, and the facts of the report."""

    sent: list[Sent] = field(default_factory=list)
    outcome: str | None = None
    detail: tuple[str, str] | None = None
    events: dict[str, int] = field(default_factory=dict)
    usages: list[Any] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    text_bytes: int = 0
    normalised: int = 0
    unknown_deltas: int = 0
    stop_reason: str | None = None
    response_id: str | None = None
    response_model: str | None = None
    started: bool = False
    done: bool = False
    data: str = ""
    rewritten: bool = False
    final_usage: bool = False
    blocks: int = 0
    open_block: int | None = None

    def report(self) -> dict[str, Any]:
        """Give what `Pipeline.report()` must say, times and byte counts apart."""
        usage, anomalies = reduce_usage(self.usages)
        final = self.final_usage and self.stop_reason is not None
        return {
            "usage": usage,
            "basis": "provider_final" if final else "provider_partial" if usage else "none",
            "anomalies": anomalies,
            "estimated_output_tokens": ceil(estimate("".join(self.texts)) - 1e-9),
            "events": self.events,
            "content_events": self.events.get("content_block_delta", 0),
            "text_bytes": self.text_bytes,
            "stop_reason": self.stop_reason,
            "response_id": self.response_id,
            "response_model": self.response_model,
            "normalised": self.normalised,
            "unknown_deltas": self.unknown_deltas,
            "ended": {None: "complete", "Truncated": "truncated", "PeerError": "error"}.get(self.outcome, "protocol"),
        }


def observe(body: bytes) -> Observed:
    """Give what relay makes of a complete body when nothing is spliced into it."""
    seen = Observed()
    try:
        for frame in frames(body)[0]:
            if frame.data is not None and not seen.done:
                _frame(seen, frame, frame.data)
        _end(seen)
    except Ended as end:
        seen.outcome, seen.detail = end.outcome, end.detail
    return seen


def _end(seen: Observed) -> None:
    if seen.done:
        return
    if seen.stop_reason is None:
        raise Ended("Truncated")
    _close_block(seen)
    seen.normalised += 1
    _send(seen, {"type": "message_stop"})


def _frame(seen: Observed, frame: Frame, data: str) -> None:
    if data.strip(" \n") in ("", "[DONE]"):
        seen.normalised += 1
        return
    seen.data = data
    event = _parsed(data)
    kind, given = _type(frame, event)
    sent = Sent(kind, data.replace("\n", " "), exact=not given)
    if given:
        sent = Sent(kind, json.dumps({"type": kind} | event), exact=False)
    seen.rewritten = given or f"event: {sent.type}\ndata: {sent.data}\n\n".encode() != frame.raw.removeprefix(BOM)
    seen.normalised += seen.rewritten
    seen.unknown_deltas += kind == "content_block_delta" and _delta(event).get("type") not in _DELTAS
    _judge(seen, event, kind, sent)
    name = kind if kind in KINDS else "unknown"
    seen.events[name] = seen.events.get(name, 0) + 1
    if kind == "error":
        raise Ended("PeerError", _complaint(event))


def _parsed(data: str) -> dict[str, Any]:
    raw = data.encode()
    try:
        load(raw)
        event = json.loads(data)
    except ValueError:
        raise Ended("ProtocolError") from None
    if depth(raw) > MAX_DEPTH:
        raise Ended("LimitExceeded")
    if not isinstance(event, dict):
        raise Ended("ProtocolError")
    return event


def _type(frame: Frame, event: dict[str, Any]) -> tuple[str, bool]:
    """The type of an event, and whether its JSON did not have it: the JSON says it, else the event line."""
    told = event.get("type")
    if isinstance(told, str) and (told == (frame.type or "") or _NAME.fullmatch(told)):
        return told, False
    if "type" in event:
        raise Ended("ProtocolError")
    if frame.type is not None and _NAME.fullmatch(frame.type):
        return frame.type, True
    if "error" in event:
        return "error", True
    raise Ended("ProtocolError")


def _judge(seen: Observed, event: dict[str, Any], kind: str, sent: Sent) -> None:
    """Hold one event against the grammar, note its facts and send it on."""
    if kind in ("ping", "error"):
        return
    if kind not in KINDS:
        seen.sent.append(sent)
        return
    if seen.started == (kind == "message_start"):
        raise Ended("ProtocolError")
    _JUDGES[kind](seen, event, sent)


def _message_start(seen: Observed, event: dict[str, Any], sent: Sent) -> None:
    message = event.get("message")
    if not isinstance(message, dict):
        raise Ended("ProtocolError")
    seen.started = True
    seen.response_id = _text(message.get("id"))
    seen.response_model = _text(message.get("model"))
    if isinstance(message.get("usage"), dict):
        seen.usages.append(message["usage"])
        seen.sent.append(sent)
    else:
        _count_rewritten(seen)
        _send(seen, {**event, "message": {**message, "usage": {"input_tokens": 0, "output_tokens": 1}}})
    seen.sent.append(Sent("ping", '{"type": "ping"}', exact=True))


def _block_start(seen: Observed, event: dict[str, Any], sent: Sent) -> None:
    if _index(event) != seen.blocks:
        raise Ended("ProtocolError")
    _close_block(seen)
    seen.open_block = seen.blocks
    seen.blocks += 1
    seen.sent.append(sent)


def _block_delta(seen: Observed, event: dict[str, Any], sent: Sent) -> None:
    if seen.open_block is None or _index(event) != seen.open_block:
        raise Ended("ProtocolError")
    members = _delta(event)
    texts = [members[name] for name in ("text", "thinking", "partial_json") if isinstance(members.get(name), str)]
    if texts:
        seen.texts.append(texts[-1])
        seen.text_bytes += len(_TEXT.findall(seen.data)[-1].encode())
    seen.sent.append(sent)


def _block_stop(seen: Observed, event: dict[str, Any], sent: Sent) -> None:
    if seen.open_block is None or _index(event) != seen.open_block:
        raise Ended("ProtocolError")
    seen.open_block = None
    seen.sent.append(sent)


def _message_delta(seen: Observed, event: dict[str, Any], sent: Sent) -> None:
    _close_block(seen)
    reason = _text(_delta(event).get("stop_reason"))
    seen.stop_reason = reason if reason is not None else seen.stop_reason
    if isinstance(event.get("usage"), dict):
        seen.usages.append(event["usage"])
        seen.final_usage |= is_count(event["usage"].get("output_tokens"))
        seen.sent.append(sent)
        return
    _count_rewritten(seen)
    told = max(int(reduce_usage(seen.usages)[0].get("output_tokens", 0)), ceil(estimate("".join(seen.texts)) - 1e-9))
    _send(seen, {**event, "usage": {"output_tokens": told}})


def _message_stop(seen: Observed, event: dict[str, Any], sent: Sent) -> None:
    if seen.stop_reason is None:
        raise Ended("Truncated")
    _close_block(seen)
    seen.done = True
    seen.sent.append(sent)


_JUDGES = {
    "message_start": _message_start,
    "content_block_start": _block_start,
    "content_block_delta": _block_delta,
    "content_block_stop": _block_stop,
    "message_delta": _message_delta,
    "message_stop": _message_stop,
}


def _close_block(seen: Observed) -> None:
    if seen.open_block is not None:
        seen.normalised += 1
        _send(seen, {"type": "content_block_stop", "index": seen.open_block})
    seen.open_block = None


def _send(seen: Observed, event: dict[str, Any]) -> None:
    seen.sent.append(Sent(event["type"], json.dumps(event), exact=False))


def _count_rewritten(seen: Observed) -> None:
    """Count a frame that is given a `usage`, unless it counts already."""
    seen.normalised += not seen.rewritten


def _delta(event: dict[str, Any]) -> dict[str, Any]:
    delta = event.get("delta")
    return delta if isinstance(delta, dict) else {}


def _index(event: dict[str, Any]) -> int | None:
    index = event.get("index")
    return index if type(index) is int else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _complaint(event: dict[str, Any]) -> tuple[str, str]:
    error = event.get("error")
    members = error if isinstance(error, dict) else {}
    messages = (members.get("message"), error, event.get("message"))
    return _text(members.get("type")) or "", next((m for m in messages if isinstance(m, str)), "")
