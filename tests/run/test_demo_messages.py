"""The official Anthropic client reads the embedded provider, streamed and whole, and gets the same from both."""

import json
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest
from anthropic.types import Message, MessageParam, ToolParam

from .conftest import Demo

HELLO: list[MessageParam] = [{"role": "user", "content": "hello, my number is 4111 1111 1111 1111"}]
BASH: ToolParam = {"name": "Bash", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}
WEATHER: ToolParam = {
    "name": "weather",
    "input_schema": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"enum": ["c", "f"]},
            "days": {"type": "array", "items": {"$ref": "#/$defs/day"}},
            "note": {"type": "string"},
        },
        "required": ["city", "unit", "days"],
        "$defs": {"day": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}},
    },
}


@pytest.fixture
async def client(demo: Demo) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=demo.url, api_key="any", max_retries=0) as client:
        yield client


AGENTS_ARGUMENTS = [
    {
        "card": "5555 5555 5555 4444",
        "iban": "GB82 WEST 1234 5698 7654 32",
        "note": "line\nmail sam.lee@example.net 😀",
        "amount": 12.5,
    },
    {
        "to": ["sam.lee@example.net", "desk@example.org"],
        "paid": {"card": 5555555555554444},
        "iban": "GB82WEST12345698765432",
    },
]


async def streamed(client: anthropic.AsyncAnthropic, model: str, **more: Any) -> Message:
    arguments: dict[str, Any] = {"messages": HELLO, "max_tokens": 1000} | more
    async with client.messages.stream(model=model, **arguments) as stream:
        return await stream.get_final_message()


async def created(client: anthropic.AsyncAnthropic, model: str, **more: Any) -> Message:
    arguments: dict[str, Any] = {"messages": HELLO, "max_tokens": 1000} | more
    message: Message = await client.messages.create(model=model, **arguments)
    return message


def text(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def said(message: Message) -> dict[str, Any]:
    """What was said; a stream and a whole message may differ in which empty members they have."""
    return message.model_dump(mode="json", exclude_none=True, warnings=False) | {"usage": None}


SAME = [
    "chat",
    "echo",
    "echo@calls=2",
    "personal",
    "personal@events=9",
    "tools",
    "tools@calls=2",
    "thinking",
    "thinking@signature=40000",
    "agent",
    "agent@calls=3,signature=9",
    "refusal",
    "unicode",
    "cache",
]
SAME += [
    "max-tokens",
    "stop-sequence",
    "pause",
    "paced@events=7,rate=1000",
    "long@bytes=5000",
    "chat@events=200,split=3",
]
SAME += ["sonnet", "demo/echo@events=4", "silent@seconds=0", "slow-first@seconds=0", "stall@seconds=0,of=thinking"]


@pytest.mark.parametrize("model", SAME)
async def test_stream_and_whole_message_say_the_same(client: anthropic.AsyncAnthropic, model: str) -> None:
    more = {"tools": [WEATHER, BASH], "metadata": {"user_id": "me"}}

    stream, whole = await streamed(client, model, **more), await created(client, model, **more)

    assert said(stream) == said(whole)
    assert stream.usage.output_tokens == whole.usage.output_tokens
    assert stream.usage.input_tokens == whole.usage.input_tokens > 0
    assert stream.id == whole.id
    assert stream.model == model


async def test_text_arrives_a_word_at_a_time(client: anthropic.AsyncAnthropic) -> None:
    async with client.messages.stream(model="chat", messages=HELLO, max_tokens=100) as stream:
        pieces = [piece async for piece in stream.text_stream]

    assert len(pieces) > 40
    assert "This is the demo" in "".join(pieces)
    assert (await stream.get_final_message()).stop_reason == "end_turn"
    assert stream.request_id is not None


async def test_echo_gives_the_last_user_text_back(client: anthropic.AsyncAnthropic) -> None:
    turns: list[MessageParam] = [
        *HELLO,
        {"role": "assistant", "content": "?"},
        {"role": "user", "content": " É 漢\n😀 "},
    ]

    assert text(await streamed(client, "echo")) == HELLO[0]["content"]
    assert text(await streamed(client, "echo", messages=turns)) == " É 漢\n😀 "


async def test_tool_loop_finishes_in_two_turns(client: anthropic.AsyncAnthropic) -> None:
    first = await streamed(client, "tools", tools=[WEATHER, BASH])
    call = first.content[-1]
    assert call.type == "tool_use"
    assert (call.name, call.input["command"]) == ("Bash", "echo hello from demo")
    assert first.stop_reason == "tool_use"

    result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "hello from demo"}]}
    turns = [*HELLO, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    second = await streamed(client, "tools", tools=[WEATHER, BASH], messages=turns)

    assert second.stop_reason == "end_turn"
    assert text(second).endswith("answered: hello from demo")


async def test_tool_arguments_fit_the_schema(client: anthropic.AsyncAnthropic) -> None:
    choice = {"type": "tool", "name": "weather"}
    calls = [
        block
        for block in (await streamed(client, "tools@calls=2", tools=[BASH, WEATHER], tool_choice=choice)).content
        if block.type == "tool_use"
    ]

    assert [call.name for call in calls] == ["weather", "Bash"]
    assert calls[0].input == {"city": "demo", "unit": "c", "days": [{"n": 3}]}
    assert calls[0].id != calls[1].id


async def test_tool_without_arguments_has_an_empty_input(client: anthropic.AsyncAnthropic) -> None:
    tool: ToolParam = {"name": "now", "input_schema": {"type": "object", "properties": {}}}

    call = (await streamed(client, "tools", tools=[tool])).content[-1]

    assert call.type == "tool_use"
    assert call.input == {}


async def test_thinking_comes_first_with_its_signature(client: anthropic.AsyncAnthropic) -> None:
    message = await streamed(client, "thinking")

    thought, answer = message.content
    assert thought.type == "thinking"
    assert "cannot think" in thought.thinking
    assert len(thought.signature) == 300
    assert answer.type == "text"
    assert message.usage.output_tokens_details is not None
    assert 0 < message.usage.output_tokens_details.thinking_tokens < message.usage.output_tokens


async def test_an_agent_thinks_speaks_and_calls_two_tools_with_personal_data_cut_anywhere(
    client: anthropic.AsyncAnthropic,
) -> None:
    message = await streamed(client, "agent", tools=[WEATHER, BASH])
    raw = await client.messages.create(model="agent", messages=HELLO, tools=[WEATHER, BASH], max_tokens=9, stream=True)
    deltas = [event.delta async for event in raw if event.type == "content_block_delta"]

    assert [block.type for block in message.content] == ["thinking", "text", "tool_use", "tool_use"]
    assert [block.name for block in message.content if block.type == "tool_use"] == ["Bash", "weather"]
    assert [block.input for block in message.content if block.type == "tool_use"] == AGENTS_ARGUMENTS
    assert [delta.text for delta in deltas if delta.type == "text_delta"][1:6] == [
        "sam.l",
        "ee@ex",
        "ample",
        ".ne",
        "t",
    ]
    fragments = [delta.partial_json for delta in deltas if delta.type == "input_json_delta"]
    assert [
        end for end in ("\\", "\\u", "\\u0", "\\u003", "\\ud83") if not any(f.endswith(end) for f in fragments)
    ] == []


async def test_echo_also_calls_tools_with_what_was_said(client: anthropic.AsyncAnthropic) -> None:
    message = await streamed(client, "echo@calls=1", tools=[WEATHER])
    alone = await streamed(client, "echo@calls=1")

    assert text(message) == text(alone) == HELLO[0]["content"]
    assert message.content[1].type == "tool_use"
    assert message.content[1].input == {"text": HELLO[0]["content"]}
    assert (message.stop_reason, alone.stop_reason) == ("tool_use", "end_turn")


async def test_citations_reach_the_text_they_belong_to(client: anthropic.AsyncAnthropic) -> None:
    stream, whole = await streamed(client, "citations"), await created(client, "citations")

    for message in (stream, whole):
        plain, cited = message.content
        assert plain.type == cited.type == "text"
        assert not plain.citations
        assert [citation.type for citation in cited.citations or ()] == ["char_location", "page_location"]
    assert text(stream) == text(whole)


async def test_refusal_has_its_details(client: anthropic.AsyncAnthropic) -> None:
    message = await streamed(client, "refusal")

    assert message.stop_reason == "refusal"
    assert message.stop_details is not None
    assert message.stop_details.category == "general_harms"


async def test_unicode_survives_cuts_in_escapes_characters_and_writes(client: anthropic.AsyncAnthropic) -> None:
    message = await streamed(client, "unicode", tools=[WEATHER])

    for sample in (
        "👩\u200d👩\u200d👧\u200d👦",
        "🇨🇭",
        "e\u0301",
        "漢字",
        "\u2028",
        "\x85",
        "\ufeff",
        "𝒳𐍈",
        "back\\slash\\n",
    ):
        assert sample in text(message)
    call = message.content[-1]
    assert call.type == "tool_use"
    assert call.input["city"] == 'a😀"b\\c\n漢\u2028é'


async def test_stop_reasons(client: anthropic.AsyncAnthropic) -> None:
    assert (await streamed(client, "max-tokens")).stop_reason == "max_tokens"
    assert (await streamed(client, "pause")).stop_reason == "pause_turn"
    stopped = await streamed(client, "stop-sequence", stop_sequences=["###"])
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "###")


async def test_cache_counts_are_apart_from_the_input(client: anthropic.AsyncAnthropic) -> None:
    usage = (await streamed(client, "cache@read=7,write5m=2,write1h=1")).usage

    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (7, 3)
    assert usage.cache_creation is not None
    assert usage.cache_creation.ephemeral_5m_input_tokens == 2
    assert usage.cache_creation.ephemeral_1h_input_tokens == 1


async def test_unknown_events_do_not_stop_the_client(client: anthropic.AsyncAnthropic) -> None:
    raw = await client.messages.create(model="unknown-events", messages=HELLO, max_tokens=9, stream=True)
    kinds = [event.type async for event in raw]
    message = await streamed(client, "unknown-events")

    assert "future_event" in kinds
    assert "This is the demo" in text(message)


@pytest.mark.parametrize(
    ("model", "error", "kind"),
    [
        ("error", anthropic.InternalServerError, "overloaded_error"),
        ("error@status=529,type=overloaded_error", anthropic.APIStatusError, "overloaded_error"),
        ("error@status=400", anthropic.BadRequestError, "invalid_request_error"),
        ("error@status=401", anthropic.AuthenticationError, "authentication_error"),
        ("error@status=403", anthropic.PermissionDeniedError, "permission_error"),
        ("error@status=404", anthropic.NotFoundError, "not_found_error"),
        ("error@status=429", anthropic.RateLimitError, "rate_limit_error"),
        ("error@status=500", anthropic.InternalServerError, "api_error"),
        ("chat@delay=soon", anthropic.BadRequestError, "invalid_request_error"),
        ("cut@seconds=1", anthropic.BadRequestError, "invalid_request_error"),
        ("cut@of=nobody", anthropic.BadRequestError, "invalid_request_error"),
    ],
)
async def test_http_errors(
    client: anthropic.AsyncAnthropic, model: str, error: type[anthropic.APIStatusError], kind: str
) -> None:
    for call in (streamed, created):
        with pytest.raises(error) as caught:
            await call(client, model)
        assert json.loads(caught.value.response.text)["error"]["type"] == kind


async def test_retry_after_is_sent(client: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.RateLimitError) as caught:
        await created(client, "error@status=429,retry_after=7")

    assert caught.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize(("model", "deltas"), [("error-mid@after=3", 3), ("error-mid@after=0", 0), ("error-first", 0)])
async def test_error_events_come_where_they_should(client: anthropic.AsyncAnthropic, model: str, deltas: int) -> None:
    seen: list[str] = []
    with pytest.raises(anthropic.APIStatusError, match="overloaded_error"):
        async for event in await client.messages.create(model=model, messages=HELLO, max_tokens=9, stream=True):
            seen += [event.type]

    assert seen.count("content_block_delta") == deltas
    assert (not seen) == (model == "error-first")
    with pytest.raises(anthropic.InternalServerError):
        await created(client, model)


async def test_tokens_are_counted_and_models_listed(client: anthropic.AsyncAnthropic) -> None:
    counted = await client.messages.count_tokens(model="chat", messages=HELLO)

    assert counted.input_tokens == (await created(client, "chat")).usage.input_tokens
    assert {"chat", "cut"} <= {model.id async for model in client.models.list(limit=1000)}
    assert (await client.models.retrieve("echo")).display_name == "Demo: echo"
