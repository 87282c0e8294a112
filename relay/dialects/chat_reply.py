"""The Chat Completions dialect of clients: a message of the hub as a whole answer (spec/wire-protocols.md 4.4, 5.2).

Streams are written in `_core.chat_encoder`; both say the same of the same answer.
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from msgspec import Raw
from msgspec.json import encode

from relay.dialects.openai import Json
from relay.dialects.whole import Block, Message, read

FINISH_REASONS: Final[Mapping[str, str]] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "tool_use": "tool_calls",
}
"""Stop reason → finish reason; any other is `stop`, behind calls of tools `tool_calls`."""
_TOLD: Final = ("redacted_thinking", "text", "thinking", "tool_use")
"""Blocks that a client is told of."""


class ChatClient:
    """How a client of this dialect is answered.

    names           what a tool's name in the hub stands for
    include_usage   a stream ends with a chunk that tells usage
    """

    __slots__ = ("dialect", "include_usage", "names")

    def __init__(self, names: Mapping[bytes, bytes], include_usage: bool) -> None:
        self.dialect: Final = "chat"
        self.names = names
        self.include_usage = include_usage

    def answer(self, message: bytes) -> bytes:
        """Give the whole answer.

        raises   ProtocolError when it is no message
        """
        said = read(message)
        text = "".join([block.text for block in said.content if block.type == "text"])
        told: Json = {"role": "assistant", "content": text or None, "refusal": None}
        told |= _thinking(said.content)
        if calls := [self._call(block) for block in said.content if block.type == "tool_use"]:
            told["tool_calls"] = calls
        finish = FINISH_REASONS.get(said.stop_reason or "", "tool_calls" if calls else "stop")
        created, rest = said.made()
        body: Json = {
            "id": f"chatcmpl-{created}-{rest}",
            "object": "chat.completion",
            "created": created,
            "model": said.model,
            "provider": said.provider,
            "choices": [{"index": 0, "message": told, "logprobs": None, "finish_reason": finish}],
            "usage": _usage(said),
            **said.beside(),
        }
        return encode(body)

    def ending(self, content: bytes) -> bytes:
        """Give the end of a stream that failed, from what tells of its error."""
        return b"data: %b\n\ndata: [DONE]\n\n" % content

    def _call(self, block: Block) -> Json:
        name = block.name.encode()
        arguments = Raw(encode(bytes(block.input).decode()))
        function = {"name": self.names.get(name, name).decode(), "arguments": arguments}
        return {"id": block.id, "type": "function", "function": function}


def _thinking(blocks: list[Block]) -> Json:
    """Give the thinking: its text, and beside it what the client has to send back."""
    details = list(_details(blocks))
    if not details:
        return {}
    text = "".join([detail.get("text", "") for detail in details])
    return ({"reasoning_content": text} if text else {}) | {"reasoning_details": details}


def _details(blocks: list[Block]) -> Iterator[Json]:
    """Give the thinking block by block; signed and before a call it has the call's id: there it has to stand again."""
    told = [block for block in blocks if block.type in _TOLD]
    index = 0
    for block, following in zip_longest(told, told[1:]):
        call = {"id": following.id} if following is not None and following.type == "tool_use" else {}
        if block.type == "thinking" and (block.thinking or block.signature):
            signed = {"signature": block.signature} | call if block.signature else {}
            yield {"type": "reasoning.text", "index": index, "text": block.thinking} | signed
        elif block.type == "redacted_thinking" and block.data:
            yield {"type": "reasoning.encrypted", "index": index, "data": block.data} | call
        else:
            continue
        index += 1


def _usage(said: Message) -> dict[str, Any]:
    spent = said.spent()
    usage: Json = {
        "prompt_tokens": spent.prompt,
        "completion_tokens": spent.completion,
        "total_tokens": spent.prompt + spent.completion,
    }
    if spent.cached is not None or spent.written is not None:
        usage["prompt_tokens_details"] = {
            "cached_tokens": spent.cached or 0,
            "cache_write_tokens": spent.written or 0,
        }
    if spent.reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": spent.reasoning}
    return usage | spent.fields
