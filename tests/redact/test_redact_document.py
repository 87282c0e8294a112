"""Document: the texts among the fields of a whole JSON text are redacted, all else keeps its bytes."""

import json
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Document, Field, LimitExceeded, ProtocolError
from relay.redact.classes import Class
from relay.redact.placeholders import masked
from tests.core.strategies import WRONG, json_objects
from tests.redact.running import PROPERTY, ruleset
from tests.redact.texts import json_values, texts, written
from tests.reference.redaction import CLASSES, redact
from tests.reference.redaction.document import Members, decoded, redact_document

TEXT = Field(scanned=True)
JSON = Field(json=True)
ROOT = Field(members={"text": TEXT, "in": Field(members={"text": TEXT}), "json": JSON})
PASSED = "bob@x.org"


def masks(cls: int, value: str | None, is_key: bool) -> str:
    return f"[{Class(cls).name}_1]" if is_key else masked(Class(cls))


def redacted(data: str, field: Field = ROOT) -> str:
    document = Document(ruleset(), masks)
    return document.redact(data.encode(), field).decode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"text": "bob@x.org", "other": "bob@x.org"}', '{"text": "[EMAIL]", "other": "bob@x.org"}'),
        (' {\n"text"\t: "a\\nbob@x.org" }\r\n', ' {\n"text"\t: "a\\n[EMAIL]" }\r\n'),
        ('{"te\\u0078t": "bob@x.org"}', '{"te\\u0078t": "[EMAIL]"}'),
        ('{"\\u0074\\u0065\\u0078\\u0074": "bob\\u0040x.org"}', '{"\\u0074\\u0065\\u0078\\u0074": "[EMAIL]"}'),
        ('{"text": "bob@x.org", "text": "8.8.8.8"}', '{"text": "[EMAIL]", "text": "[IP]"}'),
        ('{"text": ["bob@x.org", ["8.8.8.8"], 1]}', '{"text": ["[EMAIL]", ["[IP]"], 1]}'),
        ('{"text": {"text": "bob@x.org"}}', '{"text": {"text": "bob@x.org"}}'),
        ('{"in": {"text": "bob@x.org", "in": 1}}', '{"in": {"text": "[EMAIL]", "in": 1}}'),
        ('{"in": [{"text": "bob@x.org"}, "bob@x.org"]}', '{"in": [{"text": "[EMAIL]"}, "bob@x.org"]}'),
        ('{"text": 4111111111111111}', '{"text": 4111111111111111}'),
        ('{"json": {"a@b.co": [4111111111111111]}}', '{"json": {"[EMAIL_1]": ["[CREDIT_CARD]"]}}'),
        ('{"json": "bob@x.org"}', '{"json": "[EMAIL]"}'),
        ('{"json": {"ssn": "144 11 0730"}}', '{"json": {"ssn": "[SSN]"}}'),
        ('{"bob@x.org": 1, "": {}, "text": null}', '{"bob@x.org": 1, "": {}, "text": null}'),
        ('{"in": {}, "text": [], "json": []}', '{"in": {}, "text": [], "json": []}'),
        ('"bob@x.org"', '"bob@x.org"'),
    ],
)
def test_named_fields_are_texts_and_all_else_passes(data: str, expected: str) -> None:
    assert redacted(data) == expected


BLOCK = Field(
    members={"text": TEXT},
    types={"text": Field(members={"text": TEXT}), "tool": Field(members={"input": JSON}), "signed": Field()},
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"type": "text", "text": "a@b.co"}', '{"type": "text", "text": "[EMAIL]"}'),
        ('{"text": "a@b.co", "type": "signed"}', '{"text": "a@b.co", "type": "signed"}'),
        ('{"text": "a@b.co", "type": "unknown"}', '{"text": "[EMAIL]", "type": "unknown"}'),
        ('{"text": "a@b.co", "type": ["signed"]}', '{"text": "[EMAIL]", "type": ["signed"]}'),
        ('{"text": "a@b.co"}', '{"text": "[EMAIL]"}'),
        ('{"input": {"a": "a@b.co"}, "type": "tool"}', '{"input": {"a": "[EMAIL]"}, "type": "tool"}'),
        ('{"t\\u0079pe": "t\\u006fol", "input": "a@b.co"}', '{"t\\u0079pe": "t\\u006fol", "input": "[EMAIL]"}'),
        (
            '{"type": "signed", "text": "a@b.co", "type": "text"}',
            '{"type": "signed", "text": "[EMAIL]", "type": "text"}',
        ),
        (
            '[{"type": "signed", "text": "a@b.co"}, {"text": "a@b.co"}]',
            '[{"type": "signed", "text": "a@b.co"}, {"text": "[EMAIL]"}]',
        ),
    ],
)
def test_the_type_of_an_object_says_what_is_a_text(data: str, expected: str) -> None:
    assert redacted(data, BLOCK) == expected


def test_what_needs_no_change_is_the_very_object() -> None:
    document = Document(ruleset(), masks)
    data = b' {"text": "nothing \\u0041 here", "json": {"a": [1, "b"]}} '

    assert document.redact(data, ROOT) is data


def test_one_document_after_the_other_leaves_nothing_behind() -> None:
    document = Document(ruleset(), masks)
    data = b'{"text": "my ssn is", "json": {"ssn": "\\ud83d"}}'

    assert document.redact(data, ROOT) == data
    assert document.redact(b'{"text": "144 11 0730", "json": "144 11 0730"}', ROOT).count(b"144 11 0730") == 2
    assert document.redact(b'{"text": "bob@x.org"}', ROOT) == b'{"text": "[EMAIL]"}'


@PROPERTY
@given(text=texts(), value=json_values(), random=st.randoms(use_true_random=False), size=st.integers(1, 64))
def test_a_walk_in_steps_ends_like_one_in_a_go(text: str, value: Any, random: Random, size: int) -> None:
    data = "".join([' {"text":', written(text, random), ',"json":', written(value, random), "} "]).encode()
    document = Document(ruleset(), masks)
    document.open(b"[" + data + b"]", ROOT, 1, len(data) + 1)

    while not document.step(size):
        pass

    assert (document.take() or data) == Document(ruleset(), masks).redact(data, ROOT)


@PROPERTY
@given(text=texts(), value=json_values(), random=st.randoms(use_true_random=False))
def test_the_bytes_around_a_text_stay(text: str, value: Any, random: Random) -> None:
    passed, inside = written([PASSED, value], random), written(value, random)
    parts = ['{"other":', passed, ',"text":', written(text, random), ' , "json" :', inside, "}"]

    output = redacted("".join(parts))

    assert output.startswith("".join(parts[:3])) and output.endswith("}")
    assert [value for key, value in decoded(output) if key == "text"] == [redact(text_of(parts[3]), CLASSES)]
    if not keyed(value):
        assert output.endswith("".join([parts[4], redact_document(inside, CLASSES), "}"]))


def text_of(written_text: str) -> str:
    said = json.loads(written_text)
    assert isinstance(said, str)
    return said


def keyed(value: Any) -> bool:
    """Tell whether a key of the value is redacted: the oracle counts, `masks` does not."""
    if isinstance(value, Members):
        return any(redact(key, CLASSES) != key or keyed(member) for key, member in value)
    return isinstance(value, list) and any(map(keyed, value))


@PROPERTY
@given(data=json_objects())
def test_a_text_without_named_fields_is_the_very_object(data: bytes) -> None:
    document = Document(ruleset(), masks)

    assert document.redact(data, Field()) is data


@pytest.mark.parametrize("data", WRONG)
@pytest.mark.parametrize("around", ['{"text": %b, "a": 1}', '{"a": %b}', "[%b]", "%b"])
def test_what_is_no_json_is_refused_or_passes_unchanged(data: bytes, around: str) -> None:
    document = Document(ruleset(), masks)
    text = around.encode() % data

    with suppress(ProtocolError):
        assert document.redact(text, ROOT) == text


@pytest.mark.parametrize(
    "data",
    [
        '{"text": ',
        '{"text" "a"}',
        '{"text": "a" "b"}',
        "{1: 2}",
        '{"in": [1 2]}',
        '{"in": [',
        "{",
        '{"text": "a"} "bob@x.org"',
    ],
)
def test_a_broken_document_is_refused(data: str) -> None:
    with pytest.raises(ProtocolError):
        redacted(data)


def test_depth_has_a_limit() -> None:
    assert redacted('{"in":' * 400 + "1" + "}" * 400)
    with pytest.raises(LimitExceeded):
        redacted('{"in":' + "[" * 600 + "]" * 600 + "}")
