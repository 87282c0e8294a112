"""The catalogue as clients read it, from memory (spec/openrouter-messages.md 20.1, 20.2).

visible     what the holder of a key may see of it
messages    models in the Messages shape
models      models in OpenRouter's shape
filters     what a query leaves of them, and in which order      add a filter there
endpoints   endpoints and providers
"""

from relay.downstream.listing.endpoints import Vitals, endpoints_of, providers, zdr
from relay.downstream.listing.messages import for_messages
from relay.downstream.listing.models import for_openrouter, one
from relay.downstream.listing.visible import visible

__all__ = ["Vitals", "endpoints_of", "for_messages", "for_openrouter", "one", "providers", "visible", "zdr"]
