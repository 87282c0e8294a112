"""What is kept on disk: SQLite files, each with a module. Nothing on the path of a request reads or waits for one.

database   opens a file, with migrations
keys       the keys that `relay keys` makes
archive    the records of calls
"""

from relay.store.database import StoreError

__all__ = ["StoreError"]
