"""A long prompt goes out as a short one does: slice by slice, with the same numbers."""

import json

import pytest

from relay._core import Document, members
from relay.redact import coverage
from relay.redact.classes import Class, Mode
from relay.redact.placeholders import Numbers
from relay.redact.prompt import at_once, slices
from relay.redact.replacements import Replacements, Treatment
from tests.redact.running import ruleset

TURNS = 40
CONTENT = json.dumps(
    {
        "messages": [
            {"role": "user", "content": f"write to ann{turn}@x.org " + "and so on " * 9} for turn in range(TURNS)
        ],
        "model": "bob@x.org",
        "system": "for bob@x.org",
        "tools": [{"name": "mail", "description": "asks ann3@x.org", "input_schema": {"type": "object"}}],
    }
).encode()


def document() -> Document:
    replace = Replacements(Treatment({Class.EMAIL: Mode.PLACEHOLDER}), Numbers())
    return Document(ruleset(frozenset({"email"})), replace)


def redacted(size: int) -> tuple[dict[str, bytes], int]:
    """Give the changed members, and in how many slices they were made."""
    changed: dict[str, bytes] = {}
    count = sum(1 for _ in slices(document(), CONTENT, members(CONTENT), changed, size))
    return changed, count + 1


@pytest.mark.parametrize("size", [1, 64, 1000, 5000])
def test_slices_of_any_size_give_what_one_gives(size: int) -> None:
    (whole, once), (changed, count) = redacted(1 << 20), redacted(size)

    assert once == 1
    assert changed == whole
    assert count >= len(CONTENT) // (2 * size + 200)


def test_what_is_redacted_at_once_is_what_slices_give() -> None:
    changed, _ = redacted(1000)

    assert list(at_once(document(), CONTENT, members(CONTENT)).items()) == list(changed.items())


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2), (0, len(CONTENT) + 1)])
def test_a_value_that_lies_outside_of_the_content_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="outside of data"):
        document().redact_at(CONTENT, coverage.REQUEST["system"], start, end)


def test_members_are_numbered_in_the_order_of_the_contract_and_others_stay() -> None:
    changed, _ = redacted(100)

    assert list(changed) == ["tools", "system", "messages"]
    assert b"asks [EMAIL_1]" in changed["tools"]
    assert changed["system"] == b'"for [EMAIL_2]"'
    assert [turn["content"].split()[2] for turn in json.loads(changed["messages"])][:5] == [
        "[EMAIL_3]",
        "[EMAIL_4]",
        "[EMAIL_5]",
        "[EMAIL_1]",
        "[EMAIL_6]",
    ]


INNER = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "for bob@x.org"}}
NESTED = {"type": "document", "source": {"type": "content", "content": [INNER]}}
RESULTS = {
    "a document in a document": NESTED,
    "the same in a result": {"type": "tool_result", "tool_use_id": "t", "content": [NESTED]},
    "a search result in a document": {
        "type": "document",
        "source": {"type": "content", "content": [{"type": "search_result", "title": "for bob@x.org", "content": []}]},
    },
    "a search as text": {"type": "web_search_tool_result", "tool_use_id": "t", "content": "for bob@x.org"},
    "an error of a fetch": {
        "type": "web_fetch_tool_result",
        "tool_use_id": "t",
        "content": {"type": "web_fetch_tool_result_error", "error_code": "for bob@x.org"},
    },
    "words of a shell": {
        "type": "bash_code_execution_tool_result",
        "tool_use_id": "t",
        "content": [{"x": "bob@x.org"}],
    },
    "an adviser": {"type": "advisor_tool_result", "tool_use_id": "t", "content": {"text": "for bob@x.org"}},
    "relay's own shell": {
        "type": "openrouter_shell_tool_result",
        "tool_use_id": "t",
        "content": {"output": [{"stdout": "for bob@x.org"}]},
    },
}


@pytest.mark.parametrize("block", RESULTS.values(), ids=RESULTS)
def test_text_is_scanned_wherever_another_dialect_would_render_it(block: object) -> None:
    content = json.dumps({"model": "m", "messages": [{"role": "user", "content": [block]}]}).encode()

    changed = dict(at_once(document(), content, members(content)))

    assert b"bob@x.org" not in changed["messages"]
    assert b"EMAIL" in changed["messages"]


def test_what_describes_an_answers_schema_is_a_text_and_its_words_stay() -> None:
    schema = {
        "description": "for ann@x.org",
        "properties": {"to": {"description": "not bob@x.org", "enum": ["ann@x.org"]}},
    }
    config = {"effort": "low", "format": {"type": "json_schema", "schema": schema}}
    content = json.dumps({"output_config": config}).encode()

    schema = json.loads(at_once(document(), content, members(content))["output_config"])["format"]["schema"]

    assert schema["description"] == "for [EMAIL_1]"
    assert schema["properties"]["to"] == {"description": "not [EMAIL_2]", "enum": ["ann@x.org"]}
