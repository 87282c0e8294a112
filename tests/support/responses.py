"""Events of a Responses stream as providers send them."""

import json
from typing import Any

Json = dict[str, Any]
USAGE = {
    "input_tokens": 12,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 17,
}


def event(type: str, **members: Any) -> bytes:
    """One event, without its number in the sequence, which nothing reads."""
    data = json.dumps({"type": type, "sequence_number": 7} | members, ensure_ascii=False)
    return f"event: {type}\ndata: {data}\n\n".encode()


def response(status: str = "in_progress", **members: Any) -> Json:
    """The object that the first and the last event hold."""
    head = {"id": "resp_1", "object": "response", "created_at": 1767225600, "model": "up-model", "status": status}
    return head | {"error": None, "incomplete_details": None, "output": [], "usage": None} | members


CREATED = event("response.created", response=response()) + event("response.in_progress", response=response())


def added(index: int, item: Json) -> bytes:
    return event("response.output_item.added", output_index=index, item=item)


def done(index: int, item: Json) -> bytes:
    return event("response.output_item.done", output_index=index, item=item)


def part(kind: str, **members: Any) -> Json:
    return {"type": kind} | members


def message(*content: Json, id: str = "msg_1", status: str = "completed") -> Json:
    """A message as its last event has it."""
    return {"id": id, "type": "message", "role": "assistant", "status": status, "content": list(content)}


def text_part(text: str, *annotations: Json) -> Json:
    return part("output_text", text=text, annotations=list(annotations), logprobs=[])


def says(index: int, *texts: str, at: int = 0, kind: str = "output_text") -> bytes:
    """Deltas of a text, or of a refusal."""
    place: Json = {"item_id": f"msg_{index}", "output_index": index, "content_index": at}
    return b"".join(event(f"response.{kind}.delta", delta=text, **place) for text in texts)


def text(index: int, *texts: str, annotations: tuple[Json, ...] = ()) -> bytes:
    """A whole message of one text, as OpenAI streams it."""
    place: Json = {"item_id": f"msg_{index}", "output_index": index, "content_index": 0}
    whole = text_part("".join(texts), *annotations)
    cited = b"".join(
        event("response.output_text.annotation.added", annotation_index=at, annotation=each, **place)
        for at, each in enumerate(annotations)
    )
    return (
        added(index, message(status="in_progress"))
        + event("response.content_part.added", part=text_part(""), **place)
        + says(index, *texts)
        + cited
        + event("response.output_text.done", text=whole["text"], **place)
        + event("response.content_part.done", part=whole, **place)
        + done(index, message(whole))
    )


def refusal(index: int, *texts: str) -> bytes:
    """A whole message that refuses."""
    whole = part("refusal", refusal="".join(texts))
    return (
        added(index, message(status="in_progress")) + says(index, *texts, kind="refusal") + done(index, message(whole))
    )


def call_item(id: str | None, name: str, arguments: str = "", **members: Any) -> Json:
    return {"id": "fc_1", "type": "function_call", "call_id": id, "name": name, "arguments": arguments} | members


def argues(index: int, *pieces: str) -> bytes:
    return b"".join(
        event("response.function_call_arguments.delta", item_id="fc_1", output_index=index, delta=piece)
        for piece in pieces
    )


def call(index: int, id: str | None, name: str, *pieces: str) -> bytes:
    """A whole call, as OpenAI streams it."""
    whole = "".join(pieces)
    return (
        added(index, call_item(id, name))
        + argues(index, *pieces)
        + event("response.function_call_arguments.done", item_id="fc_1", output_index=index, arguments=whole)
        + done(index, call_item(id, name, whole))
    )


def reasoning_item(
    *summary: str, id: str = "rs_1", encrypted: str | None = None, content: tuple[str, ...] = ()
) -> Json:
    item: Json = {"id": id, "type": "reasoning", "summary": [part("summary_text", text=each) for each in summary]}
    if content:
        item["content"] = [part("reasoning_text", text=each) for each in content]
    return item | {"encrypted_content": encrypted}


def thinks(index: int, *texts: str, at: int = 0, kind: str = "summary") -> bytes:
    """Deltas of a part of a summary, or of thinking itself (`kind` "text")."""
    name, key = (
        ("reasoning_summary_text", "summary_index") if kind == "summary" else ("reasoning_text", "content_index")
    )
    place: Json = {"item_id": "rs_1", "output_index": index, key: at}
    return b"".join(event(f"response.{name}.delta", delta=text, **place) for text in texts)


def reasoning(index: int, *summary: tuple[str, ...], id: str = "rs_1", encrypted: str | None = "gAAA") -> bytes:
    """A whole reasoning item with the parts of its summary, each in its deltas."""
    parts = b"".join(
        event("response.reasoning_summary_part.added", output_index=index, summary_index=at, part={})
        + thinks(index, *texts, at=at)
        + event("response.reasoning_summary_text.done", output_index=index, summary_index=at, text="".join(texts))
        for at, texts in enumerate(summary)
    )
    whole = reasoning_item(*map("".join, summary), id=id, encrypted=encrypted)
    return added(index, reasoning_item(id=id, encrypted=encrypted and encrypted[:2])) + parts + done(index, whole)


def completed(**members: Any) -> bytes:
    return event("response.completed", response=response("completed", **({"usage": USAGE} | members)))


def incomplete(reason: str, **members: Any) -> bytes:
    whole = response("incomplete", incomplete_details={"reason": reason}, **({"usage": USAGE} | members))
    return event("response.incomplete", response=whole)


def conversation(*parts: bytes, end: bytes | None = None) -> bytes:
    """A whole stream around the parts."""
    return CREATED + b"".join(parts) + (completed() if end is None else end)
