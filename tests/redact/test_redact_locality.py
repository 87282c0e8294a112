"""What is decided at a place depends on its surroundings alone (R12)."""

from random import Random

from hypothesis import given, settings

from relay._core import Channel
from tests.redact.running import PROPERTY, ruleset, run
from tests.redact.texts import random_text, texts

REACH = 640
QUIET = "(.) " * (REACH // 4)


def found(before: str, text: str, after: str) -> list[tuple[int, int, str]]:
    """The matches that start in `text` where it stands between two others with quiet between; offsets in `text`."""
    used = Channel(ruleset(), spans=True)
    start = len(before + QUIET)
    run(used, [before + QUIET + text + QUIET + after])
    return [(a - start, b - start, cls) for a, b, cls in used.found() if start <= a < start + len(text)]


@settings(PROPERTY, max_examples=200)
@given(before=texts(4), text=texts(4), after=texts(4))
def test_a_match_depends_on_its_surroundings_only(before: str, text: str, after: str) -> None:
    assert found(before, text, after) == found("", text, "")


def test_random_texts_depend_on_their_surroundings_only() -> None:
    random = Random(61)
    for _ in range(2_000):
        before, text, after = (random_text(random) for _ in range(3))
        assert found(before, text, after) == found("", text, ""), (before, text, after)


def test_each_of_many_texts_in_a_row_depends_on_its_surroundings_only() -> None:
    random = Random(62)
    row = [random_text(random) for _ in range(300)]

    for place, text in enumerate(row):
        before, after = QUIET.join(row[:place]), QUIET.join(row[place + 1 :])
        assert found(before[-4_000:], text, after[:4_000]) == found("", text, ""), place
