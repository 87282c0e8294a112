"""A Gemini stream to the message that it says, slowly and obviously: the oracle of GeminiDecoder.

source    spec/wire-protocols.md 4.5, 5.2
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.reference.sse import events

Json = dict[str, Any]
_REFUSALS = ("SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "IMAGE_SAFETY", "LANGUAGE")
_FAILURES = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER")


class Ended(Exception):
    """The stream is at fault; the text is the name of the fault."""


@dataclass
class Answered:
    """What a stream says so far: blocks as (type, text or name and arguments, signature)."""

    blocks: list[list[Any]] = field(default_factory=list)
    reason: str | None = None
    told: Json = field(default_factory=dict)
    outcome: str | None = None

    def stop_reason(self) -> str:
        if self.reason in _REFUSALS:
            return "refusal"
        if self.reason == "MAX_TOKENS":
            return "max_tokens"
        return "tool_use" if any(kind == "tool_use" for kind, *_ in self.blocks) else "end_turn"

    def usage(self) -> dict[str, int]:
        prompt, cached = self.told.get("promptTokenCount"), self.told.get("cachedContentTokenCount")
        said, thought = self.told.get("candidatesTokenCount"), self.told.get("thoughtsTokenCount")
        found: dict[str, int] = {}
        asked = (prompt or 0) + self.told.get("toolUsePromptTokenCount", 0)
        if prompt is not None:
            found["input_tokens"] = max(0, asked - (cached or 0))
        if said is not None or thought is not None:
            is_inside = said is not None and asked + said == self.told.get("totalTokenCount")
            found["output_tokens"] = (said or 0) + (0 if is_inside else thought or 0)
        if found and cached is not None:
            found["cache_read_input_tokens"] = cached
        if found and thought is not None:
            found["reasoning_output_tokens"] = thought
        return found


def answered(body: bytes) -> Answered:
    """Read a whole body."""
    seen = Answered()
    try:
        for type, data, _ in events(body):
            if data.strip(" \n"):
                _response(seen, type, data)
        if seen.reason is None:
            raise Ended("Truncated")
    except Ended as fault:
        seen.outcome = str(fault)
    return seen


def _response(seen: Answered, type: str, data: str) -> None:
    try:
        response = json.loads(data)
    except json.JSONDecodeError:
        raise Ended("ProtocolError") from None
    if response.get("error") or type == "error":
        raise Ended("PeerError")
    seen.told |= {key: value for key, value in (response.get("usageMetadata") or {}).items() if value is not None}
    for candidate in response.get("candidates") or []:
        if not candidate.get("index"):
            for part in (candidate.get("content") or {}).get("parts") or []:
                _part(seen, part)
            _finish(seen, candidate.get("finishReason"))
    if seen.reason is None and (response.get("promptFeedback") or {}).get("blockReason"):
        seen.reason = "SAFETY"


def _finish(seen: Answered, reason: str | None) -> None:
    if reason in (None, "", "FINISH_REASON_UNSPECIFIED"):
        return
    if reason in _FAILURES:
        raise Ended("PeerError")
    seen.reason = reason


def _part(seen: Answered, part: Json) -> None:
    signature, text = part.get("thoughtSignature") or "", part.get("text") or ""
    thinks = bool(seen.blocks) and seen.blocks[-1][0] == "thinking" and not seen.blocks[-1][2]
    if "functionCall" in part:
        if not part["functionCall"].get("name"):
            raise Ended("ProtocolError")
        if signature:
            seen.blocks.append(["thinking", "", signature])
        arguments = json.dumps(part["functionCall"].get("args") or {})
        seen.blocks.append(["tool_use", part["functionCall"]["name"] + arguments, ""])
        return
    if part.get("thought"):
        if text and not thinks:
            seen.blocks.append(["thinking", "", ""])
        if text:
            seen.blocks[-1][1] += text
        if signature:
            seen.blocks.append(["thinking", "", signature])
        return
    if signature and thinks:
        seen.blocks.append(["thinking", "", signature])
    if text and (not seen.blocks or seen.blocks[-1][0] != "text"):
        seen.blocks.append(["text", "", ""])
    if text:
        seen.blocks[-1][1] += text
