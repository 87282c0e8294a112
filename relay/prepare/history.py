"""`context_management`: forwarded where the endpoint edits its context itself, else done here (3.3 of the contract)."""

from typing import Any, Final

import orjson

from relay._core import Estimator
from relay.dialects import messages
from relay.dialects.messages import decoded
from relay.errors import CallerInvalid
from relay.prepare.blocks import Block, blocks, take_out
from relay.prepare.prompt import Edits, Prompt, string

CLEARED: Final = b'"[cleared to save context]"'
_MEMBER: Final = "context_management"
_BETA: Final = b"context-management-2025-06-27"
_COMPACT_BETA: Final = b"compact-2026-01-12"
_TRIGGER_TOKENS: Final = 100_000
_KEPT_TOOL_USES: Final = 3
_KEPT_TURNS: Final = 1
_ABSENT: Final = (0, 0)


def manage(prompt: Prompt) -> None:
    """Have the request's edits done by the endpoint, or do them, as the endpoint's policy says.

    raises   CallerInvalid under `native_only`, naming the first edit
    """
    said = prompt.value(_MEMBER)
    if not said:
        return
    edits: list[dict[str, Any]] = decoded(_MEMBER, said).get("edits") or []
    policy = prompt.attempt.endpoint.context_management
    if policy == "native":
        _ask_for(prompt, edits)
        return
    prompt.put(_MEMBER, b"")
    if not edits:
        return
    if policy == "native_only":
        raise CallerInvalid(
            f"{_MEMBER}.edits.0: {edits[0].get('type')!s:.64} is not supported by the endpoint that would answer"
        )
    if policy == "drop":
        prompt.forgo(_MEMBER)
        return
    told = {"applied_edits": _applied(prompt, edits)}
    prompt.attempt.context_management = orjson.dumps(told)


def _ask_for(prompt: Prompt, edits: list[dict[str, Any]]) -> None:
    """Add the betas that the edits belong to, unless the endpoint does not take their names."""
    names = [_COMPACT_BETA if edit.get("type") == "compact_20260112" else _BETA for edit in edits]
    allowed = prompt.accepts.betas
    for name in dict.fromkeys(names):
        if name not in prompt.betas and (allowed is None or name in allowed):
            prompt.betas.append(name)


def _applied(prompt: Prompt, edits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Do the edits in turn; give those that cleared anything, as the answer tells them."""
    applied = []
    tokens = messages.input_tokens(prompt.call.content)
    for at, edit in enumerate(edits):
        kind = edit.get("type")
        if kind == "clear_tool_uses_20250919":
            done = _clear_tool_uses(prompt, edit, tokens)
        elif kind == "clear_thinking_20251015":
            done = _clear_thinking(prompt, edit)
        else:
            prompt.forgo(f"{_MEMBER}.edits.{at}.{kind}")
            continue
        if done is not None:
            tokens -= done["cleared_input_tokens"]
            applied.append({"type": kind} | done)
    return applied


class _Use:
    """A tool use, and where its result's content lies."""

    __slots__ = ("input", "name", "result")

    def __init__(self, name: str | None, input: tuple[int, int]) -> None:
        self.name = name
        self.input = input
        self.result = _ABSENT


def _uses(text: bytes) -> list[_Use]:
    """Give the tool uses of a list of messages, oldest first."""
    uses: dict[str | None, _Use] = {}
    for message in blocks(text, (0, len(text)), "", b"tool_"):
        for block in blocks(text, message.place("content"), ""):
            if block.kind == "tool_use":
                name = string(text, block.place("name"))
                uses[string(text, block.place("id"))] = _Use(name, block.place("input") or _ABSENT)
            elif block.kind == "tool_result" and (use := uses.get(string(text, block.place("tool_use_id")))):
                use.result = block.place("content") or _ABSENT
    return list(uses.values())


def _clear_tool_uses(prompt: Prompt, edit: dict[str, Any], tokens: int) -> dict[str, Any] | None:
    """Clear the results of the oldest tool uses, and their inputs when asked to; None: nothing is to be cleared."""
    text = prompt.value("messages")
    uses = _uses(text)
    trigger = edit.get("trigger") or {"type": "input_tokens", "value": _TRIGGER_TOKENS}
    if (len(uses) if trigger["type"] == "tool_uses" else tokens) <= trigger["value"]:
        return None
    kept = (edit.get("keep") or {"value": _KEPT_TOOL_USES})["value"]
    excluded = edit.get("exclude_tools") or ()
    inputs = edit.get("clear_tool_inputs") or ()
    edits = Edits(text)
    cleared = count = 0
    for use in uses[: max(0, len(uses) - kept)]:
        if use.name in excluded or use.result == _ABSENT or text[use.result[0] : use.result[1]] == CLEARED:
            continue
        count += 1
        cleared += _replaced(edits, use.result, CLEARED)
        if use.input != _ABSENT and (inputs is True or (inputs is not True and use.name in inputs)):
            cleared += _replaced(edits, use.input, b"{}")
    if not count or cleared < (edit.get("clear_at_least") or {"value": 0})["value"]:
        return None
    prompt.put("messages", edits.applied())
    return {"cleared_tool_uses": count, "cleared_input_tokens": cleared}


def _replaced(edits: Edits, place: tuple[int, int], new: bytes) -> int:
    """Put `new` over a place; give the tokens that go with what was there."""
    edits.replace(place[0], place[1], new)
    return max(0, _tokens(edits.text[place[0] : place[1]]) - _tokens(new))


def _tokens(json: bytes) -> int:
    estimator = Estimator()
    estimator.add_json(json)
    return estimator.tokens


def _clear_thinking(prompt: Prompt, edit: dict[str, Any]) -> dict[str, Any] | None:
    """Take the thinking out of all assistant turns but the newest; None: there is none."""
    keep = edit.get("keep") or {"value": _KEPT_TURNS}
    if keep == "all" or keep.get("type") == "all":
        return None
    text = prompt.value("messages")
    turns = _turns(text)
    gone = set()
    count = cleared = 0
    for turn in turns[: max(0, len(turns) - keep["value"])]:
        count += bool(turn)
        for block in turn:
            gone.add(block.start)
            cleared += _tokens(text[block.start : block.end])
    if not gone:
        return None
    edits = Edits(text)
    take_out(edits, gone)
    prompt.put("messages", edits.applied())
    return {"cleared_thinking_turns": count, "cleared_input_tokens": cleared}


def _turns(text: bytes) -> list[list[Block]]:
    """Give the thinking of each assistant turn, oldest first. What lies between tool results is one turn."""
    turns: list[list[Block]] = []
    is_open = False
    for message in blocks(text, (0, len(text)), ""):
        content = blocks(text, message.place("content"), "")
        if string(text, message.place("role")) != "assistant":
            is_open = is_open and bool(content) and all(block.kind == "tool_result" for block in content)
            continue
        if not is_open:
            turns.append([])
        is_open = True
        turns[-1] += [block for block in content if block.kind in ("thinking", "redacted_thinking")]
    return turns
