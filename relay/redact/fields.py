"""Reading one JSON object of a request field by field: Fields notes everything that is wrong and never raises.

The words are those of spec/gateway-object.md 1. A null is an absent field; a field that nobody asked for is unknown.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Where = tuple[str | int, ...]
"""A place below the object: keys and list positions."""
Finding = tuple[Where, str]

MAX_FIELD_CHARS = 1 << 16
"""More than a whole object may have: for strings that have no limit of their own."""

_SPELLED_CHARS = 64
_SURROGATE = re.compile("[\ud800-\udfff]")


def spelled(where: Where) -> str:
    """Give a place in dotted form; of a key that the client made up only what a line can show."""
    return ".".join(
        "".join(char if char.isprintable() else "?" for char in str(part)[:_SPELLED_CHARS]) for part in where
    )


class Fields:
    """A JSON object being read; `found` collects what is wrong with it and with the objects inside it."""

    __slots__ = ("_asked", "_raw", "found", "where")

    def __init__(self, raw: Any, where: Where, found: list[Finding]) -> None:
        self.where = where
        self.found = found
        self._asked: set[str] = set()
        self._raw: Mapping[str, Any] = {}
        if isinstance(raw, dict):
            self._raw = raw
        else:
            self.refuse("Input should be a valid object")

    def refuse(self, reason: str, *inner: str | int) -> None:
        """Note that a place below the object is wrong."""
        self.found.append(((*self.where, *inner), reason))

    def has(self, name: str) -> bool:
        """Tell whether a field is written."""
        return self._raw.get(name) is not None

    def flag(self, name: str, default: bool) -> bool:
        """Give a boolean."""
        value = self._take(name, default)
        if isinstance(value, bool):
            return value
        self.refuse("Input should be a valid boolean", name)
        return default

    def text(self, name: str, most: int) -> str | None:
        """Give a string of at most `most` characters, None when absent."""
        value = self._take(name, None)
        return None if value is None else self.string(value, most, name)

    def number(self, name: str, low: int, high: int) -> int | None:
        """Give a whole number between two bounds, None when absent."""
        value = self._take(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse("Input should be a valid integer", name)
        elif value < low:
            self.refuse(f"Input should be greater than or equal to {low}", name)
        elif value > high:
            self.refuse(f"Input should be less than or equal to {high}", name)
        else:
            return value
        return None

    def items(self, name: str, most: int, least: int = 0) -> list[Any]:
        """Give an array of `least` to `most` items, empty when absent."""
        value = self._take(name, None)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse("Input should be a valid array", name)
        elif len(value) < least:
            self.refuse(f"List should have at least {least} item", name)
        elif len(value) > most:
            self.refuse(f"List should have at most {most} items", name)
        else:
            return value
        return []

    def any(self, name: str) -> Any:
        """Give a field of several forms as it is, None when absent."""
        return self._take(name, None)

    def string(self, value: Any, most: int, *inner: str | int) -> str | None:
        """Give a value that must be a string, None (and a note) when it is none that can be sent on."""
        if not isinstance(value, str) or _SURROGATE.search(value):
            self.refuse("Input should be a valid string", *inner)
        elif len(value) > most:
            self.refuse(f"String should have at most {most} characters", *inner)
        else:
            return value
        return None

    def choice(self, value: Any, options: Sequence[str], *inner: str | int) -> str | None:
        """Give a value that must be one of a few words."""
        if isinstance(value, str) and value in options:
            return value
        *first, last = (f"'{option}'" for option in options)
        self.refuse(f"Input should be {', '.join(first)} or {last}" if first else f"Input should be {last}", *inner)
        return None

    def word(self, name: str, options: Sequence[str]) -> str:
        """Give a field that must be one of a few words; the first is the default."""
        value = self._take(name, options[0])
        return self.choice(value, options, name) or options[0]

    def choices(self, name: str, options: Sequence[str], least: int = 0) -> list[str] | None:
        """Give an array of such words, None when absent."""
        if self._take(name, None) is None:
            return None
        values = self.items(name, 2 * len(options), least)
        words = (self.choice(value, options, name, at) for at, value in enumerate(values))
        return [word for word in words if word is not None]

    def close(self) -> None:
        """Refuse every field that nobody asked for: a slip of the pen must not leave a class off."""
        for name in self._unknown():
            self.refuse("Extra inputs are not permitted", name)

    def _unknown(self) -> Iterator[str]:
        return (name for name in self._raw if name not in self._asked)

    def _take(self, name: str, default: Any) -> Any:
        self._asked.add(name)
        value = self._raw.get(name)
        return default if value is None else value
