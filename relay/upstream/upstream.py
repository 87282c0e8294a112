"""Upstream: the pools of a worker, and the one door to them."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic_ns
from urllib.parse import SplitResult, urlsplit

from relay import __version__
from relay.catalog import Attempt, Endpoint, Secret
from relay.clock import Clock
from relay.errors import ProviderConnect
from relay.providers import Request
from relay.upstream.connection import Connection, Stale
from relay.upstream.exchange import Exchange
from relay.upstream.names import Names
from relay.upstream.pool import Pool


class _Route:
    """What of an endpoint never changes: its pool, and the head of every request to it."""

    __slots__ = ("path", "pool", "prefix")

    def __init__(self, pool: Pool, origin: SplitResult, secret: Secret | None) -> None:
        self.pool = pool
        self.path = origin.path.rstrip("/").encode()
        credential = f"x-api-key: {secret.reveal()}\r\n" if secret else ""
        self.prefix = f"host: {origin.netloc}\r\nuser-agent: relay/{__version__}\r\n{credential}".encode("latin-1")

    def head(self, request: Request) -> bytes:
        return b"POST %b%b HTTP/1.1\r\n%b%bcontent-length: %d\r\n\r\n" % (
            self.path,
            request.target.encode(),
            self.prefix,
            request.fields,
            len(request.content),
        )


class Upstream:
    """Opens exchanges; credentials are attached here, at the last step, and only for their own endpoint (SEC-4)."""

    def __init__(self, credentials: Mapping[str, Secret], clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._names = Names(clock)
        self._routes: dict[str, _Route] = {}
        self._live: set[Exchange] = set()

    @asynccontextmanager
    async def open(self, request: Request, attempt: Attempt, stream: bool) -> AsyncIterator[Exchange]:
        """Send the request; give the exchange once its head has come.

        A kept connection that the provider had closed already is replaced once, for free (UPS-2). On the way out the
        connection is kept when its response ended cleanly, and closed otherwise.
        """
        route = self._route(attempt.endpoint)
        head = route.head(request)
        exchange = None
        try:
            connection = await route.pool.acquire()
            try:
                exchange = await self._send(connection, head, request, attempt, stream)
            except Stale:
                connection = await route.pool.open()
                try:
                    exchange = await self._send(connection, head, request, attempt, stream)
                except Stale as cause:
                    raise ProviderConnect("the provider closed the connection before it answered") from cause
            yield exchange
        except BaseException:
            if exchange is not None:
                exchange.abort()
            raise
        finally:
            if exchange is not None:
                self._live.discard(exchange)
                exchange.release()

    async def _send(
        self, connection: Connection, head: bytes, request: Request, attempt: Attempt, stream: bool
    ) -> Exchange:
        exchange = Exchange(connection, attempt.endpoint.timeouts, self._clock, stream)
        self._live.add(exchange)
        try:
            attempt.sent_ns = monotonic_ns()
            connection.send(head, request.content)
            await exchange.head()
        except BaseException:
            self._live.discard(exchange)
            connection.abort()
            raise
        attempt.head_ns = monotonic_ns()
        attempt.status = exchange.status
        return exchange

    def _route(self, endpoint: Endpoint) -> _Route:
        route = self._routes.get(endpoint.id)
        if route is None:
            origin = urlsplit(endpoint.base_url)
            pool = Pool(origin, _tls(origin, endpoint.ca_file), endpoint.timeouts, self._clock, self._names)
            secret = self._credentials.get(endpoint.credential) if endpoint.credential else None
            route = self._routes[endpoint.id] = _Route(pool, origin, secret)
        return route

    def sweep(self) -> None:
        """Once a second: clocks of all exchanges, age of all connections."""
        for exchange in list(self._live):
            exchange.sweep()
        for route in self._routes.values():
            route.pool.sweep()

    def close(self) -> None:
        """Close every connection."""
        for route in self._routes.values():
            route.pool.close()


def _tls(origin: SplitResult, ca_file: str | None) -> ssl.SSLContext | None:
    """Verification is always on; a private authority is trusted beside the system's (SEC-7)."""
    if origin.scheme != "https":
        return None
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
