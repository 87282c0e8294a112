"""`relay explain`: who would answer a request, why nobody else, and what would be sent. Nothing is sent."""

import asyncio
import json
import os
from pathlib import Path
from typing import BinaryIO

import click

from relay.run.commands import EXIT_FAILED, config_option, find_config, json_option, load_from, refuse


@click.command(short_help="Say who would answer a request, and why nobody else.")
@click.argument("request", type=click.File("rb"), default="-")
@config_option
@json_option
@click.pass_context
def explain(ctx: click.Context, request: BinaryIO, path: Path | None, as_json: bool) -> None:
    """Say which endpoints would be tried for REQUEST (the JSON of a Messages request), in which order, why each other
    one would not, what it may cost, and what would be sent, redacted. Nothing is sent.

    Without `provider.sort` and `order` the first is drawn by price: one draw stands here for all. What a gateway
    knows of failures, speed and sessions, this command does not.

    \b
    relay explain -c relay.yaml request.json
    relay explain --json request.json | jq .losers
    """
    from relay.config import ConfigError
    from relay.errors import RelayError
    from relay.route import Health, Router
    from relay.run.explaining import explained, written
    from relay.run.generations import redactors

    try:
        loaded = load_from(find_config(path, os.environ))
    except ConfigError as error:
        refuse(error)
    try:
        router = Router(loaded.generation, Health(), lambda: 0.5)
        facts = asyncio.run(explained(router, redactors(loaded.settings.redaction), request.read()))
    except RelayError as error:
        click.echo(f"{error.status} {error.error_type}: {error.message}", err=True)
        ctx.exit(EXIT_FAILED)
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False) if as_json else written(facts))
    if facts["error"] is not None:
        ctx.exit(EXIT_FAILED)
