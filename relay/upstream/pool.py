"""Connections of one endpoint.

take() gives an idle connection; open() opens one, or waits; a connection comes back by itself when its response ended
cleanly. Always: idle + busy + opening ≤ limit. A waiter is served in order of arrival or fails after ACQUIRE_S seconds.
Idle connections are taken newest first, so that the rest can age out (UPS-1).
"""

import asyncio
import ssl
from collections import deque
from typing import Final
from urllib.parse import SplitResult

from relay.catalog import Timeouts
from relay.clock import Clock
from relay.errors import ProviderConnect
from relay.outbox import Outbox
from relay.upstream.connection import Connection
from relay.upstream.names import Names

ACQUIRE_S: Final = 1.0
IDLE_S: Final = 60
MAX_AGE_S: Final = 600
LINGER_S: Final = 2


class Pool:
    """The connections of one endpoint; `origin` is its base URL, `tls` None for plain HTTP."""

    def __init__(
        self,
        origin: SplitResult,
        tls: ssl.SSLContext | None,
        timeouts: Timeouts,
        clock: Clock,
        outbox: Outbox,
        names: Names,
        limit: int,
    ) -> None:
        self._host = origin.hostname or ""
        self._port = origin.port or (443 if tls else 80)
        self._tls = tls
        self._timeouts = timeouts
        self._clock = clock
        self._outbox = outbox
        self._names = names
        self._limit = limit
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._opening = 0
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()

    def take(self) -> Connection | None:
        """Give an idle connection that is still good, None when there is none."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable and self._clock.tick - connection.opened < MAX_AGE_S:
                return connection
            connection.abort()
        return None

    async def open(self) -> Connection:
        """Give a connection that no exchange used before, or one that comes free while all are busy."""
        if len(self._all) + self._opening >= self._limit:
            freed = await self._wait()
            if freed is not None:
                return freed
        self._opening += 1
        try:
            async with asyncio.timeout(self._timeouts.upstream_connect):
                return await self._connect()
        except TimeoutError as cause:
            raise ProviderConnect("no connection to the provider in time") from cause
        except ssl.SSLError as cause:
            raise ProviderConnect("the provider's TLS certificate or handshake was not accepted") from cause
        except OSError as cause:
            raise ProviderConnect("no connection to the provider") from cause
        finally:
            self._opening -= 1

    async def _connect(self) -> Connection:
        """Try the addresses of the host in turn."""
        loop = asyncio.get_running_loop()
        failure: OSError | None = None
        for address in await self._names.resolve(self._host):
            try:
                _, connection = await loop.create_connection(
                    lambda: Connection(self._clock, self._outbox, self._on_idle, self._on_lost),
                    address,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                )
            except OSError as cause:
                failure = cause
            else:
                self._all.add(connection)
                return connection
        raise failure or OSError("no address")

    async def _wait(self) -> Connection | None:
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(ACQUIRE_S):
                return await waiter
        except TimeoutError as cause:
            raise ProviderConnect("all connections to the provider are busy") from cause
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _on_idle(self, connection: Connection) -> None:
        if not self._serve_waiter(connection):
            self._idle.append(connection)

    def _on_lost(self, connection: Connection) -> None:
        if connection in self._all:
            self._all.discard(connection)
            if connection in self._idle:
                self._idle.remove(connection)
            self._serve_waiter(None)

    def _serve_waiter(self, connection: Connection | None) -> bool:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    def sweep(self) -> None:
        """Close what was idle for too long, or lingers."""
        for connection in [one for one in self._idle if self._clock.passed(one.heard, IDLE_S)]:
            connection.abort()
        for connection in list(self._all):
            connection.sweep_linger(LINGER_S)

    def close(self) -> None:
        """Close all connections."""
        for connection in list(self._all):
            connection.abort()
