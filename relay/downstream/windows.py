"""Windows of spending, by the calendar of UTC: `daily`, `weekly` from Monday, `monthly` from the first; pure."""

from calendar import timegm
from time import gmtime
from typing import Final

DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S
_FIRST_MONDAY: Final = 4 * DAY_S  # 1970-01-05


def begin(window: str, now: float) -> int:
    """Give when the window that `now` lies in began, in Unix seconds."""
    second = int(now // 1)
    if window == "daily":
        return second - second % DAY_S
    if window == "weekly":
        return second - (second - _FIRST_MONDAY) % WEEK_S
    at = gmtime(second)
    return timegm((at.tm_year, at.tm_mon, 1, 0, 0, 0))


def end(window: str, now: float) -> int:
    """Give when the next one begins."""
    start = begin(window, now)
    if window == "daily":
        return start + DAY_S
    if window == "weekly":
        return start + WEEK_S
    return begin("monthly", start + 31 * DAY_S)
