"""What the process itself needs from the configuration: Address, ClientTimeouts, Stream, Redaction, Settings; Loaded.

The composition root hands each room its part; nothing here changes after loading. Times are seconds, sizes bytes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from relay.catalog import Generation, Secret, Timeouts

_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[A-Za-z0-9.-]*):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a listener is; an empty host is every interface, port 0 lets the kernel choose."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `HOST:PORT`, `[IPV6]:PORT` or `:PORT`; raises ValueError."""
        match = _ADDRESS.fullmatch(text)
        if match is None or int(match["port"]) > 65535:
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:8080")
        host = match["host"]
        if host.startswith("["):
            host = host[1:-1]
            ip_address(host)
        return cls(host, int(match["port"]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Nobody outside this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def collides_with(self, other: "Address") -> bool:
        """Both can't be listened on at once."""
        hosts = {self.host, other.host}
        return 0 != self.port == other.port and (len(hosts) == 1 or bool(hosts & {"", "0.0.0.0", "::"}))


class LogFormat(Enum):
    """How log lines are written; AUTO is TEXT on a terminal and JSON elsewhere."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ClientTimeouts:
    """Clocks of the client's side, in seconds; names and meaning of spec/operations.md 4."""

    header_read: float
    body_read: float
    keepalive_idle: float
    client_stall: float


@dataclass(frozen=True, slots=True)
class Stream:
    """How streams are written; `early_commit_after_s` 0 is never."""

    ping_interval_s: float
    early_commit_after_s: float
    write_high_bytes: int
    write_low_bytes: int


@dataclass(frozen=True, slots=True)
class Redaction:
    """What the operator says about redaction.

    floor       in the words of a request's `gateway.redact`, checked; empty: nothing is said
    is_strict   what relay doesn't know ends the stream (RED-6)
    hash_key    None: mode `hash` is refused
    hold_max    characters of a block that may wait
    """

    floor: Mapping[str, Any] = field(default_factory=dict, repr=False)
    is_strict: bool = False
    hash_key: Secret | None = field(default=None, compare=False)
    hold_max: int = 64 << 10


@dataclass(frozen=True, slots=True)
class Settings:
    """One process's own configuration.

    ops_listen         None: no ops port
    concurrency        streams + unary calls in flight
    pool_max           connections to one endpoint
    timeouts           of calls whose endpoint is not known yet; an endpoint carries its own
    key_store          the file of keys that `relay keys` writes; None: all stand in the configuration
    admin_token        opens /admin on the ops port; None: there is no such thing
    drain_deadline_s   from the first SIGTERM to the terminal error of streams still open
    ledger_dir         None: records are in memory only
    ledger_refuses     no calls are taken whose records could not be kept
    """

    listen: Address
    ops_listen: Address | None
    body_limit_bytes: int
    concurrency: int
    pool_max: int
    timeouts: Timeouts
    client_timeouts: ClientTimeouts
    stream: Stream
    drain_deadline_s: float
    log_format: LogFormat
    redaction: Redaction
    key_store: Path | None = None
    ledger_dir: Path | None = None
    ledger_refuses: bool = False
    admin_token: Secret | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration ready to serve; `source` is the file's path as given, None without a file."""

    generation: Generation
    settings: Settings
    source: str | None
