"""A Chat client gets the same of any bytes at any cut, and never what it can't bear (wire-protocols 3.2)."""

from typing import Any

from tests.core.chat_client import Client, assert_sound
from tests.core.running import run
from tests.fuzz.fuzz_pipeline import DOCUMENTED
from tests.fuzz.harness import cuts, fuzz

ASKS: dict[str, Any] = {
    "client": Client({b"f": b"a.b"}, include_usage=True),
    "id": "gen-1-a",
    "input_tokens": lambda: 5,
}
SEALS: dict[str, Any] = {"client": Client(), "seal": lambda signature: b"sealed" + signature, "drops_thinking": False}


def check(data: bytes) -> None:
    """Fail unless the input does what it does whole and cut, with usage asked for and without."""
    for options in (ASKS, SEALS):
        whole = run([data] if data else [], max_event=2048, **options)
        assert whole.outcome in DOCUMENTED
        assert_sound(whole, options["client"].include_usage)
        for pieces in cuts(data):
            assert run(pieces, max_event=2048, **options) == whole


if __name__ == "__main__":
    fuzz(check)
