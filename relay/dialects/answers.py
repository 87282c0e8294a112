"""Whole answers of every dialect but the hub's: reading what may be anything, and the message that they become.

Members of another type than they should have are as if they were absent.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from relay._core import PeerError, ProtocolError
from relay.dialects.exact_json import decoded, encoded

Json = dict[str, Any]
_ID: Final = re.compile(r"[A-Za-z0-9_-]+")


def parsed(content: bytes) -> Json:
    """Give the object that an answer is.

    raises   ProtocolError when it is none
    """
    try:
        answer = decoded(content)
    except orjson.JSONDecodeError as cause:
        raise ProtocolError("the answer is neither events nor JSON") from cause
    if not isinstance(answer, dict):
        raise ProtocolError("the answer is no object")
    return answer


def object_of(holder: Mapping[str, Any], key: str) -> Json:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def string_of(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def objects_of(holder: Mapping[str, Any], key: str) -> list[Json]:
    """Give the objects of a list."""
    value = holder.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def count_of(holder: Mapping[str, Any], key: str) -> int | None:
    value = holder.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def fault(told: Mapping[str, Any], said: str = "") -> PeerError:
    """Give the error that a peer reports in an object, in its words, or in `said` where it has none."""
    code = told.get("code")
    return PeerError(string_of(told, "type"), string_of(told, "message") or said, "" if code is None else str(code))


def thinking(text: str, signature: str) -> Json:
    return {"type": "thinking", "thinking": text, "signature": signature}


def text(said: str, citations: Sequence[Json] = ()) -> Json:
    return {"type": "text", "text": said, "citations": list(citations) or None}


def tool_use(id: str, minted: str, name: str, arguments: Any, names: Mapping[bytes, bytes]) -> Json:
    """Give a call of a tool.

    minted   the id where its own is none that the hub's clients take
    names    what a name that was sent stands for
    raises   ProtocolError when it has no name
    """
    if not name:
        raise ProtocolError("a tool call has no name")
    return {
        "type": "tool_use",
        "id": id if _ID.fullmatch(id) else minted,
        "name": names.get(name.encode(), name.encode()).decode(),
        "input": _input(arguments),
        "caller": {"type": "direct"},
    }


def _input(arguments: Any) -> Json:
    """Give a call's input; what is no object stays readable as `_raw` (spec/openrouter-messages.md 13.2)."""
    if isinstance(arguments, dict):
        return arguments
    if not isinstance(arguments, str) or not arguments.strip():
        return {}
    try:
        value = decoded(arguments.encode())
    except orjson.JSONDecodeError:
        return {"_raw": arguments}
    return value if isinstance(value, dict) else {"_raw": arguments}


def usage(
    prompt: int | None,
    read: int | None,
    written: int | None,
    completion: int | None,
    thought: int | None,
    hourly: int | None = None,
) -> Json:
    """Give usage in the hub's sense of a prompt that includes what the cache gave and took; what is told, of a half.

    hourly   of what the cache took, what it keeps for an hour
    """
    if prompt is None and completion is None:
        return {}
    counts = {
        "input_tokens": None if prompt is None else max(0, prompt - (read or 0) - (written or 0)),
        "cache_creation_input_tokens": written,
        "cache_creation": _kept(written, hourly) if written and hourly is not None else None,
        "cache_read_input_tokens": read,
        "output_tokens": completion,
        "output_tokens_details": None if thought is None else {"thinking_tokens": thought},
    }
    return {name: count for name, count in counts.items() if count is not None}


def _kept(written: int, hourly: int) -> Json:
    return {"ephemeral_5m_input_tokens": max(0, written - hourly), "ephemeral_1h_input_tokens": hourly}


def message(answer: Json, blocks: Sequence[Json], reason: str, sequence: str | None, usage: Json) -> bytes:
    """Give the message that an answer says; `answer` has its id and model.

    raises   ProtocolError when it can't be written
    """
    body: Json = {
        "id": answer.get("id"),
        "type": "message",
        "role": "assistant",
        "model": answer.get("model"),
        "content": list(blocks),
        "stop_reason": reason,
        "stop_sequence": sequence,
    }
    if reason == "refusal":
        body["stop_details"] = {"type": "refusal", "category": None, "explanation": None}
    if usage:
        body["usage"] = usage
    try:
        return encoded(body)
    except orjson.JSONEncodeError as cause:  # a tool's arguments, nested deeper than can be written
        raise ProtocolError("the answer is nested too deep") from cause
