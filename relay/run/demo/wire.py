"""What all dialects need: JSON in and out and the members of a body."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import orjson

from relay.run.demo.answer import Invalid, Json, tokens


def encoded(value: Json, *, escaped: bool = False) -> bytes:
    """Compact JSON; `escaped`: ASCII, everything else as `\\u` escapes, surrogate pairs included."""
    return json.dumps(value, separators=(",", ":")).encode() if escaped else orjson.dumps(value)


def decoded(content: bytes) -> Json:
    """The object that `content` holds, or `Invalid`."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as cause:
        raise Invalid(f"the request body is not valid JSON: {cause}") from cause
    if not isinstance(body, dict):
        raise Invalid("the request body is not a JSON object")
    return body


def required_text(body: Json, key: str) -> str:
    if not isinstance(body.get(key), str) or not body[key]:
        raise Invalid(f"{key}: Field required")
    return str(body[key])


def conversation(body: Json) -> list[Json]:
    """The messages; each an object with a role."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Invalid("messages: Field required")
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise Invalid(f"messages.{number}.role: Field required")
    return messages


def since_assistant(messages: list[Json]) -> list[Json]:
    """The messages after the last assistant turn."""
    last = max((n for n, message in enumerate(messages) if message["role"] == "assistant"), default=-1)
    return messages[last + 1 :]


def blocks(content: Any) -> list[Json]:
    """The content of a message as blocks; a plain string is one text block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def text_of(content: Any) -> str:
    """The text blocks of a message, joined."""
    return "\n".join(str(block.get("text") or "") for block in blocks(content) if block.get("type") == "text")


def listed(body: Json, key: str) -> list[Json]:
    """The objects of an optional list."""
    value = body.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapped(body: Json, key: str) -> Json:
    """An optional object."""
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def strings(value: Any) -> tuple[str, ...]:
    """An optional string or list of strings."""
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str))


def measured(body: Json, keys: tuple[str, ...] = ("messages", "system", "tools")) -> tuple[str, int]:
    """The seed and the input tokens: both of the conversation alone, so that they outlive a gateway's additions."""
    parts = [body.get(key) for key in keys]
    try:
        said = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as cause:
        raise Invalid("the request body is nested too deeply") from cause
    return hashlib.blake2b(said, digest_size=8).hexdigest(), tokens(len(said))
