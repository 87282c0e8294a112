"""Bedrock's Converse dialect, inwards: a whole answer as a message of the hub (spec/wire-protocols.md 4.6, 5.2).

Streams are read in `_core.converse_decoder`; both say the same of the same answer.
"""

from collections.abc import Iterator

from relay._core import CONVERSE_FAILURES, CONVERSE_REASONS, PeerError, ProtocolError
from relay.dialects import answers
from relay.dialects.answers import Json, count_of, object_of, objects_of, string_of
from relay.dialects.translated import Reading


def message(content: bytes, seed: str, sent: Reading) -> bytes:
    """Give the message that an answer is.

    seed     what ids of tool calls are made from that no client takes
    sent     says what names of tools stand for, and whether only the first call is kept
    raises   PeerError when it is an error; ProtocolError when it is no answer
    """
    answer = answers.parsed(content)
    reason = string_of(answer, "stopReason").encode()
    if reason in CONVERSE_FAILURES:
        raise PeerError(*CONVERSE_FAILURES[reason])
    said = object_of(object_of(answer, "output"), "message")
    if not reason or not said:
        raise ProtocolError("the answer has no message, or does not say why it ended")
    blocks = list(_blocks(said, seed, sent))
    stop = CONVERSE_REASONS.get(reason, b"end_turn").decode()
    if stop == "end_turn" and any(block["type"] == "tool_use" for block in blocks):
        stop = "tool_use"
    sequence = string_of(object_of(answer, "additionalModelResponseFields"), "stop_sequence") or None
    return answers.message({}, blocks, stop, sequence, _usage(object_of(answer, "usage")))


def _blocks(said: Json, seed: str, sent: Reading) -> Iterator[Json]:
    known: list[str] = []
    for block in objects_of(said, "content"):
        reasoning, use = object_of(block, "reasoningContent"), object_of(block, "toolUse")
        if text := string_of(block, "text"):
            yield answers.text(text)
        elif reasoning:
            yield from _thinking(reasoning)
        elif use and not (sent.single and known):
            minted, id = f"toolu_{seed}{len(known):02d}", string_of(use, "toolUseId")
            known.append("" if id in known else id)
            yield answers.tool_use(known[-1], minted, string_of(use, "name"), use.get("input"), sent.names)


def _thinking(reasoning: Json) -> Iterator[Json]:
    told = object_of(reasoning, "reasoningText")
    text, signature = string_of(told, "text"), string_of(told, "signature")
    if text or signature:
        yield answers.thinking(text, signature)
    elif data := string_of(reasoning, "redactedContent"):
        yield {"type": "redacted_thinking", "data": data}


def _usage(told: Json) -> Json:
    """Give usage: some models count what the cache gave and took within the input, most beside it."""
    prompt, completion = count_of(told, "inputTokens"), count_of(told, "outputTokens")
    read, written = count_of(told, "cacheReadInputTokens"), count_of(told, "cacheWriteInputTokens")
    if prompt is not None and (completion is None or count_of(told, "totalTokens") != prompt + completion):
        prompt += (read or 0) + (written or 0)
    return answers.usage(prompt, read, written, completion, None, _hourly(told))


def _hourly(told: Json) -> int | None:
    """Give how much of what was written to the cache is kept for an hour: it costs more. None: it is not told."""
    if not isinstance(told.get("cacheDetails"), list):
        return None
    writes = objects_of(told, "cacheDetails")
    return sum(count_of(each, "inputTokens") or 0 for each in writes if each.get("ttl") == "1h")
