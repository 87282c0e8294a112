"""From segments to the archive: ship() moves what is there, at least once; the archive keeps it once.

What a crash left is shipped as anything else. Bytes behind the last whole line of a file that nobody writes any more
are a gap: they are noted, and told.
"""

from collections.abc import Sequence

from relay.ledger.segments import Segments
from relay.store.archive import Archive


class Shipped:
    """What one round moved: records, and gaps that were found."""

    __slots__ = ("gaps", "records")

    def __init__(self) -> None:
        self.records = 0
        self.gaps = 0


def ship(segments: Segments, archive: Archive, names: Sequence[str] | None = None) -> Shipped:
    """Move all whole lines, and remove the files that are done with.

    names    of these files alone; None: of all there are
    raises   OSError, apsw.Error: what was not moved stays, for the next time
    """
    moved = Shipped()
    for name in segments.names() if names is None else names:
        is_open = name == segments.current  # asked before its size: what is closed grows no more
        size = segments.size(name)
        at = archive.shipped(name)
        for lines, end in segments.parts(name, at):
            moved.records += len(lines)
            for line in archive.append(lines, name, end):
                archive.missed(name, at, len(line))
                moved.gaps += 1
            at = end
        if is_open:
            continue
        if at < size:
            archive.missed(name, at, size - at)
            moved.gaps += 1
        segments.remove(name)
        archive.forget(name)
    return moved
