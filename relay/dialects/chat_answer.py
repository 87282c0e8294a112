"""The Chat Completions dialect, inwards: a whole answer as a message of the hub (spec/wire-protocols.md 4.2, 5.2).

Streams are read in `_core.chat_decoder`; both say the same of the same answer.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from relay._core import FAILURES, FINISH_REASONS, PeerError, ProtocolError
from relay.dialects import answers
from relay.dialects.answers import Json, count_of, object_of, objects_of, string_of
from relay.dialects.translated import Reading

_CACHED: Final = ("cached_tokens", "prompt_cache_hit_tokens")


def message(content: bytes, seed: str, sent: Reading) -> bytes:
    """Give the message that an answer is.

    seed     what ids of tool calls are made from that have none of their own
    sent     says what names of tools stand for, and whether only the first call is kept
    raises   PeerError when it is an error; ProtocolError when it is no answer
    """
    answer = answers.parsed(content)
    _refuse(answer)
    choice = _first_choice(answer)
    said = object_of(choice, "message")
    blocks = [*_thinking(said), *_texts(said)]
    calls = list(_calls(said, seed, sent.names))
    blocks += calls[:1] if sent.single else calls
    reason, sequence = _stop(choice, said, bool(calls))
    return answers.message(answer, blocks, reason, sequence, _usage(object_of(answer, "usage")))


def _refuse(answer: Json) -> None:
    """Raise what the peer reported in place of an answer."""
    error = answer.get("error")
    if error in (None, "") and answer.get("object") != "error":
        return
    told: Json = error if isinstance(error, dict) else answer
    raise answers.fault(told, error if isinstance(error, str) else "")


def _first_choice(answer: Json) -> Json:
    for choice in objects_of(answer, "choices"):
        if not choice.get("index"):
            reason = string_of(choice, "finish_reason").encode()
            if reason in FAILURES:
                raise PeerError(FAILURES[reason], "")
            if not reason or not isinstance(choice.get("message"), dict):
                raise ProtocolError("the answer has no message, or does not say why it ended")
            return choice
    raise ProtocolError("the answer has no choice")


def _thinking(said: Json) -> Iterator[Json]:
    """Give the thinking, once, however many members tell it."""
    listed = objects_of(said, "reasoning_details") or objects_of(said, "thinking_blocks")
    parts = [part for part in objects_of(said, "content") if part.get("type") == "thinking"]
    text = string_of(said, "reasoning_content") or string_of(said, "reasoning")
    text = text or "".join([_told(each) for each in (*listed, *parts)])
    if text:
        signatures = [found for each in listed if (found := string_of(each, "signature"))]
        yield answers.thinking(text, signatures[-1] if signatures else "")


def _told(each: Json) -> str:
    """Give the text of a part or a detail of thinking."""
    inner = "".join([string_of(part, "text") for part in objects_of(each, "thinking")])
    return inner or string_of(each, "text") or string_of(each, "thinking") or string_of(each, "summary")


def _texts(said: Json) -> Iterator[Json]:
    parts = [string_of(part, "text") for part in objects_of(said, "content") if part.get("type") != "thinking"]
    if text := string_of(said, "content") + "".join(parts) + string_of(said, "refusal"):
        yield answers.text(text)


def _calls(said: Json, seed: str, names: Mapping[bytes, bytes]) -> Iterator[Json]:
    legacy = object_of(said, "function_call")
    found = objects_of(said, "tool_calls") or ([{"function": legacy}] if legacy else [])
    known: set[str] = set()
    for number, call in enumerate(found):
        function, id = object_of(call, "function"), string_of(call, "id")
        minted, name = f"toolu_{seed}{number:02d}", string_of(function, "name")
        yield answers.tool_use("" if id in known else id, minted, name, function.get("arguments"), names)
        known.add(id)


def _stop(choice: Json, said: Json, has_calls: bool) -> tuple[str, str | None]:
    """Give stop reason and stop sequence: what was sent beats what is said of it."""
    reason = FINISH_REASONS.get(choice["finish_reason"].encode(), b"end_turn").decode()
    sequence = string_of(choice, "stop_reason") or string_of(choice, "matched_stop") or None
    if reason in ("end_turn", "tool_use"):
        if has_calls:
            return "tool_use", sequence
        if string_of(said, "refusal"):
            return "refusal", sequence
        return ("stop_sequence", sequence) if sequence else ("end_turn", None)
    return reason, sequence


def _usage(told: Json) -> Json:
    """Give usage in the hub's sense: the prompt without what the cache gave and took."""
    prompt, completion = count_of(told, "prompt_tokens"), count_of(told, "completion_tokens")
    details, spent = object_of(told, "prompt_tokens_details"), object_of(told, "completion_tokens_details")
    counts = (count_of(details, "cached_tokens"), *[count_of(told, name) for name in _CACHED])
    read = next((count for count in counts if count is not None), None)
    written, thought = count_of(details, "cache_write_tokens"), count_of(spent, "reasoning_tokens")
    beside = None if prompt is None or completion is None or not thought else prompt + completion + thought
    if completion is not None and beside is not None and count_of(told, "total_tokens") == beside:
        completion += thought or 0  # of those who count the reasoning beside the completion
    return answers.usage(prompt, read, written, completion, thought)
