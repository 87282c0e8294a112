"""The input of a Responses request as a conversation of the hub; items are turns (spec/wire-protocols.md 4.3)."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Raw
from msgspec.json import encode

from relay._core.free_text import INPUT
from relay.dialects import responses_schema as schema
from relay.dialects.check import converted
from relay.dialects.openai import Json, Names, file, image, json_object, kind_of, legal_id
from relay.dialects.turns import Conversation, text
from relay.errors import CallerInvalid

REDACTED: Final = "redacted."
"""Before the data of redacted thinking in `encrypted_content`, as the encoder writes it: no signature begins so."""
_EPHEMERAL: Final = {"type": "ephemeral"}


def conversation(said: str | Sequence[Json], names: Names, unread: list[str]) -> Conversation:
    """Give the conversation.

    names    gets what stands for names of tools that the hub does not take
    unread   gets the paths of items that nothing was made of
    raises   CallerInvalid for what no provider could be sent
    """
    found = Conversation()
    if isinstance(said, str):
        found.say("user", [text(said)] if said else [])
        return found
    for at, item in enumerate(said):
        path = f"input.{at}"
        kind = kind_of(item | {"type": item.get("type") or "message"}, path, (*schema.ITEMS, *schema.RAN_ELSEWHERE))
        if kind in schema.RAN_ELSEWHERE:
            unread.append(path)
            continue
        each: Any = converted(item, schema.ITEMS[kind], path)
        if kind == "message":
            _message(found, each, path)
        elif kind == "reasoning":
            found.say("assistant", _thought(each))
        elif isinstance(each, schema.Output):
            output = each.output
            found.answer(
                legal_id(each.call_id), output if isinstance(output, str) else _parts(output, f"{path}.output")
            )
        else:
            found.say("assistant", [_call(each, path, names)])
    return found


def _message(found: Conversation, said: schema.Message, path: str) -> None:
    content = said.content
    blocks = [text(content)] if isinstance(content, str) else _parts(content, f"{path}.content", said.role)
    if said.role == "assistant":
        found.say("assistant", [block for block in blocks if block["text"].strip()])
    else:
        role = "user" if said.role == "user" else "system"
        found.say(role, [block for block in blocks if block.get("text") != ""])


def _call(said: schema.FunctionCall | schema.CustomCall, path: str, names: Names) -> Json:
    if isinstance(said, schema.CustomCall):
        arguments = Raw(encode({INPUT: said.input}))
    else:
        arguments = json_object(said.arguments or "", f"{path}.arguments")
    return {"type": "tool_use", "id": legal_id(said.call_id), "name": names.alias(said.name), "input": arguments}


def _thought(said: schema.Reasoned) -> list[Json]:
    """Give thinking that is signed; what is not, no provider could read."""
    signature = said.encrypted_content
    if not signature:
        return []
    if signature.startswith(REDACTED):
        return [{"type": "redacted_thinking", "data": signature.removeprefix(REDACTED)}]
    thinking = "".join([part.text for part in said.summary or ()])
    return [{"type": "thinking", "thinking": thinking, "signature": signature}]


def _parts(parts: Sequence[Json], path: str, role: str = "user") -> list[Json]:
    blocks = [_block(part, f"{path}.{at}", role) for at, part in enumerate(parts)]
    return [block for block in blocks if block.get("text") != ""]


def _block(part: Json, path: str, role: str) -> Json:
    kind = kind_of(part, path, tuple(schema.PARTS))
    if kind in ("input_image", "input_file") and role != "user":
        raise CallerInvalid(f"{path}.type: must be text in a message of role {role}")
    said: Any = converted(part, schema.PARTS[kind], path)
    if kind == "refusal":
        return text(said.refusal)
    if kind == "input_image":
        block = _image(said, path)
    elif kind == "input_file":
        block = file(said.file_data or said.file_url, said.file_id, said.filename, path, "file_data")
    else:
        block = text(said.text)
        if said.prompt_cache_breakpoint:
            block["cache_control"] = _EPHEMERAL
    if said.cache_control is not None:
        block["cache_control"] = said.cache_control
    return block


def _image(said: schema.ImagePart, path: str) -> Json:
    if said.image_url is not None:
        return image(said.image_url, f"{path}.image_url")
    if said.file_id is None:
        raise CallerInvalid(f"{path}.image_url: field required")
    return {"type": "image", "source": {"type": "file", "file_id": said.file_id}}
