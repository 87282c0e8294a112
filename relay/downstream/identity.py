"""Who calls: Keys, and identify() from a request's fields; from memory alone (SEC-3)."""

import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from relay.call import Identity
from relay.errors import CallerAuth

_ANYBODY: Final = Identity("anonymous")


class Keys:
    """The keys that are valid now; whoever knows of a change puts new ones.

    by_digest   SHA-256 of a key → who holds it; None lets anybody in
    """

    __slots__ = ("by_digest",)

    def __init__(self, by_digest: Mapping[bytes, Identity] | None) -> None:
        self.by_digest = by_digest


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
    if identity is None or (identity.expires is not None and time.time() >= identity.expires):
        raise CallerAuth("no valid key: send it as `x-api-key` or as `Authorization: Bearer`")
    return identity
