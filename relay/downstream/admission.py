"""Gates before any work: the instance's state, and how many calls are in flight."""

from collections.abc import Iterator
from contextlib import contextmanager

from relay.errors import GatewayDraining, GatewayShed


class Admission:
    """Counts calls in flight; refuses new ones when there are `limit`, or when the instance is going away."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.in_flight = 0
        self.draining = False

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Hold a place for one call.

        raises   GatewayDraining, GatewayShed
        """
        if self.draining:
            raise GatewayDraining
        if self.in_flight >= self._limit:
            raise GatewayShed
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1
