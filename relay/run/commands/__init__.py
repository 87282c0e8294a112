"""The commands of `relay`, one module each, and what they share: the configuration they act on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from relay.config import ConfigError, Loaded
    from relay.known import KnownProvider
    from relay.redact.fields import Finding

EXIT_FAILED = 1
EXIT_UNAVAILABLE = 69
EXIT_CANT_WRITE = 73
EXIT_CONFIG = 78
PLACES = (Path("relay.yaml"), Path("/etc/relay/relay.yaml"))

config_option = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration file (YAML or JSON).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def an_address(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Give an option's text as it is; a text that is no address is wrong usage."""
    from relay.config import Address

    try:
        return value if value is None else str(Address.parse(value))
    except ValueError as fault:
        raise click.BadParameter("must be HOST:PORT, such as 127.0.0.1:8080", ctx, param) from fault


def find_config(given: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Give the configuration file to use: the one given, RELAY_CONFIG, the first usual place that exists, or none."""
    if given is not None:
        return given
    if named := environ.get("RELAY_CONFIG"):
        return Path(named)
    return next((place for place in PLACES if place.is_file()), None)


def known_providers() -> "Mapping[str, KnownProvider]":
    """Give the providers that need only a credential."""
    from relay.providers import PROVIDERS

    return PROVIDERS


def policy_faults(policy: Mapping[str, Any], hold_max: int, floor: Mapping[str, Any] | None) -> "list[Finding]":
    """Give what is wrong with a redaction policy of the operator's under a ceiling of what may wait.

    floor   what a key's is added to; None: it is the floor
    """
    from relay.redact.hold import faults

    return faults(policy, hold_max, floor)


def load_from(found: Path | None) -> "Loaded":
    """Give the configuration of a file, or the one that needs none.

    raises   ConfigError
    """
    from relay.config import fileless, load, new_key

    if found is None:
        return fileless(os.environ, known_providers(), new_key())
    return load(found, known_providers(), os.environ, policy_faults)


def environment(listen: str | None = None, ops_listen: str | None = None) -> dict[str, str]:
    """Give the process's environment with what the command line overrides."""
    given = {"RELAY_LISTEN": listen, "RELAY_OPS_LISTEN": ops_listen}
    return {**os.environ, **{name: value for name, value in given.items() if value is not None}}


def refuse(error: "ConfigError") -> NoReturn:
    """Print every fault and end the command."""
    click.echo(str(error), err=True)
    raise click.exceptions.Exit(EXIT_CONFIG)
