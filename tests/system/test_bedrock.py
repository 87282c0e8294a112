"""Bedrock upstream: the official client on one side, the embedded provider or raw bytes on the other.

`claude/*` goes through Invoke, `other/*` through Converse, both signed; `raw/*` and `rawclaude/*` send what a test
says, `turn/*` is a Converse endpoint that fails and then a Messages one; `vertex/*` and `azure/*` are raw, too.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any
from unittest.mock import patch

import anthropic
import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.core.test_converse_decoder import START, converse, delta, tool
from tests.support.answers import LAST_CHUNK, chunk, head, streamed, whole
from tests.support.chunks import message_of
from tests.support.event_stream import chunk as wrapped
from tests.support.event_stream import exception
from tests.support.processes import Running
from tests.support.raw_client import ask, body
from tests.support.raw_provider import FIN, RawProvider
from tests.system.planted import ENVIRON

Json = dict[str, Any]
WEATHER: Any = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
PRICE = {"prompt": 2.0, "completion": 10.0, "cache_read": 0.5}
EMAIL, CARD = "ada.lovelace@example.org", "4111 1111 1111 1111"
AWS = {"AWS_ID": "AKIATESTTESTTEST", "AWS_SECRET": "aws/secret+material", "AWS_TOKEN": "session-token=="}
PAIR = {name: {"env": f"AWS_{word}"} for name, word in (("access_key", "ID"), ("secret_key", "SECRET"))}
TYPE = "application/vnd.amazon.eventstream"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running) -> Iterator[Running]:
    raw, upstream = f"http://127.0.0.1:{raw_port}", f"http://127.0.0.1:{demo.port}"
    place: Json = {"dialect": "bedrock", "region": "eu-central-1", "credential": PAIR, "price": PRICE}
    token = PAIR | {"session_token": {"env": "AWS_TOKEN"}}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            "demo": {"dialect": "messages", "base_url": upstream},
            "hosted": place | {"base_url": upstream},
            "raw": place | {"base_url": raw, "credential": token},
            "native": {"dialect": "messages", "base_url": raw},
            "google-vertex-anthropic": {"base_url": f"{raw}/v1/models", "credential": {"env": "AWS_TOKEN"}},
            "azure": {"base_url": f"{raw}/openai?api-version=2024-10-21", "credential": {"env": "AWS_TOKEN"}},
        },
        "models": {
            "demo/*": [{"provider": "demo", "model": "*"}],
            "claude/*": [{"provider": "hosted", "model": "eu.anthropic.demo/*"}],
            "other/*": [{"provider": "hosted", "model": "*"}],
            "raw/*": [{"provider": "raw", "model": "x.nova:0/*"}],
            "rawclaude/*": [{"provider": "raw", "model": "anthropic.claude-v1:0"}],
            "turn/*": [{"provider": "raw", "model": "x.nova"}, {"provider": "native", "model": "native"}],
            "vertex/*": [{"provider": "google-vertex-anthropic", "model": "*"}],
            "azure/*": [{"provider": "azure", "model": "*"}],
        },
    }
    with Running.relay(config, tmp_path_factory.mktemp("bedrock"), {**ENVIRON, **AWS}) as process:
        yield process
    assert process.noise == []


async def said(client: anthropic.AsyncAnthropic, model: str, *, stream: bool, **more: Any) -> Any:
    arguments: Json = {"max_tokens": 500, "messages": [{"role": "user", "content": "hello"}]} | more
    if not stream:
        return await client.messages.create(model=model, **arguments)
    async with client.messages.stream(model=model, **arguments) as events:
        return await events.get_final_message()


def binary(data: bytes) -> list[Any]:
    return [head(content_type=TYPE), chunk(data), LAST_CHUNK]


def message_in(answer: Any) -> Json:
    return message_of([event for event in answer.events if event[0] != "ping"])


SCRIPTS = ["chat", "echo", "tools", "tools@calls=2", "thinking", "unicode", "max-tokens", "cache", "echo@split=3"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("route", ["claude", "other"])
@pytest.mark.parametrize("script", SCRIPTS)
async def test_bedrock_says_what_a_messages_provider_says(
    client: anthropic.AsyncAnthropic, route: str, script: str, stream: bool
) -> None:
    told = await said(client, f"{route}/{script}", stream=stream, tools=[WEATHER])
    native = await said(client, f"demo/{script}", stream=stream, tools=[WEATHER])
    assert [_projected(block) for block in told.content] == [_projected(block) for block in native.content]
    assert told.stop_reason == native.stop_reason
    assert told.model == f"{route}/{script}"
    assert told.usage.output_tokens == native.usage.output_tokens


def _projected(block: Any) -> tuple[Any, ...]:
    """What of a block every dialect carries; ids and signatures are made of the conversation, which looks otherwise."""
    if block.type == "tool_use":
        return block.type, block.name, block.input
    return block.type, getattr(block, block.type)


@pytest.mark.parametrize("route", ["claude", "other"])
async def test_a_tool_loop_ends(client: anthropic.AsyncAnthropic, route: str) -> None:
    messages: list[Any] = [{"role": "user", "content": "hello"}]
    first = await said(client, f"{route}/tools@calls=2", stream=True, tools=[WEATHER], messages=messages)
    assert first.stop_reason == "tool_use"
    content = [block.model_dump(exclude_none=True, exclude={"caller"}) for block in first.content]
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "sunny"}
        for block in content
        if block["type"] == "tool_use"
    ]
    messages += [{"role": "assistant", "content": content}, {"role": "user", "content": results}]
    last = await said(client, f"{route}/tools@calls=2", stream=True, tools=[WEATHER], messages=messages)
    assert "sunny" in last.content[0].text


async def test_what_is_sent_is_signed_as_botocore_signs_it(gateway: Running, provider: RawProvider) -> None:
    provider.answers = binary(converse(delta(0, text="Hi")))
    answer = await ask(gateway.port, body("raw/m", stream=True))
    assert (answer.status, message_in(answer)["content"][0]["text"]) == (200, "Hi")
    received = await provider.called()
    line, *lines = received.head.decode().split("\r\n")
    fields = dict(each.split(": ", 1) for each in lines if each)
    assert line == "POST /model/x.nova%3A0%2Fm/converse-stream HTTP/1.1"
    assert json.loads(received.content) == {
        "messages": [{"role": "user", "content": [{"text": "hello"}]}],
        "inferenceConfig": {"maxTokens": json.loads(body("raw/m"))["max_tokens"]},
    }
    request = AWSRequest("POST", f"http://{fields['host']}{line.split()[1]}", {}, received.content)
    request.headers["content-type"] = fields["content-type"]
    now = datetime.strptime(fields["x-amz-date"], "%Y%m%dT%H%M%SZ")
    keys = Credentials(AWS["AWS_ID"], AWS["AWS_SECRET"], AWS["AWS_TOKEN"])
    with patch.object(auth, "get_current_datetime", lambda: now):
        auth.SigV4Auth(keys, "bedrock", "eu-central-1").add_auth(request)
    assert fields["authorization"] == request.headers["Authorization"]
    assert fields["x-amz-security-token"] == AWS["AWS_TOKEN"]
    assert AWS["AWS_SECRET"].encode() not in received.head + received.content


async def test_pitfall_89_no_key_is_told_that_a_provider_quotes(gateway: Running, provider: RawProvider) -> None:
    quoted = " ".join(AWS.values())
    provider.answers = [whole(json.dumps({"message": f"bad {quoted}"}).encode(), status="400 Bad Request")]
    answer = await ask(gateway.port, body("raw/m", stream=True))
    assert answer.error["message"] == "bad *** *** ***"


async def test_the_request_id_of_aws_is_told(gateway: Running) -> None:
    answer = await ask(gateway.port, body("other/chat"))
    assert answer.fields["x-relay-upstream-request-id"].startswith("req_demo")


async def test_an_attempt_after_another_is_signed_anew_and_a_large_request_too(
    gateway: Running, provider: RawProvider
) -> None:
    provider.answers = binary(converse(delta(0, text="Hi")))
    signatures = set()
    for size in (10, 2 << 20):
        answer = await ask(gateway.port, body("raw/m", stream=True, messages=[{"role": "user", "content": "x" * size}]))
        assert answer.status == 200
        signatures.add(re.findall(rb"Signature=(\w{64})", provider.calls[-1].head)[0])
    assert len(signatures) == 2


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("throttlingException", 429, "rate_limit_error"),
        ("serviceUnavailableException", 503, "overloaded_error"),
        ("validationException", 400, "invalid_request_error"),
        ("internalServerException", 502, "api_error"),
        ("modelStreamErrorException", 502, "api_error"),
        ("modelTimeoutException", 504, "timeout_error"),
    ],
)
async def test_pitfall_77_and_83_an_exception_before_the_first_word_is_an_http_error(
    gateway: Running, provider: RawProvider, name: str, status: int, kind: str
) -> None:
    provider.answers = binary(START + exception(name, {"message": "because"}))
    answer = await ask(gateway.port, body("raw/m", stream=True))
    assert (answer.status, answer.error["type"]) == (status, kind)


async def test_pitfall_78_an_exception_in_the_middle_is_an_error_event(gateway: Running, provider: RawProvider) -> None:
    for native, data in (
        (False, START + delta(0, text="Hel")),
        (
            True,
            wrapped(
                {
                    "type": "message_start",
                    "message": {
                        "id": "m",
                        "type": "message",
                        "role": "assistant",
                        "content": [],
                        "model": "m",
                        "stop_reason": None,
                        "usage": {"input_tokens": 1, "output_tokens": 1},
                    },
                }
            ),
        ),
    ):
        provider.answers = binary(data + exception("throttlingException", {"message": "slow down"}))
        answer = await ask(gateway.port, body("rawclaude/m" if native else "raw/m", stream=True))
        assert [kind for kind, _ in answer.events][-1] == "error"
        assert "message_stop" not in [kind for kind, _ in answer.events]


@pytest.mark.parametrize("end", [[LAST_CHUNK], [FIN]])
async def test_pitfall_79_a_stream_that_breaks_off_is_an_error(
    gateway: Running, provider: RawProvider, end: list[Any]
) -> None:
    provider.answers = [head(content_type=TYPE), chunk(START + delta(0, text="Hello")), *end]
    answer = await ask(gateway.port, body("raw/m", stream=True))
    assert [kind for kind, _ in answer.events][-1] == "error"


async def test_pitfall_38_a_call_goes_on_while_the_model_said_nothing(gateway: Running, provider: RawProvider) -> None:
    failing = binary(START + exception("throttlingException", {"message": "slow down"}))
    provider.answers = lambda received: failing if b"/converse" in received.head else [streamed()]
    answer = await ask(gateway.port, body("turn/x", stream=True, provider={"order": ["raw", "native"]}))
    kinds = [kind for kind, _ in answer.events]
    assert (answer.status, kinds.count("message_start"), kinds[-1]) == (200, 1, "message_stop")


async def test_errors_of_aws_before_the_stream(gateway: Running, provider: RawProvider) -> None:
    told = json.dumps({"message": "Input is too long for requested model."}).encode()
    provider.answers = [whole(told, status="400 Bad Request")]
    answer = await ask(gateway.port, body("raw/m", stream=True))
    assert (answer.status, answer.error["error_type"]) == (400, "context_length_exceeded")
    told = json.dumps({"message": "busy"}).encode()
    provider.answers = [whole(told, "424 Failed Dependency")]
    assert (await ask(gateway.port, body("raw/m", stream=True))).status == 502


PLANTED = f"Write to {EMAIL} or charge {CARD} today."


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("native", [True, False])
async def test_redaction_holds_in_both_directions_at_random_cuts(
    gateway: Running, provider: RawProvider, seed: int, native: bool
) -> None:
    random = Random(seed)
    places = sorted(random.randrange(len(PLANTED)) for _ in range(6))
    texts = [PLANTED[start:end] for start, end in zip([0, *places], [*places, len(PLANTED)], strict=True)]
    arguments = json.dumps({"to": EMAIL, "card": CARD})
    pieces = [arguments[at : at + 7] for at in range(0, len(arguments), 7)]
    data = (
        _native(texts, pieces)
        if native
        else converse(*[delta(0, text=each) for each in texts], tool(1, "send", *pieces))
    )
    cut = random.randrange(1, len(data))
    provider.answers = [head(content_type=TYPE), chunk(data[:cut]), 0.01, chunk(data[cut:]), LAST_CHUNK]
    redact = {"email": True, "credit_card": True}
    model = "rawclaude/r" if native else "raw/r"
    asked = body(model, stream=True, gateway={"redact": redact}, messages=[{"role": "user", "content": PLANTED}])
    answer = await ask(gateway.port, asked)
    sent = (await provider.called()).content
    message = message_in(answer)
    for held in (sent, answer.content):
        assert EMAIL.encode() not in held
        assert CARD.encode() not in held
    assert message["content"][0]["text"] == "Write to [EMAIL] or charge [CREDIT_CARD] today."
    assert json.loads(message["content"][1]["arguments"]) == {"to": "[EMAIL]", "card": "[CREDIT_CARD]"}


def _native(texts: list[str], pieces: list[str]) -> bytes:
    """The same in chunks of Invoke."""
    from tests.support import streams

    frames = streams.conversation(streams.text_block(0, *texts), streams.tool_block(1, *pieces))
    return b"".join([wrapped(frame.partition(b"\ndata: ")[2]) for frame in frames.split(b"\n\n")[:-1]])


async def test_a_whole_answer_is_redacted_too(gateway: Running, provider: RawProvider) -> None:
    use = {"toolUse": {"toolUseId": "c", "name": "send", "input": {"to": EMAIL}}}
    message = {"role": "assistant", "content": [{"text": PLANTED}, use]}
    provider.answers = [whole(json.dumps({"output": {"message": message}, "stopReason": "tool_use"}).encode())]
    answer = await ask(gateway.port, body("raw/x", gateway={"redact": {"email": True, "credit_card": True}}))
    assert answer.status == 200
    assert EMAIL.encode() not in answer.content
    assert answer.json["content"][1]["input"] == {"to": "[EMAIL]"}


async def test_vertex_and_azure_are_asked_in_their_own_ways(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    answer = await ask(gateway.port, body("vertex/claude-x", stream=True))
    assert answer.status == 200
    received = await provider.called()
    assert received.head.startswith(b"POST /v1/models/claude-x:streamRawPredict HTTP/1.1\r\n")
    assert b"\r\nauthorization: Bearer session-token==\r\n" in received.head
    assert json.loads(received.content)["anthropic_version"] == "vertex-2023-10-16"

    provider.answers = [whole(b'{"error":{"code":"429","message":"slow"}}', status="429 Slow")]
    assert (await ask(gateway.port, body("azure/gpt", stream=True))).status == 429
    received = provider.calls[-1]
    assert received.head.startswith(
        b"POST /openai/deployments/gpt/chat/completions?api-version=2024-10-21 HTTP/1.1\r\n"
    )
    assert b"\r\napi-key: session-token==\r\n" in received.head
