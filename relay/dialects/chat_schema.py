"""Every field of a Chat Completions request that relay reads: type and limits (spec/wire-protocols.md 3.1)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

from relay.dialects.schema import MAX_INT, CacheControl, ModelName, Name, Object

Count = Annotated[int, Meta(ge=1, le=MAX_INT)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
User = Annotated[str, Meta(max_length=256)]


class StreamOptions(Struct):
    include_usage: bool | None = None


class Function(Struct):
    name: Annotated[str, Meta(min_length=1, max_length=256)]
    description: str | None = None
    parameters: Raw = Raw()
    strict: bool | None = None


class Tool(Struct):
    type: str
    function: Function | None = None
    cache_control: CacheControl | None = None


class NamedFunction(Struct):
    name: Name


class ToolChoice(Struct):
    type: Literal["function"]
    function: NamedFunction


class JsonSchema(Struct):
    schema: Raw = Raw()


class ResponseFormat(Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class Reasoning(Struct):
    effort: Effort | None = None
    max_tokens: Annotated[int, Meta(ge=1024, le=MAX_INT)] | None = None
    enabled: bool | None = None
    exclude: bool | None = None


class Message(Struct):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Object] | None = None
    name: str | None = None
    tool_calls: list[Object] | None = None
    function_call: Object | None = None
    tool_call_id: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Object] | None = None


class Request(Struct):
    model: ModelName
    messages: Annotated[list[Message], Meta(min_length=1, max_length=20000)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: Count | None = None
    max_tokens: Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=MAX_INT)] | None = None
    stop: str | list[str] | None = None
    tools: Annotated[list[Raw], Meta(max_length=1024)] | None = None
    tool_choice: Literal["auto", "none", "required"] | Object | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Effort | None = None
    reasoning: Reasoning | None = None
    user: User | None = None
    safety_identifier: str | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    modalities: list[str] | None = None
    audio: Any = None
    web_search_options: Any = None
    functions: Any = None
    function_call: Any = None


class Called(Struct):
    name: Annotated[str, Meta(min_length=1, max_length=256)]
    arguments: str | None = None


class ToolCall(Struct):
    id: Name
    function: Called
    type: Literal["function"] = "function"


class TextPart(Struct):
    text: str
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: Any = None


class ImageUrl(Struct):
    url: str


class ImagePart(Struct):
    image_url: ImageUrl | str
    cache_control: CacheControl | None = None


class File(Struct):
    filename: str | None = None
    file_data: str | None = None
    file_id: str | None = None


class FilePart(Struct):
    file: File
    cache_control: CacheControl | None = None


class RefusalPart(Struct):
    refusal: str


PARTS: Mapping[str, type[Struct]] = {
    "text": TextPart,
    "image_url": ImagePart,
    "file": FilePart,
    "refusal": RefusalPart,
}


class ReasoningDetail(Struct):
    type: str
    id: str | None = None
    text: str | None = None
    signature: str | None = None
    data: str | None = None
