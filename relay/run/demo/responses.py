"""The OpenAI Responses dialect (wire-protocols 3.5): `read` a body, write an answer as `events` or as `unary`.

Each block is an item of the output. Thinking is a reasoning item with a summary and encrypted content; its id is made
of that content, and as at OpenAI both have to come back together, in front of what they led to. A call needs its
output. Citations are of files, and nothing is stored.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

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
from relay.run.demo.chat import error_body, error_type, fields
from relay.run.demo.events import Event, Kind, in_turn
from relay.run.demo.wire import encoded, listed, mapped, measured, required_text, since_assistant, text_of

__all__ = ["error_body", "error_events", "error_type", "events", "fields", "read", "unary"]

_CREATED = 1_767_225_600  # one second for all answers: the same request gets the same bytes
_PARTS = {"input_text": "text", "output_text": "text"}


def read(body: Json) -> Prompt:
    """The prompt of a body, or `Invalid`."""
    model, items = required_text(body, "model"), _items(body)
    _check(items)
    seed, input_tokens = measured(body, ("input", "instructions", "tools"))
    latest = since_assistant(items)
    asked = [item for item in latest if item["role"] == "user"]
    return Prompt(
        model=model,
        stream=body.get("stream") is True,
        user_text=_text(asked[-1].get("content")) if asked else "",
        tool_results=tuple(_text(item.get("output")) for item in latest if item["role"] == "tool"),
        tools=tuple(Tool(str(tool.get("name")), mapped(tool, "parameters")) for tool in listed(body, "tools")),
        wanted_tool=mapped(body, "tool_choice").get("name"),
        stop_sequences=(),
        tag=str(body.get("safety_identifier") or body.get("user") or mapped(body, "metadata").get("user_id") or ""),
        input_tokens=input_tokens,
        seed=seed,
    )


def _items(body: Json) -> list[Json]:
    """The items of the input, each with the role of who made it; a plain string is one message."""
    said = body.get("input")
    if isinstance(said, str) and said:
        return [{"type": "message", "role": "user", "content": said}]
    if not isinstance(said, list) or not said or not all(isinstance(item, dict) for item in said):
        raise Invalid("input: Field required")
    made_by = {"function_call": "assistant", "reasoning": "assistant", "function_call_output": "tool"}
    items = [{"type": "message", **item, **({"role": made_by[kind]} if (kind := item.get("type")) in made_by else {})}
             for item in said]  # fmt: skip
    for number, item in enumerate(items):
        if not isinstance(item.get("role"), str):
            raise Invalid(f"input.{number}.role: Field required")
    return items


def _check(items: list[Json]) -> None:
    """Raise `Invalid` for what OpenAI refuses of a conversation that comes back."""
    outputs = {item.get("call_id") for item in items if item["type"] == "function_call_output"}
    calls = {item.get("call_id") for item in items if item["type"] == "function_call"}
    for number, item in enumerate(items):
        if item["type"] == "function_call" and item.get("call_id") not in outputs:
            raise Invalid(f"input.{number}: no tool output found for function call {item.get('call_id')}")
        if item["type"] == "function_call_output" and item.get("call_id") not in calls:
            raise Invalid(f"input.{number}: no tool call found for function call output {item.get('call_id')}")
        if item["type"] == "reasoning":
            if item.get("id") != _reasoning_id(str(item.get("encrypted_content"))):
                raise Invalid(f"input.{number}: the encrypted content for item {item.get('id')} could not be verified")
            if number + 1 == len(items) or items[number + 1]["role"] != "assistant":
                raise Invalid(f"input.{number}: a reasoning item was provided without its required following item")


def _text(content: object) -> str:
    """The text of a message or of an output, its parts in the words of `text_of`."""
    if not isinstance(content, list):
        return text_of(content)
    return text_of([part | {"type": _PARTS.get(part["type"], part["type"])} for part in content if "type" in part])


def _reasoning_id(encrypted: str) -> str:
    return f"rs_{hashlib.blake2b(encrypted.encode(), digest_size=16).hexdigest()}"


def events(prompt: Prompt, answer: Answer) -> Iterator[Event]:
    """The stream of an answer, event by event as it is iterated."""
    writer = _Writer(prompt, answer)
    yield writer.event("response.created", Kind.START, response=_response(prompt))
    yield writer.event("response.in_progress", response=_response(prompt))
    for blocks in answer.together():
        yield from in_turn([writer.block(index, block) for index, block in blocks])
    output = [_item(prompt, answer, index, block) for index, block in enumerate(answer.blocks)]
    whole = _ended(prompt, answer, output, writer.total)
    yield writer.event(f"response.{whole['status']}", response=whole)


@dataclass(slots=True)
class _Writer:
    """Events of one stream, and what they added up to."""

    prompt: Prompt
    answer: Answer
    total: Spoken = field(default_factory=Spoken)
    number: int = 0
    deltas: int = 0

    def event(self, type: str, kind: Kind = Kind.OTHER, **members: object) -> Event:
        self.deltas += kind is Kind.DELTA
        data: Json = {"type": type, "sequence_number": self.number, **members}
        self.number += 1
        return Event(kind, type, encoded(data, escaped=self.answer.escaped and self.deltas % 2 == 0))

    def block(self, index: int, block: Block) -> Iterator[Event]:
        item = _item(self.prompt, self.answer, index, block)
        yield self.event("response.output_item.added", output_index=index, item=_begun(item))
        yield from self._content(index, item, block)
        yield self.event("response.output_item.done", output_index=index, item=item)

    def _content(self, index: int, item: Json, block: Block) -> Iterator[Event]:
        place: Json = {"item_id": item["id"], "output_index": index}
        if isinstance(block, ToolUse):
            yield from self._deltas("response.function_call_arguments", block, place, "arguments")
        elif isinstance(block, Unknown):
            yield from self._deltas("response.future", block, place, "future")
        elif isinstance(block, Thinking):
            part = item["summary"][0]
            place["summary_index"] = 0
            yield self.event("response.reasoning_summary_part.added", **place, part=part | {"text": ""})
            yield from self._deltas("response.reasoning_summary_text", block, place, "text")
            yield self.event("response.reasoning_summary_part.done", **place, part=part)
        else:
            part = item["content"][0]
            place["content_index"] = 0
            key = "refusal" if part["type"] == "refusal" else "text"
            yield self.event("response.content_part.added", **place, part=part | {key: ""})
            yield from self._deltas(
                "response.refusal" if key == "refusal" else "response.output_text", block, place, key
            )
            for number, annotation in enumerate(part.get("annotations", ())):
                cited = {"annotation_index": number, "annotation": annotation}
                yield self.event("response.output_text.annotation.added", **place, **cited)
            yield self.event("response.content_part.done", **place, part=part)

    def _deltas(self, name: str, block: Block, place: Json, key: str) -> Iterator[Event]:
        """The deltas of a text, and its end, which repeats it."""
        texts = said(block) or ("{}",) if isinstance(block, ToolUse) else said(block)
        extra: Json = {"logprobs": []} if name == "response.output_text" else {}
        whole = ""
        for text in texts:
            self.total.add(block, text if said(block) else "")
            whole += text
            yield self.event(f"{name}.delta", Kind.DELTA, **place, **extra, delta=text)
        end: Json = {**place, key: whole, **extra}
        yield self.event(f"{name}.done", **end)


def _item(prompt: Prompt, answer: Answer, index: int, block: Block) -> Json:
    """A block as the item that it is at its end."""
    text, id = "".join(said(block)), f"{prompt.seed}{index:02d}"
    if isinstance(block, ToolUse):
        call = {"call_id": f"call_demo{id}", "name": block.name, "arguments": text or "{}"}
        return {"id": f"fc_demo{id}", "type": "function_call", "status": "completed", **call}
    if isinstance(block, Thinking):
        summary = [{"type": "summary_text", "text": text}]
        thought = {"summary": summary, "encrypted_content": block.signature}
        return {"id": _reasoning_id(block.signature), "type": "reasoning", **thought}
    if isinstance(block, Unknown):
        return {"id": f"ft_demo{id}", "type": "future_item", "future": text}
    part: Json = {"type": "refusal", "refusal": text}
    if answer.stop_reason != "refusal":
        annotations = list(_annotations(block))
        part = {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}
    content: Json = {"role": "assistant", "content": [part]}
    return {"id": f"msg_demo{id}", "type": "message", "status": "completed", **content}


def _begun(item: Json) -> Json:
    """The same item before anything of it was said."""
    empty = {"content": [], "summary": [], "arguments": "", "status": "in_progress", "encrypted_content": ""}
    return {key: empty.get(key, value) for key, value in item.items() if key != "future"}


def _annotations(block: Text) -> Iterator[Json]:
    for number, citation in enumerate(block.citations):
        yield {"type": "file_citation", "file_id": "file_demo", "filename": citation["document_title"], "index": number}


def unary(prompt: Prompt, answer: Answer) -> Json:
    """The same answer as one object."""
    output = [_item(prompt, answer, index, block) for index, block in enumerate(answer.blocks)]
    return _ended(prompt, answer, output, spoken(answer))


def error_events(kind: str, message: str, _request_id: str) -> tuple[Event, ...]:
    failed = {"type": "error", "sequence_number": 0, "code": kind, "message": message, "param": None}
    return (Event(Kind.OTHER, "error", encoded(failed)),)


def _response(prompt: Prompt) -> Json:
    """The response before anything was said."""
    asked: Json = {
        "instructions": None,
        "tools": [],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "metadata": {},
    }
    head = {"id": f"resp_demo{prompt.seed}", "object": "response", "created_at": _CREATED, "status": "in_progress"}
    told: Json = {"error": None, "incomplete_details": None, "output": [], "usage": None}
    return {**head, **told, **asked, "model": prompt.model, "store": False, "temperature": 1.0, "top_p": 1.0}


def _ended(prompt: Prompt, answer: Answer, output: list[Json], total: Spoken) -> Json:
    whole = _response(prompt) | {"status": "completed", "output": output}
    if answer.stop_reason == "max_tokens":
        whole |= {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    return whole | ({"usage": _usage(prompt, answer, total)} if answer.reports_usage else {})


def _usage(prompt: Prompt, answer: Answer, total: Spoken) -> Json:
    """Usage in OpenAI's sense: the input includes what the cache gave and took (wire-protocols 5.2)."""
    cache = answer.cache or Cache()
    written, output = cache.write_5m + cache.write_1h, total.output_tokens()
    given = prompt.input_tokens + cache.read + written
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": cache.read, "cache_write_tokens": written},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": total.thinking_tokens()},
        "total_tokens": given + output,
    }
