"""A Responses stream to the message that it says, slowly and obviously: the oracle of ResponsesDecoder.

source    spec/wire-protocols.md 3.4, 3.5, 4.2, 5.2
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.reference.chat import Ended, usage_of
from tests.reference.sse import events

__all__ = ["Answered", "answered", "usage_of"]

Json = dict[str, Any]
_REASONS = {"max_output_tokens": "max_tokens", "content_filter": "refusal"}


@dataclass
class Answered:
    """What a stream says so far; items by index in the order in which they came."""

    items: dict[int, Json] = field(default_factory=dict)
    reason: str | None = None
    refused: bool = False
    usage: dict[str, int] = field(default_factory=dict)
    outcome: str | None = None

    def content(self) -> list[tuple[str, str]]:
        """The blocks of the message, each with its text, its signature behind that of thinking."""
        found: list[tuple[str, str]] = []
        for item in self.items.values():
            if item["type"] == "function_call":
                found.append(("tool_use", item["name"] + item["said"].get("", "")))
            elif item["type"] == "reasoning":
                thought = "\n\n".join(item["said"].values())
                if thought or item["signature"]:
                    found.append(("thinking", thought + "|" + item["signature"]))
            else:
                found += [("text", text) for text in item["said"].values()]
        return found

    def stop_reason(self) -> str:
        if self.reason in _REASONS:
            return _REASONS[self.reason]
        if any(item["type"] == "function_call" for item in self.items.values()):
            return "tool_use"
        return "refusal" if self.refused else "end_turn"


def answered(body: bytes) -> Answered:
    """Read a whole body whose items do not overlap."""
    seen = Answered()
    try:
        for _, data, _ in events(body):
            if data.strip(" \n") == "[DONE]":
                break
            if data.strip(" \n") and _event(seen, json.loads(data)):
                return seen
        raise Ended("Truncated")
    except json.JSONDecodeError:
        seen.outcome = "ProtocolError"
    except Ended as fault:
        seen.outcome = str(fault)
    return seen


def _event(seen: Answered, event: Json) -> bool:
    """Take one event; tell whether it is the last."""
    kind = event["type"].removeprefix("response.")
    if kind == "error":
        raise Ended("PeerError")
    if kind in ("output_item.added", "output_item.done"):
        _item(seen, event["output_index"], event["item"], kind.endswith("done"))
    elif kind in ("output_text.delta", "refusal.delta"):
        seen.refused = seen.refused or kind == "refusal.delta"
        _say(seen, event["output_index"], event["content_index"], event["delta"])
    elif kind in ("reasoning_summary_text.delta", "reasoning_text.delta"):
        item, key = seen.items[event["output_index"]], "summary_index" if "summary" in kind else "content_index"
        if item.setdefault("thinks", kind) == kind:
            _say(seen, event["output_index"], event[key], event["delta"])
    elif kind == "function_call_arguments.delta":
        _say(seen, event["output_index"], "", event["delta"])
    elif kind in ("completed", "incomplete", "failed"):
        _end(seen, kind, event["response"])
        return True
    return False


def _item(seen: Answered, index: int, item: Json, is_done: bool) -> None:
    known = seen.items.setdefault(index, {"type": item["type"], "name": item.get("name"), "said": {}, "signature": ""})
    if not is_done:
        return
    if item.get("encrypted_content"):
        known["signature"] = f"{item['id']}:{item['encrypted_content']}"
    if known["said"]:
        return
    if item["type"] == "function_call":
        _say(seen, index, "", item["arguments"])
    for at, part in enumerate(item.get("content") or item.get("summary") or []):
        seen.refused = seen.refused or part["type"] == "refusal"
        _say(seen, index, at, part.get("text") or part.get("refusal") or "")


def _say(seen: Answered, index: int, at: Any, text: str) -> None:
    if text:
        said = seen.items[index]["said"]
        said[at] = said.get(at, "") + text


def _end(seen: Answered, kind: str, response: Json) -> None:
    told = response.get("usage") or {}
    given, spent = told.get("input_tokens_details") or {}, told.get("output_tokens_details") or {}
    counts = {
        "prompt": told.get("input_tokens"),
        "output_tokens": told.get("output_tokens"),
        "cache_read_input_tokens": given.get("cached_tokens"),
        "cache_creation_input_tokens": given.get("cache_write_tokens"),
        "reasoning_output_tokens": spent.get("reasoning_tokens"),
    }
    seen.usage = {name: count for name, count in counts.items() if count is not None}
    if kind == "failed":
        raise Ended("PeerError")
    seen.reason = (response.get("incomplete_details") or {}).get("reason")
