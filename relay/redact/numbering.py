"""A channel whose matches get numbers: NumberedChannel keeps the numbers of literals in its text from being given out.

Text that already looks like a placeholder takes its number from its place on (spec/redaction.md 8.2), and the numbers
do not depend on where the text is cut. Two things are left as they are: a match in front of a literal that is not yet
certain at the end of the literal is numbered after it, and a literal that JSON spells with escapes is not seen.
"""

from typing import Final

from relay._core import Channel
from relay.redact.classes import Class
from relay.redact.placeholders import LITERAL, Numbers

_MOST: Final = 28
"""Characters of a literal."""


class NumberedChannel:
    """Feeds a channel up to the end of each literal, then reserves its number: what was found before it is numbered."""

    __slots__ = ("_channel", "_numbers", "_open")

    def __init__(self, channel: Channel, numbers: Numbers) -> None:
        self._channel = channel
        self._numbers = numbers
        self._open = ""

    def feed(self, text: str) -> str:
        """Give what this piece lets out."""
        begun = len(self._open)
        seen = self._open + text
        out, at = [], begun
        for literal in LITERAL.finditer(seen):
            out.append(self._channel.feed(seen[at : literal.end()]))
            at = literal.end()
            if literal[2]:
                self._numbers.reserve(Class[literal[1]], int(literal[2]))
        out.append(self._channel.feed(seen[at:]))
        last = seen.rfind("[", max(at if at > begun else 0, len(seen) - _MOST))
        self._open = seen[last:] if last >= 0 else ""
        return "".join(out)

    def flush(self) -> str:
        """Give the rest: the text has ended."""
        return self._channel.flush()
