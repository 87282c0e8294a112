"""What stands in the place of a match: Replacements, which the engine asks for each one."""

from relay._core import RedactionError
from relay.redact.classes import Class, Mode
from relay.redact.placeholders import Hashes, Numbers, masked, numbered
from relay.redact.policy import Policy


class Blocked(RedactionError):
    """A match of a class in mode `block`; `classes` counts what was found so far, by word."""

    def __init__(self, classes: dict[str, int]) -> None:
        super().__init__("blocked by policy")
        self.classes = classes


class Replacements:
    """Replaces by a policy; counts what it was asked, by the class's word.

    policy    whose classes are looked for
    numbers   of the conversation; keys of objects have numbers in every mode that replaces
    hashes    None where no class is in mode HASH
    """

    __slots__ = ("_hashes", "_modes", "_numbers", "_policy", "counts")

    def __init__(self, policy: Policy, numbers: Numbers, hashes: Hashes | None) -> None:
        self._policy = policy
        self._modes = [policy.modes.get(cls, Mode.MASK) for cls in Class]
        self._numbers = numbers
        self._hashes = hashes
        self.counts: dict[str, int] = {}

    def __call__(self, number: int, value: str | None, is_key: bool) -> str | None:
        """Give the placeholder for a value; None: it stays.

        number   of the class
        value    None: it is longer than anybody keeps
        raises   Blocked
        """
        cls = Class(number)
        if value is not None and self._policy.allows(cls, value):
            return None
        self.counts[cls.word] = self.counts.get(cls.word, 0) + 1
        mode = self._modes[cls]
        if mode is Mode.REPORT:
            return None
        if mode is Mode.BLOCK:
            raise Blocked(dict(self.counts))
        if mode is Mode.PLACEHOLDER or is_key:
            return numbered(cls, self._numbers.fresh(cls) if value is None else self._numbers.number(cls, value))
        if mode is Mode.HASH and self._hashes is not None and value is not None:
            return self._hashes.placeholder(cls, value)
        return masked(cls)
