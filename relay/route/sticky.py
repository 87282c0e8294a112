"""Which endpoint holds a conversation's prompt cache: Sticky, one per worker; Conversation, one per call.

Source: spec/openrouter-messages.md 10.

A key is the caller's, the model as requested and the conversation; no text is kept, only a digest.
"""

import re
from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from msgspec import Raw, Struct
from msgspec.json import Decoder

from relay._core import contains
from relay.call import Call

MOST_CONVERSATIONS: Final = 65_536
IDLE_S: Final = 600.0
LONG_IDLE_S: Final = 3600.0


class Sticky:
    """Conversations of the last minutes; the longest unused is let go for a new one."""

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def find(self, key: bytes, now: float) -> str | None:
        """Give the id of the endpoint that answered this conversation last."""
        held = self._held.get(key)
        if held is None:
            return None
        if now >= held[1]:
            del self._held[key]
            return None
        return held[0]

    def keep(self, key: bytes, endpoint_id: str, now: float, lasts_s: float) -> None:
        """Remember, or refresh, who answered."""
        self._held[key] = (endpoint_id, now + lasts_s)
        self._held.move_to_end(key)
        if len(self._held) > MOST_CONVERSATIONS:
            self._held.popitem(last=False)


class Conversation:
    """A call's key, and how long its cache is kept; made while the request is still there.

    kind   of what is remembered of it: an endpoint, or the model that a router model stood for
    """

    __slots__ = ("_is_named", "_lasts_s", "_sticky", "key")

    def __init__(self, sticky: Sticky, call: Call, kind: bytes = b"endpoint") -> None:
        self._sticky = sticky
        self._is_named = call.session_id is not None
        self._lasts_s = LONG_IDLE_S if b'"1h"' in call.content else IDLE_S
        self.key = _key(call, kind)

    def held_by(self, now: float) -> str | None:
        """Give the id of the endpoint that answered it last."""
        return self._sticky.find(self.key, now)

    def answered(self, endpoint_id: str, now: float, cached_tokens: int) -> None:
        """Remember who answered; without a session's name only when the prompt was cached."""
        if self._is_named or cached_tokens:
            self._sticky.keep(self.key, endpoint_id, now, self._lasts_s)


class _Prompt(Struct):
    messages: list[Raw]
    system: Raw = Raw(b"")


class _Role(Struct):
    role: str


_MARK: Final = re.compile(
    rb',\s*"cache_control"\s*:\s*(?:\{[^{}]*\}|null)|"cache_control"\s*:\s*(?:\{[^{}]*\}|null)\s*,\s*'
)
"""Of what is to be cached: it moves on as a conversation grows, which stays the same."""
_PROMPT: Final = Decoder(_Prompt)
_ROLE: Final = Decoder(_Role)


def _key(call: Call, kind: bytes) -> bytes:
    """Give who asks, for which model, in which session; without one, how the prompt begins."""
    digest = blake2b(kind, digest_size=16)
    for part in (call.identity.name, call.model, call.session_id or ""):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    if call.session_id is None:
        for raw in _beginning(call.content):
            text = bytes(raw)
            digest.update(_MARK.sub(b"", text) if contains(text, b'"cache_control"') else text)
            digest.update(b"\0")
    return digest.digest()


def _beginning(content: bytes) -> list[Raw]:
    """Give the system prompt, or else the first message of the system's, and the first that is not."""
    prompt = _PROMPT.decode(content)
    first: dict[bool, Raw] = {True: prompt.system} if bytes(prompt.system) else {}
    for message in prompt.messages:
        first.setdefault(_ROLE.decode(message).role == "system", message)
        if len(first) == 2:
            break
    return list(first.values())
