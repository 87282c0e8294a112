"""What is sent to an endpoint: Request, and how a call becomes one. Pure: no socket, no secret."""

from collections.abc import Mapping
from typing import Final

from relay.call import Call
from relay.catalog import CALLER, Attempt, Endpoint, Secret
from relay.dialects import chat, chat_answer, messages

DEFAULT_VERSION: Final = b"2023-06-01"
_PLAIN: Final = b"content-type: application/json\r\naccept-encoding: identity\r\naccept: %b\r\n"
_PLAIN_STREAM: Final = _PLAIN % b"text/event-stream"
_PLAIN_WHOLE: Final = _PLAIN % b"application/json"
_STREAM: Final = _PLAIN_STREAM + b"anthropic-version: "
_WHOLE: Final = _PLAIN_WHOLE + b"anthropic-version: "


class Request:
    """One HTTP request without its connection, and how its answer is to be read.

    target    path on the endpoint, below its base URL's path
    fields    header lines, each with CRLF, without host, content-length and credential
    content   in parts, `size` bytes together
    own       the header line of the caller's own credential; None: the endpoint's is sent
    chat      it was translated to Chat Completions; None: the answer is in the hub's dialect
    """

    __slots__ = ("_id", "chat", "content", "fields", "own", "size", "target")

    def __init__(
        self,
        target: bytes,
        fields: bytes,
        content: list[bytes | memoryview],
        own: Secret | None = None,
        chat: chat.Outgoing | None = None,
        id: str = "",
    ) -> None:
        self.own = own
        self.target = target
        self.fields = fields
        self.content = content
        self.size = sum([len(part) for part in content])
        self.chat = chat
        self._id = id

    def message(self, content: bytes) -> bytes:
        """Give a whole answer in the hub's dialect.

        raises   PeerError when it is an error; ProtocolError when it is no answer of the endpoint's dialect
        """
        sent = self.chat
        if sent is None:
            return content
        return chat_answer.message(content, self._id.rpartition("-")[2], sent.names, sent.single)


def request(call: Call, attempt: Attempt, changed: Mapping[str, bytes], betas: bytes | None) -> Request:
    """Give the request for one attempt in the endpoint's dialect; `changed` values go in place of the client's.

    raises   ProviderRefused for what can't be said in that dialect
    """
    counting = call.operation == "count_tokens"
    if attempt.endpoint.dialect == "chat":
        return _chat_request(call, attempt, changed, counting)
    fields = (_STREAM if call.stream else _WHOLE) + (call.version or DEFAULT_VERSION) + b"\r\n"
    if betas:
        fields += b"anthropic-beta: " + betas + b"\r\n"
    return Request(
        target=b"/v1/messages/count_tokens" if counting else b"/v1/messages",
        fields=fields,
        content=messages.outgoing(call, attempt, changed),
        own=_own(call, attempt.endpoint),
    )


def _chat_request(call: Call, attempt: Attempt, changed: Mapping[str, bytes], counting: bool) -> Request:
    """Give the request in Chat Completions; what is only to be counted is never sent, for they can't."""
    fields = _PLAIN_STREAM if call.stream else _PLAIN_WHOLE
    if counting:
        return Request(b"/chat/completions", fields, [])
    sent = chat.outgoing(call, attempt, changed)
    return Request(b"/chat/completions", fields, [sent.content], _own(call, attempt.endpoint), sent, call.id)


def _own(call: Call, endpoint: Endpoint) -> Secret | None:
    """Give the caller's own credential where the endpoint takes it; no other ever sees it."""
    own = call.credential
    if endpoint.credential != CALLER or not isinstance(own, Secret):
        return None
    if endpoint.dialect == "messages":
        return own
    return Secret(f"authorization: Bearer {own.reveal().rpartition(' ')[2].strip()}\r\n")
