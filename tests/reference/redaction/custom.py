"""Class custom: the patterns of a request, matched on the text itself (contract, section 7).

Readings taken where the contract leaves room:
- `\\b` and `\\B` see one character to the right of a match as well: D is max_len + 1.
- A phrase touches no ASCII or other letter or digit of a script that puts blanks between words; kana, Han and Hangul
  are no obstacle, since words in them stand side by side. What it touches is read in the view: before a phrase, the `n`
  of an escaped line break is no letter, or a name would stay readable at the start of every line of quoted JSON.
- A phrase is as long as it is, even past 128. An object with `literal` has the phrase's edges and the case it asks for.
- A match that would run into a placeholder literal ends before it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import re2

from tests.reference.redaction.model import Candidate
from tests.reference.redaction.view import LITERAL, View

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One custom pattern: RE2 source or literal text, `max_len` in characters."""

    pattern: str
    literal: bool = False
    ignore_case: bool = False
    max_len: int = 128


def parse(written: str | Pattern) -> Pattern:
    """A string of a request as a pattern: a phrase in any case, unless it is written `/…/` or `/…/i`."""
    if isinstance(written, Pattern):
        return written
    slashed = re.fullmatch(r"/(.+)/(i?)", written, re.DOTALL)
    if slashed:
        return Pattern(slashed[1], ignore_case=bool(slashed[2]))
    return Pattern(written, literal=True, ignore_case=True, max_len=max(128, len(written)))


def customs(view: View, written: Sequence[str | Pattern]) -> Iterator[Candidate]:
    """The longest match of each pattern at each start."""
    text = _readable(view)
    for pattern in map(parse, written):
        for start in range(len(text)):
            end = _end(view, text, pattern, start)
            if end is not None:
                yield Candidate(start, end, "custom")


def _readable(view: View) -> str:
    """The text with stand-ins of the same length: RE2 reads no lone surrogates, a literal counts as a word."""
    characters = list(_SURROGATE.sub("\ufffd", view.text))
    for literal in view.literals:
        characters[literal.start : literal.end] = "0" * (literal.end - literal.start)
    return "".join(characters)


def _end(view: View, text: str, pattern: Pattern, start: int) -> int | None:
    if not _compiled(pattern, start > 0, "(?s:.)?").match(text[max(0, start - 1) : start + pattern.max_len + 1]):
        return None
    for end in range(min(_free_until(view, start), start + pattern.max_len), start, -1):
        around = text[max(0, start - 1) : end + 1]
        whole = _compiled(pattern, start > 0, "(?s:.)" if end < len(text) else "")
        if whole.fullmatch(around) and (not pattern.literal or _stands_alone(view.chars, start, end)):
            return end
    return None


def _free_until(view: View, start: int) -> int:
    return next((max(start, literal.start) for literal in view.literals if literal.end > start), len(view.text))


@lru_cache(maxsize=256)
def _compiled(pattern: Pattern, has_left: bool, right: str):  # type: ignore[no-untyped-def]  # RE2 names no type for it
    inner = re2.escape(pattern.pattern) if pattern.literal else pattern.pattern
    case = "(?i)" if pattern.ignore_case else ""
    return re2.compile(("(?s:.)" if has_left else "") + f"(?:{case}{inner}){right}")


def _stands_alone(chars: str, start: int, end: int) -> bool:
    return not (_runs_on(chars[start - 1 : start + 1]) if start else False) and not _runs_on(chars[end - 1 : end + 1])


def _runs_on(pair: str) -> bool:
    return len(pair) == 2 and all(each == LITERAL or (each.isalnum() and not _UNSPACED.match(each)) for each in pair)
