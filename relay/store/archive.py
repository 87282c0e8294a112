"""Archive: the records of calls in SQLite, appended as lines of JSON and asked by key, day, model and place.

A call has one row with its line, and one for each attempt, keyed by request id and number: what comes twice is kept
once. Rows are made by SQLite itself from the lines, a batch at a time, so that no line becomes a Python object. Used by
one thread at a time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw

from relay.store.database import opened, writing

Row = dict[str, Any]
BY = {
    "key": "key",
    "model": "model",
    "provider": "provider",
    "endpoint": "endpoint",
    "day": "date(created, 'unixepoch')",
}
"""What usage can be told by, and what it is of an attempt."""

_MIGRATIONS = (
    """
    CREATE TABLE call (
        request_id TEXT PRIMARY KEY,
        created INTEGER NOT NULL,        -- Unix seconds, as everywhere here
        key TEXT NOT NULL,               -- the name
        line TEXT NOT NULL
    );
    CREATE TABLE attempt (
        request_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        created INTEGER NOT NULL,        -- of the call
        key TEXT NOT NULL,
        model TEXT NOT NULL,             -- as clients say it
        upstream_model TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        provider TEXT NOT NULL,          -- its display name
        is_last INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        reasoning_tokens INTEGER NOT NULL,
        basis TEXT NOT NULL,
        cost_nanousd INTEGER,            -- NULL: no price
        upstream_nanousd INTEGER,        -- what the holder of the key paid the provider; NULL: nothing
        PRIMARY KEY (request_id, number)
    ) WITHOUT ROWID;
    CREATE INDEX attempt_by_time ON attempt (created);
    CREATE INDEX attempt_by_key ON attempt (key, created);
    CREATE TABLE segment (name TEXT PRIMARY KEY, shipped INTEGER NOT NULL);
    CREATE TABLE gap (segment TEXT NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (segment, at));
    """,
)
_CALLS = """
    INSERT OR IGNORE INTO call
    SELECT value ->> 'request_id', CAST(value ->> 'created' AS INTEGER), value ->> 'key_id', value
    FROM json_each(?) WHERE value ->> 'event' = 'call'
"""
_ATTEMPTS = """
    INSERT OR IGNORE INTO attempt
    WITH ended AS MATERIALIZED (
        SELECT jsonb(value) AS call FROM json_each(?)
        WHERE value ->> 'event' = 'call' AND value ->> 'operation' = 'chat'
    ), tried AS (
        SELECT call, one.value AS one, one.key + 1 AS number,
            one.key = json_array_length(call, '$.attempts') - 1 AS is_last,
            coalesce(jsonb_extract(one.value, '$.usage'), jsonb_extract(call, '$.usage')) AS usage
        FROM ended, jsonb_each(call, '$.attempts') AS one
    )
    SELECT call ->> 'request_id', number, CAST(call ->> 'created' AS INTEGER), call ->> 'key_id',
        coalesce(one ->> 'slug', call ->> 'model'), one ->> 'model', one ->> 'endpoint', one ->> 'provider_name',
        is_last,
        coalesce(usage ->> 'input_tokens', 0) + coalesce(usage ->> 'cache_read_input_tokens', 0)
            + coalesce(usage ->> 'cache_creation_input_tokens', 0),
        coalesce(usage ->> 'output_tokens', 0), coalesce(usage ->> 'reasoning_output_tokens', 0),
        coalesce(one ->> 'basis', call ->> 'basis'), one ->> 'cost_nanousd', one ->> 'upstream_nanousd'
    FROM tried
"""
_SUMS = """
    sum(is_last) AS requests, sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,
    sum(reasoning_tokens) AS reasoning_tokens, coalesce(sum(cost_nanousd), 0) AS usage_nanousd,
    coalesce(sum(upstream_nanousd), 0) AS byok_nanousd, sum(is_last AND cost_nanousd IS NULL) AS unpriced
"""


class Archive:
    """One file of records.

    create   make one where there is none
    raises   StoreError
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        self._connection = opened(path, _MIGRATIONS, create=create)

    def close(self) -> None:
        self._connection.close()

    def append(self, lines: Sequence[bytes], segment: str, end: int) -> list[bytes]:
        """Keep finished lines, all or none; each is kept once, however often it comes.

        segment, end   the file that they are from, and where the last one ends in it
        returns        those that are no JSON, which were passed over
        """
        with writing(self._connection):
            broken: list[bytes] = []
            try:
                self._insert(lines)
            except apsw.SQLError:
                broken = [line for line in lines if not self._is_json(line)]
                if not broken:
                    raise
                self._insert([line for line in lines if line not in broken])
            self._connection.execute("INSERT OR REPLACE INTO segment VALUES (?, ?)", (segment, end))
        return broken

    def _insert(self, lines: Sequence[bytes]) -> None:
        batch = (b"[" + b",".join(lines) + b"]").decode("utf-8", "replace")
        self._connection.execute(_CALLS, (batch,))
        self._connection.execute(_ATTEMPTS, (batch,))

    def _is_json(self, line: bytes) -> bool:
        return bool(self._connection.execute("SELECT json_valid(?)", (line.decode("utf-8", "replace"),)).get)

    def shipped(self, segment: str) -> int:
        """Give how many bytes of a segment are kept already."""
        row = self._connection.execute("SELECT shipped FROM segment WHERE name = ?", (segment,)).fetchone()
        return 0 if row is None else int(row[0])

    def forget(self, segment: str) -> None:
        """Let go of what is known of a segment: its file is gone."""
        self._connection.execute("DELETE FROM segment WHERE name = ?", (segment,))

    def missed(self, segment: str, at: int, size: int) -> None:
        """Note bytes of a segment that are no whole line (USG-7)."""
        self._connection.execute("INSERT OR IGNORE INTO gap VALUES (?, ?, ?)", (segment, at, size))

    def gaps(self) -> int:
        """Give how many gaps were ever found."""
        return int(self._connection.execute("SELECT count(*) FROM gap").get)

    def spent(self, key: str, since_unix: int) -> tuple[int, int]:
        """Give the nano-dollars of a key's calls that began at `since_unix` or later, and those of own accounts."""
        ours, own = self._connection.execute(
            "SELECT coalesce(sum(cost_nanousd), 0), coalesce(sum(upstream_nanousd), 0) FROM attempt "
            "WHERE key = ? AND created >= ?",
            (key, since_unix),
        ).get
        return int(ours), int(own)

    def keys(self) -> list[str]:
        """Give the names of all keys that ever called."""
        return [str(name) for (name,) in self._connection.execute("SELECT DISTINCT key FROM attempt")]

    def generation(self, id: str, key: str) -> str | None:
        """Give the line of a key's call."""
        found = self._connection.execute("SELECT line FROM call WHERE request_id = ? AND key = ?", (id, key)).fetchone()
        return None if found is None else str(found[0])

    def activity(self, first: str, last: str) -> list[Row]:
        """Give what was used from one UTC day (YYYY-MM-DD) to another, by day, model and endpoint, the newest first."""
        return self._rows(
            "SELECT date(created, 'unixepoch') AS date, model, upstream_model, endpoint, provider, "
            f"{_SUMS} FROM attempt WHERE created >= unixepoch(?) AND created < unixepoch(?, '+1 day') "
            "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1 DESC, 2, 3, 4, 5",
            (first, last),
        )

    def usage(self, by: Sequence[str], since_unix: int) -> list[Row]:
        """Give what calls that began at `since_unix` or later used, by some of BY, the dearest first."""
        names = ", ".join(f"{BY[name]} AS {name}" for name in by)
        places = ", ".join(str(place) for place in range(1, len(by) + 1))
        return self._rows(
            f"SELECT {names}, {_SUMS} FROM attempt WHERE created >= ? GROUP BY {places} "
            f"ORDER BY usage_nanousd DESC, {places}",
            (since_unix,),
        )

    def _rows(self, statement: str, values: tuple[Any, ...]) -> list[Row]:
        cursor = self._connection.execute(statement, values)
        return [dict(zip([name for name, _ in cursor.get_description()], row, strict=True)) for row in cursor]
