"""KeyWatch: which keys are valid, by the configuration and by the key store, which is looked at every REFRESH_S.

Looking happens on a thread of its own, and calls find a finished mapping: no call waits for a disk. A store that can't
be read changes nothing: the last good keys stay valid, and the log says so once (spec/operations.md SEC-2).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from relay.call import Identity
from relay.downstream import Accounts, Keys
from relay.downstream.accounts import Account

if TYPE_CHECKING:
    from relay.store.keys import KeyStore

REFRESH_S: Final = 3.0  # well within the 5 s after which a revoked key must be refused
OPENING_S: Final = 1.0  # within it too, together

T = TypeVar("T")
Holders = Mapping[bytes, Identity]
Past = Callable[[Collection[str]], Awaitable[Mapping[str, Account]]]
Note = Callable[[str, str], None]
"""Takes a level and a sentence for the log."""


class KeyWatch:
    """Puts the valid keys into `keys`, and opens their accounts.

    store   the file of the key store; None: there is none
    past    gives what keys spent before this process began, by their names; those of which nobody knows are missing
    """

    def __init__(self, keys: Keys, accounts: Accounts, store: Path | None, past: Past, note: Note) -> None:
        self._keys = keys
        self._accounts = accounts
        self._store = _Store(store) if store else None
        self._past = past
        self._note = note
        self._inline = keys.by_digest
        self._stored: Holders = {}
        self._fault: str | None = None
        self._told: set[str] = set()
        self._known: set[str] = set()  # names whose accounts are open
        self._opening: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "relay-keys")
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look for the first time, and then again and again."""
        await self._open()
        if self._store is not None:
            await self._look()
            if self._opening is not None:
                await self._opening
            self._task = asyncio.create_task(self._watch())
            self._task.add_done_callback(_surface)

    async def stop(self) -> None:
        """Look no more."""
        for task in (self._task, self._opening):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        if self._store is not None:
            await self._apart(self._store.close)
        self._thread.shutdown()

    async def reload(self, inline: Holders | None) -> None:
        """Take other keys of a configuration, None: anybody is let in; accounts of those that stay go on."""
        self._inline = inline
        await self._change()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            await self._look()

    async def _look(self) -> None:
        found, fault = await self._apart(self._store.look) if self._store else (None, None)
        if fault != self._fault:
            self._fault = fault
            level, text = ("warning", fault) if fault else ("info", "can be read again")
            self._note(level, f"the key store {text}" + ("; the last keys that were read stay valid" if fault else ""))
        if found is not None:
            self._stored = found
            await self._change()

    async def _change(self) -> None:
        """Refuse at once whom nobody lets in any more, and let in who is new, a slow disk's answer not awaited."""
        self._put()
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_surface)
        await asyncio.wait([self._opening], timeout=OPENING_S)

    def _put(self) -> None:
        """A name belongs to one key: that of the configuration. Who has no account yet waits for it outside."""
        if self._inline is None:
            self._keys.by_digest = None
            return
        names = {identity.name for identity in self._inline.values()}
        twice = {identity.name for identity in self._stored.values()} & names
        for name in sorted(twice - self._told):
            self._note(
                "warning", f"the key store has a key named {name}, which the configuration has too: it is left out"
            )
        self._told = twice
        rest = {digest: each for digest, each in self._stored.items() if each.name not in names}
        valid = {**rest, **self._inline}
        self._keys.by_digest = {digest: each for digest, each in valid.items() if each.name in self._known}

    async def _open(self) -> None:
        """Open accounts for keys that were not there before, and let them in."""
        while names := self._names() - self._known:
            if unheard := {name for name in names if not self._accounts.knows(name)}:
                for name, found in (await self._past(unheard)).items():
                    self._accounts.open(name, found)
            self._known |= names
        self._put()

    def _names(self) -> set[str]:
        return {each.name for holders in (self._inline or {}, self._stored) for each in holders.values()}

    async def _apart(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


class _Store:
    """The file, on the thread that looks at it; opened anew when another takes its place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: KeyStore | None = None
        self._file: tuple[int, int] | None = None
        self._version: int | None = None

    def look(self) -> tuple[Holders | None, str | None]:
        """Give the keys if they may be others than last time, and what keeps them from being read."""
        from relay.store import StoreError  # with SQLite, which a gateway without a store never loads

        try:
            store = self._store()
            version = store.version()
            if version == self._version:
                return None, None
            holders = store.holders()
        except StoreError as fault:
            self.close()
            return None, str(fault)
        self._version = version
        return holders, None

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()
        self._opened = self._file = self._version = None

    def _store(self) -> "KeyStore":
        from relay.store.keys import KeyStore

        file = _identity(self._path)
        if self._opened is None or file != self._file:
            self.close()
            self._opened, self._file = KeyStore(self._path), file
        return self._opened


def _surface(task: asyncio.Task[None]) -> None:
    """Let the loop's handler hear of a bug: keys that nobody looks at any more could not be revoked."""
    if not task.cancelled():
        task.result()


def _identity(path: Path) -> tuple[int, int] | None:
    """Give which file a path leads to; None: to none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
