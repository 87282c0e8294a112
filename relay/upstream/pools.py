"""Pools: the pools of a worker's endpoints, shared by the generations that name them; and every exchange that runs."""

import ssl
from urllib.parse import SplitResult, urlsplit

from relay.catalog import Endpoint, Timeouts
from relay.clock import Clock
from relay.outbox import Outbox
from relay.upstream.exchange import Exchange
from relay.upstream.names import Names
from relay.upstream.pool import Pool

Key = tuple[str, str, str | None, Timeouts]


class _Used:
    """A pool, and how many generations use it."""

    __slots__ = ("pool", "users")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.users = 1


class Pools:
    """An endpoint keeps its pool while any generation names it with the same address and clocks.

    live   exchanges under way
    limit  most connections of one pool
    """

    def __init__(self, clock: Clock, outbox: Outbox, limit: int) -> None:
        self.clock = clock
        self.live: set[Exchange] = set()
        self._outbox = outbox
        self._limit = limit
        self._names = Names(clock)
        self._used: dict[Key, _Used] = {}

    def holds(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint has its pool already."""
        return _key(endpoint) in self._used

    def take(self, endpoint: Endpoint) -> Pool:
        """Give an endpoint's pool to one more generation."""
        key = _key(endpoint)
        used = self._used.get(key)
        if used is not None:
            used.users += 1
            return used.pool
        origin = urlsplit(endpoint.base_url)
        tls = _tls(origin, endpoint.ca_file)
        pool = Pool(origin, tls, endpoint.timeouts, self.clock, self._outbox, self._names, self._limit)
        self._used[key] = _Used(pool)
        return pool

    def give_back(self, endpoint: Endpoint) -> None:
        """Take an endpoint's pool back from a generation; the last one's is closed."""
        key = _key(endpoint)
        used = self._used[key]
        used.users -= 1
        if not used.users:
            del self._used[key]
            used.pool.close()

    def sweep(self) -> None:
        """Once a second: clocks of all exchanges, age of all connections."""
        for exchange in list(self.live):
            exchange.sweep()
        for used in self._used.values():
            used.pool.sweep()

    def close(self) -> None:
        """Close every connection."""
        for used in self._used.values():
            used.pool.close()


def _key(endpoint: Endpoint) -> Key:
    return endpoint.id, endpoint.base_url, endpoint.ca_file, endpoint.timeouts


def _tls(origin: SplitResult, ca_file: str | None) -> ssl.SSLContext | None:
    """Verification is always on; a private authority is trusted beside the system's (SEC-7)."""
    if origin.scheme != "https":
        return None
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
