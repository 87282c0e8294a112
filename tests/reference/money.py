"""What usage costs, the plain way: the oracle of Price. Fractions all along, rounded once, half up."""

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

MILLION = 1_000_000


def cost(price: Mapping[str, Any], usage: Mapping[str, Any], images: int = 0) -> int:
    """Give nano-dollars for a price as the file has it, in nano-dollars (`price` keys by their names there)."""
    counts = _counts(usage)
    total_input = sum(counts[kind] for kind in ("prompt", "cache_read", "cache_write_5m", "cache_write_1h"))
    held = _rates(price, total_input)
    amount = sum((Fraction(counts[kind]) * rate for kind, rate in held.items() if kind in counts), Fraction(0))
    return floor(amount / MILLION + Fraction(1, 2)) + (held.get("request") or 0) + images * (held.get("image") or 0)


def _counts(usage: Mapping[str, Any]) -> dict[str, int]:
    minutes, hour = (usage.get(f"cache_creation_{span}_input_tokens", 0) for span in ("5m", "1h"))
    if "cache_creation_input_tokens" in usage:
        written = usage["cache_creation_input_tokens"]
        hour = min(hour, written)
        minutes = written - hour
    return {
        "prompt": usage.get("input_tokens", 0),
        "completion": usage.get("output_tokens", 0),
        "cache_read": usage.get("cache_read_input_tokens", 0),
        "cache_write_5m": minutes,
        "cache_write_1h": hour,
    }


def _rates(price: Mapping[str, Any], total_input: int) -> dict[str, Any]:
    held = {name: value for name, value in price.items() if name not in ("long_context", "is_explicit")}
    passed = [step for step in price.get("long_context", ()) if total_input > step["above_tokens"]]
    if passed:
        held |= max(passed, key=lambda step: step["above_tokens"])
    explicit = price["is_explicit"]
    held.setdefault("cache_read", held["prompt"])
    held.setdefault("cache_write_5m", Fraction(held["prompt"]) * (Fraction(5, 4) if explicit else 1))
    held.setdefault("cache_write_1h", held["prompt"] * (2 if explicit else 1))
    return held
