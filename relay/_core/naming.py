"""Ids of answers in dialects that have their own, from relay's generation id."""

from re import compile as _compile

_OURS = _compile(r"gen-([0-9]+)-(.*)")


def made(id: str | None) -> tuple[int, str]:
    """Give when a call began (Unix seconds, 0: unknown), and the rest of its id."""
    found = _OURS.fullmatch(id or "")
    return (int(found[1]), found[2]) if found else (0, id or "")
