"""JSON documents as the contract redacts them (section 10): the oracle of JSON channels. Clear, not fast.

redact_document(text, classes) gives the text of a document, valid or not, in mode mask and keys in the numbered form;
redact_value(value, classes) does the same with what `decoded` gives for a valid one.

Readings taken where the contract leaves room:
- A key is context alone: nothing in it is a match that would cut a window, and its last 64 characters count.
- What lies deeper than 31 levels has no key; a level deeper than 512 is malformed.
- What is no value though one has to stand there (`10.0.0.1`, `tru`) breaks the document at its first character, and the
  key is its context all the same. A number passes once it has 41 characters: it breaks where it goes wrong behind them.
- A string that breaks off is a value up to there; an unfinished escape belongs to the rest.
- Half of a surrogate pair is a character.
"""

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from tests.reference.redaction import find

KEY_SIZE = 64
KEYS = 32
DEPTH = 512
HELD_NUMBER = 40
NUMBER_CLASSES = frozenset({"credit_card", "phone", "ssn"})

_SPACE = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![-+.0-9a-zE])")
_NUMBER_SO_FAR = re.compile(r"-?(?:0|[1-9][0-9]*)?(?:(?<=[0-9])\.[0-9]*)?(?:(?<=[0-9])[eE][+-]?[0-9]*)?")
_CHARACTER = re.compile(
    r"""\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\["\\/bfnrt]|[^"\\\x00-\x1f]"""
)


class Number(str):
    """A number of a document, as it is written."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """An object: its members in order, doubles too."""


def decoded(text: str) -> Any:
    """What a valid document says: its numbers as Number, its objects as Members."""
    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=Members)


@dataclass
class Keys:
    """The numbers of what stands in keys: counted for each class, one for each string."""

    numbers: dict[str, dict[str, int]] = field(default_factory=dict)

    def numbered(self, cls: str, value: str) -> str:
        """Give `[EMAIL_1]`."""
        known = self.numbers.setdefault(cls, {})
        return f"[{cls.upper()}_{known.setdefault(value, len(known) + 1)}]"


Replace = Callable[[str, str], str]


def _masked(cls: str, value: str) -> str:
    return f"[{cls.upper()}]"


def _context(key: str | None) -> str:
    return "" if key is None else f"{key[-KEY_SIZE:]}: "


def _number(written: str, key: str | None, classes: Collection[str]) -> str | None:
    """The placeholder of a number that is a match from end to end."""
    context = _context(key)
    for match in find(context + written, classes, start=len(context)):
        if (match.start, match.end) == (len(context), len(context + written)) and match.cls in NUMBER_CLASSES:
            return _masked(match.cls, written)
    return None


def _string(characters: list[str], raw: list[str], key: str | None, classes: Collection[str], replace: Replace) -> str:
    """A text of which each character is written as `raw` has it, with what matches replaced."""
    context = _context(key)
    shift, parts, end = len(context), [], 0
    for match in find(context + "".join(characters), classes, start=shift):
        start, stop = match.start - shift, match.end - shift
        parts += [*raw[end:start], replace(match.cls, "".join(characters[start:stop]))]
        end = stop
    return "".join([*parts, *raw[end:]])


def redact_value(value: Any, classes: Collection[str]) -> Any:
    """A decoded document with its values and keys redacted."""
    return _redact_value(value, classes, Keys(), None, 0)


def _redact_value(value: Any, classes: Collection[str], keys: Keys, key: str | None, depth: int) -> Any:
    if depth >= KEYS:
        key = None
    if isinstance(value, Number):
        return _number(value, key, classes) or value
    if isinstance(value, str):
        return _string(list(value), list(value), key, classes, _masked)
    if isinstance(value, Members):
        members = Members()
        for name, member in value:
            written = _string(list(name), list(name), None, classes, keys.numbered)
            members.append((written, _redact_value(member, classes, keys, name, depth + 1)))
        return members
    if isinstance(value, list):
        return [_redact_value(item, classes, keys, key, depth + 1) for item in value]
    return value


def redact_document(text: str, classes: Collection[str]) -> str:
    """The text of a document with its values and keys redacted; from where it breaks on the rest as a text."""
    return _Document(text, classes).redacted()


class _Broken(Exception):
    """The document breaks here; `key` is the context of the rest."""

    def __init__(self, key: str | None = None) -> None:
        self.key = key


class _Document:
    """One reading of a document: `at` is where it stands, `levels` what is open there."""

    def __init__(self, text: str, classes: Collection[str]) -> None:
        self.text, self.classes = text, classes
        self.at = 0
        self.out: list[str] = []
        self.keys = Keys()
        self.levels: list[str] = []
        self.names: list[str | None] = [None]

    def redacted(self) -> str:
        step: Callable[[], Any] = self.value
        try:
            while True:
                self.take(_SPACE)
                if self.at == len(self.text):
                    return "".join(self.out)
                step = step()
        except _Broken as broken:
            rest = list(self.text[self.at :])
            return "".join(self.out) + _string(rest, rest, broken.key, self.classes, _masked)

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        written = found[0] if found else ""
        self.at += len(written)
        self.out.append(written)
        return written

    def sees(self, marks: str) -> bool:
        return self.text[self.at] in marks

    def mark(self) -> None:
        self.out.append(self.text[self.at])
        self.at += 1

    def key(self) -> str | None:
        return self.names[-1] if len(self.levels) < KEYS else None

    def value(self) -> Callable[[], Any]:
        if self.sees('"'):
            self.string(self.key(), _masked)
            return self.after
        if self.sees("{["):
            return self.open()
        token = _TOKEN.match(self.text, self.at)
        if not token:
            self.break_off()
        placeholder = _number(token[0], self.key(), self.classes)
        self.out.append(f'"{placeholder}"' if placeholder else token[0])
        self.at += len(token[0])
        return self.after

    def break_off(self) -> None:
        """Break where a value should stand."""
        begun = _NUMBER_SO_FAR.match(self.text, self.at)
        if begun and len(begun[0]) > HELD_NUMBER:
            self.take(_NUMBER_SO_FAR)
            raise _Broken
        raise _Broken(self.key())

    def open(self) -> Callable[[], Any]:
        if len(self.levels) == DEPTH:
            raise _Broken(self.key())
        self.levels.append(self.text[self.at])
        self.names.append(self.names[-1])
        self.mark()
        return self.first_name if self.levels[-1] == "{" else self.first_value

    def close(self) -> Callable[[], Any]:
        self.levels.pop()
        self.names.pop()
        self.mark()
        return self.after

    def first_value(self) -> Callable[[], Any]:
        return self.close() if self.sees("]") else self.value()

    def first_name(self) -> Callable[[], Any]:
        return self.close() if self.sees("}") else self.name()

    def name(self) -> Callable[[], Any]:
        if not self.sees('"'):
            raise _Broken
        self.names[-1] = self.string(None, self.keys.numbered)
        return self.colon

    def colon(self) -> Callable[[], Any]:
        if not self.sees(":"):
            raise _Broken
        self.mark()
        return self.value

    def after(self) -> Callable[[], Any]:
        """What follows a value."""
        if self.levels and self.sees("]}" if self.sees("]") == (self.levels[-1] == "[") else ""):
            return self.close()
        if self.levels and self.sees(","):
            self.mark()
            return self.value if self.levels[-1] == "[" else self.name
        raise _Broken

    def string(self, key: str | None, replace: Replace) -> str:
        """Take a string; give what it says."""
        self.mark()
        raw: list[str] = []
        while found := _CHARACTER.match(self.text, self.at):
            raw.append(found[0])
            self.at += len(found[0])
        characters = [json.loads(f'"{each}"') for each in raw]
        is_whole = self.text.startswith('"', self.at)
        self.out.append(_string(characters, raw, key, self.classes, replace))
        if not is_whole:
            raise _Broken
        self.mark()
        return "".join(characters)
