from collections.abc import Iterable, Sequence

CLASS_NAMES: tuple[str, ...]

class Ruleset:
    classes: frozenset[str]
    def __init__(self, classes: Iterable[str], custom: Sequence[object] = ...) -> None: ...
