"""What is to be redacted, and how: Policy, read by parse() from the words of `gateway.redact`, joined by merge().

The operator's floor and a request say the same things in the same words (spec/redaction.md 1); merge() goes upward
only. What only the rest of a request or of the configuration can tell is left to those who know it:
`scan_thinking: drop` together with tools, and mode `hash` without a key (`Policy.needs_key`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from relay.errors import CallerInvalid
from relay.redact import custom
from relay.redact.allow import NOTHING, Allow, is_too_wide
from relay.redact.classes import CLASSES, Class, Direction, Mode
from relay.redact.custom import Pattern, Unusable
from relay.redact.fields import MAX_FIELD_CHARS, Fields, Finding, spelled

PATH: Final = "gateway.redact"
MAX_ALLOWED: Final = 256
MAX_SESSION_CHARS: Final = 256
MAX_REPORTED: Final = 5
_SWITCHES: Final = tuple(word for word in CLASSES if word != "custom")
_MANNERS: Final = (
    "mode",
    "apply_to",
    "restore",
    "restore_in",
    "allow",
    "session",
    "scan_thinking",
    "on_unscannable",
)
"""The fields that say how, not what."""


class Channel(Enum):
    """Where originals come back; TOKEN_TEXT is those of tokens in text."""

    TEXT = "text"
    TOOL_INPUT = "tool_input"
    TOKEN_TEXT = "token_text"


class Thinking(Enum):
    """What becomes of thinking blocks."""

    PASS = "pass"
    DROP = "drop"


class Unscannable(Enum):
    """What becomes of images, audio, PDFs and other binary content."""

    PASS = "pass"
    BLOCK = "block"


EVERYWHERE: Final = frozenset(Direction)
RESTORED_IN: Final = frozenset({Channel.TEXT, Channel.TOOL_INPUT})


@dataclass(frozen=True, slots=True)
class Policy:
    """What is to be redacted, and how.

    modes       the classes that are on; empty in a policy that only says how, which merge() may yet fill
    custom      the patterns of class CUSTOM
    restore     originals come back into the response, for classes in mode PLACEHOLDER
    allow       by class, what is left alone; classes of which nothing is are not in it
    wishes      the modes that somebody wrote, for classes that are on or off; a class that is on without one is masked
    written     names of the other fields that somebody wrote
    """

    modes: Mapping[Class, Mode]
    custom: tuple[Pattern, ...] = field(default=(), repr=False)
    apply_to: frozenset[Direction] = EVERYWHERE
    restore: bool = True
    restore_in: frozenset[Channel] = RESTORED_IN
    allow: Mapping[Class, Allow] = field(default_factory=dict, repr=False)
    session: str | None = field(default=None, repr=False)
    scan_thinking: Thinking = Thinking.PASS
    on_unscannable: Unscannable = Unscannable.PASS
    wishes: Mapping[Class, Mode] = field(default_factory=dict)
    written: frozenset[str] = frozenset()

    @property
    def needs_key(self) -> bool:
        """Some class is replaced by hashes, which take a key of the operator's."""
        return Mode.HASH in self.modes.values()

    @property
    def asks(self) -> bool:
        """Something is on: a class, or one of the switches that need none."""
        switched = self.scan_thinking is Thinking.DROP or self.on_unscannable is Unscannable.BLOCK
        return bool(self.modes) or switched

    def allows(self, cls: Class, value: str) -> bool:
        """Tell whether a match, as it stands in the text, is left alone."""
        return self.allow.get(cls, NOTHING).covers(cls, value)


def parse(raw: Any, path: str = PATH) -> Policy | None:
    """Give the policy that a decoded JSON value says, None for null and for an object that says nothing.

    An object that turns no class on but says how (`{"mode": "hash"}`) is a policy without classes: what it says counts
    for the classes of another level, and merge() drops it where there are none and no switch is on.

    path     what a message calls the object
    raises   CallerInvalid with up to five problems, `<path>.<field>: <reason>` each
    """
    if raw is None:
        return None
    policy, found = _read(raw)
    if found:
        problems = (f"{spelled((path, *where))}: {reason}" for where, reason in found[:MAX_REPORTED])
        raise CallerInvalid("; ".join(problems))
    return policy if policy.modes or policy.written else None


def faults(raw: Any) -> list[Finding]:
    """Give everything that parse() would refuse, with its place below the object."""
    return _read(raw)[1]


def merge(operator: Policy | None, request: Policy | None) -> Policy | None:
    """Give what is in force when a request, or a lower level of the operator's, adds to a policy; None: nothing is on.

    It goes upward only. Where the contract is silent:

    - Classes, patterns and the strict sides of `scan_thinking` and `on_unscannable` add up.
    - A class that only the request turns on has the request's mode; without one the operator's, but never `report`.
      A class that the operator turns on has the stricter of both modes, of two that replace the operator's; without
      one of the operator's the request's. A string as `mode` speaks for every class, the operator's too.
    - `apply_to` adds up; a request that neither writes it nor turns on a class leaves it as it is. Where the operator
      turns nothing on, the operator's is only a default.
    - `restore` needs both to agree. Of two written `restore_in` what both name counts, else the written one.
    - A request's `allow` counts for classes that it turns on and the operator doesn't; the operator's for every class.
    - `session` only names a scope: the request's counts, else the operator's.

    raises   CallerInvalid when the request asks for `report` where the operator demands more, or when the patterns of
             both are too much together
    """
    if operator and request:
        for cls in Class:
            demanded = operator.modes.get(cls)
            if request.wishes.get(cls) is Mode.REPORT and demanded not in (None, Mode.REPORT):
                raise CallerInvalid(f"{PATH}.mode: 'report' is refused for {cls.word}: policy demands more")
    both = joined(operator, request)
    return both if both and both.asks else None


def joined(operator: Policy | None, key: Policy | None) -> Policy | None:
    """Give what two levels say together, as merge() does, but keep it where nothing is on yet; the stricter counts.

    raises   CallerInvalid when the patterns of both are too much together
    """
    return _joined(operator, key) if operator and key else operator or key


def _joined(operator: Policy, request: Policy) -> Policy:
    modes = {cls: _settled(cls, operator, request) for cls in Class if cls in operator.modes or cls in request.modes}
    thinks = Thinking.DROP if Thinking.DROP in (operator.scan_thinking, request.scan_thinking) else Thinking.PASS
    binary = (operator.on_unscannable, request.on_unscannable)
    return Policy(
        modes=modes,
        custom=_patterns(operator, request),
        apply_to=_directions(operator, request),
        restore=operator.restore and request.restore,
        restore_in=_restored_in(operator, request),
        allow={cls: allowed for cls in Class if (allowed := _allowed(cls, operator, request)) != NOTHING},
        session=operator.session if request.session is None else request.session,
        scan_thinking=thinks,
        on_unscannable=Unscannable.BLOCK if Unscannable.BLOCK in binary else Unscannable.PASS,
        wishes={cls: wish for cls in Class if (wish := _wish(cls, operator, request))},
        written=operator.written | request.written,
    )


def _settled(cls: Class, operator: Policy, request: Policy) -> Mode:
    demanded, asked = operator.modes.get(cls), request.wishes.get(cls)
    wish = _wish(cls, operator, request)
    if wish is None or (wish is Mode.REPORT and demanded is None and asked is None):
        return Mode.MASK
    return wish


def _wish(cls: Class, operator: Policy, request: Policy) -> Mode | None:
    ours, theirs = operator.wishes.get(cls), request.wishes.get(cls)
    if theirs is Mode.REPORT and operator.modes.get(cls) not in (None, Mode.REPORT):
        return ours  # more is demanded; merge() has refused it where a request says so
    if ours is None or theirs is None:
        return ours or theirs
    return theirs if cls not in operator.modes or theirs.rank > ours.rank else ours


def _patterns(operator: Policy, request: Policy) -> tuple[Pattern, ...]:
    patterns = tuple(dict.fromkeys((*operator.custom, *request.custom)))
    if operator.custom and request.custom:
        try:
            custom.compile(patterns)
        except Unusable as cause:
            raise CallerInvalid(f"{PATH}.custom: {cause.reason}") from None
    return patterns


def _directions(operator: Policy, request: Policy) -> frozenset[Direction]:
    if "apply_to" not in request.written and not request.modes:
        return operator.apply_to
    return operator.apply_to | request.apply_to if operator.modes else request.apply_to


def _restored_in(operator: Policy, request: Policy) -> frozenset[Channel]:
    if "restore_in" not in operator.written:
        return request.restore_in
    return operator.restore_in & request.restore_in if "restore_in" in request.written else operator.restore_in


def _allowed(cls: Class, operator: Policy, request: Policy) -> Allow:
    ours = operator.allow.get(cls, NOTHING)
    is_own = cls in request.modes and cls not in operator.modes
    return ours.joined(request.allow.get(cls, NOTHING)) if is_own else ours


def _read(raw: Any) -> tuple[Policy, list[Finding]]:
    """Give what an object says, and everything that is wrong with it; with a fault the policy means nothing."""
    found: list[Finding] = []
    fields = Fields(raw, (), found)
    on = {CLASSES[word] for word in _SWITCHES if fields.flag(word, False)}
    patterns = custom.read(fields)
    if patterns:
        on.add(Class.CUSTOM)
    wishes = _wishes(fields)
    allow = _allow(fields)
    directions = fields.choices("apply_to", [way.value for way in Direction], least=1)
    channels = fields.choices("restore_in", [channel.value for channel in Channel])
    policy = Policy(
        modes={cls: wishes.get(cls, Mode.MASK) for cls in Class if cls in on},
        custom=patterns,
        apply_to=EVERYWHERE if directions is None else frozenset(map(Direction, directions)),
        restore=fields.flag("restore", True),
        restore_in=RESTORED_IN if channels is None else frozenset(map(Channel, channels)),
        allow=dict.fromkeys(Class, allow) if allow != NOTHING else {},
        session=fields.text("session", MAX_SESSION_CHARS),
        scan_thinking=Thinking(fields.word("scan_thinking", ("pass", "drop"))),
        on_unscannable=Unscannable(fields.word("on_unscannable", ("pass", "block"))),
        wishes=wishes,
        written=frozenset(filter(fields.has, _MANNERS)),
    )
    fields.close()
    return policy, found


def _wishes(fields: Fields) -> dict[Class, Mode]:
    """Read `mode`: one word for every class, or an object class → word."""
    words = [mode.value for mode in Mode]
    value = fields.any("mode")
    if value is None:
        return {}
    if not isinstance(value, dict):
        word = fields.choice(value, words, "mode")
        return dict.fromkeys(Class, Mode(word)) if word else {}
    inner = Fields(value, ("mode",), fields.found)
    chosen = {cls: inner.any(name) for name, cls in CLASSES.items()}
    inner.close()
    checked = {cls: inner.choice(word, words, cls.word) for cls, word in chosen.items() if word is not None}
    return {cls: Mode(word) for cls, word in checked.items() if word}


def _allow(fields: Fields) -> Allow:
    entries = []
    for at, value in enumerate(fields.items("allow", MAX_ALLOWED)):
        entry = fields.string(value, MAX_FIELD_CHARS, "allow", at)
        if entry == "":
            fields.refuse("String should have at least 1 character", "allow", at)
        elif entry and is_too_wide(entry):
            fields.refuse("needs more than its mark: it would leave everything alone", "allow", at)
        elif entry:
            entries.append(entry)
    return Allow.read(entries)
