"""What the tests of every translated dialect need: asking with the official client, and comparing what it read."""

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
SCRIPTS = ["chat", "echo", "tools", "tools@calls=2", "agent", "thinking", "unicode", "cache", "refusal", "max-tokens"]
SCRIPTS += ["echo@split=3", "echo@calls=2", "json-answer", "crlf", "bom", "empty-data", "no-stop", "no-event-line"]


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


def projected(block: Any) -> tuple[Any, ...]:
    """What all dialects carry of a block: ids and signatures are each one's own, `caller` is relay's."""
    if block.type == "tool_use":
        return block.type, block.name, block.input
    return block.type, block.text if block.type == "text" else block.thinking


async def assert_same(client: anthropic.AsyncAnthropic, prefix: str, script: str, *, stream: bool) -> None:
    """Fail unless a script of the embedded provider says through `prefix/*` what it says in Messages through `demo/*`.

    A refusal has no explanation.
    """
    more: Json = {"tools": [WEATHER], "messages": [{"role": "user", "content": "What is up in Paris? 漢 😀"}]}
    name = f"{script}{',' if '@' in script else '@'}delay=0"
    native = await said(client, f"demo/{name}", stream=stream, **more)
    translated = await said(client, f"{prefix}/{name}", stream=stream, **more)

    assert [projected(block) for block in translated.content] == [projected(block) for block in native.content]
    assert (translated.stop_reason, translated.stop_sequence) == (native.stop_reason, native.stop_sequence)
    assert translated.usage.output_tokens == native.usage.output_tokens
    assert translated.usage.cache_read_input_tokens == native.usage.cache_read_input_tokens
    assert translated.usage.input_tokens > 0
    assert (translated.model, translated.type, translated.role) == (f"{prefix}/{name}", "message", "assistant")
    assert translated.id.startswith("gen-")
