"""The Responses dialect of clients: a message of the hub as a whole response (spec/wire-protocols.md 3.5, 5.2).

Streams are written in `_core.responses_encoder`; both say the same of the same answer.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import orjson
from msgspec import Raw
from msgspec.json import encode

from relay._core.free_text import free_text
from relay.dialects.openai import Json
from relay.dialects.responses_history import REDACTED
from relay.dialects.whole import Block, Message, read

_INCOMPLETE: Final[Mapping[str, str]] = {
    "max_tokens": "max_output_tokens",
    "model_context_window_exceeded": "max_output_tokens",
    "refusal": "content_filter",
}
"""Stop reason → why a response is incomplete; with any other it is complete."""

_PREFIXES: Final[Mapping[str, str]] = {"function_call": "fc", "custom_tool_call": "ctc", "reasoning": "rs"}


class ResponsesClient:
    """How a client of this dialect is answered.

    names    what a tool's name in the hub stands for
    customs  the client's names of tools that take free text
    asked    members of a response that repeat the request
    failed   gives the end of a stream that failed, from a code and a message; nothing of one that did not begin
    """

    __slots__ = ("asked", "customs", "dialect", "failed", "names")

    def __init__(self, names: Mapping[bytes, bytes], asked: bytes, customs: frozenset[bytes] = frozenset()) -> None:
        self.dialect: Final = "responses"
        self.names = names
        self.customs = customs
        self.asked = asked
        self.failed: Callable[[str, str], bytes] = _not_begun

    def answer(self, message: bytes) -> bytes:
        """Give the whole response.

        raises   ProtocolError when it is no message
        """
        said = read(message)
        created, rest = said.made()
        reason = _INCOMPLETE.get(said.stop_reason or "")
        output = list(_items(said.content, rest, self))
        if reason == "max_output_tokens" and output and output[-1]["type"] == "message":
            output[-1]["status"] = "incomplete"
        body: Json = {
            "id": f"resp_{rest}",
            "object": "response",
            "created_at": created,
            "model": said.model,
            "provider": said.provider,
            "status": "completed" if reason is None else "incomplete",
            "error": None,
            "incomplete_details": None if reason is None else {"reason": reason},
            "output": output,
            "usage": _usage(said),
            **said.beside(),
        }
        return b"%b,%b}" % (encode(body)[:-1], self.asked)

    def ending(self, content: bytes) -> bytes:
        """Give the end of a stream that failed, from what tells of its error."""
        error = orjson.loads(content)["error"]
        code, message = str(error["code"] or error["type"]), str(error["message"])
        if told := self.failed(code, message):
            return told
        event = {"type": "error", "sequence_number": 0, "code": code, "message": message, "param": None, "error": error}
        return b"event: error\ndata: %b\n\n" % orjson.dumps(event)


def _not_begun(code: str, message: str) -> bytes:  # noqa: ARG001 - what the encoder's own takes
    return b""


def _items(blocks: list[Block], rest: str, client: ResponsesClient) -> Iterator[Json]:
    """Give the items: texts that nothing stands between are one message."""
    number = 0
    texts: list[str] = []
    for block in (*blocks, Block("")):
        is_text = block.type == "text"
        if is_text:
            texts.append(block.text)
        item = None if is_text else _item(block, client)
        if (item is not None or not block.type) and (said := "".join(texts)):
            part = {"type": "output_text", "annotations": [], "logprobs": [], "text": said}
            message = {"type": "message", "role": "assistant", "content": [part]}
            yield {"id": f"msg_{rest}_{number}", "status": "completed"} | message
            number += 1
        if item is not None:
            texts = []
            yield {"id": f"{_PREFIXES[item['type']]}_{rest}_{number}"} | item
            number += 1


def _item(block: Block, client: ResponsesClient) -> Json | None:
    """Give the item that a block is, without its id; None: it is none of its own."""
    if block.type == "tool_use":
        name = block.name.encode()
        name = client.names.get(name, name)
        arguments = bytes(block.input).decode()
        call: Json = {"status": "completed", "call_id": block.id, "name": name.decode()}
        if name in client.customs:
            return call | {"type": "custom_tool_call", "input": Raw(free_text(arguments))}
        return call | {"type": "function_call", "arguments": Raw(encode(arguments))}
    if block.type == "thinking" and (block.thinking or block.signature):
        summary = [{"type": "summary_text", "text": block.thinking}] if block.thinking else []
        return {"type": "reasoning", "summary": summary, "encrypted_content": block.signature or None}
    if block.type == "redacted_thinking" and block.data:
        return {"type": "reasoning", "summary": [], "encrypted_content": REDACTED + block.data}
    return None


def _usage(said: Message) -> Json:
    spent = said.spent()
    usage: Json = {
        "input_tokens": spent.prompt,
        "input_tokens_details": {"cached_tokens": spent.cached or 0, "cache_write_tokens": spent.written or 0},
        "output_tokens": spent.completion,
        "output_tokens_details": {"reasoning_tokens": spent.reasoning or 0},
        "total_tokens": spent.prompt + spent.completion,
    }
    return usage | spent.fields
