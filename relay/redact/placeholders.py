"""What stands in for a value: masked(), numbered(), Hashes; and Numbers, which knows the values of one conversation.

The grammar is spec/redaction.md 8.2: ASCII, at most 28 characters, nothing that JSON, HTML or Markdown must escape.
Numbers and Hashes belong to one call. Neither is logged, cached or shared, and neither prints what it holds.
"""

import base64
import hashlib
import hmac
import re
from typing import Final

from relay.redact.classes import Class
from relay.redact.normal import normal

MAX_NUMBER: Final = 999_999
MAX_KEPT_BYTES: Final = 16 << 10
LITERAL: Final = re.compile(
    rf"\[({'|'.join(cls.name for cls in Class)})(?:_(?:([1-9][0-9]{{0,5}})|h[a-z2-7]{{12}}))?\]", re.ASCII
)
"""Text that looks like a placeholder: class, and the number if it has one."""

_HASH_BYTES: Final = 8
_HASH_CHARS: Final = 12


def masked(cls: Class) -> str:
    """Give `[EMAIL]`."""
    return f"[{cls.name}]"


def numbered(cls: Class, number: int) -> str:
    """Give `[EMAIL_1]`; past the last number of the grammar `[EMAIL]`, which nothing restores."""
    return f"[{cls.name}_{number}]" if number <= MAX_NUMBER else masked(cls)


class Hashes:
    """Placeholders by a keyed hash: the same value gives the same one wherever key and session are the same.

    key       the tenant's (SEC-11)
    session   narrows the scope; None: the whole tenant
    """

    __slots__ = ("_heads", "_key")

    def __init__(self, key: bytes, session: str | None) -> None:
        self._key = key
        scope = (session or "").encode("utf-8", "surrogatepass")
        self._heads = [b"%b\x1f%b\x1f" % (cls.word.encode(), scope) for cls in Class]

    def placeholder(self, cls: Class, value: str) -> str:
        """Give `[EMAIL_h` + 12 characters `]`: base32 of the first 60 bits of the value's HMAC-SHA-256."""
        text = self._heads[cls] + normal(cls, value).encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, text, hashlib.sha256)
        code = base64.b32encode(digest[:_HASH_BYTES]).decode().lower()[:_HASH_CHARS]
        return f"[{cls.name}_h{code}]"


class Known:
    """Values of a conversation up to a place; it prints none of them."""

    __slots__ = ("_originals",)

    def __init__(self, originals: dict[tuple[Class, int], str]) -> None:
        self._originals = originals

    def original(self, cls: Class, number: int) -> str | None:
        """Give the value that a placeholder stands for; None: not one of these."""
        return self._originals.get((cls, number))


class Numbers:
    """The numbers of one conversation: counted for each class from 1, in the order in which strings first appear.

    Give it the matches and literals in the order of spec/redaction.md 8.3: tools, system, messages, response. The same
    string of a class keeps its number, byte for byte; another spelling is another string. Memory: what was matched,
    and 32 bytes for a value over 16 KiB.
    """

    __slots__ = ("_last", "_mark", "_numbers", "_originals", "_taken")

    def __init__(self) -> None:
        self._mark: tuple[dict[Class, int], int, int, set[tuple[Class, int]]] | None = None
        self._last: dict[Class, int] = {}
        self._numbers: dict[tuple[Class, str | bytes], int] = {}
        self._originals: dict[tuple[Class, int], str] = {}
        self._taken: set[tuple[Class, int]] = set()

    def number(self, cls: Class, value: str) -> int:
        """Give the number of a value, its own from now on. Over 16 KiB it counts, but can't be restored."""
        is_kept = len(value) <= MAX_KEPT_BYTES // 4 or len(value.encode("utf-8", "surrogatepass")) <= MAX_KEPT_BYTES
        key = (cls, value if is_kept else hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest())
        found = self._numbers.get(key)
        if found is not None:
            return found
        number = self._numbers[key] = self.fresh(cls)
        if is_kept:
            self._originals[cls, number] = value
        return number

    def fresh(self, cls: Class) -> int:
        """Give the next number to a value whose end nobody waited for: it equals no other and can't be restored."""
        number = self._last.get(cls, 0) + 1
        while (cls, number) in self._taken:
            number += 1
        self._last[cls] = number
        return number

    def reserve(self, cls: Class, number: int) -> None:
        """Don't give out a number from now on: it stands in the text. One that was given before stays given."""
        if number > self._last.get(cls, 0):
            self._taken.add((cls, number))

    def reserve_in(self, text: str) -> None:
        """Reserve the number of every literal in a text."""
        for name, number in LITERAL.findall(text):
            if number:
                self.reserve(Class[name], int(number))

    def original(self, cls: Class, number: int) -> str | None:
        """Give the value that a placeholder stands for; None: not one of ours, or not kept."""
        return self._originals.get((cls, number))

    def known(self) -> "Known":
        """Give the originals so far: what a later text adds is not among them."""
        return Known(self._originals.copy())

    def mark(self) -> None:
        """Remember this place, for rewind()."""
        if self._last or self._taken:
            self._mark = (self._last.copy(), len(self._numbers), len(self._originals), self._taken.copy())

    def rewind(self) -> None:
        """Take back what was given and reserved since mark(): it stood in a text that nobody saw."""
        last, numbers, originals, taken = self._mark or ({}, 0, 0, set())
        self._last, self._taken = last.copy(), taken.copy()
        while len(self._numbers) > numbers:
            self._numbers.popitem()
        while len(self._originals) > originals:
            self._originals.popitem()

    def clear(self) -> None:
        """Let go of every value; nothing can be restored any more."""
        if self._last or self._taken:
            self._numbers.clear()
            self._originals.clear()
            self._taken.clear()
