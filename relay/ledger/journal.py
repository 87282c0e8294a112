"""Journal: records that outlive the process (spec/operations.md USG-6, USG-7).

put(lines)     takes what Ledger.settle made; a bounded queue, nobody waits
close()        all that was put is on the disk and, where that works, in the archive
ask(question)  an answer of the archive that knows every line put before

Lines collect for SYNC_S and leave in one write and one sync on a thread of their own; another one ships them to the
archive. Where the disk is full or broken they wait, up to LIMIT bytes; then they are dropped and counted, or, where
the operator says `refuse`, no new calls are taken until they have left.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from relay.ledger.segments import Segments
from relay.ledger.shipper import Shipped, ship
from relay.store.archive import Archive

SYNC_S: Final = 0.25
RETRY_S: Final = 1.0
LIMIT: Final = 32 << 20
ARCHIVE: Final = "archive.db"

Answer = TypeVar("Answer")
Note = Callable[[dict[str, Any]], None]


class Journal:
    """The records of a folder; used from the loop's thread.

    refuses   called with True when no more calls may be taken, with False when they may again; None: lines are dropped
    note      takes events for the log
    dropped   lines that nobody has
    raises    StoreError
    """

    def __init__(self, folder: Path, note: Note, refuses: Callable[[bool], None] | None, limit: int = LIMIT) -> None:
        self._segments = Segments(folder / "segments")
        self._archive = Archive(folder / ARCHIVE, create=True)
        self._note = note
        self._refuses = refuses
        self._limit = limit
        self._lines: list[bytes] = []
        self._size = 0  # of them, and of what is being written
        self._is_full = False
        self._is_broken = False
        self._is_shipping = False
        self._is_ahead = False  # of what is shipped
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._writer = ThreadPoolExecutor(1, "relay-segments")
        self._shipper = ThreadPoolExecutor(1, "relay-archive")
        self._tasks: set[asyncio.Task[None]] = set()
        self.dropped = 0
        if left := self._segments.names():
            # At once: who asks for the archive's sums, from whichever thread, finds what a crash left in them.
            # Those alone: what this process writes meanwhile is nothing that a crash left.
            moving = asyncio.get_running_loop().run_in_executor(
                self._shipper, ship, self._segments, self._archive, left
            )
            self._run(self._recover(len(left), moving))

    def put(self, lines: Sequence[bytes]) -> None:
        """Take finished lines without their line end."""
        size = sum([len(line) + 1 for line in lines])
        if self._size + size > self._limit:
            self._fill()
            if self._refuses is None:
                self.dropped += len(lines)
                return
        self._lines += lines
        self._size += size
        if self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(SYNC_S, self._start)

    def _fill(self) -> None:
        if self._is_full:
            return
        self._is_full = True
        self._note({"level": "error", "event": "ledger_full", "dropping": self._refuses is None})
        if self._refuses is not None:
            self._refuses(True)

    def _start(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        lines, self._lines = self._lines, []
        block = b"\n".join((*lines, b""))
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._segments.append, block)
        except OSError as error:
            self._lines[:0] = lines
            self._broke(error)
        else:
            self._wrote(len(block))
        self._writing = None
        if self._lines:
            wait_s = RETRY_S if self._is_broken else SYNC_S
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._start)

    def _broke(self, error: OSError) -> None:
        if not self._is_broken:
            self._is_broken = True
            self._note({"level": "error", "event": "ledger_unwritable", "reason": (error.strerror or "error").lower()})

    def _wrote(self, size: int) -> None:
        self._size -= size
        if self._is_broken or self._is_full:
            self._is_broken = self._is_full = False
            self._note({"level": "info", "event": "ledger_writable", "dropped": self.dropped})
            if self._refuses is not None:
                self._refuses(False)
        self._is_ahead = True
        if not self._is_shipping:
            self._is_shipping = True
            self._run(self._ship())

    async def _ship(self) -> None:
        while self._is_ahead:
            self._is_ahead = False
            if await self._shipped() is None:
                break
        self._is_shipping = False

    async def _recover(self, segments: int, moving: asyncio.Future[Shipped]) -> None:
        """Say what came of what a process before this one left."""
        moved = await self._outcome(moving)
        if moved is not None:
            told = {"segments": segments, "records": moved.records, "gaps": moved.gaps}
            self._note({"level": "warning", "event": "ledger_recovered"} | told)

    async def _shipped(self) -> Shipped | None:
        """Ship; None when the archive can't be written: the segments stay, and the next write tries again."""
        return await self._outcome(self._on_archive(lambda: ship(self._segments, self._archive)))

    async def _outcome(self, moving: Awaitable[Shipped]) -> Shipped | None:
        try:
            return await moving
        except (OSError, apsw.Error) as error:
            self._note({"level": "error", "event": "ledger_not_shipped", "reason": type(error).__name__})
            return None

    async def ask(self, question: Callable[[Archive], Answer], *, needs_all: bool = False) -> Answer:
        """Give the archive's answer, once it has every line that was put before.

        raises   apsw.Error when the archive can't be read
        """
        await self._flush()
        if await self._shipped() is None and needs_all:
            raise apsw.Error("segments are left that the archive does not hold")
        return await self._on_archive(lambda: question(self._archive))

    async def _on_archive(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._shipper, work)

    async def _flush(self) -> None:
        """Write all that was put, at once; what the disk does not take stays."""
        if self._timer is not None:
            self._timer.cancel()
            self._start()
        while self._writing is not None and not self._is_broken:
            await asyncio.wait([self._writing])
            if self._timer is not None and not self._is_broken:
                self._timer.cancel()
                self._start()

    async def close(self) -> bool:
        """Write and ship all that is left, and end; False when some of it is not in the archive (LIF-7)."""
        self._is_broken = False
        await self._flush()
        if self._timer is not None:
            self._timer.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._segments.current = None  # all of it is to be shipped
        moved = await self._shipped()
        self._writer.shutdown()
        self._shipper.shutdown()
        self._segments.close()
        self._archive.close()
        return moved is not None and not self._lines

    def _run(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
