"""A Responses client gets the same of any bytes at any cut, and never what it can't bear (wire-protocols 3.5)."""

from typing import Any

from tests.core.responses_client import Client, assert_sound
from tests.core.running import run
from tests.fuzz.fuzz_pipeline import DOCUMENTED
from tests.fuzz.harness import cuts, fuzz

SEALS: dict[str, Any] = {"seal": lambda signature: b"sealed" + signature}


def check(data: bytes) -> None:
    """Fail unless the input does what it does whole and cut, with signatures as they are and sealed."""
    for options in ({}, SEALS):
        whole = run([data] if data else [], max_event=2048, client=Client({b"f": b"a.b"}), **options)
        assert whole.outcome in DOCUMENTED
        assert_sound(whole)
        for pieces in cuts(data):
            assert run(pieces, max_event=2048, client=Client({b"f": b"a.b"}), **options) == whole


if __name__ == "__main__":
    fuzz(check)
