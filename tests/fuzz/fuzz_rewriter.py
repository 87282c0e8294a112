"""Redaction gives the same for any text at any cut, in each kind of channel and in a stream, and leaves JSON JSON.

The first line of an input says how it is cut (each byte a size, over and over), what follows it is the text.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import Any

from relay._core import CLASS_NAMES, Channel, Document, JsonChannel, Rewriter, Ruleset
from relay.redact import coverage
from relay.redact.classes import Class
from relay.redact.placeholders import masked
from tests.core.running import run as run_pipeline
from tests.fuzz.harness import cuts, fuzz

RULES = Ruleset(CLASS_NAMES)
MOST_HELD = 600


def check(data: bytes) -> None:
    """Fail unless the text gives the same cut as whole, as a text, as JSON and as the inside of a JSON string."""
    sizes, _, content = data.partition(b"\n")
    text = content.decode("utf-8", "replace")
    plain = check_cuts(lambda: Channel(RULES, masks), text, sizes)
    document = check_cuts(lambda: JsonChannel(RULES, masks), text, sizes)
    inside = json.dumps(text, ensure_ascii=len(sizes) % 2 == 0)[1:-1]
    assert unescaped(check_cuts(lambda: Channel(RULES, masks, escaped=True), inside, sizes)) == plain
    assert unescaped(check_cuts(lambda: JsonChannel(RULES, masks, escaped=True), inside, sizes)) == document
    check_shape(text, document)
    check_stream(data)


def masks(cls: int, value: str | None, is_key: bool) -> str:
    return masked(Class(cls))


def check_cuts(opened: Any, text: str, sizes: bytes) -> str:
    """Give what becomes of a text; fail unless it is that at every cut, and what waits stays within its bound."""
    whole = run(opened(), [text])
    assert run(opened(), text) == whole
    assert run(opened(), in_sizes(text, sizes or b"\x03")) == whole
    return whole


def run(channel: Channel, pieces: Iterable[str]) -> str:
    """All that a channel gives."""
    output = ""
    for piece in pieces:
        output += channel.feed(piece)
        assert channel.held() <= MOST_HELD
    return output + channel.flush()


def in_sizes(text: str, sizes: Sequence[int]) -> Iterable[str]:
    """The text in pieces of these sizes, none of them empty."""
    start = 0
    for size in cycle(sizes):
        if start >= len(text):
            return
        yield text[start : start + max(size, 1)]
        start += max(size, 1)


def unescaped(inside: str) -> Any:
    return json.loads(f'"{inside}"')


def check_shape(text: str, redacted: str) -> None:
    """Fail unless JSON is still JSON of its shape."""
    try:
        value = json.loads(text, object_pairs_hook=Members, parse_constant=refuse)
    except (ValueError, RecursionError):
        return
    assert_alike(value, json.loads(redacted, object_pairs_hook=Members, parse_constant=refuse))


class Members(list[tuple[str, Any]]):
    """An object: its members in order, doubles too."""


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def assert_alike(value: Any, redacted: Any) -> None:
    """Fail unless two values differ in strings alone, or in numbers that became one."""
    if isinstance(value, int | float) and isinstance(redacted, str):
        return
    assert type(value) is type(redacted)
    if isinstance(value, Members):
        value, redacted = [member for _, member in value], [member for _, member in redacted]
    if isinstance(value, list):
        for one, other in zip(value, redacted, strict=True):
            assert_alike(one, other)
    elif not isinstance(value, str):
        assert value == redacted


def check_stream(data: bytes) -> None:
    """Fail unless a redacted stream is the same at every cut."""
    whole = run_pipeline([data] if data else [], max_event=2048, rewriter=rewriter())
    for pieces in cuts(data):
        assert run_pipeline(pieces, max_event=2048, rewriter=rewriter()) == whole


def rewriter() -> Rewriter:
    """What redacts a stream."""
    return Rewriter(
        Document(RULES, masks),
        start=coverage.MESSAGE_START,
        end=coverage.MESSAGE_DELTA,
        block=coverage.BLOCK_START,
        delta=coverage.DELTA,
    )


if __name__ == "__main__":
    fuzz(check)
