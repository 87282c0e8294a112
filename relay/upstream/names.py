"""Host names to addresses, off the loop: kept for 30 s, a failure for 1 s; without DNS old ones serve for 5 min."""

import asyncio
import ipaddress
import socket

from relay.clock import Clock

FRESH_S = 30
STALE_S = 300
FAILED_S = 1


class Names:
    """A cache of addresses, shared by the pools of a worker."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._failed: dict[str, int] = {}

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Give the addresses of `host`, best first; raises OSError when it has none."""
        if _is_address(host):
            return (host,)
        learnt, addresses = self._known.get(host, (-STALE_S, ()))
        age = self._clock.tick - learnt
        if addresses and age < FRESH_S:
            return addresses
        if self._clock.tick - self._failed.get(host, -FAILED_S) >= FAILED_S:
            try:
                return await self._ask(host)
            except OSError:
                self._failed[host] = self._clock.tick
                if not addresses or age >= STALE_S:
                    raise
        if addresses and age < STALE_S:
            return addresses
        raise socket.gaierror(socket.EAI_NONAME, "the name was not found a moment ago")

    async def _ask(self, host: str) -> tuple[str, ...]:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        self._known[host] = (self._clock.tick, addresses)
        return addresses


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
