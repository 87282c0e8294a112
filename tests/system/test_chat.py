"""Chat Completions upstream: a provider of raw bytes on the other side (what all dialects share: test_translated).

`raw/*` sends what a test says, `pair/*` is a Messages endpoint that fails and then a Chat endpoint, `turn/*` the other
way round.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.support import chunks
from tests.support.answers import LAST_CHUNK, chunk, failure, head, streamed, whole
from tests.support.chunks import DONE, ROLE, content, conversation, fragment, message_of, tool, usage
from tests.support.processes import Running
from tests.support.raw_client import ask, body, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import FIN, RawProvider
from tests.system.planted import ENVIRON
from tests.system.translated import (
    BUSY,
    EMAIL,
    PLANTED,
    PRICE,
    REDACT,
    REDACTED,
    Json,
    message,
    redacted_at_random,
    sse,
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, raw_port: int) -> Iterator[Running]:
    raw = f"http://127.0.0.1:{raw_port}"
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            "raw": {"dialect": "chat", "base_url": f"{raw}/v1", "credential": {"env": "PROVIDER_KEY"}, "price": PRICE},
            "native": {"dialect": "messages", "base_url": raw},
            "deepseek": {"base_url": f"{raw}/v1", "credential": {"env": "PROVIDER_KEY"}, "price": PRICE},
        },
        "models": {
            "raw/*": [{"provider": "raw", "model": "*"}],
            "deepseek/reasoner": [{"provider": "deepseek", "model": "reasoner"}],
            "pair/*": [{"provider": "native", "model": "native"}, {"provider": "raw", "model": "chat"}],
            "turn/*": [{"provider": "raw", "model": "chat"}, {"provider": "native", "model": "native"}],
        },
    }
    with Running.relay(config, tmp_path_factory.mktemp("chat"), ENVIRON) as process:
        yield process
    assert process.noise == []


def completion(message: Json, finish: str = "stop", **members: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant"} | message, "finish_reason": finish}
    usage = {"prompt_tokens": 1200, "completion_tokens": 50, "total_tokens": 1250}
    return whole(
        json.dumps({"id": "chatcmpl-9", "model": "up", "choices": [choice], "usage": usage} | members).encode()
    )


async def test_what_is_sent_and_where(gateway: Running, provider: RawProvider) -> None:
    provider.answers = sse(conversation(content("hi")))
    answer = await ask(gateway.port, body("raw/up-model", stream=True, **BUSY))
    received = await provider.called()
    sent = json.loads(received.content)
    assert received.head.startswith(b"POST /v1/chat/completions HTTP/1.1")
    assert received.fields["authorization"] == f"Bearer {ENVIRON['PROVIDER_KEY']}"
    assert not {"x-api-key", "anthropic-version", "anthropic-beta"} & received.fields.keys()
    assert len(sent.pop("user")) == 64
    assert sent == {
        "model": "up-model",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 100,
    }
    assert message(answer)["provider"] == "raw"


async def test_cached_tokens_are_counted_and_charged_once(gateway: Running, provider: RawProvider) -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 1000}}
    provider.answers = sse(ROLE + content("hi") + chunks.chunk(finish="stop") + usage(1200, 50, **details) + DONE)
    answer = await ask(gateway.port, body("raw/cached", stream=True))
    told = answer.events[-2][1]["usage"]
    assert (told["input_tokens"], told["cache_read_input_tokens"], told["output_tokens"]) == (200, 1000, 50)
    cost = (200 * 2.0 + 1000 * 0.5 + 50 * 10.0) / 1e6
    assert told["cost"] == pytest.approx(cost)
    record = await gateway.record_of("raw/cached")
    assert (record["cost_nanousd"], record["basis"]) == (round(cost * 1e9), "provider_final")


async def test_a_whole_answer_has_the_same_numbers(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [completion({"content": "hi", "reasoning_content": "hm"})]
    answer = await ask(gateway.port, body("raw/unary"))
    told = answer.json
    assert [block["type"] for block in told["content"]] == ["thinking", "text"]
    assert (told["usage"]["input_tokens"], told["usage"]["output_tokens"]) == (1200, 50)
    assert (await gateway.record_of("raw/unary"))["cost_nanousd"] == 1200 * 2000 + 50 * 10000


async def test_pitfall_16_and_17_ids_and_names_lead_back(gateway: Running, provider: RawProvider) -> None:
    long = "a_tool_with_" + "x" * 80
    provider.answers = lambda received: sse(
        conversation(
            tool(fragment(0, "functions.f:0", json.loads(received.content)["tools"][0]["function"]["name"], "{}"))
        )
    )
    tools = [{"name": long, "input_schema": {"type": "object"}}]
    history = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t" * 70, "name": long, "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t" * 70, "content": "ok"}]},
    ]
    answer = await ask(gateway.port, body("raw/names", stream=True, tools=tools, messages=history))
    sent = json.loads((await provider.called()).content)
    call, result = sent["messages"][1]["tool_calls"][0], sent["messages"][2]
    assert call["id"] == result["tool_call_id"]
    assert len(call["id"]) <= 40
    assert call["function"]["name"] == sent["tools"][0]["function"]["name"]
    assert len(call["function"]["name"]) <= 64
    (block,) = message(answer)["content"]
    assert block["name"] == long
    assert block["id"].startswith("toolu_")


async def test_a_call_goes_from_messages_to_chat_before_its_first_event(
    gateway: Running, provider: RawProvider
) -> None:
    provider.answers = lambda received: (
        [failure("529 Full", "overloaded_error", "full")]
        if b"/v1/messages" in received.head
        else sse(conversation(content("from chat")))
    )
    answer = await ask(gateway.port, body("pair/x", stream=True, provider={"order": ["native", "raw"]}))
    told = message(answer)
    assert (told["content"][0]["text"], told["provider"]) == ("from chat", "raw")
    record = await gateway.record_of("pair/x")
    assert [attempt["status"] for attempt in record["attempts"]] == [529, 200]


@pytest.mark.parametrize(
    "steps",
    [
        [head(), chunk(ROLE), FIN],
        [head(), chunk(ROLE + chunks.frame({"error": {"message": "no", "code": 503}})), LAST_CHUNK],
        [head(), chunk(b""), LAST_CHUNK],
    ],
)
async def test_pitfall_38_a_call_goes_on_while_the_model_said_nothing(
    gateway: Running, provider: RawProvider, steps: list[Any]
) -> None:
    provider.answers = lambda received: steps if b"chat/completions" in received.head else [streamed()]
    answer = await ask(gateway.port, body("turn/x", stream=True, provider={"order": ["raw", "native"]}))
    assert answer.status == 200
    assert [kind for kind, _ in answer.events].count("message_start") == 1
    assert message(answer)["provider"] == "native"


async def test_what_chat_can_not_carry_goes_to_messages_or_is_refused(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    prefill = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Well,"}]
    answer = await ask(
        gateway.port, body("turn/x", stream=True, provider={"order": ["raw", "native"]}, messages=prefill)
    )
    assert answer.status == 200
    assert b"/v1/messages" in provider.calls[0].head

    answer = await ask(gateway.port, body("raw/x", stream=True, messages=prefill))
    assert answer.status == 400
    assert answer.error["message"].startswith("messages.1: ")
    assert len(provider.calls) == 1


async def test_pitfall_88_tokens_are_counted_here(gateway: Running, provider: RawProvider) -> None:
    content = body("raw/x")
    answer = await exchange(gateway.port, request_head(len(content), path="/v1/messages/count_tokens") + content)
    assert (answer.status, answer.fields["x-relay-estimated"]) == (200, "true")
    assert answer.json["input_tokens"] > 0
    assert provider.calls == []


@pytest.mark.parametrize("seed", range(12))
async def test_redaction_holds_in_both_directions_at_random_cuts(
    gateway: Running, provider: RawProvider, seed: int
) -> None:
    def stream(texts: Sequence[str], pieces: Sequence[str]) -> bytes:
        return conversation(content(*texts), chunks.call(0, "c", "send", *pieces))

    sent, read = await redacted_at_random(gateway.port, provider, seed, stream)
    assert read["content"][0]["text"] == sent["messages"][0]["content"] == REDACTED
    assert json.loads(read["content"][1]["arguments"]) == {"to": "[EMAIL]", "card": "[CREDIT_CARD]"}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("mode", ["mask", "placeholder"])
async def test_pitfall_32_thinking_goes_back_with_its_call_while_redaction_is_on(
    gateway: Running, provider: RawProvider, mode: str, stream: bool
) -> None:
    """The client has the originals where its policy restores them; the provider never does, nor another's address."""
    masked = "[EMAIL]" if mode == "mask" else "[EMAIL_1]"
    thought = f"Write to {masked}, not to bob@y.org."
    step = chunks.call(0, "c", "send", '{"to":"', masked, '"}')
    there: Json = {"content": None, "reasoning_content": thought}
    there["tool_calls"] = [{"id": "c", "function": {"name": "send", "arguments": f'{{"to":"{masked}"}}'}}]
    provider.answers = (
        sse(conversation(chunks.reasoning(thought[:30], thought[30:]), step, finish="tool_calls"))
        if stream
        else [completion(there, "tool_calls")]
    )
    asked: Json = {"gateway": {"redact": {"email": True, "mode": mode}}, "stream": stream}
    first = {"role": "user", "content": f"Write to {EMAIL}."}
    answer = await ask(gateway.port, body("deepseek/reasoner", messages=[first], **asked))
    blocks = (
        message_of([event for event in answer.events if event[0] != "ping"])["content"]
        if stream
        else answer.json["content"]
    )
    seen = EMAIL if mode == "placeholder" else masked
    other = "[EMAIL_2]" if mode == "placeholder" else masked
    assert blocks[0]["thinking"] == f"Write to {seen}, not to {other}."
    call = {"type": "tool_use", "id": blocks[1]["id"], "name": "send", "input": {"to": seen}}
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "sent"}
    history = [first, {"role": "assistant", "content": [blocks[0], call]}, {"role": "user", "content": [result]}]
    provider.answers = [completion({"content": "Done."})]
    await ask(gateway.port, body("deepseek/reasoner", messages=history, **(asked | {"stream": False})))
    told = json.loads((await provider.called(2)).content)["messages"][1]
    assert told["tool_calls"][0]["function"]["arguments"] == f'{{"to":"{masked}"}}'
    assert told["reasoning_content"] == f"Write to {masked}, not to {other}."


async def test_a_whole_answer_is_redacted_too(gateway: Running, provider: RawProvider) -> None:
    call = {"id": "c", "function": {"name": "send", "arguments": json.dumps({"to": EMAIL})}}
    provider.answers = [completion({"content": PLANTED, "tool_calls": [call]}, "tool_calls")]
    answer = await ask(gateway.port, body("raw/x", gateway=REDACT))
    assert answer.status == 200
    assert EMAIL.encode() not in answer.content
    assert answer.json["content"][1]["input"] == {"to": "[EMAIL]"}
