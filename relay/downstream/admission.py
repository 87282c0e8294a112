"""Gates before any work: the instance's state, and how many calls are in flight."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from relay.errors import GatewayDraining, GatewayShed


class Admission:
    """Counts calls in flight; refuses new ones when there are `limit`, or when the instance is going away.

    on_empty   called when the last call in flight has ended
    """

    def __init__(self, limit: int, on_empty: Callable[[], None]) -> None:
        self._limit = limit
        self._on_empty = on_empty
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
            if self.in_flight == 0:
                self._on_empty()
