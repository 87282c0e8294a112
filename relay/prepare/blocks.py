"""Where messages and their content blocks lie in the raw JSON of a request's member: Block, and lists of them."""

from bisect import bisect_left
from collections.abc import Sequence, Set
from typing import Final

from relay._core import fields, items
from relay.prepare.prompt import Edits, Field, found, string

_BRACKET: Final = 0x5B
_THINKING: Final = b"thinking"


class Block:
    """An object of a list: a content block, a tool, a message.

    path      in dotted form, for people
    members   its fields
    kind      its `type`; None when it says none
    """

    __slots__ = ("end", "kind", "members", "path", "start")

    def __init__(self, text: bytes, place: tuple[int, int], path: str) -> None:
        self.start, self.end = place
        self.path = path
        self.members: list[Field] = fields(text, self.start, self.end)
        self.kind = string(text, found(self.members, "type"))

    def place(self, key: str) -> tuple[int, int] | None:
        """Give where the value of a field lies; None: it is absent."""
        return found(self.members, key)


def blocks(text: bytes, place: tuple[int, int] | None, path: str, needle: bytes = b"") -> list[Block]:
    """Give the blocks of the list at a place; none when it is no list.

    needle   only those whose bytes hold it
    """
    if place is None or text[place[0]] != _BRACKET:
        return []
    return [
        Block(text, each, f"{path}.{at}")
        for at, each in enumerate(items(text, place[0], place[1]))
        if not needle or text.find(needle, each[0], each[1]) >= 0
    ]


def inner(text: bytes, block: Block) -> list[Block]:
    """Give the blocks inside of a block: of a tool's result, a search result, a document made of blocks."""
    if block.kind in ("tool_result", "search_result"):
        return blocks(text, block.place("content"), f"{block.path}.content")
    if block.kind != "document":
        return []
    source = block.place("source")
    if source is None or text[source[0]] != 0x7B:
        return []
    return blocks(text, found(fields(text, source[0], source[1]), "content"), f"{block.path}.source.content")


def with_inner(text: bytes, outer: Sequence[Block]) -> list[Block]:
    """Give blocks and all that is inside of them, in their order."""
    every: list[Block] = []
    for block in outer:
        every.append(block)
        every += with_inner(text, inner(text, block))
    return every


def blocks_with_thinking(text: bytes) -> list[Block]:
    """Give the blocks of those messages in a list whose bytes speak of thinking."""
    return [
        block
        for message in blocks(text, (0, len(text)), "messages", _THINKING)
        for block in blocks(text, message.place("content"), f"{message.path}.content")
    ]


def take_out(edits: Edits, gone: Set[int]) -> None:
    """Take blocks, told by where they start, out of a list of messages; a message that had no others goes too."""
    text = edits.text
    places = items(text, 0, len(text))
    starts = sorted(gone)
    emptied = []
    for start, end in places:
        first = bisect_left(starts, start)
        is_touched = first < len(starts) and starts[first] < end
        content = found(fields(text, start, end), "content") if is_touched else None
        parts = items(text, content[0], content[1]) if content else []
        out = [at in gone for at, _ in parts]
        emptied.append(True in out and False not in out)
        if not emptied[-1] and True in out:
            edits.remove(parts, out)
    if False in emptied:  # a request without any message would be none
        edits.remove(places, emptied)
