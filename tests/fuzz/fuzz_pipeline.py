"""Pipeline gives the same output, end and report for any bytes at any cut; every frame it writes is whole and sound."""

import json
from typing import Any

from tests.core.running import Run, run, sent
from tests.fuzz.harness import cuts, fuzz

SPLICES: dict[str, Any] = {
    "id": "gen-1",
    "model": "acme/large",
    "provider": "Acme",
    "input_tokens": lambda: 33,
    "usage_fields": lambda known: b'"relay_cost":1',
}
DOCUMENTED = (None, "ProtocolError", "Truncated", "LimitExceeded", "PeerError")


def check(data: bytes) -> None:
    """Fail unless the input does what it does whole and cut, with splices and without."""
    check_one(data, {})
    check_one(data, SPLICES)


def check_one(data: bytes, options: dict[str, Any]) -> None:
    """Fail unless one set-up gives the same for every cut of the input."""
    whole = run([data] if data else [], max_event=2048, **options)
    check_sound(whole)
    for pieces in cuts(data):
        assert run(pieces, max_event=2048, **options) == whole


def check_sound(done: Run) -> None:
    """Fail unless a run ended as documented and wrote frames that a strict client takes."""
    assert done.outcome in DOCUMENTED
    kinds = [kind for kind, data in sent(done.output) if json.loads(data)["type"] == kind]
    assert len(kinds) == done.output.count(b"\n\n")
    assert kinds.count("message_stop") == (done.outcome is None)
    assert "error" not in kinds


if __name__ == "__main__":
    fuzz(check)
