"""The Responses dialect of clients: a request into the hub (spec/wire-protocols.md 3.5, 4.3).

inbound() gives the Messages request that it becomes before any policy runs. Relay keeps no responses: what would need a
stored one is refused. Tools that OpenAI runs, and what no other dialect has a word for, are left out and told. A tool
that takes free text is one with a single argument in the hub.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Raw
from msgspec.json import Decoder, encode

from relay._core.free_text import INPUT
from relay.call import Member
from relay.dialects import responses_schema as schema
from relay.dialects.check import converted, read
from relay.dialects.inbound import Inbound
from relay.dialects.openai import CHOICES, IN_JSON, Json, Names, answer_format, single, thinking, tool, unread, written
from relay.dialects.openai import schema as parameters
from relay.dialects.responses_history import conversation
from relay.dialects.responses_reply import ResponsesClient
from relay.dialects.turns import text
from relay.errors import CallerInvalid

_REQUEST: Final = Decoder(schema.Request)
_TOOL: Final = Decoder(schema.Tool)
_KNOWN: Final = (*schema.Request.__struct_fields__, "metadata", "store", "include", "stream_options")
_FREE_TEXT: Final[Json] = {
    "type": "object",
    "properties": {INPUT: {"type": "string"}},
    "required": [INPUT],
    "additionalProperties": False,
}
_STORED: Final = "relay keeps no responses; send the whole conversation as input"
_ECHOED: Final[Mapping[str, bytes]] = {
    "background": b"false",
    "instructions": b"null",
    "max_output_tokens": b"null",
    "max_tool_calls": b"null",
    "metadata": b"{}",
    "parallel_tool_calls": b"true",
    "previous_response_id": b"null",
    "reasoning": b'{"effort":null,"summary":null}',
    "safety_identifier": b"null",
    "temperature": b"null",
    "text": b'{"format":{"type":"text"}}',
    "tool_choice": b'"auto"',
    "tools": b"[]",
    "top_p": b"null",
    "user": b"null",
}
"""Members of a request that its response repeats, and what it says where the request says nothing."""


def inbound(content: bytes, spans: Sequence[Member]) -> Inbound:
    """Give the hub's request.

    spans    where the members of the request lie
    raises   CallerInvalid, `<path>: <reason>` by the client's paths
    """
    said: schema.Request = read(content, _REQUEST)
    _refuse(said)
    names = Names()
    dropped = unread(spans, content, _KNOWN)
    customs: set[bytes] = set()
    tools = _tools(said.tools or (), names, customs, dropped)
    system, messages = conversation(said.input, names, dropped).whole()
    if not messages:
        raise CallerInvalid("input: nobody says anything in it")
    if said.instructions:
        system.insert(0, text(said.instructions))
    form = said.text.format if said.text is not None else None
    if form is not None and form.type == "json_object":
        system.append(text(IN_JSON))
    thought, effort = thinking(said.reasoning.effort if said.reasoning is not None else None)
    schema_of = form.schema if form is not None and form.type == "json_schema" else None
    config = {"effort": effort, "format": answer_format(schema_of, "text.format.schema")}
    user = said.safety_identifier or said.user
    hub: Json = {
        "model": said.model,
        "max_tokens": said.max_output_tokens,
        "system": system or None,
        "messages": messages,
        "stream": said.stream,
        "temperature": said.temperature,
        "top_p": said.top_p,
        "tools": tools or None,
        "tool_choice": _choice(said, tools, names, dropped) if tools else None,
        "thinking": thought,
        "output_config": {key: value for key, value in config.items() if value is not None} or None,
        "user": said.user or None,
        "metadata": {"user_id": user} if user else None,
    }
    client = ResponsesClient(names.replaced, _asked(content, spans), frozenset(customs))
    return Inbound(written(hub, content, spans), client, dropped)


def _refuse(said: schema.Request) -> None:
    """Refuse what needs a store of responses, or can't be had of every provider."""
    for name in ("previous_response_id", "conversation", "prompt"):
        if getattr(said, name) is not None:
            raise CallerInvalid(f"{name}: {_STORED}")
    if said.background:
        raise CallerInvalid("background: relay answers while the client waits; remove it")
    if said.top_logprobs:
        raise CallerInvalid("top_logprobs: relay can't have it answered by every provider; remove it")


def _tools(raws: Sequence[Raw], names: Names, customs: set[bytes], dropped: list[str]) -> list[Json | Raw]:
    """Give the tools that clients run, and relay's own; those that only OpenAI has are noted as left out."""
    tools: list[Json | Raw] = []
    for at, raw in enumerate(raws):
        path = f"tools.{at}"
        said: schema.Tool = read(bytes(raw), _TOOL, path)
        if said.type.startswith("openrouter:"):
            tools.append(raw)
        elif said.type not in ("function", "custom"):
            dropped.append(path)
        elif said.name is None:
            raise CallerInvalid(f"{path}.name: field required")
        elif said.type == "custom":
            customs.add(said.name.encode())
            tools.append(tool(names.alias(said.name), _described(said), _FREE_TEXT, None, said.cache_control))
        else:
            schema_of = parameters(said.parameters, f"{path}.parameters")
            tools.append(tool(names.alias(said.name), said.description, schema_of, said.strict, said.cache_control))
    return tools


def _described(said: schema.Tool) -> str | None:
    """Give the description of a tool that takes free text, with the form of that text, which is said nowhere else."""
    form = said.format
    if form is None or not form.definition:
        return said.description
    return f"{said.description or ''}\n\nThe input keeps to this {form.syntax} grammar:\n{form.definition}".lstrip()


def _choice(said: schema.Request, tools: Sequence[Json | Raw], names: Names, dropped: list[str]) -> Json | None:
    choice = said.tool_choice
    if isinstance(choice, dict):
        wanted: schema.ToolChoice = converted(choice, schema.ToolChoice, "tool_choice")
        if wanted.type not in ("function", "custom") or wanted.name is None:
            dropped.append("tool_choice")
            return single(None, said.parallel_tool_calls)
        name = names.alias(wanted.name)
        if not any(isinstance(each, dict) and each["name"] == name for each in tools):
            raise CallerInvalid("tool_choice.name: not the name of one of the tools")
        return single({"type": "tool", "name": name}, said.parallel_tool_calls)
    return single({"type": CHOICES[choice]} if choice is not None else None, said.parallel_tool_calls)


def _asked(content: bytes, spans: Sequence[Member]) -> bytes:
    """Give the members of a response that repeat what was asked; nothing is stored, whatever was asked."""
    said = {key: Raw(value) for key, value in _ECHOED.items()}
    for key, _, _, start, end in spans:
        if key in said and content[start:end] != b"null":
            said[key] = Raw(content[start:end])
    return encode({**said, "store": False, "truncation": "disabled"})[1:-1]
