"""The Anthropic Messages dialect (wire-protocols 2): `read` a body, write an answer as `events` or as `unary`.

Events follow the grammar of 2.5: one ping after the first block's start, cumulative usage in `message_delta`, data
padded with spaces as Anthropic pads it.
"""

from collections.abc import Iterator, Mapping

import orjson

from relay.run.demo.answer import (
    Answer,
    Block,
    Cache,
    Invalid,
    Json,
    Prompt,
    Spoken,
    Text,
    Thinking,
    Tool,
    ToolUse,
    Unknown,
    spoken,
)
from relay.run.demo.events import Event, Kind
from relay.run.demo.wire import (
    blocks,
    conversation,
    encoded,
    listed,
    mapped,
    measured,
    required_text,
    since_assistant,
    strings,
    text_of,
)

_TYPES: Mapping[int, str] = {  # wire-protocols 8
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_LIMITS = {"requests": 4000, "tokens": 2_400_000, "input-tokens": 2_000_000, "output-tokens": 400_000}


def read(body: Json) -> Prompt:
    """The prompt of a body, or `Invalid`. `max_tokens` is required, as Anthropic requires it."""
    limit = body.get("max_tokens")
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise Invalid("max_tokens: Field required")
    return counted(body)


def counted(body: Json) -> Prompt:
    """The same without `max_tokens`, for `count_tokens`."""
    model, messages = required_text(body, "model"), conversation(body)
    seed, input_tokens = measured(body)
    latest = [message for message in since_assistant(messages) if message["role"] == "user"]
    return Prompt(
        model=model,
        stream=body.get("stream") is True,
        user_text=text_of(latest[-1].get("content")) if latest else "",
        tool_results=tuple(_results(latest)),
        tools=tuple(_tools(body)),
        wanted_tool=mapped(body, "tool_choice").get("name"),
        stop_sequences=strings(body.get("stop_sequences")),
        tag=str(mapped(body, "metadata").get("user_id") or ""),
        input_tokens=input_tokens,
        seed=seed,
    )


def _results(messages: list[Json]) -> Iterator[str]:
    for message in messages:
        for block in blocks(message.get("content")):
            if block.get("type") == "tool_result":
                yield text_of(block.get("content"))


def _tools(body: Json) -> Iterator[Tool]:
    """Client tools only: the others are the provider's to run."""
    for tool in listed(body, "tools"):
        if (tool.get("type") or "custom") == "custom":
            yield Tool(str(tool.get("name")), mapped(tool, "input_schema"))


def events(prompt: Prompt, answer: Answer) -> Iterator[Event]:
    """The stream of an answer, event by event as it is iterated."""
    yield _event("message_start", {"message": _message(prompt, answer)}, Kind.START)
    if any(isinstance(block, Unknown) for block in answer.blocks):
        yield _event("future_event", {"future": {"nested": [1, 2.50, None]}})
    total, deltas = Spoken(), 0
    for index, block in enumerate(answer.blocks):
        yield _event("content_block_start", {"index": index, "content_block": _opened(prompt, index, block)})
        if index == 0:
            yield _event("ping", {})
        for delta in _deltas(block):
            deltas += 1
            total.add(block, _text(delta))
            escaped = answer.escaped and deltas % 2 == 0
            yield _event("content_block_delta", {"index": index, "delta": delta}, Kind.DELTA, escaped=escaped)
        yield _event("content_block_stop", {"index": index})
    yield _event("message_delta", _stopped(prompt, answer, total))
    yield _event("message_stop", {}, Kind.END)


def unary(prompt: Prompt, answer: Answer) -> Json:
    """The same answer as one object."""
    content = [_whole(prompt, index, block) for index, block in enumerate(answer.blocks)]
    stopped = _stopped(prompt, answer, spoken(answer))
    message: Json = _message(prompt, answer) | {"content": content} | stopped["delta"]
    if answer.reports_usage:
        message["usage"] |= stopped["usage"]
    return message


def error_type(status: int) -> str:
    return _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")


def error_body(_status: int, kind: str, message: str, request_id: str) -> Json:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}


def error_events(kind: str, message: str, request_id: str) -> tuple[Event, ...]:
    return (Event(Kind.OTHER, "error", encoded(error_body(200, kind, message, request_id))),)


def fields(request_id: str) -> dict[str, str]:
    """Response fields beside those of the content."""
    found = {"request-id": request_id, "anthropic-organization-id": "org_demo"}
    for name, limit in _LIMITS.items():
        found[f"anthropic-ratelimit-{name}-limit"] = str(limit)
        found[f"anthropic-ratelimit-{name}-remaining"] = str(limit - 1)
        found[f"anthropic-ratelimit-{name}-reset"] = "2030-01-01T00:00:00Z"
    return found


def _event(kind: str, data: Json, role: Kind = Kind.OTHER, *, escaped: bool = False) -> Event:
    text = encoded({"type": kind, **data}, escaped=escaped)
    if role is Kind.DELTA:
        text = text[:-1] + b" " * (-len(text) % 8) + b"}"
    return Event(role, kind, text)


def _message(prompt: Prompt, answer: Answer) -> Json:
    """A message without content."""
    message = {"id": f"msg_demo{prompt.seed}", "type": "message", "role": "assistant", "model": prompt.model}
    ends = {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    return {**message, "content": [], **ends} | ({"usage": _usage(prompt, answer)} if answer.reports_usage else {})


def _usage(prompt: Prompt, answer: Answer) -> Json:
    """Usage as the start of a message reports it."""
    cache = answer.cache or Cache()
    writes = {"ephemeral_5m_input_tokens": cache.write_5m, "ephemeral_1h_input_tokens": cache.write_1h}
    return _input(prompt, answer) | {"cache_creation": writes, "output_tokens": 1, "service_tier": "standard"}


def _input(prompt: Prompt, answer: Answer) -> Json:
    cache = answer.cache or Cache()
    return {
        "input_tokens": prompt.input_tokens,
        "cache_creation_input_tokens": cache.write_5m + cache.write_1h,
        "cache_read_input_tokens": cache.read,
    }


def _stopped(prompt: Prompt, answer: Answer, total: Spoken) -> Json:
    """The data of `message_delta`."""
    delta: Json = {"stop_reason": answer.stop_reason, "stop_sequence": answer.stop_sequence}
    if answer.stop_details:
        delta["stop_details"] = dict(answer.stop_details)
    if not answer.reports_usage:
        return {"delta": delta}
    usage = _input(prompt, answer) | {"output_tokens": total.output_tokens()}
    if total.thinking_bytes:
        usage["output_tokens_details"] = {"thinking_tokens": total.thinking_tokens()}
    return {"delta": delta, "usage": usage}


def _opened(prompt: Prompt, index: int, block: Block) -> Json:
    """The block of a `content_block_start`."""
    match block:
        case Text(citations=cited):
            return {"type": "text", "text": "", "citations": []} if cited else {"type": "text", "text": ""}
        case Thinking():
            return {"type": "thinking", "thinking": "", "signature": ""}
        case ToolUse(name=name):
            return {"type": "tool_use", "id": f"toolu_demo{prompt.seed}{index:02d}", "name": name, "input": {}}
        case Unknown():
            return {"type": "future_block", "future": ""}


def _deltas(block: Block) -> Iterator[Json]:
    match block:
        case Text(deltas=deltas, citations=citations):
            yield from ({"type": "text_delta", "text": text} for text in deltas)
            yield from ({"type": "citations_delta", "citation": citation} for citation in citations)
        case Thinking(deltas=deltas, signature=signature):
            yield from ({"type": "thinking_delta", "thinking": text} for text in deltas)
            yield {"type": "signature_delta", "signature": signature}
        case ToolUse(fragments=fragments):
            yield from ({"type": "input_json_delta", "partial_json": text} for text in ("", *fragments))
        case Unknown(deltas=deltas):
            yield from ({"type": "future_delta", "future": text} for text in deltas)


_CONTENT = ("text", "thinking", "partial_json", "future")


def _text(delta: Json) -> str:
    """The model's output in a delta; citations and signatures are none."""
    return next((str(delta[key]) for key in _CONTENT if key in delta), "")


def _whole(prompt: Prompt, index: int, block: Block) -> Json:
    """A finished block."""
    opened = _opened(prompt, index, block)
    match block:
        case Text(deltas=deltas, citations=citations):
            return opened | {"text": "".join(deltas)} | ({"citations": list(citations)} if citations else {})
        case Thinking(deltas=deltas, signature=signature):
            return opened | {"thinking": "".join(deltas), "signature": signature}
        case ToolUse(fragments=fragments):
            return opened | {"input": orjson.loads("".join(fragments) or "{}")}
        case Unknown(deltas=deltas):
            return opened | {"future": "".join(deltas)}
