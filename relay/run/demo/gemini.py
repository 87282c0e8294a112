"""The Gemini dialect (wire-protocols 4.5): `read` a body, write an answer as `events` or as `unary`.

Model and method are in the path. Each event is a whole response with usage so far; a call comes whole in one part. The
signature of the thinking stands on the first call, or else on an empty last text. Like Google, the demo refuses what it
does not know, contents that do not begin with the user, empty parts, and results that are not as many as the calls
before them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

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
    said,
    spoken,
)
from relay.run.demo.events import Event, Kind
from relay.run.demo.wire import encoded, listed, mapped, measured, strings

_KNOWN = {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings", "labels"}
_SCHEMA = {
    *("type", "description", "nullable", "enum", "format", "pattern", "items", "properties", "required", "anyOf"),
    *("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties", "minimum", "maximum"),
}
_FINISH = {"max_tokens": "MAX_TOKENS", "refusal": "SAFETY"}  # the other stop reasons are "STOP" here
_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_STATUSES = {"overloaded_error": 503, "rate_limit_error": 429, "timeout_error": 504, "invalid_request_error": 400}


def read(body: Json) -> Prompt:
    """The prompt of a body with what its path says, or `Invalid`."""
    if unknown := sorted(body.keys() - _KNOWN - {"model", "stream"}):
        raise Invalid(f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.')
    contents = listed(body, "contents")
    _check(contents)
    seed, input_tokens = measured(body, ("contents", "systemInstruction", "tools"))
    latest = contents[-1] if contents[-1]["role"] == "user" else {}
    calling = mapped(mapped(body, "toolConfig"), "functionCallingConfig")
    results = [mapped(part, "functionResponse") for part in listed(latest, "parts") if "functionResponse" in part]
    return Prompt(
        model=body["model"],
        stream=body["stream"],
        user_text="\n".join(part["text"] for part in listed(latest, "parts") if "text" in part),
        tool_results=tuple(_told(mapped(result, "response")) for result in results),
        tools=tuple(_tools(body)),
        wanted_tool=next(iter(strings(calling.get("allowedFunctionNames"))), None),
        stop_sequences=strings(mapped(body, "generationConfig").get("stopSequences")),
        tag="",
        input_tokens=input_tokens,
        seed=seed,
    )


def _check(contents: list[Json]) -> None:
    """Refuse what Google refuses of a conversation."""
    roles = [content.get("role") for content in contents]
    if not contents or roles[0] != "user" or any(role not in ("user", "model") for role in roles):
        raise Invalid("contents: please use a valid role: user, model; the user begins")
    calls = 0
    for number, content in enumerate(contents):
        parts = listed(content, "parts")
        if not parts or any(not part or part.get("text") == "" for part in parts):
            raise Invalid(f"contents[{number}].parts: must not be empty")
        if calls != sum("functionResponse" in part for part in parts):
            raise Invalid("the number of function response parts must be that of the function call parts before them")
        if not all(mapped(part, "functionResponse").get("name") for part in parts if "functionResponse" in part):
            raise Invalid(f"contents[{number}]: function_response.name: Name cannot be empty")
        calls = sum("functionCall" in part for part in parts)


def _told(response: Json) -> str:
    """The text of a function's response."""
    return str(response.get("output", response.get("error", orjson.dumps(response).decode())))


def _tools(body: Json) -> Iterator[Tool]:
    for tool in listed(body, "tools"):
        for function in listed(tool, "functionDeclarations"):
            _check_schema(mapped(function, "parameters"))
            schema = mapped(function, "parametersJsonSchema") or mapped(function, "parameters")
            yield Tool(str(function.get("name")), schema)


def _check_schema(schema: Json) -> None:
    """Refuse keywords beyond Google's subset; names of properties are none."""
    if unknown := sorted(schema.keys() - _SCHEMA):
        raise Invalid(f'Invalid JSON payload received. Unknown name "{unknown[0]}" at parameters: Cannot find field.')
    for each in (*mapped(schema, "properties").values(), *listed(schema, "anyOf"), schema.get("items")):
        if isinstance(each, dict):
            _check_schema(each)


def events(prompt: Prompt, answer: Answer) -> Iterator[Event]:
    """The stream of an answer, response by response as it is iterated."""
    writer = _Writer(prompt, answer)
    yield writer.response([], Kind.START)
    for block in answer.blocks:
        yield from writer.block(block)
    last: Json = {"text": ""} | writer.signature()
    yield writer.response([last], finish=_FINISH.get(answer.stop_reason, "STOP"))


@dataclass(slots=True)
class _Writer:
    """Responses of one stream, and what they added up to."""

    prompt: Prompt
    answer: Answer
    total: Spoken = field(default_factory=Spoken)
    deltas: int = 0
    unsigned: str = ""

    def response(self, parts: list[Json], kind: Kind = Kind.OTHER, finish: str | None = None) -> Event:
        self.deltas += kind is Kind.DELTA
        body = _response(self.prompt, self.answer, parts, self.total, finish)
        return Event(kind, "", encoded(body, escaped=self.answer.escaped and self.deltas % 2 == 0))

    def signature(self) -> Json:
        """The member for the next part that can be signed."""
        signature, self.unsigned = self.unsigned, ""
        return {"thoughtSignature": signature} if signature else {}

    def block(self, block: Block) -> Iterator[Event]:
        if isinstance(block, ToolUse):
            for text in block.fragments:
                self.total.add(block, text)
            yield self.response([_call(block) | self.signature()], Kind.DELTA)
            return
        for text in block.deltas:
            self.total.add(block, text)
            yield self.response([_part(block, text)], Kind.DELTA)
        if isinstance(block, Thinking):
            self.unsigned = block.signature


def unary(prompt: Prompt, answer: Answer) -> Json:
    """The same answer as one object."""
    writer = _Writer(prompt, answer)
    parts: list[Json] = []
    for block in answer.blocks:
        if isinstance(block, ToolUse):
            parts.append(_call(block) | writer.signature())
            continue
        parts.append(_part(block, "".join(said(block))))
        if isinstance(block, Thinking):
            writer.unsigned = block.signature
    if parts and "text" in parts[-1]:
        parts[-1] |= writer.signature()
    return _response(prompt, answer, parts, spoken(answer), _FINISH.get(answer.stop_reason, "STOP"))


def error_type(status: int) -> str:
    return _WORDS.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")


def error_body(status: int, kind: str, message: str, _request_id: str) -> Json:
    """An error; `kind` in Google's words or in those of Messages."""
    code = status if status >= 400 else _STATUSES.get(kind, 500)
    word = kind if kind.isupper() else error_type(_STATUSES.get(kind, code))
    return {"error": {"code": code, "message": message, "status": word}}


def error_events(kind: str, message: str, request_id: str) -> tuple[Event, ...]:
    return (Event(Kind.OTHER, "", encoded(error_body(200, kind, message, request_id))),)


def fields(request_id: str) -> dict[str, str]:
    """Response fields beside those of the content."""
    return {"x-request-id": request_id, "server-timing": "gfet4t7; dur=1"}


def _part(block: Text | Thinking | Unknown, text: str) -> Json:
    if isinstance(block, Unknown):
        return {"futurePart": {"future": text}}
    return {"text": text, "thought": True} if isinstance(block, Thinking) else {"text": text}


def _call(block: ToolUse) -> Json:
    return {"functionCall": {"name": block.name, "args": orjson.loads("".join(block.fragments) or "{}")}}


def _response(prompt: Prompt, answer: Answer, parts: list[Json], total: Spoken, finish: str | None) -> Json:
    content: Json = {"role": "model"} | ({"parts": parts} if parts else {})
    candidate = {"content": content, "index": 0} | ({"finishReason": finish} if finish else {})
    body: Json = {"candidates": [candidate]}
    if answer.reports_usage:
        body["usageMetadata"] = _usage(prompt, answer, total)
    return body | {"modelVersion": prompt.model, "responseId": f"demo{prompt.seed}"}


def _usage(prompt: Prompt, answer: Answer, total: Spoken) -> Json:
    """Usage in Google's sense: the prompt includes what the cache gave, thoughts count beside the candidates."""
    cache = answer.cache or Cache()
    asked = prompt.input_tokens + cache.read + cache.write_5m + cache.write_1h
    thoughts = total.thinking_tokens()
    candidates = max(0, total.output_tokens() - thoughts)
    usage = {"promptTokenCount": asked, "candidatesTokenCount": candidates, "totalTokenCount": asked + candidates}
    if thoughts:
        usage |= {"thoughtsTokenCount": thoughts, "totalTokenCount": asked + candidates + thoughts}
    return usage | ({"cachedContentTokenCount": cache.read} if answer.cache else {})
