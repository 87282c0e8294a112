"""Process trees of the bench: each in a session of its own, pinned, measured, stopped while it waits, ended by pid.

CPU time is the sum of `/proc/<pid>/task/*/schedstat` (nanoseconds) over a tree; a child that has ended is not in it, so
a window must not outlive a worker. Stopped processes need their own session, or the kernel hangs them up.
"""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PAGE_BYTES = resource.getpagesize()
ENDING_S = 3.0


@dataclass(frozen=True, slots=True)
class Cores:
    """Where processes run: the gateway alone on one core, provider and load generator on another."""

    load: int
    gateway: int


def usable_cores() -> Cores:
    """Gives the first and the last core this process may use; they are the same one on a machine with one core."""
    usable = sorted(os.sched_getaffinity(0))
    return Cores(load=usable[0], gateway=usable[-1])


def raise_file_limit(wanted: int = 65_536) -> int:
    """Lets this process and its children open `wanted` files, or as many as it may; gives the limit reached."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(wanted, hard), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        except (ValueError, PermissionError):
            continue  # only root may raise the hard limit
        return limit
    return hard


def take_precedence(niceness: int = -10) -> bool:
    """Puts this process and its later children before ordinary ones; False where only root may.

    A neighbour's work on a shared machine would otherwise be measured as lateness of whoever runs beside it.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
    except PermissionError:
        return False
    return True


def tree(root: int) -> list[int]:
    """Gives the pids of a process and of all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            children.setdefault(_parent(entry), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def _parent(entry: Path) -> int:
    try:
        # The command may hold spaces and brackets, so count the fields behind its last bracket.
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def cpu_ns(pids: Sequence[int]) -> int:
    """Gives the CPU time that all threads of these processes have used, in nanoseconds."""
    return sum(_thread_ns(task) for pid in pids for task in (PROC / str(pid) / "task").iterdir())


def _thread_ns(task: Path) -> int:
    try:
        return int((task / "schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def user_ns(pids: Sequence[int]) -> int:
    """Gives the part of their CPU time that these processes spent outside the kernel, to the kernel's tick of 10 ms."""
    ticks = sum(int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[11]) for pid in pids)
    return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def resident_bytes(pids: Sequence[int]) -> int:
    """Gives the sum of the resident sets of these processes."""
    return sum(int((PROC / str(pid) / "statm").read_text().split()[1]) for pid in pids) * PAGE_BYTES


class Tree:
    """A process started by the bench, with its descendants."""

    def __init__(self, argv: Sequence[str], core: int, env: Mapping[str, str], log: Path) -> None:
        before = os.sched_getaffinity(0)
        # Set here and inherited: a thread started before a later call took effect would stay unpinned.
        os.sched_setaffinity(0, {core})
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    list(argv),
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
        finally:
            os.sched_setaffinity(0, before)
        self.log = log

    @property
    def pids(self) -> list[int]:
        """The pids of the whole tree as it is now."""
        return tree(self._process.pid)

    def is_alive(self) -> bool:
        """True while the first process of the tree runs (or is stopped)."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Stops every process of the tree, so that its idle work does not count."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Lets every process of the tree go on. Raises RuntimeError with the end of its log when it has ended."""
        if not self.is_alive():
            words = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"a process ended by itself ({self._process.returncode}); its log ends with:\n{words}")
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """Ends the tree, with force after a few seconds; nothing of it lives afterwards."""
        pids = self.pids
        self._signal(signal.SIGCONT)
        if self.is_alive():
            self._process.terminate()
        deadline = time.monotonic() + ENDING_S
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in pids if self.is_alive() else pids[1:]:
            _send(pid, signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        for pid in self.pids if self.is_alive() else []:
            _send(pid, number)


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # ended by itself meanwhile
