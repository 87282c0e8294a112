"""Writes relay/data/prices.json from the data of the package genai-prices (MIT): facts alone, for maintainers.

    python -m venv /tmp/prices && /tmp/prices/bin/pip install genai-prices
    /tmp/prices/bin/python tools/prices.py relay/data/prices.json

What comes out has the shape of an operator's own price file (`prices: {file: …}`). Left out is what relay can't price:
models without a price of input and output or whose output is not text, prices that change with the hour, batches,
pictures and searches.
Names are those that a model is known by in full; patterns that could match a model of tomorrow are not taken.
"""

import json
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

PROVIDERS = (
    "anthropic",
    "aws",
    "azure",
    "cerebras",
    "cohere",
    "deepseek",
    "fireworks",
    "google",
    "groq",
    "minimax",
    "mistral",
    "moonshotai",
    "openai",
    "perplexity",
    "together",
    "x-ai",
    "zai",
)
KEYS = {
    "prompt": ("input_mtok",),
    "completion": ("output_mtok",),
    "cache_read": ("cache_read_mtok",),
    "cache_write_5m": ("cache_write_5m_mtok", "cache_write_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok",),
    "audio": ("input_audio_mtok",),
}
NOT_TEXT = ("output_image_mtok", "output_audio_mtok", "output_video_mtok", "audio_hours", "input_audio_hours")
TIERS = ("flex", "priority")
NAME = re.compile(r"[!-)+-~]{1,255}[A-Za-z0-9]")
Json = dict[str, Any]


def priced(model: Any) -> Json | None:
    """Give a model's entry; None: relay can't price it."""
    conditional = model.prices if isinstance(model.prices, list) else None
    dated = [(each.constraint, each.prices) for each in conditional] if conditional else [(None, model.prices)]
    if any(constraint is not None and not hasattr(constraint, "start_date") for constraint, _ in dated):
        return None
    rows = [row for constraint, prices in dated if (row := _row(prices, constraint, None))]
    if not rows:
        return None
    for variant in model.price_variants or ():
        tier = variant.when.get("service_tier") if len(variant.when) == 1 else None
        if tier in TIERS and (row := _row(variant.prices, variant.constraint, tier)):
            rows.append(row)
    also = sorted(set(_names(model.match)) - {model.id})
    entry: Json = {"context_tokens": model.context_window} if model.context_window else {}
    return entry | ({"also": also} if also else {}) | {"prices": rows}


def _row(prices: Any, constraint: Any, tier: str | None) -> Json | None:
    """Give one row; later keys say what costs something else in long prompts."""
    found = {key: value for key, fields in KEYS.items() if (value := _first(prices, fields)) is not None}
    if not {"prompt", "completion"} <= found.keys() or _first(prices, NOT_TEXT) is not None:
        return None
    row: Json = {} if constraint is None else {"from": constraint.start_date.isoformat()}
    row |= {"tier": tier} if tier else {}
    row |= {key: _text(getattr(value, "base", value)) for key, value in found.items()}
    requests = getattr(prices, "requests_kcount", None)
    row |= {"request": _text(requests / 1000)} if requests else {}
    starts = sorted({tier.start for value in found.values() for tier in getattr(value, "tiers", ())})
    long = [{"above_tokens": start} | _above(found, start) for start in starts]
    return row | ({"long_context": long} if long else {})


def _first(prices: Any, fields: tuple[str, ...]) -> Any:
    values = (getattr(prices, field, None) for field in fields)
    return next((value for value in values if value is not None), None)


def _above(found: Json, start: int) -> Json:
    """Give the prices of prompts of more tokens than `start`, of the kinds that have one."""
    reached = {
        key: [tier.price for tier in value.tiers if tier.start <= start]
        for key, value in found.items()
        if hasattr(value, "tiers")
    }
    return {key: _text(prices[-1]) for key, prices in reached.items() if prices}


def _text(amount: Decimal) -> str:
    return format(amount.normalize(), "f")


def _names(match: Any) -> Iterator[str]:
    for kind in ("equals", "starts_with"):
        name = getattr(match, kind, None)
        if name and NAME.fullmatch(name):
            yield name
    for inner in getattr(match, "or_", None) or ():
        yield from _names(inner)


def main(path: Path) -> None:
    """Write the file."""
    from genai_prices import data

    by_id = {provider.id: provider for provider in data.providers}
    providers = {}
    for name in PROVIDERS:
        entries = {model.id: entry for model in by_id[name].models if (entry := priced(model))}
        providers[name] = dict(sorted(entries.items()))
    content = {"version": f"genai-prices {version('genai-prices')}", "providers": providers}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
