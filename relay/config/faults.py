"""What is wrong with a configuration: Fault, and ConfigError with all of them.

A fault reads `file:line: path: reason`. It never repeats a value, and hides a key that looks like a credential.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Where = tuple[str | int, ...]
"""A place in the file: keys and list positions from the top."""
Finding = tuple[Where, str]
"""A place and what is wrong there."""
Judge = Callable[[Mapping[str, Any], int, Mapping[str, Any] | None], Iterable[Finding]]
"""What finds the faults of a redaction policy under a `hold_max`, which config can't: it is handed down from above.
Behind them the floor that a key's policy is added to; None: it is the floor."""

_CREDENTIAL = re.compile(
    r"-----BEGIN|\b(?:"
    r"sk-(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}"
    r"|(?:sk|pk|rk)_(?:live|test)_\w{8,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|AIza[\w-]{30,}"
    r"|(?:ghp|gho|ghs|github_pat|glpat|hf|gsk|xai|xox[abprs])[_-]\w{16,}"
    r"|eyJ[\w-]{10,}\.[\w-]+"
    r"|Bearer +\S{8,})"
)


def looks_secret(text: str) -> bool:
    """The text holds what providers hand out as credentials."""
    return _CREDENTIAL.search(text) is not None


def spell(where: Where) -> str:
    """Give the path as people write it: `providers.local.base_url`."""
    return ".".join(_part(part) for part in where)


def _part(part: str | int) -> str:
    text = str(part)
    if looks_secret(text):
        return "***"
    return "".join(char if char.isprintable() else "?" for char in text[:128])


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend; `origin` is the file or the environment variable, `line` counts from 1."""

    origin: str
    line: int | None
    path: str
    reason: str

    def __str__(self) -> str:
        place = self.origin if self.line is None else f"{self.origin}:{self.line}"
        return ": ".join(part for part in (place, self.path, self.reason) if part)


class ConfigError(Exception):
    """The configuration can't be used; `faults` is complete and in the file's order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line is None, fault.line or 0)))
        super().__init__("\n".join(map(str, self.faults)))
