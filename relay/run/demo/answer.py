"""What was asked and what is said, in no dialect.

A dialect reads a body into a `Prompt`; a script makes an `Answer` of it; a dialect writes the `Answer` as events or as
one object. All values are immutable; deltas can be iterated any number of times and may be made on the way.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

Json = dict[str, Any]


class Invalid(ValueError):
    """The request is at fault; the text says how, for a 400."""


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    schema: Json


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request.

    tool_results    text of the results since the last assistant turn; empty: none
    tag             what the caller calls itself (`metadata.user_id`, `user`)
    seed            hex, the same for the same conversation: what ids are made of
    wants_usage     chat streams only: usage was asked for
    """

    model: str
    stream: bool
    user_text: str
    tool_results: tuple[str, ...]
    tools: tuple[Tool, ...]
    wanted_tool: str | None
    stop_sequences: tuple[str, ...]
    tag: str
    input_tokens: int
    seed: str
    wants_usage: bool = True


@dataclass(frozen=True, slots=True)
class Made:
    """`count` deltas, each made from its number when it is needed: a long stream costs no memory."""

    count: int
    make: Callable[[int], str]

    def __iter__(self) -> Iterator[str]:
        return map(self.make, range(self.count))


@dataclass(frozen=True, slots=True)
class Text:
    deltas: Iterable[str]
    citations: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Thinking:
    deltas: Iterable[str]
    signature: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call; `fragments` join to the JSON text of its arguments, none mean `{}`."""

    name: str
    fragments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Things that no client knows, written in the dialect's own way."""

    deltas: Iterable[str]


Block = Text | Thinking | ToolUse | Unknown


@dataclass(slots=True)
class Spoken:
    """What a dialect has written so far, in bytes of model output."""

    output_bytes: int = 0
    thinking_bytes: int = 0

    def add(self, block: Block, text: str) -> None:
        size = len(text.encode())
        self.output_bytes += size
        self.thinking_bytes += size if isinstance(block, Thinking) else 0

    def output_tokens(self) -> int:
        return max(1, tokens(self.output_bytes))

    def thinking_tokens(self) -> int:
        return tokens(self.thinking_bytes)


def said(block: Block) -> Iterable[str]:
    """The texts that make up a block."""
    return block.fragments if isinstance(block, ToolUse) else block.deltas


def spoken(answer: "Answer") -> Spoken:
    """All that `answer` says."""
    total = Spoken()
    for block in answer.blocks:
        for text in said(block):
            total.add(block, text)
    return total


@dataclass(frozen=True, slots=True)
class Cache:
    """Input tokens beside the uncached ones."""

    read: int = 0
    write_5m: int = 0
    write_1h: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; the dialect counts the output tokens while it writes.

    stop_reason     in the words of Messages
    escaped         every second delta is written in ASCII with `\\u` escapes
    rate            deltas per second; None: the server's pace; 0: as fast as the client takes it
    interleaved     calls that follow each other are written in turn, in dialects that number the pieces of a stream
    """

    blocks: tuple[Block, ...]
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    stop_details: Mapping[str, Any] | None = None
    cache: Cache | None = None
    reports_usage: bool = True
    escaped: bool = False
    rate: float | None = None
    interleaved: bool = False

    def together(self) -> Iterator[list[tuple[int, Block]]]:
        """The blocks with their places, in lists of those that are written in turn."""

        def run(placed: tuple[int, Block]) -> int:
            """What is the same for the calls of one row, and of no two other blocks."""
            return -1 if self.interleaved and isinstance(placed[1], ToolUse) else placed[0]

        return (list(blocks) for _, blocks in groupby(enumerate(self.blocks), run))


def tokens(size_bytes: int) -> int:
    """The simple count of this provider: four bytes are a token."""
    return -(-size_bytes // 4)
