"""From hand-made samples to ratios, verdicts and tables (`bench/loadlib/figures.py`, `report.py`)."""

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from load import gate_status
from loadlib import report
from loadlib.figures import Comparison, Figure, Goal, Row, Sample, judge
from loadlib.scenarios import chosen, redacted, translated
from loadlib.session import judged

CALL = Figure.CPU_PER_CALL
EVENT = Figure.CPU_PER_EVENT


def samples(figure: Figure, by_gateway: Mapping[str, Sequence[float]], **others: float) -> list[Sample]:
    """One sample for each gateway and round, with the same further figures (by name) in all."""
    more = {Figure[name]: value for name, value in others.items()}
    return [
        Sample("X", gateway, round_, {figure: value, **more})
        for gateway, values in by_gateway.items()
        for round_, value in enumerate(values)
    ]


def verdicts(row: Row | None) -> tuple[bool | None, bool | None, bool | None]:
    assert row is not None
    return row.meets_good, row.meets_slack, row.meets_target


def test_a_redacted_scenario_has_values_and_c1_is_held_against_relay_without() -> None:
    light, beside = (redacted(scenario) for scenario in chosen(["C1", "F"]))

    assert light.load.script(2.0) == f"{chosen(['C1'])[0].load.script(2.0)}v"
    assert [goal.good for goal in light.goals if goal.anchor == "unredacted"] == [1.15]
    assert "unredacted" in light.gateways
    assert beside.beside is not None
    assert beside.beside.script(2.0) == "s20x20v"
    assert "unredacted" not in beside.gateways


def test_a_translated_scenario_is_held_against_relay_that_does_not() -> None:
    burst, light = (translated(redacted(scenario)) for scenario in chosen(["C1", "P"]))

    assert [(goal.anchor, goal.good) for goal in light.goals] == [("untranslated", 1.35), ("aiohttp", 0.75)]
    assert light.gateways == burst.gateways == ("relay", "untranslated", "aiohttp")
    assert light.load.has_values
    assert not burst.goals


def test_the_median_of_the_ratios_of_each_round_counts() -> None:
    taken = samples(CALL, {"relay": [30.0, 90.0, 60.0], "aiohttp": [100.0, 100.0, 300.0]})

    row = judge("X", Goal(CALL, 0.45, 0.25, anchor="aiohttp"), "relay", taken)

    assert row is not None
    assert sorted(row.rounds) == [0.2, 0.3, 0.9]
    assert row.value == 0.3


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (0.24, (True, True, True)),
        (0.45, (True, True, False)),
        (0.51, (False, True, False)),
        (0.53, (False, False, False)),
    ],
)
def test_verdicts_know_good_slack_and_target(ratio: float, expected: tuple[bool, bool, bool]) -> None:
    taken = samples(CALL, {"relay": [ratio], "aiohttp": [1.0]})

    assert verdicts(judge("X", Goal(CALL, 0.45, 0.25, anchor="aiohttp"), "relay", taken)) == expected


def test_a_floor_is_met_from_above_and_slack_lowers_it() -> None:
    goal = Goal(Figure.STREAMS_HELD, 1.8, 2.5, anchor="aiohttp", is_floor=True)
    taken = samples(Figure.STREAMS_HELD, {"relay": [1600.0], "aiohttp": [1000.0]})

    assert verdicts(judge("X", goal, "relay", taken)) == (False, True, False)


def test_the_subjects_own_bound_satisfies_a_goal_that_the_ratio_misses() -> None:
    goal = Goal(Figure.LATENESS_P99, 2.0, 1.2, anchor="aiohttp", or_good=5000.0, or_target=3000.0)
    taken = samples(Figure.LATENESS_P99, {"relay": [4000.0], "aiohttp": [100.0]})

    assert verdicts(judge("X", goal, "relay", taken)) == (True, True, False)


def test_a_difference_is_what_the_subject_adds() -> None:
    goal = Goal(Figure.STREAM_KIB, 8.0, None, anchor="aiohttp", comparison=Comparison.DIFFERENCE)
    taken = samples(Figure.STREAM_KIB, {"relay": [30.0], "aiohttp": [25.0]})

    row = judge("X", goal, "relay", taken)

    assert row is not None
    assert (row.value, row.meets_good, row.meets_target) == (5.0, True, None)


def test_one_fault_on_either_side_fails_the_row() -> None:
    taken = samples(CALL, {"relay": [1.0], "aiohttp": [100.0]})
    taken.append(Sample("X", "aiohttp", 1, {CALL: 100.0}, {"lost": 1}))

    row = judge("X", Goal(CALL, 0.45, 0.25, anchor="aiohttp"), "relay", taken)

    assert verdicts(row) == (False, False, False)
    assert row is not None
    assert row.failure == "aiohttp lost 1"


def test_a_side_without_any_figure_fails_the_row_when_it_had_faults() -> None:
    row = judge("X", Goal(CALL, 0.45, 0.25, anchor="aiohttp"), "relay", [Sample("X", "relay", 0, {}, {"status": 3})])

    assert row is not None
    assert row.failure == "relay status 3"
    assert math.isnan(row.value)


def test_a_missing_anchor_gives_no_row() -> None:
    assert judge("X", Goal(CALL, 4.5, 2.5, anchor="nginx"), "relay", samples(CALL, {"relay": [1.0]})) is None


def test_a_late_aiohttp_is_set_aside_when_nginx_is_there() -> None:
    figures = {"relay": [5.0], "aiohttp": [10.0], "nginx": [5.0]}
    taken = samples(EVENT, figures, LATENESS_P50=100.0, EVENTS_PER_READ=1.3)

    late = judge("X", Goal(EVENT, 0.75, 0.65, anchor="aiohttp"), "relay", taken)
    other = judge("X", Goal(EVENT, 1.35, 1.2, anchor="nginx"), "relay", taken)

    assert verdicts(late) == (None, None, None)
    assert verdicts(other) == (True, True, True)


def test_a_burst_may_hold_many_events_in_a_read() -> None:
    taken = samples(EVENT, {"relay": [5.0], "aiohttp": [10.0], "nginx": [5.0]}, EVENTS_PER_READ=200.0)

    assert verdicts(judge("X", Goal(EVENT, 0.75, 0.65, anchor="aiohttp"), "relay", taken)) == (True, True, True)


@pytest.mark.parametrize(("ratio", "status"), [(0.40, 0), (0.50, 0), (0.60, 1)])
def test_the_gate_allows_the_slack_and_no_more(ratio: float, status: int) -> None:
    taken = [Sample("A", gateway, 0, {CALL: cost}) for gateway, cost in (("relay", ratio), ("aiohttp", 1.0))]

    assert gate_status(judged(chosen(["A"]), taken, "relay"), taken) == status


def test_the_gate_fails_when_nothing_was_judged() -> None:
    assert gate_status([], []) == 1


def test_scenarios_come_in_the_tables_order_and_unknown_ones_are_refused() -> None:
    assert [scenario.key for scenario in chosen(["C1", "A"])] == ["A", "C1"]
    with pytest.raises(KeyError, match="Z"):
        chosen(["A", "Z"])


def test_reports_show_ratio_bounds_and_verdict() -> None:
    taken = [Sample("A", gateway, 0, {CALL: cost}) for gateway, cost in (("relay", 50.0), ("aiohttp", 100.0))]
    rows = judged(chosen(["A"]), taken, "relay")

    text = report.as_text(report.goal_table(rows))
    written = report.markdown(chosen(["A"]), rows, taken, {"seconds": 1.0, "rounds": 1})
    data = report.as_json(rows, taken, {})

    assert text.splitlines()[1].split()[-3:] == ["MISS", "PASS", "MISS"]
    assert "| A | CPU per call, µs | × aiohttp | 0.5 | ≤ 0.45 × | ≤ 0.25 × | MISS | PASS | MISS |" in written
    assert data["rows"][0]["value"] == 0.5
    assert data["samples"][1]["figures"] == {"cpu_per_call": 100.0}
