"""`relay config`: the JSON Schema, and the configuration in effect."""

import json
import os
from pathlib import Path

import click

from relay.run.commands import (
    EXIT_FAILED,
    config_option,
    find_config,
    json_option,
    known_providers,
    policy_faults,
    refuse,
)


@click.group(short_help="Print the schema or the configuration in effect.")
def config() -> None:
    """Print the schema, or the configuration in effect."""


@config.command(short_help="Print the JSON Schema.")
def schema() -> None:
    """Print the JSON Schema (draft 2020-12) of the configuration file.

    \b
    relay config schema > relay.schema.json
    # first line of relay.yaml: # yaml-language-server: $schema=relay.schema.json
    """
    from relay.config.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


@config.command(short_help="Print the configuration in effect.")
@config_option
@json_option
@click.pass_context
def show(ctx: click.Context, path: Path | None, as_json: bool) -> None:
    """Print the configuration in effect: with its defaults and the environment's overrides, secrets as references.

    What comes out is a valid configuration.
    """
    import yaml

    from relay.config import ConfigError, parse

    found = find_config(path, os.environ)
    if found is None:
        click.echo("relay: no configuration file", err=True)
        ctx.exit(EXIT_FAILED)
    try:
        file = parse(found, known_providers(), os.environ, policy_faults)
    except ConfigError as error:
        refuse(error)
    shown = file.model_dump(mode="json", exclude_none=True)
    click.echo(json.dumps(shown, indent=2) if as_json else yaml.safe_dump(shown, sort_keys=False).rstrip())
