"""A whole run: provider and gateways up, scenarios in rounds, everything down again, whatever happens."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadlib.figures import Row, Sample, judge
from loadlib.gateways import BUILDERS, Gateway, Place, Running, free_port, launch, new_key
from loadlib.measure import Bench, sample_capacity, sample_direct, sample_memory, sample_window
from loadlib.native import compile_native, start_provider
from loadlib.processes import raise_file_limit, take_precedence, usable_cores
from loadlib.scenarios import Kind, Scenario

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how often, and whether relay redacts and translates.

    rounds   of windows, in each of `starts`: where its memory lies makes one process slower than the next
    """

    seconds: float
    rounds: int
    starts: int = 1
    redacts: bool = False
    translates: bool = False


@contextmanager
def alone() -> Iterator[None]:
    """Waits until no other load bench runs on this machine, because each would measure the other."""
    with (Path(tempfile.gettempdir()) / "relay-load.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def provider_up(options: Options) -> Iterator[Bench]:
    """Compiles and starts the provider; ends it and removes the bench's files at the end."""
    compile_native()
    raise_file_limit()
    with ExitStack() as undo:
        undo.enter_context(alone())
        take_precedence()
        directory = Path(tempfile.mkdtemp(prefix="relay-load-"))
        undo.callback(shutil.rmtree, directory, ignore_errors=True)
        cores, port = usable_cores(), free_port()
        provider = start_provider(port, cores.load, directory / "provider.log")
        undo.callback(provider.end)
        place = Place(directory, port, new_key(), options.redacts, options.translates)
        yield Bench(provider, place, cores, options.seconds)


@contextmanager
def gateways_up(bench: Bench, names: Sequence[str]) -> Iterator[list[Running]]:
    """Starts gateways one by one and stops each as soon as it serves; ends all of them at the end."""
    with ExitStack() as undo:
        running = []
        for name in names:
            one = launch(BUILDERS[name](bench.place), bench.place.key, bench.cores.gateway)
            undo.callback(one.tree.end)
            one.tree.stop()
            running.append(one)
        yield running


def run(scenarios: Sequence[Scenario], names: Sequence[str], options: Options, tell: Tell) -> list[Sample]:
    """Measures all scenarios on all gateways, interleaved, and gives every sample. `tell` hears of the progress."""
    return [
        sample
        for start in range(options.starts)
        for sample in _started(scenarios, names, options, start * options.rounds, tell)
    ]


def _started(
    scenarios: Sequence[Scenario], names: Sequence[str], options: Options, before: int, tell: Tell
) -> Iterator[Sample]:
    """Gives the samples of one start of all processes; `before` rounds were measured by others."""
    with provider_up(options) as bench, gateways_up(bench, names) as running:
        for round_ in range(before, before + options.rounds):
            for scenario in scenarios:
                if scenario.kind is not Kind.WINDOW and round_ > 0:
                    continue
                for one in running:
                    if one.gateway.name in scenario.gateways:
                        tell(f"round {round_ + 1}/{options.starts * options.rounds} {scenario.key} {one.gateway.name}")
                        yield _sample(bench, one, scenario, round_)


def _sample(bench: Bench, one: Running, scenario: Scenario, round_: int) -> Sample:
    if scenario.kind is Kind.CAPACITY:
        return sample_capacity(bench, one, scenario)
    if scenario.kind is Kind.MEMORY:
        return sample_memory(bench, one.gateway.name, scenario)
    return sample_window(bench, one, scenario, round_)


def judged(scenarios: Sequence[Scenario], samples: Sequence[Sample], subject: str) -> list[Row]:
    """Gives a row for each goal whose sides were measured."""
    rows: list[Row] = []
    for scenario in scenarios:
        here = [sample for sample in samples if sample.scenario == scenario.key]
        rows.extend(row for goal in scenario.goals if (row := judge(scenario.key, goal, subject, here)))
    return rows


def calibrate(scenarios: Sequence[Scenario], options: Options) -> list[Sample]:
    """Gives, for each scenario, what provider and load generator use by themselves, and what nginx uses between them.

    The sample named `harness` has the CPU of both its processes in the figures of a gateway.
    """
    samples = []
    with provider_up(options) as bench, gateways_up(bench, ["nginx"]) as running:
        port = bench.place.provider_port
        direct = Running(Gateway("harness", port, (), {}, bench.place.directory), bench.provider)
        for round_ in range(options.rounds):
            for scenario in scenarios:
                samples.append(sample_direct(bench, direct, scenario, round_))
                samples.append(sample_window(bench, running[0], scenario, round_))
    return samples
