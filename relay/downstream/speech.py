"""How clients of a dialect are spoken to apart from answers: errors, keep-alives, the fields of a stream.

MESSAGES, OPENAI: which one a request gets its path decides, also where that is no route.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from relay.dialects.inbound import Client
from relay.errors import OPENAI_TYPES, RelayError

_STREAM: Final = (
    b"content-type: text/event-stream%b\r\ncache-control: no-cache, no-transform\r\nx-accel-buffering: no\r\n"
)


class Speech:
    """The Messages dialect; others differ in what they override.

    fields       header lines of a stream
    processing   a keep-alive before the first event of an answer
    ping         one behind it
    """

    __slots__ = ("fields", "ping", "processing")

    def __init__(
        self,
        fields: bytes = _STREAM % b"; charset=utf-8",
        ping: bytes = b'event: ping\ndata: {"type": "ping"}\n\n',
    ) -> None:
        self.fields = fields
        self.ping = ping
        self.processing = b": RELAY PROCESSING\n\n"

    def status(self, error: RelayError) -> int:
        """Give the status of an error that comes instead of an answer."""
        return error.status

    def error(self, error: RelayError, id: str | None, reports: bool, metadata: bytes) -> bytes:
        """Give the content that tells of an error.

        metadata   JSON of `openrouter_metadata`; empty: none
        """
        envelope = error.envelope(id, with_reason=reports)
        if metadata:
            envelope["openrouter_metadata"] = orjson.Fragment(metadata)
        return orjson.dumps(envelope)

    def ending(self, content: bytes, client: Client | None) -> bytes:  # noqa: ARG002 - of what others say in it
        """Give the end of a stream that failed, from what tells of its error."""
        return b"event: error\ndata: %b\n\n" % content


class _OpenAI(Speech):
    """What OpenAI's dialects have in common: the shape of errors, and comments to keep a connection alive."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_STREAM % b"", b": ping\n\n")

    def status(self, error: RelayError) -> int:
        return 503 if error.status == 529 else error.status

    def error(self, error: RelayError, id: str | None, reports: bool, metadata: bytes) -> bytes:
        kind, code = OPENAI_TYPES[error.error_type]
        told: dict[str, Any] = {"message": error.message, "type": kind, "param": _param(error), "code": code}
        availability: Mapping[str, Any] = error.availability or {}
        if availability:
            told["availability"] = availability
            told["code"] = code or availability["code"]
        elif error.reason == "caller_unsupported":
            told["code"] = None  # no route, which is no model
        if reports:
            told["relay_reason"] = error.reason
        body: dict[str, Any] = {"error": told, "request_id": id}
        if error.metadata:
            body["metadata"] = error.metadata
        if metadata:
            body["openrouter_metadata"] = orjson.Fragment(metadata)
        return orjson.dumps(body)

    def ending(self, content: bytes, client: Client | None) -> bytes:
        assert client is not None, "a stream has a call"
        return client.ending(content)


MESSAGES: Final = Speech()
OPENAI: Final = _OpenAI()
_OPENAI_PATHS: Final = ("/v1/chat/", "/v1/completions", "/v1/embeddings", "/v1/responses")


def speech_of(path: str) -> Speech:
    """Give how the clients of a path are spoken to."""
    return OPENAI if path.startswith(_OPENAI_PATHS) else MESSAGES


def _param(error: RelayError) -> str | None:
    """Give the path of a faulty field, which messages of such errors begin with."""
    path, colon, _ = error.message.partition(": ")
    return path if colon and error.status == 400 and " " not in path else None
