"""Every field of a Messages request that relay reads: type, limits, and what is refused until it is built.

The types of spec/openrouter-messages.md 2–5; `check` holds the rules between them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

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
"""Extensions that the contracts name; `extensions` says which are built. None of them is sent to a provider."""

NOT_COUNTED = frozenset(
    {"max_tokens", "stream", "temperature", "top_k", "top_p", "stop_sequences", "metadata", "service_tier"}
)
"""Fields that the counting of tokens does not take."""

TIERS = ("auto", "default", "standard", "standard_only", "flex", "priority", "fast")

MAX_INT = 2**63 - 1
Object = dict[str, Any]
Name = Annotated[str, Meta(min_length=1)]
ModelName = Annotated[str, Meta(min_length=1, max_length=256)]
Content = str | list[Object]


class CacheControl(Struct):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class Message(Struct):
    role: Literal["user", "assistant", "system"]
    content: Content


class Metadata(Struct):
    user_id: str | None = None


class Format(Struct):
    type: Literal["json_schema"]
    schema: Object


class TaskBudget(Struct):
    type: Literal["tokens"]
    total: Annotated[int, Meta(ge=20000)]
    remaining: Annotated[int, Meta(ge=0)] | None = None


class OutputConfig(Struct):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: Format | None = None
    task_budget: TaskBudget | None = None


class Thinking(Struct):
    type: Literal["enabled", "adaptive", "disabled", "between_tools"]
    budget_tokens: Annotated[int, Meta(le=MAX_INT)] | None = None
    display: str | None = None  # betas add values; a native endpoint judges them


class ToolChoice(Struct):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ContextManagement(Struct):
    edits: list[Object] | None = None


class InputTokens(Struct):
    type: Literal["input_tokens"]
    value: Annotated[int, Meta(ge=0, le=MAX_INT)]


class Trigger(Struct):
    type: Literal["input_tokens", "tool_uses"]
    value: Annotated[int, Meta(ge=0, le=MAX_INT)]


class KeptToolUses(Struct):
    type: Literal["tool_uses"]
    value: Annotated[int, Meta(ge=0, le=MAX_INT)]


class KeptThinking(Struct):
    type: Literal["thinking_turns", "all"]
    value: Annotated[int, Meta(ge=0, le=MAX_INT)] | None = None


class ClearToolUses(Struct):
    trigger: Trigger | None = None
    keep: KeptToolUses | None = None
    clear_at_least: InputTokens | None = None
    clear_tool_inputs: bool | list[str] | None = None
    exclude_tools: list[str] | None = None


class ClearThinking(Struct):
    keep: KeptThinking | Literal["all"] | None = None


class Compact(Struct):
    trigger: InputTokens | None = None
    instructions: str | None = None
    pause_after_compaction: bool | None = None


EDITS: Mapping[str, type[Struct]] = {
    "clear_tool_uses_20250919": ClearToolUses,
    "clear_thinking_20251015": ClearThinking,
    "compact_20260112": Compact,
}
"""Edits of a context that relay knows; others are the endpoint's business."""


class Request(Struct):
    model: ModelName
    messages: Annotated[list[Message], Meta(min_length=1, max_length=20000)]
    max_tokens: Annotated[int, Meta(ge=1, le=MAX_INT)] | None = None
    system: str | list[Object] | None = None
    stream: bool | None = None
    stop_sequences: list[Name] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=MAX_INT)] | None = None
    tools: Annotated[list[Object], Meta(max_length=1024)] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    cache_control: CacheControl | None = None
    output_config: OutputConfig | None = None
    context_management: ContextManagement | None = None
    metadata: Metadata | None = None
    speed: Literal["fast", "standard"] | None = None
    service_tier: str | None = None


REQUEST_FIELDS: frozenset[str] = frozenset(Request.__struct_fields__)


class Text(Struct):
    text: str
    cache_control: CacheControl | None = None


class Image(Struct):
    source: Object
    cache_control: CacheControl | None = None


class Document(Image):
    title: str | None = None
    context: str | None = None


class ToolUse(Struct):
    id: str
    name: str
    cache_control: CacheControl | None = None


class ToolResult(Struct):
    tool_use_id: str
    content: Content | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None


class ThinkingBlock(Struct):
    thinking: str
    signature: str


class RedactedThinking(Struct):
    data: str


class SearchResult(Struct):
    source: str
    title: str
    content: list[Object]
    cache_control: CacheControl | None = None


class Base64(Struct):
    media_type: str
    data: str


class Base64Image(Struct):
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str


class Url(Struct):
    url: str


class FileSource(Struct):
    file_id: str


class TextSource(Struct):
    data: str


class ContentSource(Struct):
    content: Content


class ClientTool(Struct):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
    input_schema: Object
    description: str | None = None
    cache_control: CacheControl | None = None
    strict: bool | None = None


class SearchTool(Struct):
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None


BLOCKS: Mapping[str, type[Struct]] = {
    "text": Text,
    "image": Image,
    "document": Document,
    "tool_use": ToolUse,
    "server_tool_use": ToolUse,
    "tool_result": ToolResult,
    "thinking": ThinkingBlock,
    "redacted_thinking": RedactedThinking,
    "search_result": SearchResult,
}
SOURCES: Mapping[str, Mapping[str, type[Struct]]] = {
    "image": {"base64": Base64Image, "url": Url, "file": FileSource},
    "document": {
        "base64": Base64,
        "text": TextSource,
        "content": ContentSource,
        "url": Url,
        "file": FileSource,
    },
}
