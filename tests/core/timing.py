"""How cost grows with size: ratios of CPU time measured in turn, never a time of its own; and memory held."""

import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median


def growth(work: Callable[[int], object], small: int, large: int, rounds: int = 5) -> float:
    """Give the median of cost(large) / cost(small) over some rounds; linear work gives large / small."""
    return median(_cost(work, large) / _cost(work, small) for _ in range(rounds))


def _cost(work: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    work(size)
    return time.process_time() - start


def resident_bytes() -> int:
    """Give the resident memory of this process, buffers of compiled code included."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
