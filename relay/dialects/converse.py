"""Bedrock's Converse dialect, outwards: a Messages request as models take it that are not Anthropic's.

outgoing() translates (spec/wire-protocols.md 4.6). What such an endpoint can't be sent is refused with its path, so
that an endpoint of another dialect may answer; what only matters elsewhere is left out, and told to the attempt.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import orjson

from relay.call import Call
from relay.catalog import Attempt
from relay.dialects import outgoing as shared
from relay.dialects.converse_messages import Json, Translation, cache_point, refused
from relay.dialects.translated import Translated

_LACKS: Final = frozenset({"top_k"})
_OURS: Final = frozenset(
    {
        "additionalModelResponseFieldPaths",
        "inferenceConfig",
        "messages",
        "modelId",
        "outputConfig",
        "promptVariables",
        "requestMetadata",
        "system",
        "toolConfig",
    }
)
"""Members that are relay's to say: as options they would lift limits, or carry what is not redacted."""


def outgoing(call: Call, attempt: Attempt, changed: Mapping[str, bytes]) -> Translated:
    """Give the content for the attempt; `changed` values go in place of the client's, an empty one goes altogether.

    raises   ProviderRefused, of which other endpoints are asked, for what this one can't be sent
    """
    said = shared.said(call, attempt, changed, _LACKS)
    accepts = attempt.endpoint.accepts
    marks = accepts is not None and (accepts.caching or "").startswith("explicit")
    translation = Translation(said.get("tools") or [], marks, attempt.redacts)
    body: Json = {"messages": translation.messages(said["messages"])}
    if system := translation.system(said.get("system")):
        body["system"] = system
    body["inferenceConfig"] = _limits(said, attempt)
    single = _put_tools(body, said, translation)
    _put_thinking(body, said, attempt, accepts.reasoning_style if accepts else None)
    if form := (said.get("output_config") or {}).get("format"):
        schema = {"name": "answer", "schema": orjson.dumps(form["schema"]).decode()}
        body.setdefault("outputConfig", {})["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    if said.get("top_k") is not None:
        body.setdefault("additionalModelRequestFields", {})["top_k"] = said["top_k"]
    if attempt.endpoint.tier != "default":
        body["serviceTier"] = {"type": attempt.endpoint.tier}
    shared.put_options(body, attempt, _OURS)
    verb = "converse-stream" if call.stream else "converse"
    target = f"/model/{model_segment(attempt)}/{verb}".encode()
    return Translated("bedrock", target, orjson.dumps(body), translation.names, single)


def model_segment(attempt: Attempt) -> str:
    """Give the model as one segment of a path: an ARN holds what would end it, a client may say what leads upwards."""
    if attempt.model in (".", ".."):
        raise refused("model", "is no name of a model")
    return quote(attempt.model, safe="")


def _limits(said: Json, attempt: Attempt) -> Json:
    limit = said.get("max_tokens") or attempt.endpoint.default_max_tokens
    limits: Json = {"maxTokens": limit if attempt.max_tokens is None else attempt.max_tokens}
    if said.get("temperature") is not None:
        limits["temperature"] = min(1, said["temperature"])
    if said.get("top_p") is not None:
        limits["topP"] = said["top_p"]
    if said.get("stop_sequences"):
        limits["stopSequences"] = said["stop_sequences"]
    return limits


def _put_tools(body: Json, said: Json, translation: Translation) -> bool:
    """Put the tools and how they are to be used; give whether one call at most is wanted.

    A history with calls needs tools, whether any may be called now or not: those that it names, then.
    """
    choice = said.get("tool_choice") or {}
    kind = choice.get("type")
    tools = said.get("tools") or []
    specs = [spec for at, tool in enumerate(tools) for spec in _specs(tool, f"tools.{at}", translation)]
    if kind == "none" and not translation.called:
        specs = []
    if not specs:
        specs = [_spec(name, None, {"type": "object", "properties": {}}) for name in translation.called]
    if not specs:
        return False
    body["toolConfig"] = {"tools": specs}
    if kind == "tool":
        body["toolConfig"]["toolChoice"] = {"tool": {"name": translation.alias(choice["name"])}}
    elif kind in ("auto", "any"):
        body["toolConfig"]["toolChoice"] = {kind: {}}
    return choice.get("disable_parallel_tool_use") is True


def _specs(tool: Json, path: str, translation: Translation) -> list[Json]:
    said = shared.function(tool, path)
    spec = _spec(translation.alias(said.name), said.description, said.schema)
    if said.strict:
        spec["toolSpec"]["strict"] = True
    return [spec, cache_point(tool)] if translation.marks and tool.get("cache_control") else [spec]


def _spec(name: str, description: str | None, schema: Json) -> Json:
    spec: Json = {"name": name, "inputSchema": {"json": schema}}
    if description:
        spec["description"] = description
    return {"toolSpec": spec}


def _put_thinking(body: Json, said: Json, attempt: Attempt, style: str | None) -> None:
    """Put how much the model is to think, where it is known to be told by a level; else nothing, and that is told."""
    thinking, effort = said.get("thinking"), (said.get("output_config") or {}).get("effort")
    if effort is not None and style == "effort":
        body["outputConfig"] = {"effort": effort}
    elif effort is not None:
        attempt.dropped_fields += ("output_config.effort",)
    if thinking is not None:
        attempt.dropped_fields += ("thinking",)
