"""RE2's syntax read into a tree whose leaves are single characters, and what counts as one letter in any case.

What a `.`, a class in brackets or a letter in any case stands for is left to RE2 itself: a leaf keeps what is written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import re2  # type: ignore[import-untyped]  # it has no types of its own

_NESTED: Final = 50
# Characters that RE2 takes for others in any case, and that no change of case of those leads to.
_ODD_CASES: Final = "µſ\u0345ΐΰςϐϑϕϖϰϱϴϵᲀᲁᲂᲃᲄᲅᲆᲇᲈẛẞ\u1fbe\u1fd3\u1fe3\u2126\u212a\u212bﬅﬆ"
_CONTROLS: Final = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_CODE: Final = r"\\x\{([0-9A-Fa-f]+)\}|\\x([0-9A-Fa-f]{2})|\\(0[0-7]{0,2}|[1-7][0-7]{1,2})"
ASCII_CASES: Final = frozenset((0x17F, 0x212A))
"""The characters beyond ASCII that are an `s` or a `k` in any case."""
SMALL_SCRIPTS: Final = 0x600
"""Code points before this are letters of scripts that have two cases, or none: Latin to Armenian and Hebrew."""

CODES: Final = re.compile(_CODE)
_PIECE: Final = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)"
    rf"|(?P<code>{_CODE})"
    r"|\\(?P<edge>[bB])"
    r"|(?P<set>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\\[dDsSwW]|\.)"
    r"|\\(?P<control>[afnrtv])"
    r"|\\(?P<plain>[^0-9A-Za-z])"
    r"|\(\?(?P<flags>[imsU-]+)\)"
    r"|(?P<open>\((?:\?(?:P?<\w+>|(?P<inside>[imsU-]*):))?)"
    r"|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<times>[*+?]|\{(?P<least>[0-9]+)(?P<comma>,?)(?P<most>[0-9]*)\})\??"
    r"|(?P<character>[^\\^$])",
    re.DOTALL,
)


class Unreadable(Exception):
    """No automaton for this pattern."""


@dataclass(frozen=True, slots=True)
class Set:
    """The characters that one character of a match may be: `members`, or what RE2 takes for `source`."""

    source: str = ""
    any_case: bool = False
    members: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Edge:
    """Between a word character and another, or `inside`: between two that are alike."""

    inside: bool


@dataclass(frozen=True, slots=True)
class Row:
    """Parts one behind the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the parts."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part so many times; `most` None: any number."""

    part: "Node"
    least: int
    most: int | None


Node = Set | Edge | Row | Choice | Repeat


@lru_cache(maxsize=4096)
def cases(character: str) -> frozenset[int]:
    """Give the code points that RE2 takes for a character in any case."""
    if not character.isalpha() and character not in _ODD_CASES and _changed({character}) == {character}:
        return frozenset((ord(character),))
    alike = _changed({character, *"ksKS", *_ODD_CASES})
    any_case = re2.compile("(?i)" + re2.escape(character))
    return frozenset(ord(each) for each in alike if any_case.fullmatch(each))


@cache
def small_cases() -> frozenset[int]:
    """Give all code points beyond ASCII that may be one of SMALL_SCRIPTS in any case."""
    alike = _changed({*map(chr, range(SMALL_SCRIPTS)), *_ODD_CASES})
    return frozenset(code for code in map(ord, alike) if code >= 0x80)


def _changed(characters: set[str]) -> set[str]:
    """Give these characters and what a change of case, or two, makes of them."""
    for _ in range(2):
        changed = [change(each) for each in characters for change in (str.lower, str.upper, str.title, str.casefold)]
        characters = characters | {each for each in changed if len(each) == 1}
    return characters


def spellings(text: str, ignore_case: bool) -> list[frozenset[int]]:
    """Give for each character of a phrase the code points that stand for it."""
    return [cases(each) if ignore_case else frozenset((ord(each),)) for each in text]


def tree(source: str, ignore_case: bool) -> Node:
    """Give the tree of a pattern that RE2 took; raises Unreadable."""
    return _Reader(source, ignore_case).read()


@dataclass(slots=True)
class _Flags:
    any_case: bool
    dot_all: bool = False

    def changed(self, written: str) -> "_Flags":
        on, _, off = written.partition("-")
        return _Flags(("i" in on or self.any_case) and "i" not in off, ("s" in on or self.dot_all) and "s" not in off)


class _Reader:
    """Reads RE2's syntax into a tree."""

    def __init__(self, source: str, ignore_case: bool) -> None:
        self._source = source
        self._at = 0
        self._depth = 0
        self._flags = _Flags(ignore_case)

    def read(self) -> Node:
        tree = self._choice()
        if self._at < len(self._source):
            raise Unreadable
        return tree

    def _choice(self) -> Node:
        """Read up to the end of a group."""
        choices: list[list[Node]] = [[]]
        while self._at < len(self._source):
            piece = _PIECE.match(self._source, self._at)
            if piece is None:
                raise Unreadable
            if piece["close"]:
                break
            self._at = piece.end()
            if piece["bar"]:
                choices.append([])
            elif piece["flags"]:
                self._flags = self._flags.changed(piece["flags"])
            elif piece["times"]:
                choices[-1].append(_repeated(choices[-1], piece))
            elif piece["open"]:
                choices[-1].append(self._group(piece["inside"] or ""))
            else:
                choices[-1].extend(self._single(piece))
        rows = tuple(row[0] if len(row) == 1 else Row(tuple(row)) for row in choices)
        return rows[0] if len(rows) == 1 else Choice(rows)

    def _group(self, flags: str) -> Node:
        outside, self._flags = self._flags, self._flags.changed(flags)
        self._depth += 1
        if self._depth > _NESTED:
            raise Unreadable
        inside = self._choice()
        self._depth -= 1
        self._flags = outside
        self._at += 1
        return inside

    def _single(self, piece: re.Match[str]) -> Iterator[Node]:
        if piece["edge"]:
            yield Edge(piece["edge"] == "B")
        elif piece["set"]:
            flags = "i" * self._flags.any_case + "s" * self._flags.dot_all
            yield Set(f"(?{flags}:{piece['set']})", self._flags.any_case)
        elif piece["code"]:
            yield self._character(chr(code_of(piece["code"])))
        elif piece["control"]:
            yield self._character(chr(_CONTROLS[piece["control"]]))
        else:
            yield from map(self._character, piece["quoted"] or piece["plain"] or piece["character"] or "")

    def _character(self, character: str) -> Set:
        return Set(members=cases(character) if self._flags.any_case else frozenset((ord(character),)))


def code_of(written: str) -> int:
    """Give the code point of an escape that gives it as a number."""
    found = CODES.fullmatch(written)
    assert found is not None
    return int(found[3], 8) if found[3] else int(found[1] or found[2], 16)


def _repeated(row: list[Node], times: re.Match[str]) -> Repeat:
    if not row:
        raise Unreadable
    if times["least"]:
        least = int(times["least"])
        most = int(times["most"]) if times["most"] else None if times["comma"] else least
    else:
        least, most = int(times["times"][0] == "+"), 1 if times["times"][0] == "?" else None
    return Repeat(row.pop(), least, most)
