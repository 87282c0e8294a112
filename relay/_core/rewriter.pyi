from collections.abc import Callable
from typing import Protocol

from relay._core.document import Document
from relay._core.field import Field

class Restorer(Protocol):
    @property
    def waits(self) -> bool: ...
    def follow(self, text: str) -> None: ...
    def feed(self, text: str) -> str: ...
    def flush(self) -> str: ...

class Rewriter:
    longest_hold: int
    skipped: int
    def __init__(
        self,
        document: Document,
        start: Field,
        end: Field,
        block: Field,
        delta: Field,
        strict: bool = ...,
        restorer: Callable[[bool], Restorer | None] | None = ...,
        began: Callable[[bytes], object] | None = ...,
    ) -> None: ...
    def forget(self) -> bool: ...
