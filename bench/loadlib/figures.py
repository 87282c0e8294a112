"""From samples to verdicts: ratios inside one round, their median, and how that stands to a goal. Pure.

A sample is one gateway's window in one round. A goal compares the subject (relay) with an anchor of the same round, or
with a fixed number; the median over the rounds counts, and a gate gives 15 % slack. A row with one error, one truncated
stream or one lost stamp is a failure, not a figure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import median

SLACK = 1.15
LATE_READS = 1.1
"""Events per read of an anchor beyond which its paced figure is cheaper than fair (`performance` 2.6)."""


class Figure(Enum):
    """What a window gives; the value is the heading with its unit."""

    CPU_PER_CALL = "CPU per call, µs"
    CPU_PER_EVENT = "CPU per event, µs"
    LATENESS_P50 = "lateness p50, µs"
    LATENESS_P99 = "lateness p99, µs"
    FIRST_BYTE_P50 = "first byte p50, µs"
    FIRST_BYTE_P99 = "first byte p99, µs"
    CALL_P50 = "call p50, µs"
    CALLS_PER_S = "calls/s"
    EVENTS_PER_S = "events/s"
    EVENTS_PER_READ = "events per read"
    GATEWAY_BUSY = "gateway core, %"
    LOAD_BUSY = "load core, %"
    STREAMS_HELD = "streams held"
    STREAM_KIB = "KiB per stream"
    BEFORE_MB = "MB before"


class Comparison(Enum):
    """How the subject's figure meets the goal's number."""

    RATIO = "×"
    DIFFERENCE = "−"
    ITSELF = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """One promise about the subject.

    anchor          the gateway compared with; None for Comparison.ITSELF
    good, target    bounds of the compared value; None: reported only
    or_good, …      bounds of the subject's own figure that satisfy the goal as well
    is_floor        the value must reach the bound instead of staying below
    """

    figure: Figure
    good: float | None
    target: float | None
    anchor: str | None = None
    comparison: Comparison = Comparison.RATIO
    or_good: float | None = None
    or_target: float | None = None
    is_floor: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One window of one gateway. `notes` are for the reader; `faults` counts failed calls by kind."""

    scenario: str
    gateway: str
    round: int
    figures: Mapping[Figure, float]
    faults: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def errors(self) -> int:
        """Failed calls of any kind."""
        return sum(self.faults.values())


@dataclass(frozen=True, slots=True)
class Row:
    """A goal beside what was measured. Verdicts are None where the goal has no such bound or the row is set aside."""

    scenario: str
    goal: Goal
    value: float
    own: float
    rounds: Sequence[float]
    meets_good: bool | None
    meets_slack: bool | None
    meets_target: bool | None
    failure: str = ""
    set_aside: str = ""


def judge(scenario: str, goal: Goal, subject: str, samples: Sequence[Sample]) -> Row | None:
    """Gives the row of one goal, or None when the subject or the anchor was not measured."""
    own = _by_round(samples, subject, goal.figure)
    other = _by_round(samples, goal.anchor, goal.figure) if goal.anchor else own
    shared = sorted(own.keys() & other.keys())
    failure = _failure(subject, goal.anchor, samples)
    if failure:
        return Row(scenario, goal, math.nan, math.nan, (), False, False, False, failure)
    if not shared:
        return None
    values = [_compare(goal.comparison, own[round_], other[round_]) for round_ in shared]
    value, own_median = median(values), median(own.values())
    set_aside = _why_unfair(goal, samples)
    if set_aside:
        return Row(scenario, goal, value, own_median, values, None, None, None, set_aside=set_aside)
    return Row(
        scenario,
        goal,
        value,
        own_median,
        values,
        _meets(goal, value, own_median, goal.good, goal.or_good, 1.0),
        _meets(goal, value, own_median, goal.good, goal.or_good, SLACK),
        _meets(goal, value, own_median, goal.target, goal.or_target, 1.0),
    )


def _by_round(samples: Sequence[Sample], gateway: str | None, figure: Figure) -> dict[int, float]:
    return {s.round: s.figures[figure] for s in samples if s.gateway == gateway and figure in s.figures}


def _failure(subject: str, anchor: str | None, samples: Sequence[Sample]) -> str:
    broken: dict[str, int] = {}
    for sample in samples:
        if sample.gateway in (subject, anchor):
            for fault, count in sample.faults.items():
                broken[f"{sample.gateway} {fault}"] = broken.get(f"{sample.gateway} {fault}", 0) + count
    return ", ".join(f"{what} {count}" for what, count in broken.items())


def _compare(comparison: Comparison, own: float, other: float) -> float:
    if comparison is Comparison.RATIO:
        return own / other if other else float("inf")
    if comparison is Comparison.DIFFERENCE:
        return own - other
    return own


def _meets(
    goal: Goal, value: float, own: float, bound: float | None, own_bound: float | None, slack: float
) -> bool | None:
    if bound is None:
        return None
    if goal.is_floor:
        return value >= bound / slack
    return value <= bound * slack or (own_bound is not None and own <= own_bound * slack)


def _why_unfair(goal: Goal, samples: Sequence[Sample]) -> str:
    """Says why an anchor's CPU per paced event is no measure: it was late, so several events waited in each read."""
    if goal.figure is not Figure.CPU_PER_EVENT or goal.anchor != "aiohttp":
        return ""
    paced = any(sample.figures.get(Figure.LATENESS_P50) for sample in samples)
    has_other = any(sample.gateway == "nginx" for sample in samples)
    reads = [s.figures[Figure.EVENTS_PER_READ] for s in samples if s.gateway == goal.anchor]
    if not (paced and has_other and reads) or median(reads) <= LATE_READS:
        return ""
    return f"{goal.anchor} reads {median(reads):.2f} events at a time; nginx counts"


def medians(samples: Sequence[Sample]) -> dict[Figure, float]:
    """Gives each figure's median over the rounds of one gateway in one scenario."""
    present = [figure for figure in Figure if any(figure in sample.figures for sample in samples)]
    return {figure: median(s.figures[figure] for s in samples if figure in s.figures) for figure in present}
