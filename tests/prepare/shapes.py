"""Calls and endpoints for the tests of what is sent."""

import json
from dataclasses import dataclass
from typing import Any

from relay._core import members
from relay.call import Call, Identity
from relay.catalog import Accepts, Attempt, Endpoint
from relay.prepare import prepare

HELLO = [{"role": "user", "content": "hello"}]
MARK = {"type": "ephemeral"}


@dataclass(frozen=True)
class Sent:
    """What would leave: the content's bytes, the beta names, and the attempt with what it was told."""

    content: bytes
    betas: list[str]
    attempt: Attempt

    @property
    def json(self) -> Any:
        return json.loads(self.content)


def endpoint(**told: Any) -> Endpoint:
    """An endpoint; what Accepts has is written there."""
    accepted = {key: told.pop(key) for key in list(told) if key in Accepts.__dataclass_fields__}
    return Endpoint(
        id="p/m",
        provider="p",
        display_name="P",
        dialect="messages",
        model="m",
        base_url="http://127.0.0.1:9",
        accepts=Accepts(**accepted) if accepted else None,
        **told,
    )


def request(**said: Any) -> bytes:
    """A request as a client writes it; None leaves a member out."""
    whole = {"model": "a/m", "max_tokens": 100, "messages": HELLO} | said
    return json.dumps({key: value for key, value in whole.items() if value is not None}, separators=(",", ":")).encode()


def send(
    content: bytes,
    to: Endpoint,
    *,
    betas: str = "",
    operation: str = "chat",
    redacted: dict[str, bytes] | None = None,
    **attempted: Any,
) -> Sent:
    """Prepare a request for an endpoint."""
    call = Call(
        id="gen-1",
        operation=operation,
        model="a/m",
        stream=False,
        content=content,
        members=members(content),
        identity=Identity("dev"),
        received_ns=0,
        version=None,
        betas=betas.encode() or None,
        session_id=None,
        app=None,
        reports=False,
    )
    attempt = Attempt(1, to, "a/m", "m", **attempted)
    prepared = prepare(call, attempt, redacted or {})
    lines = prepared.fields.decode().split("\r\n")
    names = [line.partition(": ")[2] for line in lines if line.startswith("anthropic-beta: ")]
    return Sent(b"".join(prepared.content), names[0].split(",") if names else [], attempt)
