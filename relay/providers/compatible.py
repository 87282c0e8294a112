"""The providers that relay knows by name: PROVIDERS. Add one that speaks an existing dialect: add a row to the data.

Names are those of OpenRouter's API. Addresses and variables are those that the `source` of a row, or those who call the
provider, publish; no row has been tried against its provider yet. What a provider does with data counts as unknown
until an operator says it, also where the provider says it in public (`data_policy`).
"""

from collections.abc import Mapping
from importlib.resources import files

import orjson

from relay.known import KnownProvider
from relay.providers.claude import CLAUDE

_ANTHROPIC = KnownProvider(
    name="anthropic",
    display_name="Anthropic",
    dialect="messages",
    base_url="https://api.anthropic.com",
    env="ANTHROPIC_API_KEY",
    count_tokens=True,
    models=CLAUDE,
    context_management=True,
    source="https://docs.claude.com/en/api/overview",
    data_policy="https://www.anthropic.com/legal/commercial-terms",
)


def _rows() -> list[KnownProvider]:
    """Give the rows of the data: members are those of KnownProvider, `quirks` words of QUIRKS of its dialect."""
    rows = orjson.loads(files("relay").joinpath("data/providers.json").read_bytes())
    return [KnownProvider(**row | {"quirks": frozenset(row.get("quirks", ()))}) for row in rows]


PROVIDERS: Mapping[str, KnownProvider] = {row.name: row for row in (_ANTHROPIC, *_rows())}
