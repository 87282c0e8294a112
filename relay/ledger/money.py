"""Money on the wire: nano-dollars as the numbers of spec/openrouter-messages.md 17."""

from collections.abc import Mapping

from relay.catalog import Price, usd


def usage_members(price: Price | None, usage: Mapping[str, int | str]) -> bytes:
    """Give the members that relay adds to a usage object; an unknown price is null, never 0 (USG-5)."""
    if price is None:
        total = prompt = completion = b"null"
    else:
        cost = price.cost(usage)
        total, prompt, completion = (
            usd(cost.total_nanousd),
            usd(cost.prompt_nanousd),
            usd(cost.completion_nanousd),
        )
    return (
        b'"cost":%b,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":%b,'
        b'"upstream_inference_completions_cost":%b,"server_tool_cost":0},"is_byok":false' % (total, prompt, completion)
    )
