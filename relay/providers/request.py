"""What is sent to an endpoint: Request, and how a call becomes one. Pure: no socket, no secret."""

from dataclasses import dataclass

from relay.call import Call
from relay.catalog import Attempt
from relay.dialects import messages

DEFAULT_VERSION = "2023-06-01"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request without its connection.

    target    path on the endpoint, below its base URL's path
    fields    header lines, each with CRLF, without host, content-length and credential
    """

    target: str
    fields: bytes
    content: bytes


def request(call: Call, attempt: Attempt) -> Request:
    """Give the request for one attempt in the endpoint's dialect."""
    counting = call.operation == "count_tokens"
    lines = [
        b"content-type: application/json\r\naccept-encoding: identity\r\n",
        b"accept: text/event-stream\r\n" if call.stream else b"accept: application/json\r\n",
        b"anthropic-version: %b\r\n" % (call.version or DEFAULT_VERSION).encode("latin-1"),
    ]
    if call.betas:
        lines.append(b"anthropic-beta: %b\r\n" % call.betas.encode("latin-1"))
    return Request(
        target="/v1/messages/count_tokens" if counting else "/v1/messages",
        fields=b"".join(lines),
        content=messages.outgoing(call, attempt),
    )
