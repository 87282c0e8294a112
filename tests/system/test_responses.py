"""Responses upstream: a provider of raw bytes on the other side (what all dialects share: test_translated).

`responses/*` is the embedded provider, `named/thinker` one model of it; `raw/*` sends what a test says, `pair/*` is a
Messages endpoint that fails and then a Responses endpoint.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import anthropic
import pytest

from tests.support import responses
from tests.support.answers import LAST_CHUNK, chunk, failure, head, whole
from tests.support.processes import Running
from tests.support.raw_client import ask, body
from tests.support.raw_provider import FIN, RawProvider
from tests.support.responses import USAGE, call, call_item, completed, conversation, reasoning_item, text, text_part
from tests.system.planted import ENVIRON
from tests.system.translated import (
    BUSY,
    CARD,
    EMAIL,
    PLANTED,
    PRICE,
    REDACT,
    REDACTED,
    message,
    redacted_at_random,
    said,
    sse,
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running) -> Iterator[Running]:
    raw, upstream = f"http://127.0.0.1:{raw_port}", f"http://127.0.0.1:{demo.port}"
    key = {"env": "PROVIDER_KEY"}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            "responses": {"dialect": "responses", "base_url": f"{upstream}/v1", "price": PRICE},
            "raw": {"dialect": "responses", "base_url": f"{raw}/v1", "credential": key, "price": PRICE},
            "native": {"dialect": "messages", "base_url": raw},
        },
        "models": {
            "responses/*": [{"provider": "responses", "model": "*"}],
            "named/thinker": [{"provider": "responses", "model": "thinking@delay=0"}],
            "anthropic/other": [{"provider": "native", "model": "other"}],
            "raw/*": [{"provider": "raw", "model": "*"}],
            "pair/*": [{"provider": "native", "model": "native"}, {"provider": "raw", "model": "responses"}],
        },
    }
    with Running.relay(config, tmp_path_factory.mktemp("responses"), ENVIRON) as process:
        yield process
    assert process.noise == []


async def test_pitfall_29_thinking_goes_back_to_its_provider_alone(
    client: anthropic.AsyncAnthropic, gateway: Running, provider: RawProvider
) -> None:
    first = await said(client, "named/thinker", stream=True)
    assert first.content[0].signature.startswith("relay1.responses.")
    turn = [block.model_dump(exclude_none=True) for block in first.content]
    history: Any = [{"role": "user", "content": "a"}, {"role": "assistant", "content": turn}]
    history.append({"role": "user", "content": "b"})
    again = await said(client, "responses/chat@delay=0", stream=True, messages=history)
    assert again.stop_reason == "end_turn"

    provider.answers = sse(conversation(text(0, "hi")))
    await ask(gateway.port, body("raw/x", stream=True, messages=history))
    kinds = [item.get("type", "message") for item in json.loads((await provider.called()).content)["input"]]
    assert kinds == ["message"] * 3

    provider.answers = [failure("400 No", "invalid_request_error", "no")]
    await ask(gateway.port, body("anthropic/other", messages=history))
    assert b"thinking" not in provider.calls[-1].content
    assert b"relay1" not in provider.calls[-1].content


async def test_what_is_sent_and_where(gateway: Running, provider: RawProvider) -> None:
    provider.answers = sse(conversation(text(0, "hi")))
    answer = await ask(gateway.port, body("raw/up-model", stream=True, **BUSY))
    received = await provider.called()
    sent = json.loads(received.content)
    assert received.head.startswith(b"POST /v1/responses HTTP/1.1")
    assert received.fields["authorization"] == f"Bearer {ENVIRON['PROVIDER_KEY']}"
    assert not {"x-api-key", "anthropic-version", "anthropic-beta"} & received.fields.keys()
    assert len(sent.pop("safety_identifier")) == 64
    assert sent == {
        "model": "up-model",
        "input": [{"role": "user", "content": "hello"}],
        "instructions": "Be brief.",
        "stream": True,
        "store": False,
        "max_output_tokens": 100,
    }
    assert message(answer)["provider"] == "raw"


async def test_cached_tokens_are_counted_and_charged_once(gateway: Running, provider: RawProvider) -> None:
    told = USAGE | {"input_tokens": 1200, "input_tokens_details": {"cached_tokens": 1000}, "output_tokens": 50}
    provider.answers = sse(conversation(text(0, "hi"), end=completed(usage=told)))
    answer = await ask(gateway.port, body("raw/cached", stream=True))
    usage = answer.events[-2][1]["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (200, 1000, 50)
    cost = (200 * 2.0 + 1000 * 0.5 + 50 * 10.0) / 1e6
    assert usage["cost"] == pytest.approx(cost)
    record = await gateway.record_of("raw/cached")
    assert (record["cost_nanousd"], record["basis"]) == (round(cost * 1e9), "provider_final")


async def test_a_whole_answer_has_the_same_numbers(gateway: Running, provider: RawProvider) -> None:
    output = [reasoning_item("hm", encrypted="gA"), responses.message(text_part("hi"))]
    provider.answers = [whole(json.dumps(responses.response("completed", output=output, usage=USAGE)).encode())]
    told = (await ask(gateway.port, body("raw/unary"))).json
    assert [block["type"] for block in told["content"]] == ["thinking", "text"]
    assert told["content"][0]["signature"].startswith("relay1.raw.")
    assert (told["usage"]["input_tokens"], told["usage"]["output_tokens"]) == (12, 5)
    assert (await gateway.record_of("raw/unary"))["cost_nanousd"] == 12 * 2000 + 5 * 10000


async def test_pitfall_16_and_17_ids_and_names_lead_back(gateway: Running, provider: RawProvider) -> None:
    long = "a_tool_with_" + "x" * 80
    provider.answers = lambda received: sse(
        conversation(call(0, "functions.f:0", json.loads(received.content)["tools"][0]["name"], "{}"))
    )
    history = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t" * 70, "name": long, "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t" * 70, "content": "ok"}]},
    ]
    tools = [{"name": long, "input_schema": {"type": "object"}}]
    answer = await ask(gateway.port, body("raw/names", stream=True, tools=tools, messages=history))
    sent = json.loads((await provider.called()).content)
    assert sent["input"][1]["call_id"] == sent["input"][2]["call_id"]
    assert len(sent["input"][1]["call_id"]) <= 40
    assert sent["input"][1]["name"] == sent["tools"][0]["name"]
    (block,) = message(answer)["content"]
    assert block["name"] == long
    assert block["id"].startswith("toolu_")


async def test_a_call_goes_from_messages_to_responses_before_its_first_event(
    gateway: Running, provider: RawProvider
) -> None:
    provider.answers = lambda received: (
        [failure("529 Full", "overloaded_error", "full")]
        if b"/v1/messages" in received.head
        else sse(conversation(text(0, "from responses")))
    )
    answer = await ask(gateway.port, body("pair/x", stream=True, provider={"order": ["native", "raw"]}))
    assert (message(answer)["content"][0]["text"], message(answer)["provider"]) == ("from responses", "raw")
    record = await gateway.record_of("pair/x")
    assert [attempt["status"] for attempt in record["attempts"]] == [529, 200]


@pytest.mark.parametrize(
    "steps",
    [
        [head(), chunk(responses.CREATED), FIN],
        [head(), chunk(responses.CREATED + responses.event("error", code="server_error", message="no")), LAST_CHUNK],
        [
            head(),
            chunk(responses.event("response.failed", response=responses.response("failed", error={"code": "x"}))),
            LAST_CHUNK,
        ],
        [head(), LAST_CHUNK],
    ],
)
async def test_a_call_goes_on_while_the_model_said_nothing(
    gateway: Running, provider: RawProvider, steps: list[Any]
) -> None:
    answers = iter([steps, sse(conversation(text(0, "second")))])
    provider.answers = lambda _: next(answers)
    answer = await ask(gateway.port, body("raw/x", stream=True, models=["raw/y"]))
    assert answer.status == 200
    assert [kind for kind, _ in answer.events].count("message_start") == 1
    assert message(answer)["content"][0]["text"] == "second"


async def test_pitfall_74_an_answer_that_is_begun_is_refused(gateway: Running, provider: RawProvider) -> None:
    prefill = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Well,"}]
    answer = await ask(gateway.port, body("raw/x", stream=True, messages=prefill))
    assert answer.status == 400
    assert answer.error["message"].startswith("messages.1: ")
    assert provider.calls == []


@pytest.mark.parametrize("seed", range(12))
async def test_redaction_holds_in_both_directions_at_random_cuts(
    gateway: Running, provider: RawProvider, seed: int
) -> None:
    cited = {"type": "url_citation", "url": "https://x", "title": f"Page of {EMAIL}"}

    def stream(texts: Sequence[str], pieces: Sequence[str]) -> bytes:
        thought, said = responses.reasoning(0, (PLANTED,)), text(1, *texts, annotations=(cited,))
        return conversation(thought, said, call(2, "c", "send", *pieces))

    sent, read = await redacted_at_random(gateway.port, provider, seed, stream)
    thought, said, used = read["content"]
    assert thought["thinking"] == said["text"] == sent["input"][0]["content"] == REDACTED
    assert said["citations"][0]["title"] == "Page of [EMAIL]"
    assert json.loads(used["arguments"]) == {"to": "[EMAIL]", "card": "[CREDIT_CARD]"}


async def test_a_whole_answer_is_redacted_too(gateway: Running, provider: RawProvider) -> None:
    cited = {"type": "url_citation", "url": "https://x", "title": f"Page of {EMAIL}"}
    output = [
        reasoning_item(PLANTED, encrypted="gA"),
        responses.message(text_part(PLANTED, cited), responses.part("refusal", refusal=PLANTED)),
        call_item("c", "send", json.dumps({"to": EMAIL})),
    ]
    provider.answers = [whole(json.dumps(responses.response("completed", output=output, usage=USAGE)).encode())]
    answer = await ask(gateway.port, body("raw/x", gateway=REDACT))
    assert answer.status == 200
    for held in (EMAIL, CARD):
        assert held.encode() not in answer.content
    assert answer.json["content"][-1]["input"] == {"to": "[EMAIL]"}
