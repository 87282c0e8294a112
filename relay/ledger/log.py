"""LogWriter: lines to a file descriptor without ever blocking the loop.

Lines collect for FLUSH_S and leave in one write on a thread of their own; above LIMIT bytes not yet written new lines
are dropped and counted (OBS-7). flush() at the end waits for what is left, PATIENCE_S at most: who reads a pipe may
have stopped reading, or be gone, and neither may keep a process from its end.
"""

import asyncio
import os
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

FLUSH_S = 0.02
LIMIT = 16 << 20
PATIENCE_S = 10.0


class LogWriter:
    """Writes lines to `fd`; used from the loop's thread only."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: list[bytes] = []
        self._size = 0
        self._writing: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._blocks: SimpleQueue[tuple[bytes, asyncio.Future[None]] | None] = SimpleQueue()
        # No executor's: Python would wait for its thread at the end of the process, however long that takes.
        Thread(target=self._write_blocks, name="relay-log", daemon=True).start()
        self.dropped = 0

    def write(self, lines: list[bytes]) -> None:
        """Take lines without their line ends."""
        if self._size > LIMIT:
            self.dropped += len(lines)
            return
        self._lines += lines
        self._size += sum(map(len, lines)) + len(lines)
        if self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self._start)

    def _start(self) -> None:
        self._timer = None
        block = b"\n".join((*self._lines, b""))
        count = len(self._lines)
        self._lines.clear()
        self._writing = asyncio.get_running_loop().create_future()
        self._writing.add_done_callback(lambda written: self._wrote(written, len(block), count))
        self._blocks.put((block, self._writing))

    def _write_blocks(self) -> None:
        while (block := self._blocks.get()) is not None:
            content, written = block
            fault = self._write_all(content)
            with suppress(RuntimeError):  # the loop has ended
                written.get_loop().call_soon_threadsafe(_settle, written, fault)

    def _write_all(self, block: bytes) -> OSError | None:
        view = memoryview(block)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as fault:
            return fault
        return None

    def _wrote(self, written: asyncio.Future[None], size: int, count: int) -> None:
        """Go on; lines that nobody takes are gone, and a line about it would be the next of them."""
        self._size -= size
        self._writing = None
        if not written.cancelled() and written.exception() is not None:
            self.dropped += count
        if self._lines:
            self._start()

    async def flush(self) -> None:
        """Write all that is left, as far as somebody takes it, and end."""
        if self._timer is not None:
            self._timer.cancel()
            self._start()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while self._writing is not None:
                    await asyncio.wait([self._writing])
        self._blocks.put(None)


def _settle(written: asyncio.Future[None], fault: OSError | None) -> None:
    if fault is None:
        written.set_result(None)
    else:
        written.set_exception(fault)
