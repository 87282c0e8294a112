from typing import Any

class Replacer:
    treatment: Any
    numbers: Any
    hashes: Any
    def __init__(self, treatment: Any, numbers: Any, hashes: Any = ...) -> None: ...
    def count(self, cls: int) -> None: ...
    @property
    def counts(self) -> dict[str, int]: ...
