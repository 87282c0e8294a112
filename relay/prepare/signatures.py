"""Thinking in a conversation goes back only to the family that signed it (spec/openrouter-messages.md 13.3)."""

import re
from typing import Final

import orjson

from relay._core import contains
from relay.dialects.signatures import SEAL, SIGNER, Seal, is_unsigned, opened
from relay.prepare.blocks import blocks_with_thinking, take_out
from relay.prepare.prompt import Edits, Prompt, string

SEALED: Final = SEAL.encode()
_SIGNATURE: Final = b'"signature"'
_THINKING: Final = b'thinking"'
"""How both types of blocks end."""
_NOT_SIGNED: Final = re.compile(rb'"signature"\s*:\s*"(?:relay1\.|")')


def sift(prompt: Prompt) -> None:
    """Leave out the thinking that the endpoint's author did not sign, open its own; have its answer sealed."""
    author = prompt.accepts.author
    if author is not None and author != SIGNER:
        prompt.attempt.seal = Seal(author)
    if not _is_suspect(prompt.call.content, author):
        return
    text = prompt.value("messages")
    edits = Edits(text)
    gone = set()
    looks = prompt.attempt.endpoint.dialect == "messages"
    for block in blocks_with_thinking(text):
        place = block.place("signature")
        signed = _signed(string(text, place), author, looks) if block.kind == "thinking" else None
        if block.kind == "redacted_thinking" and author not in (None, SIGNER):
            gone.add(block.start)
        elif block.kind != "thinking" or place is None:
            continue
        elif signed is None:
            gone.add(block.start)
        elif signed != string(text, place):
            edits.replace(place[0], place[1], orjson.dumps(signed))
    take_out(edits, gone)
    prompt.put("messages", edits.applied())


def _is_suspect(content: bytes, author: str | None) -> bool:
    """Tell whether a request may hold thinking that is not signed as the author would: most requests hold none."""
    if author is None:
        return contains(content, SEALED)
    if author == SIGNER:
        return contains(content, _SIGNATURE) and _NOT_SIGNED.search(content) is not None
    return contains(content, _THINKING)


def _signed(signature: str | None, author: str | None, looks: bool) -> str | None:
    """Give what the author's endpoint is to read; None: it must not read this block.

    looks   the endpoint may look at signatures: what nobody signed is not sent there
    """
    if signature is None:
        return None
    is_sealed = signature.startswith(SEAL)
    if is_sealed and is_unsigned(signature):
        return None if looks or author == SIGNER else ""
    if author is None or author == SIGNER:  # of whom nobody knows who he is, all but relay's own is believed
        return None if is_sealed or (author == SIGNER and not signature) else signature
    return opened(signature, author) if signature else signature
