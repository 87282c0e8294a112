"""Access tokens that end: Tokens, what one source gives, by the cloud's own library in a thread.

All endpoints with one credential share its tokens. A token is renewed while it is valid, so that calls wait for the
first alone, and for one that could not be renewed in time.
"""

import asyncio
import logging
import time
import warnings
from collections.abc import Callable
from datetime import UTC
from functools import partial
from importlib import import_module
from typing import Final

from relay.catalog import TokenSource
from relay.errors import ProviderAuth

RENEW_S: Final = 240.0
"""A token is renewed so long before its end: Google's machines give the same one until then."""
PAUSE_S: Final = 5.0
"""Between two tries, at least: whatever refuses is not asked by every call."""
NEW_S: Final = 60.0
HTTP_S: Final = 10.0
MAX_TOLD: Final = 500

Mint = Callable[[], tuple[str, float]]
"""Gives a token and when it ends, in Unix seconds; blocks."""
Note = Callable[[str, str], None]
"""Takes a level and a sentence for the log."""


class Tokens:
    """One source's."""

    def __init__(self, source: TokenSource, note: Note) -> None:
        self._source = source
        self._note = note
        self._mint: Mint | None = None
        self._minting: asyncio.Task[None] | None = None
        self._ends = 0.0
        self._next = 0.0
        self._since = 0.0
        self._value = ""

    async def line(self) -> bytes:
        """Give the header line of a request that is about to be sent.

        raises   ProviderAuth when no token can be had
        """
        now = time.time()
        if now >= self._next and self._minting is None:
            self._minting = asyncio.create_task(self._renew())
        if now >= self._ends and self._minting is not None:
            await asyncio.shield(self._minting)
        if time.time() >= self._ends:
            raise ProviderAuth("no access token can be had for the provider; tell this gateway's operator")
        return b"authorization: Bearer %b\r\n" % self._value.encode("latin-1")

    def refuse(self) -> None:
        """The provider refused one: the next request waits for another. Where the last is new, more would not help."""
        if time.time() - self._since >= NEW_S:
            self._ends = self._next = 0.0

    async def _renew(self) -> None:
        try:
            self._value, self._ends = await asyncio.to_thread(self._minted)
            self._since = time.time()
            self._next = max(self._ends - RENEW_S, self._since + PAUSE_S)
        except Exception as error:  # noqa: BLE001 - whatever a library of another's raises: told, and tried again
            self._next = time.time() + PAUSE_S
            told = " ".join(str(error).split())[:MAX_TOLD]
            self._note("error", f"{self._source.kind}: no access token: {type(error).__name__}: {told}")
        finally:
            self._minting = None

    def _minted(self) -> tuple[str, float]:
        if self._mint is None:
            self._mint = (_google if self._source.kind == "google" else _entra)(self._source)
        return self._mint()


# Imported by name: relay is compiled where the libraries of clouds are not.
def _google(source: TokenSource) -> Mint:
    """Give what asks Google; raises what google-auth raises where there are no credentials."""
    auth, transport = import_module("google.auth"), import_module("google.auth.transport.requests")
    logging.getLogger("google").setLevel(logging.CRITICAL)  # what matters is told by Tokens
    warnings.filterwarnings("ignore", module="google.auth")
    if source.file is None:
        credentials, _ = auth.default(scopes=[source.scope])
    else:
        credentials, _ = auth.load_credentials_from_file(source.file, scopes=[source.scope])
    ask = partial(transport.Request(), timeout=HTTP_S)

    def mint() -> tuple[str, float]:
        credentials.refresh(ask)
        return credentials.token, credentials.expiry.replace(tzinfo=UTC).timestamp()

    return mint


def _entra(source: TokenSource) -> Mint:
    """Give what asks Entra; it keeps a token of its own until that is to be renewed."""
    identity = import_module("azure.identity")
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    credential = identity.DefaultAzureCredential(connection_timeout=HTTP_S, read_timeout=HTTP_S, retry_total=2)

    def mint() -> tuple[str, float]:
        token = credential.get_token(source.scope)
        return token.token, float(token.expires_on)

    return mint
