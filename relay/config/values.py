"""Values that pydantic has no type for: durations and sizes with units, money, addresses, URLs, names.

Each is an annotation, `Annotated[float, Duration("1s", "1h")]`, that reads the file's spelling, writes it back and
describes itself in the JSON Schema. Messages never repeat the value: it may be a secret in the wrong place.
"""

import re
from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from relay.config.settings import Address
from relay.price import NANO

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_DURATION = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h)"
_SIZE = r"([0-9]{1,12})(B|KiB|MiB|GiB)"
_DECIMAL = r"-?[0-9]{1,12}(?:\.[0-9]{1,24})?(?:[eE][-+]?[0-9]{1,2})?"
_VERSION = r"(?:api-version=[0-9A-Za-z.-]{1,32})?"
MAX_USD = 1_000_000


def refusal(reason: str) -> PydanticCustomError:
    """Give the error whose text reaches the operator as it is."""
    return PydanticCustomError("relay", "{reason}", {"reason": reason})


class Value(ABC):
    """One kind of value: `read` from the file (raises `refusal`), `write` back, `describe` for the JSON Schema."""

    @abstractmethod
    def read(self, value: object) -> Any: ...

    @abstractmethod
    def describe(self) -> dict[str, Any]: ...

    def write(self, value: Any) -> Any:
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        writer = core_schema.plain_serializer_function_ser_schema(self.write)
        return core_schema.no_info_plain_validator_function(self.read, serialization=writer)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.describe()


class Duration(Value):
    """Text such as `15s` or `250ms`, between two such texts; float seconds inside."""

    def __init__(self, low: str, high: str) -> None:
        self._low, self._high = low, high
        self._bounds = _seconds(low), _seconds(high)

    def read(self, value: object) -> float:
        seconds = _seconds(value)
        if not self._bounds[0] <= seconds <= self._bounds[1]:
            raise refusal(f"must be between {self._low} and {self._high}")
        return seconds

    def write(self, value: float) -> str:
        return f"{value:.0f}s" if value.is_integer() else f"{value * 1000:.6f}".rstrip("0").rstrip(".") + "ms"

    def describe(self) -> dict[str, Any]:
        limits = {"x-unit": "duration", "x-minimum": self._low, "x-maximum": self._high}
        return {"type": "string", "pattern": f"^{_DURATION}$", "examples": [self._low]} | limits


class Size(Value):
    """Text such as `32MiB`, between two such texts; int bytes inside."""

    def __init__(self, low: str, high: str) -> None:
        self._low, self._high = low, high
        self._bounds = _size(low), _size(high)

    def read(self, value: object) -> int:
        size = _size(value)
        if not self._bounds[0] <= size <= self._bounds[1]:
            raise refusal(f"must be between {self._low} and {self._high}")
        return size

    def write(self, value: int) -> str:
        unit = next(unit for unit in ("GiB", "MiB", "KiB", "B") if value % _BYTES[unit] == 0)
        return f"{value // _BYTES[unit]}{unit}"

    def describe(self) -> dict[str, Any]:
        limits = {"x-unit": "size", "x-minimum": self._low, "x-maximum": self._high}
        return {"type": "string", "pattern": f"^{_SIZE}$", "examples": [self._low]} | limits


class Usd(Value):
    """US dollars as a number or decimal text; int nano-dollars inside, never rounded."""

    def __init__(self, per: str) -> None:
        self._per = per

    def read(self, value: object) -> int:
        number = isinstance(value, int | float | str) and not isinstance(value, bool)
        if not number or not re.fullmatch(_DECIMAL, str(value)):
            raise refusal("must be a number of US dollars")
        amount = Decimal(str(value))
        if not 0 <= amount <= MAX_USD:
            raise refusal(f"must be between 0 and {MAX_USD} US dollars")
        if (nano := amount * NANO) != int(nano):
            raise refusal("must not be finer than a nano-dollar (nine decimals)")
        return int(nano)

    def write(self, value: int) -> int | float:
        return value // NANO if value % NANO == 0 else float(Decimal(value) / NANO)

    def describe(self) -> dict[str, Any]:
        number = {"type": "number", "minimum": 0, "maximum": MAX_USD}
        text = {"type": "string", "pattern": f"^{_DECIMAL}$"}
        return {"anyOf": [number, text], "x-unit": f"USD per {self._per}"}


class Listen(Value):
    """`HOST:PORT`; an Address inside."""

    def read(self, value: object) -> Address:
        try:
            return Address.parse(_text(value))
        except ValueError as cause:
            raise refusal("must be HOST:PORT, such as 127.0.0.1:8080") from cause

    def write(self, value: Address) -> str:
        return str(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "pattern": ":[0-9]{1,5}$", "examples": ["127.0.0.1:8080"]}


class Url(Value):
    """An http or https URL without credentials, fragment, or query but `api-version`; without its last slash inside."""

    def read(self, value: object) -> str:
        text = _text(value)
        try:
            parts = urlsplit(text)
            proper = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError as cause:
            raise refusal("must be an http or https URL") from cause
        if not proper or not re.fullmatch(r"[!-~]{1,2048}", text):
            raise refusal("must be an http or https URL")
        if "@" in parts.netloc or parts.fragment or not re.fullmatch(_VERSION, parts.query):
            raise refusal("must be a URL without user, query or fragment")
        return text.rstrip("/")

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^https?://", "format": "uri"}


class Text(Value):
    """Text that matches a pattern; `says` finishes the sentence `must be …`."""

    def __init__(self, pattern: str, says: str) -> None:
        self._pattern, self._says = re.compile(pattern), says

    def read(self, value: object) -> str:
        if not isinstance(value, str) or not self._pattern.fullmatch(value):
            raise refusal(f"must be {self._says}")
        return value

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(?:{self._pattern.pattern})$"}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise refusal("must be text")
    return value


def _seconds(value: object) -> float:
    match = re.fullmatch(_DURATION, value) if isinstance(value, str) else None
    if match is None:
        raise refusal("must be a duration with a unit, such as 15s (ms, s, m, h)")
    return float(Decimal(match[1]) * Decimal(str(_SECONDS[match[2]])))


def _size(value: object) -> int:
    match = re.fullmatch(_SIZE, value) if isinstance(value, str) else None
    if match is None:
        raise refusal("must be a size with a unit, such as 32MiB (B, KiB, MiB, GiB)")
    return int(match[1]) * _BYTES[match[2]]
