"""The whole-process load bench: relay beside an aiohttp passthrough and nginx, as ratios of CPU inside one run.

    python bench/load.py                                  everything `make load` shows, about twenty minutes
    python bench/load.py --scenarios A,P,C1 --gate        the load gate: exit 1 beyond good + 15 %
    python bench/load.py --redact                         the same, relay redacting texts that hold personal values
    python bench/load.py --translate --scenarios C1       relay translates: its provider speaks Chat Completions
    python bench/load.py --calibrate                      what the harness itself costs, beside nginx

Method and goals are those of `design/performance.md` 1–3. Gateways run alone on the last usable core; provider and load
generator, compiled from `bench/native`, on the first. Everything is on loopback and ends with this process.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from loadlib import report
from loadlib.figures import Row, Sample
from loadlib.gateways import BUILDERS, is_installed
from loadlib.scenarios import SCENARIOS, Scenario, chosen, redacted, translated
from loadlib.session import Options, calibrate, judged, run

SUBJECT = "relay"
BY_DEFAULT = "A,S,P,C1,C2,D,E,F,L"


def _scenarios(_: click.Context, __: click.Parameter, value: str) -> list[Scenario]:
    try:
        return chosen([key.strip() for key in value.split(",")])
    except KeyError as cause:
        known = ",".join(scenario.key for scenario in SCENARIOS)
        raise click.BadParameter(f"{cause.args[0]!r} is none of {known}") from cause


def _gateways(_: click.Context, __: click.Parameter, value: str) -> list[str]:
    names = [name.strip() for name in value.split(",")]
    for name in names:
        if name not in BUILDERS:
            raise click.BadParameter(f"{name!r} is none of {','.join(BUILDERS)}")
    return [name for name in names if is_installed(name)]


@click.command()
@click.option("--scenarios", default=BY_DEFAULT, show_default=True, callback=_scenarios, help="Keys, with commas.")
@click.option("--gateways", default=",".join(BUILDERS), show_default=True, callback=_gateways, help="Who is measured.")
@click.option("--seconds", default=3.0, show_default=True, type=click.FloatRange(0.5, 60), help="Length of a window.")
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1, 20), help="Windows for each figure.")
@click.option("--starts", default=1, show_default=True, type=click.IntRange(1, 10), help="Times that all starts anew.")
@click.option("--redact", "redacts", is_flag=True, help="All nine classes on, in both directions.")
@click.option("--translate", "translates", is_flag=True, help="The provider of relay speaks Chat Completions.")
@click.option("--gate", is_flag=True, help="Exit 1 when a goal is missed by more than 15 %.")
@click.option("--calibrate", "only_calibrate", is_flag=True, help="Measure the harness itself, in C1 and P.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write everything here.")
@click.option("--markdown", "markdown_path", type=click.Path(path_type=Path), help="Write the report here.")
def main(
    scenarios: list[Scenario],
    gateways: list[str],
    seconds: float,
    rounds: int,
    starts: int,
    redacts: bool,
    translates: bool,
    gate: bool,
    only_calibrate: bool,
    json_path: Path | None,
    markdown_path: Path | None,
) -> None:
    """Measure relay beside its anchors and judge it by the goals of design/performance.md."""
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _end)
    options = Options(seconds, rounds, starts, redacts, translates)
    if only_calibrate:
        _show_calibration(options)
        return
    if redacts:
        scenarios = [redacted(scenario) for scenario in scenarios]
    if translates:
        scenarios = [translated(scenario) for scenario in scenarios]
    samples = run(scenarios, _needed(scenarios, gateways), options, _tell)
    rows = judged(scenarios, samples, SUBJECT)
    _show(scenarios, rows, samples)
    said = {"seconds": seconds, "rounds": starts * rounds, "command": " ".join(sys.argv)}
    if json_path:
        json_path.write_text(json.dumps(report.as_json(rows, samples, said), indent=1))
    if markdown_path:
        markdown_path.write_text(report.markdown(scenarios, rows, samples, said))
    if gate:
        sys.exit(gate_status(rows, samples))


def _needed(scenarios: Sequence[Scenario], gateways: Sequence[str]) -> list[str]:
    """Gives those of the gateways that some scenario measures."""
    return [name for name in gateways if any(name in scenario.gateways for scenario in scenarios)]


def _end(number: int, _: object) -> None:
    """Leaves through every `finally`, so that no process stays behind."""
    sys.exit(128 + number)


def _tell(progress: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} {progress}", err=True)


def _show(scenarios: Sequence[Scenario], rows: Sequence[Row], samples: Sequence[Sample]) -> None:
    click.echo(", ".join(f"{name} {value}" for name, value in report.machine().items()))
    if rows:
        click.echo(f"\n{report.as_text(report.goal_table(rows))}")
    click.echo(f"\n{report.as_text(report.figure_table(scenarios, samples))}")
    for note in report.notes(samples):
        click.echo(note)


def _show_calibration(options: Options) -> None:
    """Shows CPU of provider and load generator together beside nginx's, at the same load."""
    scenarios = chosen(["C1", "P"])
    samples = calibrate(scenarios, options)
    click.echo(report.as_text(report.figure_table(scenarios, samples)))
    for note in report.notes(samples):
        click.echo(note)


def gate_status(rows: Sequence[Row], samples: Sequence[Sample]) -> int:
    """Gives the exit status of a gate: 1 when nothing was judged, a call failed, or a goal is missed by over 15 %."""
    judged_rows = [row for row in rows if row.meets_slack is not None]
    misses = any(row.meets_slack is False for row in judged_rows)
    return int(not judged_rows or misses or any(sample.errors for sample in samples))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main()
