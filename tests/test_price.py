"""Price against plain fractions, and what follows from spec/openrouter-messages.md 17."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.price import NANO, Price
from tests.reference import money

RATE = st.integers(0, 10**15)
TOKENS = st.integers(0, 10**9 - 1)
KINDS = ("cache_read", "cache_write_5m", "cache_write_1h", "request", "image")
COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
)
USAGES = st.fixed_dictionaries({}, optional=dict.fromkeys(COUNTS, TOKENS))


@st.composite
def prices(draw: st.DrawFn) -> tuple[Price, dict[str, Any]]:
    """A price, and the same as the oracle reads it."""
    plain: dict[str, Any] = draw(
        st.fixed_dictionaries({"prompt": RATE, "completion": RATE}, optional=dict.fromkeys(KINDS, RATE))
    )
    steps: list[dict[str, int]] = draw(
        st.lists(
            st.fixed_dictionaries(
                {"above_tokens": TOKENS}, optional=dict.fromkeys(("prompt", "completion", *KINDS), RATE)
            ),
            max_size=3,
            unique_by=lambda step: step["above_tokens"],
        )
    )
    explicit = draw(st.booleans())
    price = Price(**plain, is_explicit=explicit)
    highest_first = sorted(steps, key=lambda step: -step["above_tokens"])
    long = [(step["above_tokens"], replace(price, **_without_threshold(step))) for step in highest_first]
    return replace(price, long_context=tuple(long)), plain | {"is_explicit": explicit, "long_context": steps}


def _without_threshold(step: dict[str, int]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name != "above_tokens"}


@given(both=prices(), usage=USAGES, images=st.integers(0, 9))
def test_a_cost_is_what_fractions_say_rounded_once(
    both: tuple[Price, dict[str, Any]], usage: dict[str, Any], images: int
) -> None:
    price, plain = both

    cost = price.cost(usage, images)

    assert cost.total_nanousd == money.cost(plain, usage, images)
    assert cost.prompt_nanousd >= 0 <= cost.completion_nanousd


@given(both=prices(), usage=USAGES)
def test_the_discount_is_what_the_same_prompt_costs_without_a_cache(
    both: tuple[Price, dict[str, Any]], usage: dict[str, Any]
) -> None:
    price, plain = both
    counts = money._counts(usage)
    cached = sum(counts[kind] for kind in ("cache_read", "cache_write_5m", "cache_write_1h"))
    uncached = {"input_tokens": counts["prompt"] + cached, "output_tokens": counts["completion"]}

    saved = price.discount(usage)

    if not cached:
        assert saved is None
        return
    assert saved is not None
    assert abs(money.cost(plain, uncached) - money.cost(plain, usage) - saved) <= 1  # each is rounded once


@pytest.mark.parametrize(("explicit", "minutes", "hour"), [(True, 1.25, 2), (False, 1, 1)])
def test_writes_cost_more_where_caching_is_explicit(explicit: bool, minutes: float, hour: float) -> None:
    price = Price(NANO, NANO, is_explicit=explicit)
    usage: dict[str, Any] = {"cache_creation_input_tokens": 3_000_000, "cache_creation_1h_input_tokens": 1_000_000}

    assert price.cost(usage).total_nanousd == (2 * minutes + hour) * NANO


@pytest.mark.parametrize(("tokens", "usd"), [(200_000, 0.2), (200_001, 0.400002), (500_000, 1.0), (500_001, 2.000004)])
def test_the_highest_threshold_that_a_prompt_passes_decides(tokens: int, usd: float) -> None:
    price = Price(NANO, 0)
    dear, dearest = replace(price, prompt=2 * NANO), replace(price, prompt=4 * NANO)
    price = replace(price, long_context=((500_000, dearest), (200_000, dear)))
    usage: dict[str, Any] = {"input_tokens": tokens - 100_000, "cache_read_input_tokens": 100_000}

    assert price.cost(usage).total_nanousd == round(usd * NANO)


def test_nothing_is_free_that_costs_something_for_somebody() -> None:
    assert Price(0, 0).is_nothing
    assert not Price(0, 0, image=1).is_nothing
    assert not Price(0, 0, cache_write_1h=1).is_nothing
    assert not Price(0, 0, long_context=((1000, Price(1, 0)),)).is_nothing
