"""How much text of a block can wait at most: worst(), from the bounds of spec/redaction.md 5 to 9 (RED-4).

An open match never reaches the ceiling of the operator, `redact.hold_max`: a policy that could is refused before it is
used, and a run that goes on past its class's bound is masked from its start and swallowed as it comes.
"""

from collections.abc import Mapping
from typing import Any, Final

from relay.errors import CallerInvalid
from relay.redact import policy
from relay.redact.classes import Class
from relay.redact.fields import Finding
from relay.redact.policy import Policy

WITH_TOKENS: Final = 600
WITHOUT_TOKENS: Final = 360
"""What spec/redaction.md 9 promises of all classes together."""

_DECIDED_AFTER: Final[Mapping[Class, int]] = {
    Class.EMAIL: 320,
    Class.IP: 62,
    Class.IBAN: 43,
    Class.UUID: 37,
    Class.PHONE: 36,
    Class.MAC: 27,
    Class.CREDIT_CARD: 25,
    Class.SSN: 13,
}
"""Characters from the start of a match until it is certain."""
_OPEN_LITERAL: Final = 28
"""What looks like the beginning of a placeholder waits by itself, behind all of them."""


def worst(asked: Policy) -> tuple[Class, int]:
    """Give the class of a policy that may hold back most, and how much waits at most with all that is on."""
    bounds = {cls: _bound(cls, asked) for cls in asked.modes}
    cls = max(bounds, key=lambda each: bounds[each])
    if cls is Class.TOKEN:
        return cls, WITH_TOKENS
    # A telephone number waits for what the other classes make of the text behind it.
    behind = _DECIDED_AFTER[Class.PHONE] if Class.PHONE in bounds and len(bounds) > 1 else 0
    return cls, min(bounds[cls] + behind + _OPEN_LITERAL, WITHOUT_TOKENS)


def too_low(asked: Policy, most: int) -> str | None:
    """Tell why a policy can't be kept within a ceiling; None: it can."""
    if not asked.modes:
        return None
    cls, needed = worst(asked)
    return f"class {cls.word} may need {needed} characters" if needed > most else None


def faults(raw: Any, most: int, floor: Any = None) -> list[Finding]:
    """Give everything that is wrong with an operator's policy under a ceiling, with its place in the section.

    floor   of a key's policy: what it is added to, which is judged by itself; None: it is the floor
    """
    found = policy.faults(raw)
    if found:
        return found
    try:
        both = policy.joined(None if policy.faults(floor or {}) else policy.parse(floor), policy.parse(raw))
    except CallerInvalid as cause:
        return [((), cause.message)]
    reason = too_low(both, most) if both else None
    if reason is None:
        return []
    if floor is not None:
        return [((), f"{reason}, more than `redact.hold_max`")]
    return [(("hold_max",), f"is too low: {reason}")]


def _bound(cls: Class, asked: Policy) -> int:
    if cls is Class.CUSTOM:
        return max((pattern.max_len + 1 for pattern in asked.custom), default=1)
    return _DECIDED_AFTER.get(cls, WITH_TOKENS)
