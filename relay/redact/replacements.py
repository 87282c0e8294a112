"""What becomes of each match of a conversation: Replacements, which a channel of the engine asks.

One object serves the channels of one conversation, in the order of spec/redaction.md 8.3. It counts by class, also
what is only reported; a value that is left alone counts nowhere. It logs nothing and prints no value.
"""

from collections.abc import Mapping

from relay._core import RedactionError
from relay.redact.allow import NOTHING, Allow
from relay.redact.classes import Class, Mode
from relay.redact.placeholders import Hashes, Numbers, masked, numbered


class Blocked(RedactionError):
    """A class in mode `block` was found; names classes, never values.

    classes   their words
    """

    def __init__(self, *classes: str) -> None:
        super().__init__(f"blocked: the text holds {', '.join(classes)}")
        self.classes = classes


class Replacements:
    """Gives what stands in the place of a match, by the mode of its class.

    modes     of every class that is on
    allow     by class, what is left alone
    numbers   of the conversation; keys of objects get them in every mode that replaces
    hashes    needed where a class is in mode HASH
    """

    __slots__ = ("_allow", "_hashes", "_modes", "_numbers", "counts")

    def __init__(
        self,
        modes: Mapping[Class, Mode],
        allow: Mapping[Class, Allow],
        numbers: Numbers,
        hashes: Hashes | None = None,
    ) -> None:
        if hashes is None and Mode.HASH in modes.values():
            raise ValueError("hashes: mode 'hash' needs them")
        self._modes = modes
        self._allow = allow
        self._numbers = numbers
        self._hashes = hashes
        self.counts: dict[str, int] = {}

    def __call__(self, cls: int, value: str | None, is_key: bool) -> str | None:
        """Give what stands for a match; None: it stays as it is.

        value    as it stands in the text; None: over 16 KiB, whose end nobody waited for
        is_key   it stands in a key of an object, and two keys must not fall together
        raises   Blocked
        """
        kind = Class(cls)
        if value is not None and self._allow.get(kind, NOTHING).covers(kind, value):
            return None
        self.counts[kind.word] = self.counts.get(kind.word, 0) + 1
        mode = self._modes[kind]
        if mode is Mode.REPORT:
            return None
        if mode is Mode.BLOCK:
            raise Blocked(kind.word)
        if mode is Mode.PLACEHOLDER or is_key:
            return self._numbered(kind, value)
        if mode is Mode.HASH and self._hashes and value is not None:
            return self._hashes.placeholder(kind, value)
        return masked(kind)

    def _numbered(self, kind: Class, value: str | None) -> str:
        return numbered(kind, self._numbers.fresh(kind) if value is None else self._numbers.number(kind, value))
