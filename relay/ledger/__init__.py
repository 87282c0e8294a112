"""What happened: one Record per call, made into one line; the last calls can be asked for by id.

open(call)     starts a record
close(record)  ends it: the only source of log line, metrics and cost
find(id)       the record's line, while it is among the last KEPT
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from relay._core import moment
from relay.call import Call, Identity
from relay.ledger.record import Record
from relay.ledger.ring import Ring

KEPT: Final = 5_000
RING_BYTES: Final = 6 << 20
BATCH_S: Final = 0.01

Settle = Callable[[Identity, int, int, int], None]
Keep = Callable[[list[Record], list[bytes]], None]

__all__ = ["Ledger", "Record"]


class Ledger:
    """The records of a worker.

    write    takes finished lines
    keep     takes records that have ended and their lines, a batch at a time
    settle   takes at once what a call used in the end: of whose key, tokens, nano-dollars, and those of own accounts

    Records that end within BATCH_S are made into lines together: the code for it is warm then, and out of the way of
    the calls in flight.
    """

    def __init__(self, write: Callable[[list[bytes]], None], keep: Keep, settle: Settle) -> None:
        self._loop = asyncio.get_running_loop()
        self._write = write
        self._keep = keep
        self._settle = settle
        self._ended: list[Record] = []
        self._lines = Ring(RING_BYTES, KEPT)
        self._unpriced: set[str] = set()  # endpoints, of which there are as many as the operator wrote

    def open(self, call: Call, config: str, price_version: str) -> Record:
        """Start the record of a call, under a configuration's digest and the version of its prices."""
        return Record(call, config, price_version)

    def close(self, record: Record) -> None:
        """End a record: no text of prompts or answers is in it."""
        record.close()
        self._settle(record.identity, record.tokens(), record.cost_nanousd or 0, record.byok_nanousd)
        if not self._ended:
            self._loop.call_later(BATCH_S, self.settle)
        self._ended.append(record)

    def settle(self) -> None:
        """Make the lines of all records that have ended."""
        ended, self._ended = self._ended, []
        if not ended:
            return
        lines = [self._line(record) for record in ended]
        self._keep(ended, lines)
        self._write(lines)
        for record, line in zip(ended, lines, strict=True):
            self._lines.add(record.id, line)
            if record.cost_nanousd is None:
                self._tell_unpriced(record)

    def _tell_unpriced(self, record: Record) -> None:
        """Say once of each endpoint that nobody knows what it costs (USG-5)."""
        for attempt in record.attempts:
            if attempt.cost is None and attempt.endpoint.id not in self._unpriced:
                self._unpriced.add(attempt.endpoint.id)
                told = {"level": "warning", "event": "price_missing", "endpoint": attempt.endpoint.id}
                self._write([orjson.dumps({"ts": orjson.Fragment(moment(time.time_ns())), **told})])

    def _line(self, record: Record) -> bytes:
        """Give the record's line; a bug in one must not cost the others theirs."""
        try:
            return record.line()
        except Exception as error:  # noqa: BLE001 - told in the line itself
            defect = {"level": "error", "event": "defect", "request_id": record.id, "type": type(error).__name__}
            return orjson.dumps(defect)

    def find(self, id: str) -> Mapping[str, Any] | None:
        """Give the fields of a finished call's line."""
        self.settle()
        line = self._lines.find(id)
        return None if line is None else orjson.loads(line)
