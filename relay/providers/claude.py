"""What is known of Anthropic's current models, in the words of the configuration's endpoints. Add a model: add a row.

Prices stand in relay/data/prices.json. Source: the models overview and the migration guides of the platform's
documentation, November 2026.
"""

from collections.abc import Mapping
from typing import Any

_SAMPLING = ["temperature", "top_p", "top_k"]
_ALWAYS = ["stop", "tools", "tool_choice", "reasoning", "structured_outputs"]
_ABILITIES = ["context_management", "count_tokens", "pdf", "structured_output", "tools", "web_search", "web_fetch"]
_THOUSAND, _MILLION = 1_000, 1_000_000

Facts = Mapping[str, Any]


def _facts(context_tokens: int, max_output_tokens: int, *more: str, lacks: str = "", **others: Any) -> Facts:
    """Give the facts of a model.

    more     parameters beside those that all take
    lacks    an ability that it has not
    others   further keys of an endpoint
    """
    return {
        "context_tokens": context_tokens,
        "max_output_tokens": max_output_tokens,
        "supported_parameters": [*_ALWAYS, *more],
        "capabilities": [ability for ability in _ABILITIES if ability != lacks],
        "input_modalities": ["text", "image", "file"],
        "output_modalities": ["text"],
        "caching": "explicit",
        **others,
    }


# From 4.7 on sampling parameters and budgets of thinking are refused; effort came with Opus 4.5.
_ADAPTIVE = _facts(_MILLION, 128 * _THOUSAND, "verbosity", adaptive_only=True)
_SAMPLED = _facts(_MILLION, 128 * _THOUSAND, "verbosity", *_SAMPLING)

CLAUDE: Mapping[str, Facts] = {
    "claude-fable-5-2": _ADAPTIVE,
    "claude-fable-5-1": _ADAPTIVE,
    "claude-opus-5-5": _ADAPTIVE,
    "claude-sonnet-5-5": _ADAPTIVE,
    "claude-haiku-5-5": _ADAPTIVE,
    "claude-fable-5": _ADAPTIVE,
    "claude-opus-5": _facts(_MILLION, 128 * _THOUSAND, "verbosity", lacks="web_fetch", adaptive_only=True),
    "claude-sonnet-5": _ADAPTIVE,
    "claude-opus-4-8": _ADAPTIVE,
    "claude-opus-4-7": _ADAPTIVE,
    "claude-opus-4-6": _SAMPLED,
    "claude-sonnet-4-6": _SAMPLED,
    "claude-opus-4-5": _facts(200 * _THOUSAND, 64 * _THOUSAND, "verbosity", *_SAMPLING),
    "claude-sonnet-4-5": _facts(200 * _THOUSAND, 64 * _THOUSAND, *_SAMPLING, reasoning_style="budget"),
    "claude-haiku-4-5": _facts(200 * _THOUSAND, 64 * _THOUSAND, *_SAMPLING, reasoning_style="budget"),
}
"""By the API's name of the model, without its date; the newest first."""
