"""Clients that speak Responses: OpenAI's own on one side, Messages and Chat providers on the other.

`demo/*` is the embedded provider in Messages, `chat/*` the same in Chat; `native/*` says what a test says, in Messages.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest

from tests.core.responses_client import told
from tests.support import raw_client
from tests.support.answers import LAST_CHUNK, chunk, head, message, streamed, whole
from tests.support.answers import stream as events_of
from tests.support.processes import Running
from tests.support.raw_client import Answer, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import FIN, RawProvider
from tests.support.streams import conversation, text_block, thinking_block, tool_block
from tests.system.planted import ENVIRON

Json = dict[str, Any]
PATH = "/v1/responses"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: Any = {"type": "function", "name": "weather", "parameters": PARAMETERS}
PRICE = {"prompt": 2.0, "completion": 10.0, "cache_read": 0.5}
EMAIL = "ada.lovelace@example.org"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running) -> Iterator[Running]:
    upstream = f"http://127.0.0.1:{demo.port}"
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "stream": {"ping_interval": "1s", "early_commit_after": "1s"},
        "providers": {
            "demo": {"dialect": "messages", "base_url": upstream, "price": PRICE},
            "chat": {"dialect": "chat", "base_url": f"{upstream}/v1", "price": PRICE},
            "native": {"dialect": "messages", "base_url": f"http://127.0.0.1:{raw_port}", "price": PRICE},
        },
        "models": {f"{name}/*": [{"provider": name, "model": "*"}] for name in ("demo", "chat", "native")},
    }
    with Running.relay(config, tmp_path_factory.mktemp("responses-ingress"), ENVIRON) as process:
        yield process
    assert process.noise == []


@pytest.fixture
async def client(gateway: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"http://127.0.0.1:{gateway.port}/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key=raw_client.KEY, max_retries=0) as client:
        yield client


async def said(client: openai.AsyncOpenAI, model: str, *, stream: bool, **more: Any) -> Any:
    """The response; of a stream the one that its last event has, which the SDK's own must agree with."""
    arguments: Json = {"model": model, "input": "hello"} | more
    if not stream:
        return await client.responses.create(**arguments)
    async with client.responses.stream(**arguments) as events:
        found = [event async for event in events]
        last: Any = found[-1]
    assert [event.sequence_number for event in found] == sorted(event.sequence_number for event in found)
    return last.response


def body(model: str, **members: Any) -> bytes:
    return json.dumps({"model": model, "input": "hello"} | members).encode()


async def ask(gateway: Running, content: bytes, **fields: Any) -> Answer:
    return await exchange(gateway.port, request_head(len(content), path=PATH, **fields) + content)


def events(answer: Answer) -> list[Json]:
    """The events of a stream, without comments."""
    frames = [frame for frame in answer.content.split(b"\n\n")[:-1] if not frame.startswith(b":")]
    return told(b"".join(frame + b"\n\n" for frame in frames))


def sse(data: bytes) -> list[Any]:
    return [head(), chunk(data), LAST_CHUNK]


def _projected(response: Any) -> list[tuple[Any, ...]]:
    items: list[tuple[Any, ...]] = []
    for item in response.output:
        if item.type == "message":
            items.append(("message", item.content[0].text, item.status))
        elif item.type == "reasoning":
            items.append(("reasoning", [part.text for part in item.summary]))
        else:
            items.append((item.type, item.name, json.loads(item.arguments)))
    return [*items, (response.status, response.incomplete_details and response.incomplete_details.reason)]


SCRIPTS = [
    "chat",
    "echo",
    "tools",
    "tools@calls=2",
    "thinking",
    "unicode",
    "cache",
    "refusal",
    "max-tokens",
    "citations",
]


@pytest.mark.parametrize("script", SCRIPTS)
async def test_both_kinds_of_providers_say_the_same_streamed_and_not(client: openai.AsyncOpenAI, script: str) -> None:
    name = f"{script}{',' if '@' in script else '@'}delay=0"
    more: Json = {} if script in ("refusal", "max-tokens") else {"tools": [WEATHER]}
    answers = [
        await said(client, f"{provider}/{name}", stream=stream, **more)
        for provider in ("demo", "chat")
        for stream in (True, False)
    ]
    assert [_projected(answer) for answer in answers[1:]] == [_projected(answers[0])] * 3
    assert answers[0].usage == answers[1].usage
    assert answers[2].usage == answers[3].usage
    for answer in answers:
        assert (answer.object, answer.id[:5], answer.error) == ("response", "resp_", None)
        assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


@pytest.mark.parametrize("model", ["demo", "chat"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_tool_loop_ends(client: openai.AsyncOpenAI, model: str, stream: bool) -> None:
    first = await said(client, f"{model}/tools@delay=0,calls=1", stream=stream, tools=[WEATHER])
    (call,) = [item for item in first.output if item.type == "function_call"]
    turn = [item.model_dump(exclude_none=True) for item in first.output]
    history: Any = [
        {"role": "user", "content": "hello"},
        *turn,
        {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"},
        {"role": "user", "content": "Well?"},
    ]
    second = await said(client, f"{model}/tools@delay=0", stream=stream, tools=[WEATHER], input=history)
    assert second.output_text == "The demo called a tool, which answered: sunny"


@pytest.mark.parametrize("model", ["demo", "chat"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_loop_with_a_tool_that_takes_free_text_ends(
    client: openai.AsyncOpenAI, model: str, stream: bool
) -> None:
    tools: Any = [{"type": "custom", "name": "patch", "description": "Patches."}]
    first = await said(client, f"{model}/tools@delay=0", stream=stream, tools=tools)
    (call,) = [item for item in first.output if item.type == "custom_tool_call"]
    assert (call.name, call.input) == ("patch", "demo")
    history: Any = [
        {"role": "user", "content": "hello"},
        *[item.model_dump(exclude_none=True) for item in first.output],
        {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "patched"},
    ]
    second = await said(client, f"{model}/tools@delay=0", stream=stream, tools=tools, input=history)
    assert second.output_text == "The demo called a tool, which answered: patched"


async def test_pitfall_27_thinking_comes_back_with_its_signature(
    client: openai.AsyncOpenAI, gateway: Running, provider: RawProvider
) -> None:
    signature = "A" * 40_000
    provider.answers = sse(conversation(thinking_block(0, signature, "hm"), text_block(1, "so"), tool_block(2, "{}")))
    first = await said(client, "native/x", stream=True, tools=[WEATHER])
    provider.answers = [streamed()]
    turn = [item.model_dump(exclude_none=True) for item in first.output]
    await said(client, "native/x", stream=True, input=[{"role": "user", "content": "hello"}, *turn])
    sent = json.loads(provider.calls[-1].content)["messages"][1]["content"]
    assert sent[0] == {"type": "thinking", "thinking": "hm", "signature": signature}
    assert [each["type"] for each in sent] == ["thinking", "text", "tool_use"]


async def test_what_is_left_out_is_told(gateway: Running) -> None:
    tools = [WEATHER, {"type": "web_search"}]
    for stream in (True, False):
        content = body("demo/chat@delay=0", stream=stream, tools=tools, truncation="auto")
        answer = await ask(gateway, content, x_openrouter_metadata="enabled")
        response = events(answer)[-1]["response"] if stream else answer.json
        assert response["openrouter_metadata"]["params"]["dropped_fields"] == ["truncation", "tools.1"]
        assert response["tools"] == tools


@pytest.mark.parametrize(
    "fields",
    [{"previous_response_id": "r"}, {"background": True}, {"conversation": "c"}, {"input": 5}, {"tools": [{}]}],
)
async def test_bad_input_is_named_by_its_path_before_anything_is_sent(
    gateway: Running, provider: RawProvider, fields: Json
) -> None:
    answer = await ask(gateway, body("native/x", **fields))
    error = answer.json["error"]
    assert (answer.status, error["type"]) == (400, "invalid_request_error")
    assert error["param"].partition(".")[0] in fields
    assert provider.calls == []


@pytest.mark.parametrize("model", ["demo", "chat"])
@pytest.mark.parametrize("script", ["cut@bytes=1500", "reset@bytes=1500", "error-mid@after=3"])
async def test_pitfall_78_and_79_a_stream_that_breaks_off_fails(gateway: Running, model: str, script: str) -> None:
    found = events(await ask(gateway, body(f"{model}/{script},delay=0", stream=True)))
    assert (found[-1]["type"], found[-1]["response"]["status"]) == ("response.failed", "failed")
    assert found[-1]["response"]["error"]["code"] == "server_error"
    assert found[-1]["response"]["id"] == found[0]["response"]["id"]


@pytest.mark.parametrize("status", [400, 404, 429, 503])
async def test_a_failure_before_the_first_event_is_the_sdks_own_error(client: openai.AsyncOpenAI, status: int) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        await said(client, f"demo/error@status={status}", stream=True)
    assert caught.value.status_code == status


async def test_pitfall_86_a_silent_provider_is_waited_for_with_comments(
    gateway: Running, provider: RawProvider
) -> None:
    data = events_of(["hello", " world"])
    half = data.index(b" world") - 120
    provider.answers = [head(), 2.4, chunk(data[:half]), 2.4, chunk(data[half:]), LAST_CHUNK]
    answer = await ask(gateway, body("native/x", stream=True))
    comments = [line for line in answer.content.split(b"\n\n") if line.startswith(b":")]
    assert (comments[0], comments[-1]) == (b": RELAY PROCESSING", b": ping")
    assert events(answer)[-1]["response"]["output"][0]["content"][0]["text"] == "hello world"


async def test_a_failure_behind_a_comment_is_an_error_event(
    gateway: Running, provider: RawProvider, client: openai.AsyncOpenAI
) -> None:
    provider.answers = [head(), 2.4, FIN]
    (only,) = events(await ask(gateway, body("native/x", stream=True)))
    assert (only["type"], only["code"]) == ("error", "server_error")
    with pytest.raises(openai.APIError):
        await said(client, "native/x", stream=True)


async def test_redaction_holds_in_both_directions(gateway: Running, provider: RawProvider) -> None:
    texts = [f"Write to {EMAIL} today."[at : at + 5] for at in range(0, 40, 5)]
    call = tool_block(1, '{"to":"ada.love', 'lace@example.org"}')
    asked = {"gateway": {"redact": {"email": True}}, "instructions": EMAIL}
    items = [
        {"role": "user", "content": EMAIL},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": json.dumps({"to": EMAIL})},
        {"type": "function_call_output", "call_id": "c", "output": EMAIL},
    ]
    provider.answers = sse(conversation(text_block(0, *texts), call))
    answer = await ask(gateway, body("native/x", stream=True, input=items, **asked))
    assert EMAIL.encode() not in (await provider.called()).content
    response = events(answer)[-1]["response"]
    assert EMAIL not in json.dumps(response["output"])
    assert response["output"][0]["content"][0]["text"] == "Write to [EMAIL] today."
    assert json.loads(response["output"][1]["arguments"]) == {"to": "[EMAIL]"}

    block = {"type": "tool_use", "id": "c", "name": "send", "input": {"to": EMAIL}}
    provider.answers = [whole(message(content=[{"type": "text", "text": EMAIL}, block], stop_reason="tool_use"))]
    answer = await ask(gateway, body("native/x", **asked))
    assert EMAIL not in json.dumps(answer.json["output"])
