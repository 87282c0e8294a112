from collections.abc import Callable

from relay._core.ruleset import Ruleset

Replace = Callable[[int, str | None, bool], str | None]

class Channel:
    def __init__(
        self,
        rules: Ruleset,
        replace: Replace | None = ...,
        *,
        escaped: bool = ...,
        spans: bool = ...,
        literals: Callable[[str], None] | None = ...,
    ) -> None: ...
    def feed(self, text: str) -> str: ...
    def flush(self) -> str: ...
    def found(self) -> list[tuple[int, int, str]]: ...
    def held(self) -> int: ...
