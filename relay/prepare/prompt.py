"""A request on its way to one endpoint: Prompt; and Edits, replacements in one raw JSON text.

Nothing is decoded and encoded again: what is not replaced keeps its bytes (spec/openrouter-messages.md 4).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from relay._core import fields
from relay.call import Call, Member
from relay.catalog import Accepts, Attempt

_TAKES_ALL: Final = Accepts()
Field = tuple[str, int, int, int]
"""A member of an object in a text: key, start, start of its value, end."""


class Prompt:
    """What the members of a call's content become for one attempt.

    accepts   what is known of what the endpoint takes
    changed   values in place of the content's own, or beside it, by member; empty: the member goes
    betas     names of `anthropic-beta`
    """

    __slots__ = ("_members", "accepts", "attempt", "betas", "call", "changed")

    def __init__(self, call: Call, attempt: Attempt, redacted: Mapping[str, bytes]) -> None:
        self.call = call
        self.attempt = attempt
        self.accepts = attempt.endpoint.accepts or _TAKES_ALL
        self.changed = dict(redacted)
        self.betas = call.betas.split(b",") if call.betas else []
        self._members: dict[str, Member] = {member[0]: member for member in call.members}

    def value(self, key: str) -> bytes:
        """Give a member's value as it will be sent; empty when it is absent, or null, or goes."""
        if key in self.attempt.dropped:
            return b""
        changed = self.changed.get(key)
        if changed is None:
            member = self._members.get(key)
            changed = self.call.content[member[3] : member[4]] if member else b""
        return b"" if changed == b"null" else changed

    def put(self, key: str, value: bytes) -> None:
        """Send this value; empty: send no such member."""
        self.changed[key] = value

    def forgo(self, path: str) -> None:
        """Note that a field of the request is not sent."""
        self.attempt.dropped_fields += (path,)

    def max_tokens(self) -> int:
        """Give the limit of the answer as it will be sent."""
        if self.attempt.max_tokens is not None:
            return self.attempt.max_tokens
        return int(self.value("max_tokens") or self.attempt.endpoint.default_max_tokens)


class Edits:
    """Replacements in one JSON text; no two overlap."""

    __slots__ = ("_found", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._found: list[tuple[int, int, bytes]] = []

    def replace(self, start: int, end: int, new: bytes) -> None:
        """Put `new` over text[start:end]."""
        self._found.append((start, end, new))

    def remove_fields(self, members: Sequence[Field], key: str) -> None:
        """Take the members of this name out of an object, given with all of its members."""
        gone = [member[0] == key for member in members]
        if True in gone:
            self.remove([(start, end) for _, start, _, end in members], gone)

    def remove(self, parts: Sequence[tuple[int, int]], gone: Sequence[bool]) -> None:
        """Take parts out of an array or object, given with all of its parts, and a comma with each."""
        is_first = True
        for at, (start, end) in enumerate(parts):
            if not gone[at]:
                is_first = False
            elif not is_first:
                self.replace(parts[at - 1][1], end, b"")
            else:
                self.replace(start, parts[at + 1][0] if at + 1 < len(parts) else end, b"")

    def applied(self) -> bytes:
        """Give the edited text; the very object when nothing is replaced."""
        if not self._found:
            return self.text
        view = memoryview(self.text)
        parts: list[bytes | memoryview] = []
        copied = 0
        for start, end, new in sorted(self._found):
            parts += (view[copied:start], new)
            copied = end
        parts.append(view[copied:])
        return b"".join(parts)


def found(members: Sequence[Field], key: str) -> tuple[int, int] | None:
    """Give where the value of a member lies; None: it is absent. Of duplicates the last counts."""
    for name, _, start, end in reversed(members):
        if name == key:
            return start, end
    return None


def string(text: bytes, place: tuple[int, int] | None) -> str | None:
    """Give the string at a place; None when there is none."""
    if place is None or text[place[0]] != 0x22:
        return None
    try:
        read: str = orjson.loads(text[place[0] : place[1]])
    except orjson.JSONDecodeError:  # half of a surrogate pair, which no name of ours has
        return None
    return read


def members_of(text: bytes) -> list[Field]:
    """Give the members of the object that a whole text is."""
    return list(fields(text, 0, len(text)))
