"""Candidates, their left context and the choice among them (contract, section 4).

`choose(view, candidates)` gives the matches. Rules hand in every interval that satisfies grammar, boundary and
validator; what depends on other matches, the context, is a function that the choice calls with the candidate's Left.

Readings taken where the contract leaves room:
- A layer-1 context is cut by layer-1 matches and literals only: phones are chosen after layer 1 stands.
- A word directly after the cut counts as free on its left, so that a match and its placeholder cut alike.
- A word that starts with an ASCII letter is never inside a run of letters on its left, whatever it ends in: "class#"
  does not hold "ss#".
- "The earlier one's context carries on" means: the later one has context if the earlier one has.
- No rule has an extent before its span, URL credentials neither (6.5): it would leave a key, or a phrase of one's own,
  that is the user of a URL with a password. Addresses there are no candidates in the first place (5.1).
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from tests.reference.redaction.tables import WORDS
from tests.reference.redaction.view import Span, View

LAYER_1 = ("custom", "token", "iban", "credit_card", "email", "uuid", "mac", "ip", "ssn")
LAYER_2 = ("phone",)

_GLUE = re.compile(r"[ \t,;/|&]*(?:(?<![A-Za-z])(?:and|or|und|et|y)(?![A-Za-z])[ \t,;/|&]*)?", re.IGNORECASE)
_GLUE_SIZE = 6


@dataclass(frozen=True, slots=True)
class Left:
    """What stands to the left of a place: `earlier` are the matches and literals of the channel, left to right."""

    view: View
    start: int
    cls: str
    earlier: Sequence[Span]

    def window(self, size: int) -> str:
        """The `size` characters before the place, cut at the end of the nearest earlier match or literal."""
        return self.view.chars[self._cut(size) : self.start]

    def has(self, words: str, size: int) -> bool:
        """Whether a word of the list stands in the window, or the context of an earlier match carries on."""
        place = self
        while not place._says(words, size):
            previous = place._previous()
            if previous is None or not place._follows(previous):
                return False
            place = Left(self.view, previous.start, self.cls, self.earlier)
        return True

    def _says(self, words: str, size: int) -> bool:
        cut, floor = self._cut(size), self._floor()
        # The character before the window tells whether its first letters go on to the left; a match does not.
        origin = max(floor, cut - 1)
        return bool(spelled(words).search(self.view.chars[origin : self.start], cut - origin))

    def _cut(self, size: int) -> int:
        return max(self._floor(), self.start - size)

    def _floor(self) -> int:
        previous = self._previous()
        return previous.end if previous else 0

    def _previous(self) -> Span | None:
        index = bisect_right(self.earlier, self.start, key=lambda span: span.end)
        return self.earlier[index - 1] if index else None

    def _follows(self, previous: Span) -> bool:
        between = self.view.chars[previous.end : self.start]
        return previous.cls == self.cls and len(between) <= _GLUE_SIZE and bool(_GLUE.fullmatch(between))


@cache
def spelled(words: str) -> re.Pattern[str]:
    """A pattern for any word of a list: any case, not inside a longer run of ASCII letters."""
    return re.compile("|".join(map(_bounded, sorted(WORDS[words], key=len, reverse=True))), re.IGNORECASE)


def _bounded(word: str) -> str:
    left = r"(?<![A-Za-z])" if _is_ascii_letter(word[0]) else ""
    right = r"(?![A-Za-z])" if _is_ascii_letter(word[-1]) else ""
    return left + re.escape(word) + right


def _is_ascii_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


Context = Callable[[Left], bool]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An interval that a rule offers to be replaced."""

    start: int
    end: int
    cls: str
    context: Context | None = None


def choose(view: View, candidates: Iterable[Candidate]) -> list[Span]:
    """The matches among the candidates of all classes, left to right; no two share a character."""
    offered = list(candidates)
    first = _chosen(view, [each for each in offered if each.cls in LAYER_1], [])
    free = [each for each in offered if each.cls in LAYER_2 and not _touches(each, first)]
    return sorted(first + _chosen(view, free, first), key=lambda span: span.start)


def _rank(offer: Candidate) -> tuple[int, int, int]:
    return offer.start, -offer.end, (LAYER_1 + LAYER_2).index(offer.cls)


def _chosen(view: View, offered: list[Candidate], others: Sequence[Span]) -> list[Span]:
    chosen: list[Span] = []
    earlier = sorted((*view.literals, *others), key=lambda span: span.end)
    end = 0
    for offer in sorted(offered, key=_rank):
        left = Left(view, offer.start, offer.cls, earlier)
        if offer.start < end or (offer.context and not offer.context(left)):
            continue
        chosen.append(Span(offer.start, offer.end, offer.cls))
        earlier.insert(bisect_right(earlier, offer.end, key=lambda span: span.end), chosen[-1])
        end = offer.end
    return chosen


def _touches(offer: Candidate, spans: Sequence[Span]) -> bool:
    index = bisect_left(spans, offer.start + 1, key=lambda span: span.end)
    return index < len(spans) and spans[index].start < offer.end
