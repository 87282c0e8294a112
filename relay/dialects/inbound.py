"""Inbound: a request of another dialect on its way into the hub; Client: how whoever sent it is answered."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Client(Protocol):
    """How a client that does not speak the hub's dialect is answered.

    dialect   which encoder writes its streams
    names     what a tool's name in the hub stands for, bytes by bytes
    """

    @property
    def dialect(self) -> str: ...
    @property
    def names(self) -> Mapping[bytes, bytes]: ...

    def answer(self, message: bytes) -> bytes:
        """Give a whole answer of the hub in the client's dialect."""

    def ending(self, content: bytes) -> bytes:
        """Give the end of a stream that failed, from the content that would tell of its error."""


class Inbound:
    """A request in the hub's dialect, and how its client is answered.

    unread   members that nothing was made of
    """

    __slots__ = ("client", "content", "unread")

    def __init__(self, content: bytes, client: Client, unread: Sequence[str]) -> None:
        self.content = content
        self.client = client
        self.unread = tuple(unread)
