"""JSON Schema as the subset that Gemini takes: pitfall 24 of wire-protocols 7, and what may not be lost on the way."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.dialects.gemini_schema import subset
from relay.errors import ProviderRefused

Json = dict[str, Any]
STRING = {"type": "string"}
KEYWORDS = {
    "type", "description", "nullable", "enum", "format", "pattern", "items", "properties", "required", "anyOf",
    "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties",
}  # fmt: skip


def of(schema: Any, **definitions: Any) -> Any:
    """One property's schema as it is sent."""
    whole = {"type": "object", "properties": {"p": schema}, "$defs": definitions}
    return subset(whole, "tools.0.input_schema")["properties"]["p"]


@pytest.mark.parametrize(
    "keyword",
    [
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"$id": "x"},
        {"$comment": "x"},
        {"additionalProperties": False},
        {"propertyNames": {"pattern": "^a"}},
        {"patternProperties": {"^a": STRING}},
        {"unevaluatedProperties": False},
        {"uniqueItems": True},
        {"multipleOf": 5},
        {"default": "x"},
        {"examples": ["x"]},
        {"title": "X"},
        {"not": {"const": "x"}},
        {"if": {}, "then": {}, "else": {}},
        {"dependentRequired": {"a": ["b"]}},
        {"format": "uri"},
        {"contentEncoding": "base64"},
        {"required": True},
        {"enum": "x"},
        {"pattern": 5},
        {"minLength": "5"},
        {"minimum": True},
    ],
)
def test_pitfall_24_keywords_that_google_refuses_are_left_out_at_any_depth(keyword: Json) -> None:
    nested = {"type": "array", "items": {"type": "object", "properties": {"q": STRING | keyword}}}
    assert of(STRING | keyword) == STRING
    assert of(nested) == {"type": "array", "items": {"type": "object", "properties": {"q": STRING}}}


def test_pitfall_24_properties_that_look_like_keywords_stay() -> None:
    names = ["title", "default", "$ref", "$id", "format", "const", "not", "allOf", "additionalProperties", "examples"]
    schema = {"type": "object", "properties": dict.fromkeys(names, STRING), "required": names}
    assert of(schema) == schema


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["integer", "string"]}, {"anyOf": [{"type": "integer"}, STRING]}),
        ({"const": "x"}, {"type": "string", "enum": ["x"]}),
        ({"const": 5}, {"type": "string", "enum": ["5"]}),
        ({"type": "integer", "enum": [1, 2, None]}, {"type": "string", "nullable": True, "enum": ["1", "2"]}),
        ({"enum": ["a", "", "a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"enum": [True]}, {"type": "boolean"}),
        (
            {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 9},
            {"type": "integer", "minimum": 1, "maximum": 9},
        ),
        ({"type": "number", "minimum": 2, "exclusiveMinimum": 1}, {"type": "number", "minimum": 2}),
        ({"type": "string", "format": "date-time"}, {"type": "string", "format": "date-time"}),
        ({"type": "object"}, {"type": "object"}),
        ({"type": "object", "properties": {}}, {"type": "object"}),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": STRING}}),
        (
            {"type": "object", "properties": {"a": {}}, "required": ["a", "b", 5]},
            {"type": "object", "properties": {"a": STRING}, "required": ["a"]},
        ),
        ({"type": "array"}, {"type": "array", "items": STRING}),
        ({"items": {"type": "number"}}, {"type": "array", "items": {"type": "number"}}),
        (
            {"type": "array", "prefixItems": [STRING, {"type": "number"}]},
            {"type": "array", "items": {"anyOf": [STRING, {"type": "number"}]}},
        ),
        ({"oneOf": [STRING, {"type": "null"}]}, {"type": "string", "nullable": True}),
        (
            {"anyOf": [STRING, {"type": "integer"}], "description": "d"},
            {"anyOf": [STRING | {"description": "d"}, {"type": "integer", "description": "d"}]},
        ),
        (
            {"allOf": [{"properties": {"a": STRING}, "required": ["a"]}, {"properties": {"b": {}}}], "required": ["b"]},
            {"type": "object", "properties": {"a": STRING, "b": STRING}, "required": ["b", "a"]},
        ),
        (
            {"type": "object", "properties": {"a": {}}, "anyOf": [{"required": ["a"]}]},
            {"type": "object", "properties": {"a": STRING}},
        ),
        (True, STRING),
        ({}, STRING),
    ],
)
def test_what_has_another_word_is_said_in_it(schema: Any, written: Json) -> None:
    assert of(schema) == written


def test_references_are_written_out_and_those_in_a_circle_are_cut() -> None:
    tree = {"type": "object", "properties": {"name": STRING, "child": {"$ref": "#/$defs/tree"}}}
    assert of({"$ref": "#/$defs/tree", "description": "d"}, tree=tree) == {
        "type": "object",
        "description": "d",
        "properties": {"name": STRING, "child": {"type": "object"}},
    }
    assert of({"$ref": "#/$defs/a~1b"}, **{"a/b": {"$ref": "#/$defs/c"}, "c": {"type": "integer"}}) == {
        "type": "integer"
    }
    assert of({"$ref": "#/$defs/none"}) == {"type": "object"}
    assert of({"$ref": "#/$defs/a"}, a={"allOf": [{"$ref": "#/$defs/a"}]}) == {"type": "object"}


def test_what_grows_without_end_is_refused() -> None:
    doubled = {
        f"d{n}": {"type": "object", "properties": {key: {"$ref": f"#/$defs/d{n + 1}"} for key in "ab"}}
        for n in range(30)
    }
    deep: Json = {}
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    for schema, definitions in (({"$ref": "#/$defs/d0"}, doubled), (deep, {})):
        with pytest.raises(ProviderRefused, match=r"tools\.0\.input_schema: is too large or too deep"):
            of(schema, **definitions)


_WORDS = [
    "type",
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "properties",
    "items",
    "enum",
    "const",
    "required",
    "minimum",
    "nullable",
    "format",
]
_VALUES = ["object", "array", "string", "null", "#", "#/properties/p", "x"]
_SCHEMAS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(_VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*_WORDS, "p"]), inner, max_size=4),
    max_leaves=12,
)


@given(schema=_SCHEMAS)
def test_any_schema_becomes_one_of_the_subset_or_is_refused(schema: Any) -> None:
    try:
        _check(of(schema))
    except ProviderRefused:
        return


def _check(schema: Json) -> None:
    assert schema.keys() <= KEYWORDS
    assert ("type" in schema) != ("anyOf" in schema)
    assert schema.get("type") in (None, "object", "array", "string", "number", "integer", "boolean")
    assert ("items" in schema) == (schema.get("type") == "array")
    assert schema.get("properties") != {}
    assert set(schema.get("required", ())) <= schema.get("properties", {}).keys()
    assert all(isinstance(value, str) and value for value in schema.get("enum", ()))
    for inner in (
        *schema.get("anyOf", ()),
        *schema.get("properties", {}).values(),
        *filter(None, [schema.get("items")]),
    ):
        _check(inner)
