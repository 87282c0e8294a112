"""The key store: what it gives back, what it never holds, and files that are no store."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import apsw
import pytest

from relay.call import NO_POLICY, Limits
from relay.config.callers import Grant, KeyLimits
from relay.store import StoreError
from relay.store.database import opened
from relay.store.keys import MIGRATIONS, KeyStore, NoSuchKey

NOW = 1_800_000_000.0
GRANT = Grant(
    models=["a/*"], zdr=True, expires="2027-01-15T08:01:00Z", limits=KeyLimits(spend_usd=5, reset="daily"), admin=True
)


class Hands:
    """A clock by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


@pytest.fixture
def store(path: Path, hands: Hands) -> KeyStore:
    return KeyStore(path, create=True, now=hands)


def digest(secret: object) -> bytes:
    return sha256(secret.reveal().encode()).digest()  # type: ignore[attr-defined]


def test_a_key_is_found_by_the_digest_of_its_secret_with_all_that_it_was_given(store: KeyStore) -> None:
    key, secret = store.create("dev", GRANT)

    (found,) = store.holders().values()
    assert list(store.holders()) == [digest(secret)]
    assert (found.name, found.id, found.expires, found.is_admin) == ("dev", key.id, NOW + 60, True)
    assert (found.policy.models, found.policy.zdr) == (("a/*",), True)
    assert found.limits == Limits(spend_nanousd=5_000_000_000, reset="daily")
    assert secret.reveal().startswith(f"sk-relay-{key.id}-")
    assert len(bytes.fromhex(secret.reveal().rpartition("-")[2])) * 8 >= 160
    assert store.stored() == [key]


def test_a_plain_key_has_no_policy(store: KeyStore) -> None:
    store.create("dev", Grant())

    (found,) = store.holders().values()
    assert (found.policy, found.limits) == (NO_POLICY, None)
    assert found.policy is NO_POLICY


def test_nothing_of_a_secret_is_on_the_disk(store: KeyStore, path: Path) -> None:
    _, secret = store.create("dev", GRANT)
    second = store.rotate("dev", 60)

    for file in path.parent.iterdir():
        content = file.read_bytes()
        for each in (secret, second):
            assert each.reveal().rpartition("-")[2].encode() not in content
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_secrets_are_valid_while_a_key_is_rotated_and_a_third_ends_the_first(store: KeyStore, hands: Hands) -> None:
    _, first = store.create("dev", Grant())
    hands.now += 1
    second = store.rotate("dev", 60)

    both = store.holders()
    assert both.keys() == {digest(first), digest(second)}
    assert (both[digest(first)].expires, both[digest(second)].expires) == (NOW + 61, None)
    assert store.stored()[0].secrets == 2
    hands.now += 1
    third = store.rotate("dev", 60)
    assert store.holders().keys() == {digest(second), digest(third)}
    hands.now += 61
    assert store.stored()[0].secrets == 1


def test_a_secret_does_not_outlive_its_key(store: KeyStore, hands: Hands) -> None:
    _, first = store.create("dev", GRANT)
    second = store.rotate("dev", 3600)

    assert {store.holders()[digest(each)].expires for each in (first, second)} == {NOW + 60}


def test_a_revoked_key_is_gone_and_its_name_is_taken(store: KeyStore) -> None:
    store.create("dev", Grant())
    store.revoke("dev")

    assert store.holders() == {}
    assert store.stored()[0].revoked == NOW
    with pytest.raises(NoSuchKey, match="a key named dev exists already, or existed"):
        store.create("dev", Grant())
    for change in (store.revoke, lambda name: store.rotate(name, 0), lambda name: store.disable(name, True)):
        with pytest.raises(NoSuchKey, match="no key named dev is valid"):
            change("dev")


def test_a_disabled_key_rests(store: KeyStore) -> None:
    store.create("dev", Grant())
    store.disable("dev", True)
    assert store.holders() == {}
    store.disable("dev", False)
    assert len(store.holders()) == 1


def test_another_process_sees_that_something_was_written(store: KeyStore, path: Path) -> None:
    reader = KeyStore(path)
    before = reader.version()
    assert reader.version() == before

    store.create("dev", Grant())

    assert reader.version() != before
    assert len(reader.holders()) == 1


def test_writers_at_the_same_time_lose_nothing(path: Path) -> None:
    def create(number: int) -> None:
        store = KeyStore(path, create=True)
        store.create(f"key-{number}", Grant())
        store.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create, range(40)))

    assert len(KeyStore(path).holders()) == 40


def test_what_is_no_store_says_why(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be opened: no such file or directory"):
        KeyStore(path)
    with pytest.raises(StoreError, match="can't be opened: no such file or directory"):
        KeyStore(tmp_path / "nowhere" / "keys.db", create=True)
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="is no SQLite file"):
        KeyStore(path)
    with pytest.raises(StoreError, match="is no SQLite file"):
        KeyStore(path, create=True)


def test_a_store_of_a_newer_relay_is_left_alone(store: KeyStore, path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"pragma user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StoreError, match="was written by a newer version of relay"):
        KeyStore(path)


def test_a_policy_that_is_not_understood_lets_nobody_in(store: KeyStore, path: Path) -> None:
    store.create("dev", Grant())
    apsw.Connection(str(path)).execute('update keys set grants = \'{"mdels": ["a/*"]}\'')
    with pytest.raises(StoreError, match="does not understand"):
        store.holders()


def test_migrations_go_on_where_they_stopped(tmp_path: Path) -> None:
    path = tmp_path / "any.db"
    opened(path, ["create table a (x)"], create=True).close()
    connection = opened(path, ["create table a (x)", "create table b (x)"], create=False)

    assert connection.execute("pragma user_version").get == 2
    assert connection.execute("select count(*) from b").get == 0


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "any.db"
    with pytest.raises(StoreError):
        opened(path, ["create table a (x)", "create table a (x)"], create=True)

    assert opened(path, [], create=False).execute("pragma user_version").get == 0
