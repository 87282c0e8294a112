"""JSON Schema as the subset of OpenAPI's that Gemini takes where it takes no JSON Schema (spec/wire-protocols.md 4.5).

subset() writes references out, merges `allOf`, makes one `anyOf` of what offers a choice, and leaves out every keyword
that is not in the subset; names of properties are no keywords. What it gives allows all that the schema allows, with
one exception that the API has: values of an `enum` are strings. Work is bounded: LARGEST schemas are
written, DEEPEST within each other.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from relay.dialects.chat_blocks import Json, refused

LARGEST: Final = 10_000
DEEPEST: Final = 64
_COUNTS: Final = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_LIMITS: Final[Mapping[str, str]] = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_FORMATS: Final = frozenset({"date-time", "double", "enum", "float", "int32", "int64"})
_TYPES: Final = frozenset({"array", "boolean", "integer", "number", "object", "string"})


def subset(schema: Json, path: str) -> Json:
    """Give a schema in the subset.

    raises   ProviderRefused for one that is too large once its references are written out
    """
    return _Writer(schema, path).written(schema, ())


class _Writer:
    """Writes the parts of one root schema, which references are looked up in."""

    def __init__(self, root: Json, path: str) -> None:
        self._root = root
        self._path = path
        self._left = LARGEST
        self._depth = 0

    def written(self, schema: Any, within: tuple[str, ...]) -> Json:
        """Give a schema; `within` are the references that it stands in, which it may not go round in."""
        self._depth += 1
        whole, within = self._merged(schema, within)
        branches = _branches(whole)
        is_choice = branches and not _mapping(whole, "properties")
        out = self._choice(whole, branches, within) if is_choice else self._plain(whole, within)
        self._depth -= 1
        return out

    def _merged(self, schema: Any, within: tuple[str, ...]) -> tuple[Json, tuple[str, ...]]:
        """Give a schema with what it refers to, and what all of `allOf` ask, as its own members."""
        self._left -= 1
        if self._left < 0 or self._depth > DEEPEST:
            raise refused(self._path, "is too large or too deep, once its references are written out")
        whole: Json = dict(schema) if isinstance(schema, dict) else {}
        while isinstance(reference := whole.pop("$ref", None), str):
            target = None if reference in within else self._target(reference)
            if not isinstance(target, dict):
                return {"type": "object"} | whole, within
            whole, within = target | whole, (*within, reference)
        for part in _listed(whole.pop("allOf", None)):
            self._depth += 1
            asked, within = self._merged(part, within)
            self._depth -= 1
            properties = _mapping(asked, "properties") | _mapping(whole, "properties")
            required = [*_listed(whole.get("required")), *_listed(asked.get("required"))]
            whole = asked | whole
            if properties:
                whole["properties"] = properties
            if required:
                whole["required"] = required
        return whole, within

    def _target(self, reference: str) -> Any:
        found: Any = self._root
        for step in filter(None, reference.removeprefix("#").split("/")):
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def _choice(self, whole: Json, branches: list[Json], within: tuple[str, ...]) -> Json:
        """Give a choice, beside which nothing may stand; one that is none is the schema itself."""
        others = {key: value for key, value in whole.items() if key not in ("anyOf", "oneOf", "type", "description")}
        kept = [each for each in branches if each.get("type") != "null"]
        is_nullable = len(kept) < len(branches) or "null" in _listed(whole.get("type")) or whole.get("nullable") is True
        given = {key: whole[key] for key in ("type", "description") if _string(whole, key)}
        written = [self.written(others | given | each, within) for each in kept]
        if is_nullable:
            written = [each | {"nullable": True} for each in written]
        if len(written) == 1:
            return written[0]
        return {"anyOf": written} if written else {"type": "string", "nullable": True}

    def _plain(self, whole: Json, within: tuple[str, ...]) -> Json:
        types = _types(whole)
        kind = types[0] if types else _implied(whole)
        out: Json = {"type": kind}
        if _string(whole, "description"):
            out["description"] = whole["description"]
        if whole.get("nullable") is True or "null" in _listed(whole.get("type")):
            out["nullable"] = True
        values = [whole["const"]] if "const" in whole else _listed(whole.get("enum"))
        _put_values(out, values)
        if _string(whole, "format") in _FORMATS and "enum" not in out:
            out["format"] = whole["format"]
        if _string(whole, "pattern"):
            out["pattern"] = whole["pattern"]
        out |= {} if "enum" in out else dict(_bounds(whole))
        if kind == "object":
            self._put_properties(out, whole, within)
        elif kind == "array":
            out["items"] = self._items(whole, within)
        return out

    def _put_properties(self, out: Json, whole: Json, within: tuple[str, ...]) -> None:
        properties = _mapping(whole, "properties")
        if not properties:
            return
        out["properties"] = {name: self.written(each, within) for name, each in properties.items()}
        required = [name for name in _listed(whole.get("required")) if isinstance(name, str) and name in properties]
        if required:
            out["required"] = list(dict.fromkeys(required))

    def _items(self, whole: Json, within: tuple[str, ...]) -> Json:
        """Give what an array holds; of a tuple any of its items may stand anywhere."""
        items = whole.get("items")
        places = _listed(whole.get("prefixItems")) or _listed(items)
        if len(places) > 1:
            return {"anyOf": [self.written(each, within) for each in places]}
        return self.written(places[0] if places else items, within)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(whole: Json, key: str) -> Json:
    value = whole.get(key)
    return value if isinstance(value, dict) else {}


def _branches(whole: Json) -> list[Json]:
    """Give the choices that a schema offers, by members or by types; none at all is said by `nullable`."""
    offered = _listed(whole.get("anyOf")) or _listed(whole.get("oneOf"))
    if offered:
        return [each for each in offered if isinstance(each, dict)]
    types = _types(whole)
    return [{"type": each} for each in types] if len(types) > 1 else []


def _types(whole: Json) -> list[str]:
    """Give the types that a schema names, but null."""
    said = whole.get("type")
    return [each for each in (said if isinstance(said, list) else [said]) if isinstance(each, str) and each in _TYPES]


def _string(whole: Json, key: str) -> str:
    value = whole.get(key)
    return value if isinstance(value, str) else ""


def _implied(whole: Json) -> str:
    """Give the type of a schema that names none, for it has to have one."""
    if _mapping(whole, "properties"):
        return "object"
    if "items" in whole or "prefixItems" in whole:
        return "array"
    values = [whole["const"]] if "const" in whole else _listed(whole.get("enum"))
    return "boolean" if values and all(isinstance(each, bool) for each in values) else "string"


def _put_values(out: Json, values: list[Any]) -> None:
    """Put the values of an `enum`: strings, none of them empty; None among them is said by `nullable`."""
    if None in values:
        out["nullable"] = True
    told = [each if isinstance(each, str) else f"{each}" for each in values if _is_value(each)]
    if told and out["type"] not in ("boolean", "object", "array"):
        out["type"] = "string"
        out["enum"] = list(dict.fromkeys(told))


def _is_value(value: Any) -> bool:
    return (isinstance(value, str) and value != "") or (isinstance(value, int | float) and not isinstance(value, bool))


def _bounds(whole: Json) -> Iterator[tuple[str, Any]]:
    for key, ours in (*_LIMITS.items(), ("minimum", "minimum"), ("maximum", "maximum")):
        if isinstance(whole.get(key), int | float) and not isinstance(whole[key], bool):
            yield ours, whole[key]
    for key in _COUNTS:
        if isinstance(whole.get(key), int) and not isinstance(whole[key], bool):
            yield key, whole[key]
