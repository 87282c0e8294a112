"""Amazon Bedrock (wire-protocols 1.4, 4.6): Converse as this module, Invoke with Messages bodies as INVOKE.

Streams are binary messages: `frame` makes one of an event. The server puts model and `stream` into the body, for they
stand in the path. It is as strict as AWS: turns alternate, text is never blank, calls in a history need tools.
"""

import base64
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zlib import crc32

import orjson

from relay.run.demo import messages
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
    said,
    spoken,
)
from relay.run.demo.events import Event, Kind, in_turn
from relay.run.demo.wire import conversation, encoded, listed, mapped, measured, required_text, since_assistant, strings

STREAM_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
_MEMBERS = frozenset(
    {
        "additionalModelRequestFields",
        "additionalModelResponseFieldPaths",
        "guardrailConfig",
        "inferenceConfig",
        "messages",
        "model",
        "outputConfig",
        "performanceConfig",
        "requestMetadata",
        "serviceTier",
        "stream",
        "system",
        "toolConfig",
    }
)
_REASONS: Mapping[str, str] = {"refusal": "content_filtered", "pause_turn": "end_turn"}
_EXCEPTIONS: Mapping[str, str] = {
    "invalid_request_error": "validationException",
    "rate_limit_error": "throttlingException",
    "overloaded_error": "serviceUnavailableException",
    "timeout_error": "modelTimeoutException",
    "api_error": "internalServerException",
}
_TYPES: Mapping[int, str] = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}


def read(body: Json) -> Prompt:
    """The prompt of a Converse body, or `Invalid`."""
    if strange := body.keys() - _MEMBERS:
        raise Invalid(f"Unknown member {sorted(strange)[0]}")
    turns, config = conversation(body), mapped(body, "toolConfig")
    _check(turns, config)
    seed, input_tokens = measured({"messages": turns, "system": body.get("system"), "tools": config})
    latest = [block for turn in since_assistant(turns) for block in listed(turn, "content")]
    tools = [mapped(tool, "toolSpec") for tool in listed(config, "tools") if "toolSpec" in tool]
    return Prompt(
        model=required_text(body, "model"),
        stream=body.get("stream") is True,
        user_text="\n".join(block["text"] for block in latest if "text" in block),
        tool_results=tuple(_texts(mapped(block, "toolResult")) for block in latest if "toolResult" in block),
        tools=tuple(Tool(str(tool.get("name")), mapped(mapped(tool, "inputSchema"), "json")) for tool in tools),
        wanted_tool=mapped(mapped(config, "toolChoice"), "tool").get("name"),
        stop_sequences=strings(mapped(body, "inferenceConfig").get("stopSequences")),
        tag="",
        input_tokens=input_tokens,
        seed=seed,
    )


def _check(turns: list[Json], config: Json) -> None:
    """Refuse what AWS refuses."""
    for number, turn in enumerate(turns):
        if turn["role"] != ("assistant" if number % 2 else "user"):
            raise Invalid("A conversation must alternate between user and assistant roles, and start with a user")
        for block in listed(turn, "content"):
            if "text" in block and not str(block["text"]).strip():
                raise Invalid(f"The text field in the ContentBlock object at messages.{number} is blank")
            if not config and ("toolUse" in block or "toolResult" in block):
                raise Invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks")
        uses = [mapped(block, "toolUse").get("toolUseId") for block in listed(turn, "content") if "toolUse" in block]
        behind = listed(turns[number + 1], "content") if uses and number + 1 < len(turns) else []
        results = {mapped(block, "toolResult").get("toolUseId") for block in behind}
        if not results.issuperset(uses):
            raise Invalid(f"Expected toolResult blocks at messages.{number + 1}.content for the toolUse blocks")


def _texts(result: Json) -> str:
    return "\n".join(str(block["text"]) for block in listed(result, "content") if "text" in block)


def events(prompt: Prompt, answer: Answer) -> Iterator[Event]:
    """The stream of an answer, event by event as it is iterated."""
    writer = _Writer(prompt, answer)
    yield writer.event("messageStart", {"role": "assistant"}, Kind.START)
    for blocks in answer.together():
        yield from in_turn([writer.block(index, block) for index, block in blocks])
    yield writer.event("messageStop", {"stopReason": _REASONS.get(answer.stop_reason, answer.stop_reason)})
    if answer.reports_usage:
        usage = {"usage": _usage(prompt, answer, writer.total), "metrics": {"latencyMs": 1}}
        yield writer.event("metadata", usage, Kind.END)


@dataclass(slots=True)
class _Writer:
    """Events of one stream, and what they added up to."""

    prompt: Prompt
    answer: Answer
    total: Spoken = field(default_factory=Spoken)
    deltas: int = 0

    def event(self, name: str, payload: Json, kind: Kind = Kind.OTHER) -> Event:
        self.deltas += kind is Kind.DELTA
        payload["p"] = "abcdefghijklmnopqrstuvwxyz"[: self.deltas % 26]  # AWS hides how long a text is
        return Event(kind, name, encoded(payload, escaped=self.answer.escaped and self.deltas % 2 == 0))

    def block(self, index: int, block: Block) -> Iterator[Event]:
        if isinstance(block, ToolUse):
            use = {"toolUseId": _call_id(self.prompt, index), "name": block.name}
            yield self.event("contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": use}})
        for text in said(block):
            self.total.add(block, text)
            yield self._delta(index, _delta(block, text), Kind.DELTA)
        if isinstance(block, Thinking):
            yield self._delta(index, {"reasoningContent": {"signature": block.signature}})
        for cited in block.citations if isinstance(block, Text) else ():
            citation = {"title": cited.get("document_title"), "sourceContent": [{"text": cited["cited_text"]}]}
            yield self._delta(index, {"citation": citation})
        yield self.event("contentBlockStop", {"contentBlockIndex": index})

    def _delta(self, index: int, delta: Json, kind: Kind = Kind.OTHER) -> Event:
        return self.event("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}, kind)


def _delta(block: Block, text: str) -> Json:
    match block:
        case ToolUse():
            return {"toolUse": {"input": text}}
        case Thinking():
            return {"reasoningContent": {"text": text}}
        case Unknown():
            return {"future": text}
    return {"text": text}


def _call_id(prompt: Prompt, index: int) -> str:
    return f"tooluse_demo{prompt.seed}{index:02d}"


def unary(prompt: Prompt, answer: Answer) -> Json:
    """The same answer as one object."""
    content = [_whole(prompt, index, block) for index, block in enumerate(answer.blocks)]
    reason = _REASONS.get(answer.stop_reason, answer.stop_reason)
    whole: Json = {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": reason}
    if answer.reports_usage:
        whole |= {"usage": _usage(prompt, answer, spoken(answer)), "metrics": {"latencyMs": 1}}
    return whole


def _whole(prompt: Prompt, index: int, block: Block) -> Json:
    text = "".join(said(block))
    match block:
        case ToolUse(name=name):
            return {
                "toolUse": {"toolUseId": _call_id(prompt, index), "name": name, "input": orjson.loads(text or "{}")}
            }
        case Thinking(signature=signature):
            return {"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}}
        case Unknown():
            return {"future": text}
    return {"text": text}


def _usage(prompt: Prompt, answer: Answer, total: Spoken) -> Json:
    """Usage in Bedrock's sense: the input without what the cache gave and took (wire-protocols 5.2)."""
    cache = answer.cache or Cache()
    written, output = cache.write_5m + cache.write_1h, total.output_tokens()
    return {
        "inputTokens": prompt.input_tokens,
        "outputTokens": output,
        "totalTokens": prompt.input_tokens + cache.read + written + output,
        "cacheReadInputTokens": cache.read,
        "cacheWriteInputTokens": written,
        "cacheDetails": [
            {"ttl": ttl, "inputTokens": count}
            for ttl, count in (("1h", cache.write_1h), ("5m", cache.write_5m))
            if count
        ],
    }


def error_type(status: int) -> str:
    return _TYPES.get(status, "InternalServerException" if status >= 500 else "ValidationException")


def error_body(_status: int, kind: str, message: str, _request_id: str) -> Json:
    return {"__type": kind, "message": message}


def error_events(kind: str, message: str, _request_id: str) -> tuple[Event, ...]:
    return (Event(Kind.OTHER, _EXCEPTIONS.get(kind, "modelStreamErrorException"), encoded({"message": message})),)


def fields(request_id: str) -> dict[str, str]:
    """Response fields beside those of the content."""
    return {"x-amzn-requestid": request_id}


def frame(event: Event) -> bytes:
    """One message of AWS's event stream, with both checksums."""
    kind = "exception" if event.type.endswith("Exception") else "event"
    told = {f":{kind}-type": event.type, ":content-type": "application/json", ":message-type": kind}
    head = b"".join([_header(name, value.encode()) for name, value in told.items()])
    prelude = struct.pack(">II", 16 + len(head) + len(event.data), len(head))
    message = prelude + struct.pack(">I", crc32(prelude)) + head + event.data
    return message + struct.pack(">I", crc32(message))


def _header(name: str, value: bytes) -> bytes:
    return struct.pack("B", len(name)) + name.encode() + struct.pack(">BH", _STRING, len(value)) + value


class _Invoke:
    """Messages bodies without model and `stream`; the events of a stream in chunks of base64."""

    STREAM_TYPE = STREAM_TYPE
    error_type = staticmethod(error_type)
    error_body = staticmethod(error_body)
    error_events = staticmethod(error_events)
    fields = staticmethod(fields)
    unary = staticmethod(messages.unary)
    frame = staticmethod(frame)

    def read(self, body: Json) -> Prompt:
        if body.get("anthropic_version") != "bedrock-2023-05-31":
            raise Invalid("anthropic_version: Field required")
        return messages.read(body)

    def events(self, prompt: Prompt, answer: Answer) -> Iterator[Event]:
        for event in messages.events(prompt, answer):
            data = event.data
            if event.kind is Kind.END:
                metrics = {"inputTokenCount": prompt.input_tokens, "invocationLatency": 1}
                data = encoded({"type": event.type, "amazon-bedrock-invocationMetrics": metrics})
            yield Event(event.kind, "chunk", encoded({"bytes": base64.b64encode(data).decode()}))


INVOKE = _Invoke()
