"""What the tests of every translated dialect need: the official client's answer, and a provider that streams."""

from typing import Any

import anthropic

from tests.support.answers import LAST_CHUNK, chunk, head

Json = dict[str, Any]
WEATHER: Any = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
PRICE = {"prompt": 2.0, "completion": 10.0, "cache_read": 0.5}
EMAIL, CARD = "ada.lovelace@example.org", "4111 1111 1111 1111"
PLANTED = f"Write to {EMAIL} or charge {CARD} today."


async def said(client: anthropic.AsyncAnthropic, model: str, *, stream: bool, **more: Any) -> Any:
    """The message that the client reads."""
    arguments: Json = {"max_tokens": 500, "messages": [{"role": "user", "content": "hello"}]} | more
    if not stream:
        return await client.messages.create(model=model, **arguments)
    async with client.messages.stream(model=model, **arguments) as events:
        return await events.get_final_message()


def sse(data: bytes) -> list[Any]:
    """The steps of a provider that streams this."""
    return [head(), chunk(data), LAST_CHUNK]
