"""A Chat stream gives the same for any bytes at any cut; what it writes keeps the grammar of wire-protocols 2.5."""

import json
from typing import Any

from tests.core.running import Chat, run, sent
from tests.fuzz.fuzz_pipeline import DOCUMENTED, SPLICES, check_sound
from tests.fuzz.harness import cuts, fuzz
from tests.support.chunks import message_of


def check(data: bytes) -> None:
    """Fail unless the input does what it does whole and cut, for one tool call and for all."""
    check_one(data, {"translated": Chat()})
    check_one(data, SPLICES | {"translated": Chat({b"f": b"long"}, single=True)})


def check_one(data: bytes, options: dict[str, Any]) -> None:
    """Fail unless one set-up gives the same for every cut of the input, and a complete answer is a message."""
    whole = run([data] if data else [], max_event=2048, **options)
    assert whole.outcome in DOCUMENTED
    check_sound(whole)
    if whole.outcome is None:
        events = [(kind, json.loads(data)) for kind, data in sent(whole.output)]
        message_of([event for event in events if event[0] != "ping"])
    for pieces in cuts(data):
        assert run(pieces, max_event=2048, **options) == whole


if __name__ == "__main__":
    fuzz(check)
