"""What all fuzz targets share: the way into atheris, and the ways to cut an input."""

import sys
from collections.abc import Callable
from importlib import import_module
from signal import ITIMER_REAL, setitimer

from tests.support.streams import in_pieces


def cuts(data: bytes) -> list[list[bytes]]:
    """An input byte by byte, in threes and in halves: each must give what the whole gives."""
    return [in_pieces(data, 1), in_pieces(data, 3), in_pieces(data, len(data) // 2 + 1)]


def checked(check: Callable[[bytes], None], data: bytes) -> None:
    """Check, and have a failing input written: libFuzzer's alarm, were it to go off meanwhile, would end that."""
    try:
        check(data)
    except BaseException:
        setitimer(ITIMER_REAL, 0)
        raise


def fuzz(check: Callable[[bytes], None]) -> None:
    """Hand `check` to libFuzzer, which reads its options from the command line and never returns."""
    atheris = import_module("atheris")
    atheris.Setup(sys.argv, lambda data: checked(check, data))
    atheris.Fuzz()
