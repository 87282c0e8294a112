"""Reload: another configuration in the place of the one that serves, all or nothing (operations CFG-6 to CFG-9).

A fault keeps what serves, and is told in the log, one line each. What belongs to the process itself is not changed by
it: the log names the keys that wait for a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from relay.config import ConfigError, Fault
from relay.config.settings import Loaded, Settings
from relay.errors import GatewayConfig

Read = Callable[[], Loaded]
Put = Callable[[Loaded], Awaitable[None]]
Note = Callable[[Mapping[str, Any]], None]

_OF_THE_PROCESS: Final = {
    "listen": "listen",
    "ops_listen": "ops.listen",
    "concurrency": "limits.concurrency",
    "pool_max": "pool.max",
    "client_timeouts": "timeouts",
    "stream": "stream",
    "drain_deadline_s": "drain.deadline",
    "log_format": "log.format",
    "ledger_dir": "ledger.dir",
    "ledger_refuses": "ledger.on_full",
}
"""Field of Settings → the key that says it, for what is set when the process starts."""


class Reload:
    """One after the other; what is asked for while one runs is done once more behind it.

    read    gives the configuration as it is now, on a thread of its own; None: there is no file to read again
    put     takes it into service
    """

    def __init__(self, settings: Settings, read: Read | None, put: Put, note: Note) -> None:
        self._settings = settings
        self._read = read
        self._put = put
        self._note = note
        self._lock = asyncio.Lock()

    @property
    def can_read(self) -> bool:
        return self._read is not None

    async def run(self) -> dict[str, Any]:
        """Read, check, build, and swap; give what the log says of it.

        raises   GatewayConfig, whose faults are in the log already
        """
        async with self._lock:
            try:
                loaded = await self._loaded()
                await self._put(loaded)
            except ConfigError as error:
                for fault in error.faults:
                    self._note({"level": "error", "event": "reload_refused", "message": str(fault)})
                raise GatewayConfig(str(error)) from None
            waiting = needs_restart(self._settings, loaded.settings)
            told = {"config": loaded.generation.digest, "needs_restart": waiting}
            self._note({"level": "warning" if waiting else "info", "event": "reload"} | told)
            return told

    async def _loaded(self) -> Loaded:
        if self._read is None:
            raise ConfigError([Fault("relay", None, "", "there is no configuration file that could be read again")])
        return await asyncio.to_thread(self._read)


def needs_restart(before: Settings, after: Settings) -> list[str]:
    """Give the keys that differ and are set when the process starts."""
    found = [key for name, key in _OF_THE_PROCESS.items() if getattr(before, name) != getattr(after, name)]
    tokens = [settings.admin_token and settings.admin_token.reveal() for settings in (before, after)]
    return found + ["admin.token"] * (tokens[0] != tokens[1])
