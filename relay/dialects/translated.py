"""Translated: a request in the dialect of its endpoint; Reading: what of it its answer is read with."""

from collections.abc import Mapping
from typing import Protocol


class Reading(Protocol):
    """What reading an answer takes.

    dialect   of the endpoint: which decoder
    names     what a tool's name that was sent stands for, bytes by bytes
    single    the answer is to hold one tool call at most
    """

    @property
    def dialect(self) -> str: ...
    @property
    def names(self) -> Mapping[bytes, bytes]: ...
    @property
    def single(self) -> bool: ...


class Translated:
    """A request that is not in the hub's dialect, and the `Reading` of its answer.

    target    path on the endpoint, below its base URL's path
    content   of the request
    fields    header lines that this dialect alone has, each with CRLF
    """

    __slots__ = ("content", "dialect", "fields", "names", "single", "target")

    def __init__(
        self,
        dialect: str,
        target: bytes,
        content: bytes,
        names: Mapping[bytes, bytes],
        single: bool,
        fields: bytes = b"",
    ) -> None:
        self.dialect = dialect
        self.target = target
        self.content = content
        self.names = names
        self.single = single
        self.fields = fields
