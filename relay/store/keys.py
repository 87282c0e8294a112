"""The key store: KeyStore over one SQLite file, for `relay keys` to write and for gateways to read.

A secret is never in it, only its SHA-256. Two secrets of a key may be valid at once, so that clients can change from
one to the other; a third ends the first.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import orjson

from relay.call import Identity
from relay.catalog import Secret
from relay.config.callers import Grant
from relay.config.grants import identity
from relay.config.load import new_key
from relay.store.database import StoreError, opened, told, writing

MIGRATIONS: Final[Sequence[str]] = (
    """
    create table keys (
        id text primary key,
        name text not null unique,
        grants text not null,
        created real not null,
        expires real,
        disabled integer not null default 0,
        revoked real
    ) strict;
    create table secrets (
        digest blob primary key,
        key_id text not null references keys (id),
        created real not null,
        expires real
    ) strict;
    create index secrets_of_key on secrets (key_id);
    """,
)


class NoSuchKey(Exception):
    """No valid key has this name, or another has it already; the text says which."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One key without its secrets; moments are Unix seconds.

    revoked   None: it is not
    secrets   how many are valid now
    """

    id: str
    name: str
    grant: Grant
    created: float
    disabled: bool
    revoked: float | None
    secrets: int


class KeyStore:
    """One file of keys.

    create   make it where there is none
    now      Unix seconds
    raises   StoreError, here and in every method
    """

    def __init__(self, path: Path, *, create: bool = False, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._connection = opened(path, MIGRATIONS, create=create)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def version(self) -> int:
        """Give a number that differs once another process has written."""
        with told():
            version: int = self._connection.pragma("data_version")
        return version

    def create(self, name: str, grant: Grant) -> tuple[StoredKey, Secret]:
        """Make a key; its secret is given this once.

        raises   NoSuchKey when a key has this name, a revoked one too: what was spent stands under it
        """
        id, created = token_hex(4), self._now()
        said = grant.model_dump_json(exclude_none=True, exclude_defaults=True, exclude={"expires"})
        with told(), writing(self._connection):
            if self._connection.execute("select 1 from keys where name = ?", (name,)).get is not None:
                raise NoSuchKey(f"a key named {name} exists already, or existed")
            row = (id, name, said, created, grant.expires)
            self._connection.execute(
                "insert into keys (id, name, grants, created, expires) values (?, ?, ?, ?, ?)", row
            )
            secret = self._add_secret(id)
        return StoredKey(id, name, grant, created, False, None, 1), secret

    def rotate(self, name: str, overlap_s: float) -> Secret:
        """Give a key another secret; the last one stays valid for `overlap_s`, one before that ends now.

        raises   NoSuchKey
        """
        now = self._now()
        with told(), writing(self._connection):
            id = self._valid(name)
            newest = self._connection.execute("select max(created) from secrets where key_id = ?", (id,)).get
            self._connection.execute(
                "delete from secrets where key_id = ? and (created < ? or expires <= ?)", (id, newest, now)
            )
            until = now + overlap_s
            self._connection.execute(
                "update secrets set expires = min(coalesce(expires, ?), ?) where key_id = ?", (until, until, id)
            )
            return self._add_secret(id)

    def revoke(self, name: str) -> None:
        """End a key for ever.

        raises   NoSuchKey
        """
        with told(), writing(self._connection):
            id = self._valid(name)
            self._connection.execute("update keys set revoked = ? where id = ?", (self._now(), id))
            self._connection.execute("delete from secrets where key_id = ?", (id,))

    def disable(self, name: str, disabled: bool) -> None:
        """Let a key rest, or no longer.

        raises   NoSuchKey
        """
        with told(), writing(self._connection):
            self._connection.execute("update keys set disabled = ? where id = ?", (int(disabled), self._valid(name)))

    def stored(self) -> list[StoredKey]:
        """Give all keys, the oldest first, revoked ones too."""
        with told():
            rows: list[Any] = self._connection.execute(
                "select id, name, grants, created, expires, disabled, revoked, "
                "(select count(*) from secrets where key_id = id and (secrets.expires is null or secrets.expires > ?)) "
                "from keys order by keys.created, id",
                (self._now(),),
            ).fetchall()
        return [
            StoredKey(id, name, _grant(said, expires), created, bool(disabled), revoked, count)
            for id, name, said, created, expires, disabled, revoked, count in rows
        ]

    def holders(self) -> dict[bytes, Identity]:
        """Give who holds each valid secret, by its digest."""
        with told():
            rows: list[Any] = self._connection.execute(
                "select digest, id, name, grants, keys.expires, secrets.expires from secrets join keys on key_id = id "
                "where not disabled and revoked is null"
            ).fetchall()
        return {
            digest: identity(name, _grant(said, expires), secret_expires, id)
            for digest, id, name, said, expires, secret_expires in rows
        }

    def _valid(self, name: str) -> str:
        id = self._connection.execute("select id from keys where name = ? and revoked is null", (name,)).get
        if not isinstance(id, str):
            raise NoSuchKey(f"no key named {name} is valid")
        return id

    def _add_secret(self, id: str) -> Secret:
        key = new_key(id)
        row = (sha256(key.encode()).digest(), id, self._now())
        self._connection.execute("insert into secrets (digest, key_id, created) values (?, ?, ?)", row)
        return Secret(key)


def _grant(said: Any, expires: float | None) -> Grant:
    """Give what was written; raises StoreError when it is not what this version writes."""
    try:
        grant = Grant.model_validate(orjson.loads(said))
    except ValueError as cause:
        raise StoreError("holds a key that this version of relay does not understand") from cause
    return grant if expires is None else grant.model_copy(update={"expires": expires})
