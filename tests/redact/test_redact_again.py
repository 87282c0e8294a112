"""Redacting what is redacted changes nothing, in every mode (R4)."""

from random import Random

from hypothesis import given, settings

from relay._core import Channel, JsonChannel
from relay.redact.classes import Class
from relay.redact.placeholders import Hashes, Numbers, masked, numbered
from tests.redact.running import PROPERTY, json_channel, redacted, ruleset, run
from tests.redact.texts import json_values, random_text, random_value, texts, written


class Numbered:
    """Mode placeholder."""

    def __init__(self) -> None:
        self._numbers = Numbers()

    def __call__(self, cls: int, value: str | None, is_key: bool) -> str:
        number = self._numbers.fresh(Class(cls)) if value is None else self._numbers.number(Class(cls), value)
        return numbered(Class(cls), number)


class Hashed:
    """Mode hash."""

    def __init__(self) -> None:
        self._hashes = Hashes(b"0123456789abcdef", None)

    def __call__(self, cls: int, value: str | None, is_key: bool) -> str:
        return masked(Class(cls)) if value is None else self._hashes.placeholder(Class(cls), value)


def untouched(cls: int, value: str | None, is_key: bool) -> str | None:
    """Mode report."""
    return None


@PROPERTY
@given(text=texts())
def test_a_masked_text_stays(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@settings(PROPERTY, max_examples=150)
@given(text=texts())
def test_a_text_with_numbers_or_hashes_stays(text: str) -> None:
    for mode in (Numbered, Hashed):
        once = run(Channel(ruleset(), mode()), [text])
        assert run(Channel(ruleset(), mode()), [once]) == once


@settings(PROPERTY, max_examples=150)
@given(text=texts())
def test_mode_report_changes_nothing(text: str) -> None:
    assert run(Channel(ruleset(), untouched), [text]) == text
    assert run(Channel(ruleset(), untouched), list(text)) == text


def test_random_masked_texts_stay() -> None:
    random = Random(41)
    for _ in range(10_000):
        once = redacted(random_text(random))
        assert redacted(once) == once


def test_random_redacted_documents_stay() -> None:
    random = Random(42)
    for _ in range(2_000):
        text = written(random_value(random), random)
        once = run(json_channel(), [text])
        assert run(json_channel(), [once]) == once, text
        hashed = run(JsonChannel(ruleset(), Hashed()), [text])
        assert run(JsonChannel(ruleset(), Hashed()), [hashed]) == hashed, text


@settings(PROPERTY, max_examples=150)
@given(value=json_values())
def test_a_redacted_document_stays(value: object) -> None:
    once = run(json_channel(), [written(value, Random(43))])

    assert run(json_channel(), [once]) == once
