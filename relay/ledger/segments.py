"""Segments: append-only files of lines, one process at a time; what was written and not shipped outlives a crash.

A process never goes on in a file that another one began: behind a torn line nothing would be sure. Files are read from
their beginning, in the order of their names, and removed once all of them is kept elsewhere.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from relay.store import StoreError

SEGMENT_BYTES: Final = 16 << 20
READ_BYTES: Final = 1 << 20
BATCH: Final = 500


class Segments:
    """The files of a folder; `append` and `close` are for one thread, `parts` and `remove` for one other.

    raises   StoreError: the folder can't be written, or another process writes there
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as cause:
            raise StoreError(f"can't be written: {(cause.strerror or 'unknown error').lower()}") from cause
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as cause:
            os.close(self._lock)
            raise StoreError("is in use by another process") from cause
        self._file = -1
        self._size = 0
        self.current: str | None = None

    def append(self, block: bytes) -> None:
        """Write whole lines, each with its end, and wait until the disk has them.

        raises   OSError; then nothing of the block counts as written
        """
        if self._file < 0 or self._size >= SEGMENT_BYTES:
            self._begin()
        try:
            view = memoryview(block)
            while view:
                view = view[os.write(self._file, view) :]
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)  # or what comes next would stand behind half a line
            raise
        self._size += len(block)

    def _begin(self) -> None:
        """Go on in a new file, whose name sorts behind all others."""
        self._end()
        newest = max((int(name.partition(".")[0]) for name in self.names()), default=0)
        name = f"{max(time.time_ns(), newest + 1):020d}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._folder / name, flags, 0o600)
        self._size = 0
        self.current = name
        folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _end(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self.current = -1, None

    def close(self) -> None:
        """Append no more."""
        self._end()
        os.close(self._lock)

    def names(self) -> list[str]:
        """Give the files there are, the oldest first."""
        return sorted(path.name for path in self._folder.glob("*.jsonl") if path.stem.isdecimal())

    def parts(self, name: str, start: int) -> Iterator[tuple[list[bytes], int]]:
        """Give the whole lines of a file from `start` on, BATCH at a time, each with the place behind them."""
        with (self._folder / name).open("rb") as opened:
            opened.seek(start)
            rest = b""
            while data := opened.read(READ_BYTES):
                *lines, rest = (rest + data).split(b"\n")
                for at in range(0, len(lines), BATCH):
                    batch = lines[at : at + BATCH]
                    start += sum(map(len, batch)) + len(batch)
                    yield batch, start

    def size(self, name: str) -> int:
        """Give how many bytes a file has."""
        return (self._folder / name).stat().st_size

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self._folder / name).unlink()
