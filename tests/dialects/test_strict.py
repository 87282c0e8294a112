"""Which schemas OpenAI's strict mode takes."""

from typing import Any

import pytest

from relay.dialects.strict import takes
from tests.dialects.requests import CLOSED

NULLABLE = {"anyOf": [CLOSED, {"type": "null"}]}


def held(**properties: Any) -> dict[str, Any]:
    """An object that has these members and no others."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


@pytest.mark.parametrize(
    "schema",
    [
        held(),
        CLOSED,
        held(a=CLOSED, b={"type": "array", "items": CLOSED}, c=NULLABLE, d={"type": ["string", "null"]}),
        held(a={"$ref": "#/$defs/one"}) | {"$defs": {"one": CLOSED}},
        held(properties={"type": "string"}, type={"enum": ["object"]}, oneOf={"const": {"type": "object"}}),
    ],
)
def test_closed_objects_are_taken(schema: Any) -> None:
    assert takes(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "string"},
        NULLABLE,
        held() | NULLABLE,
        {key: value for key, value in CLOSED.items() if key != "additionalProperties"},
        CLOSED | {"additionalProperties": True},
        CLOSED | {"required": []},
        CLOSED | {"properties": 1},
        {key: value for key, value in CLOSED.items() if key != "required"},
        held(a={"type": "object"}),
        held(a={"type": ["object", "null"]}),
        held(a={"properties": {}}),
        held(a={"type": "array"}),
        held(a={"type": "array", "items": {"type": "object"}}),
        held(a={"oneOf": [CLOSED]}),
        held(a={"anyOf": [{"type": "object"}]}),
        held(a={"anyOf": CLOSED, "allOf": []}),
        held(a={"$ref": "#/$defs/one"}) | {"$defs": {"one": {"type": "object"}}},
        held(a=True),
        held(a={}),
        held(a={"description": "anything"}),
        held(a={"$ref": "#/$defs/one", "description": "One."}) | {"$defs": {"one": CLOSED}},
        held(a={"type": "string", "default": "b"}),
        held(a={"type": "array", "items": CLOSED, "uniqueItems": True}),
        [CLOSED],
        None,
    ],
)
def test_what_leaves_anything_open_is_not(schema: Any) -> None:
    assert not takes(schema)
