"""The official OpenAI client reads what the embedded provider says in the Responses dialect, streamed and whole."""

import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai.types.responses import Response

from .conftest import HTTP_ERRORS, Demo, ask

WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": False,
}
NOW: Any = {"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}, "strict": False}

SAME = ["chat", "echo", "tools", "tools@calls=2", "unicode", "cache", "max-tokens", "refusal", "citations", "agent"]
SAME += ["tools@calls=6", "tools@calls=3,interleaved=1"]
SAME += ["paced@events=9,rate=1000", "personal", "thinking", "echo@split=2", "no-usage", "crlf", "bom", "json-answer"]


@pytest.fixture
async def client(demo: Demo) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{demo.url}/v1", api_key="any", max_retries=0) as client:
        yield client


async def streamed(client: openai.AsyncOpenAI, model: str, **more: Any) -> Response:
    """The response that the client's own accumulator makes of the deltas; the last event repeats it."""
    last: Response | None = None
    async with client.responses.stream(model=model, **({"input": "hello"} | more)) as stream:
        async for event in stream:
            if event.type in ("response.completed", "response.incomplete"):
                last = event.response
    assert last is not None
    return last


async def created(client: openai.AsyncOpenAI, model: str, **more: Any) -> Response:
    response: Response = await client.responses.create(model=model, **({"input": "hello"} | more))
    return response


def calls(response: Response) -> list[tuple[str, str, Any]]:
    found = [item for item in response.output if item.type == "function_call"]
    return [(call.call_id, call.name, json.loads(call.arguments)) for call in found]


@pytest.mark.parametrize("model", [name for name in SAME if name not in ("json-answer", "bom")])
async def test_stream_and_whole_response_say_the_same(client: openai.AsyncOpenAI, model: str) -> None:
    more = {"tools": [WEATHER, NOW], "safety_identifier": "me"}

    stream, whole = await streamed(client, model, **more), await created(client, model, **more)

    assert stream.output_text == whole.output_text
    assert [item.type for item in stream.output] == [item.type for item in whole.output]
    assert (stream.status, stream.incomplete_details) == (whole.status, whole.incomplete_details)
    assert (calls(stream), stream.usage, stream.id) == (calls(whole), whole.usage, whole.id)


@pytest.mark.parametrize(
    "model", ["chat", "refusal", "tools@calls=2", "tools@calls=2,interleaved=1", "thinking", "unicode"]
)
async def test_deltas_join_to_what_the_last_event_has(client: openai.AsyncOpenAI, model: str) -> None:
    said: dict[int, str] = {}
    async with client.responses.stream(model=model, input="hello", tools=[WEATHER]) as stream:
        async for event in stream:
            if event.type.endswith(".delta"):
                said[event.output_index] = said.get(event.output_index, "") + event.delta
        response = await stream.get_final_response()

    def text(item: Any) -> str:
        if item.type == "function_call":
            return str(item.arguments)
        part = (item.summary if item.type == "reasoning" else item.content)[0]
        return str(part.refusal if part.type == "refusal" else part.text)

    assert [said[index] for index in range(len(said))] == [text(item) for item in response.output]


async def test_arguments_of_calls_come_in_turn_if_that_is_asked_for(client: openai.AsyncOpenAI) -> None:
    async with client.responses.stream(
        model="tools@calls=2,interleaved=1", input="hello", tools=[WEATHER, NOW]
    ) as stream:
        places = [
            event.output_index async for event in stream if event.type == "response.function_call_arguments.delta"
        ]

    assert places[:3] == [1, 2, 1]


async def test_a_tool_loop_finishes_in_two_turns(client: openai.AsyncOpenAI) -> None:
    asked: Any = {"role": "user", "content": [{"type": "input_text", "text": "hello"}]}
    first = await streamed(client, "tools@calls=2", tools=[WEATHER, NOW], input=[asked])
    found = calls(first)
    assert [(name, arguments) for _, name, arguments in found] == [("weather", {"city": "demo"}), ("now", {})]

    turn = [item.model_dump(exclude_none=True) for item in first.output]
    results = [{"type": "function_call_output", "call_id": key, "output": f"{name}!"} for key, name, _ in found]
    second = await streamed(client, "tools", tools=[WEATHER, NOW], input=[asked, *turn, *results])

    assert second.output_text.endswith("answered: weather! | now!")


async def test_of_an_agents_tools_its_shell_is_called(client: openai.AsyncOpenAI) -> None:
    parameters = {"type": "object", "properties": {"cmd": {"type": "string"}, "tty": {"type": "boolean"}}}
    shell: Any = {"type": "function", "name": "exec_command", "parameters": parameters, "strict": False}

    ((_, name, arguments),) = calls(await streamed(client, "tools", tools=[WEATHER, NOW, shell]))

    assert (name, arguments) == ("exec_command", {"cmd": "echo hello from demo"})


async def test_thinking_comes_back_whole_or_is_refused(client: openai.AsyncOpenAI) -> None:
    asked: Any = {"role": "user", "content": "hello"}
    thought, text = (await created(client, "thinking@signature=700")).output
    assert thought.type == "reasoning"
    assert len(thought.encrypted_content or "") == 700
    turn = [item.model_dump(exclude_none=True, exclude_unset=True) for item in (thought, text)]

    assert (await created(client, "chat", input=[asked, *turn, asked])).output_text
    forged = [turn[0] | {"encrypted_content": "other"}, turn[0] | {"id": "rs_other"}]
    for history in ([asked, *turn[:1], asked], [asked, forged[0], turn[1]], [asked, forged[1], turn[1]]):
        with pytest.raises(openai.BadRequestError, match=r"reasoning item|could not be verified"):
            await created(client, "chat", input=history)


@pytest.mark.parametrize(
    "item",
    [
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "ok"},
    ],
)
async def test_calls_and_outputs_belong_together(client: openai.AsyncOpenAI, item: Any) -> None:
    with pytest.raises(openai.BadRequestError, match=r"input\.1: no tool"):
        await created(client, "chat", input=[{"role": "user", "content": "hello"}, item])


async def test_usage_includes_what_the_cache_gave(client: openai.AsyncOpenAI) -> None:
    usage = (await streamed(client, "cache@read=7,write5m=2,write1h=1")).usage
    assert usage is not None
    assert (usage.input_tokens_details.cached_tokens, usage.input_tokens_details.cache_write_tokens) == (7, 3)
    assert usage.input_tokens > 10
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens


@pytest.mark.parametrize(("model", "error"), HTTP_ERRORS)
async def test_http_errors(client: openai.AsyncOpenAI, model: str, error: type[openai.APIStatusError]) -> None:
    with pytest.raises(error):
        await created(client, model)


async def test_an_error_in_the_stream_is_an_event(demo: Demo) -> None:
    raw = await ask(demo.port, "error-mid@after=3", path="/v1/responses", input="hello")
    assert raw.frames[-1].startswith(b'event: error\ndata: {"type":"error"')
    assert sum(b"output_text.delta" in frame for frame in raw.frames) == 3


async def test_bytes_that_are_no_utf8_are_in_the_deltas(demo: Demo) -> None:
    raw = await ask(demo.port, "bad-utf8", path="/v1/responses", input="hello")
    assert all((b"\xff\x80" in frame) == (b".delta\n" in frame) for frame in raw.frames)


@pytest.mark.parametrize("input", [None, [], "", [7], [{"type": "message", "content": "hi"}]])
async def test_an_input_that_is_none_is_refused(demo: Demo, input: Any) -> None:
    assert b" 400 " in (await ask(demo.port, "chat", path="/v1/responses", input=input)).head.split(b"\r\n")[0]
