"""The configuration file: every section of it that no module of its own describes, and the whole.

`section`, `serving`, `callers` and `redaction` beside this one hold the rest. Together they are the single source of
the JSON Schema, of `relay config show` and of the messages. Values that mean a time or a size are written with a unit.
What the contracts name and this version doesn't build stands in `unbuilt`. A schema describes one key at a time; what
two keys say together is judged in `check`.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from relay.config.callers import Keys
from relay.config.redaction import Redact
from relay.config.section import Clock, Line, ModelName, Name, Reference, Section
from relay.config.serving import Model, Provider, UpstreamTimeouts
from relay.config.settings import Address
from relay.config.values import Duration, Listen, Size


class Timeouts(UpstreamTimeouts):
    """All clocks: those of the provider's side as defaults of every endpoint, and those of the client's side."""

    header_read: Clock = Field(default="10s", validate_default=True)
    """From a client's connection to the end of its request head."""
    body_read: Clock = Field(default="30s", validate_default=True)
    """Between two reads of a request's content."""
    keepalive_idle: Clock = Field(default="120s", validate_default=True)
    """An idle kept-alive client connection; longer than the balancer's."""
    client_stall: Clock = Field(default="60s", validate_default=True)
    """Without progress of a client that does not read."""


class Ops(Section):
    """The port for operators."""

    listen: Annotated[Address, Listen()] | None = None
    """HOST:PORT; absent: no such port."""


class Admin(Section):
    """Who may ask below /admin on the port for operators."""

    token: Reference | None = None
    """What must be sent as `Authorization: Bearer`, 16 characters or more; absent: there is no /admin."""


class Limits(Section):
    """Bounds of what is taken in."""

    body: Annotated[int, Size("1KiB", "1GiB")] = Field(default="32MiB", validate_default=True)
    """The content of a request."""
    concurrency: int = Field(default=2000, ge=1, le=100_000)
    """Streams and unary calls in flight."""


class Pool(Section):
    """Connections to one endpoint; how long they are kept is fixed."""

    max: int = Field(default=1024, ge=1, le=100_000)
    """Most connections to one endpoint, as many as it has calls at a time."""


class Stream(Section):
    """How streams are written."""

    ping_interval: Clock = Field(default="10s", validate_default=True)
    """Silence after which a ping is written."""
    early_commit_after: Annotated[float, Duration("0s", "24h")] = Field(default="10s", validate_default=True)
    """Wait for the first event after which the answer begins with comments; 0s is never."""
    write_high: Annotated[int, Size("1KiB", "64MiB")] = Field(default="256KiB", validate_default=True)
    """Unsent bytes of a client at which its provider is no longer read."""
    write_low: Annotated[int, Size("0B", "64MiB")] = Field(default="64KiB", validate_default=True)
    """Unsent bytes of a client at which its provider is read again."""


class Cost(Section):
    """What must be known of costs."""

    require_price: bool = False
    """Refuse endpoints without a price; else their calls cost null and are counted."""


class PriceList(Section):
    """Where a list of prices stands."""

    file: Line
    """The file (YAML or JSON), relative to this one's folder; what it says of a model beats relay's own list."""


class Drain(Section):
    """The way out."""

    deadline: Annotated[float, Duration("0s", "24h")] = Field(default="10s", validate_default=True)
    """How long streams may run on after the first SIGTERM."""


class Ledger(Section):
    """Where the records of calls are kept."""

    dir: Line | None = None
    """The folder of records that outlive the process, relative to the configuration's. Absent: in memory alone."""
    on_full: Literal["drop", "refuse"] = "drop"
    """When the disk takes no more: drop records and count them, or refuse calls."""


class Log(Section):
    """How log lines are written."""

    format: Literal["auto", "json", "text"] = "auto"
    """auto: text on a terminal, JSON elsewhere."""


class File(Section):
    """The whole file."""

    listen: Annotated[Address, Listen()] = Field(default="127.0.0.1:8080", validate_default=True)
    """HOST:PORT for clients; port 0 takes a free one."""
    ops: Ops = Ops()
    """The port for operators."""
    admin: Admin = Admin()
    """Who may ask below /admin on it."""
    keys: Keys
    """Who may call; `open` lets anybody in and is refused off loopback."""
    providers: dict[Name, Provider] = Field(min_length=1)
    """Who answers."""
    models: dict[ModelName, Model] = Field(min_length=1)
    """What the client says: the endpoints that serve it. One `*` in a name hands what it matched to the provider."""
    limits: Limits = Limits()
    """Bounds of what is taken in."""
    pool: Pool = Pool()
    """Connections to providers."""
    timeouts: Timeouts = Timeouts()
    """Clocks."""
    stream: Stream = Stream()
    """How streams are written."""
    prices: PriceList | None = None
    """Prices of models whose endpoints and providers write none; absent: relay's own list."""
    cost: Cost = Cost()
    """What must be known of costs."""
    redact: Redact = Redact()
    """What is redacted in every call."""
    drain: Drain = Drain()
    """The way out."""
    ledger: Ledger = Ledger()
    """Where the records of calls are kept."""
    log: Log = Log()
    """How log lines are written."""


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of the file."""
    schema = File.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": "relay configuration"}
