"""Composition root: one process that serves a loaded configuration until it is told to stop, and drains.

run(loaded) binds, serves, and gives the exit code: 0 after a clean drain, 75 when records are left for the next start
to ship. SIGTERM and SIGINT stop accepting, let calls run for `drain.deadline`, then end each with a terminal error;
SIGQUIT ends them at once.
"""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
import uvloop
from aiohttp import web

from relay._core import moment
from relay.call import Identity
from relay.clock import Clock
from relay.config import ConfigError, Fault, needs_demo, relocate
from relay.config.settings import Address, Loaded, LogFormat
from relay.downstream import Accounts, Admission, Ingress, Keys, Refused, Server
from relay.downstream.accounts import Account, past
from relay.errors import GatewayDraining, RelayError
from relay.ledger import Ledger
from relay.ledger.books import Books
from relay.ledger.lines import as_text
from relay.ledger.log import LogWriter
from relay.outbox import Outbox
from relay.route import Health, vitals
from relay.run.admin import Admin, Handler
from relay.run.explaining import explained
from relay.run.generations import Generations
from relay.run.keys import KeyWatch
from relay.run.memory import Memory
from relay.run.ops import application, log_of
from relay.run.reload import Read, Reload
from relay.run.sweeper import Sweeper
from relay.upstream import Pools

if TYPE_CHECKING:
    from relay.ledger.journal import Journal

BACKLOG = 4096
DAY_S = 86_400
ASK_AGAIN_S = 1.0
OK = 0
UNFLUSHED = 75


class Worker:
    """Everything of one process, wired together."""

    def __init__(self, loaded: Loaded, read: Read | None) -> None:
        settings = loaded.settings
        self._settings = settings
        self._clock = Clock()
        outbox = Outbox()
        self._log = LogWriter(sys.stderr.fileno())
        wanted = settings.log_format
        is_for_people = wanted is LogFormat.TEXT or (wanted is LogFormat.AUTO and sys.stderr.isatty())
        self._write = self._write_text if is_for_people else self._log.write
        self._accounts = Accounts()
        self._admission = Admission(settings.concurrency, on_empty=self._emptied)
        self._journal = self._opened_journal()
        self._books = Books(self._journal, time.time)
        self._ledger = Ledger(self._write, self._books.keep, self._accounts.settle)
        health = Health()
        self._pools = Pools(self._clock, outbox, settings.pool_max)
        self._generations = Generations(loaded, health, self._pools, self._ledger, self._note_tokens)
        self._refused = Refused(self._note, self._clock)
        self._keys = Keys(loaded.generation.keys)
        self._watch = KeyWatch(self._keys, self._accounts, settings.key_store, self._past, self._note_keys)
        self._ingress = Ingress(
            self._generations.current.service,
            self._keys,
            self._admission,
            self._accounts,
            self._find,
            self._activity,
            partial(vitals, health),
            self._refused,
            self._clock,
            outbox,
            settings.stream,
            settings.client_timeouts,
        )
        self._reload = Reload(settings, read, self._put, self._note_now)
        self._reloading: set[asyncio.Task[None]] = set()
        self._day = int(time.time()) // DAY_S
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()

    async def run(self, on_ready: Callable[[str], None]) -> int:
        """Serve until told to stop; give the exit code."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unexpected)
        clocks = self._settings.client_timeouts
        server = Server(
            self._ingress.handle,
            self._clock,
            self._refused,
            self._settings.stream,
            keepalive_s=clocks.keepalive_idle,
        )
        memory = Memory(self._clock)
        sweeper = Sweeper(
            self._clock,
            (
                self._pools.sweep,
                self._generations.sweep,
                self._turn_day,
                memory.sweep,
                lambda: server.sweep(clocks.header_read),
                lambda: self._ingress.sweep(clocks.client_stall),
            ),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGQUIT, self._quit)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)  # before what may take long, or it ended the process
        for name, account in (await self._past(None)).items():
            self._accounts.open(name, account)
        await self._watch.start()
        listener = await loop.create_server(server, sock=_bound(self._settings.listen), backlog=BACKLOG)
        ops = await self._open_ops()
        sweeper.start()
        memory.settle()
        port = listener.sockets[0].getsockname()[1]
        on_ready(f"http://{Address(self._settings.listen.host or '127.0.0.1', port)}")
        await self._stopping.wait()
        await self._drain(listener, server)
        sweeper.stop()
        if self._reloading:
            await asyncio.wait(self._reloading)
        await self._watch.stop()
        self._pools.close()
        if ops is not None:
            await ops.cleanup()
        self._ledger.settle()
        is_kept = self._journal is None or await self._journal.close()
        await self._log.flush()
        return OK if is_kept else UNFLUSHED

    async def _open_ops(self) -> web.AppRunner | None:
        if self._settings.ops_listen is None:
            return None
        app = application(self._state, self._admin_routes(), self._settings.body_limit_bytes)
        runner = web.AppRunner(app, access_log=None, logger=log_of(self._refused))
        await runner.setup()
        await web.SockSite(runner, _bound(self._settings.ops_listen)).start()
        return runner

    def _admin_routes(self) -> dict[str, Handler]:
        """Give who answers below /admin; nobody without a token."""
        if self._settings.admin_token is None:
            return {}
        admin = Admin(self._settings.admin_token, self._note_admin)
        return {"/admin/explain": admin.guard(self._explained), "/admin/reload": admin.guard(self._reloaded)}

    async def _explained(self, content: bytes) -> Mapping[str, Any]:
        current = self._generations.current
        return await explained(current.router, current.redactors, content)

    async def _reloaded(self, _: bytes) -> Mapping[str, Any]:
        return await self._reload.run() | {"generations_alive": self._generations.alive}

    def _state(self) -> tuple[str, int, str]:
        name = "draining" if self._stopping.is_set() else "ready"
        return name, self._admission.in_flight, self._ingress.service.generation.digest

    async def _put(self, loaded: Loaded) -> None:
        """Take a configuration into service: from here on calls begin with it, and those under way keep theirs."""
        source = loaded.source or "relay"
        if loaded.generation.keys is None and not self._settings.listen.is_loopback:
            reason = "`open` lets anybody in, and this process still listens off loopback; restart relay"
            raise ConfigError([Fault(source, None, "keys", reason)])
        if loaded.settings.key_store != self._settings.key_store:
            reason = "this process keeps the store with which it began; restart relay"
            raise ConfigError([Fault(source, None, "keys.store", reason)])
        running = self._generations.begin(loaded)  # before the keys: a fault must change nothing
        await self._watch.reload(loaded.generation.keys)
        self._generations.current = running
        self._ingress.service = running.service

    def _hang_up(self) -> None:
        """SIGHUP: read the configuration again."""
        if self._stopping.is_set():
            return
        task = asyncio.get_running_loop().create_task(self._read_again())
        self._reloading.add(task)
        task.add_done_callback(self._reloading.discard)

    def _turn_day(self) -> None:
        """Once a second: some prices begin to hold with a day (UTC), and those of a reading are of its day."""
        day = int(time.time()) // DAY_S
        if day > self._day:
            self._day = day
            if self._reload.can_read:
                self._hang_up()

    async def _read_again(self) -> None:
        with suppress(RelayError):  # told in the log
            await self._reload.run()

    def _emptied(self) -> None:
        if self._admission.draining:
            self._over.set()

    def _stop(self) -> None:
        """First signal: drain. Second: no more patience."""
        if self._stopping.is_set():
            self._over.set()
        self._stopping.set()

    def _quit(self) -> None:
        """SIGQUIT: stop now; what has ended is still written."""
        self._over.set()
        self._stopping.set()

    async def _drain(self, listener: asyncio.Server, server: Server) -> None:
        """Stop accepting; let calls in flight end by themselves, then end each with an error (LIF-6)."""
        self._admission.draining = True
        listener.close()
        if self._admission.in_flight:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), self._settings.drain_deadline_s)
        for reply in list(self._ingress.live):
            reply.cut(GatewayDraining())
        await server.shutdown(timeout=1.0)

    def _opened_journal(self) -> "Journal | None":
        settings = self._settings
        if settings.ledger_dir is None:
            return None
        from relay.ledger.journal import Journal  # with SQLite, which a gateway without a folder never loads

        return Journal(settings.ledger_dir, self._note_now, self._admission.refuse if settings.ledger_refuses else None)

    async def _find(self, id: str, identity: Identity) -> dict[str, Any] | None:
        return await self._books.generation(id, identity, self._ledger.find(id))

    async def _activity(self, wanted: str | None) -> list[dict[str, Any]]:
        self._ledger.settle()  # or the calls that ended just now were missing
        return await self._books.activity(wanted)

    async def _past(self, names: Collection[str] | None) -> dict[str, Account]:
        """Give what keys spent before this process began, as far as records of it are kept.

        names   None: all that ever called, those that are gone and anybody among them, for the sum of all is theirs too
        """
        if self._journal is None:
            return {}
        import apsw

        while not self._stopping.is_set():  # who has spent a limit must not begin anew: nobody is let in before
            try:
                return await self._journal.ask(
                    lambda archive: {
                        name: past(name, archive.spent, time.time())
                        for name in (archive.keys() if names is None else names)
                    },
                    needs_all=True,
                )
            except apsw.Error as error:
                self._note({"level": "error", "event": "ledger_unreadable", "reason": type(error).__name__})
                if names is None:
                    break  # a sum that is too small keeps nobody out
                await asyncio.sleep(ASK_AGAIN_S)
        return {}

    def _unexpected(self, _: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """Note what nobody caught; the loop's own words would quote its text, which may hold content (SEC-9)."""
        error = context.get("exception")
        self._refused.defect(error if isinstance(error, Exception) else RuntimeError(), None)

    def _note_keys(self, level: str, message: str) -> None:
        self._note_now({"level": level, "event": "key_store", "message": message})

    def _note_tokens(self, level: str, message: str) -> None:
        self._note_now({"level": level, "event": "access_token", "message": message})

    def _note_now(self, event: Mapping[str, Any]) -> None:
        self._note({"ts": orjson.Fragment(moment(time.time_ns())), **event})

    def _note(self, event: Mapping[str, Any]) -> None:
        self._write([orjson.dumps(event)])

    def _note_admin(self, path: str, status: int) -> None:
        self._note_now({"level": "info", "event": "admin", "path": path[:128], "status": status})

    def _write_text(self, lines: list[bytes]) -> None:
        self._log.write([as_text(line) for line in lines])


def _bound(address: Address) -> socket.socket:
    """Give a listening address; raises OSError when it can't be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address.host, address.port))
    sock.setblocking(False)
    return sock


def run(loaded: Loaded, *, demo: bool, on_ready: Callable[[str], None], read: Read | None = None) -> int:
    """Serve a configuration until a signal ends it.

    demo       the embedded provider runs in this process, and its endpoints point to it
    read       gives the configuration as it is then, for a reload; None: there is no file
    on_ready   called once with the base URL, when connections are taken
    returns    the exit code
    raises     OSError when an address can't be listened on
    """

    def located(port: int | None, loaded: Loaded) -> Loaded:
        if port is not None:
            return replace(loaded, generation=relocate(loaded.generation, "demo", f"http://127.0.0.1:{port}"))
        if needs_demo(loaded.generation):
            reason = "the embedded provider starts with the process; restart relay"
            raise ConfigError([Fault(loaded.source or "relay", None, "providers.demo", reason)])
        return loaded

    async def main() -> int:
        if not demo:
            again = None if read is None else lambda: located(None, read())
            return await Worker(loaded, again).run(on_ready)
        from relay.run.demo import DemoServer

        provider = DemoServer()
        port = await provider.start()
        try:
            again = None if read is None else lambda: located(port, read())
            return await Worker(located(port, loaded), again).run(on_ready)
        finally:
            await provider.stop()

    return uvloop.run(main())
