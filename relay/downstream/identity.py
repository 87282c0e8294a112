"""Credential → Identity, from memory alone (SEC-3)."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from relay.call import Identity
from relay.errors import CallerAuth

_ANYBODY: Final = Identity("anonymous")


def identify(fields: dict[bytes, bytes], keys: Mapping[bytes, Identity] | None) -> Identity:
    """Give who calls, by `Authorization: Bearer` or else `x-api-key`; both are read, and Bearer wins.

    fields   header fields, names in lower case
    keys     SHA-256 of a key → who holds it; None lets anybody in
    raises   CallerAuth, with one text for every cause
    """
    if keys is None:
        return _ANYBODY
    scheme, _, bearer = fields.get(b"authorization", b"").partition(b" ")
    credential = bearer if scheme.lower() == b"bearer" else fields.get(b"x-api-key", b"")
    # Found by digest: how long the search takes tells nothing about a key that could be guessed at.
    identity = keys.get(sha256(credential.strip()).digest())
    if identity is None:
        raise CallerAuth("no valid key: send it as `x-api-key` or as `Authorization: Bearer`")
    return identity
