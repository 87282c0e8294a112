"""Money on the wire: what a call cost, as the numbers of spec/openrouter-messages.md 17."""

from typing import Final

from relay._core import decimal
from relay.catalog import NANO_PLACES, Cost, Price, Usage

_COST: Final = b'"cost":'
_PROMPT: Final = b',"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":'
_COMPLETION: Final = b',"upstream_inference_completions_cost":'
_END: Final = b',"server_tool_cost":0},"is_byok":false'
_UNKNOWN: Final = _COST + b"null" + _PROMPT + b"null" + _COMPLETION + b"null" + _END


class Bill:
    """What one attempt costs at `price`; None is unknown: its cost is null, never 0 (USG-5)."""

    __slots__ = ("_cost", "_price", "_usage")

    def __init__(self, price: Price | None) -> None:
        self._price = price
        self._usage: Usage = {}
        self._cost: Cost | None = None

    def cost(self, usage: Usage) -> Cost | None:
        """Give the cost of `usage`."""
        if self._price is not None and usage and usage != self._usage:
            self._usage, self._cost = usage, self._price.cost(usage)
        return self._cost

    def members(self, usage: Usage) -> bytes:
        """Give the members that relay adds to a usage object."""
        cost = self.cost(usage)
        if cost is None:
            return _UNKNOWN
        total = decimal(cost.total_nanousd, NANO_PLACES)
        prompt = decimal(cost.prompt_nanousd, NANO_PLACES)
        completion = decimal(cost.completion_nanousd, NANO_PLACES)
        return b"".join((_COST, total, _PROMPT, prompt, _COMPLETION, completion, _END))
