"""Usage of a Messages stream, reduced the plain way: the oracle of Meter and of a report's `usage`.

Cumulative semantics (USG-1): of every field the latest non-null value wins, a decrease is an anomaly and wins still;
what cannot be a count (negative, not an integer, a bool) is an anomaly and is passed by.
"""

from collections.abc import Iterable, Mapping
from typing import Any

COUNTS = {
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "cache_read_input_tokens": ("cache_read_input_tokens",),
    "cache_creation_input_tokens": ("cache_creation_input_tokens",),
    "cache_creation_5m_input_tokens": ("cache_creation", "ephemeral_5m_input_tokens"),
    "cache_creation_1h_input_tokens": ("cache_creation", "ephemeral_1h_input_tokens"),
    "reasoning_output_tokens": ("output_tokens_details", "thinking_tokens"),
    "web_search_requests": ("server_tool_use", "web_search_requests"),
    "web_fetch_requests": ("server_tool_use", "web_fetch_requests"),
}


def reduce_usage(objects: Iterable[Any]) -> tuple[dict[str, int | str], int]:
    """Reduce the `usage` objects of one stream, in order, to (usage, anomalies)."""
    known: dict[str, int | str] = {}
    anomalies = 0
    for usage in objects:
        for name, path in COUNTS.items():
            value = _at(usage, path)
            if value is None:
                continue
            if not is_count(value):
                anomalies += 1
                continue
            before = known.get(name, 0)
            assert isinstance(before, int)
            anomalies += value < before
            known[name] = value
        tier = _at(usage, ("service_tier",))
        if isinstance(tier, str):
            known["service_tier"] = tier
    return known, anomalies


def is_count(value: Any) -> bool:
    """True for what may stand in a usage field: an integer of at most fifteen digits, not negative, no bool."""
    return type(value) is int and 0 <= value < 10**15


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
