from collections.abc import Callable, Mapping
from typing import Protocol

from relay._core.report import Report
from relay._core.rewriter import Rewriter

class Translated(Protocol):
    @property
    def dialect(self) -> str: ...
    @property
    def names(self) -> Mapping[bytes, bytes]: ...
    @property
    def single(self) -> bool: ...

class Client(Protocol):
    @property
    def dialect(self) -> str: ...
    @property
    def names(self) -> Mapping[bytes, bytes]: ...

class Pipeline:
    def __init__(
        self,
        *,
        id: str | None = ...,
        model: str | None = ...,
        provider: str | None = ...,
        input_tokens: Callable[[], int] | None = ...,
        usage_fields: Callable[[dict[str, int | str]], bytes] | None = ...,
        chunked: bool = ...,
        max_event: int = ...,
        rewriter: Rewriter | None = ...,
        drops_thinking: bool = ...,
        trailer: Callable[[], bytes] | None = ...,
        metadata: Callable[[dict[str, int | str]], bytes] | None = ...,
        seal: Callable[[bytes], bytes] | None = ...,
        context_management: bytes | None = ...,
        translated: Translated | None = ...,
        client: Client | None = ...,
        binary: bool = ...,
    ) -> None: ...
    def feed(self, data: bytes, now: int = ..., prefix: bytes = ...) -> bytes: ...
    def __bool__(self) -> bool: ...
    def check(self) -> None: ...
    def report(self) -> Report: ...
    @property
    def complete(self) -> bool: ...
