"""`relay usage`: what was used, by key, model, provider, endpoint or day, from the archive of `ledger.dir`."""

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from relay.run.commands import EXIT_CONFIG, EXIT_FAILED, config_option, find_config, json_option, load_from, refuse

BY = ("key", "model", "provider", "endpoint", "day")
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_NUMBERS = {
    "calls": "requests",
    "prompt tokens": "prompt_tokens",
    "completion tokens": "completion_tokens",
    "cost (USD)": "usage_nanousd",
    "own accounts (USD)": "byok_nanousd",
    "calls without a price": "unpriced",
}
"""Heads of columns, and the members of the archive's rows below them."""


def _by(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(value.split(",")))
    for name in names:
        if name not in BY:
            raise click.BadParameter(f"must be one or more of {', '.join(BY)}, with commas between", ctx, param)
    return names


def _since(ctx: click.Context, param: click.Parameter, value: str) -> int:
    """Give Unix seconds: of a span back from now, or of a day's beginning in UTC."""
    if span := re.fullmatch(r"([0-9]{1,5})([mhdw])", value):
        return max(0, int(time.time()) - int(span[1]) * _UNITS[span[2]])
    try:
        return int(datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError as fault:
        reason = "must be a span such as 7d (m, h, d, w), or a day as YYYY-MM-DD"
        raise click.BadParameter(reason, ctx, param) from fault


@click.command(short_help="Say what was used, and what it cost.")
@click.option("--by", metavar="NAMES", default="model", callback=_by, help=f"Some of {', '.join(BY)}; default: model.")
@click.option(
    "--since", metavar="WHEN", default="7d", callback=_since, help="A span such as 7d (the default), or a day."
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of records, instead of the configuration's, which is not read then.",
)
@config_option
@json_option
@click.pass_context
def usage(
    ctx: click.Context, by: tuple[str, ...], since: int, ledger: Path | None, path: Path | None, as_json: bool
) -> None:
    """Say how many calls and tokens were used since a moment, and what they cost. A running gateway need not stop; its
    last second may be missing.

    \b
    relay usage --by key,model --since 7d
    relay usage --by day --since 2026-11-01 --json | jq .rows
    """
    from relay.store import StoreError

    try:
        rows, gaps = _asked(ledger or _folder(ctx, path), by, since)
    except StoreError as fault:
        click.echo(f"relay: {ledger or 'ledger.dir'} {fault}", err=True)
        ctx.exit(EXIT_FAILED)
    if as_json:
        shown = [_shown(row, by) for row in rows]
        click.echo(json.dumps({"since": since, "rows": shown, "total": _total(rows), "gaps": gaps}, indent=2))
        return
    click.echo(table(rows, by))
    if gaps:
        click.echo(f"{gaps} gaps: a crash or a damaged disk tore so many places of the records", err=True)


def _folder(ctx: click.Context, path: Path | None) -> Path:
    """Give the configuration's folder of records."""
    from relay.config import ConfigError

    try:
        folder = load_from(find_config(path, os.environ)).settings.ledger_dir
    except ConfigError as error:
        refuse(error)
    if folder is None:
        click.echo("relay: ledger.dir is not given: records are in memory only, and end with their process", err=True)
        ctx.exit(EXIT_CONFIG)
    return folder


def _asked(folder: Path, by: Sequence[str], since: int) -> tuple[list[dict[str, Any]], int]:
    """Give the archive's rows, and how many gaps it knows of.

    raises   StoreError
    """
    from relay.ledger.journal import ARCHIVE
    from relay.store.archive import Archive

    archive = Archive(folder / ARCHIVE, create=False)
    try:
        return archive.usage(by, since), archive.gaps()
    finally:
        archive.close()


def _shown(row: Mapping[str, Any], by: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in (*by, "reasoning_tokens", *_NUMBERS.values())}


def _total(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {name: sum(row[name] for row in rows) for name in ("reasoning_tokens", *_NUMBERS.values())}


def table(rows: Sequence[Mapping[str, Any]], by: Sequence[str]) -> str:
    """Give rows as aligned columns, with their sums; a column of numbers that are all 0 is left out."""
    kept = {
        head: name
        for head, name in _NUMBERS.items()
        if name not in ("byok_nanousd", "unpriced") or any(row[name] for row in rows)
    }
    lines = [[*by, *kept]]
    lines += [[*[str(row[name]) for name in by], *[_number(name, row[name]) for name in kept.values()]] for row in rows]
    total = _total(rows)
    sums = [_number(name, total[name]) for name in kept.values()]
    lines.append(["total", *[""] * (len(by) - 1), *sums])
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(_aligned(line, widths, len(by)) for line in lines)


def _aligned(line: Sequence[str], widths: Sequence[int], names: int) -> str:
    """Give a line whose first columns, so many as there are names, begin together, and whose others end together."""
    cells = [
        text.ljust(width) if at < names else text.rjust(width)
        for at, (text, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _number(name: str, value: int) -> str:
    if not name.endswith("_nanousd"):
        return f"{value:,}"
    whole, part = divmod(value, 1_000_000_000)
    return f"{whole:,}.{part:09d}"
