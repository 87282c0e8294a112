"""Daily: days in memory, bounded in days and in rows, and never a nano-dollar less for it."""

from relay.ledger.daily import DAYS, OTHER, Daily
from tests.store.test_archive import FIRST, LAST, record


def test_old_days_go_when_a_new_one_comes() -> None:
    daily = Daily()
    daily.add([record(day, day) for day in range(DAYS + 5)])

    days = [row["date"] for row in daily.activity(FIRST, LAST)]

    assert len(days) == DAYS
    assert days[-1] == "2026-01-06"


def test_rows_beyond_the_bound_are_summed_up_as_others() -> None:
    daily = Daily(rows=3)
    daily.add([record(number, 0, 5, slug=f"m/{number}") for number in range(10)])

    rows = {row["model"]: row["usage_nanousd"] for row in daily.activity(FIRST, LAST)}

    assert rows == {"m/0": 5, "m/1": 5, "m/2": 5, OTHER: 35}


def test_a_clock_that_goes_back_loses_nothing() -> None:
    daily = Daily()
    daily.add([record(1, 40), record(2, 3), record(3, 40)])

    assert sum(row["usage_nanousd"] for row in daily.activity(FIRST, LAST)) == 21
