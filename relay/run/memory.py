"""Memory of a worker: what the allocator keeps, and what it gives back (spec/operations.md 18, AT-6).

Bodies of a megabyte reuse their pages instead of faulting them in anew; pages that lie free between small blocks go
back to the system every TRIM_S seconds, so that the resident set follows what is in use.
"""

import ctypes
import gc

from relay.clock import Clock

TRIM_S = 5
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MMAP_BYTES = 4 << 20
_KEEP_BYTES = 64 << 20
"""Free pages at the heap's end that stay until the next sweep: what a few calls with long histories let go of."""


class Memory:
    """Settings of the C allocator and the collector; without glibc it only settles the collector."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._trimmed = clock.tick
        libc = ctypes.CDLL(None)
        self._libc = libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None

    def settle(self) -> None:
        """Start-up is over: what exists now stays, and what it let go of goes back."""
        if self._libc is not None:
            self._libc.mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
            self._libc.mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES)
        gc.collect()
        if self._libc is not None:
            self._libc.malloc_trim(0)
        gc.freeze()
        gc.set_threshold(25_000, 10, 10)

    def sweep(self) -> None:
        """Once a second: give free pages back when it is time."""
        if self._libc is not None and self._clock.passed(self._trimmed, TRIM_S):
            self._trimmed = self._clock.tick
            self._libc.malloc_trim(0)
