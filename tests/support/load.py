"""The compiled provider and load generator of `bench/native`, for tests that need many calls rather than many kinds.

with Provider() as provider: …                       # `u`: unary; `s10x20`: 10 deltas of 20 bytes (script.h)
calls = run(relay.port, "native/u", seconds=2)       # every answer is checked by the generator
"""

import json
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.raw_client import KEY

NATIVE = Path(__file__).parents[2] / "bench" / "native"
PROGRAM = NATIVE / "build" / "loadgen"
LEAD_NS = 200_000_000
GRACE_NS = 10_000_000_000


def build() -> None:
    subprocess.run(["make", "-C", str(NATIVE)], check=True, capture_output=True)


class Provider:
    """The provider as a process; it listens on `port` once the context is entered."""

    def __init__(self) -> None:
        build()
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = int(sock.getsockname()[1])
        self._process = subprocess.Popen([str(PROGRAM), "provider", str(self.port)], stdin=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with socket.socket() as sock:
                if not sock.connect_ex(("127.0.0.1", self.port)):
                    return self
            time.sleep(0.01)
        self._end()
        raise RuntimeError("the compiled provider does not listen")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()


def run(port: int, model: str, *, seconds: float, connections: int = 16, body_bytes: int = 300) -> int:
    """Call in a closed loop; give the number of answers, all of which were right (AssertionError otherwise)."""
    start = time.monotonic_ns() + LEAD_NS
    until = start + int(seconds * 1e9)
    options: dict[str, object] = {
        "port": port,
        "model": model,
        "key": KEY,
        "connections": connections,
        "body-bytes": body_bytes,
        "mode": "closed",
        "rate": 0,
        "spread-ns": 0,
        "from-ns": start,
        "until-ns": until,
        "deadline-ns": until + GRACE_NS,
    }
    argv = [str(PROGRAM), "client", *(f"--{name}={value}" for name, value in options.items())]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=seconds + 30)
    counted = json.loads(done.stdout)
    assert counted["errors"] == 0, f"{counted['faults']} {done.stderr}"
    return int(counted["calls"])
