"""KeyWatch: which keys are valid after a reload, and with what their accounts begin."""

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

from relay.call import Identity
from relay.config.callers import Grant
from relay.downstream import Accounts, Keys
from relay.downstream.accounts import Account, Amounts
from relay.run.keys import KeyWatch
from relay.store.keys import KeyStore

INLINE = {b"1": Identity("one"), b"2": Identity("two")}


class Past:
    """What was spent before; keeps who was asked for."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []

    async def __call__(self, names: Collection[str]) -> Mapping[str, Account]:
        self.asked.append(set(names))
        return {name: Account(0.0, Amounts(total=7), Amounts()) for name in names}


def watching(keys: Keys, accounts: Accounts, past: Past, store: Path | None = None) -> KeyWatch:
    return KeyWatch(keys, accounts, store, past, lambda level, message: None)


async def test_a_reload_takes_other_keys_and_their_accounts_go_on() -> None:
    keys, accounts, past = Keys(INLINE), Accounts(), Past()
    watch = watching(keys, accounts, past)
    await watch.start()
    accounts.settle(INLINE[b"1"], 0, 5)

    await watch.reload({b"1": Identity("one"), b"3": Identity("three")})

    assert keys.by_digest == {b"1": Identity("one"), b"3": Identity("three")}
    assert accounts.of(Identity("one")).spent.total == 12
    assert past.asked == [{"one", "two"}, {"three"}]
    await watch.stop()


async def test_keys_of_the_store_stay_through_reloads_and_let_nobody_else_in(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.db", create=True)
    store.create("kept", Grant())
    store.create("one", Grant())
    keys = Keys(INLINE)
    watch = watching(keys, Accounts(), Past(), tmp_path / "keys.db")
    await watch.start()
    assert sorted(each.name for each in (keys.by_digest or {}).values()) == ["kept", "one", "two"]

    await watch.reload({b"3": Identity("three")})
    assert sorted(each.name for each in (keys.by_digest or {}).values()) == ["kept", "one", "three"]
    await watch.reload(None)
    assert keys.by_digest is None
    await watch.reload({})
    assert sorted(each.name for each in keys.by_digest.values()) == ["kept", "one"]
    await watch.stop()


async def test_a_key_whose_account_waits_for_the_disk_keeps_no_other_one_valid(tmp_path: Path) -> None:
    class Stuck(Past):
        can_read = asyncio.Event()

        async def __call__(self, names: Collection[str]) -> Mapping[str, Account]:
            if "new" in names:
                await self.can_read.wait()
            return await super().__call__(names)

    store = KeyStore(tmp_path / "keys.db", create=True)
    store.create("gone", Grant())
    keys, accounts, past = Keys(INLINE), Accounts(), Stuck()
    watch = watching(keys, accounts, past, tmp_path / "keys.db")
    await watch.start()

    def names() -> list[str]:
        return sorted(each.name for each in (keys.by_digest or {}).values())

    async with asyncio.timeout(10):
        store.create("new", Grant())
        store.revoke("gone")
        while "gone" in names():
            await asyncio.sleep(0.05)
        await watch.reload({b"1": Identity("one")})
        assert names() == ["one"]

        past.can_read.set()
        while "new" not in names():
            await asyncio.sleep(0.01)
    assert accounts.of(Identity("new")).spent.total == 7
    await watch.stop()
