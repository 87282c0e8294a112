"""Bedrock's streams give the same for any bytes at any cut; what they write keeps the grammar of wire-protocols 2.5.

The input is taken as it is, and again with checksums that hold: a line is an event, its first letter the event's name.
"""

import json
from typing import Any

from tests.core.running import Chat, run, sent
from tests.fuzz.fuzz_pipeline import DOCUMENTED, SPLICES, check_sound
from tests.fuzz.harness import cuts, fuzz
from tests.support.chunks import message_of
from tests.support.event_stream import chunk, event, exception

NAMES = {
    "S": "messageStart",
    "B": "contentBlockStart",
    "D": "contentBlockDelta",
    "E": "contentBlockStop",
    "Z": "messageStop",
    "M": "metadata",
    "W": "chunk",
}
CONVERSE = Chat({b"f": b"long"}, single=True, dialect="bedrock")


def check(data: bytes) -> None:
    """Fail unless the input does what it does whole and cut, as Converse and as Invoke."""
    body = b"".join([framed(line) for line in data.split(b"\n") if line])
    for each in (data, body):
        check_one(each, {"translated": Chat(dialect="bedrock")}, is_made=True)
        check_one(each, SPLICES | {"translated": CONVERSE}, is_made=True)
        check_one(each, {}, is_made=False)


def framed(line: bytes) -> bytes:
    """The message that a line stands for: an event by its letter, a chunk of Invoke, an exception."""
    letter, payload = chr(line[0]), line[1:]
    if letter == "C":
        return chunk(payload)
    if letter == "X":
        return exception("throttlingException", {"message": payload.decode("latin-1")})
    return event(NAMES.get(letter, "novelty"), payload)


def check_one(data: bytes, options: dict[str, Any], *, is_made: bool) -> None:
    """Fail unless one set-up gives the same for every cut of the input, and what relay made is a message."""
    whole = run([data] if data else [], max_event=2048, binary=True, **options)
    assert whole.outcome in DOCUMENTED
    check_sound(whole)
    if whole.outcome is None and is_made:
        events = [(kind, json.loads(data)) for kind, data in sent(whole.output)]
        message_of([event for event in events if event[0] != "ping"])
    for pieces in cuts(data):
        assert run(pieces, max_event=2048, binary=True, **options) == whole


if __name__ == "__main__":
    fuzz(check)
