"""What requests in every dialect but the hub's have in common: said() reads the members, function() a tool,
put_functions() is how OpenAI's dialects have tools, put_options() adds what the caller has for this provider alone.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

from relay.call import Call
from relay.catalog import PARAMETERS, Attempt
from relay.dialects.chat_blocks import Json, refused
from relay.dialects.exact_json import decoded
from relay.dialects.schema import OWN_FIELDS
from relay.dialects.strict import takes

__all__ = ["Function", "Json", "function", "put_functions", "put_options", "refused", "said", "user_of"]

MOST_USER: Final = 64
_UNTOLD: Final = OWN_FIELDS | {"model", "stream", "service_tier", "speed", "cache_control"}
"""Members that go without a word: relay's own, and what is done by it or decided anew for each endpoint."""
_READ: Final = frozenset(
    {
        "max_tokens",
        "messages",
        "metadata",
        "output_config",
        "stop_sequences",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
    }
)
_CHOICES: Final[Mapping[str, str]] = {"auto": "auto", "any": "required", "none": "none"}
_EDITOR: Final[Json] = {
    "command": {"type": "string", "enum": ["view", "create", "str_replace", "insert", "undo_edit"]},
    "path": {"type": "string"},
    "file_text": {"type": "string"},
    "view_range": {"type": "array", "items": {"type": "integer"}},
    "old_str": {"type": "string"},
    "new_str": {"type": "string"},
    "insert_line": {"type": "integer"},
}
_DEFINED: Final[Mapping[str, tuple[str, Json, list[str]]]] = {
    "bash_": (
        "Run a command in a shell that goes on between calls.",
        {"command": {"type": "string"}, "restart": {"type": "boolean"}},
        [],
    ),
    "text_editor_": ("View, create and edit text files.", _EDITOR, ["command", "path"]),
}
"""Tools that Anthropic defines and clients run: what another model has to be told of them."""


def said(call: Call, attempt: Attempt, changed: Mapping[str, bytes], lacks: frozenset[str]) -> Json:
    """Give the members that are read; those that nobody of this dialect knows are noted as left out.

    changed   values that go in place of the client's, an empty one goes altogether
    lacks     members that the dialect has no word for: read only where the endpoint is known to take them
    raises    ProviderRefused for a value that can't be read
    """
    told: Json = {}
    left: set[str] = set()
    raw = {key: call.content[start:end] for key, _, _, start, end in call.members}
    own = {key for key, _ in attempt.options}
    taken = attempt.endpoint.parameters or frozenset()
    lacks = frozenset([key for key in lacks if taken.isdisjoint(PARAMETERS[key])])
    for key, value in (raw | dict(changed)).items():
        if value in (b"", b"null"):
            continue
        if key in _READ and key not in lacks:
            if key not in attempt.dropped:
                told[key] = _loaded(key, value)
        elif key not in _UNTOLD and key not in own:
            left.add(key)
    if left:
        attempt.dropped |= left
    config = told.get("output_config")
    for field in ("effort", "format"):
        if config and f"output_config.{field}" in attempt.dropped:
            config.pop(field, None)
    return told


def _loaded(key: str, value: bytes) -> Any:
    try:
        return decoded(value)
    except orjson.JSONDecodeError:  # its grammar holds, so that only this can be wrong
        raise refused(
            key, "a number is out of range, or a \\u escape in a string is half of a surrogate pair"
        ) from None


class Function(NamedTuple):
    """A tool as other dialects have it.

    strict   its arguments are to follow the schema to the letter, and can
    """

    name: str
    description: str | None
    schema: Json
    strict: bool = False


def function(tool: Json, path: str) -> Function:
    """Give the function that a tool is; one that only relay or the provider could run is refused."""
    kind = tool.get("type") or "custom"
    if kind == "custom":
        schema = {"type": "object", "properties": {}} | tool["input_schema"]
        return Function(tool["name"], tool.get("description"), schema, tool.get("strict") is True and takes(schema))
    for prefix, (description, properties, required) in _DEFINED.items():
        if kind.startswith(prefix) and isinstance(tool.get("name"), str):
            schema = {"type": "object", "properties": properties, "required": required}
            return Function(tool["name"], description, schema)
    raise refused(f"{path}.type", f"{kind[:64]!r} can't be sent to an endpoint of this dialect")


def put_functions(body: Json, told: Json, tool: Callable[[Function], Json], chosen: Callable[[str], Json]) -> bool:
    """Put the tools and how they are to be used; give whether one call at most is wanted.

    tool     makes a tool of a function
    chosen   says that the tool of a name is to be called
    """
    tools = [tool(function(each, f"tools.{at}")) for at, each in enumerate(told.get("tools") or [])]
    if not tools:
        return False
    body["tools"] = tools
    choice = told.get("tool_choice")
    if choice is None:
        return False
    body["tool_choice"] = chosen(choice["name"]) if choice["type"] == "tool" else _CHOICES[choice["type"]]
    single = choice.get("disable_parallel_tool_use") is True
    if single and choice["type"] != "none":
        body["parallel_tool_calls"] = False
    return single


def user_of(told: Json) -> str | None:
    """Give who asks, in as many characters as providers take; None: nobody says."""
    user: str | None = (told.get("metadata") or {}).get("user_id")
    if not user or len(user) <= MOST_USER:
        return user or None
    return sha256(user.encode()).hexdigest()


def put_options(body: Json, attempt: Attempt, ours: frozenset[str]) -> None:
    """Add the members that the caller has for this provider, but those that are relay's to say."""
    for key, value in attempt.options:
        if key in ours or key in body:
            attempt.dropped_fields += (f"provider.options.{key[:64]}",)
        else:
            body[key] = _loaded(key, value)
