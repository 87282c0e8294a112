"""Chat Completions chunks as providers send them, and the message that a stream of hub events adds up to."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]
DONE = b"data: [DONE]\n\n"


def frame(value: Any) -> bytes:
    """One event whose data is the JSON of `value`."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def chunk(delta: Json | None = None, finish: str | None = None, **members: Any) -> bytes:
    """One chunk with one choice; `members` are added to it, or replace."""
    choice = {"index": 0, "delta": {} if delta is None else delta, "logprobs": None, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1767225600, "model": "up-model"}
    return frame(head | {"choices": [choice]} | members)


def content(*texts: str) -> bytes:
    return b"".join(chunk({"content": text}) for text in texts)


def reasoning(*texts: str, key: str = "reasoning_content") -> bytes:
    return b"".join(chunk({key: text}) for text in texts)


def fragment(index: int | None = None, id: str | None = None, name: str | None = None, arguments: Any = None) -> Json:
    """One fragment of a tool call, without what is None."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    members = {"index": index, "id": id, "type": "function" if name else None, "function": function}
    return {key: value for key, value in members.items() if value is not None}


def tool(*fragments: Json) -> bytes:
    """A chunk with fragments of tool calls."""
    return chunk({"tool_calls": list(fragments)})


def call(index: int, id: str, name: str, *arguments: str) -> bytes:
    """A whole tool call as OpenAI sends it."""
    rest = b"".join(tool(fragment(index, arguments=text)) for text in arguments)
    return tool(fragment(index, id, name, "")) + rest


def usage(prompt: int = 12, completion: int = 5, **details: Any) -> bytes:
    """The last chunk of a stream that was asked for usage."""
    total = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return chunk(choices=[], usage=total | details)


ROLE = chunk({"role": "assistant", "content": ""})


def conversation(*parts: bytes, finish: str = "stop") -> bytes:
    """A whole stream around the parts."""
    return ROLE + b"".join(parts) + chunk(finish=finish) + usage() + DONE


def message_of(events: Sequence[tuple[str, Any]]) -> Json:
    """Add hub events up as an SDK does; AssertionError where the grammar of 2.5 is broken."""
    kinds = [kind for kind, _ in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("message_start") == kinds.count("message_delta") == kinds.count("message_stop") == 1
    message = dict(events[0][1]["message"])
    message["content"] = list(_blocks(events))
    message |= events[-2][1]["delta"]
    message["usage"] = message["usage"] | events[-2][1]["usage"]
    return message


def _blocks(events: Sequence[tuple[str, Any]]) -> Iterator[Json]:
    block: Json | None = None
    index = -1
    for kind, data in events:
        if kind == "content_block_start":
            assert block is None, "blocks overlap"
            index += 1
            assert data["index"] == index
            block = dict(data["content_block"])
            if block["type"] == "tool_use":
                assert block.pop("input") == {}
                block["arguments"] = ""
        elif kind == "content_block_delta":
            assert block is not None
            assert data["index"] == index
            _add(block, data["delta"])
        elif kind == "content_block_stop":
            assert block is not None
            assert data["index"] == index
            yield block
            block = None


def _add(block: Json, delta: Json) -> None:
    keys = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
    if delta["type"] == "signature_delta":
        block["signature"] = delta["signature"]
        return
    if delta["type"] == "citations_delta":
        block["citations"] = [*(block["citations"] or []), delta["citation"]]
        return
    said = delta[keys[delta["type"]]]
    assert said, "an empty delta"
    block["arguments" if delta["type"] == "input_json_delta" else keys[delta["type"]]] += said
