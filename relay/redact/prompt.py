"""A request's content on its way to a provider: its members redacted by at_once(), or by slices() a slice at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from relay._core import Document
from relay.call import Member
from relay.redact import coverage

SLICE: Final = 256 << 10
"""Bytes that are redacted in one turn of the loop: the events of others must not wait for a long history."""


def at_once(document: Document, content: bytes, members: Sequence[tuple[Any, ...]]) -> dict[str, bytes]:
    """Give the members of a short request that redaction changes, in the order in which placeholders are numbered.

    members   as a Call's
    raises    as Document.redact
    """
    fields = coverage.REQUEST
    changed: dict[str, bytes] = {}
    found = {member[0]: member for member in members if member[0] in fields}
    for key in fields:
        if key not in found:
            continue
        _, _, _, start, end = found[key]
        redacted = document.redact_at(content, fields[key], start, end)
        if redacted is not None:
            changed[key] = redacted
    return changed


def slices(
    document: Document, content: bytes, members: Sequence[Member], changed: dict[str, bytes], size: int = SLICE
) -> Iterator[None]:
    """Redact the members in the order in which placeholders are numbered; stop after each `size` bytes or a few more.

    changed   gets the values that were redacted, by member
    raises    as Document.redact
    """
    fields = coverage.REQUEST
    places = {key: (start, end) for key, _, _, start, end in members if key in fields}
    left = size
    for key, field in fields.items():
        place = places.get(key)
        if place is None:
            continue
        start, end = place
        document.open(content, field, start, end)
        while not document.step(left):
            yield
            left = size
        redacted = document.take()
        if redacted is not None:
            changed[key] = redacted
        left = max(1, left - (end - start))
