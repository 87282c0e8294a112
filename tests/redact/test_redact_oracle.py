"""The engine against the oracle: the same matches, whatever is on."""

import json
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import relay
from relay._core import Channel
from tests.redact.running import PROPERTY, channel, redacted, ruleset, run
from tests.redact.texts import IN_CONTEXT, LINES, VALUES, random_text, texts
from tests.reference.redaction import CLASSES, find, redact
from tests.reference.test_redaction import IN_USERS, NEAR_MISSES

SUBSETS = [frozenset({cls}) for cls in sorted(CLASSES)] + [CLASSES - {cls} for cls in sorted(CLASSES)]


def test_a_sample_of_the_contract_is_redacted_as_the_oracle_does() -> None:
    for text in (*IN_CONTEXT, *NEAR_MISSES, *VALUES):
        assert redacted(text) == redact(text, CLASSES), text


def test_a_labelled_text_is_redacted_as_the_oracle_does() -> None:
    for text in LINES[::3]:
        assert redacted(text) == redact(text, CLASSES), text


def test_random_texts_are_redacted_as_the_oracle_does() -> None:
    random = Random(11)
    for _ in range(4_000):
        text = random_text(random)
        assert redacted(text) == redact(text, CLASSES), text


@pytest.mark.slow
def test_very_many_random_texts_are_redacted_as_the_oracle_does() -> None:
    random = Random(12)
    for _ in range(100_000):
        text = random_text(random)
        assert redacted(text) == redact(text, CLASSES), text


@pytest.mark.parametrize("classes", SUBSETS, ids=lambda classes: "+".join(sorted(classes)))
def test_a_class_that_is_off_has_no_say(classes: frozenset[str]) -> None:
    random = Random(13)
    for _ in range(250):
        text = random_text(random)
        assert redacted(text, classes) == redact(text, classes), text


@pytest.mark.parametrize(("text", "custom", "left"), IN_USERS)
def test_what_stands_in_the_user_of_a_url_is_found_beside_its_password(
    text: str, custom: tuple[str, ...], left: str
) -> None:
    for cut in range(len(text)):
        redactor = relay.Redactor(CLASSES, custom=custom)
        assert redactor.feed(text[:cut]) + redactor.feed(text[cut:]) + redactor.flush() == left
    assert relay.redact(left, CLASSES, custom) == left


def test_two_values_side_by_side_are_told_apart_as_the_oracle_does() -> None:
    random = Random(14)
    for first, second in random.sample(list(combinations(IN_CONTEXT, 2)), 1_500):
        for joint in ("", " ", ", ", "\n", "="):
            text = first + joint + second
            assert redacted(text) == redact(text, CLASSES), text


@PROPERTY
@given(text=texts(), classes=st.sets(st.sampled_from(sorted(CLASSES))).map(frozenset))
def test_matches_are_those_of_the_oracle(text: str, classes: frozenset[str]) -> None:
    used = Channel(ruleset(classes), spans=True)

    run(used, [text])

    assert used.found() == [(span.start, span.end, span.cls) for span in find(text, classes)]


def joined(text: str) -> str:
    """A text in which halves of surrogate pairs that stand together are one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


@PROPERTY
@given(text=texts(), ascii=st.booleans())
def test_the_inside_of_a_json_string_is_matched_by_what_it_says(text: str, ascii: bool) -> None:
    inside = json.dumps(text, ensure_ascii=ascii)[1:-1]

    outputs = {run(Channel(ruleset(), escaped=True), fed) for fed in ([inside], list(inside))}

    assert [joined(json.loads(f'"{output}"')) for output in outputs] == [joined(redact(joined(text), CLASSES))]


def test_a_text_with_halves_of_surrogate_pairs_passes_as_it_came() -> None:
    assert run(channel(), ["\ud83d", "bob@x.org", "\ude00"]) == "\ud83d[EMAIL]\ude00"
