"""Daily: what was used by day, model and endpoint, where no archive is kept; in memory, bounded."""

from collections.abc import Sequence
from time import gmtime, strftime
from typing import Any, Final

from relay.catalog import Attempt
from relay.ledger.record import Record
from relay.price import count

DAYS: Final = 31
ROWS: Final = 20_000
OTHER: Final = "_OTHER"
_DAY_NS: Final = 86_400 * 1_000_000_000


class Sums:
    """What attempts of one day used together at one place; the names are those of the archive's rows."""

    __slots__ = (
        "byok_nanousd",
        "completion_tokens",
        "prompt_tokens",
        "reasoning_tokens",
        "requests",
        "unpriced",
        "usage_nanousd",
    )

    def __init__(self) -> None:
        self.requests = self.prompt_tokens = self.completion_tokens = self.reasoning_tokens = 0
        self.usage_nanousd = self.byok_nanousd = self.unpriced = 0

    def add(self, attempt: Attempt, is_last: bool) -> None:
        usage, cost = attempt.usage, attempt.cost
        self.requests += is_last
        self.prompt_tokens += (
            count(usage, "input_tokens")
            + count(usage, "cache_read_input_tokens")
            + count(usage, "cache_creation_input_tokens")
        )
        self.completion_tokens += count(usage, "output_tokens")
        self.reasoning_tokens += count(usage, "reasoning_output_tokens")
        if cost is None:
            self.unpriced += is_last
            return
        self.usage_nanousd += cost.total_nanousd
        self.byok_nanousd += cost.upstream_nanousd or 0


Place = tuple[int, str, str, str, str]
"""Day since 1970, and `model`, `upstream_model`, `endpoint`, `provider` as the archive has them."""


class Daily:
    """Sums of the last DAYS days. Clients may name any number of models: further ones are OTHER."""

    def __init__(self, rows: int = ROWS) -> None:
        self._rows = rows
        self._sums: dict[Place, Sums] = {}
        self._newest = 0

    def add(self, records: Sequence[Record]) -> None:
        """Take records that have ended."""
        for record in records:
            day = record.started_ns // _DAY_NS
            if day > self._newest:
                self._turn(day)
            last = len(record.attempts) if record.operation == "chat" else 0
            if not last:
                continue
            for attempt in record.attempts:
                endpoint = attempt.endpoint
                place = (day, attempt.slug, attempt.model, endpoint.id, endpoint.display_name)
                sums = self._sums.get(place)
                if sums is None:
                    sums = self._room(place)
                sums.add(attempt, attempt.number == last)

    def _turn(self, day: int) -> None:
        """A new day: the oldest ones go."""
        self._newest = day
        self._sums = {place: sums for place, sums in self._sums.items() if place[0] > day - DAYS}

    def _room(self, place: Place) -> Sums:
        if len(self._sums) >= self._rows:
            place = (place[0], OTHER, OTHER, place[3], place[4])  # endpoints are as many as the operator wrote
        return self._sums.setdefault(place, Sums())

    def activity(self, first: str, last: str) -> list[dict[str, Any]]:
        """Give rows as Archive.activity does."""
        found = [
            _row(strftime("%Y-%m-%d", gmtime(place[0] * 86_400)), place, sums) for place, sums in self._sums.items()
        ]
        kept = [row for row in found if first <= row["date"] <= last]
        kept.sort(key=lambda row: (row["model"], row["upstream_model"], row["endpoint"], row["provider"]))
        return sorted(kept, key=lambda row: row["date"], reverse=True)


def _row(date: str, place: Place, sums: Sums) -> dict[str, Any]:
    _, model, upstream_model, endpoint, provider = place
    return {
        "date": date,
        "model": model,
        "upstream_model": upstream_model,
        "endpoint": endpoint,
        "provider": provider,
        "requests": sums.requests,
        "prompt_tokens": sums.prompt_tokens,
        "completion_tokens": sums.completion_tokens,
        "reasoning_tokens": sums.reasoning_tokens,
        "usage_nanousd": sums.usage_nanousd,
        "byok_nanousd": sums.byok_nanousd,
        "unpriced": sums.unpriced,
    }
