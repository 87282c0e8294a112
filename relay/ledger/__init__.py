"""What happened: one Record per call, made into one line; the last calls can be asked for by id.

open(call)     starts a record
close(record)  ends it: the only source of log line, metrics and cost
find(id)       the record's line, while it is among the last KEPT
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from relay.call import Call
from relay.ledger.record import Record

KEPT = 10_000

__all__ = ["Ledger", "Record"]


class Ledger:
    """The records of a worker; `write` takes each finished line."""

    def __init__(self, write: Callable[[bytes], None], config: str) -> None:
        self._write = write
        self._config = config
        self._lines: dict[str, bytes] = {}
        self._order: deque[str] = deque()

    def open(self, call: Call) -> Record:
        """Start the record of a call."""
        return Record(call)

    def close(self, record: Record) -> None:
        """End a record: no text of prompts or answers is in it."""
        line = record.line(self._config)
        self._write(line)
        self._lines[record.id] = line
        self._order.append(record.id)
        if len(self._order) > KEPT:
            del self._lines[self._order.popleft()]

    def find(self, id: str) -> Mapping[str, Any] | None:
        """Give the fields of a finished call's line."""
        line = self._lines.get(id)
        return None if line is None else orjson.loads(line)
