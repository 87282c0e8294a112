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


PROMPT = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
INPUT_ESTIMATE = 11
"""What the tests say that a prompt is estimated to be."""


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


def reckon(told: Mapping[str, Any], is_final: bool, estimates: tuple[int, int] | None) -> tuple[dict[str, Any], str]:
    """Give what is charged for, and its basis (USG-4): what the provider told, estimates for what it did not.

    is_final    the last count of the output is all of it
    estimates   of prompt and output; None: there was no output
    """
    usage = dict(told)
    is_prompt_told = any(name in told for name in PROMPT)
    if not is_prompt_told and "output_tokens" not in told and estimates is None:
        return usage, "none"
    prompt, output = estimates or (INPUT_ESTIMATE, 0)
    if not is_final:
        usage["output_tokens"] = max(told.get("output_tokens", 0), output)
    if not is_prompt_told:
        usage["input_tokens"] = prompt
        return usage, "estimated"
    return usage, "provider_final" if is_final else "provider_partial"


def is_count(value: Any) -> bool:
    """True for what may stand in a usage field: an integer of at most nine digits, not negative, no bool."""
    return type(value) is int and 0 <= value < 10**9


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
