"""relay and its embedded provider as real processes, as an operator starts them.

    with Running.relay(config, folder) as relay:     # python -m relay serve -c <folder>/relay.yaml
        relay.port, relay.records, relay.rss_bytes()

A process is ready when its first line of stdout is there. Its stderr is kept line by line: `records` are the lines of
calls, `lines` is all of it, for those who look for secrets. Leaving the context ends the process by its pid, with force
after a few seconds; the kernel ends it when the tests themselves are killed.
"""

import asyncio
import ctypes
import errno
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

ROOT = Path(__file__).parents[2]
READY_S = 20.0
ENDING_S = 15.0
FILES = 16_384
_PR_SET_PDEATHSIG = 1
_SYS_PIDFD_OPEN, _SYS_PIDFD_GETFD = 434, 438
_PREFIXES = ("RELAY_", "ANTHROPIC_", "OPENAI_", "PYTEST_")
_LIBC = ctypes.CDLL(None, use_errno=True)

Json = dict[str, Any]


class Running:
    """One process of `python -m relay`.

    port    where it listens
    lines   what it wrote to stderr so far, line by line
    banner  what it wrote to stdout so far
    """

    def __init__(self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)}
        self.lines: list[bytes] = []
        self.banner: list[bytes] = []
        self._parsed: list[Json | None] = []
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "relay", *arguments],
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_die_with_parent,
        )
        self._readers = [
            _reading(self._process.stdout, self.banner, self._ready),
            _reading(self._process.stderr, self.lines, None),
        ]
        self.port = self._listening_port()

    @classmethod
    def relay(cls, config: Json, folder: Path, environ: Mapping[str, str] | None = None) -> Self:
        """Start the gateway with a configuration; it listens on a free port of loopback unless that says otherwise."""
        path = folder / "relay.yaml"
        path.write_text(json.dumps({"listen": "127.0.0.1:0"} | config))  # JSON is YAML
        return cls(["serve", "-c", str(path)], folder, environ or {})

    @classmethod
    def demo(cls, folder: Path) -> Self:
        """Start the embedded provider by itself."""
        return cls(["demo", "--listen", "127.0.0.1:0"], folder, {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def _listening_port(self) -> int:
        self._ready.wait(READY_S)
        found = re.search(rb"http://127\.0\.0\.1:(\d+)", self.banner[0]) if self.banner else None
        if found is None:
            self.end()
            raise RuntimeError(f"the process did not start: {b' '.join(self.lines).decode(errors='replace')}")
        return int(found[1])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def records(self) -> list[Json]:
        """The lines of finished calls."""
        return [line for line in self.log if line.get("event") == "call"]

    @property
    def log(self) -> list[Json]:
        """All lines that are JSON."""
        for line in self.lines[len(self._parsed) :]:
            self._parsed.append(json.loads(line) if line.startswith(b"{") else None)
        return [line for line in self._parsed if line is not None]

    def forget(self) -> None:
        """Let go of all lines so far."""
        self.lines.clear()
        self._parsed.clear()

    @property
    def noise(self) -> list[bytes]:
        """Lines that are no JSON: warnings and tracebacks that nobody meant to write."""
        return [line for line in self.lines if not line.startswith(b"{")]

    async def find(self, matches: Callable[[Json], bool], within_s: float = 2.0) -> Json:
        """Give the newest line for which `matches` is true, waiting for it; AssertionError when none comes."""
        deadline = time.monotonic() + within_s
        while True:
            found = [line for line in self.log if matches(line)]
            if found:
                return found[-1]
            assert time.monotonic() < deadline, f"no such line; the last are {[line[:300] for line in self.lines[-3:]]}"
            await asyncio.sleep(0.01)

    async def record(self, matches: Callable[[Json], bool], within_s: float = 2.0) -> Json:
        """Give the newest record of a call for which `matches` is true, waiting for it."""
        return await self.find(lambda line: line.get("event") == "call" and matches(line), within_s)

    async def record_of(self, model: str, within_s: float = 2.0) -> Json:
        """Give the record of the call that asked for `model`."""
        return await self.record(lambda record: record["request_model"] == model, within_s)

    def rss_bytes(self) -> int:
        """Give the resident memory; exact, unlike `statm`, which lags behind by some pages a thread."""
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return int(rollup.split("Rss:")[1].split()[0]) * 1024

    def open_files(self) -> int:
        """Give how many file descriptors it holds."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def exit_code(self, within_s: float) -> int:
        """Wait for its end; TimeoutError when it does not come."""
        async with asyncio.timeout(within_s):
            while self.is_alive:
                await asyncio.sleep(0.01)
        self._settle()
        return self._process.returncode

    def end(self) -> None:
        """End it: with SIGTERM twice, which means at once, then with force."""
        for number in (signal.SIGTERM, signal.SIGTERM):
            if self.is_alive:
                self._process.send_signal(number)
                time.sleep(0.02)
        try:
            self._process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._settle()

    def _settle(self) -> None:
        for reader in self._readers:
            reader.join(5)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def sockets_of(pid: int) -> Iterator[socket.socket]:
    """Give duplicates of the connected TCP sockets that a process holds; each is closed when the next is asked for.

    raises   PermissionError where the kernel does not let a process look into its child
    """
    pidfd = _LIBC.syscall(_SYS_PIDFD_OPEN, pid, 0)
    try:
        for entry in list(Path(f"/proc/{pid}/fd").iterdir()):
            yield from _connected(pidfd, entry)
    finally:
        os.close(pidfd)


def _connected(pidfd: int, entry: Path) -> Iterator[socket.socket]:
    try:
        if not str(entry.readlink()).startswith("socket:"):
            return
    except OSError:
        return  # closed in the meantime
    fd = _LIBC.syscall(_SYS_PIDFD_GETFD, pidfd, int(entry.name), 0)
    if fd < 0 and ctypes.get_errno() != errno.EBADF:
        raise PermissionError(ctypes.get_errno(), "pidfd_getfd")
    if fd < 0:
        return
    with socket.socket(fileno=fd) as sock:
        try:
            sock.getpeername()
        except OSError:
            return
        if sock.family == socket.AF_INET:
            yield sock


def raise_file_limit() -> None:
    """Let this process and those it starts open thousands of sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))


def _reading(pipe: IO[bytes] | None, lines: list[bytes], first: threading.Event | None) -> threading.Thread:
    assert pipe is not None

    def read() -> None:
        for line in pipe:
            lines.append(line.rstrip(b"\n"))
            if first is not None:
                first.set()
        if first is not None:
            first.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
