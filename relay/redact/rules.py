"""What is looked for, from the words of a caller to the engine: classes(), patterns(), and ruleset() of both.

ruleset() is the only place where a Ruleset is made; they are cached by content and hold nothing of any text.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from relay._core import Ruleset
from relay.redact import custom
from relay.redact.classes import CLASSES, Class
from relay.redact.custom import Pattern
from relay.redact.fields import Fields, Finding, spelled

CACHED_RULESETS: Final = 256

Custom = str | dict[str, Any]
"""A phrase, RE2 between slashes, or an object, as in a request's `custom`."""


def classes(names: Iterable[str]) -> frozenset[Class]:
    """Give the classes of these names, spelled as in requests or with hyphens.

    `custom` may be among them: without patterns it finds nothing.

    raises   ValueError
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ValueError("classes: should be a list of names, such as ['email', 'phone']")
    return frozenset(map(_class, names))


def patterns(entries: Iterable[Custom]) -> tuple[Pattern, ...]:
    """Give the patterns of these entries; each compiles and is within the limits of spec/redaction.md 7.

    raises   ValueError with every problem; it quotes no pattern
    """
    if isinstance(entries, str | dict) or not isinstance(entries, Iterable):
        raise ValueError("custom: should be a list of phrases and /patterns/, such as ['Project Apollo']")
    found: list[Finding] = []
    usable = custom.read(Fields({"custom": list(entries)}, (), found))
    if found:
        raise ValueError("; ".join(f"{spelled(where)}: {reason}" for where, reason in found))
    return usable


@lru_cache(maxsize=CACHED_RULESETS)
def ruleset(on: frozenset[Class], own: tuple[Pattern, ...] = ()) -> Ruleset:
    """Give the rules of the classes that are on and of the patterns; class CUSTOM is on where there are some."""
    return Ruleset([cls.word for cls in on], own)


def _class(name: str) -> Class:
    found = CLASSES.get(name.replace("-", "_")) if isinstance(name, str) else None
    if found is None:
        raise ValueError(f"classes: {name!r} is no class; classes are {', '.join(CLASSES)}")
    return found
