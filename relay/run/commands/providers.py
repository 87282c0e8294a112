"""`relay providers`: every provider that relay knows by name, and what it still takes to call it."""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from relay.run.commands import json_option, known_providers

if TYPE_CHECKING:
    from relay.known import KnownProvider


@click.command(short_help="List the providers that are known by name.")
@json_option
def providers(as_json: bool) -> None:
    """List the providers that are known by name: a configuration that names one needs only its credential.

    `ready`: its variable is set, or it wants none. `no credential`: the variable is not set. `needs base_url`: its
    address has to be written. `not chat`: its API holds no conversations, so that it is refused. What a provider does
    with data is unverified where it has no `data_policy`, and counts as unknown until the configuration says it.

    \b
    relay providers
    relay providers --json | jq '.[] | select(.state == "ready") | .name'
    """
    from relay.config import EMBEDDED

    rows = [_facts(row, os.environ) for row in (EMBEDDED, *known_providers().values())]
    rows.sort(key=lambda row: str(row["name"]))
    click.echo(json.dumps(rows, indent=2) if as_json else _written(rows))


def _facts(row: "KnownProvider", environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": row.name,
        "display_name": row.display_name,
        "dialect": row.dialect or None,
        "base_url": row.base_url or None,
        "variable": row.env,
        "state": _state(row, environ),
        "quirks": sorted(row.quirks),
        "data_policy": row.data_policy or "unverified",
        "source": row.source or None,
        "note": row.note or None,
    }


def _state(row: "KnownProvider", environ: Mapping[str, str]) -> str:
    if not row.dialect:
        return "not chat"
    if row.note:
        return "needs base_url"
    return "ready" if row.env is None or environ.get(row.env) else "no credential"


def _written(rows: list[dict[str, Any]]) -> str:
    """Give the rows as a table; what a row needs stands where its address would."""
    heads = ["name", "dialect", "variable", "state", "base URL"]
    cells = [[row[key] or "-" for key in heads[:4]] + [row["base_url"] or row["note"] or "embedded"] for row in rows]
    widths = [max(len(line[at]) for line in [heads, *cells]) for at in range(len(heads) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]])
        for line in [heads, *cells]
    ]
    return "\n".join(lines)
