"""Clock: the one place where hot code learns the time, stamped once a second.

Callbacks of sockets note `tick` instead of starting a timer; the sweeper compares it. Precision: one second.
"""

import time
from email.utils import formatdate


class Clock:
    """Seconds since start as `tick`, and the `date` field's line for responses."""

    __slots__ = ("_started", "date", "tick")

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.tick = 0
        self.date = b""
        self.advance()

    def passed(self, since: int, seconds: float) -> bool:
        """Tell whether at least `seconds` have gone by since the tick `since`: late by up to 2 s, never early."""
        return self.tick - since >= seconds + 1

    def advance(self) -> int:
        """Read the real clocks; give the tick."""
        self.tick = int(time.monotonic() - self._started)
        self.date = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        return self.tick
