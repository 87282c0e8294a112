"""Rows of the providers that speak an existing dialect with a bearer key. Add a provider: add a row."""

from collections.abc import Mapping

from relay.catalog import KnownProvider
from relay.providers.claude import CLAUDE

_ROWS = (
    KnownProvider(
        name="anthropic",
        display_name="Anthropic",
        dialect="messages",
        base_url="https://api.anthropic.com",
        env="ANTHROPIC_API_KEY",
        count_tokens=True,
        models=CLAUDE,
        context_management=True,
    ),
)

PROVIDERS: Mapping[str, KnownProvider] = {row.name: row for row in _ROWS}
