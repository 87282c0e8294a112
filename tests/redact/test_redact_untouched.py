"""A text without a match comes out as it went in, byte for byte (R5)."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Channel
from tests.quality.quality_set import build
from tests.redact.cuts import cut
from tests.redact.running import PROPERTY, channel, json_channel, ruleset, run
from tests.redact.texts import random_places, random_text, random_value, texts, written
from tests.reference.redaction import CLASSES, find
from tests.reference.redaction.document import decoded, redact_value

NONE = frozenset[str]()


@PROPERTY
@given(text=texts(), random=st.randoms(use_true_random=False))
def test_a_text_is_its_own_redaction_when_nothing_is_found(text: str, random: Random) -> None:
    if not find(text, CLASSES):
        assert run(channel(), cut(text, random_places(text, random))) == text
    assert run(channel(NONE), cut(text, random_places(text, random))) == text


@PROPERTY
@given(text=st.text())
def test_any_unicode_passes(text: str) -> None:
    if not find(text, CLASSES):
        assert run(channel(), list(text)) == text


@given(text=st.text(st.characters(exclude_categories=())))
@PROPERTY
def test_halves_of_surrogate_pairs_pass(text: str) -> None:
    assert run(channel(NONE), list(text)) == text


@pytest.mark.parametrize("text", ["\\é", "\\u00é", "\\ud83d\\é", "\\u00\U0001f600", "\\"])
def test_an_escape_that_a_character_beyond_ascii_breaks_passes_as_it_came(text: str) -> None:
    assert run(Channel(ruleset(), escaped=True), [text]) == text
    assert run(Channel(ruleset(), escaped=True), list(text)) == text


def test_texts_without_personal_data_mostly_pass() -> None:
    clean = [each.text for each in build() if not each.spans]

    touched = [text for text in clean if run(channel(), [text]) != text]

    assert len(touched) <= len(clean) / 100


@pytest.mark.parametrize("seed", [51, 52])
def test_a_document_without_a_match_keeps_its_bytes(seed: int) -> None:
    random = Random(seed)
    kept = 0
    while kept < 500:
        value = random_value(random)
        if redact_value(value, CLASSES) != value:
            continue
        text = written(value, random)
        assert run(json_channel(), cut(text, random_places(text, random))) == text
        kept += 1


def test_a_document_keeps_the_bytes_around_what_is_replaced() -> None:
    text = ' {"a" : [ 1.0e+5,"\\u00e9 bob@x.org \\ud83d\\ude00" , null ],\t"\\/":{} }\r\n'

    assert run(json_channel(), list(text)) == text.replace("bob@x.org", "[EMAIL]")


def test_bytes_that_any_random_text_keeps_stay_in_a_document_too() -> None:
    random = Random(53)
    for _ in range(1_000):
        text = written([random_text(random)], random)
        if redact_value(decoded(text), CLASSES) == decoded(text):
            assert run(json_channel(), [text]) == text
