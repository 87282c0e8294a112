"""The Chat Completions dialect, outwards: a Messages request as a provider of that dialect takes it.

outgoing() translates (spec/wire-protocols.md 4.1). What such a provider can't be sent is refused with its path, so that
an endpoint of another dialect may answer; what only matters elsewhere is left out, and told to the attempt.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from relay.call import Call
from relay.catalog import Attempt
from relay.dialects import outgoing as shared
from relay.dialects.chat_messages import Json, Translation
from relay.dialects.exact_json import encoded
from relay.dialects.reasoning import effort_of
from relay.dialects.strict import takes
from relay.dialects.translated import Translated

_TARGET: Final = b"/chat/completions"
QUIRKS: Final[Mapping[str, str]] = {
    "chat_template_thinking": "is told whether to think in `chat_template_kwargs`, where its template asks",
    "empty_content": "refuses null as content, and takes an empty text beside calls of tools",
    "enable_thinking": "is told whether to think by `enable_thinking`",
    "four_stops": "takes four stop sequences at most",
    "max_completion_tokens": "takes the limit of the answer by this name",
    "nine_char_ids": "takes ids of tool calls of nine letters and digits alone",
    "no_stream_options": "refuses `stream_options`, and tells usage unasked",
    "no_user": "refuses `user`",
    "prefill": "goes on with an answer that is begun",
    "prompt_cache_key": "takes a key that keeps a conversation at its cache",
    "reasoning_content": "wants thinking back on the messages that it led to",
    "reasoning_object": "is told how much to think in an object `reasoning`",
    "thinking_flag": "is told whether to think in an object `thinking`",
}
"""What some providers of the Chat Completions dialect want otherwise."""
_LACKS: Final = frozenset({"top_k"})
_OURS: Final = frozenset(
    {
        "function_call",
        "functions",
        "max_completion_tokens",
        "n",
        "parallel_tool_calls",
        "prediction",
        "prompt_cache_key",
        "response_format",
        "stop",
        "stream_options",
    }
)
"""Members that are relay's to say: as options they would lift limits, hide usage, or carry what is not redacted."""


def outgoing(call: Call, attempt: Attempt, changed: Mapping[str, bytes]) -> Translated:
    """Give the content for the attempt; `changed` values go in place of the client's, an empty one goes altogether.

    raises   ProviderRefused, of which other endpoints are asked, for what this one can't be sent
    """
    said = shared.said(call, attempt, changed, _LACKS)
    quirks = attempt.endpoint.quirks
    translation = Translation(quirks, said.get("tools") or [])
    body: Json = {"model": attempt.model, "messages": translation.messages(said.get("system"), said["messages"])}
    if call.stream:
        body["stream"] = True
        if "no_stream_options" not in quirks:
            body["stream_options"] = {"include_usage": True}
    limit = said.get("max_tokens") or attempt.endpoint.default_max_tokens
    most = limit if attempt.max_tokens is None else attempt.max_tokens
    body["max_completion_tokens" if "max_completion_tokens" in quirks else "max_tokens"] = most
    for name in ("temperature", "top_p", "top_k"):
        if said.get(name) is not None:
            body[name] = said[name]
    if stops := said.get("stop_sequences"):
        body["stop"] = stops[:4] if "four_stops" in quirks else stops
    single = _put_tools(body, said, translation)
    accepts = attempt.endpoint.accepts
    _put_thinking(body, said, most, quirks, accepts.reasoning_style if accepts else None)
    _put_format(body, said)
    if (user := shared.user_of(said)) and "no_user" not in quirks:
        body["user"] = user
    if call.session_id and "prompt_cache_key" in quirks:
        body["prompt_cache_key"] = sha256(call.session_id.encode()).hexdigest()
    if attempt.endpoint.tier != "default":
        body["service_tier"] = attempt.endpoint.tier
    shared.put_options(body, attempt, _OURS)
    return Translated("chat", _target(attempt), encoded(body), translation.names, single)


def _target(attempt: Attempt) -> bytes:
    """Give the path; at Azure an address that names a version of the API is that of deployments, by their names."""
    base_url = attempt.endpoint.base_url
    if "azure" not in attempt.endpoint.quirks or "?" not in base_url:
        return _TARGET
    return f"/deployments/{quote(attempt.model, safe='')}".encode() + _TARGET


def _put_tools(body: Json, said: Json, translation: Translation) -> bool:
    def tool(said: shared.Function) -> Json:
        function: Json = {"name": translation.alias(said.name), "parameters": said.schema}
        if said.description:
            function["description"] = said.description
        if said.strict:
            function["strict"] = True
        return {"type": "function", "function": function}

    def chosen(name: str) -> Json:
        return {"type": "function", "function": {"name": translation.alias(name)}}

    return shared.put_functions(body, said, tool, chosen)


def _put_thinking(body: Json, said: Json, most: int, quirks: frozenset[str], style: str | None) -> None:
    """Put how much the model is to think, in the provider's way; where nothing is said, nothing is put."""
    thinking, effort = said.get("thinking") or {}, (said.get("output_config") or {}).get("effort")
    kind, budget = thinking.get("type"), thinking.get("budget_tokens")
    if kind is None and effort is None:
        return
    if "reasoning_object" in quirks:
        if kind == "disabled":
            body["reasoning"] = {"enabled": False}
        elif effort is not None:
            body["reasoning"] = {"effort": effort}
        else:
            body["reasoning"] = {"enabled": True} if budget is None else {"max_tokens": budget}
        return
    thinks = kind != "disabled"
    if "enable_thinking" in quirks:
        body["enable_thinking"] = thinks
        return
    if "chat_template_thinking" in quirks:
        body["chat_template_kwargs"] = {"enable_thinking": thinks}
        return
    if "thinking_flag" in quirks or style == "flag":
        body["thinking"] = {"type": "enabled" if thinks else "disabled"}
        return
    if kind == "disabled":
        if style == "effort":  # a model that can't think would refuse the word
            body["reasoning_effort"] = "none"
        return
    if effort is None and budget is not None:
        effort = effort_of(budget, most)
    if effort is not None:
        body["reasoning_effort"] = effort


def _put_format(body: Json, said: Json) -> None:
    form = (said.get("output_config") or {}).get("format")
    if form is not None:
        schema = {"name": "answer", "schema": form["schema"], "strict": takes(form["schema"])}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
