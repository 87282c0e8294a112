"""The official OpenAI client reads the embedded provider, streamed and whole."""

import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionMessageFunctionToolCall

from .conftest import HTTP_ERRORS, Demo

HELLO: list[Any] = [{"role": "user", "content": "hello"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
NOW = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}


SAME = ["chat", "echo", "tools", "tools@calls=2", "unicode", "cache", "stop-sequence", "pause", "refusal", "citations"]
SAME += ["paced@events=9,rate=1000", "personal", "unknown-events", "thinking", "echo@split=2", "tools@calls=6"]
SAME += ["tools@calls=3,interleaved=1"]


@pytest.fixture
async def client(demo: Demo) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{demo.url}/v1", api_key="any", max_retries=0) as client:
        yield client


async def streamed(client: openai.AsyncOpenAI, model: str, **more: Any) -> ChatCompletion:
    arguments = {"messages": HELLO, "stream_options": {"include_usage": True}} | more
    async with client.chat.completions.stream(model=model, **arguments) as stream:
        completion: ChatCompletion = await stream.get_final_completion()
    return completion


async def created(client: openai.AsyncOpenAI, model: str, **more: Any) -> ChatCompletion:
    completion: ChatCompletion = await client.chat.completions.create(model=model, **({"messages": HELLO} | more))
    return completion


def calls(completion: ChatCompletion) -> list[tuple[str, str, Any]]:
    found = [call for call in completion.choices[0].message.tool_calls or () if call.type == "function"]
    assert all(isinstance(call, ChatCompletionMessageFunctionToolCall) for call in found)
    return [(call.id, call.function.name, json.loads(call.function.arguments)) for call in found]


@pytest.mark.parametrize("model", SAME)
async def test_stream_and_whole_completion_say_the_same(client: openai.AsyncOpenAI, model: str) -> None:
    more = {"tools": [WEATHER, NOW], "user": "me"}

    stream, whole = await streamed(client, model, **more), await created(client, model, **more)

    assert (stream.choices[0].message.content or None) == whole.choices[0].message.content
    assert stream.choices[0].message.refusal == whole.choices[0].message.refusal
    assert stream.choices[0].finish_reason == whole.choices[0].finish_reason
    assert calls(stream) == calls(whole)
    assert stream.usage == whole.usage
    assert stream.id == whole.id


async def test_finish_reasons(client: openai.AsyncOpenAI) -> None:
    assert (await created(client, "chat")).choices[0].finish_reason == "stop"
    assert (await created(client, "max-tokens")).choices[0].finish_reason == "length"
    assert (await created(client, "tools", tools=[NOW])).choices[0].finish_reason == "tool_calls"


async def test_tool_loop_finishes_in_two_turns(client: openai.AsyncOpenAI) -> None:
    first = await streamed(client, "tools@calls=2", tools=[WEATHER, NOW])
    found = calls(first)
    assert [(name, arguments) for _, name, arguments in found] == [("weather", {"city": "demo"}), ("now", {})]

    turn = first.choices[0].message.model_dump(include={"role", "content", "tool_calls"})
    results = [{"role": "tool", "tool_call_id": key, "content": f"{name}!"} for key, name, _ in found]
    second = await streamed(client, "tools", tools=[WEATHER, NOW], messages=[*HELLO, turn, *results])

    assert second.choices[0].message.content is not None
    assert second.choices[0].message.content.endswith("answered: weather! | now!")


async def test_fragments_of_calls_come_in_turn_if_that_is_asked_for(client: openai.AsyncOpenAI) -> None:
    tools: list[Any] = [WEATHER, WEATHER]
    model = "tools@calls=2,interleaved=1"
    stream = await client.chat.completions.create(model=model, messages=HELLO, tools=tools, stream=True)
    places = [call.index async for chunk in stream for call in chunk.choices[0].delta.tool_calls or ()]

    assert places[:4] == [0, 1, 0, 1]


async def test_usage_comes_once_at_the_end_and_only_when_asked_for(client: openai.AsyncOpenAI) -> None:
    plain = [c async for c in await client.chat.completions.create(model="cache", messages=HELLO, stream=True)]
    asked = [
        chunk
        async for chunk in await client.chat.completions.create(
            model="cache@read=7,write5m=2,write1h=1",
            messages=HELLO,
            stream=True,
            stream_options={"include_usage": True},
        )
    ]

    assert all(chunk.usage is None and chunk.choices for chunk in plain)
    assert [bool(chunk.usage) for chunk in asked] == [False] * (len(asked) - 1) + [True]
    usage = asked[-1].usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 7
    assert usage.prompt_tokens > 10
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


async def test_thinking_is_reasoning_content(client: openai.AsyncOpenAI) -> None:
    message = (await created(client, "thinking")).choices[0].message

    assert message.model_extra is not None
    assert "cannot think" in message.model_extra["reasoning_content"]


@pytest.mark.parametrize(("model", "error"), HTTP_ERRORS)
async def test_http_errors(client: openai.AsyncOpenAI, model: str, error: type[openai.APIStatusError]) -> None:
    with pytest.raises(error):
        await created(client, model)


async def test_error_mid_stream_raises_after_its_deltas(client: openai.AsyncOpenAI) -> None:
    pieces: list[str] = []
    stream = await client.chat.completions.create(model="error-mid@after=3", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError, match="asked to fail"):
        async for chunk in stream:
            pieces += [chunk.choices[0].delta.content or ""]

    assert pieces == ["", "This", " is", " the"]


async def test_models_are_listed_in_openai_shape(client: openai.AsyncOpenAI) -> None:
    assert {"chat", "paced"} <= {model.id async for model in client.models.list()}
