"""SseParser gives the events of the grammar for any bytes at any cut, or LimitExceeded at each."""

from relay._core import LimitExceeded, SseParser
from tests.fuzz.harness import cuts, fuzz
from tests.reference.sse import events

MAX_EVENT = 512


def check(data: bytes) -> None:
    """Fail unless the input gives the same events whole, cut, and by the oracle."""
    found, limited = parse([data])
    for pieces in cuts(data):
        assert parse(pieces) == (found, limited)
    expected = events(data)
    assert found == (expected[: len(found)] if limited else expected)


def parse(pieces: list[bytes]) -> tuple[list[tuple[str, str, str]], bool]:
    """The events of an input, and whether the limit ended it."""
    parser = SseParser(MAX_EVENT)
    found: list[tuple[str, str, str]] = []
    try:
        for piece in pieces:
            found += parser.feed(piece)
        found += parser.close()
    except LimitExceeded:
        return found, True
    return found, False


if __name__ == "__main__":
    fuzz(check)
