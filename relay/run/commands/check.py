"""`relay check`: everything that is wrong with a configuration, without starting."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relay.run.commands import EXIT_CONFIG, config_option, find_config, json_option, load_from

if TYPE_CHECKING:
    from relay.config import Fault, Loaded


@click.command(short_help="Validate a configuration, offline.")
@config_option
@json_option
@click.pass_context
def check(ctx: click.Context, path: Path | None, as_json: bool) -> None:
    """Validate a configuration and everything that it refers to, offline.

    Faults go to stderr, one a line, as FILE:LINE: PATH: REASON; with --json all goes to stdout. Exit code 0 or 78.

    \b
    relay check -c relay.yaml
    relay check --json | jq .faults
    """
    from relay.config import ConfigError

    found = find_config(path, os.environ)
    try:
        loaded = load_from(found)
    except ConfigError as error:
        _say_faults(found, error.faults, as_json)
        ctx.exit(EXIT_CONFIG)
    _say_valid(loaded, as_json)


def _say_faults(found: Path | None, faults: "tuple[Fault, ...]", as_json: bool) -> None:
    if as_json:
        listed = [asdict(fault) for fault in faults]
        click.echo(json.dumps({"valid": False, "file": found and str(found), "faults": listed}, indent=2))
        return
    for fault in faults:
        click.echo(str(fault), err=True)


def _say_valid(loaded: "Loaded", as_json: bool) -> None:
    facts = _facts(loaded)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    keys = "open" if facts["keys"] is None else facts["keys"]
    counts = f"models {facts['models']}, endpoints {facts['endpoints']}, keys {keys}"
    click.echo(f"{loaded.source or 'no configuration file'}: valid: {counts} ({facts['digest']})")


def _facts(loaded: "Loaded") -> dict[str, Any]:
    generation = loaded.generation
    models = (*generation.models.values(), *generation.wildcards)
    return {
        "valid": True,
        "file": loaded.source,
        "faults": [],
        "digest": generation.digest,
        "models": len(models),
        "endpoints": sum(len(model.endpoints) for model in models),
        "keys": None if generation.keys is None else len(generation.keys),
    }
