"""What a request says of plugins, of the call's record and of the steps of a tool loop (contract 3, 6.2 and 7).

read() checks and gives it; PLUGINS are all that the contract names.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from relay.call import NO_PLUGINS, AutoRouter, Plugins
from relay.dialects.check import converted
from relay.dialects.schema import MAX_INT, Name, Object
from relay.errors import CallerInvalid

ROUTERS: Final = ("auto-router", "auto-beta-router")
PLUGINS: Final = (
    *ROUTERS,
    "context-compression",
    "file-parser",
    "fusion",
    "moderation",
    "pareto-router",
    "response-healing",
    "web",
    "web-fetch",
)
MOST_CHARS: Final = 65_536

Count = Annotated[int, Meta(ge=1, le=MAX_INT)]
Patterns = Annotated[list[Annotated[str, Meta(min_length=1, max_length=1024)]], Meta(max_length=1024)]


class Router(Struct):
    enabled: bool | None = None
    allowed_models: Patterns | None = None
    excluded_models: Patterns | None = None
    cost_quality_tradeoff: Annotated[int, Meta(ge=0, le=10)] | None = None
    cost_tier: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    pin_model: bool | None = None


class Trace(Struct):
    trace_id: str | None = None
    trace_name: str | None = None
    span_name: str | None = None
    generation_name: str | None = None
    parent_span_id: str | None = None


class StepCountIs(Struct):
    step_count: Count


class HasToolCall(Struct):
    tool_name: Name


class MaxTokensUsed(Struct):
    max_tokens: Count


class MaxCost(Struct):
    max_cost_in_dollars: Annotated[float, Meta(ge=0)]


class FinishReasonIs(Struct):
    reason: Name


CONDITIONS: Final[Mapping[str, type[Struct]]] = {
    "step_count_is": StepCountIs,
    "has_tool_call": HasToolCall,
    "max_tokens_used": MaxTokensUsed,
    "max_cost": MaxCost,
    "finish_reason_is": FinishReasonIs,
}


class Members(Struct):
    plugins: Annotated[list[Object], Meta(max_length=64)] | None = None
    user: Annotated[str, Meta(max_length=256)] | None = None
    trace: Trace | None = None
    max_tool_calls: Count | None = None
    stop_server_tools_when: Annotated[list[Object], Meta(min_length=1, max_length=64)] | None = None


MEMBERS: Final[frozenset[str]] = frozenset(Members.__struct_fields__)
"""Members of a request that read() takes."""


def read(said: Mapping[str, Any]) -> tuple[Plugins, str | None]:
    """Give what a request says of plugins, and its `user`.

    said     those of its MEMBERS that it has, decoded
    raises   CallerInvalid, naming the path
    """
    members: Members = converted(dict(said), Members, "")
    for at, condition in enumerate(members.stop_server_tools_when or ()):
        _check_condition(condition, f"stop_server_tools_when.{at}")
    return _plugins(members.plugins) if members.plugins else NO_PLUGINS, members.user or None


def _check_condition(condition: Object, path: str) -> None:
    kind = condition.get("type")
    if not isinstance(kind, str) or kind not in CONDITIONS:
        raise CallerInvalid(f"{path}.type: must be one of {', '.join(CONDITIONS)}")
    converted(condition, CONDITIONS[kind], path)


def _plugins(said: Sequence[Object]) -> Plugins:
    routers: dict[str, AutoRouter] = {}
    ignored: list[str] = []
    seen: set[str] = set()
    for at, entry in enumerate(said):
        id = _id(entry, f"plugins.{at}")
        if id in seen:
            raise CallerInvalid(f"plugins.{at}.id: another entry has this id")
        seen.add(id)
        if id not in ROUTERS:
            if entry.get("enabled") is not False:
                raise CallerInvalid(f"plugins.{at}.id: this version of relay does not support {id!r} yet; remove it")
            continue
        router: Router = converted(entry, Router, f"plugins.{at}")
        ignored += [f"plugins.{at}.{key[:64]}" for key in entry if key != "id" and key not in Router.__struct_fields__]
        if router.enabled is not False:
            routers[id] = _router(router, f"plugins.{at}")
    return Plugins(routers, tuple(ignored)) if routers or ignored else NO_PLUGINS


def _id(entry: Object, path: str) -> str:
    id = entry.get("id")
    if id is None:
        raise CallerInvalid(f"{path}.id: field required")
    if not isinstance(id, str) or id not in PLUGINS:
        raise CallerInvalid(f"{path}.id: must be one of {', '.join(PLUGINS)}")
    return id


def _router(said: Router, path: str) -> AutoRouter:
    tradeoff = said.cost_quality_tradeoff
    return AutoRouter(
        allowed=_patterns(said.allowed_models, f"{path}.allowed_models"),
        excluded=_patterns(said.excluded_models, f"{path}.excluded_models"),
        cost_quality_tradeoff=AutoRouter().cost_quality_tradeoff if tradeoff is None else tradeoff,
        cost_tier=said.cost_tier,
        pin_model=said.pin_model,
    )


def _patterns(said: Sequence[str] | None, path: str) -> tuple[str, ...]:
    patterns = tuple(dict.fromkeys(pattern.lower() for pattern in said or ()))
    if sum(map(len, patterns)) > MOST_CHARS:
        raise CallerInvalid(f"{path}: longer than {MOST_CHARS} characters together")
    return patterns
