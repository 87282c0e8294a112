"""Upstream: the one door to the endpoints of a generation."""

import asyncio
from collections.abc import Iterable, Mapping
from hashlib import sha256
from time import monotonic_ns, time
from typing import Final
from urllib.parse import SplitResult, urlsplit

from relay import __version__
from relay.catalog import Attempt, Endpoint, Secret, TokenSource
from relay.clock import Clock
from relay.errors import ProviderAuth, ProviderConnect, ProviderError
from relay.providers import Request, credential_form, signer_of
from relay.upstream.connection import Connection, Stale
from relay.upstream.exchange import Exchange
from relay.upstream.pool import Pool
from relay.upstream.pools import Pools
from relay.upstream.tokens import Note, Tokens

MIN_SECRET: Final = 8
MAX_DIGESTED: Final = 1 << 20
"""Bytes of content that the loop may wait for while they are digested: a millisecond."""


class _Route:
    """What of an endpoint never changes: its pool, and the head of every request to it."""

    __slots__ = ("endpoint", "is_signed", "path", "pool", "prefix", "query", "secret", "signer", "tokens")

    def __init__(
        self, endpoint: Endpoint, pool: Pool, origin: SplitResult, secret: Secret | None, tokens: Tokens | None
    ) -> None:
        self.endpoint = endpoint
        self.pool = pool
        self.path = origin.path.rstrip("/").encode()
        self.query = f"?{origin.query}".encode() if origin.query else b""
        self.secret = secret.reveal() if secret else ""
        self.tokens = tokens
        self.signer = signer_of(endpoint, self.secret, origin.netloc)
        self.is_signed = tokens is not None or self.signer is not None
        credential = f"{credential_form(endpoint)} {self.secret}\r\n" if secret and self.signer is None else ""
        self.prefix = f"host: {origin.netloc}\r\nuser-agent: relay/{__version__}\r\n{credential}".encode("latin-1")

    async def signature(self, request: Request) -> bytes:
        """Give the header lines by which this one request is signed; none where the credential stays the same.

        raises   ProviderAuth when no token can be had
        """
        if self.tokens is not None:
            return await self.tokens.line()
        signer = self.signer
        if signer is None:
            return b""
        is_large = request.size > MAX_DIGESTED
        digest = await asyncio.to_thread(_digest, request) if is_large else _digest(request)
        return signer.fields((self.path + request.target).decode(), digest, time())

    def head(self, request: Request, signature: bytes) -> bytes:
        own = signature if request.own is None else request.own.reveal().encode()
        prefix = self.prefix + own if own else self.prefix
        return b"POST %b%b%b HTTP/1.1\r\n%b%bcontent-length: %d\r\n\r\n" % (
            self.path,
            request.target,
            self.query,
            prefix,
            request.fields,
            request.size,
        )

    def hide_secret(self, error: ProviderError, own: Secret | None, signature: bytes) -> None:
        """Some providers quote the credential in their messages: the operator's, or one that a record must not keep."""
        text = self.secret
        if own is not None:
            text = own.reveal().rpartition(" ")[2].strip()
        elif self.tokens is not None:  # the one that was sent, which may be the last no more
            text = signature.decode("latin-1").rpartition(" ")[2].strip()
        for secret in text.split(" "):
            if len(secret) >= MIN_SECRET and secret in error.message:
                error.message = error.message.replace(secret, "***")


def _digest(request: Request) -> str:
    digest = sha256()
    for part in request.content:
        digest.update(part)
    return digest.hexdigest()


class Opening:
    """`async with` an exchange: entering sends the request and waits for the head.

    On the way out the connection is kept when its response ended cleanly, and closed otherwise.
    """

    __slots__ = ("_attempt", "_clock", "_exchange", "_live", "_request", "_route", "_signature", "_stream")

    def __init__(
        self, route: _Route, request: Request, attempt: Attempt, stream: bool, live: set[Exchange], clock: Clock
    ) -> None:
        self._route = route
        self._request = request
        self._attempt = attempt
        self._stream = stream
        self._live = live
        self._clock = clock
        self._signature = b""
        self._exchange: Exchange | None = None

    async def __aenter__(self) -> Exchange:
        """A kept connection that the provider had closed already is replaced once, for free (UPS-2)."""
        route = self._route
        if route.is_signed:
            self._signature = await route.signature(self._request)
        try:
            try:
                return await self._send(route.pool.take() or await route.pool.open())
            except Stale:
                return await self._send(await route.pool.open())
        except Stale as cause:
            raise ProviderConnect("the provider closed the connection before it answered") from cause

    async def _send(self, connection: Connection) -> Exchange:
        attempt = self._attempt
        exchange = Exchange(connection, attempt.endpoint.timeouts, self._clock, self._stream)
        self._live.add(exchange)
        try:
            request = self._request
            attempt.sent_ns = monotonic_ns()
            connection.send(self._route.head(request, self._signature), *request.content)
            await connection.head()
        except BaseException:
            self._live.discard(exchange)
            connection.abort()
            raise
        attempt.head_ns = monotonic_ns()
        attempt.status = exchange.status
        self._exchange = exchange
        return exchange

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        self._live.discard(exchange)
        if isinstance(error, ProviderError):
            self._route.hide_secret(error, self._request.own, self._signature)
            if self._route.tokens is not None and isinstance(error, ProviderAuth):
                self._route.tokens.refuse()
        if error is not None and not exchange.is_complete:
            exchange.abort()
        exchange.release()


class Upstream:
    """Opens exchanges; credentials are attached here, at the last step, and only for their own endpoint (SEC-4).

    One generation's: it knows only that one's endpoints and credentials, and shares the pools with the others.
    """

    def __init__(self, credentials: Mapping[str, Secret | TokenSource], pools: Pools, note: Note) -> None:
        self._credentials = credentials
        self._pools = pools
        self._note = note
        self._tokens: dict[str, Tokens] = {}
        self._routes: dict[int, _Route] = {}

    def open(self, request: Request, attempt: Attempt, stream: bool) -> Opening:
        """Give the exchange of a request, to be entered with `async with`."""
        pools = self._pools
        return Opening(self._route(attempt.endpoint), request, attempt, stream, pools.live, pools.clock)

    def keep(self, endpoints: Iterable[Endpoint]) -> None:
        """Take over the pools that these endpoints have from a generation before."""
        for endpoint in endpoints:
            if self._pools.holds(endpoint):
                self._route(endpoint)

    def retire(self) -> None:
        """Give all pools back; nothing is opened any more."""
        for route in self._routes.values():
            self._pools.give_back(route.endpoint)
        self._routes = {}

    def _route(self, endpoint: Endpoint) -> _Route:
        # Endpoints are values of one generation, and a route holds its own: identity is enough, and ids need not be.
        route = self._routes.get(id(endpoint))
        if route is None:
            name = endpoint.credential or ""
            held = self._credentials.get(name)
            secret = held if isinstance(held, Secret) else None
            tokens = self._tokens_of(name, held) if isinstance(held, TokenSource) else None
            pool = self._pools.take(endpoint)
            route = self._routes[id(endpoint)] = _Route(endpoint, pool, urlsplit(endpoint.base_url), secret, tokens)
        return route

    def _tokens_of(self, name: str, source: TokenSource) -> Tokens:
        if name not in self._tokens:
            self._tokens[name] = Tokens(source, self._note)
        return self._tokens[name]
