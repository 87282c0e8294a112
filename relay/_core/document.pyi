from collections.abc import Callable, Mapping

from relay._core.channel import Replace
from relay._core.ruleset import Ruleset

class Field:
    scanned: bool
    json: bool
    members: dict[bytes, Field]
    types: dict[bytes, Field]
    others: Field | None
    def __init__(
        self,
        *,
        scanned: bool = ...,
        json: bool = ...,
        members: Mapping[str, Field] | None = ...,
        types: Mapping[str, Field] | None = ...,
    ) -> None: ...

class Document:
    def __init__(
        self,
        rules: Ruleset,
        replace: Replace,
        literals: Callable[[str], None] | None = ...,
        after: Callable[[bytes, bool], bytes | None] | None = ...,
    ) -> None: ...
    def serve(
        self,
        replace: Replace,
        literals: Callable[[str], None] | None = ...,
        after: Callable[[bytes, bool], bytes | None] | None = ...,
    ) -> None: ...
    def forget(self) -> None: ...
    def redact(self, data: bytes, field: Field) -> bytes: ...
    def redact_at(self, data: bytes, field: Field, start: int, end: int) -> bytes | None: ...
    def open(self, data: bytes, field: Field, start: int = ..., stop: int = ...) -> None: ...
    def step(self, most: int) -> bool: ...
    def take(self) -> bytes | None: ...
