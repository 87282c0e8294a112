"""Clients that speak Chat Completions: OpenAI's own on one side, Messages and Chat providers on the other.

`demo/*` is the embedded provider in Messages, `chat/*` the same in Chat; `native/*` and `raw/*` send what a test says,
in Messages and in Chat. Projection of a Messages answer on this dialect: text blocks are joined, citations and tools
that ran elsewhere are not carried, and `pause_turn` and `stop_sequence` are a plain `stop`.
"""

import json
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any

import openai
import pytest

from tests.support import chunks, raw_client
from tests.support.answers import LAST_CHUNK, chunk, failure, head, message, streamed, whole
from tests.support.answers import stream as events_of
from tests.support.processes import Running
from tests.support.raw_client import Answer, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import FIN, RST, RawProvider
from tests.support.streams import STOP as MESSAGE_STOP
from tests.support.streams import block_start, block_stop, delta, message_delta, message_start, text_block, tool_block
from tests.support.streams import conversation as said_by_messages
from tests.system.planted import ENVIRON

Json = dict[str, Any]
PATH = "/v1/chat/completions"
HELLO: Any = [{"role": "user", "content": "hello"}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: Any = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
PRICE = {"prompt": 2.0, "completion": 10.0, "cache_read": 0.5}
EMAIL, CARD = "ada.lovelace@example.org", "4111 1111 1111 1111"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running) -> Iterator[Running]:
    raw, upstream = f"http://127.0.0.1:{raw_port}", f"http://127.0.0.1:{demo.port}"
    config = {
        "keys": [
            {"name": "dev", "secret": {"env": "CALLER_KEY"}},
            {"name": "slow", "secret": {"env": "PROVIDER_KEY"}, "limits": {"requests_per_minute": 1}},
        ],
        "stream": {"ping_interval": "1s", "early_commit_after": "1s"},
        "providers": {
            "demo": {"dialect": "messages", "base_url": upstream, "price": PRICE},
            "chat": {"dialect": "chat", "base_url": f"{upstream}/v1", "price": PRICE},
            "raw": {"dialect": "chat", "base_url": f"{raw}/v1", "credential": {"env": "PROVIDER_KEY"}, "price": PRICE},
            "native": {"dialect": "messages", "base_url": raw, "price": PRICE},
        },
        "models": {f"{name}/*": [{"provider": name, "model": "*"}] for name in ("demo", "chat", "raw", "native")}
        | {"pair/*": [{"provider": "native", "model": "native"}, {"provider": "raw", "model": "chat"}]},
    }
    with Running.relay(config, tmp_path_factory.mktemp("chat-ingress"), ENVIRON) as process:
        yield process
    assert process.noise == []


@pytest.fixture
async def client(gateway: Running) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"http://127.0.0.1:{gateway.port}/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key=raw_client.KEY, max_retries=0) as client:
        yield client


async def said(client: openai.AsyncOpenAI, model: str, *, stream: bool, **more: Any) -> Any:
    """The whole completion; of a stream what the SDK adds up, for its final one is none where tools were cut off."""
    arguments: Json = {"model": model, "messages": HELLO} | more
    if not stream:
        return await client.chat.completions.create(**arguments)
    async with client.chat.completions.stream(**arguments, stream_options={"include_usage": True}) as events:
        async for _ in events:
            pass
        return events.current_completion_snapshot


def body(model: str, **members: Any) -> bytes:
    return json.dumps({"model": model, "messages": HELLO} | members).encode()


async def ask(gateway: Running, content: bytes, **fields: Any) -> Answer:
    return await exchange(gateway.port, request_head(len(content), path=PATH, **fields) + content)


async def record_of(gateway: Running, answer: Answer) -> Json:
    id = answer.fields["x-generation-id"]
    return await gateway.record(lambda record: record["request_id"] == id)


def chunks_of(answer: Answer) -> list[Json]:
    """The chunks of a stream that ends as it must; comments are left out."""
    frames = [frame for frame in answer.content.decode().split("\n\n")[:-1] if not frame.startswith(":")]
    assert frames[-1] == "data: [DONE]"
    assert all(frame.startswith("data: {") for frame in frames[:-1])
    return [json.loads(frame[6:]) for frame in frames[:-1]]


def text_of(found: list[Json]) -> str:
    return "".join(each["delta"].get("content", "") for part in found for each in part.get("choices", []))


def sse(data: bytes) -> list[Any]:
    return [head(), chunk(data), LAST_CHUNK]


ENDS_EARLY = ("refusal", "max-tokens")
SCRIPTS = ["chat", "echo", "tools", "tools@calls=2", "agent", "thinking", "unicode", "cache", "refusal", "max-tokens"]
SCRIPTS += ["echo@split=3", "json-answer", "crlf", "no-stop", "citations", "stop-sequence", "pause"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("script", SCRIPTS)
async def test_both_kinds_of_providers_say_the_same(client: openai.AsyncOpenAI, script: str, stream: bool) -> None:
    more: Json = {"messages": [{"role": "user", "content": "What is up in Paris? 漢 😀"}]}
    more |= {} if script in ENDS_EARLY else {"tools": [WEATHER]}
    name = f"{script}{',' if '@' in script else '@'}delay=0"
    native = await said(client, f"demo/{name}", stream=stream, **more)
    translated = await said(client, f"chat/{name}", stream=stream, **more)

    assert _projected(translated.choices[0]) == _projected(native.choices[0])
    assert translated.usage.completion_tokens == native.usage.completion_tokens
    assert translated.usage.prompt_tokens > 0
    assert (translated.model, translated.object) == (f"chat/{name}", "chat.completion")
    assert translated.id.startswith("chatcmpl-")


def _projected(choice: Any) -> tuple[Any, ...]:
    calls = [(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls or ()]
    thinking = getattr(choice.message, "reasoning_content", None)
    return choice.message.role, choice.message.content, thinking, calls, choice.finish_reason


@pytest.mark.parametrize("model", ["demo", "chat"])
@pytest.mark.parametrize("script", ["chat", "thinking", "tools@calls=2", "refusal", "max-tokens", "cache"])
async def test_a_stream_says_what_a_whole_answer_says(client: openai.AsyncOpenAI, model: str, script: str) -> None:
    name = f"{model}/{script}{',' if '@' in script else '@'}delay=0"
    more: Json = {} if script in ENDS_EARLY else {"tools": [WEATHER]}
    whole = await said(client, name, stream=False, **more)
    streamed = await said(client, name, stream=True, **more)
    assert _projected(streamed.choices[0]) == _projected(whole.choices[0])
    assert streamed.usage == whole.usage


@pytest.mark.parametrize("model", ["demo", "chat"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_tool_loop_ends(client: openai.AsyncOpenAI, model: str, stream: bool) -> None:
    first = await said(client, f"{model}/tools@delay=0,calls=1", stream=stream, tools=[WEATHER])
    turn = first.choices[0].message
    (call,) = turn.tool_calls
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    history = [*HELLO, turn.model_dump(exclude_none=True), result, {"role": "user", "content": "Well?"}]
    second = await said(client, f"{model}/tools@delay=0", stream=stream, tools=[WEATHER], messages=history)
    assert second.choices[0].message.content == "The demo called a tool, which answered: sunny"
    assert second.choices[0].finish_reason == "stop"


async def test_pitfall_27_thinking_comes_back_with_its_signature(
    client: openai.AsyncOpenAI, gateway: Running, provider: RawProvider
) -> None:
    signature = "A" * 40_000
    block = {"type": "thinking", "thinking": "", "signature": ""}
    thought = block_start(0, block) + delta(0, "thinking_delta", thinking="hm")
    thought += delta(0, "signature_delta", signature=signature) + block_stop(0)
    provider.answers = sse(said_by_messages(thought, text_block(1, "so"), tool_block(2, "{}")))
    turn = (await said(client, "native/x", stream=True, tools=[WEATHER])).choices[0].message
    provider.answers = [streamed()]
    await said(client, "native/x", stream=True, messages=[*HELLO, turn.model_dump(exclude_none=True)])
    sent = json.loads(provider.calls[-1].content)["messages"][1]["content"]
    assert sent[0] == {"type": "thinking", "thinking": "hm", "signature": signature}
    assert [each["type"] for each in sent] == ["thinking", "text", "tool_use"]


async def test_what_is_sent_is_the_hubs_request(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    asked = {"messages": [{"role": "system", "content": "S"}, *HELLO], "max_completion_tokens": 9, "stop": "x"}
    more = {"provider": {"order": ["native"]}, "session_id": "s", "seed": 4, "stream": True, "user": "u"}
    answer = await ask(gateway, body("native/x", **asked, **more))
    assert answer.status == 200
    (call,) = provider.calls
    assert call.head.startswith(b"POST /v1/messages HTTP/1.1")
    assert json.loads(call.content) == {
        "model": "x",
        "max_tokens": 9,
        "system": [{"type": "text", "text": "S"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        "stream": True,
        "stop_sequences": ["x"],
        "metadata": {"user_id": "u"},
    }
    record = await record_of(gateway, answer)
    assert (record["session_id"], record["user"], record["outcome"]) == ("s", "u", "complete")


async def test_pitfall_42_and_46_a_stream_has_one_id_its_role_once_and_ends_with_done(gateway: Running) -> None:
    found = chunks_of(await ask(gateway, body("demo/chat@delay=0", stream=True)))
    assert len({(part["id"], part["created"], part["object"], part["model"], part["provider"]) for part in found}) == 1
    assert [part["choices"][0]["delta"].get("role") for part in found] == ["assistant"] + [None] * (len(found) - 1)
    finishes = [part["choices"][0]["finish_reason"] for part in found]
    assert finishes == [None] * (len(found) - 1) + ["stop"]


async def test_pitfall_47_usage_is_the_last_chunk_where_it_was_asked_for(gateway: Running) -> None:
    options = {"stream_options": {"include_usage": True}}
    found = chunks_of(await ask(gateway, body("chat/cache@delay=0", stream=True, **options)))
    told = [part for part in found if "usage" in part]
    assert all(part["choices"] for part in found[:-1])
    assert told == [found[-1]]
    usage = told[0]["usage"]
    assert told[0]["choices"] == []
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens_details"]["cached_tokens"] > 0
    assert usage["cost"] > 0


@pytest.mark.parametrize("options", [{}, {"stream_options": {}}, {"stream_options": {"include_usage": False}}])
async def test_pitfall_48_usage_that_nobody_asked_for_is_not_sent(gateway: Running, options: Json) -> None:
    found = chunks_of(await ask(gateway, body("chat/cache@delay=0", stream=True, **options)))
    assert [len(part["choices"]) for part in found] == [1] * len(found)
    assert not [part for part in found if "usage" in part]


async def test_the_cost_in_the_answer_is_that_of_the_record(gateway: Running) -> None:
    answer = await ask(gateway, body("demo/cache@delay=0"))
    usage, record = answer.json["usage"], await record_of(gateway, answer)
    assert round(usage["cost"] * 1e9) == record["cost_nanousd"]
    counted = record["usage"]
    inputs = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert usage["prompt_tokens"] == sum(counted.get(name, 0) for name in inputs)
    assert answer.fields["x-generation-id"].removeprefix("gen-") == answer.json["id"].removeprefix("chatcmpl-")


async def test_an_answer_that_is_asked_for_says_how_it_was_routed(gateway: Running) -> None:
    for stream in (True, False):
        answer = await ask(gateway, body("demo/chat@delay=0", stream=stream, seed=3), x_openrouter_metadata="enabled")
        told = chunks_of(answer)[-1] if stream else answer.json
        assert told["openrouter_metadata"]["params"]["dropped_fields"] == ["seed"]
        assert told["openrouter_metadata"]["summary"] == "available=1, selected=Demo"


# Errors


def _error(answer: Answer) -> Json:
    assert answer.json.keys() >= {"error", "request_id"}
    assert answer.json["error"].keys() >= {"message", "type", "param", "code"}
    return dict(answer.json["error"])


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"messages": []}, "messages"),
        ({"tools": [{}]}, "tools.0.type"),
        ({"logprobs": True}, "logprobs"),
    ],
)
async def test_bad_input_is_named_by_its_path_before_anything_is_sent(
    gateway: Running, provider: RawProvider, fields: Json, param: str
) -> None:
    answer = await ask(gateway, body("native/x") if not fields else body("native/x", **fields))
    error = _error(answer)
    assert (answer.status, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert error["message"].startswith(f"{param}: ")
    assert provider.calls == []


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"model":"m","model":"m"}', b'{"messages":"\\ud800"}', b"\xff"])
async def test_bad_json_is_told_in_this_shape(gateway: Running, content: bytes) -> None:
    answer = await ask(gateway, content)
    assert (answer.status, _error(answer)["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("path", ["/v1/chat/completions/more", "/v1/embeddings", "/api/v1/chat/x"])
async def test_a_route_that_is_none_is_told_in_this_shape(gateway: Running, path: str) -> None:
    answer = await exchange(gateway.port, request_head(2, path=path) + b"{}")
    assert (answer.status, _error(answer)["code"]) == (404, None)
    answer = await exchange(gateway.port, request_head(None, method="GET", path=PATH))
    assert (answer.status, answer.fields["allow"], _error(answer)["type"]) == (405, "POST", "invalid_request_error")


async def test_keys_and_models_are_refused_in_its_words(gateway: Running) -> None:
    nobody = await ask(gateway, body("demo/chat"), x_api_key="wrong")
    assert (nobody.status, _error(nobody)["code"]) == (401, "invalid_api_key")
    unknown = await ask(gateway, body("nothing"))
    assert (unknown.status, _error(unknown)["code"], _error(unknown)["param"]) == (400, "model_not_found", "model")


async def test_a_limit_of_ones_own_is_told_in_its_words(gateway: Running) -> None:
    key = {"x_api_key": ENVIRON["PROVIDER_KEY"]}
    answers = [await ask(gateway, body("demo/chat@delay=0"), **key) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    assert _error(answers[1])["code"] == "rate_limit_exceeded"
    assert int(answers[1].fields["retry-after"]) > 0


STATUSES = {
    400: openai.BadRequestError,
    401: openai.InternalServerError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
    529: openai.InternalServerError,
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("model", ["demo", "chat"])
@pytest.mark.parametrize("status", STATUSES)
async def test_failures_of_providers_are_the_sdks_own_errors(
    client: openai.AsyncOpenAI, model: str, status: int, stream: bool
) -> None:
    with pytest.raises(STATUSES[status]) as caught:
        await said(client, f"{model}/error@status={status}", stream=stream)
    assert caught.value.type is not None
    assert caught.value.request_id is not None


async def test_pitfall_85_overload_is_503_here(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [failure("529 Overloaded", "overloaded_error", "too much")]
    answer = await ask(gateway, body("native/x"))
    assert (answer.status, _error(answer)["type"]) == (503, "server_error")


@pytest.mark.parametrize("model", ["demo", "chat"])
@pytest.mark.parametrize("script", ["cut@bytes=1500", "reset@bytes=1500", "error-mid@after=3"])
async def test_pitfall_78_and_79_a_stream_that_breaks_off_ends_with_an_error(
    client: openai.AsyncOpenAI, gateway: Running, model: str, script: str
) -> None:
    answer = await ask(gateway, body(f"{model}/{script},delay=0", stream=True))
    *found, last = chunks_of(answer)
    assert last["error"].keys() >= {"message", "type", "param", "code"}
    assert last["error"]["type"] == "server_error"
    assert all(part["choices"][0]["finish_reason"] is None for part in found)
    with pytest.raises(openai.APIError):
        await said(client, f"{model}/{script},delay=0", stream=True)


async def test_pitfall_38_and_40_an_endpoint_that_fails_first_leaves_no_trace(
    gateway: Running, provider: RawProvider
) -> None:
    chat = chunks.conversation(chunks.content("from chat"))
    provider.answers = lambda received: sse(chat) if b"chat/completions" in received.head else [head(), RST]
    answer = await ask(gateway, body("pair/x", stream=True, provider={"order": ["native", "raw"]}))
    assert text_of(chunks_of(answer)) == "from chat"


async def test_pitfall_49_and_86_a_silent_provider_is_waited_for_with_comments(
    gateway: Running, provider: RawProvider, client: openai.AsyncOpenAI
) -> None:
    data = events_of(["hello", " world"])
    half = data.index(b" world") - 120
    provider.answers = [head(), 2.4, chunk(data[:half]), 2.4, chunk(data[half:]), LAST_CHUNK]
    answer = await ask(gateway, body("native/x", stream=True))
    comments = [line for line in answer.content.split(b"\n\n") if line.startswith(b":")]
    assert comments[0] == b": RELAY PROCESSING"
    assert comments[-1] == b": ping"
    assert b"event:" not in answer.content
    assert text_of(chunks_of(answer)) == "hello world"
    assert (await said(client, "native/x", stream=True)).choices[0].message.content == "hello world"


async def test_a_failure_behind_a_comment_is_told_in_the_stream(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [head(), 2.4, FIN]
    answer = await ask(gateway, body("native/x", stream=True))
    (only,) = chunks_of(answer)
    assert (answer.status, only["error"]["type"]) == (200, "server_error")


@pytest.mark.parametrize("content", [[1], [{"type": "text", "text": 5}], [{"text": "x"}]])
async def test_a_whole_answer_that_is_no_message_is_the_providers_fault(
    gateway: Running, provider: RawProvider, content: Any
) -> None:
    provider.answers = [whole(message(content=content))]
    answer = await ask(gateway, body("native/x"))
    assert (answer.status, _error(answer)["type"]) == (502, "server_error")


async def test_pitfall_26_and_60_what_ran_elsewhere_is_no_call_and_a_pause_is_a_stop(
    gateway: Running, provider: RawProvider
) -> None:
    search = tool_block(0, '{"query":"x"}', kind="server_tool_use")
    found = {"type": "web_search_tool_result", "tool_use_id": "toolu_01", "content": []}
    body_of = message_start() + search + block_start(1, found) + block_stop(1) + text_block(2, "it says")
    provider.answers = sse(body_of + message_delta("pause_turn") + MESSAGE_STOP)
    parts = chunks_of(await ask(gateway, body("native/x", stream=True)))
    assert text_of(parts) == "it says"
    assert not any("tool_calls" in part["choices"][0]["delta"] for part in parts)
    assert parts[-1]["choices"][0]["finish_reason"] == "stop"


# Redaction

PLANTED = f"Write to {EMAIL} or charge {CARD} today."
REDACT = {"redact": {"email": True, "credit_card": True}}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("model", ["native", "raw"])
async def test_redaction_holds_in_both_directions_at_random_cuts(
    gateway: Running, provider: RawProvider, model: str, seed: int
) -> None:
    random = Random(seed)
    places = sorted(random.randrange(len(PLANTED)) for _ in range(6))
    texts = [PLANTED[start:end] for start, end in zip([0, *places], [*places, len(PLANTED)], strict=True)]
    arguments = json.dumps({"to": EMAIL, "card": CARD})
    pieces = [arguments[at : at + 7] for at in range(0, len(arguments), 7)]
    native = said_by_messages(text_block(0, *texts), tool_block(1, *pieces))
    chat = chunks.conversation(chunks.content(*texts), chunks.call(0, "c", "send", *pieces))
    data = native if model == "native" else chat
    cut = random.randrange(1, len(data))
    provider.answers = [head(), chunk(data[:cut]), 0.01, chunk(data[cut:]), LAST_CHUNK]
    turn = {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f"}}]}
    turn["tool_calls"][0]["function"]["arguments"] = json.dumps({"mail": EMAIL})  # type: ignore[index]
    result = {"role": "tool", "tool_call_id": "c1", "content": CARD}
    history = [{"role": "system", "content": EMAIL}, {"role": "user", "content": PLANTED}, turn, result]
    tool = {"type": "function", "function": {"name": "f", "description": f"Mails {EMAIL}."}}
    answer = await ask(
        gateway, body(f"{model}/x", stream=True, gateway=REDACT, messages=history, tools=[tool], user=EMAIL)
    )
    sent = (await provider.called()).content
    for held in (sent, answer.content):
        assert EMAIL.encode() not in held
        assert CARD.encode() not in held
    found = chunks_of(answer)
    assert text_of(found) == "Write to [EMAIL] or charge [CREDIT_CARD] today."
    calls = [call for part in found for call in part["choices"][0]["delta"].get("tool_calls", ())]
    told = "".join(call["function"]["arguments"] for call in calls)
    assert json.loads(told) == {"to": "[EMAIL]", "card": "[CREDIT_CARD]"}


async def test_a_whole_answer_is_redacted_too(gateway: Running, provider: RawProvider) -> None:
    call = {"type": "tool_use", "id": "c", "name": "send", "input": {"to": EMAIL}}
    provider.answers = [whole(message(content=[{"type": "text", "text": PLANTED}, call], stop_reason="tool_use"))]
    answer = await ask(gateway, body("native/x", gateway=REDACT))
    assert answer.status == 200
    assert EMAIL.encode() not in answer.content
    told = answer.json["choices"][0]["message"]
    assert told["content"] == "Write to [EMAIL] or charge [CREDIT_CARD] today."
    assert json.loads(told["tool_calls"][0]["function"]["arguments"]) == {"to": "[EMAIL]"}


# Models


async def test_models_are_listed_as_the_sdk_reads_them(client: openai.AsyncOpenAI) -> None:
    assert (await client.models.list()).object == "list"
    found = await client.models.retrieve("demo/chat")
    assert (found.id, found.object, found.owned_by) == ("demo/chat", "model", "demo")
