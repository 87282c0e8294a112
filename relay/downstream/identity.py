"""Credential → Identity, from memory alone (SEC-3)."""

import hashlib
import hmac
from collections.abc import Mapping

from relay.call import Identity
from relay.errors import CallerAuth

_ANYBODY = Identity("anonymous")
_NOBODY = bytes(32)


def identify(fields: Mapping[str, str], keys: Mapping[bytes, str] | None) -> Identity:
    """Give who calls, by `Authorization: Bearer` or else `x-api-key`; both are read, and Bearer wins.

    keys     SHA-256 of a key → its name; None lets anybody in
    raises   CallerAuth, with one text for every cause
    """
    if keys is None:
        return _ANYBODY
    scheme, _, bearer = fields.get("authorization", "").partition(" ")
    credential = bearer.strip() if scheme.lower() == "bearer" else fields.get("x-api-key", "").strip()
    digest = hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()
    name = keys.get(digest)
    known = digest if name is not None else _NOBODY
    if not hmac.compare_digest(digest, known) or name is None:
        raise CallerAuth("no valid key: send it as `x-api-key` or as `Authorization: Bearer`")
    return Identity(name)
