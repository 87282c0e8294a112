"""What the bench says: two tables as text or markdown, the machine's description, and everything as JSON."""

import math
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from loadlib.figures import Comparison, Figure, Row, Sample, medians
from loadlib.gateways import nginx_program
from loadlib.scenarios import Scenario

GOAL_HEADINGS = ("", "figure", "against", "measured", "good", "target", "good?", "with 15 % slack?", "target?")
FIGURE_HEADINGS = {
    Figure.CPU_PER_CALL: "µs/call",
    Figure.CPU_PER_EVENT: "µs/event",
    Figure.CALLS_PER_S: "calls/s",
    Figure.EVENTS_PER_S: "events/s",
    Figure.EVENTS_PER_READ: "events/read",
    Figure.GATEWAY_BUSY: "gateway %",
    Figure.LOAD_BUSY: "load %",
    Figure.LATENESS_P50: "late p50 µs",
    Figure.LATENESS_P99: "late p99 µs",
    Figure.FIRST_BYTE_P50: "first p50 µs",
    Figure.FIRST_BYTE_P99: "first p99 µs",
    Figure.STREAMS_HELD: "streams",
    Figure.STREAM_KIB: "KiB/stream",
    Figure.BEFORE_MB: "MB before",
}
Table = Sequence[Sequence[str]]


def machine() -> dict[str, str]:
    """Gives what a reader needs to place the absolute figures: processor, cores, kernel and versions."""
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "cpu": model.group(1) if model else platform.machine(),
        "cores": str(os.cpu_count()),
        "kernel": f"{platform.system()} {platform.release()}",
        "tcp": Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip(),
        "python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "uvloop": version("uvloop"),
        "nginx": _nginx_version(),
    }


def _nginx_version() -> str:
    program = nginx_program()
    if program is None:
        return "not installed"
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    return said.strip().rpartition("/")[2]


def goal_table(rows: Sequence[Row]) -> Table:
    """Gives one line for each goal: what was measured beside good and target, and three verdicts."""
    return [GOAL_HEADINGS, *(_goal_line(row) for row in rows)]


def _goal_line(row: Row) -> tuple[str, ...]:
    goal = row.goal
    against = f"{goal.comparison.value} {goal.anchor}" if goal.anchor else "itself"
    verdicts = (row.meets_good, row.meets_slack, row.meets_target)
    words = tuple(_verdict(verdict) for verdict in verdicts)
    if row.failure:
        words = (f"FAILED: {row.failure}", "MISS", "MISS")
    elif row.set_aside:
        words = (f"set aside: {row.set_aside}", "", "")
    measured = _number(row.value)
    if goal.or_good is not None and not math.isnan(row.own):
        measured += f" ({_number(row.own)} itself)"
    bounds = (_bound(row, goal.good, goal.or_good), _bound(row, goal.target, goal.or_target))
    return (row.scenario, goal.figure.value, against, measured, *bounds, *words)


def _verdict(verdict: bool | None) -> str:
    return "–" if verdict is None else "PASS" if verdict else "MISS"


def _bound(row: Row, bound: float | None, own: float | None) -> str:
    if bound is None:
        return "–"
    sign = "≥" if row.goal.is_floor else "≤"
    unit = " ×" if row.goal.comparison is Comparison.RATIO else ""
    either = f" or {sign} {_number(own)} itself" if own is not None else ""
    return f"{sign} {_number(bound)}{unit}{either}"


def figure_table(scenarios: Sequence[Scenario], samples: Sequence[Sample]) -> Table:
    """Gives one line for each scenario and gateway: the medians of the absolute figures, and failed calls."""
    lines = [("", "gateway", *FIGURE_HEADINGS.values(), "errors")]
    for scenario in scenarios:
        here = [sample for sample in samples if sample.scenario == scenario.key]
        for name in dict.fromkeys(sample.gateway for sample in here):
            own = [sample for sample in here if sample.gateway == name]
            middle = medians(own)
            cells = (_number(middle[figure]) if figure in middle else "" for figure in FIGURE_HEADINGS)
            lines.append((scenario.key, name, *cells, str(sum(sample.errors for sample in own))))
    return lines


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def as_text(table: Table) -> str:
    """Gives a table with aligned columns; empty columns are left out."""
    kept = _without_empty(table)
    widths = [max(len(line[column]) for line in kept) for column in range(len(kept[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in kept
    )


def as_markdown(table: Table) -> str:
    """Gives a table in markdown; empty columns are left out."""
    head, *lines = _without_empty(table)
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def _without_empty(table: Table) -> list[list[str]]:
    kept = [column for column in range(len(table[0])) if any(line[column] for line in table[1:])]
    return [[line[column] for column in kept] for line in table]


def notes(samples: Sequence[Sample]) -> list[str]:
    """Gives what the measurements have to say in words, each once."""
    said = (f"{sample.scenario} {sample.gateway}: {note}" for sample in samples for note in sample.notes)
    return list(dict.fromkeys(said))


def markdown(
    scenarios: Sequence[Scenario], rows: Sequence[Row], samples: Sequence[Sample], options: Mapping[str, Any]
) -> str:
    """Gives the whole report for a README: goals, figures, loads and the machine."""
    described = ", ".join(f"{name} {value}" for name, value in machine().items())
    loads = "\n".join(f"- **{scenario.key}** {scenario.title}" for scenario in scenarios)
    how = f"{options['rounds']} interleaved rounds of {options['seconds']:g} s; medians of the per-round ratios."
    tables = f"{as_markdown(goal_table(rows))}\n\n{as_markdown(figure_table(scenarios, samples))}"
    return f"{tables}\n\n{loads}\n\n{how} Machine: {described}.\n"


def as_json(rows: Sequence[Row], samples: Sequence[Sample], options: Mapping[str, Any]) -> dict[str, Any]:
    """Gives everything that was measured and judged."""
    return {
        "machine": machine(),
        "options": dict(options),
        "rows": [_row_json(row) for row in rows],
        "samples": [_sample_json(sample) for sample in samples],
    }


def _row_json(row: Row) -> dict[str, Any]:
    goal = row.goal
    return {
        "scenario": row.scenario,
        "figure": goal.figure.name.lower(),
        "comparison": goal.comparison.name.lower(),
        "anchor": goal.anchor,
        "value": None if math.isnan(row.value) else row.value,
        "rounds": list(row.rounds),
        "good": goal.good,
        "target": goal.target,
        "meets_good": row.meets_good,
        "meets_slack": row.meets_slack,
        "meets_target": row.meets_target,
        "failure": row.failure,
        "set_aside": row.set_aside,
    }


def _sample_json(sample: Sample) -> dict[str, Any]:
    return {
        "scenario": sample.scenario,
        "gateway": sample.gateway,
        "round": sample.round,
        "figures": {figure.name.lower(): value for figure, value in sample.figures.items()},
        "faults": dict(sample.faults),
        "notes": list(sample.notes),
    }
