"""KnownProvider: a row of what relay knows about a provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """What relay knows about a provider that an operator only names.

    name          the key in `providers`
    dialect       empty: its API is no chat
    base_url      `{region}` in it is the endpoint's; empty: the operator's to write, or that of this process
    env           the variable that usually holds its credential; None: it wants none
    count_tokens  its API counts tokens
    models        by its own name what is known of a model, in the words of an endpoint in the configuration
    context_management, quirks   its API edits context; what it wants otherwise than others (QUIRKS of its dialect)
    source        where it says so in public
    note          why it can't be called as it is; empty: it can
    data_policy   where it says in public what it does with data; empty: unverified, no such place is known
    """

    name: str
    display_name: str
    dialect: str
    base_url: str
    env: str | None = None
    count_tokens: bool = False
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    context_management: bool = False
    quirks: frozenset[str] = frozenset()
    source: str = ""
    note: str = ""
    data_policy: str = ""
