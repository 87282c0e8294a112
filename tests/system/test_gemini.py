"""Gemini upstream: a provider of raw bytes on the other side (what all dialects share: test_translated).

`google/*` is the embedded provider, by a model with an author; `raw/*`, `studio/*`, `vertex/*` send what a test says;
`turn/*` is a Gemini endpoint and then a Messages endpoint.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import anthropic
import pytest

from tests.support.answers import failure, streamed, whole
from tests.support.gemini import call, conversation, counts, response, text, thought
from tests.support.processes import Running
from tests.support.raw_client import ask, body, exchange
from tests.support.raw_provider import RawProvider
from tests.system.planted import ENVIRON
from tests.system.translated import (
    CARD,
    EMAIL,
    PLANTED,
    PRICE,
    REDACT,
    REDACTED,
    WEATHER,
    Json,
    message,
    redacted_at_random,
    said,
    sse,
)

SCHEMA: Json = WEATHER["input_schema"] | {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "properties": {"city": {"type": "string", "title": "City"}, "title": {"const": "x"}},
    "additionalProperties": False,
}
TOOLS = [WEATHER | {"input_schema": SCHEMA}]
VERTEX = "/v1/projects/p-1/locations/global/publishers/google"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running) -> Iterator[Running]:
    raw, upstream = f"http://127.0.0.1:{raw_port}", f"http://127.0.0.1:{demo.port}"
    credential = {"env": "PROVIDER_KEY"}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            "gem": {"dialect": "gemini", "base_url": f"{upstream}/v1beta", "price": PRICE},
            "google-ai-studio": {"base_url": f"{raw}/v1beta", "credential": credential, "price": PRICE},
            "raw": {"dialect": "gemini", "base_url": f"{raw}/v1beta", "credential": credential, "price": PRICE},
            "google-vertex": {"base_url": f"{raw}{VERTEX}", "credential": credential},
            "native": {"dialect": "messages", "base_url": raw},
        },
        "models": {
            "google/agent": [{"provider": "gem", "model": "agent@delay=0"}],
            "raw/*": [{"provider": "raw", "model": "*"}],
            "studio/*": [{"provider": "google-ai-studio", "model": "*"}],
            "vertex/*": [{"provider": "google-vertex", "model": "*"}],
            "turn/*": [{"provider": "raw", "model": "gemini-3"}, {"provider": "native", "model": "native"}],
        },
    }
    with Running.relay(config, tmp_path_factory.mktemp("gemini"), ENVIRON) as process:
        yield process
    assert process.noise == []


def answered(data: bytes) -> Any:
    """A whole answer: what one event says."""
    return whole(data.removeprefix(b"data: ").strip())


@pytest.mark.parametrize("stream", [True, False])
async def test_pitfall_33_a_tool_loop_gives_the_signature_back_as_it_was(
    client: anthropic.AsyncAnthropic, demo: Running, stream: bool
) -> None:
    first = await said(client, "google/agent", stream=stream, tools=[WEATHER, WEATHER | {"name": "other"}])
    calls = [block for block in first.content if block.type == "tool_use"]
    assert len({call.id for call in calls}) == 2
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": f"{call.name}!"} for call in reversed(calls)]
    history: Any = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]},
        {"role": "user", "content": results},
    ]
    second = await said(client, "google/agent", stream=stream, tools=[WEATHER], messages=history)
    assert second.content[0].text == "The demo called a tool, which answered: weather! | other!"
    assert second.stop_reason == "end_turn"

    told = await _seen(demo)
    _, turn, _ = told["contents"]
    (signature,) = [part["thoughtSignature"] for part in turn["parts"] if "thoughtSignature" in part]
    carrier = next(block for block in first.content if block.type == "thinking" and not block.thinking)
    assert carrier.signature.startswith("relay1.google.")
    assert carrier.signature.endswith(f".{signature}")
    assert [next(iter(part)) for part in turn["parts"]] == ["text", "functionCall", "functionCall"]


async def _seen(demo: Running) -> Json:
    """The last request as the embedded provider had it."""
    answer = await exchange(demo.port, b"GET /_demo/seen?last=1 HTTP/1.1\r\nhost: demo\r\n\r\n")
    (last,) = answer.json["seen"]
    found: Json = last["body"] if isinstance(last["body"], dict) else json.loads(last["body"])
    return found


async def test_what_is_sent_and_where(gateway: Running, provider: RawProvider) -> None:
    provider.answers = sse(conversation(text("hi")))
    asked = body(
        "raw/gemini-2.5-flash",
        stream=True,
        system=[{"type": "text", "text": "x-anthropic-billing-header: 1"}, {"type": "text", "text": "Be brief."}],
        metadata={"user_id": "u"},
        tools=TOOLS,
        thinking={"type": "enabled", "budget_tokens": 1024},
        max_tokens=2000,
        novelty=1,
    )
    answer = await ask(gateway.port, asked)
    received = await provider.called()
    path = b"/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert received.head.startswith(b"POST %b HTTP/1.1" % path)
    assert received.fields["x-goog-api-key"] == ENVIRON["PROVIDER_KEY"]
    assert not {"authorization", "x-api-key", "anthropic-version", "anthropic-beta"} & received.fields.keys()
    assert json.loads(received.content) == {
        "contents": [{"role": "user", "parts": [{"text": "hello"}]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "weather",
                        "description": "The weather of a city.",
                        "parameters": {
                            "type": "object",
                            "properties": {"city": {"type": "string"}, "title": {"type": "string", "enum": ["x"]}},
                            "required": ["city"],
                        },
                    }
                ]
            }
        ],
        "generationConfig": {
            "maxOutputTokens": 2000,
            "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 1024},
        },
    }
    assert message(answer)["provider"] == "raw"


async def test_a_known_provider_takes_json_schema(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [answered(conversation(text("hi")))]
    answer = await ask(gateway.port, body("studio/gemini-3-pro", tools=TOOLS))
    assert answer.status == 200
    received = await provider.called()
    assert received.head.startswith(b"POST /v1beta/models/gemini-3-pro:generateContent HTTP/1.1")
    (declared,) = json.loads(received.content)["tools"][0]["functionDeclarations"]
    assert declared["parametersJsonSchema"] == SCHEMA


async def test_vertex_is_told_a_token_and_the_project(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [answered(conversation(text("hi")))]
    answer = await ask(gateway.port, body("vertex/gemini-3-pro"))
    assert answer.json["content"][0]["text"] == "hi"
    received = await provider.called()
    assert received.head.startswith(b"POST %b/models/gemini-3-pro:generateContent HTTP/1.1" % VERTEX.encode())
    assert received.fields["authorization"] == f"Bearer {ENVIRON['PROVIDER_KEY']}"
    assert "x-goog-api-key" not in received.fields


async def test_tokens_are_counted_and_charged_once(gateway: Running, provider: RawProvider) -> None:
    usage = counts(1200, 50, cachedContent=1000, thoughts=30)
    provider.answers = sse(response(text("hi"), usage=counts(1200, 1)) + response(finish="STOP", usage=usage))
    answer = await ask(gateway.port, body("raw/cached", stream=True))
    told = answer.events[-2][1]["usage"]
    assert (told["input_tokens"], told["cache_read_input_tokens"], told["output_tokens"]) == (200, 1000, 80)
    cost = (200 * 2.0 + 1000 * 0.5 + 80 * 10.0) / 1e6
    assert told["cost"] == pytest.approx(cost)
    record = await gateway.record_of("raw/cached")
    assert (record["cost_nanousd"], record["basis"]) == (round(cost * 1e9), "provider_final")


async def test_a_prompt_that_is_refused_is_a_refusal(client: anthropic.AsyncAnthropic, provider: RawProvider) -> None:
    blocked = response(candidates=..., promptFeedback={"blockReason": "SAFETY"}, usage=counts(9, None))
    for stream, steps in ((True, sse(blocked)), (False, [answered(blocked)])):
        provider.answers = steps
        found = await said(client, "raw/x", stream=stream)
        assert (found.content, found.stop_reason) == ([], "refusal")


@pytest.mark.parametrize(
    "steps",
    [
        sse(response(finish="MALFORMED_FUNCTION_CALL")),
        sse(response(text("")) + b'data: {"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}\r\n\r\n'),
        [failure("429 Full", "RESOURCE_EXHAUSTED", "full")],
        sse(b""),
    ],
)
async def test_pitfall_38_a_call_goes_on_while_the_model_said_nothing(
    gateway: Running, provider: RawProvider, steps: list[Any]
) -> None:
    provider.answers = lambda received: steps if b"/v1beta/" in received.head else [streamed()]
    answer = await ask(gateway.port, body("turn/x", stream=True, provider={"order": ["raw", "native"]}))
    assert answer.status == 200
    assert [kind for kind, _ in answer.events].count("message_start") == 1
    assert message(answer)["provider"] == "native"


async def test_pitfall_74_an_answer_that_is_begun_is_refused(gateway: Running, provider: RawProvider) -> None:
    prefill = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Well,"}]
    answer = await ask(gateway.port, body("raw/x", stream=True, messages=prefill))
    assert (answer.status, answer.error["message"].split(": ")[0]) == (400, "messages.1")
    assert provider.calls == []


@pytest.mark.parametrize("status", ["400 Bad Request", "429 Too Many Requests"])
async def test_pitfall_89_no_key_is_told_that_google_quotes(
    gateway: Running, provider: RawProvider, status: str
) -> None:
    said = {"code": int(status[:3]), "message": f"no {ENVIRON['PROVIDER_KEY']}", "status": "INVALID_ARGUMENT"}
    provider.answers = [whole(json.dumps([{"error": said}]).encode(), status=status)]
    answer = await ask(gateway.port, body("raw/x", stream=True))
    assert (answer.status, answer.error["message"]) == (int(status[:3]), "no ***")


@pytest.mark.parametrize("seed", range(12))
async def test_redaction_holds_in_both_directions_at_random_cuts(
    gateway: Running, provider: RawProvider, seed: int
) -> None:
    def stream(texts: Sequence[str], pieces: Sequence[str]) -> bytes:
        used = call("send", json.loads("".join(pieces)), signature="c2ln")
        return conversation(*[text(piece) for piece in texts if piece], thought(PLANTED), used)

    sent, read = await redacted_at_random(gateway.port, provider, seed, stream)
    assert sent["contents"][0]["parts"] == [{"text": REDACTED}]
    said, thinks, signed, used = read["content"]
    assert (said["text"], thinks["thinking"]) == (REDACTED, REDACTED)
    assert (signed["thinking"], signed["signature"].rpartition(".")[2]) == ("", "c2ln")
    assert json.loads(used["arguments"]) == {"to": "[EMAIL]", "card": "[CREDIT_CARD]"}


async def test_calls_and_their_results_go_out_redacted(gateway: Running, provider: RawProvider) -> None:
    provider.answers = sse(conversation(text("hi")))
    history = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "send", "input": {"to": EMAIL}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": PLANTED}]},
    ]
    await ask(gateway.port, body("raw/redacted", stream=True, gateway=REDACT, messages=history))
    _, used, result = json.loads((await provider.called()).content)["contents"]
    assert used["parts"][0]["functionCall"]["args"] == {"to": "[EMAIL]"}
    assert result["parts"][0]["functionResponse"]["response"] == {"output": REDACTED}


async def test_a_whole_answer_is_redacted_too(gateway: Running, provider: RawProvider) -> None:
    parts = [thought(PLANTED, "bW9y"), text(PLANTED), thought(PLANTED), call("send", {"to": EMAIL}, signature="c2ln")]
    provider.answers = [answered(response(*parts, finish="STOP", usage=counts()))]
    answer = await ask(gateway.port, body("raw/x", gateway=REDACT))
    assert answer.status == 200
    for held in (EMAIL, CARD):
        assert held.encode() not in answer.content
    assert answer.json["content"][-1]["input"] == {"to": "[EMAIL]"}
    signed = [block for block in answer.json["content"] if block.get("signature", "").endswith((".bW9y", ".c2ln"))]
    assert [block["thinking"] for block in signed] == ["", ""], "thoughts are texts, and no text is signed"
