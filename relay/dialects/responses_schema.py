"""Every field of a Responses request that relay reads: type and limits (spec/wire-protocols.md 3.5)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

from relay.dialects.chat_schema import Count, Effort, User
from relay.dialects.schema import CacheControl, ModelName, Name, Object

FunctionName = Annotated[str, Meta(min_length=1, max_length=256)]


class Format(Struct):
    type: Literal["text", "json_object", "json_schema"]
    schema: Raw = Raw()


class Text(Struct):
    format: Format | None = None
    verbosity: Any = None


class Reasoning(Struct):
    effort: Effort | None = None
    summary: Any = None
    generate_summary: Any = None


class Grammar(Struct):
    syntax: str = ""
    definition: str = ""


class Tool(Struct):
    type: str
    name: FunctionName | None = None
    description: str | None = None
    parameters: Raw = Raw()
    strict: bool | None = None
    format: Grammar | None = None
    cache_control: CacheControl | None = None


class ToolChoice(Struct):
    type: str
    name: Name | None = None


class Request(Struct):
    model: ModelName
    input: str | Annotated[list[Object], Meta(min_length=1, max_length=20000)]
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    tools: Annotated[list[Raw], Meta(max_length=1024)] | None = None
    tool_choice: Literal["auto", "none", "required"] | Object | None = None
    parallel_tool_calls: bool | None = None
    text: Text | None = None
    reasoning: Reasoning | None = None
    user: User | None = None
    safety_identifier: str | None = None
    background: bool | None = None
    conversation: Any = None
    previous_response_id: Any = None
    prompt: Any = None
    top_logprobs: int | None = None


class Message(Struct):
    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[Object]


class FunctionCall(Struct):
    call_id: Name
    name: FunctionName
    arguments: str | None = None


class CustomCall(Struct):
    call_id: Name
    name: FunctionName
    input: str = ""


class Output(Struct):
    call_id: Name
    output: str | list[Object]


class Summary(Struct):
    text: str


class Reasoned(Struct):
    summary: list[Summary] | None = None
    encrypted_content: str | None = None


ITEMS: Mapping[str, type[Struct]] = {
    "message": Message,
    "function_call": FunctionCall,
    "function_call_output": Output,
    "custom_tool_call": CustomCall,
    "custom_tool_call_output": Output,
    "reasoning": Reasoned,
}
RAN_ELSEWHERE: frozenset[str] = frozenset(
    {
        "code_interpreter_call",
        "computer_call",
        "file_search_call",
        "image_generation_call",
        "mcp_call",
        "mcp_list_tools",
        "tool_search_call",
        "tool_search_output",
        "web_search_call",
    }
)
"""Items of tools that OpenAI runs: of no meaning to others, and of none without what they gave."""


class TextPart(Struct):
    text: str
    cache_control: CacheControl | None = None
    prompt_cache_breakpoint: Any = None


class ImagePart(Struct):
    image_url: str | None = None
    file_id: str | None = None
    cache_control: CacheControl | None = None


class FilePart(Struct):
    file_data: str | None = None
    file_url: str | None = None
    file_id: str | None = None
    filename: str | None = None
    cache_control: CacheControl | None = None


class RefusalPart(Struct):
    refusal: str


PARTS: Mapping[str, type[Struct]] = {
    "input_text": TextPart,
    "output_text": TextPart,
    "input_image": ImagePart,
    "input_file": FilePart,
    "refusal": RefusalPart,
}
