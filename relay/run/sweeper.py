"""Sweeper: one tick a second per worker, for all that would otherwise need a timer each."""

import asyncio
from collections.abc import Callable, Sequence

from relay.clock import Clock

TICK_S = 1.0


class Sweeper:
    """Advances the clock and calls every sweep; a sweep never waits."""

    def __init__(self, clock: Clock, sweeps: Sequence[Callable[[], None]]) -> None:
        self._clock = clock
        self._sweeps = sweeps
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Tick from now on."""
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def stop(self) -> None:
        """Tick no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)
        self._clock.advance()
        for sweep in self._sweeps:
            sweep()
