"""A SQLite file: opened(), with its schema brought up to date; StoreError says why one can't be used.

Migrations are numbered by their place and only go forward; the file knows how many it has seen. WAL, so that a process
that reads never waits for one that writes.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

BUSY_MS: Final = 10_000

_REASONS: Final[Sequence[tuple[type[Exception], str]]] = (
    (apsw.NotADBError, "is no SQLite file"),
    (apsw.CorruptError, "is damaged"),
    (apsw.BusyError, "is in use by another process"),
    (apsw.LockedError, "is in use by another process"),
    (apsw.ReadOnlyError, "can't be written"),
    (apsw.FullError, "can't be written: the disk is full"),
    (apsw.CantOpenError, "can't be opened"),
)


class StoreError(Exception):
    """A file can't be used; the text finishes the sentence `the key store …`."""


def opened(path: Path, migrations: Sequence[str], *, create: bool) -> apsw.Connection:
    """Open a file and bring its schema up to date.

    create   make one where there is none, readable by its owner alone
    raises   StoreError
    """
    try:
        if create and not path.exists():
            # Never touched again: to close a file takes away the locks that SQLite has on it in this process.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.stat()
    except OSError as cause:
        raise StoreError(f"can't be opened: {(cause.strerror or 'unknown error').lower()}") from cause
    with told():
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        with told():
            connection.set_busy_timeout(BUSY_MS)
            connection.pragma("journal_mode", "wal")
            connection.pragma("foreign_keys", True)
            _migrate(connection, migrations)
    except StoreError:
        connection.close()
        raise
    return connection


def _migrate(connection: apsw.Connection, migrations: Sequence[str]) -> None:
    if _version(connection) == len(migrations):
        return
    with writing(connection):  # of two processes that come at once the second finds the work done
        version = _version(connection)
        if version > len(migrations):
            raise StoreError("was written by a newer version of relay")
        for script in migrations[version:]:
            connection.execute(script)
        connection.pragma("user_version", len(migrations))


def _version(connection: apsw.Connection) -> int:
    version: int = connection.pragma("user_version")
    return version


@contextmanager
def writing(connection: apsw.Connection) -> Iterator[None]:
    """Write all of what is inside, or nothing.

    The lock is taken at once: who reads before it writes must not find itself too late. And by `execute`: apsw's own
    `with connection` waits for it with the interpreter's lock in its hands.
    """
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


@contextmanager
def told() -> Iterator[None]:
    """Turn an error of SQLite into a StoreError."""
    try:
        yield
    except apsw.Error as cause:
        raise StoreError(next((text for kind, text in _REASONS if isinstance(cause, kind)), "failed")) from cause
