"""Who calls: Keys, a connection's Caller, own_credential() beside it; from memory alone (SEC-3)."""

import re
import time
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from relay.call import Identity
from relay.catalog import Secret
from relay.errors import CallerAuth, CallerInvalid

_FIELD: Final = re.compile(rb"[!-~]{1,8192}")
_ANYBODY: Final = Identity("anonymous")


class Keys:
    """The keys that are valid now; whoever knows of a change puts new ones.

    by_digest   SHA-256 of a key → who holds it; None lets anybody in
    """

    __slots__ = ("by_digest",)

    def __init__(self, by_digest: Mapping[bytes, Identity] | None) -> None:
        self.by_digest = by_digest


class Caller:
    """Who calls on one connection. A client keeps its connections: whom one was found to be is not sought again."""

    __slots__ = ("_credential", "_identity", "_keys")

    def __init__(self) -> None:
        self._credential = b""
        self._identity: Identity | None = None
        self._keys: Mapping[bytes, Identity] | None = None

    def identify(self, fields: dict[bytes, bytes], keys: Mapping[bytes, Identity] | None) -> Identity:
        """Give who calls, by `x-relay-key`, or else `Authorization: Bearer`, or else `x-api-key`: the first wins.

        fields   header fields, names in lower case
        keys     SHA-256 of a key → who holds it, never changed but put anew; None lets anybody in
        raises   CallerAuth, with one text for every cause
        """
        if keys is None:
            return _ANYBODY
        credential = fields.get(b"x-relay-key")
        if credential is None:
            credential = _bearer(fields)
        if credential is None:
            credential = fields.get(b"x-api-key", b"")
        identity = self._identity
        if identity is None or keys is not self._keys or not compare_digest(credential, self._credential):
            # Found by digest: how long the search takes tells nothing about a key that could be guessed at.
            identity = keys.get(sha256(credential.strip()).digest())
            if identity is not None:
                self._identity, self._keys, self._credential = identity, keys, credential
        if identity is None or (identity.expires is not None and time.time() >= identity.expires):
            raise CallerAuth("no valid key: send it as `x-api-key` or as `Authorization: Bearer`")
        return identity


def own_credential(fields: dict[bytes, bytes], keys: Mapping[bytes, Identity] | None) -> Secret | None:
    """Give the header line of the client's own credential for a provider; None: it sent none.

    It is what does not let it in here: `authorization` or `x-api-key` beside `x-relay-key`, `x-api-key` beside Bearer,
    either where anybody is let in. A key of this gateway never goes on to a provider.
    """
    bearer, api_key = _bearer(fields), fields.get(b"x-api-key")
    if bearer is not None and (keys is None or b"x-relay-key" in fields) and not _is_ours(bearer, keys):
        return _line(b"authorization: Bearer ", bearer)
    if api_key is None or (bearer is None and keys is not None and b"x-relay-key" not in fields):
        return None
    return None if _is_ours(api_key, keys) else _line(b"x-api-key: ", api_key)


def _bearer(fields: dict[bytes, bytes]) -> bytes | None:
    field = fields.get(b"authorization")
    if field is None:
        return None
    scheme, _, bearer = field.partition(b" ")
    return bearer if scheme.lower() == b"bearer" else None


def _is_ours(credential: bytes, keys: Mapping[bytes, Identity] | None) -> bool:
    """Tell whether it is a key of this gateway, valid or not, or nothing."""
    bare = credential.strip()
    return not bare or bare.startswith(b"sk-relay-") or (keys is not None and sha256(bare).digest() in keys)


def _line(name: bytes, credential: bytes) -> Secret:
    bare = credential.strip()
    if not _FIELD.fullmatch(bare):
        raise CallerInvalid("x-api-key: your credential holds characters that can't be sent on")
    return Secret((name + bare + b"\r\n").decode())
