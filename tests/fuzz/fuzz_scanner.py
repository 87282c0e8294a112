"""Scanner and members take exactly the JSON texts, find exactly their values, and never fail but as documented."""

from collections.abc import Callable
from typing import Any

from relay._core import Estimator, LimitExceeded, Meter, ProtocolError, Scanner, members
from tests.core.strategies import PATHS
from tests.fuzz.harness import cuts, fuzz
from tests.reference.json import at, depth, load
from tests.reference.usage import reduce_usage

SCANNER = Scanner(PATHS)
NOTHING: Any = object()


def check(data: bytes) -> None:
    """Fail unless scanner and members judge the input as the standard library does; count it both ways."""
    spans = outcome(lambda: SCANNER.scan(data))
    listed = outcome(lambda: members(data))
    value = parsed(data)
    if value is NOTHING:
        assert spans in ("invalid", "limit")
        assert listed in ("invalid", "limit")
    elif depth(data) <= 64:
        check_value(data, value, spans, listed)
    check_counting(data)


def check_value(data: bytes, value: Any, spans: Any, listed: Any) -> None:
    """Fail unless the spans of a valid text re-parsed are its values."""
    for path, span in zip(PATHS, spans, strict=True):
        present, expected = at(value, path)
        assert (span is not None) == present
        assert span is None or load(data[slice(*span)]) == expected
    if not isinstance(value, dict):
        assert listed == "invalid"
        return
    assert len({key for key, *_ in listed}) <= len(listed)
    for _, start, end, value_start, value_end in listed:
        assert data[start : start + 1] == b'"'
        assert value_end == end
        load(data[value_start:value_end])
    meter = Meter()
    meter.fold(value)
    assert meter.usage().items() >= {k: v for k, v in reduce_usage([value])[0].items() if isinstance(v, int)}.items()


def check_counting(data: bytes) -> None:
    """Fail unless the estimate of any bytes is the same at every cut."""
    whole = Estimator()
    whole.add(data)
    for pieces in cuts(data):
        cut = Estimator()
        for piece in pieces:
            cut.add(piece)
        assert cut.tokens == whole.tokens
    whole.add_json(data)
    assert whole.tokens >= 0


def outcome(scan: Callable[[], Any]) -> Any:
    """What a scan gives, or the word for its fault."""
    try:
        return scan()
    except ProtocolError:
        return "invalid"
    except LimitExceeded:
        return "limit"


def parsed(data: bytes) -> Any:
    """The value of a text, NOTHING when it is no JSON."""
    try:
        return load(data)
    except (ValueError, RecursionError):
        return NOTHING


if __name__ == "__main__":
    fuzz(check)
