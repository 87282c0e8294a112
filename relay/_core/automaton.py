"""Automata for the patterns of a request (spec/redaction.md 7), built when a set of patterns is.

A pattern becomes a table: state and class of character give the next state. State 0 is dead; in every other one a match
may still end or go on, so the table also says what is undecided.

Unreadable is raised for what takes too long to build or to find out: automata that are too large, classes by Unicode
property, and such as `[一-龥]` in any case. Such a pattern is left to RE2.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import re2  # type: ignore[import-untyped]  # it has no types of its own

from relay._core.syntax import (
    ASCII_CASES,
    CODES,
    SMALL_SCRIPTS,
    Choice,
    Edge,
    Node,
    Repeat,
    Row,
    Set,
    Unreadable,
    code_of,
    small_cases,
    tree,
)

WORK: Final = 100_000
"""What building the automata of one set may cost, in steps of about a quarter of a microsecond."""

ENDS_PLAIN: Final = 1
"""A match ends here if no word character follows."""
ENDS_IN_WORD: Final = 2
"""A match ends here if a word character follows."""
GOES_ON: Final = 4

OPENING: Final = 3
"""How many characters at the start of a match are looked at before anything else."""

_SET_WORK: Final = 200
_ASCII: Final = 0x80
_BEYOND: Final = 0x110000
_REPLACEMENT: Final = 0xFFFD  # what RE2 reads for a surrogate
_ASCII_CASES: Final = frozenset((0x17F, 0x212A))  # the characters beyond ASCII that are an `s` or a `k` in any case
# Surrogates left out: no text has them that RE2 reads. Between and behind these nothing is assigned.
_KNOWN: Final = (range(0x80, 0xD800), range(0xE000, 0x40000), range(0xE0000, 0xE1000), range(0xF0000, 0xF0001))
_WORD: Final = frozenset(map(ord, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"))


@dataclass(slots=True)
class Budget:
    left: int = WORK

    def spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise Unreadable


@dataclass(frozen=True, slots=True)
class Automaton:
    """Tables of one pattern.

    classes        the class of each ASCII character
    points         uint32: code points beyond ASCII from which on another class holds
    point_classes  their classes
    plain          classes before this are no word characters
    count          classes in all
    next           uint16 at state * count + class
    ends           of each state ENDS_PLAIN, ENDS_IN_WORD, GOES_ON
    starts         the state to start from, after no word character and after one
    """

    classes: bytes
    points: bytes
    point_classes: bytes
    plain: int
    count: int
    next: bytes
    ends: bytes
    starts: tuple[int, int]

    def opening(self) -> list[bytes]:
        """Give what a match may start with, as `opening_of` does."""
        table = memoryview(self.next).cast("H")
        states, marks = set(self.starts), list[Iterable[int]]()
        while len(marks) < OPENING and not any(self.ends[state] & (ENDS_PLAIN | ENDS_IN_WORD) for state in states):
            classes = {at for state in states for at in range(self.count) if table[state * self.count + at]}
            marks.append(self._codes(classes))
            states = {table[state * self.count + at] for state in states for at in classes} - {0}
        return opening_of(marks)

    def _codes(self, classes: set[int]) -> Iterator[int]:
        """Give code points of these classes, of a long run of them as many as tell where in a table they are."""
        yield from (code for code, each in enumerate(self.classes) if each in classes)
        points = [*memoryview(self.points).cast("I"), _BEYOND]
        for at, each in enumerate(self.point_classes):
            if each in classes:
                yield from range(points[at], min(points[at + 1], points[at] + _ASCII))
                if points[at] <= _REPLACEMENT < points[at + 1]:
                    yield _REPLACEMENT


def opening_of(marks: Iterable[Iterable[int]]) -> list[bytes]:
    """Give what a match may start with, from the code points that may stand at its first OPENING places.

    Each place has a table of 256 by `opening_at`.
    """
    tables = []
    for codes in marks:
        table = bytearray(256)
        for code in codes:
            table[opening_at(code)] = 1
            if code == _REPLACEMENT:
                table[_ASCII:] = b"\1" * _ASCII
        tables.append(bytes(table))
    return [*tables, *[b"\1" * 256] * OPENING][:OPENING]


def opening_at(code: int) -> int:
    """Give the place of a code point in a table of what a match starts with."""
    return code if code < _ASCII else _ASCII | code & 0x7F


def automaton(source: str, ignore_case: bool, max_len: int, budget: Budget) -> Automaton:
    """Give the tables of a pattern that RE2 took; raises Unreadable."""
    links = _Links(budget, max_len)
    whole = links.of(tree(source, ignore_case))
    return _tables(links, whole, _Alphabet(links.sets, budget), budget)


@dataclass(frozen=True, slots=True)
class _Span:
    """Part of a pattern by its places, as bits: where it starts and ends, and whether it may be empty.

    Each twice: where no edge of a word is, and where one is.
    """

    empty: tuple[bool, bool]
    first: tuple[int, int] = (0, 0)
    last: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class _Links:
    """Which place of a pattern may follow which. Edges are no places: they decide which links hold."""

    budget: Budget
    max_len: int
    sets: list[Set] = field(default_factory=list)
    follow: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))

    def of(self, node: Node) -> _Span:
        match node:
            case Set():
                return self._place(node)
            case Edge(inside):
                return _Span((inside, not inside))
            case Row(parts):
                span = _Span((True, True))
                for part in parts:
                    span = self._joined(span, self.of(part))
                return span
            case Choice(parts):
                spans = [self.of(part) for part in parts]
                return _Span(
                    (any(span.empty[0] for span in spans), any(span.empty[1] for span in spans)),
                    (_union(span.first[0] for span in spans), _union(span.first[1] for span in spans)),
                    (_union(span.last[0] for span in spans), _union(span.last[1] for span in spans)),
                )
            case Repeat():
                return self._repeat(node)

    def _place(self, node: Set) -> _Span:
        self.budget.spend(1)
        place = 1 << len(self.sets)
        self.sets.append(node)
        for follow in self.follow:
            follow.append(0)
        return _Span((False, False), (place, place), (place, place))

    def _repeat(self, node: Repeat) -> _Span:
        span = _Span((True, True))
        copy = span
        for _ in range(node.least):
            copy = self.of(node.part)
            span = self._joined(span, copy)
        if node.most is None:
            if node.least == 0:
                span = copy = self.of(node.part)
            self._joined(copy, copy)
            return span if node.least else _Span((True, True), span.first, span.last)
        rest = _Span((True, True))
        # More than `max_len` of them could only be empty.
        for _ in range(min(node.most, max(node.least, self.max_len)) - node.least):
            tail = self._joined(self.of(node.part), rest)
            rest = _Span((True, True), tail.first, tail.last)
        return self._joined(span, rest)

    def _joined(self, left: _Span, right: _Span) -> _Span:
        for mode in (0, 1):
            if right.first[mode]:
                for place in _places(left.last[mode]):
                    self.budget.spend(1)
                    self.follow[mode][place] |= right.first[mode]
        return _Span(
            (left.empty[0] and right.empty[0], left.empty[1] and right.empty[1]),
            (
                _chain(left.empty[0], left.first[0], right.first[0]),
                _chain(left.empty[1], left.first[1], right.first[1]),
            ),
            (_chain(right.empty[0], right.last[0], left.last[0]), _chain(right.empty[1], right.last[1], left.last[1])),
        )


def _chain(is_empty: bool, near: int, far: int) -> int:
    return near | far if is_empty else near


def _union(bits: Iterable[int]) -> int:
    union = 0
    for each in bits:
        union |= each
    return union


def _places(bits: int) -> Iterator[int]:
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


class _Alphabet:
    """The classes of characters that a pattern tells apart."""

    def __init__(self, sets: Sequence[Set], budget: Budget) -> None:
        distinct = sorted(set(sets), key=lambda each: (each.source, sorted(each.members)))
        self.points = sorted({_ASCII, *(point for each in distinct for point in _points(each))})
        heads = [*range(_ASCII), *map(_head, self.points)]
        held: list[int] = [0] * len(heads)
        places = dict.fromkeys(distinct, 0)
        for at, each in enumerate(sets):
            places[each] |= 1 << at
        for each in distinct:
            budget.spend(_SET_WORK if each.source else 1)
            for at in _held(each, heads):
                held[at] |= places[each]
        # Word characters come last, so that their classes are known by number.
        kinds = [(head in _WORD, places) for head, places in zip(heads, held, strict=True)]
        classes = sorted(set(kinds))
        if len(classes) > 0xFF:
            raise Unreadable
        number = {kind: at for at, kind in enumerate(classes)}
        self.ascii = bytes(number[kind] for kind in kinds[:_ASCII])
        self.beyond = bytes(number[kind] for kind in kinds[_ASCII:])
        self.places = [places for _, places in classes]
        self.plain = sum(not is_word for is_word, _ in classes)


def _points(each: Set) -> set[int]:
    """Give the code points beyond ASCII at which a set may begin or end."""
    named = each.members or {*map(ord, each.source), *(code_of(code[0]) for code in CODES.finditer(each.source))}
    beyond = {code for code in named if code >= _ASCII}
    if each.source:
        if re.search(r"\\[pP]", each.source) or (each.any_case and max(beyond, default=0) >= SMALL_SCRIPTS):
            raise Unreadable
        beyond |= small_cases() if beyond and each.any_case else ASCII_CASES
    return beyond | {code + 1 for code in beyond}


def _head(point: int) -> int:
    """Give a character that stands for all from `point` on: surrogates are never asked for."""
    return 0xE000 if 0xD800 <= point < 0xE000 else min(point, _BEYOND - 1)


def _held(each: Set, heads: list[int]) -> Iterable[int]:
    """Give the places in `heads` whose characters are in a set."""
    if each.members:
        return [at for at, head in enumerate(heads) if head in each.members]
    runs = re2.compile(f"{each.source}+").finditer("".join(map(chr, heads)))
    return [at for run in runs for at in range(*run.span())]


def _tables(links: _Links, whole: _Span, alphabet: _Alphabet, budget: Budget) -> Automaton:
    """Number the sets of places that a match can stand in, and what leads from one to another.

    A state is what was just read and whether that was a word character: so is known whether an edge comes next.
    """
    start = 1 << len(links.sets)
    follow = [[*links.follow[mode], whole.first[mode]] for mode in (0, 1)]
    lasts = whole.last
    has_edges = follow[0] != follow[1] or lasts[0] != lasts[1]
    states: dict[tuple[int, bool], int] = {(0, False): 0, (start, False): 1}
    states.setdefault((start, has_edges), len(states))
    table, ends = array("H"), bytearray()
    # The list grows while it is gone through.
    queue = list(states)
    for bits, after_word in queue:
        budget.spend(2 * bits.bit_count() + len(alphabet.places))
        nexts = [_union(follow[mode][place] for place in _places(bits)) for mode in (0, 1)]
        modes = (after_word, not after_word)
        ends.append(bool(bits & lasts[modes[0]]) * ENDS_PLAIN | bool(bits & lasts[modes[1]]) * ENDS_IN_WORD)
        for number, places in enumerate(alphabet.places):
            is_word = number >= alphabet.plain
            target = nexts[modes[is_word]] & places
            state = (target, is_word and has_edges) if target else (0, False)
            if state not in states:
                states[state] = len(states)
                queue.append(state)
            table.append(states[state])
            if target:
                ends[-1] |= GOES_ON
    return Automaton(
        classes=alphabet.ascii,
        points=array("I", alphabet.points).tobytes(),
        point_classes=alphabet.beyond,
        plain=alphabet.plain,
        count=len(alphabet.places),
        next=table.tobytes(),
        ends=bytes(ends),
        starts=(1, states[start, has_edges]),
    )
