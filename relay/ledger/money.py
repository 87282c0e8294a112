"""Money on the wire: what an attempt costs, as the numbers of spec/openrouter-messages.md 17."""

from typing import Final

from relay._core import decimal
from relay.catalog import Endpoint
from relay.dialects import messages
from relay.price import NANO_PLACES, Cost, Price, Usage

_COST: Final = b'"cost":'
_UPSTREAM: Final = b',"cost_details":{"upstream_inference_cost":'
_PROMPT: Final = b',"upstream_inference_prompt_cost":'
_COMPLETION: Final = b',"upstream_inference_completions_cost":'
_OURS: Final = b',"server_tool_cost":0},"is_byok":false'
_OWN: Final = b',"server_tool_cost":0},"is_byok":true'
_UNKNOWN: Final = b"".join((_COST, b"null", _UPSTREAM, b"null", _PROMPT, b"null", _COMPLETION, b"null"))
_TIER: Final = b',"service_tier":"%b"'
_STANDARD: Final = _TIER % b"standard"
OWN_KEY_FEE_NANOUSD: Final = 0
"""What relay takes for a call that a caller's own account answers."""


def served(endpoint: Endpoint) -> str:
    """Give the word for the tier of an endpoint, as answers tell it (9.5 of the contract)."""
    return "standard" if endpoint.tier == "default" else endpoint.tier


class Bill:
    """What one attempt costs at its endpoint; an unknown price is a cost of null, never 0 (USG-5).

    content      of the request: its images are counted where they cost something
    tells_tier   the client reads beside it which tier served, where the provider does not say so
    """

    __slots__ = ("_cost", "_images", "_is_own", "_price", "_tier", "_usage")

    def __init__(self, endpoint: Endpoint, content: bytes, tells_tier: bool = False) -> None:
        price = endpoint.price
        self._price: Price | None = price
        self._is_own = endpoint.is_own
        self._tier = b""
        if tells_tier:
            self._tier = _STANDARD if endpoint.tier == "default" else _TIER % endpoint.tier.encode()
        self._images = messages.images(content) if price is not None and price.image else 0
        self._usage: Usage = {}
        self._cost: Cost | None = None

    def cost(self, usage: Usage) -> Cost | None:
        """Give the cost of `usage`."""
        if self._price is not None and usage and usage != self._usage:
            self._usage, self._cost = usage, self._priced(self._price, usage)
        return self._cost

    def _priced(self, price: Price, usage: Usage) -> Cost:
        cost = price.cost(usage, self._images)
        if not self._is_own:
            return cost
        return Cost(OWN_KEY_FEE_NANOUSD, cost.prompt_nanousd, cost.completion_nanousd, cost.total_nanousd)

    def members(self, usage: Usage) -> bytes:
        """Give the members that relay adds to a usage object."""
        cost = self.cost(usage)
        last = _OWN if self._is_own else _OURS
        if "service_tier" not in usage:
            last += self._tier
        if cost is None:
            return _UNKNOWN + last
        total = decimal(cost.total_nanousd, NANO_PLACES)
        upstream = b"null" if cost.upstream_nanousd is None else decimal(cost.upstream_nanousd, NANO_PLACES)
        prompt = decimal(cost.prompt_nanousd, NANO_PLACES)
        completion = decimal(cost.completion_nanousd, NANO_PLACES)
        return b"".join((_COST, total, _UPSTREAM, upstream, _PROMPT, prompt, _COMPLETION, completion, last))
