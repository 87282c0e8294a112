"""What relay takes of a Messages request, and the words for what it can't (spec/openrouter-messages.md 2–5).

check() raises a request's first fault as CallerInvalid, `<path>: <reason>`. Unknown top-level fields, block types and
tool types pass: betas come and go.
"""

import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from relay._core import outline
from relay.call import Member
from relay.dialects import schema
from relay.errors import CallerInvalid

LONG: Final = 4 << 10
"""Bytes of messages whose texts are not worth reading: nothing here asks what they say."""
_DECODER: Final = msgspec.json.Decoder(schema.Request)
_PATH: Final = re.compile(r" - at `\$(.*)`$")
_MISSING: Final = re.compile(r"^Object missing required field `(.*)`$")
_UNKNOWN: Final = re.compile(r"^Object contains unknown field `(.*)`$", re.DOTALL)


def check(content: bytes, members: Sequence[Member]) -> tuple[str, bool]:
    """Give the model of a request and whether it asks for a stream.

    raises   CallerInvalid for the first thing in it that relay can't take
    """
    for key, _, _, start, end in members:
        if key == "messages" and end - start > LONG:
            content = outline(content, start, end)
            break
    request: schema.Request = read(content, _DECODER)
    for at, message in enumerate(request.messages):
        if isinstance(message.content, list):
            _check_content(message.content, f"messages.{at}.content")
    if isinstance(request.system, list):
        for at, block in enumerate(request.system):
            _check_system(block, f"system.{at}")
    _check_tools(request)
    _check_thinking(request)
    if request.context_management is not None:
        _check_edits(request.context_management.edits or ())
    if request.service_tier is not None:
        _check_tier(request.service_tier)
    return request.model, request.stream is True


def _check_tier(tier: str) -> None:
    if tier not in schema.TIERS:
        raise CallerInvalid(f"service_tier: must be one of {', '.join(schema.TIERS)}")


def read(content: bytes, decoder: msgspec.json.Decoder[Any], path: str = "") -> Any:
    """Give a JSON text by the decoder's type; a fault names its dotted path below `path`."""
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as fault:
        raise _invalid(str(fault), decoder.type, path) from None
    except msgspec.DecodeError:  # its grammar holds, so that only this can be wrong
        raise CallerInvalid(f"{path or 'body'}: a \\u escape in a string is half of a surrogate pair") from None


def converted(value: Any, type: type[Struct], path: str) -> Any:
    """Check `value` against a type; a fault names its dotted path below `path`."""
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError as fault:
        raise _invalid(str(fault), type, path) from None


def _invalid(fault: str, type: Any, path: str) -> CallerInvalid:
    """Turn msgspec's words into `<path>: <reason>`, without any value of the request."""
    found = _PATH.search(fault)
    inner = found[1].replace("[...]", "").replace("[", ".").replace("]", "").lstrip(".") if found else ""
    reason = _PATH.sub("", fault)
    if missing := _MISSING.match(reason):
        inner, reason = f"{inner}.{missing[1]}".lstrip("."), "field required"
    elif unknown := _UNKNOWN.match(reason):
        known = ", ".join(get_type_hints(_struct(_at(type, inner))))
        inner, reason = f"{inner}.{unknown[1][:64]}".lstrip("."), f"no such field; there are {known}"
    if reason.startswith("Invalid enum value"):
        reason = f"must be one of {', '.join(_choices(type, inner))}"
    reason = reason.replace("`", "")
    return CallerInvalid(
        f"{'.'.join(part for part in (path, inner) if part) or 'body'}: {reason[0].lower()}{reason[1:]}"
    )


def _choices(type: Any, path: str) -> list[str]:
    """Give the values that the field at a dotted path below `type` takes."""
    options = _options(_at(type, path))
    return [str(value) for option in options if get_origin(option) is Literal for value in get_args(option)]


def _at(type: Any, path: str) -> Any:
    """Give the type of the field at a dotted path below `type`."""
    for part in path.split(".") if path else ():
        if part.isdigit():
            type = next(get_args(option)[0] for option in _options(type) if get_origin(option) is list)
        else:
            type = get_type_hints(_struct(type), include_extras=True)[part]
    return type


def _struct(type: Any) -> Any:
    return next(option for option in _options(type) if isinstance(option, msgspec.StructMeta))


def _options(type: Any) -> list[Any]:
    """Give the alternatives of a type, without their limits."""
    if get_origin(type) is Annotated:
        return _options(get_args(type)[0])
    if get_origin(type) in (Union, UnionType):
        return [option for part in get_args(type) for option in _options(part)]
    return [type]


def _check_content(content: schema.Content | None, path: str) -> None:
    if isinstance(content, list):
        for at, block in enumerate(content):
            _check_block(block, f"{path}.{at}")


def _check_block(block: schema.Object, path: str) -> None:
    kind = block.get("type")
    if not isinstance(kind, str):
        raise CallerInvalid(f"{path}.type: " + ("field required" if kind is None else "expected str"))
    known = schema.BLOCKS.get(kind)
    if known is None:
        return
    checked = converted(block, known, path)
    if kind in schema.SOURCES:
        _check_source(checked.source, schema.SOURCES[kind], f"{path}.source")
    elif isinstance(checked, schema.ToolResult):
        _check_content(checked.content, f"{path}.content")


def _check_source(source: schema.Object, known: Mapping[str, type[Struct]], path: str) -> None:
    kind = source.get("type")
    if not isinstance(kind, str) or kind not in known:
        raise CallerInvalid(f"{path}.type: must be one of {', '.join(known)}")
    checked = converted(source, known[kind], path)
    if isinstance(checked, schema.ContentSource):
        _check_content(checked.content, f"{path}.content")


def _check_system(block: schema.Object, path: str) -> None:
    if block.get("type") != "text":
        raise CallerInvalid(f"{path}.type: must be text")
    converted(block, schema.Text, path)


def _check_tools(request: schema.Request) -> None:
    names = set()
    for at, tool in enumerate(request.tools or ()):
        name = _check_tool(tool, f"tools.{at}")
        if name in names:
            raise CallerInvalid(f"tools.{at}.name: another tool has this name")
        if name is not None:
            names.add(name)
    choice = request.tool_choice
    if choice is None or choice.type != "tool":
        return
    if choice.name is None:
        raise CallerInvalid("tool_choice.name: field required")
    if choice.name not in {tool.get("name") for tool in request.tools or ()}:
        raise CallerInvalid("tool_choice.name: not the name of one of the tools")


def _check_tool(tool: schema.Object, path: str) -> str | None:
    """Check one tool; give the name of a client tool, None for tools of other types."""
    kind = tool.get("type", "custom")
    if kind is None or kind == "custom":
        checked: schema.ClientTool = converted(tool, schema.ClientTool, path)
        return checked.name
    if not isinstance(kind, str):
        raise CallerInvalid(f"{path}.type: expected str")
    if kind.startswith("openrouter:"):
        raise CallerInvalid(f"{path}.type: {kind[:64]!r} is not supported by this version of relay")
    if kind.startswith("web_search_"):
        search: schema.SearchTool = converted(tool, schema.SearchTool, path)
        if search.allowed_domains and search.blocked_domains:
            raise CallerInvalid(f"{path}.blocked_domains: give allowed_domains or blocked_domains, not both")
    return None


def _check_edits(edits: Sequence[schema.Object]) -> None:
    for at, edit in enumerate(edits):
        path = f"context_management.edits.{at}"
        kind = edit.get("type")
        if not isinstance(kind, str):
            raise CallerInvalid(f"{path}.type: " + ("field required" if kind is None else "expected str"))
        if kind not in schema.EDITS:
            continue
        checked = converted(edit, schema.EDITS[kind], path)
        keep = checked.keep if isinstance(checked, schema.ClearThinking) else None
        if isinstance(keep, schema.KeptThinking) and keep.type == "thinking_turns" and keep.value is None:
            raise CallerInvalid(f"{path}.keep.value: field required")


def _check_thinking(request: schema.Request) -> None:
    thinking = request.thinking
    if thinking is None or thinking.type != "enabled":
        return
    if thinking.budget_tokens is None:
        raise CallerInvalid("thinking.budget_tokens: field required")
    if thinking.budget_tokens < 1024:
        raise CallerInvalid("thinking.budget_tokens: must be at least 1024")
    if request.max_tokens is not None and thinking.budget_tokens >= request.max_tokens:
        raise CallerInvalid("thinking.budget_tokens: must be less than max_tokens")
