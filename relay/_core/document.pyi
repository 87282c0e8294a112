from collections.abc import Callable, Mapping

from relay._core.channel import Channel
from relay._core.json_channel import JsonChannel

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
    def __init__(self, text: Channel, json: JsonChannel, before: Callable[[str], None] | None = ...) -> None: ...
    def redact(self, data: bytes, field: Field) -> bytes: ...
