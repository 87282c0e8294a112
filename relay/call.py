"""What was asked, by whom, until when: Identity, Call, and the names made for them."""

import os
import time
from dataclasses import dataclass
from typing import Any, Final

_BASE62: Final = bytes(
    [b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[byte % 62] for byte in range(256)]
)


Member = tuple[str, int, int, int, int]
"""Where a member of a request lies in its content: key, start, end, start and end of the value."""


class Ids:
    """Generation ids `gen-<unix seconds>-<24 base62>`: request id, message id and ledger key (over 140 random bits)."""

    __slots__ = ("_at", "_unused")

    def __init__(self) -> None:
        self._unused = ""
        self._at = 0

    def next(self) -> str:
        """Give a new one; the random part comes from the system, many at a time."""
        at = self._at
        if at == len(self._unused):
            self._unused = os.urandom(24 * 128).translate(_BASE62).decode()
            at = 0
        self._at = at + 24
        return f"gen-{int(time.time())}-{self._unused[at : self._at]}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls: the key's name as the operator wrote it."""

    name: str


class Call:
    """One client request. Nobody writes to it after ingress, but for `release`.

    id           the generation id
    operation    `chat` or `count_tokens`
    model        as the client wrote it
    stream       the client waits for events
    content      the request body as received, `size` bytes; `members` are those of the JSON object that it is
    version, betas   the client's `anthropic-version` and merged `anthropic-beta` as sent, None when not
    app          what the client says of itself, for the record
    redact       what its `gateway.redact` says, decoded and unchecked; None: nothing
    reports      it asked for the `x-relay-*` report fields
    """

    __slots__ = (
        "app",
        "betas",
        "content",
        "id",
        "identity",
        "members",
        "model",
        "operation",
        "received_ns",
        "redact",
        "reports",
        "session_id",
        "size",
        "stream",
        "version",
    )

    def __init__(
        self,
        id: str,
        operation: str,
        model: str,
        stream: bool,
        content: bytes,
        members: list[Member],
        identity: Identity,
        received_ns: int,
        *,
        version: bytes | None,
        betas: bytes | None,
        session_id: str | None,
        app: str | None,
        reports: bool,
        redact: Any = None,
    ) -> None:
        self.id = id
        self.operation = operation
        self.model = model
        self.content = content
        self.size = len(content)
        self.members = members
        self.identity = identity
        self.stream = stream
        self.received_ns = received_ns
        self.version = version
        self.betas = betas
        self.session_id = session_id
        self.app = app
        self.reports = reports
        self.redact = redact

    def release(self) -> None:
        """Let go of the request's content: once model bytes were sent no further attempt needs it."""
        self.content = b""
        self.members = []
