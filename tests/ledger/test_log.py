"""LogWriter before a descriptor that nobody reads: calls go on, and so does the end of the process."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from relay.ledger import log
from relay.ledger.log import LogWriter


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        with suppress(OSError):  # closed by the test
            os.close(end)


async def test_lines_arrive_whole_and_in_order(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1])
    writer.write([b"one", b"two"])
    await asyncio.sleep(0.1)
    writer.write([b"three"])
    await writer.flush()

    assert os.read(pipe[0], 100) == b"one\ntwo\nthree\n"


async def test_a_reader_that_has_stopped_does_not_hold_the_end_up(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PATIENCE_S", 0.2)
    writer = LogWriter(pipe[1])
    writer.write([b"x" * (fcntl.fcntl(pipe[1], fcntl.F_GETPIPE_SZ) + 1)])

    async with asyncio.timeout(2):
        await writer.flush()

    os.close(pipe[0])  # lets the thread go


async def test_a_reader_that_is_gone_costs_lines_and_nothing_else(pipe: tuple[int, int]) -> None:
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    os.close(pipe[0])
    writer = LogWriter(pipe[1])
    writer.write([b"one", b"two"])
    await asyncio.sleep(0.1)
    writer.write([b"three"])
    await writer.flush()

    assert writer.dropped == 3
    assert told == []
