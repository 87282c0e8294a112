"""Windows: what one gateway uses and how late it is under one load, and the two scenarios that need more than one.

The gateway is woken, warmed by a short load, measured and stopped again. A capacity is found by steps up until a number
of streams does not hold, then by halving. Memory is measured on a fresh process, because one that has served before
would fill the new streams from memory it never gave back.
"""

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from loadlib.figures import Figure, Sample
from loadlib.gateways import BUILDERS, Place, Running, launch
from loadlib.native import Client, Counted, Load, Window
from loadlib.processes import Cores, Tree, cpu_ns, resident_bytes, user_ns
from loadlib.scenarios import PACE, Scenario

HELD_RATE = 0.97
HELD_P99_US = 50_000.0
HALVINGS = 3
STEP = 1.3
MOST_PROBES = 12
LOAD_CORE_FULL = 95.0
MEMORY_SECONDS = 3.0
MEMORY_SPREAD_S = 6.0
WARM_S = 0.5


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share: the provider, the pinning, the key, and how long windows are."""

    provider: Tree
    place: Place
    cores: Cores
    seconds: float


@dataclass(frozen=True, slots=True)
class Use:
    """One window: what the clients saw, and the CPU that gateway and load used meanwhile."""

    counted: Counted
    beside: Counted | None
    cpu_ns: int
    load_ns: int
    load_user_ns: int
    seconds: float
    resident_bytes: int


def sample_window(bench: Bench, running: Running, scenario: Scenario, round_: int) -> Sample:
    """Gives one round's sample of a gateway that is stopped before and after."""
    running.tree.wake()
    try:
        warm(bench, running.gateway.port, scenario.load)
        use = observe(bench, running, scenario.load, scenario.beside, _ahead(scenario.load, bench.seconds))
    finally:
        running.tree.stop()
    return _sample(scenario, running, round_, use)


def warm(bench: Bench, port: int, load: Load) -> None:
    """Runs the load shortly. Streams are replaced by short calls on as many connections, which fill the pools."""
    short = replace(load, model="s10x20", mode="closed", pace=0.0) if load.mode == "once" else load
    window = Window.ahead(WARM_S, lead_s=0.0)
    _result(Client(short, window, port, bench.place.key, bench.cores.load))


def _ahead(load: Load, seconds: float) -> Window:
    """Streams begin over a second or more and then settle; calls in a closed loop need hardly any lead."""
    if load.mode != "once":
        return Window.ahead(seconds)
    spread_s = 1.0 + load.connections / 1000
    return Window.ahead(seconds, lead_s=spread_s + 0.5, spread_s=spread_s)


def observe(bench: Bench, running: Running, load: Load, beside: Load | None, window: Window) -> Use:
    """Runs a load through a gateway and gives what was used between the window's two instants."""
    port, key, core = running.gateway.port, bench.place.key, bench.cores.load
    with ExitStack() as clients:
        client = Client(load, window, port, key, core)
        clients.callback(client.end)
        other = Client(beside, window, port, key, core) if beside else None
        if other:
            clients.callback(other.end)
        _sleep_until(window.from_ns)
        gateway_pids = running.tree.pids
        load_pids = [*bench.provider.pids, client.pid, *([other.pid] if other else [])]
        before_ns, before = time.monotonic_ns(), _spent(gateway_pids, load_pids)
        _sleep_until(window.until_ns)
        after_ns, after = time.monotonic_ns(), _spent(gateway_pids, load_pids)
        resident = resident_bytes(gateway_pids)
        seen = client.result()
        seen_beside = other.result() if other else None
    spent = [late - early for early, late in zip(before, after, strict=True)]
    return Use(seen, seen_beside, spent[0], spent[1], spent[2], (after_ns - before_ns) / 1e9, resident)


def _spent(gateway: Sequence[int], load: Sequence[int]) -> tuple[int, int, int]:
    return cpu_ns(gateway), cpu_ns(load), user_ns(load)


def _result(client: Client) -> Counted:
    try:
        return client.result()
    finally:
        client.end()


def _sleep_until(at_ns: int) -> None:
    time.sleep(max(0, at_ns - time.monotonic_ns()) / 1e9)


def window_figures(use: Use) -> dict[Figure, float]:
    """Gives all figures of one window."""
    seen, busy = use.counted, 100 / (use.seconds * 1e9)
    figures = {
        Figure.CALLS_PER_S: seen.calls / use.seconds,
        Figure.EVENTS_PER_S: seen.events / use.seconds,
        Figure.GATEWAY_BUSY: use.cpu_ns * busy,
        Figure.LOAD_BUSY: use.load_ns * busy,
    }
    if seen.calls:
        figures[Figure.CPU_PER_CALL] = use.cpu_ns / seen.calls / 1e3
        figures[Figure.CALL_P50] = seen.duration.p50
    if seen.events:
        figures[Figure.CPU_PER_EVENT] = use.cpu_ns / seen.events / 1e3
        figures[Figure.EVENTS_PER_READ] = seen.events / seen.reads
    if seen.first_byte.count:
        figures[Figure.FIRST_BYTE_P50] = seen.first_byte.p50
        figures[Figure.FIRST_BYTE_P99] = seen.first_byte.p99
    if seen.lateness.count:
        figures[Figure.LATENESS_P50] = seen.lateness.p50
        figures[Figure.LATENESS_P99] = seen.lateness.p99
    return figures


def _faults(*seen: Counted | None) -> dict[str, int]:
    total: dict[str, int] = {}
    for counted in seen:
        for fault, count in (counted.faults if counted else {}).items():
            total[fault] = total.get(fault, 0) + count
    return total


def _sample(scenario: Scenario, running: Running, round_: int, use: Use) -> Sample:
    faults, notes = _faults(use.counted, use.beside), []
    if not use.counted.events:
        faults["no event"] = 1
    if use.beside:
        notes.append(
            f"beside: {use.beside.calls / use.seconds:.1f} calls/s, p50 {use.beside.duration.p50 / 1e3:.1f} ms"
        )
    notes.extend(" ".join(seen.first_fault.split()) for seen in (use.counted, use.beside) if seen and seen.first_fault)
    return Sample(scenario.key, running.gateway.name, round_, window_figures(use), faults, notes)


def sample_capacity(bench: Bench, running: Running, scenario: Scenario) -> Sample:
    """Gives the most streams a gateway holds, to within about 4 %; a note says when the load's own core was full."""
    running.tree.wake()
    try:
        warm(bench, running.gateway.port, scenario.load)
        held, use, is_limited = _search(bench, running, scenario.load)
    finally:
        running.tree.stop()
    notes = ["the load's core was full: this gateway holds more"] if is_limited else []
    figures = (window_figures(use) if use else {}) | {Figure.STREAMS_HELD: float(held)}
    return Sample(scenario.key, running.gateway.name, 0, figures, {} if held else {"holds no load": 1}, notes)


def _search(bench: Bench, running: Running, load: Load) -> tuple[int, Use | None, bool]:
    """Steps up until a number fails, then halves. Gives the number held, its window, and if the load was the limit."""
    held, failed, best, is_limited = 0, 0, None, False
    count, halvings = load.connections, 0
    for _ in range(MOST_PROBES):
        tried = replace(load, connections=count)
        use = observe(bench, running, tried, None, _ahead(tried, min(bench.seconds, 3.0)))
        if _holds(use, count):
            held, best = count, use
        else:
            failed, is_limited = count, window_figures(use)[Figure.LOAD_BUSY] > LOAD_CORE_FULL
        halvings += bool(held and failed)
        if halvings > HALVINGS or count == 1:
            break
        count = next_count(held, failed, use)
    return held, best, is_limited


def next_count(held: int, failed: int, use: Use) -> int:
    """Gives the number of streams to try next; far from a full core it jumps to where the last window points."""
    if failed:
        return max(1, (held + failed) // 2)
    busy = use.cpu_ns / (use.seconds * 1e9)
    return math.ceil(held * max(STEP, min(8.0, 0.7 / busy if busy else STEP)))


def _holds(use: Use, count: int) -> bool:
    enough = use.counted.events >= HELD_RATE * count * PACE * use.seconds
    return enough and not use.counted.errors and use.counted.lateness.p99 <= HELD_P99_US


def sample_memory(bench: Bench, name: str, scenario: Scenario) -> Sample:
    """Gives a fresh process's resident set before and under the scenario's streams."""
    running = launch(BUILDERS[name](bench.place), bench.place.key, bench.cores.gateway)
    try:
        port = running.gateway.port
        # A few calls bring in what is loaded on first use; it is no stream's.
        warm(bench, port, Load("u", connections=8))
        warm(bench, port, Load("s10x20", connections=8))
        before = resident_bytes(running.tree.pids)
        window = Window.ahead(MEMORY_SECONDS, lead_s=MEMORY_SPREAD_S + 2.0, spread_s=MEMORY_SPREAD_S)
        use = observe(bench, running, scenario.load, None, window)
    finally:
        running.tree.end()
    sample = _sample(scenario, running, 0, use)
    return replace(sample, figures={**sample.figures, **_memory(before, use.resident_bytes, scenario.load.connections)})


def _memory(before: int, under: int, streams: int) -> dict[Figure, float]:
    return {Figure.BEFORE_MB: before / 1e6, Figure.STREAM_KIB: (under - before) / streams / 1024}


def sample_direct(bench: Bench, direct: Running, scenario: Scenario, round_: int) -> Sample:
    """Gives a round's sample of the load straight at the provider; its CPU is that of provider and load generator."""
    warm(bench, direct.gateway.port, scenario.load)
    use = observe(bench, direct, scenario.load, None, _ahead(scenario.load, bench.seconds))
    sample = _sample(scenario, direct, round_, replace(use, cpu_ns=use.load_ns))
    own = use.load_user_ns / max(1, use.counted.events) / 1e3
    return replace(sample, notes=[*sample.notes, f"of that {own:.3f} µs per event in user space (by ticks)"])
