"""Credential → Identity, from memory alone (SEC-3)."""

import hashlib
import hmac
from collections.abc import Mapping

from relay.call import Identity
from relay.errors import CallerAuth

_ANYBODY = Identity("anonymous")
_NOBODY = bytes(32)


def identify(fields: Mapping[bytes, bytes], keys: Mapping[bytes, str] | None) -> Identity:
    """Give who calls, by `Authorization: Bearer` or else `x-api-key`; both are read, and Bearer wins.

    fields   header fields, names in lower case
    keys     SHA-256 of a key → its name; None lets anybody in
    raises   CallerAuth, with one text for every cause
    """
    if keys is None:
        return _ANYBODY
    scheme, _, bearer = fields.get(b"authorization", b"").partition(b" ")
    credential = bearer if scheme.lower() == b"bearer" else fields.get(b"x-api-key", b"")
    digest = hashlib.sha256(credential.strip()).digest()
    name = keys.get(digest)
    known = digest if name is not None else _NOBODY
    if not hmac.compare_digest(digest, known) or name is None:
        raise CallerAuth("no valid key: send it as `x-api-key` or as `Authorization: Bearer`")
    return Identity(name)
