"""`relay serve`: the gateway, and the banner that says how to use it."""

import errno
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relay.run.commands import (
    EXIT_CANT_WRITE,
    EXIT_UNAVAILABLE,
    an_address,
    config_option,
    environment,
    find_config,
    known_providers,
    policy_faults,
    refuse,
)

if TYPE_CHECKING:
    from relay.config import Loaded

_BIND_ERRORS = {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES, errno.EAFNOSUPPORT}


@click.command(short_help="Run the gateway.")
@config_option
@click.option("--listen", metavar="ADDR", callback=an_address, help="HOST:PORT for clients.")
@click.option("--ops-listen", metavar="ADDR", callback=an_address, help="HOST:PORT for operators.")
@click.pass_context
def serve(ctx: click.Context, path: Path | None, listen: str | None, ops_listen: str | None) -> None:
    """Run the gateway until SIGTERM or SIGINT; streams in flight may end first. SIGHUP reads the file again.

    \b
    relay serve                              # no file: demo/* and the providers whose variable is set
    ANTHROPIC_API_KEY=… relay serve
    relay serve -c relay.yaml --listen 0.0.0.0:8080
    """
    found, environ = find_config(path, os.environ), environment(listen, ops_listen)
    loaded, key = _configuration(found, environ)
    try:
        code = _served(loaded, partial(_announce, loaded, key), found, environ)
    except OSError as fault:
        if fault.errno not in _BIND_ERRORS and not isinstance(fault, socket.gaierror):
            raise
        reason = fault.strerror if isinstance(fault, socket.gaierror) else os.strerror(fault.errno or 0)
        click.echo(f"relay: can't listen on {_addresses(loaded)}: {reason}", err=True)
        code = EXIT_UNAVAILABLE
    ctx.exit(code)


def _served(loaded: "Loaded", on_ready: Callable[[str], None], found: Path | None, environ: dict[str, str]) -> int:
    from relay.config import needs_demo
    from relay.run.worker import run

    def start() -> int:
        read = None if found is None else lambda: _configuration_of(found, environ)
        return run(loaded, demo=needs_demo(loaded.generation), on_ready=on_ready, read=read)

    if loaded.settings.ledger_dir is None:
        return start()
    from relay.store import StoreError

    try:
        return start()
    except StoreError as fault:
        click.echo(f"relay: ledger.dir {fault}", err=True)
        return EXIT_CANT_WRITE


def banner(loaded: "Loaded", key: str | None, base_url: str) -> str:
    """Give what the operator reads at the start; `key` is the generated one, shown this once."""
    names = sorted((*loaded.generation.models, *(model.id for model in loaded.generation.wildcards)))
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    token = key or ("any" if loaded.generation.keys is None else "$RELAY_KEY")
    ops = loaded.settings.ops_listen
    lines = [
        f"relay listens on {base_url}" + (f", for operators on {ops}" if ops else ""),
        f"configuration  {loaded.source or 'none: the embedded provider and those whose variable is set'}",
        f"models         {shown}",
        f"records        {loaded.settings.ledger_dir or 'in memory, the last 5,000 calls'}",
        *([f"key            {key}  (shown only now)"] if key else []),
        "",
        _curl(base_url, token, names),
        "",
        f"export ANTHROPIC_BASE_URL={base_url} ANTHROPIC_AUTH_TOKEN={token}",
    ]
    return "\n".join(lines)


def _configuration_of(path: Path, environ: dict[str, str]) -> "Loaded":
    from relay.config import load

    return load(path, known_providers(), environ, policy_faults)


def _configuration(found: Path | None, environ: dict[str, str]) -> "tuple[Loaded, str | None]":
    """Give the configuration, and the key made for it when there is no file."""
    from relay.config import ConfigError, fileless, new_key

    try:
        if found is not None:
            return _configuration_of(found, environ), None
        key = new_key()
        return fileless(environ, known_providers(), key), key
    except ConfigError as error:
        refuse(error)


def _curl(base_url: str, token: str, names: list[str]) -> str:
    exact = next((name for name in names if "*" not in name), names[0])
    model = next((name for name in names if name.startswith("demo/")), exact).replace("*", "chat")
    body = f'{{"model":"{model}","max_tokens":256,"stream":true,"messages":[{{"role":"user","content":"Hello"}}]}}'
    fields = f'-H "x-api-key: {token}" -H "content-type: application/json"'
    return f"curl -N {base_url}/v1/messages {fields} -d '{body}'"


def _addresses(loaded: "Loaded") -> str:
    settings = loaded.settings
    return f"{settings.listen} or {settings.ops_listen}" if settings.ops_listen else str(settings.listen)


def _announce(loaded: "Loaded", key: str | None, base_url: str) -> None:
    click.echo(banner(loaded, key, base_url))
