"""What is sent to an endpoint: Request, and how a call becomes one. Pure: no socket, no secret."""

from dataclasses import dataclass

from relay.call import Call
from relay.catalog import Attempt
from relay.dialects import messages

DEFAULT_VERSION = b"2023-06-01"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request without its connection.

    target    path on the endpoint, below its base URL's path
    fields    header lines, each with CRLF, without host, content-length and credential
    """

    target: bytes
    fields: bytes
    content: bytes


def request(call: Call, attempt: Attempt) -> Request:
    """Give the request for one attempt in the endpoint's dialect."""
    counting = call.operation == "count_tokens"
    fields = (
        b"content-type: application/json\r\naccept-encoding: identity\r\naccept: %b\r\nanthropic-version: %b\r\n"
        % (
            b"text/event-stream" if call.stream else b"application/json",
            call.version or DEFAULT_VERSION,
        )
    )
    if call.betas:
        fields += b"anthropic-beta: %b\r\n" % call.betas
    return Request(
        target=b"/v1/messages/count_tokens" if counting else b"/v1/messages",
        fields=fields,
        content=messages.outgoing(call, attempt),
    )
