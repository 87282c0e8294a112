"""The Gemini dialect, outwards: a Messages request as Google AI Studio and Vertex take it.

outgoing() translates (spec/wire-protocols.md 4.5). Where the API of a model begins is the endpoint's base URL, the
publisher's path included: `…/v1beta`, `…/v1/projects/<project>/locations/<location>/publishers/google`.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from relay.call import Call
from relay.catalog import Accepts, Attempt
from relay.dialects import outgoing as shared
from relay.dialects.exact_json import encoded
from relay.dialects.gemini_contents import Contents, Json
from relay.dialects.gemini_schema import subset
from relay.dialects.reasoning import budget_of, effort_of, nearest
from relay.dialects.translated import Translated

MOST_STOPS: Final = 5
MOST_BUDGET: Final = 24_576
"""The most thinking by tokens that every model takes which is told by tokens."""
LEAST_OF_PRO: Final = 128
"""Tokens of the least thinking of models that can't do without."""
QUIRKS: Final[Mapping[str, str]] = {
    "json_schema": "takes schemas of tools and answers as JSON Schema, not as the subset of OpenAPI's",
}
"""What some providers of the Gemini dialect want otherwise."""
_MODES: Final[Mapping[str, str]] = {"auto": "AUTO", "any": "ANY", "tool": "ANY", "none": "NONE"}
_PREFIXES: Final = ("models/", "tunedModels/", "endpoints/")
_STYLES: Final = ((re.compile(r"gemini-(1|2[.-]0)\b"), "none"), (re.compile(r"gemini-2\b"), "budget"))
_THIRD: Final = re.compile(r"gemini-(?![12]\b)")
"""Models from the third generation on: they think by levels, and refuse calls that are not signed."""
_OURS: Final = frozenset(
    {
        "cachedContent",
        "contents",
        "generationConfig",
        "generation_config",
        "systemInstruction",
        "system_instruction",
        "toolConfig",
        "tool_config",
        "tools",
    }
)
"""Members that are relay's to say: as options they would lift limits, or carry what is not redacted."""


def outgoing(call: Call, attempt: Attempt, changed: Mapping[str, bytes]) -> Translated:
    """Give the content for the attempt; `changed` values go in place of the client's, an empty one goes altogether.

    raises   ProviderRefused, of which other endpoints are asked, for what this one can't be sent
    """
    said = shared.said(call, attempt, changed, frozenset())
    takes_json_schema = "json_schema" in attempt.endpoint.quirks
    wants_signatures = _THIRD.search(attempt.model) is not None
    contents = Contents(said.get("tools") or [], wants_signatures, attempt.redacts)
    body: Json = {"contents": contents.of(said["messages"])}
    if system := contents.system(said.get("system")):
        body["systemInstruction"] = system
    single = _put_tools(body, said, contents, takes_json_schema)
    body["generationConfig"] = _generation(said, attempt, takes_json_schema)
    shared.put_options(body, attempt, _OURS)
    return Translated("gemini", _target(attempt.model, call.stream), encoded(body), contents.names, single)


def _target(model: str, stream: bool) -> bytes:
    """Give the path; a model's name may come from the client, so that nothing but a name may leave."""
    prefix = next((each for each in _PREFIXES if model.startswith(each)), "")
    name = quote(model.removeprefix(prefix), safe="")
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"/{prefix or 'models/'}{name}:{method}".encode()


def _put_tools(body: Json, said: Json, contents: Contents, takes_json_schema: bool) -> bool:
    """Put the tools and how they are to be used; give whether one call at most is wanted, which can't be said."""
    tools = [
        _declaration(tool, f"tools.{at}", contents, takes_json_schema)
        for at, tool in enumerate(said.get("tools") or [])
    ]
    if not tools:
        return False
    body["tools"] = [{"functionDeclarations": tools}]
    choice = said.get("tool_choice")
    if choice is None:
        return False
    calling: Json = {"mode": _MODES[choice["type"]]}
    if choice["type"] == "tool":
        calling["allowedFunctionNames"] = [contents.alias(choice["name"])]
    body["toolConfig"] = {"functionCallingConfig": calling}
    return choice.get("disable_parallel_tool_use") is True


def _declaration(tool: Json, path: str, contents: Contents, takes_json_schema: bool) -> Json:
    name, description, schema, _ = shared.function(tool, path)
    declaration: Json = {"name": contents.alias(name)}
    if description:
        declaration["description"] = description
    if takes_json_schema:
        declaration["parametersJsonSchema"] = schema
        return declaration
    parameters = subset({key: value for key, value in schema.items() if value != {}}, f"{path}.input_schema")
    if len(parameters) > 1:  # an object of which nothing is said is refused: a function without parameters has none
        declaration["parameters"] = parameters
    return declaration


def _generation(said: Json, attempt: Attempt, takes_json_schema: bool) -> Json:
    limit: int = said.get("max_tokens") or attempt.endpoint.default_max_tokens
    most = limit if attempt.max_tokens is None else attempt.max_tokens
    config: Json = {"maxOutputTokens": most}
    for name, ours in (("temperature", "temperature"), ("top_p", "topP"), ("top_k", "topK")):
        if said.get(name) is not None:
            config[ours] = said[name]
    if stops := said.get("stop_sequences"):
        config["stopSequences"] = stops[:MOST_STOPS]
    output = said.get("output_config") or {}
    thinking = _thinking(
        said.get("thinking") or {}, output.get("effort"), most, attempt.model, attempt.endpoint.accepts or Accepts()
    )
    if thinking:
        config["thinkingConfig"] = thinking
    if form := output.get("format"):
        config["responseMimeType"] = "application/json"
        if takes_json_schema:
            config["responseJsonSchema"] = form["schema"]
        else:
            config["responseSchema"] = subset(form["schema"], "output_config.format.schema")
    return config


def _thinking(thinking: Json, effort: str | None, most: int, model: str, accepts: Accepts) -> Json:
    """Give how much the model is to think, by a level or by tokens; where nothing is said, nothing is."""
    kind, budget = thinking.get("type"), thinking.get("budget_tokens")
    style = accepts.reasoning_style or next((style for names, style in _STYLES if names.search(model)), "effort")
    if style == "none" or (kind is None and effort is None):
        return {}
    if kind == "disabled":
        return _no_thinking(style, model, accepts)
    config: Json = {"includeThoughts": thinking.get("display") != "omitted"}
    if style == "budget":
        budget = budget_of(effort, most) if budget is None and effort is not None else budget
        if budget is not None:
            config["thinkingBudget"] = min(budget, MOST_BUDGET)
    elif style == "effort":
        effort = effort_of(budget, most) if effort is None and budget is not None else effort
        if effort is not None:
            config["thinkingLevel"] = _level(effort, accepts)
    return config


def _no_thinking(style: str, model: str, accepts: Accepts) -> Json:
    """Give the least thinking of a model that is known to be told so: not all can do without."""
    if style == "budget":
        return {"thinkingBudget": LEAST_OF_PRO if "pro" in model else 0}
    if style == "effort" and (accepts.reasoning_efforts or _THIRD.search(model)):
        return {"thinkingLevel": nearest("minimal", accepts.reasoning_efforts or ("low",)).upper()}
    return {}


def _level(effort: str, accepts: Accepts) -> str:
    """Give the word for a level: above `high` there is one only for models that are known to have it."""
    if accepts.reasoning_efforts:
        return nearest(effort, accepts.reasoning_efforts).upper()
    return "HIGH" if effort in ("xhigh", "max") else effort.upper()
