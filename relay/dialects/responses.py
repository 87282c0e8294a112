"""The Responses dialect, outwards: a Messages request as a provider of that dialect takes it.

outgoing() translates (spec/wire-protocols.md 3.5, 4.1). Nothing is kept at the provider: each request holds the whole
conversation, and thinking goes back as the provider encrypted it.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from relay.call import Call
from relay.catalog import Accepts, Attempt
from relay.dialects import outgoing as shared
from relay.dialects.conversation import Json, system_text
from relay.dialects.exact_json import encoded
from relay.dialects.reasoning import effort_of
from relay.dialects.responses_input import Input
from relay.dialects.strict import takes
from relay.dialects.translated import Translated

LEAST_OUTPUT: Final = 16
"""Tokens; the API refuses a limit below."""
_TARGET: Final = b"/responses"
_TAKES_ALL: Final = Accepts()
_LACKS: Final = frozenset({"stop_sequences", "top_k"})
_OURS: Final = frozenset(
    {
        "background",
        "background_options",
        "context_management",
        "conversation",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "safety_identifier",
        "store",
        "stream",
        "stream_options",
        "text",
        "tool_choice",
        "tools",
    }
)
"""Members that are relay's to say: as options they would lift limits, keep the call at the provider, or carry what is
not redacted."""


def outgoing(call: Call, attempt: Attempt, changed: Mapping[str, bytes]) -> Translated:
    """Give the content for the attempt; `changed` values go in place of the client's, an empty one goes altogether.

    raises   ProviderRefused, of which other endpoints are asked, for what this one can't be sent
    """
    said = shared.said(call, attempt, changed, _LACKS)
    accepts = attempt.endpoint.accepts or _TAKES_ALL
    marks = (accepts.caching or "").startswith("explicit")
    input = Input(said.get("tools") or [], redacts=attempt.redacts, marks=marks)
    body: Json = {"model": attempt.model, "input": input.items(said["messages"]), "store": False}
    if instructions := system_text(said.get("system")):
        body["instructions"] = instructions
    if call.stream:
        body["stream"] = True
    limit = said.get("max_tokens") or attempt.endpoint.default_max_tokens
    most = limit if attempt.max_tokens is None else attempt.max_tokens
    body["max_output_tokens"] = max(LEAST_OUTPUT, most)
    for name in ("temperature", "top_p", "top_k"):
        if said.get(name) is not None:
            body[name] = said[name]
    if stops := said.get("stop_sequences"):
        body["stop"] = stops
    single = _put_tools(body, said, input)
    _put_thinking(body, said, most, accepts.reasoning_style, input.reasons)
    form = (said.get("output_config") or {}).get("format")
    if form is not None:
        answer = {"type": "json_schema", "name": "answer", "schema": form["schema"], "strict": takes(form["schema"])}
        body["text"] = {"format": answer}
    if user := shared.user_of(said):
        body["safety_identifier"] = user
    if call.session_id:
        body["prompt_cache_key"] = sha256(call.session_id.encode()).hexdigest()
    if attempt.endpoint.tier != "default":
        body["service_tier"] = attempt.endpoint.tier
    shared.put_options(body, attempt, _OURS)
    return Translated("responses", _TARGET, encoded(body), input.names, single)


def _put_tools(body: Json, said: Json, input: Input) -> bool:
    """Put the tools; one is strict unless told otherwise, and then takes no schema with optional members."""

    def tool(said: shared.Function) -> Json:
        function: Json = {"type": "function", "name": input.alias(said.name), "parameters": said.schema}
        function["strict"] = said.strict
        if said.description:
            function["description"] = said.description
        return function

    def chosen(name: str) -> Json:
        return {"type": "function", "name": input.alias(name)}

    return shared.put_functions(body, said, tool, chosen)


def _put_thinking(body: Json, said: Json, most: int, style: str | None, reasons: bool) -> None:
    """Put how much the model is to think, whether to say what, and that it is to be encrypted.

    A model that can't think would refuse these words, so that they are put only where it is known that it can, or where
    the request asks for it.
    """
    thinking, effort = said.get("thinking") or {}, (said.get("output_config") or {}).get("effort")
    kind, budget = thinking.get("type"), thinking.get("budget_tokens")
    asks = kind not in (None, "disabled")
    if effort is None and budget is not None:
        effort = effort_of(budget, most)
    if kind == "disabled":
        effort = "none" if style == "effort" else None
    reasoning: Json = {}
    if effort is not None:
        reasoning["effort"] = effort
    if asks and thinking.get("display") != "omitted":
        reasoning["summary"] = "auto"
    if reasoning:
        body["reasoning"] = reasoning
    if asks or reasons or style == "effort" or (effort is not None and kind is None):
        body["include"] = ["reasoning.encrypted_content"]
