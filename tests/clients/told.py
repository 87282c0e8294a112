"""What an answer tells, in no dialect: `said()` by a script, `heard()` by a client, and `projected()` between the two.

A projection is what is left of an answer behind a provider's dialect and before a client's: each pair loses what its
provider's dialect has no word for (FROM), and then what its client's has none for (TO), and nothing else.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from relay.run.demo.answer import Cache, Prompt, Text, Thinking, ToolUse, spoken
from relay.run.demo.answer import said as words
from relay.run.demo.grammar import parse
from relay.run.demo.scripts import answer
from tests.clients.piped import Json

Call = tuple[str, Json]


@dataclass(frozen=True)
class Told:
    """All that an answer tells.

    signatures      of the thinking; one for each block that has any
    citations       what is quoted
    ending          why it ended, in the words of its dialect
    input_tokens    without those of the cache
                    Counts that a dialect does not tell are 0.
    """

    thinking: tuple[str, ...]
    signatures: tuple[str, ...]
    texts: tuple[str, ...]
    citations: tuple[str, ...]
    calls: tuple[Call, ...]
    ending: str
    stop_sequence: str | None
    explanation: str | None
    input_tokens: int
    cache_read: int
    cache_written: int
    written_for_an_hour: int
    output_tokens: int
    thinking_tokens: int


def said(prompt: Prompt) -> Told:
    """What the script that `prompt.model` names says to it."""
    told = answer(prompt, parse(prompt.model))
    texts = [block for block in told.blocks if isinstance(block, Text)]
    thoughts = [block for block in told.blocks if isinstance(block, Thinking)]
    cache, total = told.cache or Cache(), spoken(told)
    return Told(
        thinking=tuple("".join(block.deltas) for block in thoughts),
        signatures=tuple(block.signature for block in thoughts),
        texts=tuple("".join(block.deltas) for block in texts),
        citations=tuple(cited["cited_text"] for block in texts for cited in block.citations),
        calls=tuple(_call(block) for block in told.blocks if isinstance(block, ToolUse)),
        ending=told.stop_reason,
        stop_sequence=told.stop_sequence,
        explanation=(told.stop_details or {}).get("explanation"),
        input_tokens=prompt.input_tokens,
        cache_read=cache.read,
        cache_written=cache.write_5m + cache.write_1h,
        written_for_an_hour=cache.write_1h,
        output_tokens=total.output_tokens(),
        thinking_tokens=total.thinking_tokens(),
    )


def _call(block: ToolUse) -> Call:
    return block.name, json.loads("".join(words(block)) or "{}")


# Projections

Loss = Callable[[Told], Told]


def _unsigned(told: Told) -> Told:
    return replace(told, signatures=())


def _unsigned_behind_text(told: Told) -> Told:
    """A signature that comes behind text, on a part of it: thinking can't be told any more."""
    return told if told.calls else replace(told, signatures=())


def _uncited(told: Told) -> Told:
    return replace(told, citations=())


def _one_text(told: Told) -> Told:
    return replace(told, texts=("".join(told.texts),) if told.texts else ())


def _unexplained(told: Told) -> Told:
    """A refusal is known as one, and no more."""
    return replace(told, explanation=None)


def _unnamed_sequence(told: Told) -> Told:
    return replace(told, stop_sequence=None)


def _plain_pause(told: Told) -> Told:
    return replace(told, ending="end_turn") if told.ending == "pause_turn" else told


def _plain_stop(told: Told) -> Told:
    return replace(told, ending="end_turn") if told.ending == "stop_sequence" else told


def _writes_alike(told: Told) -> Told:
    """Tokens written to the cache are counted, and not for how long they stay."""
    return replace(told, written_for_an_hour=0)


def _writes_as_input(told: Told) -> Told:
    return replace(told, input_tokens=told.input_tokens + told.cache_written, cache_written=0, written_for_an_hour=0)


def _uncounted_thinking(told: Told) -> Told:
    return replace(told, thinking_tokens=0)


def _finish_reason(told: Told) -> Told:
    words = {"max_tokens": "length", "refusal": "content_filter", "tool_use": "tool_calls"}
    return replace(told, ending=words.get(told.ending, "stop"))


def _status(told: Told) -> Told:
    words = {"max_tokens": "incomplete: max_output_tokens", "refusal": "incomplete: content_filter"}
    return replace(told, ending=words.get(told.ending, "completed"))


FROM: Mapping[str, tuple[Loss, ...]] = {
    "messages": (),
    "invoke": (),
    "chat": (_unsigned, _uncited, _one_text, _unexplained, _unnamed_sequence, _plain_pause, _plain_stop, _writes_alike),
    "responses": (_uncited, _unexplained, _unnamed_sequence, _plain_pause, _plain_stop, _writes_alike),
    "gemini": (_uncited, _one_text, _unexplained, _unnamed_sequence, _plain_pause, _plain_stop, _writes_as_input),
    "converse": (_uncited, _unexplained, _unnamed_sequence, _plain_pause, _uncounted_thinking),
}
"""What does not come from a provider, by its dialect."""

LATE: Mapping[str, tuple[Loss, ...]] = {"gemini": (_unsigned_behind_text,), "converse": (_writes_alike,)}
"""What does not come from streams of a provider, by its dialect; Converse tells its usage at the end, where SDKs don't
read how long writes to the cache stay."""

TO: Mapping[str, tuple[Loss, ...]] = {
    "messages": (),
    "chat": (_uncited, _one_text, _unexplained, _unnamed_sequence, _writes_alike, _finish_reason),
    "responses": (_uncited, _one_text, _unexplained, _unnamed_sequence, _writes_alike, _status),
}
"""What does not get to a client, by its dialect."""


SUMS: Mapping[str, tuple[Loss, ...]] = {"python-0.75": (_unexplained, _uncounted_thinking)}
"""What an SDK leaves out when it adds a stream up, that it was told."""


def added_up(told: Told, sdk: str) -> Told:
    """What of a stream's answer an SDK has in the end."""
    for loss in SUMS.get(sdk, ()):
        told = loss(told)
    return told


def projected(told: Told, upstream: str, ingress: str, *, streamed: bool) -> Told:
    """What of an answer gets from a provider's dialect to a client's."""
    late = LATE.get(upstream, ()) if streamed else ()
    for loss in (*FROM[upstream], *late, *TO[ingress]):
        told = loss(told)
    return told


# What clients heard


def heard(ingress: str, outcome: Json) -> Told:
    """What an outcome of a driver tells; AssertionError where that is no answer."""
    assert "failure" not in outcome, outcome
    return _HEARD[ingress](outcome)


@dataclass(frozen=True)
class Broken:
    """How an answer failed.

    status  of a response that was no answer; None: it failed in its middle
    word    what the error is called in its dialect
    text    what was said before it
    """

    status: int | None
    word: str
    text: str


def broken(ingress: str, outcome: Json) -> Broken:
    """How the outcome of a driver failed; AssertionError where it is an answer."""
    events = outcome.get("events") or []
    if ingress == "responses" and "failure" not in outcome:
        last = events[-1]
        assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
        return Broken(None, last["response"]["error"]["code"], _so_far(events))
    failure = outcome["failure"]
    error = failure["body"]["error"] if ingress == "messages" else failure["body"]
    status = failure.get("status") if not events else None  # a stream's own is 200, which not every SDK tells
    return Broken(status, error["type"], _so_far(events))


def _so_far(events: list[Json]) -> str:
    """The text that the events of a stream in any dialect hold."""
    found: list[str] = []
    for event in events:
        if event.get("type") == "content_block_delta":
            found.append(event["delta"].get("text", ""))
        elif event.get("type") == "response.output_text.delta":
            found.append(event["delta"])
        found += [choice["delta"].get("content") or "" for choice in event.get("choices", ())]
    return "".join(found)


def _message(outcome: Json) -> Told:
    message = outcome["message"]
    usage, content = message["usage"], message["content"]
    thoughts = [block for block in content if block["type"] == "thinking"]
    texts = [block for block in content if block["type"] == "text"]
    calls = [block for block in content if block["type"] == "tool_use"]
    assert len(thoughts) + len(texts) + len(calls) == len(content)
    assert len({call["id"] for call in calls}) == len(calls)
    return Told(
        thinking=tuple(block["thinking"] for block in thoughts if block["thinking"]),
        signatures=_inner([block["signature"] for block in thoughts]),
        texts=tuple(block["text"] for block in texts),
        citations=tuple(cited["cited_text"] for block in texts for cited in block.get("citations") or ()),
        calls=tuple((call["name"], call["input"]) for call in calls),
        ending=message["stop_reason"],
        stop_sequence=message["stop_sequence"],
        explanation=(message.get("stop_details") or {}).get("explanation"),
        input_tokens=usage["input_tokens"],
        cache_read=usage.get("cache_read_input_tokens") or 0,
        cache_written=usage.get("cache_creation_input_tokens") or 0,
        written_for_an_hour=(usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens", 0),
        output_tokens=usage["output_tokens"],
        thinking_tokens=(usage.get("output_tokens_details") or {}).get("thinking_tokens", 0),
    )


def _completion(outcome: Json) -> Told:
    (choice,) = outcome["message"]["choices"]
    message, usage = choice["message"], outcome["message"]["usage"]
    given = usage.get("prompt_tokens_details") or {"cached_tokens": 0, "cache_write_tokens": 0}
    calls = message.get("tool_calls") or []
    assert message["role"] == "assistant"
    assert len({call["id"] for call in calls}) == len(calls)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    thinking, details = _reasoning(outcome)
    return Told(
        thinking=(thinking,) if thinking else (),
        signatures=_inner([detail.get("signature", "") for detail in details]),
        texts=(message["content"],) if message["content"] else (),
        citations=(),
        calls=tuple((call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls),
        ending=choice["finish_reason"],
        stop_sequence=None,
        explanation=message.get("refusal"),
        input_tokens=usage["prompt_tokens"] - given["cached_tokens"] - given["cache_write_tokens"],
        cache_read=given["cached_tokens"],
        cache_written=given["cache_write_tokens"],
        written_for_an_hour=0,
        output_tokens=usage["completion_tokens"],
        thinking_tokens=(usage.get("completion_tokens_details") or {}).get("reasoning_tokens", 0),
    )


def _reasoning(outcome: Json) -> tuple[str, list[Json]]:
    """The thinking and what tells of it, of a stream's chunks: not every SDK adds members up that it does not know."""
    deltas = [choice["delta"] for chunk in outcome.get("events", ()) for choice in chunk["choices"]]
    parts: list[Any] = deltas or [outcome["message"]["choices"][0]["message"]]
    details = [detail for part in parts for detail in part.get("reasoning_details") or ()]
    return "".join([part.get("reasoning_content") or "" for part in parts]), details


def _response(outcome: Json) -> Told:
    response = outcome["message"]
    output, usage = response["output"], response["usage"]
    thoughts = [item for item in output if item["type"] == "reasoning"]
    messages = [item for item in output if item["type"] == "message"]
    calls = [item for item in output if item["type"] == "function_call"]
    given, reason = usage["input_tokens_details"], response["incomplete_details"]
    assert len(thoughts) + len(messages) + len(calls) == len(output)
    assert len({item["id"] for item in output}) == len(output)
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    _agree(outcome.get("events", []), thoughts, messages, calls)
    return Told(
        thinking=tuple(part["text"] for item in thoughts for part in item["summary"]),
        signatures=_inner([item.get("encrypted_content") or "" for item in thoughts]),
        texts=tuple(part["text"] for item in messages for part in item["content"]),
        citations=tuple(cited for item in messages for part in item["content"] for cited in part["annotations"]),
        calls=tuple((item["name"], json.loads(item["arguments"])) for item in calls),
        ending=f"{response['status']}: {reason['reason']}" if reason else response["status"],
        stop_sequence=None,
        explanation=None,
        input_tokens=usage["input_tokens"] - given["cached_tokens"] - given["cache_write_tokens"],
        cache_read=given["cached_tokens"],
        cache_written=given["cache_write_tokens"],
        written_for_an_hour=0,
        output_tokens=usage["output_tokens"],
        thinking_tokens=usage["output_tokens_details"]["reasoning_tokens"],
    )


def _agree(events: list[Json], thoughts: list[Json], messages: list[Json], calls: list[Json]) -> None:
    """The deltas of a stream have to be what its last event repeats."""
    if not events:
        return
    whole = {
        "response.reasoning_summary_text.delta": [part["text"] for item in thoughts for part in item["summary"]],
        "response.output_text.delta": [part["text"] for item in messages for part in item["content"]],
        "response.function_call_arguments.delta": [item["arguments"] for item in calls],
    }
    for name, texts in whole.items():
        assert "".join(event["delta"] for event in events if event["type"] == name) == "".join(texts)


def _inner(signatures: list[str]) -> tuple[str, ...]:
    """The signatures themselves: relay's own hold those of some providers, or only say whose thinking it is."""
    inner = [_SEALED.fullmatch(signature) for signature in signatures]
    bare = [found[1] or "" if found else signature for signature, found in zip(signatures, inner, strict=True)]
    return tuple(signature for signature in bare if signature)


_SEALED = re.compile(r"relay1\.\w+\.[0-9a-f]{16}(?:\.(?:rs_\w+:)?(.*))?")


_HEARD: Mapping[str, Callable[[Json], Told]] = {"messages": _message, "chat": _completion, "responses": _response}
