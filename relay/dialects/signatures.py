"""Whose a signature of thinking is (spec/openrouter-messages.md 13.3).

A signature can be read by its maker alone, and a request does not say who that was. So relay writes it in: what a model
of another author than SIGNER signs leaves as `relay1.<author>.<check>.<signature>`, what it leaves unsigned as
`relay1.<author>.<check>`. A signature without such a seal is SIGNER's own. Nothing has to be remembered, so that
replicas and restarts agree. The check tells a seal that was cut or changed on its way; it keeps no secret, for whoever
could forge one could as well leave the block out.
"""

import re
from hashlib import sha256
from typing import Final

import orjson

SIGNER: Final = "anthropic"
"""The author whose endpoints refuse what they did not sign."""
SEAL: Final = "relay1."
_OTHERS: Final = re.compile(r"[^a-z0-9_-]")
_NOBODY: Final = "nobody"
"""In place of an author: a client sends thinking back without word of who signed it, if anybody did."""


class Seal:
    """Seals the signatures of one author's models."""

    __slots__ = ("_author",)

    def __init__(self, author: str) -> None:
        self._author = _word(author)

    def __call__(self, signature: bytes) -> bytes:
        """Give the sealed inside of a signature's JSON string; one that no string can hold stays as it is."""
        try:
            plain: str = orjson.loads(b'"%b"' % signature)
        except orjson.JSONDecodeError:
            return signature
        head = f"{SEAL}{self._author}.{_check(self._author, plain)}".encode()
        return head + b"." + signature if signature else head


def unsigned() -> str:
    """Give the signature of thinking that came without one: it goes to no endpoint that looks at signatures."""
    return Seal(_NOBODY)(b"").decode()


def is_unsigned(signature: str) -> bool:
    """Tell whether a signature is that of nobody."""
    return opened(signature, _NOBODY) == ""


def opened(signature: str, author: str) -> str | None:
    """Give what an author's own model signed; None: it was sealed for another, or not at all, or is broken."""
    parts = signature.split(".", 3)
    word = _word(author)
    if len(parts) < 3 or parts[0] + "." != SEAL or parts[1] != word:
        return None
    inner = parts[3] if len(parts) == 4 else ""
    return inner if parts[2] == _check(word, inner) else None


def _word(author: str) -> str:
    return _OTHERS.sub("-", author.lower())


def _check(word: str, signature: str) -> str:
    return sha256(f"{word}.{signature}".encode()).hexdigest()[:16]
