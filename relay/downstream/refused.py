"""Requests that never became a call leave a line too: refused ones, clients that left early, and our own defects.

At most PER_SECOND lines of one reason leave in a second; the rest is counted and told with the next line (14.5).
"""

import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from relay._core import moment
from relay.clock import Clock
from relay.errors import CallerGone, RelayError

PER_SECOND = 10

Log = Callable[[Mapping[str, Any]], None]


class Refused:
    """Writes these lines to `log`."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._tick = -1
        self._written: dict[str, int] = {}
        self._dropped: dict[str, int] = {}

    def note(self, error: RelayError, method: str, id: str | None) -> None:
        """Note a request that was answered with `error`, or not at all."""
        if self._may_write(error.reason):
            outcome = "client_gone" if isinstance(error, CallerGone) else "error"
            facts = {"method": method[:16], "status": error.status, "error_type": error.reason, "outcome": outcome}
            self._log({**_line("refused", "warning", id), **facts, "left_out": self._dropped.pop(error.reason, 0)})

    def defect(self, error: Exception, id: str | None) -> None:
        """Note a bug: where it broke. Exception arguments may hold content and are left out (SEC-9)."""
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        self._log({**_line("defect", "error", id), "type": type(error).__name__, "frames": frames})

    def _may_write(self, reason: str) -> bool:
        if self._tick != self._clock.tick:
            self._tick = self._clock.tick
            self._written.clear()
        self._written[reason] = self._written.get(reason, 0) + 1
        if self._written[reason] <= PER_SECOND:
            return True
        self._dropped[reason] = self._dropped.get(reason, 0) + 1
        return False


def _line(event: str, level: str, id: str | None) -> dict[str, Any]:
    return {"ts": orjson.Fragment(moment(time.time_ns())), "level": level, "event": event, "request_id": id}
