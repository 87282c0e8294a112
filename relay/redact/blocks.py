"""The content blocks of a request and of an answer, by what becomes of each: Fate, of_request(), of_answer(), fates().

Pure functions of decoded JSON; only calls whose policy or client asks pay for them. A block that carries a picture,
sound, a PDF or a file is UNSCANNED whatever its type is called, also where it lies inside a result or a document.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from json import loads
from typing import Any, Final

import orjson

from relay.call import Member
from relay.redact import coverage
from relay.redact.fields import Where

BINARY_BLOCKS: Final = frozenset({"audio", "container_upload", "file", "image", "input_audio", "video"})
BINARY_SOURCES: Final = frozenset({"base64", "file", "url"})
_HOLDERS: Final = frozenset({"messages", "system"})
"""Members of a request that hold blocks."""
_RESULTS: Final = frozenset({"mcp_tool_result", "tool_result"})
"""Blocks that hold blocks of the same kinds."""


class Fate(Enum):
    """What becomes of a block: its texts are scanned, it passes by contract, is of no known type, or can't be read."""

    SCANNED = "scanned"
    OPAQUE = "opaque"
    SKIPPED = "skipped"
    UNSCANNED = "unscanned"


Found = tuple[Where, Fate]
"""A block's place and its fate; a string that stands for a block counts as one."""


def of_request(content: bytes, members: Sequence[Member]) -> Iterator[Found]:
    """Give the blocks of a request that is checked."""
    said = {key: orjson.loads(content[start:end]) for key, _, _, start, end in members if key in _HOLDERS}
    yield from fates(said.get("system"), ("system",))
    for at, message in enumerate(said.get("messages", ())):
        yield from fates(message["content"], ("messages", at, "content"))


def of_answer(message: bytes) -> Iterator[Found]:
    """Give the blocks of a whole answer; none of what is no message, which others refuse."""
    try:
        decoded = loads(message)
    except ValueError:
        return iter(())
    return fates(decoded.get("content"), ("content",)) if isinstance(decoded, dict) else iter(())


def of_start(event: bytes) -> Iterator[Found]:
    """Give the blocks in a content_block_start: the one that begins, and what lies in it."""
    return fates([loads(event).get("content_block")], ())


def fates(content: Any, where: Where) -> Iterator[Found]:
    """Give the blocks of a content: a string, or an array of blocks."""
    if isinstance(content, str):
        yield where, Fate.SCANNED
    for place, block in _items(content, where):
        yield place, _fate(block)
        inner = block.get("content")
        if block.get("type") not in _RESULTS:
            yield from _binaries(block, place)
        elif isinstance(inner, list):
            yield from fates(inner, (*place, "content"))


def _fate(block: dict[str, Any]) -> Fate:
    kind = block.get("type")
    if _is_binary(block):
        return Fate.UNSCANNED
    if kind in coverage.BLOCKS:
        return Fate.SCANNED
    return Fate.OPAQUE if kind in coverage.OPAQUE_BLOCKS else Fate.SKIPPED


def _is_binary(block: dict[str, Any]) -> bool:
    source = block.get("source")
    return block.get("type") in BINARY_BLOCKS or (isinstance(source, dict) and source.get("type") in BINARY_SOURCES)


def _binaries(block: dict[str, Any], where: Where) -> Iterator[Found]:
    """Give what is binary inside a block."""
    for key in ("content", "source"):
        inner = block.get(key)
        pairs = [((*where, key), inner)] if isinstance(inner, dict) else _items(inner, (*where, key))
        for place, each in pairs:
            # A source is no block: the one that it belongs to was judged by it.
            if key == "content" and _is_binary(each):
                yield place, Fate.UNSCANNED
            yield from _binaries(each, place)


def _items(content: Any, where: Where) -> list[tuple[Where, dict[str, Any]]]:
    """Give the objects of an array with their places."""
    items = enumerate(content) if isinstance(content, list) else ()
    return [((*where, at), item) for at, item in items if isinstance(item, dict)]
