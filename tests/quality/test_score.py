"""Scores of findings that can be counted by hand."""

from collections.abc import Sequence

import pytest

from .score import Find, Score, measure
from .texts import SOURCE_CODE, LabelledText, Span

LABELLED = LabelledText("a", "prose/en", "0123456789", ((0, 4, "email"), (6, 8, "ip")))
CLEAN = LabelledText("b", "negative/near-miss", "abcdefghij")


def always(*spans: Span) -> Find:
    """Give a finder that finds these spans in the labelled text and nothing in the clean one."""
    return lambda text: spans if text == LABELLED.text else ()


def score(find: Find, texts: Sequence[LabelledText] = (LABELLED, CLEAN)) -> Score:
    return measure(find, texts, ("email", "ip"))


def test_the_labels_themselves_score_full() -> None:
    full = score(always(*LABELLED.spans))

    assert all(
        tally.precision == tally.recall == tally.f1 == 1 for tally in (*full.overlap.values(), *full.exact.values())
    )
    assert (full.touched, full.readable) == (0, 0)


def test_a_shifted_span_overlaps_and_is_not_exact() -> None:
    shifted = score(always((1, 5, "email")))

    assert (shifted.overlap["email"].f1, shifted.exact["email"].f1) == (1, 0)
    assert shifted.readable == pytest.approx(3 / 6)


def test_a_label_counts_for_one_found_span() -> None:
    halves = score(always((0, 2, "email"), (2, 4, "email"))).overlap["email"]

    assert (halves.precision, halves.recall) == (0.5, 1)


def test_another_class_hides_the_characters_and_is_wrong() -> None:
    mistaken = score(always((0, 4, "ip")))

    assert (mistaken.overlap["email"].recall, mistaken.overlap["ip"].precision) == (0, 0)
    assert mistaken.readable == pytest.approx(2 / 6)


def test_a_finding_in_a_clean_text_touches_it() -> None:
    assert score(lambda text: [(0, 1, "ip")]).touched == 1


def test_finding_nothing_has_no_precision() -> None:
    nothing = score(always())

    assert (nothing.overlap["email"].precision, nothing.overlap["email"].recall, nothing.readable) == (None, 0, 1)


def test_alarms_count_in_source_code_alone_by_the_megabyte() -> None:
    code = LabelledText("c", SOURCE_CODE, "é" * 500)

    alarmed = score(lambda text: ((0, 1, "ip"), (2, 3, "email")), (code, CLEAN))

    assert alarmed.alarms == 2 * 1_000
