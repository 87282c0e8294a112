"""Windows of spending against the calendar of the standard library."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.downstream.windows import begin, end

MOMENTS = st.floats(min_value=0, max_value=4e9)
WINDOWS = st.sampled_from(["daily", "weekly", "monthly"])


def began(window: str, moment: datetime) -> datetime:
    """The definition, with dates."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if window == "weekly":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if window == "monthly" else day


@given(window=WINDOWS, now=MOMENTS)
def test_a_window_begins_where_the_calendar_says(window: str, now: float) -> None:
    assert begin(window, now) == began(window, datetime.fromtimestamp(int(now), UTC)).timestamp()


@given(window=WINDOWS, now=MOMENTS)
def test_the_next_window_begins_where_this_one_ends(window: str, now: float) -> None:
    assert begin(window, now) <= now < end(window, now)
    assert begin(window, end(window, now)) == end(window, now)
    assert begin(window, end(window, now) - 1) == begin(window, now)


@pytest.mark.parametrize(
    ("window", "expected"), [("daily", "2024-02-29"), ("weekly", "2024-02-26"), ("monthly", "2024-02-01")]
)
def test_a_leap_day(window: str, expected: str) -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC).timestamp()

    assert datetime.fromtimestamp(begin(window, moment), UTC).date().isoformat() == expected
