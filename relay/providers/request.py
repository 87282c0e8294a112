"""What is sent to an endpoint: Request, and how a call becomes one. Pure: no socket, no secret."""

from collections.abc import Callable, Mapping
from typing import Final

from relay.call import Call
from relay.catalog import CALLER, Attempt, Endpoint, Secret
from relay.dialects import (
    chat,
    chat_answer,
    converse,
    converse_answer,
    gemini,
    gemini_answer,
    messages,
    responses,
    responses_answer,
)
from relay.dialects.translated import Reading, Translated
from relay.providers import hosted

DEFAULT_VERSION: Final = b"2023-06-01"
_PLAIN: Final = b"content-type: application/json\r\naccept-encoding: identity\r\naccept: %b\r\n"
_PLAIN_STREAM: Final = _PLAIN % b"text/event-stream"
_PLAIN_WHOLE: Final = _PLAIN % b"application/json"
_STREAM: Final = _PLAIN_STREAM + b"anthropic-version: "
_WHOLE: Final = _PLAIN_WHOLE + b"anthropic-version: "
_Outwards = Callable[[Call, Attempt, Mapping[str, bytes]], Translated]
_Inwards = Callable[[bytes, str, Reading], bytes]
_DIALECTS: Final[Mapping[str, tuple[_Outwards, _Inwards]]] = {
    "bedrock": (converse.outgoing, converse_answer.message),
    "chat": (chat.outgoing, chat_answer.message),
    "gemini": (gemini.outgoing, gemini_answer.message),
    "responses": (responses.outgoing, responses_answer.message),
}
"""Of each dialect but the hub's: what makes a request, and a message of a whole answer. Streams: `_core.decoders`."""


class Request:
    """One HTTP request without its connection, and how its answer is to be read.

    target    path on the endpoint, below its base URL's path
    fields    header lines, each with CRLF, without host, content-length and credential
    content   in parts, `size` bytes together
    own       the header line of the caller's own credential; None: the endpoint's is sent
    translated   what it was translated to; None: it is in the hub's dialect, and so is the answer
    """

    __slots__ = ("_id", "content", "fields", "own", "size", "target", "translated")

    def __init__(
        self,
        target: bytes,
        fields: bytes,
        content: list[bytes | memoryview],
        own: Secret | None = None,
        translated: Translated | None = None,
        id: str = "",
    ) -> None:
        self.own = own
        self.target = target
        self.fields = fields
        self.content = content
        self.size = sum([len(part) for part in content])
        self.translated = translated
        self._id = id

    def message(self, content: bytes) -> bytes:
        """Give a whole answer in the hub's dialect.

        raises   PeerError when it is an error; ProtocolError when it is no answer of the endpoint's dialect
        """
        sent = self.translated
        if sent is None:
            return content
        return _DIALECTS[sent.dialect][1](content, self._id.rpartition("-")[2], sent)


def request(call: Call, attempt: Attempt, changed: Mapping[str, bytes], betas: bytes | None) -> Request:
    """Give the request for one attempt in the endpoint's dialect; `changed` values go in place of the client's.

    raises   ProviderRefused for what can't be said in that dialect
    """
    endpoint = attempt.endpoint
    if endpoint.dialect != "messages":
        if hosted.is_messages(attempt):
            return _hosted(hosted.bedrock, call, attempt, changed, betas)
        return _translated(call, attempt, changed)
    if endpoint.quirks and "vertex" in endpoint.quirks:
        return _hosted(hosted.vertex, call, attempt, changed, betas)
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


def _hosted(
    host: Callable[[Call, Attempt, Mapping[str, bytes], bytes | None], tuple[bytes, bytes, hosted.Parts]],
    call: Call,
    attempt: Attempt,
    changed: Mapping[str, bytes],
    betas: bytes | None,
) -> Request:
    """Give the request in the hub's dialect at another's door; a count that is made here is never sent."""
    if call.operation == "count_tokens" and not attempt.endpoint.count_tokens:
        return Request(b"", _PLAIN_WHOLE, [])
    target, fields, content = host(call, attempt, changed, betas)
    # Of Bedrock's stream this is the type of what its chunks hold.
    accept = _PLAIN_STREAM if call.stream and attempt.endpoint.dialect == "messages" else _PLAIN_WHOLE
    return Request(target, accept + fields, content, _own(call, attempt.endpoint))


def _translated(call: Call, attempt: Attempt, changed: Mapping[str, bytes]) -> Request:
    """Give the request in the endpoint's dialect; what is only to be counted is never sent, for they can't."""
    fields = _PLAIN_STREAM if call.stream and attempt.endpoint.dialect != "bedrock" else _PLAIN_WHOLE
    if call.operation == "count_tokens":
        return Request(b"", fields, [])
    sent = _DIALECTS[attempt.endpoint.dialect][0](call, attempt, changed)
    return Request(sent.target, fields + sent.fields, [sent.content], _own(call, attempt.endpoint), sent, call.id)


def _own(call: Call, endpoint: Endpoint) -> Secret | None:
    """Give the caller's own credential where the endpoint takes it; no other ever sees it."""
    own = call.credential
    if endpoint.credential != CALLER or not isinstance(own, Secret):
        return None
    if endpoint.dialect == "messages" and "vertex" not in endpoint.quirks:
        return own
    return Secret(f"{credential_form(endpoint)} {own.reveal().rpartition(' ')[2].strip()}\r\n")


def credential_form(endpoint: Endpoint) -> str:
    """Give what stands before the credential in its header line; one for a Google project is an access token."""
    if "azure" in endpoint.quirks:
        return "api-key:"
    if endpoint.dialect == "messages" and "vertex" not in endpoint.quirks:
        return "x-api-key:"
    if endpoint.dialect == "gemini" and "/projects/" not in endpoint.base_url:
        return "x-goog-api-key:"
    return "authorization: Bearer"
