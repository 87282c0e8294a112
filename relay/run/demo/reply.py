"""The reply to one request: `compose()` picks the answer and its faults, `failed()` is an HTTP error. No I/O here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from relay.run.demo.answer import Answer, Json, Prompt
from relay.run.demo.events import Event, Step, Wait
from relay.run.demo.faults import disturbed, framing, timed, transported
from relay.run.demo.grammar import Script
from relay.run.demo.scripts import answer
from relay.run.demo.wire import encoded

_HTML = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works</h1></body></html>\n"
_RETRY_LATER = frozenset({429, 503, 529})
_STATUSES: Mapping[str, int] = {  # what the errors of a stream are as the status of a unary answer
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class Dialect(Protocol):
    """What the modules `messages`, `chat`, `responses` and `gemini` have in common."""

    def read(self, body: Json) -> Prompt: ...
    def events(self, prompt: Prompt, answer: Answer) -> Iterator[Event]: ...
    def unary(self, prompt: Prompt, answer: Answer) -> Json: ...
    def error_type(self, status: int) -> str: ...
    def error_body(self, status: int, kind: str, message: str, request_id: str) -> Json: ...
    def error_events(self, kind: str, message: str, request_id: str) -> tuple[Event, ...]: ...
    def fields(self, request_id: str) -> dict[str, str]: ...


@runtime_checkable
class Binary(Protocol):
    """What a dialect has whose streams are no server-sent events."""

    @property
    def STREAM_TYPE(self) -> str: ...
    def frame(self, event: Event) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: `silence_s` of nothing, the head, then the steps. `length` None: no `content-length`."""

    status: int
    content_type: str
    fields: Mapping[str, str]
    steps: Iterator[Step]
    length: int | None
    silence_s: float = 0


def compose(dialect: Dialect, prompt: Prompt, script: Script, request_id: str, pace_s: float) -> Reply:
    """The reply that `script` gives to `prompt`; raises `Invalid` on a bad key."""
    kind = script.word("type", "overloaded_error")
    match script.fault, prompt.stream:
        case "error", _:
            return _refused(dialect, script, request_id)
        case (("error-first" | "error-mid"), False):
            return failed(dialect, _STATUSES.get(kind, 500), kind, "the demo was asked to fail", request_id)
        case "html", _:
            return Reply(200, "text/html", {}, iter([_HTML]), len(_HTML))
        case "json-error", _:
            return failed(dialect, 200, kind, "the demo was asked to fail", request_id)
        case ("json-answer", _) | (_, False):
            return _unary(dialect, prompt, script, request_id)
    return _streamed(dialect, prompt, script, request_id, pace_s)


def failed(dialect: Dialect, status: int, kind: str | None, message: str, request_id: str) -> Reply:
    """An error in the dialect's envelope; `kind` None: the dialect's own type for `status`."""
    body = encoded(dialect.error_body(status, kind or dialect.error_type(status), message, request_id))
    return Reply(status, "application/json", dialect.fields(request_id), iter([body]), len(body))


def succeeded(dialect: Dialect, body: Json, request_id: str) -> Reply:
    text = encoded(body)
    return Reply(200, "application/json", dialect.fields(request_id), iter([text]), len(text))


def _refused(dialect: Dialect, script: Script, request_id: str) -> Reply:
    status = script.count("status", 529)
    if not 400 <= status <= 599:
        status = 500
    message = script.word("message", "the demo was asked to fail")
    reply = failed(dialect, status, script.keys.get("type"), message, request_id)
    if status not in _RETRY_LATER and "retry_after" not in script.keys:
        return reply
    fields = {**reply.fields, "retry-after": script.word("retry_after", "1")}
    return Reply(status, reply.content_type, fields, reply.steps, reply.length)


def _unary(dialect: Dialect, prompt: Prompt, script: Script, request_id: str) -> Reply:
    body = encoded(dialect.unary(prompt, answer(prompt, script)))
    steps: Iterator[Step] = iter([body])
    if script.fault == "stall":
        steps = iter([Wait(script.number("seconds", 30)), body])
    steps = transported(script, steps)
    return Reply(200, "application/json", dialect.fields(request_id), steps, len(body), _silence_s(script))


def _streamed(dialect: Dialect, prompt: Prompt, script: Script, request_id: str, pace_s: float) -> Reply:
    said = answer(prompt, script)
    errors = dialect.error_events(script.word("type", "overloaded_error"), "the demo was asked to fail", request_id)
    items = disturbed(script, dialect.events(prompt, said), errors)
    own_pace_s = pace_s if said.rate is None else 0
    delay_s = script.number("delay", own_pace_s * 1000) / 1000
    # A dialect that does not come in server-sent events brings its own frames.
    frame = dialect.frame if isinstance(dialect, Binary) else framing(script)
    content_type = dialect.STREAM_TYPE if isinstance(dialect, Binary) else "text/event-stream; charset=utf-8"
    steps = transported(script, timed(items, frame, delay_s, said.rate or 0))
    fields = {**dialect.fields(request_id), "cache-control": "no-cache"}
    return Reply(200, content_type, fields, steps, None, _silence_s(script))


def _silence_s(script: Script) -> float:
    return script.number("seconds", 30) if script.fault == "silent" else 0
