from collections.abc import Callable, Mapping

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
        when: tuple[str, Callable[[bytes], bool]] | None = ...,
    ) -> None: ...
