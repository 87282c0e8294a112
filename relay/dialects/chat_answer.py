"""The Chat Completions dialect, inwards: a whole answer as a message of the hub (spec/wire-protocols.md 4.2, 5.2).

Streams are read in `_core.chat_decoder`; both say the same of the same answer.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from relay._core import FAILURES, FINISH_REASONS, PeerError, ProtocolError
from relay.dialects.translated import Reading

Json = dict[str, Any]
_ID: Final = re.compile(r"[A-Za-z0-9_-]+")


def message(content: bytes, seed: str, sent: Reading) -> bytes:
    """Give the message that an answer is.

    seed     what ids of tool calls are made from that have none of their own
    sent     says what names of tools stand for, and whether only the first call is kept
    raises   PeerError when it is an error; ProtocolError when it is no answer
    """
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError as cause:
        raise ProtocolError("the answer is neither events nor JSON") from cause
    if not isinstance(answer, dict):
        raise ProtocolError("the answer is no object")
    _refuse(answer)
    choice = _first_choice(answer)
    said = _object(choice, "message")
    blocks = [*_thinking(said), *_texts(said)]
    calls = list(_calls(said, seed, sent.names))
    blocks += calls[:1] if sent.single else calls
    reason, sequence = _stop(choice, said, bool(calls))
    body: Json = {
        "id": answer.get("id"),
        "type": "message",
        "role": "assistant",
        "model": answer.get("model"),
        "content": blocks,
        "stop_reason": reason,
        "stop_sequence": sequence,
    }
    if reason == "refusal":
        body["stop_details"] = {"type": "refusal", "category": None, "explanation": None}
    if usage := _usage(_object(answer, "usage")):
        body["usage"] = usage
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as cause:  # a tool's arguments, nested deeper than can be written
        raise ProtocolError("the answer is nested too deep") from cause


def _object(holder: Mapping[str, Any], key: str) -> Json:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _string(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def _items(holder: Mapping[str, Any], key: str) -> list[Json]:
    value = holder.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _refuse(answer: Json) -> None:
    """Raise what the peer reported in place of an answer."""
    error = answer.get("error")
    if error in (None, "") and answer.get("object") != "error":
        return
    told: Json = error if isinstance(error, dict) else answer
    code = told.get("code")
    said = _string(told, "message") or (error if isinstance(error, str) else "")
    raise PeerError(_string(told, "type"), said, "" if code is None else str(code))


def _first_choice(answer: Json) -> Json:
    for choice in _items(answer, "choices"):
        if not choice.get("index"):
            reason = _string(choice, "finish_reason").encode()
            if reason in FAILURES:
                raise PeerError(FAILURES[reason], "")
            if not reason or not isinstance(choice.get("message"), dict):
                raise ProtocolError("the answer has no message, or does not say why it ended")
            return choice
    raise ProtocolError("the answer has no choice")


def _thinking(said: Json) -> Iterator[Json]:
    """Give the thinking, once, however many members tell it."""
    listed = _items(said, "reasoning_details") or _items(said, "thinking_blocks")
    parts = [part for part in _items(said, "content") if part.get("type") == "thinking"]
    text = _string(said, "reasoning_content") or _string(said, "reasoning")
    text = text or "".join([_told(each) for each in (*listed, *parts)])
    if text:
        signatures = [found for each in listed if (found := _string(each, "signature"))]
        yield {"type": "thinking", "thinking": text, "signature": signatures[-1] if signatures else ""}


def _told(each: Json) -> str:
    """Give the text of a part or a detail of thinking."""
    inner = "".join([_string(part, "text") for part in _items(each, "thinking")])
    return inner or _string(each, "text") or _string(each, "thinking") or _string(each, "summary")


def _texts(said: Json) -> Iterator[Json]:
    parts = [_string(part, "text") for part in _items(said, "content") if part.get("type") != "thinking"]
    if text := _string(said, "content") + "".join(parts) + _string(said, "refusal"):
        yield {"type": "text", "text": text, "citations": None}


def _calls(said: Json, seed: str, names: Mapping[bytes, bytes]) -> Iterator[Json]:
    legacy = _object(said, "function_call")
    found = _items(said, "tool_calls") or ([{"function": legacy}] if legacy else [])
    for number, call in enumerate(found):
        function, id = _object(call, "function"), _string(call, "id")
        name = _string(function, "name")
        if not name:
            raise ProtocolError("a tool call has no name")
        yield {
            "type": "tool_use",
            "id": id if _ID.fullmatch(id) else f"toolu_{seed}{number:02d}",
            "name": names.get(name.encode(), name.encode()).decode(),
            "input": _input(function.get("arguments")),
            "caller": {"type": "direct"},
        }


def _input(arguments: Any) -> Json:
    """Give a call's input; what is no object stays readable as `_raw` (spec/openrouter-messages.md 13.2)."""
    if isinstance(arguments, dict):
        return arguments
    if not isinstance(arguments, str) or not arguments.strip():
        return {}
    try:
        value = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return {"_raw": arguments}
    return value if isinstance(value, dict) else {"_raw": arguments}


def _stop(choice: Json, said: Json, has_calls: bool) -> tuple[str, str | None]:
    """Give stop reason and stop sequence: what was sent beats what is said of it."""
    reason = FINISH_REASONS.get(choice["finish_reason"].encode(), b"end_turn").decode()
    sequence = _string(choice, "stop_reason") or _string(choice, "matched_stop") or None
    if reason in ("end_turn", "tool_use"):
        if has_calls:
            return "tool_use", sequence
        if _string(said, "refusal"):
            return "refusal", sequence
        return ("stop_sequence", sequence) if sequence else ("end_turn", None)
    return reason, sequence


def _usage(told: Json) -> Json:
    """Give usage in the hub's sense: the prompt without what the cache gave and took; none of half a count."""
    prompt, completion = _count(told, "prompt_tokens"), _count(told, "completion_tokens")
    if prompt is None or completion is None:
        return {}
    details, spent = _object(told, "prompt_tokens_details"), _object(told, "completion_tokens_details")
    cached = (_count(details, "cached_tokens"), _count(told, "cached_tokens"), _count(told, "prompt_cache_hit_tokens"))
    read = next((count for count in cached if count is not None), None)
    written, thought = _count(details, "cache_write_tokens"), _count(spent, "reasoning_tokens")
    if thought and _count(told, "total_tokens") == prompt + completion + thought:
        completion += thought  # of those who count the reasoning beside the completion
    usage = {
        "input_tokens": max(0, prompt - (read or 0) - (written or 0)),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "output_tokens": completion,
        "output_tokens_details": None if thought is None else {"thinking_tokens": thought},
    }
    return {name: count for name, count in usage.items() if count is not None}


def _count(holder: Json, key: str) -> int | None:
    value = holder.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
