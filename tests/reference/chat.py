"""A Chat Completions stream to the message that it says, slowly and obviously: the oracle of ChatDecoder.

source    spec/wire-protocols.md 3.2 to 3.4, 4.2, 5.2
"""

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.reference.sse import events

Json = dict[str, Any]
_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "function_call": "tool_use"}
_REASONS |= {"content_filter": "refusal", "refusal": "refusal", "max_tokens": "max_tokens"}


class Ended(Exception):
    """The stream is at fault; the text is the name of the fault."""


@dataclass
class Call:
    """One tool call as its fragments make it."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""
    begun: bool = False
    ended: bool = False

    @property
    def is_whole(self) -> bool:
        """Its arguments are an object, an array or a string, perhaps with something behind it."""
        text = self.arguments.lstrip()
        if not text.startswith(("{", "[", '"')):
            return False
        try:
            json.JSONDecoder(strict=False).raw_decode(text)
        except json.JSONDecodeError:
            return False
        return True


@dataclass
class Answered:
    """What a stream says so far: blocks as [kind, text or call]."""

    blocks: list[list[Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    current: Call | None = None
    late: dict[str, str] = field(default_factory=lambda: {"thinking": "", "text": ""})
    reason: str | None = None
    refused: bool = False
    usage: dict[str, int] = field(default_factory=dict)
    outcome: str | None = None

    def content(self) -> list[Json]:
        """The blocks of the message; of a tool call its arguments as they came."""
        return [
            {"type": "tool_use", "id": said.id, "name": said.name, "arguments": said.arguments}
            if kind == "tool"
            else {"type": kind, kind: said}
            for kind, said in self.blocks
        ]

    def stop_reason(self) -> str:
        reason = _REASONS.get(self.reason or "", "end_turn")
        if reason in ("end_turn", "tool_use"):
            return "tool_use" if any(kind == "tool" for kind, _ in self.blocks) else self._without_tools()
        return reason

    def _without_tools(self) -> str:
        return "refusal" if self.refused else "end_turn"


def answered(body: bytes) -> Answered:
    """Read a whole body."""
    seen = Answered()
    try:
        for type, data, _ in events(body):
            if data.strip(" \n") == "[DONE]":
                break
            if data.strip(" \n"):
                _chunk(seen, type, data)
        _end(seen)
    except Ended as fault:
        seen.outcome = str(fault)
    return seen


def _chunk(seen: Answered, type: str, data: str) -> None:
    try:
        chunk = json.loads(data)
    except json.JSONDecodeError:
        raise Ended("ProtocolError") from None
    if chunk.get("error") not in (None, "") or chunk.get("object") == "error" or type == "error":
        raise Ended("PeerError")
    for choice in chunk.get("choices") or []:
        if isinstance(choice, dict) and not choice.get("index"):
            _choice(seen, choice)
    if isinstance(chunk.get("usage"), dict):
        _usage(seen, chunk["usage"])


def _choice(seen: Answered, choice: Json) -> None:
    delta = choice.get("delta")
    if isinstance(delta, dict):
        reasoning = [delta[key] for key in ("reasoning_content", "reasoning") if isinstance(delta.get(key), str)]
        _speak(seen, "thinking", next(filter(None, reasoning), ""))
        _speak(seen, "text", delta.get("content") or "")
        seen.refused = seen.refused or bool(delta.get("refusal"))
        _speak(seen, "text", delta.get("refusal") or "")
        for fragment in delta.get("tool_calls") or []:
            _fragment(seen, fragment)
    if choice.get("finish_reason"):
        seen.reason = choice["finish_reason"]
        if seen.reason == "error":
            raise Ended("PeerError")


def _open(seen: Answered) -> Call | None:
    return next((call for call in seen.calls if call.begun and not call.ended), None)


def _speak(seen: Answered, kind: str, text: str) -> None:
    if not text:
        return
    call = _open(seen)
    if call is not None and not call.is_whole:
        seen.late[kind] += text
        return
    if call is not None:
        call.ended = True
    _say(seen, kind, text)


def _say(seen: Answered, kind: str, text: str) -> None:
    if not seen.blocks or seen.blocks[-1][0] != kind:
        seen.blocks.append([kind, ""])
    seen.blocks[-1][1] += text


def _fragment(seen: Answered, fragment: Json) -> None:
    function = fragment.get("function") or {}
    index, id, name = fragment.get("index"), fragment.get("id") or "", function.get("name") or ""
    call = _call_of(seen, index, id, name)
    seen.current = call
    call.id, call.name = call.id or id, call.name or name
    call.index = call.index if index is None else index
    arguments = function.get("arguments") or ""
    if not call.ended:
        call.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments)
    if not call.begun:
        _advance(seen)


def _call_of(seen: Answered, index: int | None, id: str, name: str) -> Call:
    """Rules of 3.3, in their order."""
    indexed = next((call for call in reversed(seen.calls) if call.index == index), None) if index is not None else None
    same: Call | None
    if id:
        same = next((call for call in seen.calls if call.id == id), None)
        if same is None:
            same = indexed if index is not None else seen.current
            if same is not None and (same.id or (same.name and name)):
                same = None
    elif index is not None:
        same = indexed or (None if name else seen.current)
    else:
        same = seen.current
        if same is not None and (same.is_whole or (name and same.name and name != same.name)):
            same = None
    if same is None:
        same = Call()
        seen.calls.append(same)
    return same


def _advance(seen: Answered) -> None:
    """Begin the blocks of calls whose turn has come."""
    while True:
        waiting = next((call for call in seen.calls if not call.begun), None)
        call = _open(seen)
        if waiting is None or not waiting.name or (call is not None and not call.is_whole):
            return
        if call is not None:
            call.ended = True
        waiting.begun = True
        seen.blocks.append(["tool", waiting])


def _end(seen: Answered) -> None:
    if seen.reason is None:
        raise Ended("Truncated")
    for call in seen.calls:
        if not call.begun:
            if not call.name:
                raise Ended("ProtocolError")
            seen.blocks.append(["tool", call])
    for kind in ("thinking", "text"):
        if seen.late[kind]:
            _say(seen, kind, seen.late[kind])


def _usage(seen: Answered, usage: Json) -> None:
    details, spent = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    told = {
        "prompt": usage.get("prompt_tokens"),
        "output_tokens": usage.get("completion_tokens"),
        "cache_read_input_tokens": details.get("cached_tokens", usage.get("prompt_cache_hit_tokens")),
        "cache_creation_input_tokens": details.get("cache_write_tokens"),
        "reasoning_output_tokens": spent.get("reasoning_tokens"),
    }
    seen.usage |= {name: count for name, count in told.items() if isinstance(count, int)}


class Told(Protocol):
    """Whatever keeps the numbers that a stream told."""

    usage: dict[str, int]


def usage_of(seen: Told) -> dict[str, int]:
    """The usage in the hub's sense, by the names of spec/operations.md USG-2."""
    told = dict(seen.usage)
    if (prompt := told.pop("prompt", None)) is not None:
        cached = told.get("cache_read_input_tokens", 0) + told.get("cache_creation_input_tokens", 0)
        told["input_tokens"] = max(0, prompt - cached)
    return told
