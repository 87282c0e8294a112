"""LogWriter: lines to a file descriptor without ever blocking the loop.

Lines collect for FLUSH_S and leave in one write on a thread of their own; above LIMIT bytes not yet written new lines
are dropped and counted (OBS-7). flush() at the end waits for what is left.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

FLUSH_S = 0.02
LIMIT = 16 << 20


class LogWriter:
    """Writes lines to `fd`; used from the loop's thread only."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: list[bytes] = []
        self._size = 0
        self._writing: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(1, "relay-log")
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
        self._lines.clear()
        self._writing = asyncio.get_running_loop().run_in_executor(self._thread, self._write_all, block)
        self._writing.add_done_callback(lambda _: self._wrote(len(block)))

    def _write_all(self, block: bytes) -> None:
        view = memoryview(block)
        while view:
            view = view[os.write(self._fd, view) :]

    def _wrote(self, size: int) -> None:
        self._size -= size
        self._writing = None
        if self._lines:
            self._start()

    async def flush(self) -> None:
        """Write all that is left, and end."""
        if self._timer is not None:
            self._timer.cancel()
            self._start()
        while self._writing is not None:
            await asyncio.wait([self._writing])
        self._thread.shutdown()
