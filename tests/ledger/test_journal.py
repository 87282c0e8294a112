"""Journal: what was put is kept once, also after a crash; a full or broken disk costs memory up to a limit."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.ledger import journal as module
from relay.ledger.journal import Journal
from relay.ledger.segments import Segments
from relay.ledger.shipper import ship
from relay.store import StoreError
from relay.store.archive import Archive
from tests.store.test_archive import line, record

Json = dict[str, Any]
LINES = [line(record(number)) for number in range(40)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SYNC_S", 0.01)
    monkeypatch.setattr(module, "RETRY_S", 0.02)


@pytest.fixture
def notes() -> list[Json]:
    return []


def block(*lines: bytes) -> bytes:
    return b"\n".join((*lines, b""))


def segments_of(folder: Path) -> list[Path]:
    return sorted((folder / "segments").glob("*.jsonl"))


def spent(folder: Path) -> int:
    archive = Archive(folder / "archive.db", create=False)
    found, _ = archive.spent("dev", 0)
    archive.close()
    return found


async def test_what_is_put_is_on_the_disk_soon_and_in_the_archive_when_it_is_asked(
    tmp_path: Path, notes: list[Json]
) -> None:
    journal = Journal(tmp_path, notes.append, None)
    for each in LINES:
        journal.put([each])

    assert await journal.ask(lambda archive: archive.spent("dev", 0)) == (7 * 40, 0)
    assert await journal.close()
    assert segments_of(tmp_path) == []
    assert (spent(tmp_path), notes) == (7 * 40, [])


async def test_it_ships_by_itself(tmp_path: Path, notes: list[Json]) -> None:
    journal = Journal(tmp_path, notes.append, None)
    journal.put(LINES)
    async with asyncio.timeout(5):
        while spent(tmp_path) < 7 * 40:
            await asyncio.sleep(0.01)
    assert await journal.close()


async def test_what_a_crash_left_is_shipped_once_and_a_torn_line_is_a_gap(tmp_path: Path, notes: list[Json]) -> None:
    left = tmp_path / "segments"
    left.mkdir()
    (left / "00000000000000000001.jsonl").write_bytes(block(*LINES[:10]))
    (left / "00000000000000000002.jsonl").write_bytes(block(*LINES[5:20]) + LINES[20][:30])

    journal = Journal(tmp_path, notes.append, None)
    journal.put(LINES[20:])
    assert await journal.ask(lambda archive: (archive.spent("dev", 0), archive.gaps())) == ((7 * 40, 0), 1)
    assert await journal.close()

    assert notes == [{"level": "warning", "event": "ledger_recovered", "segments": 2, "records": 25, "gaps": 1}]
    assert segments_of(tmp_path) == []


async def test_what_is_written_meanwhile_is_nothing_that_a_crash_left(tmp_path: Path) -> None:
    segments, archive = Segments(tmp_path), Archive(tmp_path / "archive.db", create=True)
    (tmp_path / "00000000000000000001.jsonl").write_bytes(block(*LINES[:10]))
    left = segments.names()
    segments.append(block(*LINES[10:]))

    assert ship(segments, archive, left).records == 10
    assert segments.names() == [segments.current]
    assert ship(segments, archive).records == len(LINES) - 10
    segments.close()
    archive.close()


async def test_a_segment_that_was_archived_in_part_goes_on_where_it_was(tmp_path: Path) -> None:
    """The process died between the archive's commit and the next one, or before the file was removed."""
    segments, archive = Segments(tmp_path), Archive(tmp_path / "archive.db", create=True)
    segments.append(block(*LINES))
    (name,) = segments.names()
    archive.append(LINES[:15], name, len(block(*LINES[:15])))

    moved = ship(segments, archive)

    assert (moved.records, archive.spent("dev", 0)) == (25, (7 * 40, 0))
    assert segments.names() == [name]  # it is still written to
    segments.close()
    archive.close()


async def test_files_go_on_in_another_when_they_are_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.ledger.segments.SEGMENT_BYTES", 500)
    segments, archive = Segments(tmp_path), Archive(tmp_path / "archive.db", create=True)
    for each in LINES[:5]:
        segments.append(block(each))
    assert len(segments.names()) == 5

    assert ship(segments, archive).records == 5

    assert segments.names() == [segments.current]
    segments.close()
    archive.close()


class Broken:
    """A disk that takes half of a write, then nothing, until it is mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._write: Callable[[int, bytes], int] = os.write
        self._halves = 1
        self.is_broken = True
        monkeypatch.setattr("relay.ledger.segments.os.write", self)

    def __call__(self, file: int, data: bytes) -> int:
        if not self.is_broken:
            return self._write(file, data)
        if self._halves:
            self._halves -= 1
            return self._write(file, data[: len(data) // 2])
        raise OSError(28, "No space left on device")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broken]:
    return iter([Broken(monkeypatch)])


async def test_a_full_disk_loses_nothing_that_fits_into_memory(
    tmp_path: Path, notes: list[Json], disk: Iterator[Broken]
) -> None:
    broken = next(disk)
    journal = Journal(tmp_path, notes.append, None)
    journal.put(LINES[:20])
    await _until(lambda: bool(notes))
    assert notes == [{"level": "error", "event": "ledger_unwritable", "reason": "no space left on device"}]
    journal.put(LINES[20:])

    broken.is_broken = False
    await _until(lambda: len(notes) == 2)

    assert notes[1] == {"level": "info", "event": "ledger_writable", "dropped": 0}
    assert await journal.close()
    assert spent(tmp_path) == 7 * 40


@pytest.mark.parametrize("refuses", [False, True])
async def test_beyond_the_limit_lines_are_dropped_and_counted_or_calls_refused(
    tmp_path: Path, notes: list[Json], disk: Iterator[Broken], refuses: bool
) -> None:
    broken, states = next(disk), list[bool]()
    limit = len(block(*LINES[:10]))
    journal = Journal(tmp_path, notes.append, states.append if refuses else None, limit)
    for each in LINES[:12]:
        journal.put([each])
    await _until(lambda: len(notes) == 2)

    assert notes[0] == {"level": "error", "event": "ledger_full", "dropping": not refuses}
    assert (journal.dropped, states) == (0 if refuses else 2, [True] if refuses else [])

    broken.is_broken = False
    await _until(lambda: len(notes) == 3)

    assert notes[2] == {"level": "info", "event": "ledger_writable", "dropped": journal.dropped}
    assert states == ([True, False] if refuses else [])
    assert await journal.close()
    assert spent(tmp_path) == 7 * (12 if refuses else 10)


async def test_what_the_disk_does_not_take_at_the_end_is_told(
    tmp_path: Path, notes: list[Json], disk: Iterator[Broken]
) -> None:
    next(disk)
    journal = Journal(tmp_path, notes.append, None)
    journal.put(LINES)

    assert not await journal.close()


async def test_an_archive_that_cannot_be_written_leaves_the_segments(tmp_path: Path, notes: list[Json]) -> None:
    journal = Journal(tmp_path, notes.append, None)
    other = Archive(tmp_path / "archive.db", create=False)
    other._connection.execute("BEGIN IMMEDIATE")
    journal._archive._connection.set_busy_timeout(1)
    journal.put(LINES)

    assert not await journal.close()

    assert [note["event"] for note in notes][-1] == "ledger_not_shipped"
    assert len(segments_of(tmp_path)) == 1
    other._connection.execute("ROLLBACK")
    other.close()
    again = Journal(tmp_path, notes.append, None)
    assert await again.ask(lambda archive: archive.spent("dev", 0)) == (7 * 40, 0)
    assert await again.close()


async def test_two_processes_cannot_share_a_folder(tmp_path: Path, notes: list[Json]) -> None:
    journal = Journal(tmp_path, notes.append, None)
    with pytest.raises(StoreError, match="another process"):
        Journal(tmp_path, notes.append, None)
    assert await journal.close()
    assert await Journal(tmp_path, notes.append, None).close()


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, notes: list[Json]) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="can't be written"):
        Journal(tmp_path / "file" / "ledger", notes.append, None)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)
