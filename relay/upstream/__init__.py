"""Connections to providers.

Upstream.open(request, attempt) gives an Exchange: one HTTP request and its response on a connection of the endpoint's
pool. What fails on the way is a leaf of ProviderError. Everything that waits for a provider is bounded by the sweeper.
"""

from relay.upstream.exchange import Exchange
from relay.upstream.upstream import Upstream

__all__ = ["Exchange", "Upstream"]
