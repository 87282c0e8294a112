"""A conversation of the Messages dialect as the Responses API has it: a flat list of items.

What the model said keeps its order: thinking that this dialect signed goes back as the item it came as, in front of
what it led to. Results hold their images themselves.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from relay.dialects import chat_blocks
from relay.dialects.conversation import Conversation, Json, Turn

_SIGNED: Final = re.compile(r"([A-Za-z0-9_-]*):(.+)", re.DOTALL)
"""A signature as this dialect makes it (`_core.responses_decoder`): no other may be sent as encrypted content."""

_MARK: Final = "prompt_cache_breakpoint"
_MARKED: Final[Json] = {_MARK: {"mode": "explicit"}}


class _Said:
    """What the model said in one message so far, in its order."""

    __slots__ = ("calls", "items", "thinks")

    def __init__(self, thinks: bool) -> None:
        self.items: list[Json] = []
        self.calls: list[tuple[str, str]] = []
        self.thinks = thinks

    def speak(self, text: str) -> None:
        last = self.items[-1] if self.items else {}
        if last.get("role") == "assistant":
            last["content"] += text
        else:
            self.items.append({"role": "assistant", "content": text})

    def think(self, block: Json) -> None:
        signed = _SIGNED.fullmatch(block["signature"])
        if self.thinks and signed is not None:
            summary = [{"type": "summary_text", "text": block["thinking"]}] if block["thinking"] else []
            item: Json = {"type": "reasoning", "summary": summary, "encrypted_content": signed[2]}
            self.items.append(item | ({"id": signed[1]} if signed[1] else {}))

    def call(self, id: str, call: Json) -> None:
        self.calls.append((id, call["call_id"]))
        self.items.append(call)


class Input(Conversation[_Said]):
    """One request's way into the dialect.

    tools     the request's own
    redacts   what is sent is redacted: thinking, which is not scanned, stays here
    marks     the provider is told which parts end what it is to cache; others find that out themselves
    reasons   thinking goes back: the model is one that thinks
    """

    def __init__(self, tools: Sequence[Json], *, redacts: bool, marks: bool) -> None:
        super().__init__(tools)
        self._redacts = redacts
        self._marks = marks
        self.reasons = False

    def _new_said(self) -> _Said:
        return _Said(not self._redacts)

    def _call(self, id: str, name: str, arguments: str) -> Json:
        return {"type": "function_call", "call_id": id, "name": name, "arguments": arguments}

    def _close(self, said: _Said) -> None:
        """Put what was said; the API refuses thinking that leads to nothing, and text without a letter."""
        items = [item for item in said.items if item.get("role") is None or item["content"].strip()]
        while items and items[-1].get("type") == "reasoning":
            items.pop()
        if items:
            self.reasons = self.reasons or any(item.get("type") == "reasoning" for item in items)
            turn = self._put(Turn(items, [sent for _, sent in said.calls]))
            self._answers(turn, [id for id, _ in said.calls])

    def _put_system(self, text: str) -> None:
        self._put(Turn([{"role": "system", "content": text}]))

    def _put_user(self, parts: Sequence[Json]) -> None:
        joined = chat_blocks.joined(parts)
        is_plain = isinstance(joined, str) and not any(_MARK in part for part in parts)
        if joined:
            self._put(Turn([{"role": "user", "content": joined if is_plain else _inputs(parts)}]))

    def _parts(self, block: Json, path: str) -> list[Json]:
        source = block.get("source") or {}
        if block["type"] == "document" and source.get("type") == "url":
            parts = [{"type": "file", "file": {"file_url": source["url"]}}]
        else:
            parts = super()._parts(block, path)
        if parts and self._marks and block.get("cache_control"):
            parts[-1] |= _MARKED
        return parts

    def _user(self, blocks: Sequence[Json], path: str) -> None:
        super()._user(blocks, path)
        for block in blocks if self._marks else ():
            if block["type"] == "tool_result" and block.get("cache_control"):
                result = self._called[block["tool_use_id"]].results[self._id(block["tool_use_id"])]
                output = result["output"]
                result["output"] = _inputs([chat_blocks.text(output)]) if isinstance(output, str) else output
                result["output"][-1] |= _MARKED

    def _result(self, _turn: Turn, id: str, text: str, images: Sequence[Json]) -> Json:
        output: Any = _inputs([*([chat_blocks.text(text)] if text else []), *images]) if images else text
        return {"type": "function_call_output", "call_id": id, "output": output}


def _inputs(parts: Sequence[Json]) -> list[Json]:
    """Give parts of `chat_blocks` in this dialect's words."""
    return [_input(part) for part in parts]


def _input(part: Json) -> Json:
    mark = _MARKED if _MARK in part else {}
    if part["type"] == "text":
        return {"type": "input_text", "text": part["text"]} | mark
    if part["type"] == "image_url":
        return {"type": "input_image", "image_url": part["image_url"]["url"], "detail": "auto"} | mark
    return {"type": "input_file", **part["file"]} | mark
