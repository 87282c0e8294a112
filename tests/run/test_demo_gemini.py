"""The official Google client reads the embedded provider, streamed and whole."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import errors, types

from .conftest import Demo, Raw, ask

WEATHER = types.FunctionDeclaration(
    name="weather",
    parameters_json_schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
NOW = types.FunctionDeclaration(name="now")
TOOLS = [types.Tool(function_declarations=[WEATHER, NOW])]
SAME = ["chat", "echo", "tools", "tools@calls=2", "unicode", "cache", "stop-sequence", "pause", "refusal", "citations"]
SAME += ["max-tokens", "personal", "unknown-events", "thinking", "agent", "echo@split=2", "crlf"]


@pytest.fixture
async def client(demo: Demo) -> AsyncIterator[Any]:
    async with httpx2.AsyncClient() as transport:
        options = types.HttpOptions(base_url=demo.url, api_version="v1beta", httpx_async_client=transport)
        client = genai.Client(api_key="any", http_options=options).aio
        yield client.models
        await client.aclose()


def config(**more: Any) -> types.GenerateContentConfig:
    no_loop = types.AutomaticFunctionCallingConfig(disable=True)
    return types.GenerateContentConfig(tools=TOOLS, automatic_function_calling=no_loop, **more)


async def refused(demo: Demo, **body: Any) -> Any:
    """The error of a body that is sent as it is; members that are others' are left out."""
    leave = {"max_tokens": ..., "stream": ..., "messages": ...}
    raw: Raw = await ask(demo.port, ..., "/v1beta/models/chat:generateContent", **leave | body)
    assert raw.head.startswith(b"HTTP/1.1 400")
    return json.loads(raw.content)["error"]


async def streamed(client: Any, model: str, contents: Any = "hello") -> tuple[list[types.Part], Any]:
    """The parts of a stream and its last response."""
    parts: list[types.Part] = []
    async for response in await client.generate_content_stream(model=model, contents=contents, config=config()):
        parts += response.parts or ()
    return parts, response


async def created(client: Any, model: str, contents: Any = "hello", **more: Any) -> types.GenerateContentResponse:
    found: types.GenerateContentResponse = await client.generate_content(
        model=model, contents=contents, config=config(**more)
    )
    return found


def facts(parts: list[types.Part]) -> list[Any]:
    """What parts say, texts of a kind joined."""
    found: list[types.Part] = []
    for part in parts:
        if found and part.text is not None and found[-1].text is not None and found[-1].thought == part.thought:
            found[-1].text += part.text
            found[-1].thought_signature = found[-1].thought_signature or part.thought_signature
        elif part.text or part.function_call:
            found.append(part.model_copy())
    return [(part.text, part.thought, part.function_call, part.thought_signature) for part in found]


@pytest.mark.parametrize("model", SAME)
async def test_stream_and_whole_answer_say_the_same(client: Any, model: str) -> None:
    (parts, last), whole = await streamed(client, model), await created(client, model)

    assert facts(parts) == facts(whole.parts)
    assert last.candidates[0].finish_reason == whole.candidates[0].finish_reason
    assert last.usage_metadata == whole.usage_metadata
    assert last.response_id == whole.response_id


async def test_finish_reasons_and_signatures(client: Any) -> None:
    for model, reason in (("chat", "STOP"), ("max-tokens", "MAX_TOKENS"), ("refusal", "SAFETY"), ("tools", "STOP")):
        assert (await created(client, model)).candidates[0].finish_reason == reason
    whole = await created(client, "agent")
    assert [part.thought_signature is not None for part in whole.parts] == [False, False, True, False]
    assert whole.usage_metadata.thoughts_token_count > 0


async def test_tool_loop_finishes_in_two_turns(client: Any) -> None:
    first = await created(client, "tools@calls=2")
    asked = types.Content(role="user", parts=[types.Part(text="hello")])
    results = [
        types.Part.from_function_response(name=call.name, response={"output": f"{call.name}!"})
        for call in first.function_calls
    ]
    turns = [asked, first.candidates[0].content, types.Content(role="user", parts=results)]
    second = await created(client, "tools", turns)
    assert second.text.endswith("answered: weather! | now!")


async def test_cached_tokens_are_part_of_the_prompt(client: Any) -> None:
    usage = (await created(client, "cache@read=70")).usage_metadata
    assert usage.cached_content_token_count == 70
    assert usage.prompt_token_count > 70
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count


@pytest.mark.parametrize(
    ("status", "word"), [(400, "INVALID_ARGUMENT"), (429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")]
)
async def test_errors_are_googles(client: Any, status: int, word: str) -> None:
    with pytest.raises(errors.APIError) as caught:
        await created(client, f"error@status={status}")
    assert (caught.value.code, caught.value.status) == (status, word)
    with pytest.raises(errors.APIError) as caught:
        await streamed(client, "error-mid@after=2")
    assert caught.value.status == "UNAVAILABLE"


@pytest.mark.parametrize(
    "contents",
    [
        [],
        [{"role": "model", "parts": [{"text": "a"}]}],
        [{"role": "user", "parts": []}],
        [{"role": "user", "parts": [{"text": ""}]}],
        [{"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}],
        [{"role": "user", "parts": [{"text": "a"}]}, {"role": "model", "parts": [{"functionCall": {"name": "f"}}]},
         {"role": "user", "parts": [{"text": "b"}]}],
    ],
)  # fmt: skip
async def test_conversations_that_google_refuses_are_refused(demo: Demo, contents: Any) -> None:
    assert (await refused(demo, contents=contents))["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "more",
    [
        {"model_": "x"},
        {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "object", "title": "X"}}]}]},
    ],
)
async def test_members_that_google_does_not_know_are_refused(demo: Demo, more: Any) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "a"}]}]} | more
    assert "Unknown name" in (await refused(demo, **body))["message"]
