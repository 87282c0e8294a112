"""Books: what finished calls were, for those who ask: GET /v1/generation and GET /v1/activity.

A call is in the ring as soon as it has ended, and later in the archive where one is kept; days are summed up there, or
in memory. Whatever waits for a disk does so off the loop.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from relay.call import Identity
from relay.errors import CallerInvalid
from relay.ledger.daily import Daily
from relay.ledger.record import Record
from relay.ledger.view import activity_row, generation

if TYPE_CHECKING:
    from relay.ledger.journal import Journal

DAYS: Final = 30


class Books:
    """One worker's.

    find      gives the line of one of the last calls
    journal   None: nothing outlives the process
    now       Unix seconds
    """

    def __init__(self, journal: "Journal | None", now: Callable[[], float]) -> None:
        self._journal = journal
        self._daily = Daily() if journal is None else None
        self._now = now

    def keep(self, records: Sequence[Record], lines: Sequence[bytes]) -> None:
        """Take records that have ended, and their lines."""
        if self._journal is not None:
            self._journal.put(lines)
        elif self._daily is not None:
            self._daily.add(records)

    async def generation(self, id: str, identity: Identity, recent: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Give a call of a key's holder; None: there is none.

        recent   its line, where it is among the last ones
        """
        if recent is None and self._journal is not None:
            line = await self._journal.ask(lambda archive: archive.generation(id, identity.name))
            recent = None if line is None else orjson.loads(line)
        if recent is None or recent.get("key_id") != identity.name:
            return None
        return generation(recent)

    async def activity(self, wanted: str | None) -> list[dict[str, Any]]:
        """Give what all keys used on the last 30 full UTC days, or on one of them or today (YYYY-MM-DD).

        raises   CallerInvalid for another date
        """
        today = datetime.fromtimestamp(self._now(), UTC).date()
        first, last = today - timedelta(days=DAYS), today - timedelta(days=1)
        if wanted is not None:
            first = last = _day(wanted, first, today)
        rows = await self._rows(first.isoformat(), last.isoformat())
        return [activity_row(row) for row in rows]

    async def _rows(self, first: str, last: str) -> list[dict[str, Any]]:
        if self._journal is not None:
            return await self._journal.ask(lambda archive: archive.activity(first, last))
        return self._daily.activity(first, last) if self._daily is not None else []


def _day(text: str, first: date, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or not first <= day <= today:
        raise CallerInvalid("date: must be today or one of the last 30 days (UTC), as YYYY-MM-DD")
    return day
