"""Which JSON schemas OpenAI can hold an answer to: takes() says so of a schema, for tools and for whole answers.

In strict mode OpenAI refuses a request whose schema has an object with members that may be absent, or unnamed ones;
Anthropic, whose schemas the hub's are, takes the former. Such a schema is followed as well as the model can.
"""

from collections.abc import Iterator
from typing import Any, Final

_NAMED: Final = ("properties", "$defs", "definitions")
_LISTED: Final = ("anyOf",)
_SAYING: Final = ("type", "enum", "const", "anyOf")
_REFUSED: Final = frozenset(
    {
        "allOf",
        "contains",
        "default",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "maxContains",
        "maxProperties",
        "minContains",
        "minProperties",
        "not",
        "oneOf",
        "patternProperties",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
    }
)


def takes(schema: Any) -> bool:
    """Tell whether a schema has what strict mode asks for: it is an object, as is no union."""
    return isinstance(schema, dict) and schema.get("type") == "object" and "anyOf" not in schema and _is_closed(schema)


def _is_closed(schema: Any) -> bool:
    if not isinstance(schema, dict) or not _REFUSED.isdisjoint(schema):
        return False
    if "$ref" in schema:
        return len(schema) == 1  # nothing may stand beside it, not even a description
    if not any(word in schema for word in _SAYING):
        return False
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "array" in kinds and "items" not in schema:
        return False
    if "object" in kinds or "properties" in schema:
        required, named = schema.get("required"), schema.get("properties", {})
        if schema.get("additionalProperties") is not False or not isinstance(named, dict):
            return False
        if named and not (isinstance(required, list) and all(name in required for name in named)):
            return False
    return all(_is_closed(part) for part in _parts(schema))


def _parts(schema: dict[str, Any]) -> Iterator[Any]:
    for key in _NAMED:
        parts = schema.get(key, {})
        yield from parts.values() if isinstance(parts, dict) else [parts]
    for key in _LISTED:
        parts = schema.get(key, [])
        yield from parts if isinstance(parts, list) else [parts]
    if "items" in schema:
        yield schema["items"]
