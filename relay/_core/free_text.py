"""Tools that take free text instead of JSON: in the hub each has one argument, INPUT, that is the text."""

from json import dumps as _dumps
from json import loads as _loads

INPUT = "input"


def free_text(arguments: str) -> bytes:
    """Give the text of a call, a JSON string, from its arguments; those that are of another form are the text."""
    try:
        text = _loads(arguments)[INPUT]
    except (ValueError, KeyError, TypeError, RecursionError):
        text = arguments
    if not isinstance(text, str):
        text = arguments
    try:
        return _dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a pair, which only an escape can tell
        return _dumps(text).encode()
