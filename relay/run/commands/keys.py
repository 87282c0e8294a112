"""`relay keys`: make, list, rotate and revoke the keys of a key store. A secret is printed once, when it is made."""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import click

from relay.run.commands import (
    EXIT_CANT_WRITE,
    EXIT_FAILED,
    EXIT_UNAVAILABLE,
    config_option,
    find_config,
    json_option,
    known_providers,
    policy_faults,
    refuse,
)

if TYPE_CHECKING:
    from relay.catalog import Secret
    from relay.config.callers import Grant
    from relay.config.schema import File
    from relay.store.keys import KeyStore, StoredKey

Command = TypeVar("Command", bound=Callable[..., None])
store_option = click.option(
    "--store", type=click.Path(path_type=Path, dir_okay=False), help="The key store, instead of the configuration's."
)


@click.group(short_help="Make, list, rotate and revoke keys.")
def keys() -> None:
    """Make, list, rotate and revoke the keys of the store that `keys: {store: PATH}` of the configuration names.

    Gateways see a change within 5 seconds. Exit code 69: the store can't be read; 73: it can't be written.
    """


def _granting(command: Command) -> Command:
    """Add the options that say what a key may do."""
    options = (
        click.option("--expires", metavar="TIME", help="When it ends, such as 2027-01-31T12:00:00Z."),
        click.option("--models", metavar="A,B", help="What may be asked for; * stands for any text."),
        click.option("--providers", metavar="A,B", help="Who may answer."),
        click.option("--ignore", metavar="A,B", help="Who must not answer."),
        click.option("--zdr", is_flag=True, help="Only endpoints that keep no data."),
        click.option("--redact", metavar="A,B", help="What is redacted in its calls too, such as email,token."),
        click.option("--redact-mode", metavar="MODE", help="mask, placeholder, hash, block or report."),
        click.option("--alias", "aliases", metavar="NAME=MODEL", multiple=True, help="A name for a model."),
        click.option("--requests-per-minute", type=int, metavar="N", help="Calls a minute."),
        click.option("--tokens-per-minute", type=int, metavar="N", help="Tokens a minute."),
        click.option("--spend-usd", metavar="USD", help="US dollars in a window."),
        click.option("--reset", type=click.Choice(["daily", "weekly", "monthly"]), help="The window."),
        click.option("--admin", is_flag=True, help="It may read what all keys used."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@keys.command(short_help="Make a key and print it, this once.")
@click.argument("name")
@_granting
@config_option
@store_option
@json_option
def create(name: str, path: Path | None, store: Path | None, as_json: bool, **said: Any) -> None:
    """Make a key named NAME and print it on stdout, this once; make the store where there is none.

    \b
    relay keys create dev --models 'anthropic/*' --spend-usd 50 --reset monthly
    relay keys create ci --expires 2027-01-31T00:00:00Z --requests-per-minute 60 --json
    """
    place, file = _place(path, store)
    grant = _grant(name, said, file)
    with _told(EXIT_CANT_WRITE), _opened(place, create=True) as opened:
        key, secret = opened.create(name, grant)
    _print_secret(name, secret, _shown(key) if as_json else None)


@keys.command("list", short_help="List the keys, without their secrets.")
@config_option
@store_option
@json_option
def list_(path: Path | None, store: Path | None, as_json: bool) -> None:
    """List the keys of the store, revoked ones too; a secret can't be shown again."""
    with _told(EXIT_UNAVAILABLE), _opened(_place(path, store)[0]) as opened:
        shown = [_shown(key) for key in opened.stored()]
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    for line in _table([("NAME", "ID", "STATE", "CREATED", "EXPIRES", "LIMITS"), *map(_row, shown)]):
        click.echo(line)


@keys.command(short_help="Give a key another secret.")
@click.argument("name")
@click.option(
    "--overlap", metavar="TIME", default="24h", show_default=True, help="How long the last one stays valid; 0s: not."
)
@config_option
@store_option
@json_option
def rotate(name: str, overlap: str, path: Path | None, store: Path | None, as_json: bool) -> None:
    """Give the key NAME another secret and print it, this once; the last one ends after a while."""
    from relay.config.values import Duration

    try:
        overlap_s = Duration("0s", "8760h").read(overlap)
    except ValueError as fault:
        raise click.UsageError(f"--overlap: {fault}") from fault
    with _told(EXIT_CANT_WRITE), _opened(_place(path, store)[0]) as opened:
        secret = opened.rotate(name, overlap_s)
    _print_secret(name, secret, {"name": name} if as_json else None)


@keys.command(short_help="End a key for ever.")
@click.argument("name")
@config_option
@store_option
def revoke(name: str, path: Path | None, store: Path | None) -> None:
    """End the key NAME for ever: gateways refuse it within 5 seconds. Calls that it has begun go on."""
    with _told(EXIT_CANT_WRITE), _opened(_place(path, store)[0]) as opened:
        opened.revoke(name)
    click.echo(f"relay: key {name} is revoked", err=True)


@keys.command(short_help="Let a key rest.")
@click.argument("name")
@config_option
@store_option
def disable(name: str, path: Path | None, store: Path | None) -> None:
    """Let the key NAME rest, until `relay keys enable NAME`."""
    _switch(name, True, path, store)


@keys.command(short_help="Let a key that rests be used again.")
@click.argument("name")
@config_option
@store_option
def enable(name: str, path: Path | None, store: Path | None) -> None:
    """Let the key NAME, which rests, be used again."""
    _switch(name, False, path, store)


def _switch(name: str, disabled: bool, path: Path | None, store: Path | None) -> None:
    with _told(EXIT_CANT_WRITE), _opened(_place(path, store)[0]) as opened:
        opened.disable(name, disabled)
    click.echo(f"relay: key {name} is {'disabled' if disabled else 'enabled'}", err=True)


def _place(path: Path | None, store: Path | None) -> "tuple[Path, File | None]":
    """Give where the store is, and the configuration that says so."""
    from relay.config import ConfigError, parse
    from relay.config.callers import KeyRing

    if store is not None:
        return store, None
    found = find_config(path, os.environ)
    if found is None:
        raise click.UsageError("there is no configuration that names a key store; give --store PATH")
    try:
        file = parse(found, known_providers(), os.environ, policy_faults)
    except ConfigError as error:
        refuse(error)
    if not isinstance(file.keys, KeyRing):
        raise click.UsageError(f"{found} names no key store; write `keys: {{store: PATH}}` or give --store PATH")
    return found.parent / file.keys.store, file


def _grant(name: str, said: dict[str, Any], file: "File | None") -> "Grant":
    """Give what the options say; wrong usage when it makes no sense."""
    from pydantic import TypeAdapter, ValidationError

    from relay.config import grants
    from relay.config.callers import Grant
    from relay.config.explain import reason_of
    from relay.config.faults import spell
    from relay.config.section import Name

    try:
        TypeAdapter(Annotated[str, *Name.__metadata__]).validate_python(name)
        grant = Grant.model_validate(_as_written(said))
    except ValidationError as error:
        faults = [(entry["loc"], reason_of(entry)) for entry in error.errors(include_url=False, include_input=False)]
        raise click.UsageError("\n".join(f"{spell(where) or 'NAME'}: {reason}" for where, reason in faults)) from error
    names = grants.provider_names(file.providers, known_providers()) if file else None
    found = list(grants.faults(grant, names))
    if file:
        found += grants.redaction_faults(grant, file.redact, policy_faults)
    if found:
        raise click.UsageError("\n".join(f"{spell(where)}: {reason}" for where, reason in found))
    return grant


def _as_written(said: dict[str, Any]) -> dict[str, Any]:
    """Give the options as the file would say it."""
    limits = {name: said[name] for name in ("requests_per_minute", "tokens_per_minute", "spend_usd", "reset")}
    lists = {name: said[name].split(",") for name in ("models", "providers", "ignore") if said[name] is not None}
    aliases = dict(alias.split("=", 1) if "=" in alias else (alias, "") for alias in said["aliases"])
    redact: dict[str, Any] = dict.fromkeys(said["redact"].split(",") if said["redact"] else (), True)
    if said["redact_mode"]:
        redact["mode"] = said["redact_mode"]
    rest = {"zdr": said["zdr"], "redact": redact or None, "admin": said["admin"], "expires": said["expires"]}
    return rest | lists | {"aliases": aliases or None, "limits": _some(limits) or None}


def _some(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


@contextmanager
def _opened(place: Path, *, create: bool = False) -> "Iterator[KeyStore]":
    from relay.store.keys import KeyStore

    store = KeyStore(place, create=create)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _told(code: int) -> Iterator[None]:
    """End the command with a line and an exit code: `code` for the store, another for a name."""
    from relay.store import StoreError
    from relay.store.keys import NoSuchKey

    try:
        yield
    except StoreError as fault:
        click.echo(f"relay: the key store {fault}", err=True)
        raise click.exceptions.Exit(code) from fault
    except NoSuchKey as fault:
        click.echo(f"relay: {fault}", err=True)
        raise click.exceptions.Exit(EXIT_FAILED) from fault


def _print_secret(name: str, secret: "Secret", shown: dict[str, Any] | None) -> None:
    """Print a new secret: the only place that ever does."""
    if shown is not None:
        click.echo(json.dumps(shown | {"key": secret.reveal()}, indent=2))
        return
    click.echo(secret.reveal())
    click.echo(f"relay: this is the key {name}; it is shown only now", err=True)


def _shown(key: "StoredKey") -> dict[str, Any]:
    """Give a key as JSON: nothing of its secrets."""
    said = key.grant.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    is_over = key.grant.expires is not None and key.grant.expires <= time.time()
    state = "revoked" if key.revoked is not None else "expired" if is_over else "disabled" if key.disabled else "active"
    moments = {"created": _moment(key.created), "revoked": key.revoked and _moment(key.revoked)}
    return {"id": key.id, "name": key.name, "state": state, "secrets": key.secrets} | moments | said


def _row(shown: dict[str, Any]) -> tuple[str, ...]:
    limits = ", ".join(f"{name} {value}" for name, value in shown.get("limits", {}).items())
    return (
        shown["name"],
        shown["id"],
        shown["state"],
        shown["created"],
        shown.get("expires", "never"),
        limits or "none",
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip()


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
