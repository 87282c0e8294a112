"""Archive: each record once, whatever comes; sums as Daily has them; a file of a later version is refused."""

from pathlib import Path
from typing import Any

import apsw
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.ledger.daily import Daily
from relay.ledger.record import Outcome, Record
from relay.store import StoreError
from relay.store.archive import Archive
from tests.ledger.test_record import attempted
from tests.route.shapes import call

DAY_NS = 86_400 * 1_000_000_000
FIRST, LAST = "2026-01-01", "2026-12-31"
START_NS = 1_767_225_600 * 1_000_000_000  # 2026-01-01


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive.db", create=True)


def record(number: int = 1, days: int = 0, *costs: int | None, **told: Any) -> Record:
    """A finished call, so many days into 2026, of attempts at these costs."""
    made = Record(call(), "digest", "list 1")
    made.id = f"gen-{number}"
    made.started_ns = START_NS + days * DAY_NS
    made.attempts.extend([attempted(at, cost, **told) for at, cost in enumerate(costs or (7,), 1)])
    made.ended(Outcome.COMPLETE, 200)
    made.close()
    return made


def line(made: Record) -> bytes:
    return made.line()


def test_what_comes_twice_is_kept_once(archive: Archive) -> None:
    lines = [line(record(number)) for number in range(3)]

    for end in (1, 2):
        archive.append(lines, "a", end)

    assert archive.spent("dev", 0) == (21, 0)
    assert archive.shipped("a") == 2
    assert archive.generation("gen-1", "dev") == lines[1].decode()


def test_a_call_is_its_holders_alone(archive: Archive) -> None:
    archive.append([line(record())], "a", 1)

    assert archive.generation("gen-1", "other") is None
    assert archive.generation("gen-2", "dev") is None
    assert archive.spent("other", 0) == (0, 0)


def test_money_counts_from_the_moment_that_is_asked_for(archive: Archive) -> None:
    archive.append([line(record(1, 0, 5)), line(record(2, 1, 8))], "a", 1)
    begin = START_NS // 1_000_000_000

    assert [archive.spent("dev", begin + at)[0] for at in (0, 1, 86_400, 86_401)] == [13, 8, 8, 0]


def test_what_is_no_json_is_passed_over_and_told_and_costs_the_others_nothing(archive: Archive) -> None:
    broken = archive.append([b'{"torn":', line(record()), b"\xff\x00", b'{"event":"price_missing"}', b"7"], "a", 1)

    assert broken == [b'{"torn":', b"\xff\x00"]
    assert archive.spent("dev", 0) == (7, 0)


def test_a_call_that_reached_nobody_and_a_count_are_found_but_used_nothing(archive: Archive) -> None:
    refused = Record(call())
    refused.close()
    counted = line(record(2)).replace(b'"operation":"chat"', b'"operation":"count_tokens"')

    archive.append([line(refused), counted], "a", 1)

    assert archive.generation("gen-2", "dev") is not None
    assert archive.usage(["key"], 0) == []


@settings(max_examples=60)
@given(
    calls=st.lists(
        st.tuples(st.integers(0, 3), st.lists(st.none() | st.integers(0, 10**15), min_size=1, max_size=3)), max_size=8
    )
)
def test_days_come_to_the_same_in_the_archive_and_in_memory(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, list[int | None]]]
) -> None:
    records = [record(number, days, *costs) for number, (days, costs) in enumerate(calls)]
    archive, daily = Archive(tmp_path_factory.mktemp("a") / "archive.db", create=True), Daily()
    daily.add(records)
    if records:
        archive.append([line(made) for made in records], "a", 1)

    rows = archive.activity(FIRST, LAST)

    assert rows == daily.activity(FIRST, LAST)
    known = [cost for _, costs in calls for cost in costs if cost is not None]
    assert sum(row["usage_nanousd"] for row in rows) == sum(known)
    assert sum(row["requests"] for row in rows) == len(calls)
    assert sum(row["unpriced"] for row in rows) == sum(costs[-1] is None for _, costs in calls)


def test_activity_keeps_to_its_days(archive: Archive) -> None:
    archive.append([line(record(number, number)) for number in range(5)], "a", 1)

    days = [row["date"] for row in archive.activity("2026-01-02", "2026-01-03")]

    assert days == ["2026-01-03", "2026-01-02"]


def test_usage_is_told_by_what_is_asked_for(archive: Archive) -> None:
    archive.append([line(record(1, 0, 5, 9)), line(record(2, 1, None))], "a", 1)

    by_day = {row["day"]: row for row in archive.usage(["day"], 0)}
    by_place = archive.usage(["key", "model", "provider", "endpoint"], 0)

    assert (by_day["2026-01-01"]["usage_nanousd"], by_day["2026-01-01"]["unpriced"]) == (14, 0)
    assert (by_day["2026-01-02"]["usage_nanousd"], by_day["2026-01-02"]["unpriced"]) == (0, 1)
    assert [(row["endpoint"], row["requests"], row["usage_nanousd"]) for row in by_place] == [
        ("p2/m", 1, 9),
        ("p1/m", 1, 5),
    ]


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    apsw.Connection(str(path)).pragma("user_version", 99)

    with pytest.raises(StoreError, match="newer version"):
        Archive(path, create=True)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(b"no database at all" * 1000)

    with pytest.raises(StoreError, match="no SQLite file"):
        Archive(path, create=True)


def test_lines_hold_what_the_archive_asks_for() -> None:
    told = orjson.loads(line(record()))

    assert told.keys() >= {"request_id", "created", "key_id", "operation", "attempts", "usage", "basis", "model"}
