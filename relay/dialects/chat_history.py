"""The messages of a Chat Completions request as a conversation of the hub (spec/wire-protocols.md 4.3)."""

from collections.abc import Iterator, Sequence
from typing import Any

from relay.dialects import chat_schema as schema
from relay.dialects.check import converted
from relay.dialects.openai import Json, Names, file, image, json_object, kind_of, legal_id
from relay.dialects.signatures import unsigned
from relay.dialects.turns import Conversation, text
from relay.errors import CallerInvalid

_EPHEMERAL = {"type": "ephemeral"}


def conversation(messages: Sequence[schema.Message], names: Names) -> Conversation:
    """Give the conversation.

    names    gets what stands for names of tools that the hub does not take
    raises   CallerInvalid for what no provider could be sent
    """
    found = Conversation()
    legacy: list[str] = []  # ids of calls that have none of their own, unanswered, with the message of each
    for at, message in enumerate(messages):
        path = f"messages.{at}"
        if message.role == "assistant":
            if message.function_call is not None:
                legacy.append(f"call_legacy_{at}")
            found.say("assistant", list(_said(message, path, names)))
        elif message.role == "tool":
            if message.tool_call_id is None:
                raise CallerInvalid(f"{path}.tool_call_id: field required")
            found.answer(legal_id(message.tool_call_id), _result(message, path))
        elif message.role == "function":
            found.answer(legacy.pop(0) if legacy else "", _result(message, path))
        else:
            found.say("user" if message.role == "user" else "system", _parts(message, path))
    return found


def _result(message: schema.Message, path: str) -> str | list[Json]:
    return message.content if isinstance(message.content, str) else _parts(message, path)


def _parts(message: schema.Message, path: str) -> list[Json]:
    """Give the blocks of a message's content; an empty text is none."""
    content = message.content
    if isinstance(content, str):
        return [text(content)] if content else []
    blocks = [_block(part, f"{path}.content.{at}", message.role) for at, part in enumerate(content or ())]
    return [block for block in blocks if block.get("text") != ""]


def _block(part: Json, path: str, role: str) -> Json:
    kind = kind_of(part, path, tuple(schema.PARTS))
    if kind in ("image_url", "file") and role not in ("user", "tool", "function"):
        raise CallerInvalid(f"{path}.type: must be text in a message of role {role}")
    said: Any = converted(part, schema.PARTS[kind], path)
    if kind == "refusal":
        return text(said.refusal)
    if kind == "text":
        block = text(said.text)
        if said.prompt_cache_breakpoint:
            block["cache_control"] = _EPHEMERAL
    elif kind == "image_url":
        is_text = isinstance(said.image_url, str)
        block = image(said.image_url if is_text else said.image_url.url, f"{path}.image_url{'' if is_text else '.url'}")
    else:
        held = said.file
        block = file(held.file_data, held.file_id, held.filename, f"{path}.file", "file_data")
    if said.cache_control is not None:
        block["cache_control"] = said.cache_control
    return block


def _said(message: schema.Message, path: str, names: Names) -> Iterator[Json]:
    """Give what the model said: thinking first, then text, then calls, each behind the thinking that has its id."""
    thought, before = _thought(message, path)
    yield from thought
    yield from [block for block in _parts(message, path) if block["text"].strip()]
    if message.refusal and message.refusal.strip():
        yield text(message.refusal)
    for at, each in enumerate(message.tool_calls or ()):
        place = f"{path}.tool_calls.{at}"
        call: schema.ToolCall = converted(each, schema.ToolCall, place)
        yield from before.pop(call.id, ())
        yield _call(legal_id(call.id), call.function, f"{place}.function", names)
    if message.function_call is not None:
        place = f"{path}.function_call"
        yield _call(
            f"call_legacy_{path.rpartition('.')[2]}",
            converted(message.function_call, schema.Called, place),
            place,
            names,
        )


def _call(id: str, called: schema.Called, path: str, names: Names) -> Json:
    arguments = json_object(called.arguments or "", f"{path}.arguments")
    return {"type": "tool_use", "id": id, "name": names.alias(called.name), "input": arguments}


def _thought(message: schema.Message, path: str) -> tuple[list[Json], dict[str, list[Json]]]:
    """Give the thinking that the client sends back, and apart what stands before a call, by the call's id.

    Signed it goes to its signer. Unsigned it is kept on calls of tools, for there some providers want it back;
    endpoints that take signed thinking alone are not sent it.
    """
    first: list[Json] = []
    before: dict[str, list[Json]] = {str(call.get("id")): [] for call in message.tool_calls or ()}
    for at, each in enumerate(message.reasoning_details or ()):
        detail: schema.ReasoningDetail = converted(each, schema.ReasoningDetail, f"{path}.reasoning_details.{at}")
        place = before.get(detail.id or "", first)
        if detail.type == "reasoning.text" and detail.signature:
            place.append({"type": "thinking", "thinking": detail.text or "", "signature": detail.signature})
        elif detail.type == "reasoning.encrypted" and detail.data:
            place.append({"type": "redacted_thinking", "data": detail.data})
    told = message.reasoning_content or message.reasoning or ""
    is_signed = first or any(before.values())
    if told and not is_signed and (message.tool_calls or message.function_call):
        first.append({"type": "thinking", "thinking": told, "signature": unsigned()})
    return first, before
