"""How well the engine finds what the quality set labels: the goals of contract 14."""

import pytest

from relay._core import Channel
from relay.redact import rules
from relay.redact.classes import Class
from tests.quality.phrases import CUSTOM
from tests.quality.quality_set import build
from tests.quality.score import Score, measure
from tests.quality.texts import CLASSES, Span

GOALS = {
    "email": (0.995, 0.99),
    "phone": (0.985, 0.975),
    "ip": (0.99, 0.99),
    "uuid": (0.995, 0.995),
    "token": (0.98, 0.97),
    "credit_card": (0.985, 0.985),
    "iban": (0.995, 0.995),
    "ssn": (0.99, 0.99),
    "mac": (0.99, 0.99),
    "custom": (1, 1),
}
"""F1 with overlap and exact."""


def found(text: str) -> list[Span]:
    channel = Channel(rules.ruleset(frozenset(Class), rules.patterns(CUSTOM)), spans=True)
    channel.feed(text)
    channel.flush()
    return channel.found()


@pytest.fixture(scope="module")
def score() -> Score:
    return measure(found, build(), CLASSES)


@pytest.mark.parametrize("cls", CLASSES)
def test_a_class_is_found_as_well_as_the_goal_says(score: Score, cls: str) -> None:
    overlap, exact = GOALS[cls]

    assert (score.overlap[cls].f1 or 0) >= overlap
    assert (score.exact[cls].f1 or 0) >= exact


def test_next_to_nothing_stays_readable_and_next_to_nothing_else_is_touched(score: Score) -> None:
    assert score.touched <= 0.01
    assert score.readable <= 0.01
    assert score.alarms <= 3
