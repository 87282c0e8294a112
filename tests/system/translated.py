"""What the tests of every translated dialect need: the official client's answer, and a provider that streams."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import anthropic

from tests.support.answers import LAST_CHUNK, chunk, head
from tests.support.chunks import message_of
from tests.support.raw_client import Answer, ask, body
from tests.support.raw_provider import RawProvider

Json = dict[str, Any]
WEATHER: Any = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
PRICE = {"prompt": 2.0, "completion": 10.0, "cache_read": 0.5}
EMAIL, CARD = "ada.lovelace@example.org", "4111 1111 1111 1111"
PLANTED = f"Write to {EMAIL} or charge {CARD} today."
REDACT: Json = {"redact": {"email": True, "credit_card": True}}
REDACTED = "Write to [EMAIL] or charge [CREDIT_CARD] today."
BUSY: Json = {
    "system": [{"type": "text", "text": "x-anthropic-billing-header: 1"}, {"type": "text", "text": "Be brief."}],
    "metadata": {"user_id": "u" * 90},
    "cache_control": {"type": "ephemeral"},
    "novelty": 1,
}
"""Members that other dialects have otherwise, or not at all."""


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


def message(answer: Answer) -> Json:
    """The message that a stream adds up to."""
    return message_of([event for event in answer.events if event[0] != "ping"])


async def redacted_at_random(
    port: int, provider: RawProvider, seed: int, stream: Callable[[Sequence[str], Sequence[str]], bytes]
) -> tuple[Json, Json]:
    """What a provider is sent, and the message that the client reads, of a call that is full of personal data.

    Fails where any of it goes through. `stream` makes the provider's answer of the deltas of a text and of a tool's
    arguments, which are cut at random places, and so is what it makes.
    """
    random = Random(seed)
    places = sorted(random.randrange(len(PLANTED)) for _ in range(6))
    texts = [PLANTED[start:end] for start, end in zip([0, *places], [*places, len(PLANTED)], strict=True)]
    arguments = json.dumps({"to": EMAIL, "card": CARD})
    data = stream(texts, [arguments[at : at + 7] for at in range(0, len(arguments), 7)])
    cut = random.randrange(1, len(data))
    provider.answers = [head(), chunk(data[:cut]), 0.01, chunk(data[cut:]), LAST_CHUNK]
    history = [{"role": "user", "content": PLANTED}]
    answer = await ask(port, body("raw/redacted", stream=True, gateway=REDACT, messages=history))
    sent = (await provider.called()).content
    for held in (sent, answer.content):
        assert EMAIL.encode() not in held
        assert CARD.encode() not in held
    return json.loads(sent), message(answer)
