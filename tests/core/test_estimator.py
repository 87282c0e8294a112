"""Estimator against character-by-character counting."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Estimator
from tests.core.strategies import json_texts
from tests.reference.tokens import estimate, estimate_json
from tests.support.streams import cut, cuts


def counted(*texts: bytes, factor: float = 1.0) -> int:
    estimator = Estimator(factor)
    for text in texts:
        estimator.add(text)
    return estimator.tokens


def rounded(tokens: float) -> set[int]:
    """Both results that the last bit of a sum of floats may lead to."""
    return {ceil(tokens - 1e-6), ceil(tokens + 1e-6)}


def test_nothing_is_no_token() -> None:
    assert counted() == counted(b"") == 0


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("a", 1), ("a" * 36, 10), ("a" * 37, 11), ("é" * 18, 10), ("漢" * 11, 10), ("😀" * 11, 10), ("漢a", 2)],
)
def test_tokens_follow_bytes_of_latin_and_number_of_wide(text: str, tokens: int) -> None:
    assert counted(text.encode()) == tokens


def test_the_factor_counts_before_rounding() -> None:
    assert counted(b"a" * 36, factor=1.35) == 14
    assert Estimator(1.35).tokens == 0


@given(text=st.text(max_size=200), factor=st.sampled_from([1.0, 1.15, 1.35, 0.5]))
def test_estimate_is_that_of_the_reference(text: str, factor: float) -> None:
    assert counted(text.encode(), factor=factor) in rounded(factor * estimate(text))


@given(text=st.text(max_size=60), places=cuts())
def test_estimate_does_not_depend_on_the_split(text: str, places: list[float]) -> None:
    assert counted(*cut(text.encode(), places)) == counted(text.encode())


@given(text=json_texts())
def test_only_strings_of_json_count(text: bytes) -> None:
    estimator = Estimator()
    estimator.add_json(text)
    assert estimator.tokens in rounded(estimate_json(text))


def test_texts_add_up() -> None:
    estimator = Estimator()
    for _ in range(36):
        estimator.add_json(b'{"a":1000000}')
    assert estimator.tokens == 10


@given(data=st.binary(max_size=100))
def test_any_bytes_give_a_number(data: bytes) -> None:
    estimator = Estimator()
    estimator.add(data)
    estimator.add_json(data)
    assert 0 <= estimator.tokens <= 2 * len(data) + 1
