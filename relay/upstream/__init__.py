"""Connections to providers.

Upstream.open(request, attempt) gives an Exchange: one HTTP request and its response on a connection of the endpoint's
pool. What fails on the way is a leaf of ProviderError. Everything that waits for a provider is bounded by the sweeper.
Pools outlive the generations whose endpoints they belong to.
"""

from relay.upstream.exchange import Exchange
from relay.upstream.pools import Pools
from relay.upstream.tokens import Note
from relay.upstream.upstream import Upstream

__all__ = ["Exchange", "Note", "Pools", "Upstream"]
