"""The view of a text: what the built-in rules read (contract, section 3), and the placeholder literals in it (8.2).

`view(text)` gives a View whose `chars` has one character for each code point of the text. The characters of a
placeholder literal all become LITERAL, which every boundary rule counts as a letter, a digit and a word character: the
reading that keeps a text the same when it is redacted twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LITERAL = "\U0010ffff"
WORD = f"0-9A-Za-z_{LITERAL}"
ALNUM = f"0-9A-Za-z{LITERAL}"
DIGIT = f"0-9{LITERAL}"
LETTER = f"A-Za-z{LITERAL}"
LABEL_LETTER = "".join(
    character for code in (*range(0xC0, 0x250), *range(0x370, 0x530)) if (character := chr(code)).isalpha()
)
"""The letters beyond ASCII that a label may hold (5.1); the signs between them, as × and ÷, are none."""

_NAMES = "EMAIL|PHONE|IP|UUID|TOKEN|CREDIT_CARD|IBAN|SSN|MAC|CUSTOM"
_PLACEHOLDER = re.compile(rf"\[({_NAMES})(?:_(?:[1-9][0-9]{{0,5}}|h[a-z2-7]{{12}}))?\]")
_ESCAPE = re.compile(r"""(?P<blank>\\[nrtbfv]|\\u[0-9A-Fa-f]{4})|\\(?P<kept>["'/])|\\[\s\S]""")
_BLANKS = "\u00a0\u2007\u2009\u202f\u3000"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2212"
_FOLD = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, _BLANKS), " "),
    **dict.fromkeys(map(ord, _HYPHENS), "-"),
    # A text may hold the code point that stands for literals; no rule names its neighbour either.
    ord(LITERAL): "\U0010fffe",
}


@dataclass(frozen=True, slots=True)
class Span:
    """An interval of text with its class; `start` and `end` in code points, `end` exclusive."""

    start: int
    end: int
    cls: str


@dataclass(frozen=True, slots=True)
class View:
    """A text as the rules read it: `chars` is as long as `text`; `literals` are its placeholders, left to right."""

    text: str
    chars: str
    literals: tuple[Span, ...]


def view(text: str) -> View:
    """Fold, blank the escapes, and mark the placeholder literals of a text."""
    literals = tuple(Span(*found.span(), found[1].lower()) for found in _PLACEHOLDER.finditer(text))
    chars = list(_ESCAPE.sub(_blanked, text.translate(_FOLD)))
    for literal in literals:
        chars[literal.start : literal.end] = LITERAL * (literal.end - literal.start)
    return View(text, "".join(chars), literals)


def _blanked(escape: re.Match[str]) -> str:
    if escape["blank"]:
        return " " * len(escape[0])
    return " " + escape["kept"] if escape["kept"] else escape[0]


def every(pattern: re.Pattern[str], chars: str) -> Iterator[re.Match[str]]:
    """All matches of a pattern, one for each start, overlapping ones too ("every start counts", section 4)."""
    found = pattern.search(chars)
    while found:
        yield found
        found = pattern.search(chars, found.start() + 1)
