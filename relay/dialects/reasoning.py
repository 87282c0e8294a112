"""Levels of effort and budgets of tokens, one into the other (spec/openrouter-messages.md 3.1). Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

LEAST_BUDGET: Final = 1024
MOST_BUDGET: Final = 128_000
RATIOS: Final[Mapping[str, float]] = {
    "minimal": 0.1,
    "low": 0.2,
    "medium": 0.5,
    "high": 0.8,
    "xhigh": 0.95,
    "max": 0.95,
}
"""Level → share of `max_tokens` that thinking may take; the lowest level first."""
EFFORTS: Final = tuple(RATIOS)


def budget_of(effort: str, max_tokens: int) -> int:
    """Give the tokens of thinking that a level allows."""
    return max(min(int(max_tokens * RATIOS[effort]), MOST_BUDGET), LEAST_BUDGET)


def effort_of(budget: int, max_tokens: int) -> str:
    """Give the highest level whose share a budget reaches, at least `low`; `max` is asked for by its name alone."""
    reached = [effort for effort in EFFORTS[1:-1] if RATIOS[effort] * max_tokens <= budget]
    return reached[-1] if reached else "low"


def nearest(effort: str, supported: Sequence[str]) -> str:
    """Give the nearest of the supported levels that is not higher, else the lowest of them."""
    ranks = sorted([EFFORTS.index(each) for each in supported])
    lower = [rank for rank in ranks if rank <= EFFORTS.index(effort)]
    return EFFORTS[lower[-1] if lower else ranks[0]]
