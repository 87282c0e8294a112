"""The Chat Completions dialect of clients: a request into the hub (spec/wire-protocols.md 4.3).

inbound() gives the Messages request that it becomes before any policy runs, so that all that relay does is done on the
hub alone. Faults are named by the client's own paths. What no other dialect has a word for is left out, and told.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Raw
from msgspec.json import Decoder

from relay.call import Member
from relay.dialects import chat_schema as schema
from relay.dialects.chat_history import conversation
from relay.dialects.chat_reply import ChatClient
from relay.dialects.check import converted, read
from relay.dialects.inbound import Inbound
from relay.dialects.openai import CHOICES, IN_JSON, Json, Names, answer_format, single, thinking, tool, unread, written
from relay.dialects.openai import schema as parameters
from relay.dialects.turns import text
from relay.errors import CallerInvalid

_REQUEST: Final = Decoder(schema.Request)
_TOOL: Final = Decoder(schema.Tool)
_KNOWN: Final = (*schema.Request.__struct_fields__, "metadata")
_UNSUPPORTED: Final = "relay can't have it answered by every provider; remove it"


def inbound(content: bytes, spans: Sequence[Member]) -> Inbound:
    """Give the hub's request.

    spans    where the members of the request lie
    raises   CallerInvalid, `<path>: <reason>` by the client's paths
    """
    said: schema.Request = read(content, _REQUEST)
    _refuse(said)
    names = Names()
    tools = [_tool(raw, f"tools.{at}", names) for at, raw in enumerate(said.tools or ())]
    system, messages = conversation(said.messages, names).whole()
    if not messages:
        raise CallerInvalid("messages: nobody says anything in them")
    form = _format(said)
    if said.response_format is not None and said.response_format.type == "json_object":
        system.append(text(IN_JSON))
    thought, effort = _thinking(said)
    config = {"effort": effort, "format": form}
    hub: Json = {
        "model": said.model,
        "max_tokens": _max_tokens(said),
        "system": system or None,
        "messages": messages,
        "stream": said.stream,
        "temperature": said.temperature,
        "top_p": said.top_p,
        "top_k": said.top_k,
        "stop_sequences": _stops(said.stop),
        "tools": tools or None,
        "tool_choice": _choice(said, tools, names) if tools else None,
        "thinking": thought,
        "output_config": {key: value for key, value in config.items() if value is not None} or None,
        "user": said.user or None,
        "metadata": _metadata(said),
    }
    include_usage = said.stream_options is not None and said.stream_options.include_usage is True
    client = ChatClient(names.replaced, include_usage)
    return Inbound(written(hub, content, spans), client, unread(spans, content, _KNOWN))


def _refuse(said: schema.Request) -> None:
    """Refuse what would change the answer's shape, and can't be had of every provider."""
    if said.n not in (None, 1):
        raise CallerInvalid("n: must be 1; relay gives one answer to a request")
    if said.logprobs:
        raise CallerInvalid(f"logprobs: {_UNSUPPORTED}")
    if said.top_logprobs:
        raise CallerInvalid(f"top_logprobs: {_UNSUPPORTED}")
    if said.modalities is not None and said.modalities != ["text"]:
        raise CallerInvalid("modalities: must be text alone")
    for name in ("audio", "web_search_options"):
        if getattr(said, name) is not None:
            raise CallerInvalid(f"{name}: {_UNSUPPORTED}")
    for name, now in (("functions", "tools"), ("function_call", "tool_choice")):
        if getattr(said, name) is not None:
            raise CallerInvalid(f"{name}: is deprecated; use {now}")


def _tool(raw: Raw, path: str, names: Names) -> Json | Raw:
    """Give a tool; one that is no function means what it means in the hub."""
    said: schema.Tool = read(bytes(raw), _TOOL, path)
    if said.type == "custom":
        raise CallerInvalid(f"{path}.type: must be function")
    if said.type != "function":
        return raw
    function = said.function
    if function is None:
        raise CallerInvalid(f"{path}.function: field required")
    return tool(
        names.alias(function.name),
        function.description,
        parameters(function.parameters, f"{path}.function.parameters"),
        function.strict,
        said.cache_control,
    )


def _choice(said: schema.Request, tools: Sequence[Json | Raw], names: Names) -> Json | None:
    choice = said.tool_choice
    if isinstance(choice, dict):
        wanted: schema.ToolChoice = converted(choice, schema.ToolChoice, "tool_choice")
        name = names.alias(wanted.function.name)
        if not any(isinstance(each, dict) and each["name"] == name for each in tools):
            raise CallerInvalid("tool_choice.function.name: not the name of one of the tools")
        return single({"type": "tool", "name": name}, said.parallel_tool_calls)
    return single({"type": CHOICES[choice]} if choice is not None else None, said.parallel_tool_calls)


def _format(said: schema.Request) -> Json | None:
    form = said.response_format
    if form is None or form.type != "json_schema":
        return None
    schema_of = form.json_schema.schema if form.json_schema is not None else Raw()
    return answer_format(schema_of, "response_format.json_schema.schema")


def _thinking(said: schema.Request) -> tuple[Json | None, str | None]:
    """Give thinking and effort; `reasoning` says more than `reasoning_effort`, and goes before it."""
    reasoning = said.reasoning or schema.Reasoning()
    thought, effort = thinking(reasoning.effort or said.reasoning_effort)
    if reasoning.max_tokens is not None:
        most = _max_tokens(said)
        if most is not None and reasoning.max_tokens >= most:
            raise CallerInvalid("reasoning.max_tokens: must be less than the answer may have")
        thought = {"type": "enabled", "budget_tokens": reasoning.max_tokens}
    if reasoning.enabled is not None and thought is None:
        thought = {"type": "adaptive" if reasoning.enabled else "disabled"}
    if reasoning.exclude and thought is not None and thought["type"] != "disabled":
        thought["display"] = "omitted"
    return thought, effort


def _max_tokens(said: schema.Request) -> int | None:
    return said.max_tokens if said.max_completion_tokens is None else said.max_completion_tokens


def _stops(stop: str | list[str] | None) -> list[str] | None:
    stops = [stop] if isinstance(stop, str) else stop or []
    return [each for each in stops if each.strip()] or None


def _metadata(said: schema.Request) -> Json | None:
    user = said.safety_identifier or said.user
    return {"user_id": user} if user else None
