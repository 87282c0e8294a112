"""Pieces of real source code: the standard library of the Python that runs.

Nobody has labelled that code, so a piece in which a reader would have to look twice for personal data (an address, a
long number, an assigned secret) is left out. What remains still has decorators, slices, versions, constants and hex.
"""

import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from random import Random

from .texts import Piece

LINES = 24
DOUBTFUL = re.compile(
    r"""
      [\w.+'-]@\w                                      # an email, or a clone address
    | \d+\.\d+\.\d+\.\d+                              # an address, or a version of four numbers
    | \w*:\w*:\w*:\w*:                                # IPv6, MAC
    | (?:\d[ ()./-]{0,2}){9}                           # phones, cards, accounts
    | [A-Z]{2}\d\d[ ]?\w{4}                            # IBANs
    | \w{8}-\w{4}-\w{4}                                # UUIDs
    | (?=[^\W\d]*\d)\w{32}                             # keys and digests
    | (?i:passw|passphrase|secret|token|key|credential)[\w\ "'\]]*(?:[:=]|\bis\b)\s*[\w]?["'][^"'\s]{8}
    | (?i:bearer|basic|token|authorization:)\s+\S{12}
    | BEGIN\ | ://[^/\s]*:                            # key files, URL credentials
    """,
    re.VERBOSE,
)


def texts(random: Random, count: int = 400) -> Iterator[tuple[Piece, ...]]:
    """Give `count` pieces of at most 24 lines, each from a module drawn evenly."""
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    given = 0
    while given < count:
        piece = _piece(random.choice(modules), random)
        if piece and not DOUBTFUL.search(piece):
            yield (piece,)
            given += 1


def _piece(module: Path, random: Random) -> str:
    lines = module.read_text(encoding="utf-8").splitlines(keepends=True)
    start = random.randrange(max(1, len(lines) - LINES))
    return "".join(lines[start : start + LINES]).strip()
