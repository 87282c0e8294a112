"""Messages requests to translate: their blocks and turns, and calls made of them."""

import json
from typing import Any

from relay._core import members
from relay.call import Call, Identity

Json = dict[str, Any]
USER = {"role": "user", "content": "hi"}
PNG: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}
BY_URL: Json = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
CLOSED: Json = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
"""A schema that OpenAI's strict mode takes."""
TOOL: Json = {"name": "f", "description": "Does.", "input_schema": {"type": "object", "properties": {"a": {}}}}


def call_of(*messages: Json, stream: bool = False, **said: Any) -> Call:
    """A call with these messages, `USER` where there are none; members that are `...` are left out."""
    body = {"model": "a/m", "max_tokens": 100, "messages": list(messages or (USER,))} | said
    content = json.dumps({key: value for key, value in body.items() if value is not ...}).encode()
    return Call(
        "gen-1-abc", "chat", "a/m", stream, content, members(content), Identity("dev"), 0,
        version=None, betas=None, session_id="s-1", app=None, reports=False,
    )  # fmt: skip


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def model(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def text(said: str) -> Json:
    return {"type": "text", "text": said}


def use(id: str, name: str = "f", **input: Any) -> Json:
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id: str, content: Any = "ok", **more: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": id, "content": content} | more
