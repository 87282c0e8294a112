"""The Responses dialect, inwards: a whole answer as a message of the hub (spec/wire-protocols.md 3.5, 4.2, 5.2).

Streams are read in `_core.responses_decoder`; both say the same of the same answer.
"""

from collections.abc import Iterator
from typing import Final

from relay._core import INCOMPLETE, ProtocolError
from relay.dialects import answers
from relay.dialects.answers import Json, count_of, object_of, objects_of, string_of
from relay.dialects.translated import Reading

_TEXTS: Final = {"output_text": "text", "refusal": "refusal"}
"""Parts of a message, and where their text lies."""


def message(content: bytes, seed: str, sent: Reading) -> bytes:
    """Give the message that an answer is.

    seed     what ids of tool calls are made from that have none of their own
    sent     says what names of tools stand for, and whether only the first call is kept
    raises   PeerError when it is an error; ProtocolError when it is no answer
    """
    answer = answers.parsed(content)
    _refuse(answer)
    if not isinstance(answer.get("output"), list) or answer.get("status") in ("in_progress", "queued"):
        raise ProtocolError("the answer has no output, or is not complete")
    blocks: list[Json] = []
    calls = 0
    for item in objects_of(answer, "output"):
        if item.get("type") == "function_call":
            if not (sent.single and calls):
                blocks.append(_call(item, f"toolu_{seed}{calls:02d}", sent))
            calls += 1
        else:
            blocks += _blocks(item)
    reason = _stop(answer, calls > 0)
    return answers.message(answer, blocks, reason, None, _usage(object_of(answer, "usage")))


def _refuse(answer: Json) -> None:
    """Raise what the peer reported in place of an answer."""
    error = answer.get("error")
    if isinstance(error, dict) or answer.get("status") in ("failed", "cancelled"):
        raise answers.fault(object_of(answer, "error"))
    if error not in (None, "") or answer.get("object") == "error":
        raise answers.fault(answer, error if isinstance(error, str) else "")


def _call(item: Json, minted: str, sent: Reading) -> Json:
    id, name = string_of(item, "call_id"), string_of(item, "name")
    return answers.tool_use(id, minted, name, item.get("arguments"), sent.names)


def _blocks(item: Json) -> Iterator[Json]:
    """Give what an item says; kinds that the hub has no word for say nothing."""
    if item.get("type") == "message":
        for part in objects_of(item, "content"):
            if said := string_of(part, _TEXTS.get(string_of(part, "type"), "")):
                yield answers.text(said, [each for each in map(_citation, objects_of(part, "annotations")) if each])
    elif item.get("type") == "reasoning":
        parts = objects_of(item, "summary") or objects_of(item, "content")
        thought = "\n\n".join([text for part in parts if (text := string_of(part, "text"))])
        encrypted = string_of(item, "encrypted_content")
        if thought or encrypted:
            yield answers.thinking(thought, f"{string_of(item, 'id')}:{encrypted}" if encrypted else "")


def _citation(annotation: Json) -> Json | None:
    """Give a page of the web that a text is drawn from; of files the hub's clients know nothing."""
    url = string_of(annotation, "url")
    if annotation.get("type") != "url_citation" or not url:
        return None
    title = annotation.get("title")
    return {
        "type": "web_search_result_location",
        "cited_text": "",
        "url": url,
        "title": title if isinstance(title, str) else None,
        "encrypted_index": "",
    }


def _stop(answer: Json, has_calls: bool) -> str:
    """Give the stop reason: what was sent beats what is said of it."""
    reason = INCOMPLETE.get(string_of(object_of(answer, "incomplete_details"), "reason"))
    if reason is not None:
        return reason
    if has_calls:
        return "tool_use"
    parts = [part for item in objects_of(answer, "output") for part in objects_of(item, "content")]
    return "refusal" if any(part.get("type") == "refusal" for part in parts) else "end_turn"


def _usage(told: Json) -> Json:
    given, spent = object_of(told, "input_tokens_details"), object_of(told, "output_tokens_details")
    prompt, completion = count_of(told, "input_tokens"), count_of(told, "output_tokens")
    thought = count_of(spent, "reasoning_tokens")
    read, written = count_of(given, "cached_tokens"), count_of(given, "cache_write_tokens")
    return answers.usage(prompt, read, written, completion, thought)
