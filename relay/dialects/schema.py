"""Every field of a Messages request that relay reads: type, limits, and what is refused until it is built.

check() raises a request's first fault as CallerInvalid, `<path>: <reason>` (spec/openrouter-messages.md 2–5). Unknown
top-level fields, block types and tool types pass: betas come and go.
"""

import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from relay.call import Member
from relay.errors import CallerInvalid

OWN_FIELDS = frozenset(
    {
        "fallbacks",
        "gateway",
        "max_tool_calls",
        "models",
        "plugins",
        "preset",
        "provider",
        "route",
        "session_id",
        "stop_server_tools_when",
        "trace",
        "user",
    }
)
"""Extensions that the contracts name. This version builds none of them: a request with one is refused by name."""

NOT_COUNTED = frozenset(
    {"max_tokens", "stream", "temperature", "top_k", "top_p", "stop_sequences", "metadata", "service_tier"}
)
"""Fields that the counting of tokens does not take."""

_TIERS = ("auto", "default", "standard", "standard_only")
_TIERS_NOT_BUILT = ("flex", "priority", "fast")
_EMPTY_IS_ABSENT = ("models", "fallbacks", "plugins")

Object = dict[str, Any]
Name = Annotated[str, Meta(min_length=1)]
ModelName = Annotated[str, Meta(min_length=1, max_length=256)]
Content = str | list[Object]


class _CacheControl(Struct):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class _Message(Struct):
    role: Literal["user", "assistant", "system"]
    content: Content


class _Metadata(Struct):
    user_id: str | None = None


class _Format(Struct):
    type: Literal["json_schema"]
    schema: Object


class _TaskBudget(Struct):
    type: Literal["tokens"]
    total: Annotated[int, Meta(ge=20000)]
    remaining: Annotated[int, Meta(ge=0)] | None = None


class _OutputConfig(Struct):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: _Format | None = None
    task_budget: _TaskBudget | None = None


class _Thinking(Struct):
    type: Literal["enabled", "adaptive", "disabled", "between_tools"]
    budget_tokens: int | None = None
    display: str | None = None  # betas add values; a native endpoint judges them


class _ToolChoice(Struct):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class _ContextManagement(Struct):
    edits: list[Object] | None = None


class _Request(Struct):
    model: ModelName
    messages: Annotated[list[_Message], Meta(min_length=1, max_length=20000)]
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    system: str | list[Object] | None = None
    stream: bool | None = None
    stop_sequences: list[Name] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0)] | None = None
    tools: Annotated[list[Object], Meta(max_length=1024)] | None = None
    tool_choice: _ToolChoice | None = None
    thinking: _Thinking | None = None
    cache_control: _CacheControl | None = None
    output_config: _OutputConfig | None = None
    context_management: _ContextManagement | None = None
    metadata: _Metadata | None = None
    speed: Literal["fast", "standard"] | None = None
    service_tier: str | None = None


class _Text(Struct):
    text: str
    cache_control: _CacheControl | None = None


class _Image(Struct):
    source: Object
    cache_control: _CacheControl | None = None


class _Document(_Image):
    title: str | None = None
    context: str | None = None


class _ToolUse(Struct):
    id: str
    name: str
    cache_control: _CacheControl | None = None


class _ToolResult(Struct):
    tool_use_id: str
    content: Content | None = None
    is_error: bool | None = None
    cache_control: _CacheControl | None = None


class _ThinkingBlock(Struct):
    thinking: str
    signature: str


class _RedactedThinking(Struct):
    data: str


class _SearchResult(Struct):
    source: str
    title: str
    content: list[Object]
    cache_control: _CacheControl | None = None


class _Base64(Struct):
    media_type: str
    data: str


class _Base64Image(Struct):
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str


class _Url(Struct):
    url: str


class _FileSource(Struct):
    file_id: str


class _TextSource(Struct):
    data: str


class _ContentSource(Struct):
    content: Content


class _ClientTool(Struct):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
    input_schema: Object
    description: str | None = None
    cache_control: _CacheControl | None = None
    strict: bool | None = None


class _SearchTool(Struct):
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None


_BLOCKS: Mapping[str, type[Struct]] = {
    "text": _Text,
    "image": _Image,
    "document": _Document,
    "tool_use": _ToolUse,
    "server_tool_use": _ToolUse,
    "tool_result": _ToolResult,
    "thinking": _ThinkingBlock,
    "redacted_thinking": _RedactedThinking,
    "search_result": _SearchResult,
}
_SOURCES: Mapping[str, Mapping[str, type[Struct]]] = {
    "image": {"base64": _Base64Image, "url": _Url, "file": _FileSource},
    "document": {
        "base64": _Base64,
        "text": _TextSource,
        "content": _ContentSource,
        "url": _Url,
        "file": _FileSource,
    },
}

_DECODER = msgspec.json.Decoder(_Request)
_PATH = re.compile(r" - at `\$(.*)`$")
_MISSING = re.compile(r"^Object missing required field `(.*)`$")


def check(content: bytes, members: Sequence[Member]) -> tuple[str, bool]:
    """Give the model of a request and whether it asks for a stream; `members` are those of its JSON object.

    raises   CallerInvalid for the first thing in it that relay can't take
    """
    _refuse_extensions(content, members)
    request = _decoded(content)
    for at, message in enumerate(request.messages):
        _check_content(message.content, f"messages.{at}.content")
    if isinstance(request.system, list):
        for at, block in enumerate(request.system):
            _check_system(block, f"system.{at}")
    _check_tools(request)
    _check_thinking(request)
    if request.service_tier in _TIERS_NOT_BUILT:
        raise CallerInvalid(f"service_tier: {request.service_tier!r} is not supported by this version of relay")
    if request.service_tier is not None and request.service_tier not in _TIERS:
        raise CallerInvalid(f"service_tier: must be one of {', '.join((*_TIERS, *_TIERS_NOT_BUILT))}")
    return request.model, request.stream is True


def _refuse_extensions(content: bytes, members: Sequence[Member]) -> None:
    for name, _, _, start, end in members:
        if name not in OWN_FIELDS:
            continue
        value = content[start:end]
        is_empty = value[:1] == b"[" and not value[1:-1].strip()
        if value != b"null" and not (name in _EMPTY_IS_ABSENT and is_empty):
            raise CallerInvalid(f"{name}: this version of relay does not support it yet; remove the field")


def _decoded(content: bytes) -> _Request:
    try:
        return _DECODER.decode(content)
    except msgspec.ValidationError as fault:
        raise _invalid(str(fault), _Request, "") from None
    except msgspec.DecodeError:  # its grammar holds, so that only this can be wrong
        raise CallerInvalid("body: a \\u escape in a string is half of a surrogate pair") from None


def _convert(value: Any, type: type[Struct], path: str) -> Any:
    """Check `value` against a type; a fault names its dotted path below `path`."""
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError as fault:
        raise _invalid(str(fault), type, path) from None


def _invalid(fault: str, type: Any, path: str) -> CallerInvalid:
    """Turn msgspec's words into `<path>: <reason>`, without any value of the request."""
    found = _PATH.search(fault)
    inner = found[1].replace("[", ".").replace("]", "").lstrip(".") if found else ""
    reason = _PATH.sub("", fault)
    if missing := _MISSING.match(reason):
        inner, reason = f"{inner}.{missing[1]}".lstrip("."), "field required"
    if reason.startswith("Invalid enum value"):
        reason = f"must be one of {', '.join(_choices(type, inner))}"
    reason = reason.replace("`", "")
    return CallerInvalid(
        f"{'.'.join(part for part in (path, inner) if part) or 'body'}: {reason[0].lower()}{reason[1:]}"
    )


def _choices(type: Any, path: str) -> list[str]:
    """Give the values that the field at a dotted path below `type` takes."""
    for part in path.split("."):
        if part.isdigit():
            type = next(get_args(option)[0] for option in _options(type) if get_origin(option) is list)
        else:
            struct = next(option for option in _options(type) if isinstance(option, msgspec.StructMeta))
            type = get_type_hints(struct, include_extras=True)[part]
    return [str(value) for option in _options(type) if get_origin(option) is Literal for value in get_args(option)]


def _options(type: Any) -> list[Any]:
    """Give the alternatives of a type, without their limits."""
    if get_origin(type) is Annotated:
        return _options(get_args(type)[0])
    if get_origin(type) in (Union, UnionType):
        return [option for part in get_args(type) for option in _options(part)]
    return [type]


def _check_content(content: Content | None, path: str) -> None:
    if isinstance(content, list):
        for at, block in enumerate(content):
            _check_block(block, f"{path}.{at}")


def _check_block(block: Object, path: str) -> None:
    kind = block.get("type")
    if not isinstance(kind, str):
        raise CallerInvalid(f"{path}.type: " + ("field required" if kind is None else "expected str"))
    known = _BLOCKS.get(kind)
    if known is None:
        return
    checked = _convert(block, known, path)
    if kind in _SOURCES:
        _check_source(checked.source, _SOURCES[kind], f"{path}.source")
    elif isinstance(checked, _ToolResult):
        _check_content(checked.content, f"{path}.content")


def _check_source(source: Object, known: Mapping[str, type[Struct]], path: str) -> None:
    kind = source.get("type")
    if not isinstance(kind, str) or kind not in known:
        raise CallerInvalid(f"{path}.type: must be one of {', '.join(known)}")
    checked = _convert(source, known[kind], path)
    if isinstance(checked, _ContentSource):
        _check_content(checked.content, f"{path}.content")


def _check_system(block: Object, path: str) -> None:
    if block.get("type") != "text":
        raise CallerInvalid(f"{path}.type: must be text")
    _convert(block, _Text, path)


def _check_tools(request: _Request) -> None:
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


def _check_tool(tool: Object, path: str) -> str | None:
    """Check one tool; give the name of a client tool, None for tools of other types."""
    kind = tool.get("type", "custom")
    if kind is None or kind == "custom":
        checked: _ClientTool = _convert(tool, _ClientTool, path)
        return checked.name
    if not isinstance(kind, str):
        raise CallerInvalid(f"{path}.type: expected str")
    if kind.startswith("openrouter:"):
        raise CallerInvalid(f"{path}.type: {kind[:64]!r} is not supported by this version of relay")
    if kind.startswith("web_search_"):
        search: _SearchTool = _convert(tool, _SearchTool, path)
        if search.allowed_domains and search.blocked_domains:
            raise CallerInvalid(f"{path}.blocked_domains: give allowed_domains or blocked_domains, not both")
    return None


def _check_thinking(request: _Request) -> None:
    thinking = request.thinking
    if thinking is None or thinking.type != "enabled":
        return
    if thinking.budget_tokens is None:
        raise CallerInvalid("thinking.budget_tokens: field required")
    if thinking.budget_tokens < 1024:
        raise CallerInvalid("thinking.budget_tokens: must be at least 1024")
    if request.max_tokens is not None and thinking.budget_tokens >= request.max_tokens:
        raise CallerInvalid("thinking.budget_tokens: must be less than max_tokens")
