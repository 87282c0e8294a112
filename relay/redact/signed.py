"""Signatures of thinking whose words were replaced: they do not hold, and a provider refuses a turn that has them."""

from collections.abc import Iterator
from typing import Final

from relay._core import contains, fields, items

_THINKING: Final = b'"thinking"'
_NONE: Final = b'""'

Spans = dict[str, tuple[int, int]]


def without_broken(before: bytes, after: bytes) -> bytes:
    """Give `after`, the message that redaction made of `before`, without the signatures of thinking that it changed."""
    if after == before or not contains(after, b'"signature"'):
        return after
    pairs = zip(_thinking(before), _thinking(after), strict=True)
    for was, now in reversed(list(pairs)):
        if "signature" in now and _value(before, was) != _value(after, now):
            start, stop = now["signature"]
            after = after[:start] + _NONE + after[stop:]
    return after


def _thinking(message: bytes) -> Iterator[Spans]:
    """Give where the members of each block of thinking lie, in their order."""
    content = _members(message, 0, len(message)).get("content")
    if content is None or message[content[0]] != ord("["):
        return
    for start, stop in items(message, *content):
        block = _members(message, start, stop)
        if "type" in block and message[slice(*block["type"])] == _THINKING:
            yield block


def _members(data: bytes, start: int, stop: int) -> Spans:
    return {key: (begins, ends) for key, _, begins, ends in fields(data, start, stop)}


def _value(data: bytes, block: Spans) -> bytes:
    start, stop = block.get("thinking", (0, 0))
    return data[start:stop]
