"""Outbox: whole messages leave together at the end of a loop turn.

Under load many calls become ready in one turn. Written one by one, each wakes a peer that has gone to sleep meanwhile,
and waking costs more than writing; written together, the first wakes it and the rest find it awake. Nothing waits for a
timer: a message leaves before the loop looks for new events. A stream that came whole in one read is such a message;
parts of one are not put here but leave at once.
"""

import asyncio


class Outbox:
    """Holds (transport, data) until the turn ends; order is kept."""

    __slots__ = ("_held", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()  # asking for it is a system call in Python 3.11
        self._held: list[tuple[asyncio.WriteTransport, bytes]] = []

    def put(self, transport: asyncio.WriteTransport, data: bytes) -> None:
        """Write `data` when the callbacks of this turn have run."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append((transport, data))

    def flush(self) -> None:
        """Write all that is held now; a peer that has left meanwhile gets nothing."""
        held, self._held = self._held, []
        for transport, data in held:
            if not transport.is_closing():
                transport.write(data)
