"""Originals back in the place of placeholders: Restorer, fed with one channel in pieces cut anywhere.

Understood are `[EMAIL_1]`, `[EMAIL\\_1]`, `[email_1]`, and `%5BEMAIL_1%5D`, which is restored percent-encoded. Unknown
placeholders stay. At most 28 characters wait, from a `[` or `%` that may begin one (spec/redaction.md 8.4). What was
put back is not looked at again, save for the URL that it may begin.
"""

import re
from collections.abc import Collection
from functools import cache
from json import dumps
from typing import Final
from urllib.parse import quote

from relay._core import Misuse
from relay.redact.classes import Class
from relay.redact.links import Links
from relay.redact.placeholders import Known, Numbers

_NUMBER: Final = "[1-9][0-9]{0,5}"
_MOST_HELD: Final = 28
_FLAGS: Final = re.ASCII | re.IGNORECASE
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Restorer:
    """Puts the values of one conversation back into one channel.

    numbers   of the conversation
    classes   whose values come back
    json      the channel is a JSON document: values are written as string content, in URLs too
    tokens    tokens come back into text, too
    """

    __slots__ = ("_begun", "_classes", "_held", "_is_over", "_json", "_links", "_numbers", "_whole")

    def __init__(
        self, numbers: Numbers | Known, classes: Collection[Class], *, json: bool = False, tokens: bool = False
    ) -> None:
        self._numbers = numbers
        self._classes = {cls for cls in classes if json or tokens or cls is not Class.TOKEN}
        self._json = json
        self._links = None if json else Links()
        self._whole, self._begun = _patterns(2 if json else 1)
        self._held = ""
        self._is_over = False

    @property
    def waits(self) -> bool:
        """The beginning of what may be a placeholder is held."""
        return bool(self._held)

    def follow(self, text: str) -> None:
        """Take text in which no placeholder begins, while nothing is held: feed() would give it back as it is."""
        if self._links:
            self._links.follow(text)

    def feed(self, text: str) -> str:
        """Give what this piece lets out."""
        if self._is_over:
            raise Misuse("feed after flush: the text of a restorer has ended; make another")
        text = self._held + text
        out, at = [], 0
        for found in self._whole.finditer(text):
            out += [self._followed(text[at : found.start()]), self._followed(self._restored(found))]
            at = found.end()
        begun = self._begun.search(text, max(at, len(text) - _MOST_HELD))
        stop = begun.start() if begun else len(text)
        self._held = text[stop:]
        return "".join([*out, self._followed(text[at:stop])])

    def flush(self) -> str:
        """Give the rest: the text has ended."""
        self._is_over = True
        return self._held

    def _followed(self, text: str) -> str:
        self.follow(text)
        return text

    def _restored(self, found: re.Match[str]) -> str:
        """Give what stands for a placeholder: its original, or itself."""
        label, number = found[1] or found[3], int(found[2] or found[4])
        cls = Class[label.replace("\\", "").upper()]
        value = self._numbers.original(cls, number) if cls in self._classes else None
        if value is None or (self._links and self._links.is_in_query):
            return found[0]
        if found[3]:
            return quote(value, safe="", errors="surrogatepass")
        return inside(value) if self._json else value


@cache
def _patterns(backslashes: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Give what matches a placeholder, and the beginning of one at the end of a text.

    The groups are label and number, in brackets (1, 2) or percent-encoded (3, 4).

    backslashes   that Markdown's escape of `_` takes: 1, or 2 in a JSON string
    """
    labels = "|".join(cls.name for cls in Class)
    marked = rf"(?:\\{{{backslashes}}})?_"
    bracketed = rf"\[({labels.replace('_', marked)}){marked}({_NUMBER})\]"
    whole = re.compile(rf"{bracketed}|%5B({labels})_({_NUMBER})%5D", _FLAGS)
    forms = []
    for cls in Class:
        name = f"{cls.name}_"
        forms += [["%", "5", "B", *name, _NUMBER, "%", "5"], ["\\[", *_marked(name, backslashes), _NUMBER]]
    return whole, re.compile("|".join(map(_beginning, forms)), _FLAGS)


def _marked(name: str, backslashes: int) -> list[str]:
    parts = []
    for char in name:
        parts += [rf"\\{{0,{backslashes}}}", "_"] if char == "_" else [char]
    return parts


def _beginning(parts: list[str]) -> str:
    """Give what matches the first of some parts, and the others as far as the text goes."""
    if len(parts) == 1:
        return rf"{parts[0]}\Z"
    return rf"{parts[0]}(?:\Z|{_beginning(parts[1:])})"


def inside(value: str) -> str:
    """Give a text as it stands in a JSON string; half a surrogate pair is written as its escape."""
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", dumps(value, ensure_ascii=False)[1:-1])
