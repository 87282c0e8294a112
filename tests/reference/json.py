"""JSON read by regular expressions and the standard library: the oracle of Scanner and members."""

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def load(data: bytes) -> Any:
    """The value of a JSON text by RFC 8259, numbers as given; ValueError for anything else.

    Bytes are read as Latin-1, for whether a text is valid does not depend on its UTF-8.
    """
    return json.loads(
        data.decode("latin-1"), parse_constant=_refuse, parse_int=_number(int), parse_float=_number(float)
    )


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _number(convert: Callable[[str], int | float]) -> Callable[[str], Any]:
    def parse(digits: str) -> Any:
        return convert(digits) if len(digits) < 4000 else digits

    return parse


def at(value: Any, path: str) -> tuple[bool, Any]:
    """Whether there is a value under a dotted path of object keys, and the value."""
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return False, None
        value = value[key]
    return True, value


def strings(data: bytes) -> list[str]:
    """The insides of all strings of a valid JSON text, keys included, as written."""
    return [found[1] for found in _TOKEN.finditer(data.decode("utf-8", errors="replace")) if found[0].startswith('"')]


def depth(data: bytes) -> int:
    """How deep arrays and objects of a valid JSON text are nested."""
    deepest = current = 0
    for found in _TOKEN.finditer(data.decode("latin-1")):
        current += (found[0] in ("{", "[")) - (found[0] in ("}", "]"))
        deepest = max(deepest, current)
    return deepest
