"""Redaction: what to find and what stands in for it.

policy         what a request and the operator ask for: parse(), merge() -> Policy
rules          the same for the engine: ruleset()
custom         patterns of their own, compiled with RE2
replacements   what becomes of each match, by mode: Replacements, Blocked
placeholders   the stand-ins: masked, numbered, hashed; the numbers of one conversation
restorer       originals back in the place of placeholders
redactor       all of it for a program's own texts: Redactor, redact(), find()
classes        the classes, modes and directions that all of it speaks of

The package can be called: `relay.redact(text, classes)` is `relay.redact.redactor.redact`.
"""

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relay.redact.rules import Custom


class _Package(ModuleType):
    """A function of the package's name would lose against the package as soon as one of its modules is imported."""

    def __call__(self, text: str, classes: Iterable[str], custom: "Iterable[Custom]" = ()) -> str:
        """Give a text with `[EMAIL]` and its like in the place of the values of these classes."""
        from relay.redact.redactor import redact

        return redact(text, classes, custom)


sys.modules[__name__].__class__ = _Package
