"""The OpenAI Chat Completions dialect (wire-protocols 3): `read` a body, write an answer as `events` or as `unary`.

Chunks follow the grammar of 3.2: one id, the role in the first chunk alone, tool calls numbered from 0, usage (when
asked for) in a last chunk without choices, then `[DONE]`. Thinking goes out as `reasoning_content`; citations are lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.run.demo.answer import (
    Answer,
    Block,
    Cache,
    Json,
    Prompt,
    Spoken,
    Text,
    Thinking,
    Tool,
    ToolUse,
    Unknown,
    said,
    spoken,
)
from relay.run.demo.events import Event, Kind, in_turn
from relay.run.demo.wire import (
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

_CREATED = 1_767_225_600  # one second for all answers: the same request gets the same bytes
_FINISH = {"max_tokens": "length", "tool_use": "tool_calls"}  # the other stop reasons are "stop" here
_TYPES = {  # wire-protocols 8
    402: "insufficient_quota",
    403: "permission_denied",
    408: "timeout",
    409: "conflict",
    429: "rate_limit_error",
    504: "timeout",
}
_CODES = {401: "invalid_api_key", 404: "model_not_found", 413: "request_too_large", 429: "rate_limit_exceeded"}


def read(body: Json) -> Prompt:
    """The prompt of a body, or `Invalid`."""
    model, messages = required_text(body, "model"), conversation(body)
    seed, input_tokens = measured(body)
    latest = since_assistant(messages)
    asked = [message for message in latest if message["role"] == "user"]
    user = body.get("user") or body.get("safety_identifier") or mapped(body, "metadata").get("user_id")
    return Prompt(
        model=model,
        stream=body.get("stream") is True,
        user_text=text_of(asked[-1].get("content")) if asked else "",
        tool_results=tuple(text_of(message.get("content")) for message in latest if message["role"] == "tool"),
        tools=tuple(_tools(body)),
        wanted_tool=mapped(mapped(body, "tool_choice"), "function").get("name"),
        stop_sequences=strings(body.get("stop")),
        tag=str(user or ""),
        input_tokens=input_tokens,
        seed=seed,
        wants_usage=mapped(body, "stream_options").get("include_usage") is True,
    )


def _tools(body: Json) -> Iterator[Tool]:
    for tool in listed(body, "tools"):
        function = mapped(tool, "function")
        yield Tool(str(function.get("name")), mapped(function, "parameters"))


def events(prompt: Prompt, answer: Answer) -> Iterator[Event]:
    """The stream of an answer, chunk by chunk as it is iterated."""
    writer = _Writer(prompt, answer)
    yield writer.chunk({"role": "assistant", "content": ""}, Kind.START)
    for blocks in answer.together():
        yield from in_turn([writer.block(block) for _, block in blocks])
    yield writer.chunk({}, finish_reason=_FINISH.get(answer.stop_reason, "stop"))
    if prompt.wants_usage and answer.reports_usage:
        usage = _usage(prompt, answer, writer.total)
        yield Event(Kind.OTHER, "", encoded(_head(prompt) | {"choices": [], "usage": usage}))
    yield Event(Kind.END, "", b"[DONE]")


@dataclass(slots=True)
class _Writer:
    """Chunks of one stream, and what they added up to."""

    prompt: Prompt
    answer: Answer
    total: Spoken = field(default_factory=Spoken)
    calls: int = 0
    deltas: int = 0

    def chunk(self, delta: Json, kind: Kind = Kind.OTHER, finish_reason: str | None = None) -> Event:
        self.deltas += kind is Kind.DELTA
        body = _head(self.prompt) | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}
        if self.prompt.wants_usage and self.answer.reports_usage:
            body["usage"] = None
        return Event(kind, "", encoded(body, escaped=self.answer.escaped and self.deltas % 2 == 0))

    def block(self, block: Block) -> Iterator[Event]:
        match block:
            case Text(deltas=deltas) | Unknown(deltas=deltas) | Thinking(deltas=deltas):
                key = _key(block, self.answer)
                for text in deltas:
                    self.total.add(block, text)
                    yield self.chunk({key: text}, Kind.DELTA)
            case ToolUse(name=name, fragments=fragments):
                number = self.calls
                self.calls += 1
                yield self.chunk({"tool_calls": [_call(self.prompt, number, name, "")]}, Kind.DELTA)
                for text in fragments or ("{}",):
                    self.total.add(block, text if fragments else "")
                    fragment = {"index": number, "function": {"arguments": text}}
                    yield self.chunk({"tool_calls": [fragment]}, Kind.DELTA)


def _key(block: Block, answer: Answer) -> str:
    """The member of a delta, or of a message, that the text of `block` goes into."""
    if isinstance(block, Thinking):
        return "reasoning_content"
    if isinstance(block, Unknown):
        return "future_content"
    return "refusal" if answer.stop_reason == "refusal" else "content"


def unary(prompt: Prompt, answer: Answer) -> Json:
    """The same answer as one object."""
    message: Json = {"role": "assistant", "content": None, "refusal": None}
    calls: list[Json] = []
    for block in answer.blocks:
        if isinstance(block, ToolUse):
            call = _call(prompt, len(calls), block.name, "".join(said(block)) or "{}")
            calls.append({key: value for key, value in call.items() if key != "index"})
        else:
            key = _key(block, answer)
            message[key] = (message.get(key) or "") + "".join(said(block))
    if calls:
        message["tool_calls"] = calls
    finish = _FINISH.get(answer.stop_reason, "stop")
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    whole = _head(prompt) | {"object": "chat.completion", "choices": [choice]}
    if answer.reports_usage:
        whole["usage"] = _usage(prompt, answer, spoken(answer))
    return whole


def error_type(status: int) -> str:
    return _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")


def error_body(status: int, kind: str, message: str, _request_id: str) -> Json:
    return {"error": {"message": message, "type": kind, "param": None, "code": _CODES.get(status)}}


def error_events(kind: str, message: str, request_id: str) -> tuple[Event, ...]:
    failed = Event(Kind.OTHER, "", encoded(error_body(200, kind, message, request_id)))
    return failed, Event(Kind.END, "", b"[DONE]")


def fields(request_id: str) -> dict[str, str]:
    """Response fields beside those of the content."""
    return {
        "x-request-id": request_id,
        "openai-processing-ms": "1",
        "x-ratelimit-limit-requests": "4000",
        "x-ratelimit-remaining-requests": "3999",
        "x-ratelimit-reset-requests": "1s",
    }


def _head(prompt: Prompt) -> Json:
    start = {"id": f"chatcmpl-demo{prompt.seed}", "object": "chat.completion.chunk", "created": _CREATED}
    return {**start, "model": prompt.model, "system_fingerprint": "fp_demo"}


def _call(prompt: Prompt, number: int, name: str, arguments: str) -> Json:
    """A tool call, or the first fragment of one."""
    function = {"name": name, "arguments": arguments}
    return {"index": number, "id": f"call_demo{prompt.seed}{number:02d}", "type": "function", "function": function}


def _usage(prompt: Prompt, answer: Answer, total: Spoken) -> Json:
    """Usage in OpenAI's sense: the prompt includes what the cache gave and took (wire-protocols 5.2)."""
    cache = answer.cache or Cache()
    written = cache.write_5m + cache.write_1h
    prompt_tokens, completion = prompt.input_tokens + cache.read + written, total.output_tokens()
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": prompt_tokens + completion,
        "prompt_tokens_details": {"cached_tokens": cache.read, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": total.thinking_tokens()},
    }
