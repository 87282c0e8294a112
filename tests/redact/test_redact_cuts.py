"""Cuts: however a text comes in pieces, it becomes the same, and what was given is never taken back (R1, R2)."""

import json
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Channel, Ruleset
from tests.redact.cuts import cut, every_split
from tests.redact.running import PROPERTY, by_character, channel, json_channel, redacted, run
from tests.redact.texts import SHORT, json_values, mutated, random_places, random_text, random_value, texts, written
from tests.reference.redaction import CLASSES, redact

TINY = ["a@b.co 1", "8.8.8.8 ", "[IP]8.8.8", '\\n"a@b.co', "x [SSN] y", "４１１x@b.co", "ab::1:2 3"]
TINY_DOCUMENTS = ['{"\\n":1}', '["a@b.co"]', '"\\ud83d"', "[1,tru 1", '{"ip":1.1.', "[-1e5,0]"]


@pytest.mark.parametrize("text", TINY)
def test_every_partition_of_a_tiny_text_gives_the_same(text: str) -> None:
    assert {run(channel(), fed) for fed in every_split(text)} == {redact(text, CLASSES)}


@pytest.mark.parametrize("text", TINY_DOCUMENTS)
def test_every_partition_of_a_tiny_document_gives_the_same(text: str) -> None:
    assert len({run(json_channel(), fed) for fed in every_split(text)}) == 1


def test_every_two_cuts_of_a_short_text_give_the_same() -> None:
    for text in (text for text in SHORT if len(text) <= 24):
        whole = redacted(text)
        for fed in every_split(text, 2):
            assert run(channel(), fed) == whole, fed


def test_every_single_cut_of_a_sample_gives_the_same() -> None:
    for text in SHORT:
        around = f"see {text} there"
        whole = redacted(around)
        for place in range(len(around)):
            assert run(channel(), cut(around, [place])) == whole, (text, place)


def test_random_cuts_of_random_texts_give_the_same() -> None:
    random = Random(1)
    for _ in range(5_000):
        text = random_text(random)
        whole = redacted(text)
        assert run(channel(), by_character(text)) == whole, text
        chosen = random_places(text, random)
        assert run(channel(), cut(text, chosen)) == whole, (text, chosen)


def test_random_cuts_of_long_texts_give_the_same() -> None:
    random = Random(2)
    for _ in range(60):
        text = "".join(random_text(random) for _ in range(150))
        whole = redacted(text)
        for most in (3, 40, 400):
            chosen = random_places(text, random, most)
            assert run(channel(), cut(text, chosen)) == whole, (text, chosen)
        assert run(channel(), by_character(text)) == whole, text


def test_random_cuts_of_documents_whole_and_broken_give_the_same() -> None:
    random = Random(3)
    for _ in range(2_000):
        text = written(random_value(random), random)
        text = text if random.random() < 0.5 else mutated(text, random)
        whole = run(json_channel(), [text])
        assert run(json_channel(), by_character(text)) == whole, text
        chosen = random_places(text, random)
        assert run(json_channel(), cut(text, chosen)) == whole, (text, chosen)


@PROPERTY
@given(text=texts(), random=st.randoms(use_true_random=False))
def test_output_does_not_depend_on_the_cuts(text: str, random: Random) -> None:
    assert run(channel(), cut(text, random_places(text, random))) == redacted(text)


@PROPERTY
@given(value=json_values(), random=st.randoms(use_true_random=False))
def test_a_documents_output_does_not_depend_on_the_cuts(value: object, random: Random) -> None:
    text = written(value, random)

    assert run(json_channel(), cut(text, random_places(text, random))) == run(json_channel(), [text])


@PROPERTY
@given(text=texts(), one=texts(3), other=texts(3), random=st.randoms(use_true_random=False))
def test_what_was_given_begins_every_continuation(text: str, one: str, other: str, random: Random) -> None:
    used = channel()

    given_out = "".join(used.feed(piece) for piece in cut(text, random_places(text, random)))

    assert redact(text + one, CLASSES).startswith(given_out)
    assert redact(text + other, CLASSES).startswith(given_out)
    assert redact(text, CLASSES).startswith(given_out)


def test_what_was_given_begins_every_end_at_every_place_of_a_sample() -> None:
    random = Random(4)
    for text in SHORT:
        used, given_out = channel(), ""
        for before, place in pairwise(range(len(text) + 1)):
            given_out += used.feed(text[before:place])
            for continuation in ("", random_text(random)):
                assert redacted(text[:place] + continuation).startswith(given_out), (text, place, continuation)


@pytest.mark.parametrize("cls", sorted(CLASSES))
def test_what_an_earlier_text_left_behind_the_end_does_not_count(cls: str) -> None:
    for text in SHORT[::3]:
        inner = json.dumps(f"see {text} x")
        whole = run(json_channel(frozenset({cls})), [f'["",{inner}]'])[3:]
        for left in ("z", "1", "-"):
            before = f'["{left * 160}",'
            for place in range(1, len(inner)):
                used = json_channel(frozenset({cls}))
                given = run(used, [before + inner[:place], inner[place:] + "]"])
                assert given.endswith(whole), (text, left, inner[:place])


def halves(used: Channel, text: str, place: int) -> str:
    return run(used, [text[:place], text[place:]])


@pytest.mark.parametrize(
    "text", ['["\\ud83d\\ude00 a@b.co"]', '["\\ud83dx\\ud83d\\ud83d\\ude00"]', '{"\\ud83d\\ude00":1}']
)
def test_a_surrogate_pair_may_be_cut(text: str) -> None:
    whole = run(json_channel(), [text])

    assert {halves(json_channel(), text, place) for place in range(len(text))} == {whole}


@pytest.mark.parametrize("replace", [None, lambda *_: None, lambda cls, value, _: f"[{cls}:{len(value)}]"])
def test_nothing_behind_a_match_that_goes_on_is_decided(replace: Callable[[int, str, bool], str | None] | None) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 6
    text = f"{key}\n-----END AWS AKIAABCDEFGHIJKLMNOP x"
    whole = run(Channel(Ruleset(CLASSES), replace), [text])

    for place in range(len(key), len(text)):
        assert run(Channel(Ruleset(CLASSES), replace), [text[:place], text[place:]]) == whole, place
        assert run(Channel(Ruleset(CLASSES), replace), [text[:place], *text[place:]]) == whole, place
