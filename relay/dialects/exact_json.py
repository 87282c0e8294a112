"""JSON whose integers keep their digits, however many they are: decoded() and encoded().

What reads and writes JSON fast makes a rounded float of an integer over 64 bits, and refuses to write one. Tools know
things by such integers. Texts without a long run of digits, which is nearly all, take the fast way alone.
"""

import json
from typing import Any, Final

import orjson

_LONG: Final = b"0" * 19
_DIGITS: Final = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))


def decoded(content: bytes) -> Any:
    """Give the value of a JSON text; of a number over 308 digits there is none.

    raises   orjson.JSONDecodeError when it is no JSON, or holds half of a surrogate pair
    """
    value = orjson.loads(content)
    if _LONG not in content.translate(_DIGITS):
        return value
    try:
        return json.loads(content)
    except RecursionError:  # it is nested deeper than the slow way goes
        return value


def encoded(value: Any) -> bytes:
    """Give the JSON text of a value; raises orjson.JSONEncodeError for what can't be written."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as cause:
        failures = [cause]
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (RecursionError, TypeError, ValueError):
        raise failures.pop() from None
