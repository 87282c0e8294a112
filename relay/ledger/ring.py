"""Ring: the last lines of the ledger, in one block of memory of their own.

Kept as objects, ten thousand lines of a kilobyte pin the heap between blocks that come and go, and the process never
gives that memory back. Bounded by `size` bytes and `kept` lines; the oldest go first.
"""

import mmap
from collections import deque


class Ring:
    """Lines by id."""

    def __init__(self, size: int, kept: int) -> None:
        self._memory = mmap.mmap(-1, size)
        self._size = size
        self._kept = kept
        self._at = 0
        self._spans: dict[str, int] = {}  # start * size + the length: a number takes a quarter of a pair
        self._order: deque[str] = deque()

    def add(self, id: str, line: bytes) -> None:
        """Keep a line; one that is larger than a hundredth of the ring is not worth so many others."""
        size = len(line)
        if size > self._size // 100:
            return
        if len(self._order) == self._kept:
            del self._spans[self._order.popleft()]
            # An eighth came free at the start: go on there, and touch no more memory than so many lines need.
            if self._order and size + self._at // 8 <= self._start(self._order[0]) < self._at:
                self._at = 0
        if self._at + size > self._size:
            self._drop(self._at, self._size)
            self._at = 0
        self._drop(self._at, self._at + size)
        self._memory[self._at : self._at + size] = line
        self._spans[id] = self._at * self._size + size
        self._order.append(id)
        self._at += size

    def _drop(self, start: int, end: int) -> None:
        """Forget the oldest lines as long as they lie in [start, end)."""
        while self._order and start <= self._start(self._order[0]) < end:
            del self._spans[self._order.popleft()]

    def _start(self, id: str) -> int:
        return self._spans[id] // self._size

    def find(self, id: str) -> bytes | None:
        """Give a line that is still kept."""
        if id not in self._spans:
            return None
        at, size = divmod(self._spans[id], self._size)
        return self._memory[at : at + size]
