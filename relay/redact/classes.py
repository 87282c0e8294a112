"""What can be found and what becomes of it: Class, Mode, and the two ways of a call, Direction.

The numbers of the classes are those of `relay._core.kinds.Class`, in the order that settles ties
(spec/redaction.md 4).
"""

from enum import Enum, IntEnum
from typing import Final


class Class(IntEnum):
    """A class of values; its name is the label in a placeholder, its `word` what requests and reports say."""

    CUSTOM = 0
    TOKEN = 1
    IBAN = 2
    CREDIT_CARD = 3
    EMAIL = 4
    UUID = 5
    MAC = 6
    IP = 7
    SSN = 8
    PHONE = 9

    @property
    def word(self) -> str:
        """The class as requests, reports and metrics spell it: `credit_card`."""
        return self.name.lower()


CLASSES: Final = {cls.word: cls for cls in Class}
"""Word → class."""


class Mode(Enum):
    """What becomes of a match (spec/redaction.md 8.1)."""

    REPORT = "report"
    MASK = "mask"
    PLACEHOLDER = "placeholder"
    HASH = "hash"
    BLOCK = "block"

    @property
    def rank(self) -> int:
        """How strict it is: report, then the three that replace, then block."""
        return {Mode.REPORT: 0, Mode.BLOCK: 2}.get(self, 1)


class Direction(Enum):
    """A way of a call that is scanned."""

    REQUEST = "request"
    RESPONSE = "response"
