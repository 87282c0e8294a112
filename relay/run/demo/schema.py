"""Arguments for a tool nobody has seen before: `filled()` gives a value that fits a JSON Schema, the same each time.

It knows what tool schemas use: type, properties, required, items, enum, const, default, anyOf/oneOf/allOf, local $ref,
minimum. What it does not know gets the plainest value of its type. Depth and number of values are bounded, so that a
schema that refers to itself ends.
"""

from typing import Any

from relay.run.demo.answer import Json
from relay.run.demo.wire import mapped, strings

_DEPTH = 8
_MOST_VALUES = 1000


def filled(schema: Json, text: str) -> Json:
    """An arguments object for `schema`; every free string is `text`."""
    value = _Filler(schema, text).value(schema, _DEPTH)
    return value if isinstance(value, dict) else {}


class _Filler:
    """Fills the parts of one root schema, which local references are looked up in."""

    def __init__(self, root: Json, text: str) -> None:
        self._root = root
        self._text = text
        self._left = _MOST_VALUES

    def value(self, schema: Any, depth: int) -> Any:
        self._left -= 1
        if not isinstance(schema, dict) or depth == 0 or self._left < 0:
            return None
        if "$ref" in schema:
            return self.value(self._target(str(schema["$ref"])), depth - 1)
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        for key in ("enum", "anyOf", "oneOf", "allOf"):
            choices = schema.get(key)
            if isinstance(choices, list) and choices:
                return choices[0] if key == "enum" else self.value(choices[0], depth - 1)
        return self._typed(schema, depth)

    def _typed(self, schema: Json, depth: int) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        match kind[0] if isinstance(kind, list) and kind else kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return [self.value(schema["items"], depth - 1)] if schema.get("items") else []
            case "integer":
                return schema.get("minimum", 1)
            case "number":
                return schema.get("minimum", 0.5)
            case "boolean":
                return True
            case "null":
                return None
        return self._text

    def _object(self, schema: Json, depth: int) -> Json:
        properties = mapped(schema, "properties")
        names = strings(schema.get("required")) or tuple(properties)
        return {name: self.value(properties.get(name), depth - 1) for name in names}

    def _target(self, reference: str) -> Any:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            found = found.get(step) if isinstance(found, dict) else None
        return found
