"""JSON channels: a valid document stays one of the same shape, and what it says is redacted value by value (R7)."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay._core import JsonChannel
from tests.redact.running import PROPERTY, json_channel, ruleset, run
from tests.redact.texts import CHATS, json_values, mutated, random_value, written
from tests.reference.redaction import CLASSES
from tests.reference.redaction.document import decoded, redact_document, redact_value

RANDOMS = st.randoms(use_true_random=False)


def redacted(text: str) -> str:
    return run(json_channel(), [text])


@PROPERTY
@given(value=json_values(), random=RANDOMS)
def test_every_value_is_redacted_by_what_it_says_with_its_key_to_its_left(value: Any, random: Random) -> None:
    text = written(value, random)

    assert decoded(redacted(text)) == redact_value(decoded(text), CLASSES)


@PROPERTY
@given(value=json_values(), random=RANDOMS)
def test_styles_of_one_document_say_the_same(value: Any, random: Random) -> None:
    assert decoded(redacted(written(value, random))) == decoded(redacted(written(value, random)))


@settings(PROPERTY, max_examples=150)
@given(value=json_values(), random=RANDOMS)
def test_a_document_inside_a_json_string_is_redacted_as_it_is_outside(value: Any, random: Random) -> None:
    text = written(value, random)
    inside = json.dumps(text, ensure_ascii=random.random() < 0.5)[1:-1]

    outputs = {run(json_channel(escaped=True), fed) for fed in ([inside], list(inside))}

    assert [json.loads(f'"{output}"') for output in outputs] == [redacted(text)]


def test_random_documents_are_redacted_as_the_oracle_does() -> None:
    random = Random(21)
    for _ in range(2_000):
        text = written(random_value(random), random)
        assert redacted(text) == redact_document(text, CLASSES), text


def test_random_documents_that_break_are_redacted_as_the_oracle_does() -> None:
    random = Random(22)
    for _ in range(3_000):
        text = mutated(written(random_value(random), random), random)
        assert redacted(text) == redact_document(text, CLASSES), text


@pytest.mark.slow
def test_very_many_random_documents_are_redacted_as_the_oracle_does() -> None:
    random = Random(23)
    for _ in range(50_000):
        text = written(random_value(random), random)
        text = text if random.random() < 0.5 else mutated(text, random)
        assert redacted(text) == redact_document(text, CLASSES), text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'{"a": "x\nbob@y.org"}', r'{"a": "x\n[EMAIL]"}'),
        (r'"bob\u0040y.org"', '"[EMAIL]"'),
        (r'["\ud83d\ude00bob@y.org\ud83d"]', r'["\ud83d\ude00[EMAIL]\ud83d"]'),
        (r'["\"bob@y.org\"", "\\"]', r'["\"[EMAIL]\"", "\\"]'),
        ('{"ssn": {"a": ["144 11 0730"]}}', '{"ssn": {"a": ["144 11 0730"]}}'),
        ('{"ssn": [["144 11 0730"], {}, 144110730]}', '{"ssn": [["[SSN]"], {}, "[SSN]"]}'),
        ('{"ssn": {"a": 1}, "b": "144 11 0730"}', '{"ssn": {"a": 1}, "b": "144 11 0730"}'),
        ('[{"ssn": 1}, "144 11 0730"]', '[{"ssn": 1}, "144 11 0730"]'),
        ('["ssn", "144 11 0730"]', '["ssn", "144 11 0730"]'),
    ],
)
def test_values_are_texts_of_their_own_and_keys_their_context(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4111111111111111", '"[CREDIT_CARD]"'),
        ("[4111111111111111]", '["[CREDIT_CARD]"]'),
        ('{"phone": 4155552671, "n": 4155552671}', '{"phone": "[PHONE]", "n": 4155552671}'),
        ('{"\\u0073sn":144110730\n}', '{"\\u0073sn":"[SSN]"\n}'),
        ("-4111111111111111", "-4111111111111111"),
        ("4111111111111111.0", "4111111111111111.0"),
        ("4111111111111111e0", "4111111111111111e0"),
        ("1" * 60, "1" * 60),
    ],
)
def test_a_number_becomes_a_string_when_all_of_it_is_a_match(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a@b.co": "a@b.co", "c@d.co": 1, "a@b.co": 2}', '{"[EMAIL_1]": "[EMAIL]", "[EMAIL_2]": 1, "[EMAIL_1]": 2}'),
        ('{"8.8.8.8 a@b.co": {"8.8.4.4": 0}}', '{"[IP_1] [EMAIL_1]": {"[IP_2]": 0}}'),
        (r'{"a\u0040b.co": 1, "a@b.co": 2}', '{"[EMAIL_1]": 1, "[EMAIL_1]": 2}'),
        ('{"a@b.co and so on": 1}', '{"[EMAIL_1] and so on": 1}'),
    ],
)
def test_a_key_takes_the_numbered_form_at_every_cut(text: str, expected: str) -> None:
    assert {run(json_channel(), fed) for fed in ([text], list(text))} == {expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bob@x.org", "[EMAIL]"),
        ("", ""),
        ('{"a": 10.0.0.1}', '{"a": [IP]}'),
        ("[6f1c2b1e-9a77-4a0b-8d5c-0123456789ab]", "[[UUID]]"),
        (f"[{'a' * 41}-6f1c2b1e-9a77-4a0b-8d5c-0123456789ab]", f"[{'a' * 41}-[UUID]]"),
        (f"[{'1' * 41}-6f1c2b1e-9a77-4a0b-8d5c-0123456789ab]", f"[{'1' * 41}-[UUID]]"),
        ('{"password": Tr0ub4dor!x}', '{"password": [TOKEN]}'),
        ('{"password": hunter2kX!9}', '{"password": [TOKEN]}'),
        ('{"a": [01, "bob@x.org"]}', '{"a": [01, "[EMAIL]"]}'),
        ('{"a": "bob@x.org', '{"a": "[EMAIL]'),
        ('{"a": "bob@x.org\nbob@x.org', '{"a": "[EMAIL]\n[EMAIL]'),
        (r'["bob@x.org\q bob@x.org"]', r'["[EMAIL]\q [EMAIL]"]'),
        (r'["bob@x.org\u00', r'["[EMAIL]\u00'),
        ('{"a": 1} bob@x.org', '{"a": 1} [EMAIL]'),
        ("[1}, bob@x.org", "[1}, [EMAIL]"),
        ("{bob@x.org: 1}", "{[EMAIL]: 1}"),
        ('{"a" bob@x.org', '{"a" [EMAIL]'),
        ("[nul, bob@x.org", "[nul, [EMAIL]"),
        ("\ufeff[bob@x.org", "\ufeff[[EMAIL]"),
        ("\x00bob@x.org", "\x00[EMAIL]"),
    ],
)
def test_from_where_a_document_breaks_on_the_rest_is_a_text(text: str, expected: str) -> None:
    assert {run(json_channel(), fed) for fed in ([text], list(text))} == {expected}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{"password": "Tr\u0030ub4\\dor"}', r"Tr0ub4\dor"),
        (r'{"a": x password: Tr0ub4\dor', r"Tr0ub4\dor"),
        ("[tru password: Tr0ub4\x01dor", "Tr0ub4\x01dor"),
    ],
)
def test_a_replacement_is_asked_for_what_the_text_says(text: str, value: str) -> None:
    asked = []

    def replace(cls: int, value: str | None, is_key: bool) -> str:
        asked.append(value)
        return "[TOKEN]"

    for escaped, fed in ((False, text), (True, json.dumps(text)[1:-1])):
        run(JsonChannel(ruleset(), replace, escaped=escaped), fed)

    assert asked == [value, value]


@pytest.mark.parametrize("brackets", ["[]", '{"ssn":}'])
def test_deep_nesting_stays_json_and_keeps_the_nearest_31_keys(brackets: str) -> None:
    opening, closing = brackets[:-1], brackets[-1]
    for depth in (1, 31, 32, 33, 511, 512, 513, 5_000):
        text = opening * depth + '"bob@x.org, 144 11 0730"' + closing * depth
        assert redacted(text) == redact_document(text, CLASSES), depth


def test_a_document_without_a_match_keeps_its_bytes() -> None:
    random = Random(24)
    for chat in CHATS[:20]:
        text = written([redact_value(chat, CLASSES), {}, None], random)
        assert redacted(text) == text
