"""What becomes of each match of a conversation: Replacements, which a channel of the engine asks.

One object serves the channels of one conversation, in the order of spec/redaction.md 8.3. It counts by class, also
what is only reported; a value that is left alone counts nowhere. It logs nothing and prints no value.
"""

from collections.abc import Iterable, Mapping

from relay._core import LimitExceeded, ProtocolError, RedactionError, Replacer
from relay.errors import PolicyBlocked, PolicyRedactionFailed, RelayError
from relay.redact.allow import Allow
from relay.redact.classes import Class, Mode
from relay.redact.placeholders import Hashes, Numbers, masked, numbered

_CLASSES = tuple(Class)
"""By number: a tuple is asked in a tenth of the time that the enumeration takes."""


class Blocked(RedactionError):
    """A class in mode `block` was found; names classes, never values.

    classes   their words
    """

    def __init__(self, *classes: str) -> None:
        super().__init__(f"blocked: the text holds {', '.join(classes)}")
        self.classes = classes


class Treatment:
    """What becomes of the matches of each class, settled once for all the calls of a policy.

    modes   of every class that is on
    allow   by class, what is left alone
    """

    __slots__ = ("allow", "hashes", "kept", "masked", "modes", "numbers")

    def __init__(self, modes: Mapping[Class, Mode], allow: Mapping[Class, Allow] | None = None) -> None:
        self.modes = modes
        self.allow = allow or {}
        plain = {cls: mode for cls, mode in modes.items() if cls not in self.allow}
        self.masked = bits(cls for cls, mode in plain.items() if mode is Mode.MASK)
        self.kept = bits(cls for cls, mode in plain.items() if mode is Mode.REPORT)
        self.hashes = Mode.HASH in modes.values()
        self.numbers = frozenset(cls for cls, mode in modes.items() if mode is Mode.PLACEHOLDER)


class Replacements(Replacer):
    """Gives what stands in the place of a match, by the mode of its class.

    treatment, numbers, hashes   as Replacer's; keys of objects get numbers in every mode that replaces
    """

    __slots__ = ()
    treatment: Treatment
    numbers: Numbers
    hashes: Hashes | None

    def __call__(self, cls: int, value: str | None, is_key: bool) -> str | None:
        """Give what stands for a match; None: it stays as it is.

        value    as it stands in the text; None: over 16 KiB, whose end nobody waited for
        is_key   it stands in a key of an object, and two keys must not fall together
        raises   Blocked
        """
        kind = _CLASSES[cls]
        allow = self.treatment.allow
        if value is not None and kind in allow and allow[kind].covers(kind, value):
            return None
        self.count(cls)
        mode = self.treatment.modes[kind]
        if mode is Mode.REPORT:
            return None
        if mode is Mode.BLOCK:
            raise Blocked(kind.word)
        if mode is Mode.PLACEHOLDER or is_key:
            return numbered(kind, self.numbers.fresh(kind) if value is None else self.numbers.number(kind, value))
        if mode is Mode.HASH and self.hashes and value is not None:
            return self.hashes.placeholder(kind, value)
        return masked(kind)


def bits(classes: Iterable[Class]) -> int:
    """Give a set of classes as `1 << class` of each."""
    return sum(1 << cls for cls in classes)


def fault(cause: Exception) -> Exception:
    """Give what ends a call whose redaction failed; of what is not known to be harmless not even the text is told.

    Whatever else it was, it may quote what is redacted. Errors of the call itself, and an answer that is no JSON, stay.
    """
    if isinstance(cause, Blocked):
        return PolicyBlocked(cause.classes)
    if isinstance(cause, RelayError | ProtocolError | LimitExceeded):
        return cause
    return PolicyRedactionFailed()
