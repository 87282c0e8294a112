"""The gate before any work: the instance's state, and how many calls it holds, bodies on their way included."""

from collections.abc import Callable

from relay.errors import GatewayDraining, GatewayLedgerFull, GatewayShed


class Admission:
    """Counts calls from the end of their head to the end of their answer; refuses above `limit`, and while draining.

    on_empty   called when the last call has ended
    is_unrecorded   the ledger takes no more
    """

    def __init__(self, limit: int, on_empty: Callable[[], None]) -> None:
        self._limit = limit
        self._on_empty = on_empty
        self.in_flight = 0
        self.draining = False
        self.is_unrecorded = False

    def refuse(self, is_unrecorded: bool) -> None:
        """Take no more calls for want of records, or take them again."""
        self.is_unrecorded = is_unrecorded

    def enter(self) -> None:
        """Take a place for one call; `leave` gives it back.

        raises   GatewayDraining, GatewayShed, GatewayLedgerFull
        """
        if self.draining:
            raise GatewayDraining
        if self.is_unrecorded:
            raise GatewayLedgerFull
        if self.in_flight >= self._limit:
            raise GatewayShed
        self.in_flight += 1

    def leave(self) -> None:
        """Give a place back."""
        self.in_flight -= 1
        if self.in_flight == 0:
            self._on_empty()
