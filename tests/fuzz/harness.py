"""What all fuzz targets share: the way into atheris, and the ways to cut an input."""

import sys
from collections.abc import Callable
from importlib import import_module

from tests.support.streams import in_pieces


def cuts(data: bytes) -> list[list[bytes]]:
    """An input byte by byte, in threes and in halves: each must give what the whole gives."""
    return [in_pieces(data, 1), in_pieces(data, 3), in_pieces(data, len(data) // 2 + 1)]


def fuzz(check: Callable[[bytes], None]) -> None:
    """Hand `check` to libFuzzer, which reads its options from the command line and never returns."""
    atheris = import_module("atheris")
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
