"""The Messages dialect around the stream: outgoing requests, and a stream made from a unary answer.

Byte stability is the point: `system`, `tools` and `messages` of a request keep their bytes
(spec/openrouter-messages.md 4, spec/wire-protocols.md 2.3).
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from relay._core import Estimator, ProtocolError
from relay.call import Call
from relay.catalog import Attempt
from relay.dialects.schema import NOT_COUNTED, OWN_FIELDS
from relay.errors import CallerInvalid

LARGE: Final = 64 << 10
"""Bytes of a request, and of a part of it, from which on it is not copied to be sent."""
_PER_MESSAGE_TOKENS: Final = 4
_TOUCHED: Final = OWN_FIELDS | NOT_COUNTED | {"model", "output_config"}


def outgoing(call: Call, attempt: Attempt, replaced: Mapping[str, bytes]) -> list[bytes | memoryview]:
    """Give the content for the attempt: the client's, with the model, `replaced` values and what is relay's own.

    An empty value removes its member, one that the content has no member for is added. Members that stay keep their
    bytes and order. `max_tokens` is filled in when absent, `temperature` over 1 becomes 1.

    returns   its parts, to be sent one behind the other: one, and of a large content what is LARGE in it by itself
    """
    counting = call.operation == "count_tokens"
    content = call.content
    view = memoryview(content) if len(content) >= LARGE else None
    parts: list[bytes | memoryview] = []  # with what goes between them: a long history is not copied
    joint = b"{"
    from_, to = -1, -1  # members that stay and lie together leave as one run
    is_limited = counting
    for key, start, end, value, _ in call.members:
        changed: bytes | None = None
        if key in attempt.dropped or (key in replaced and not replaced[key]):
            changed = b""
        elif key in _TOUCHED:
            changed = _outgoing_member(key, replaced.get(key, content[value:end]), attempt, counting)
            is_limited = is_limited or (key == "max_tokens" and changed != b"")
        if changed is None:
            from_ = start if from_ < 0 else from_
            to = value if key in replaced else end
            if to == end:
                continue
        if from_ >= 0:
            parts += (joint, content[from_:to] if view is None else view[from_:to])
            joint = b","
            from_ = -1
        if changed is None:
            parts.append(replaced[key])
        elif changed:
            parts += (joint, changed)
            joint = b","
    if from_ >= 0:
        parts += (joint, content[from_:to] if view is None else view[from_:to])
        joint = b","
    for key in _added(call, replaced):
        parts += (joint, orjson.dumps(key), b":", replaced[key])
        joint = b","
        is_limited = is_limited or key == "max_tokens"
    if not is_limited:
        parts += (joint, b'"max_tokens":%d' % attempt.endpoint.default_max_tokens)
    parts.append(b"}" if parts else b"{}")
    return [b"".join(parts)] if view is None else _gathered(parts)


def _added(call: Call, replaced: Mapping[str, bytes]) -> list[str]:
    """Give the members that the content has none of."""
    if not replaced:
        return []
    present = {member[0] for member in call.members}
    return [key for key, value in replaced.items() if value and key not in present]


def _gathered(parts: list[bytes | memoryview]) -> list[bytes | memoryview]:
    """Join what is small, so that no view of it keeps the whole content alive."""
    gathered: list[bytes | memoryview] = []
    small: list[bytes | memoryview] = []
    for part in parts:
        if len(part) < LARGE:
            small.append(part)
            continue
        gathered += (b"".join(small), part)
        small = []
    return [*gathered, b"".join(small)]


def _outgoing_member(key: str, value: bytes, attempt: Attempt, counting: bool) -> bytes | None:
    """Give what a member becomes by its raw value: None: it stays as it is; empty: it goes.

    Fields of relay itself never leave; a null is an absent field where the provider would not take it.
    """
    if key == "model":
        return b'"model":' + orjson.dumps(attempt.model)
    if key in OWN_FIELDS or (counting and key in NOT_COUNTED):
        return b""
    if key == "service_tier":
        return (
            None if orjson.loads(value) in ("auto", "standard_only") else b""
        )  # of the rest relay's own route is made
    if key == "output_config":
        return _output_config(value, attempt)
    if key not in ("max_tokens", "temperature"):
        return None
    if value == b"null":
        return b""
    if key == "max_tokens":
        return None if attempt.max_tokens is None else b'"max_tokens":%d' % attempt.max_tokens
    return b'"temperature":1' if float(value) > 1 else None


def decoded(path: str, text: bytes) -> Any:
    """Give a member's value.

    raises   CallerInvalid for what only a reader of all numbers and strings sees
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        reason = "a number is out of range, or a \\u escape in a string is half of a surrogate pair"
        raise CallerInvalid(f"{path}: {reason}") from None


def _output_config(value: bytes, attempt: Attempt) -> bytes | None:
    """Take out the settings that the endpoint does not take."""
    settings = [path.partition(".")[2] for path in attempt.dropped if path.startswith("output_config.")]
    if not settings:
        return None
    kept = {name: said for name, said in decoded("output_config", value).items() if name not in settings}
    return b'"output_config":' + orjson.dumps(kept) if kept else b""


def input_tokens(content: bytes) -> int:
    """Estimate the prompt of a request from its strings (spec/wire-protocols.md 5.4); at least 1."""
    estimator = Estimator()
    estimator.add_json(content)
    return max(1, estimator.tokens + _PER_MESSAGE_TOKENS * content.count(b'"role"'))


def images(content: bytes) -> int:
    """Count the images of a request, those in results of tools included."""
    said = orjson.loads(content)
    blocks = [block for message in said["messages"] for block in _blocks(message)]
    return sum([_is_image(block) + sum([_is_image(inner) for inner in _blocks(block)]) for block in blocks])


def _blocks(holder: Any) -> list[Any]:
    content = holder.get("content") if isinstance(holder, dict) else None
    return content if isinstance(content, list) else []


def _is_image(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "image"


def as_stream(content: bytes) -> bytes:
    """Give the events that a unary answer would have been, an error event for an error: not all providers stream.

    raises   ProtocolError when it is no message
    """
    try:
        message = orjson.loads(content)
    except orjson.JSONDecodeError as cause:
        raise ProtocolError("the answer is neither events nor JSON") from cause
    if not isinstance(message, dict):
        raise ProtocolError("the answer is no message")
    if "error" in message:
        return b"event: error\ndata: %b\n\n" % orjson.dumps({"type": "error", "error": message["error"]})
    if message.get("type") != "message" or not isinstance(message.get("content"), list):
        raise ProtocolError("the answer is no message")
    if not all(isinstance(block, dict) for block in message["content"]):
        raise ProtocolError("the answer's content is no list of blocks")
    start = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(message["content"]):
        events += _block_events(index, block)
    delta = {"stop_reason": message.get("stop_reason"), "stop_sequence": message.get("stop_sequence")}
    events.append({"type": "message_delta", "delta": delta, "usage": message.get("usage")})
    events.append({"type": "message_stop"})
    return b"".join([b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)) for event in events])


def _block_events(index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    """Give start, deltas and stop of one block; kinds that have no delta travel in their start."""
    deltas: list[dict[str, Any]] = []
    empty = dict(block)
    if block.get("type") == "text":
        empty["text"] = ""
        deltas.append({"type": "text_delta", "text": block.get("text", "")})
        if isinstance(citations := empty.pop("citations", None), list):
            deltas += [{"type": "citations_delta", "citation": citation} for citation in citations]
    elif block.get("type") in ("tool_use", "server_tool_use", "mcp_tool_use"):
        empty["input"] = {}
        deltas.append({"type": "input_json_delta", "partial_json": orjson.dumps(block.get("input", {})).decode()})
    elif block.get("type") == "thinking":
        empty |= {"thinking": "", "signature": ""}
        deltas.append({"type": "thinking_delta", "thinking": block.get("thinking", "")})
        deltas.append({"type": "signature_delta", "signature": block.get("signature", "")})
    return [
        {"type": "content_block_start", "index": index, "content_block": empty},
        *[{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas],
        {"type": "content_block_stop", "index": index},
    ]
