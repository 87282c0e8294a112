"""What is sent to an endpoint: Request, and how a call becomes one. Pure: no socket, no secret."""

from collections.abc import Mapping
from typing import Final

from relay.call import Call
from relay.catalog import CALLER, Attempt, Endpoint, Secret
from relay.dialects import messages

DEFAULT_VERSION: Final = b"2023-06-01"
_FIELDS: Final = b"content-type: application/json\r\naccept-encoding: identity\r\naccept: %b\r\nanthropic-version: "
_STREAM: Final = _FIELDS % b"text/event-stream"
_WHOLE: Final = _FIELDS % b"application/json"


class Request:
    """One HTTP request without its connection.

    target    path on the endpoint, below its base URL's path
    fields    header lines, each with CRLF, without host, content-length and credential
    content   in parts, `size` bytes together
    own       the header line of the caller's own credential; None: the endpoint's is sent
    """

    __slots__ = ("content", "fields", "own", "size", "target")

    def __init__(
        self, target: bytes, fields: bytes, content: list[bytes | memoryview], own: Secret | None = None
    ) -> None:
        self.own = own
        self.target = target
        self.fields = fields
        self.content = content
        self.size = sum([len(part) for part in content])


def request(call: Call, attempt: Attempt, changed: Mapping[str, bytes], betas: bytes | None) -> Request:
    """Give the request for one attempt in the endpoint's dialect; `changed` values go in place of the client's."""
    counting = call.operation == "count_tokens"
    fields = (_STREAM if call.stream else _WHOLE) + (call.version or DEFAULT_VERSION) + b"\r\n"
    if betas:
        fields += b"anthropic-beta: " + betas + b"\r\n"
    return Request(
        target=b"/v1/messages/count_tokens" if counting else b"/v1/messages",
        fields=fields,
        content=messages.outgoing(call, attempt, changed),
        own=_own(call, attempt.endpoint),
    )


def _own(call: Call, endpoint: Endpoint) -> Secret | None:
    """Give the caller's own credential where the endpoint takes it; no other ever sees it."""
    own = call.credential
    return own if endpoint.credential == CALLER and isinstance(own, Secret) else None
