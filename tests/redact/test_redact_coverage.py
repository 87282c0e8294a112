"""Every field of the schema has a decision: scanned or opaque (RED-6)."""

import pytest

from relay.dialects import schema
from relay.redact import coverage


@pytest.mark.parametrize("name", sorted(schema.Request.__struct_fields__))
def test_a_member_of_a_request_is_scanned_or_opaque(name: str) -> None:
    assert (name in coverage.REQUEST) != (name in coverage.OPAQUE_MEMBERS)


@pytest.mark.parametrize("type", sorted(schema.BLOCKS))
def test_a_block_is_scanned_or_opaque(type: str) -> None:
    assert (type in coverage.BLOCKS) != (type in coverage.OPAQUE_BLOCKS)


@pytest.mark.parametrize("type", sorted(set(schema.BLOCKS) & set(coverage.BLOCKS)))
def test_a_field_of_a_scanned_block_is_scanned_or_opaque(type: str) -> None:
    scanned = {key.decode() for key in coverage.BLOCKS[type].members}

    assert set(schema.BLOCKS[type].__struct_fields__) <= scanned | coverage.OPAQUE_FIELDS


def test_the_fields_of_a_tool_are_scanned_or_names() -> None:
    scanned = {key.decode() for key in coverage.REQUEST["tools"].members}

    assert set(schema.ClientTool.__struct_fields__) - scanned == {"name", "cache_control", "strict"}
