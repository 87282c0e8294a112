"""The compiled provider and load generator (`bench/native`), as Python sees them.

One window: the load runs for a while, and counts only between two instants of the monotonic clock, which is also the
clock of this process; so CPU time is read at the very same instants.
"""

import json
import math
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadlib.processes import Tree

NATIVE = Path(__file__).parents[1] / "native"
PROGRAM = NATIVE / "build" / "loadgen"
GRACE_S = 10.0


def compile_native() -> Path:
    """Compiles the program when it is out of date and gives its path. Raises RuntimeError with the compiler's words."""
    if shutil.which("make") is None:
        raise RuntimeError("the load bench needs make and a C compiler")
    done = subprocess.run(["make", "-C", str(NATIVE)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the load generator does not compile:\n{done.stderr}")
    return PROGRAM


def start_provider(port: int, core: int, log: Path) -> Tree:
    """Starts the provider; it listens within milliseconds, which the first ready check waits for."""
    return Tree([str(PROGRAM), "provider", str(port)], core, os.environ, log)


@dataclass(frozen=True, slots=True)
class Load:
    """What one load generator does.

    model         the script for the provider (`bench/native/script.h`); empty: a paced stream that outlasts the window
    connections   kept-alive connections, or streams when `mode` is `once`
    mode          `closed`, `once` or `rate` (`bench/native/client.c`)
    rate          calls a second in mode `rate`
    pace          events a second of a paced stream
    body_bytes    size of the request's JSON
    has_values    the answers hold personal values; the requests always do
    """

    model: str = ""
    connections: int = 1
    mode: str = "closed"
    rate: float = 0.0
    pace: float = 0.0
    body_bytes: int = 300
    has_values: bool = False

    def script(self, seconds: float) -> str:
        """Gives the model's name for a load that runs for `seconds`."""
        # Whole seconds, so that a bench makes few different scripts, and one more, so that no stream ends early.
        name = self.model or f"p{math.ceil((math.ceil(seconds) + 1) * self.pace)}@{self.pace:g}"
        return f"{name}v" if self.has_values else name


@dataclass(frozen=True, slots=True)
class Window:
    """When a load begins, and the part of it that counts; instants of the monotonic clock in nanoseconds."""

    runs_s: float
    spread_ns: int
    from_ns: int
    until_ns: int
    deadline_ns: int

    @classmethod
    def ahead(cls, seconds: float, lead_s: float = 0.3, spread_s: float = 0.0) -> "Window":
        """Gives a window of `seconds` that opens in `lead_s`; calls begin within `spread_s` from now."""
        start = time.monotonic_ns() + int(lead_s * 1e9)
        until = start + int(seconds * 1e9)
        # Streams begin late by up to the spread and then run for more than the whole window.
        deadline = until + int((spread_s + GRACE_S) * 1e9)
        return cls(lead_s + seconds, int(spread_s * 1e9), start, until, deadline)


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of durations in microseconds."""

    count: int
    p50: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What one load generator saw in its window. `reads` held at least one event each; `first_fault` is for people."""

    calls: int
    events: int
    reads: int
    errors: int
    faults: dict[str, int]
    lateness: Spread
    first_byte: Spread
    duration: Spread
    first_fault: str = ""


class Client:
    """A running load generator."""

    def __init__(self, load: Load, window: Window, port: int, key: str, core: int) -> None:
        self._deadline_ns = window.deadline_ns
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})
        try:
            self._process = subprocess.Popen(
                _argv(load, window, port, key), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        finally:
            os.sched_setaffinity(0, before)

    @property
    def pid(self) -> int:
        """The load generator's process."""
        return self._process.pid

    def result(self) -> Counted:
        """Waits for the end, at most until the deadline, and gives what was seen; RuntimeError when it broke."""
        left = max(0, self._deadline_ns - time.monotonic_ns()) / 1e9 + 5.0
        try:
            output, faults = self._process.communicate(timeout=left)
        finally:
            self.end()
        if self._process.returncode:
            raise RuntimeError(f"the load generator failed: {faults.strip()}")
        return read_counted(json.loads(output), faults.strip())

    def end(self) -> None:
        """Ends the load generator if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def _argv(load: Load, window: Window, port: int, key: str) -> list[str]:
    options: dict[str, object] = {
        "port": port,
        "model": f"bench/{load.script(window.runs_s)}",
        "key": key,
        "connections": load.connections,
        "body-bytes": load.body_bytes,
        "mode": load.mode,
        "rate": load.rate,
        "spread-ns": window.spread_ns,
        "from-ns": window.from_ns,
        "until-ns": window.until_ns,
        "deadline-ns": window.deadline_ns,
    }
    return [str(PROGRAM), "client", *(f"--{name}={value}" for name, value in options.items())]


def read_counted(answer: dict[str, Any], first_fault: str = "") -> Counted:
    """Reads the JSON object that the load generator prints, and what it said about its first fault."""
    return Counted(
        calls=answer["calls"],
        events=answer["events"],
        reads=answer["reads"],
        errors=answer["errors"],
        faults=answer["faults"],
        lateness=Spread(**answer["lateness_us"]),
        first_byte=Spread(**answer["first_byte_us"]),
        duration=Spread(**answer["duration_us"]),
        first_fault=first_fault,
    )
