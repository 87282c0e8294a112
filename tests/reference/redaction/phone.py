"""Class phone, the second layer (contract, 5.8).

A Reading is one way to read digits, separators and parentheses from a start on; the four rules judge readings that end
after a group. Readings taken where the contract leaves room:
- Parentheses hold digits only, and stand for a separator: none need stand beside them. `(+49) 30…` is no P1.
- P1 counts its 7 to 15 digits without the trunk zero. `00` and the code stand in one group.
- P3's D is not 0: a number that starts with `00` is P1's, whose context rule would otherwise say nothing.
- P3's "3 groups" and "4+ groups" count the first group; French pairs are five groups of two.
- A date inside a span turns it away: year, month, day with one separator twice, or day (month) first with `- . /`.
- The words of an extension are read in any case. No span is longer than M = 34, its extension included.
- After a negative word stand at most 3 characters that are not of `[0-9A-Za-z_]`, the `#` not counted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.reference.redaction.model import Candidate, Context, Left, spelled
from tests.reference.redaction.tables import CALLING_CODES
from tests.reference.redaction.view import DIGIT, WORD, View, every

LONGEST = 34

_START = re.compile(r"\+|\(?[0-9]")
_GROUP = re.compile(r"([ ./-]{0,2})(?:\(([0-9]{1,15})\)|([0-9]{1,15})(?![0-9]))")
_EXTENSION = re.compile(rf" (?:x|ext\.? |extension )[0-9]{{1,6}}(?![{WORD}])", re.IGNORECASE)
_RIGHT = re.compile(rf"(?![{WORD}])(?![.,:/-][{DIGIT}])")
_AFTER_WORD = re.compile(rf"(?![{WORD}])")
_P1_LEFT = re.compile(f"[{WORD}+]")
_P3_LEFT = re.compile(rf"[{WORD}.(+/:-]")
_P4_LEFT = re.compile(rf"[{WORD}.+-]")
_P2 = re.compile(
    rf"(?<![{WORD}.+-])(?:\+?1[ .-]?)?(?:\((?!.11)[2-9][0-9]{{2}}\)[ .-]?|(?!.11)[2-9][0-9]{{2}}[ .-])"
    rf"(?!.11)[2-9][0-9]{{2}}[ .-][0-9]{{4}}(?![{WORD}])(?![.-][{DIGIT}])"
)
_ODD = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{5}-[0-9]{4,5}")
_M, _D, _Y = "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])", "(?:19|20)[0-9]{2}"
_DATE = re.compile(rf"(?<![0-9])(?:{_Y}([-./ ]){_M}\1{_D}|{_D}([-./]){_M}\2{_Y}|{_M}([-./]){_D}\3{_Y})(?![0-9])")
_NEGATIVE_TAIL = re.compile(rf"([^{WORD}]*)(?:no|number|#)?([^{WORD}]*)", re.IGNORECASE)
_NEGATIVE_WINDOW = 32


@dataclass(frozen=True, slots=True)
class Reading:
    """Digits from `start` to `end`: the groups with and without parentheses as written, and the digits in a row."""

    written: str
    groups: tuple[str, ...]
    end: int

    @property
    def digits(self) -> str:
        return "".join(self.groups)

    @property
    def is_binary(self) -> bool:
        return not set(self.digits) - {"0", "1"}


def phones(view: View) -> Iterator[Candidate]:
    """Every telephone number of a view."""
    for offer in _phones(view.chars):
        if offer.end - offer.start <= LONGEST and not _DATE.search(view.chars[offer.start : offer.end]):
            yield offer


def _phones(chars: str) -> Iterator[Candidate]:
    for found in every(_P2, chars):
        yield from _with_extension(chars, *found.span(), _is_plain)
    for found in every(_START, chars):
        start = found.start()
        before = chars[start - 1 : start] if start else ""
        for reading in _readings(chars, start):
            yield from _international(chars, start, before, reading)
            yield from _trunk(chars, start, before, reading)
            yield from _any(chars, start, before, reading)


def _readings(chars: str, start: int) -> Iterator[Reading]:
    """Every reading from a start on, one for each group it may end after."""
    place = start + chars.startswith("+", start)
    first, groups = place, list[str]()
    while place - start < LONGEST and (group := _GROUP.match(chars, place)):
        separators, inside, bare = group.groups()
        beside = inside is not None or chars[place - 1 : place] == ")"
        if bool(separators) == (place == first) and not (beside and not separators):
            return
        groups.append(inside or bare)
        place = group.end()
        yield Reading(chars[start:place], tuple(groups), place)


def _with_extension(chars: str, start: int, end: int, context: Context | None) -> Iterator[Candidate]:
    yield Candidate(start, end, "phone", context)
    extension = _EXTENSION.match(chars, end)
    if extension:
        yield Candidate(start, extension.end(), "phone", context)


def _international(chars: str, start: int, before: str, reading: Reading) -> Iterator[Candidate]:
    if _P1_LEFT.match(before) or not _AFTER_WORD.match(chars, reading.end):
        return
    if reading.written.startswith("+") and fits_plan(reading.groups):
        yield from _with_extension(chars, start, reading.end, None)
    if re.match("00[1-9]", reading.written) and fits_plan((reading.groups[0][2:], *reading.groups[1:])):
        context = None if len(reading.groups) >= 4 else _after_phone_word
        yield from _with_extension(chars, start, reading.end, context)


def fits_plan(groups: tuple[str, ...]) -> bool:
    """Whether groups of digits are a calling code and a rest of a length that it has, a trunk zero apart."""
    digits = "".join(groups)
    code = next((digits[:size] for size in (3, 2, 1) if digits[:size] in CALLING_CODES), None)
    if code is None:
        return False
    rest = digits[len(code) :]
    readings = (rest, rest[1:]) if rest.startswith("0") else (rest,)
    return any(len(each) in CALLING_CODES[code] and 7 <= len(code) + len(each) <= 15 for each in readings)


def _trunk(chars: str, start: int, before: str, reading: Reading) -> Iterator[Candidate]:
    first, *others = reading.groups
    shaped = re.fullmatch("0[1-9][0-9]{0,3}", first) and all(2 <= len(group) <= 8 for group in others)
    if not shaped or not 1 <= len(others) <= 4 or not 8 <= len(reading.digits) <= 12:
        return
    if reading.written.startswith("+") or "(" in reading.written[1:]:
        return
    if reading.is_binary or _ODD.fullmatch(reading.written):
        return
    if not _P3_LEFT.match(before) and _RIGHT.match(chars, reading.end):
        yield Candidate(start, reading.end, "phone", _is_plain if _is_telling(reading) else _after_phone_word_only)


def _is_telling(reading: Reading) -> bool:
    """Whether a number with a trunk zero needs no context."""
    groups, bracketed = reading.groups, reading.written.startswith("(")
    if "." in reading.written or not (bracketed or len(groups) >= 3 or len(groups[0]) >= 4):
        return False
    return len(groups) < 4 or len(groups[0]) > 2 or [len(group) for group in groups] == [2] * 5


def _any(chars: str, start: int, before: str, reading: Reading) -> Iterator[Candidate]:
    if reading.written.startswith("+") or reading.is_binary or not 7 <= len(reading.digits) <= 15:
        return
    if not _P4_LEFT.match(before) and _RIGHT.match(chars, reading.end):
        yield from _with_extension(chars, start, reading.end, _after_phone_word_only)


def _after_phone_word(left: Left) -> bool:
    return left.has("phone", 32)


def _is_plain(left: Left) -> bool:
    """Whether no word says that the number is something else."""
    window = left.window(_NEGATIVE_WINDOW)
    return not any(_leads_up(window, word.end()) for word in every(spelled("phone_negative"), window))


def _leads_up(window: str, place: int) -> bool:
    tail = _NEGATIVE_TAIL.fullmatch(window, place)
    return bool(tail) and len(tail[1] + tail[2]) <= 3


def _after_phone_word_only(left: Left) -> bool:
    return _is_plain(left) and _after_phone_word(left)
