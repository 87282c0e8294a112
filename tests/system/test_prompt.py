"""What arrives at a provider, and what of it the client is told: caching, thinking, edited contexts, options.

`anthropic/c` is served by `signer`, which signs its thinking and caches where it is told to; `lab/m` by `lab`.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.answers import LAST_CHUNK, chunk, closing, frame, head, message, message_start, streamed, whole
from tests.support.processes import Running
from tests.support.raw_client import Answer, ask, body
from tests.support.raw_provider import RawProvider
from tests.system.planted import ENVIRON
from tests.system.test_bytes import MESSAGES, SYSTEM, TOOLS

MARK = {"type": "ephemeral", "ttl": "1h"}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "sig/+=="}
NOW = {"type": "clear_tool_uses_20250919", "trigger": {"type": "input_tokens", "value": 1}}
Pair = dict[str, RawProvider]


@pytest.fixture
async def providers() -> AsyncIterator[Pair]:
    pair = {"signer": RawProvider(), "lab": RawProvider()}
    for each in pair.values():
        await each.start()
        each.answers = [whole(message(content=[THOUGHT, {"type": "text", "text": "so"}]))]
    yield pair
    for each in pair.values():
        await each.stop()


@pytest.fixture
def relay(providers: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    config: dict[str, Any] = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            name: {"dialect": "messages", "base_url": f"http://127.0.0.1:{each.port}"}
            for name, each in providers.items()
        },
        "models": {
            "anthropic/c": [{"provider": "signer", "model": "up", "caching": "explicit"}],
            "lab/m": [{"provider": "lab", "model": "up", "caching": "none", "betas": ["x-2025-01-01"]}],
            "lab/small": [{"provider": "lab", "model": "up", "context_tokens": 100}],
            "lab/both": [
                {"provider": "signer", "model": "up", "adaptive_only": True},
                {"provider": "lab", "model": "up", "reasoning_style": "none"},
            ],
        },
    }
    with Running.relay(config, tmp_path_factory.mktemp("prompt"), ENVIRON) as process:
        yield process


def sent(provider: RawProvider) -> dict[str, Any]:
    return dict(json.loads(provider.calls[-1].content))


def thinking_stream() -> bytes:
    start = frame("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""})
    deltas = [{"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "sig/+=="}]
    told = b"".join(frame("content_block_delta", index=0, delta=each) for each in deltas)
    return head() + chunk(message_start() + start + told + closing()) + LAST_CHUNK


async def replayed(relay: Running, model: str, signature: str) -> Answer:
    said = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [THOUGHT | {"signature": signature}, {"type": "text", "text": "so"}]},
        {"role": "user", "content": "b"},
    ]
    answer = await ask(relay.port, body(model, messages=said))
    assert answer.status == 200
    return answer


def signature_of(answer: Answer) -> str:
    """What the client reads of a signature, streamed or whole."""
    if "event-stream" not in answer.fields["content-type"]:
        return str(answer.json["content"][0]["signature"])
    deltas = [event["delta"] for kind, event in answer.events if kind == "content_block_delta"]
    return str(next(delta["signature"] for delta in deltas if delta["type"] == "signature_delta"))


@pytest.mark.parametrize("model", ["anthropic/c", "lab/both"])
@pytest.mark.parametrize("streams", [b"true", b"false"])
async def test_system_tools_and_messages_arrive_byte_for_byte(
    relay: Running, providers: Pair, model: str, streams: bytes
) -> None:
    if streams == b"true":
        providers["signer"].answers = [streamed()]
    said = (streams, model.encode(), SYSTEM, TOOLS, MESSAGES)
    content = b'{"stream":%b,"model":"%b","system":%b,"tools":%b, "messages":%b}' % said

    answer = await ask(relay.port, content)

    assert answer.status == 200
    assert [part for part in (SYSTEM, TOOLS, MESSAGES) if part not in providers["signer"].calls[-1].content] == []


async def test_a_mark_of_the_whole_goes_to_the_last_block_of_an_endpoint_without_automatic_caching(
    relay: Running, providers: Pair
) -> None:
    assert (await ask(relay.port, body("anthropic/c", cache_control=MARK))).status == 200

    asked = sent(providers["signer"])
    assert "cache_control" not in asked
    assert asked["messages"][-1]["content"][-1]["cache_control"] == MARK


async def test_marks_do_not_reach_an_endpoint_that_does_not_cache(relay: Running, providers: Pair) -> None:
    marked = [{"type": "text", "text": "a", "cache_control": MARK}]

    await ask(relay.port, body("lab/m", cache_control=MARK, messages=[{"role": "user", "content": marked}]))

    assert b"cache_control" not in providers["lab"].calls[-1].content


async def test_a_fifth_mark_is_refused_before_anything_is_sent(relay: Running, providers: Pair) -> None:
    blocks = [{"type": "text", "text": str(at), "cache_control": MARK} for at in range(5)]
    said = {"messages": [{"role": "user", "content": blocks}]}

    refused = await ask(relay.port, body("anthropic/c", **said))

    assert refused.status == 400
    assert refused.error["message"].startswith("messages.0.content.4.cache_control: ")
    assert providers["signer"].calls == []
    assert (await ask(relay.port, body("lab/m", **said))).status == 200


@pytest.mark.parametrize("stream", [True, False])
async def test_thinking_goes_back_to_its_family_alone(relay: Running, providers: Pair, stream: bool) -> None:
    if stream:
        for each in providers.values():
            each.answers = [thinking_stream()]
    by_lab = signature_of(await ask(relay.port, body("lab/m", stream=stream)))
    by_signer = signature_of(await ask(relay.port, body("anthropic/c", stream=stream)))
    for each in providers.values():
        each.answers = [whole(message())]

    assert by_lab.startswith("relay1.lab.")
    assert by_signer == "sig/+=="
    await replayed(relay, "lab/m", by_lab)
    assert sent(providers["lab"])["messages"][1]["content"][0] == THOUGHT
    await replayed(relay, "anthropic/c", by_signer)
    assert sent(providers["signer"])["messages"][1]["content"][0] == THOUGHT
    await replayed(relay, "lab/m", by_signer)
    assert sent(providers["lab"])["messages"][1]["content"] == [{"type": "text", "text": "so"}]
    await replayed(relay, "anthropic/c", by_lab)
    assert sent(providers["signer"])["messages"][1]["content"] == [{"type": "text", "text": "so"}]


def history() -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = [{"role": "user", "content": "go"}]
    for at in range(5):
        use = {"type": "tool_use", "id": f"u{at}", "name": "f", "input": {}}
        result = {"type": "tool_result", "tool_use_id": f"u{at}", "content": "long " * 100}
        said += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    return said


@pytest.mark.parametrize("stream", [True, False])
async def test_an_edited_context_never_fails_and_the_answer_tells_of_it(
    relay: Running, providers: Pair, stream: bool
) -> None:
    if stream:
        providers["lab"].answers = [streamed()]
    edits = {"edits": [{"type": "compact_20260112"}, NOW, {"type": "of_2031"}]}

    answer = await ask(relay.port, body("lab/m", stream=stream, messages=history(), context_management=edits))

    assert answer.status == 200
    told = dict(answer.events)["message_delta"] if stream else answer.json
    (applied,) = told["context_management"]["applied_edits"]
    assert (applied["type"], applied["cleared_tool_uses"]) == ("clear_tool_uses_20250919", 2)
    assert applied["cleared_input_tokens"] > 100
    asked = sent(providers["lab"])
    assert "context_management" not in asked
    assert asked["messages"][2]["content"][0]["content"] == "[cleared to save context]"
    assert asked["messages"][6:] == history()[6:]


async def test_an_answer_to_a_context_that_nobody_edits_tells_nothing_of_it(relay: Running) -> None:
    assert "context_management" not in (await ask(relay.port, body("lab/m"))).json


async def test_options_and_betas_reach_the_endpoint_that_they_are_for(relay: Running, providers: Pair) -> None:
    said = {"provider": {"order": ["LAB"], "options": {"Lab": {"top_n": 3}, "signer": {"top_n": 4}}}}

    await ask(relay.port, body("lab/both", **said))
    assert sent(providers["lab"])["top_n"] == 3
    await ask(relay.port, body("lab/both", **said | {"provider": said["provider"] | {"order": ["signer"]}}))
    assert sent(providers["signer"])["top_n"] == 4
    await ask(relay.port, body("lab/m"), anthropic_beta="a-2025-01-01,x-2025-01-01")
    assert providers["lab"].calls[-1].fields["anthropic-beta"] == "x-2025-01-01"


async def test_thinking_is_asked_for_in_the_words_of_each_endpoint(relay: Running, providers: Pair) -> None:
    thinking = {"type": "enabled", "budget_tokens": 2000}

    for name in providers:
        said = {"provider": {"order": [name]}, "thinking": thinking, "max_tokens": 4000}
        assert (await ask(relay.port, body("lab/both", **said))).status == 200

    assert sent(providers["signer"])["thinking"] == {"type": "adaptive"}
    assert "thinking" not in sent(providers["lab"])


async def test_a_prompt_that_fits_nowhere_is_refused_with_its_numbers(relay: Running, providers: Pair) -> None:
    tools = [{"name": "f", "description": "what " * 100, "input_schema": {"type": "object"}}]

    answer = await ask(relay.port, body("lab/small", tools=tools, max_tokens=77))

    assert (answer.status, answer.error["error_type"]) == (400, "context_length_exceeded")
    words = answer.error["message"]
    assert "holds 100 tokens" in words
    assert "77 for the answer" in words
    assert " of text, " in words
    assert " of tools and " in words
    assert "context-compression" in words
    assert providers["lab"].calls == []
