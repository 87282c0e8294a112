"""botocore reads the embedded provider: Converse and Invoke, streamed and whole. It signs, and finds AWS's shapes."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError
from botocore.session import get_session

from .conftest import Demo

Json = dict[str, Any]
HELLO: list[Json] = [{"role": "user", "content": [{"text": "hello"}]}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": SCHEMA}}}]}
CLAUDE: Json = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "hello"}],
}


@pytest.fixture
def client(demo: Demo) -> Iterator[Any]:
    session = get_session()
    session.set_credentials("AKIA", "secret")
    config = Config(retries={"max_attempts": 0}, read_timeout=10)
    client = session.create_client("bedrock-runtime", "us-east-1", endpoint_url=demo.url, config=config)
    yield client
    client.close()


async def asked(call: Callable[..., Any], **said: Any) -> Any:
    return await asyncio.to_thread(call, **said)


async def streamed(client: Any, model: str, **more: Any) -> tuple[list[Json], Json]:
    """The blocks of a ConverseStream, and what else it told."""

    def read() -> tuple[list[Json], Json]:
        blocks: dict[int, Json] = {}
        rest: Json = {}
        with closing(client.converse_stream(modelId=model, **({"messages": HELLO} | more))["stream"]) as events:
            for event in events:
                [(name, said)] = event.items()
                if name == "contentBlockStart":
                    blocks[said["contentBlockIndex"]] = dict(said["start"]["toolUse"], input="")
                elif name == "contentBlockDelta":
                    _add(blocks.setdefault(said["contentBlockIndex"], {}), said["delta"])
                elif name in ("messageStop", "metadata"):
                    rest |= said
        return [blocks[index] for index in sorted(blocks)], rest

    return await asyncio.to_thread(read)


def _add(block: Json, delta: Json) -> None:
    told = delta.get("toolUse") or delta.get("reasoningContent") or delta
    for key in ("text", "input", "signature"):
        if key in told:
            block[key] = block.get(key, "") + told[key]


def plain(block: Json) -> Json:
    """A whole block as the stream's events make it."""
    if "toolUse" in block:
        return block["toolUse"] | {"input": json.dumps(block["toolUse"]["input"])}
    return dict(block["reasoningContent"]["reasoningText"]) if "reasoningContent" in block else block


@pytest.mark.parametrize("model", ["chat", "echo", "tools", "thinking", "unicode", "cache", "stop-sequence", "refusal"])
async def test_stream_and_whole_converse_say_the_same(client: Any, model: str) -> None:
    blocks, rest = await streamed(client, f"demo.x/{model}", toolConfig=TOOLS)
    whole = await asked(client.converse, modelId=f"demo.x/{model}", messages=HELLO, toolConfig=TOOLS)
    assert [_same(block) for block in blocks] == [_same(plain(b)) for b in whole["output"]["message"]["content"]]
    assert (rest["stopReason"], rest["usage"]) == (whole["stopReason"], whole["usage"])


def _same(block: Json) -> Json:
    return block | ({"input": json.loads(block["input"])} if "input" in block else {})


async def test_inputs_of_calls_come_in_turn_if_that_is_asked_for(client: Any) -> None:
    def read() -> list[int]:
        more = {"messages": HELLO, "toolConfig": {"tools": [*TOOLS["tools"], *TOOLS["tools"]]}}
        stream = client.converse_stream(modelId="tools@calls=2,interleaved=1", **more)["stream"]
        deltas = [event["contentBlockDelta"] for event in stream if "contentBlockDelta" in event]
        return [delta["contentBlockIndex"] for delta in deltas if "toolUse" in delta["delta"]]

    places = await asyncio.to_thread(read)
    assert places[:4] == [1, 2, 1, 2]


async def test_a_tool_loop_ends(client: Any) -> None:
    first = await asked(client.converse, modelId="tools", messages=HELLO, toolConfig=TOOLS)
    assert first["stopReason"] == "tool_use"
    said = first["output"]["message"]
    [use] = [block["toolUse"] for block in said["content"] if "toolUse" in block]
    result = {"toolUseId": use["toolUseId"], "content": [{"text": "sunny"}], "status": "success"}
    turns = [*HELLO, said, {"role": "user", "content": [{"toolResult": result}]}]
    last = await asked(client.converse, modelId="tools", messages=turns, toolConfig=TOOLS)
    assert "sunny" in last["output"]["message"]["content"][0]["text"]


@pytest.mark.parametrize("model", ["chat", "thinking", "unicode"])
async def test_invoke_streams_the_events_of_messages_in_chunks(client: Any, model: str) -> None:
    def read() -> tuple[list[Json], Json]:
        body = json.dumps(CLAUDE)
        stream = client.invoke_model_with_response_stream(modelId=f"anthropic.x/{model}", body=body)["body"]
        whole = client.invoke_model(modelId=f"anthropic.x/{model}", body=body)["body"].read()
        return [json.loads(event["chunk"]["bytes"]) for event in stream], json.loads(whole)

    events, whole = await asyncio.to_thread(read)
    assert (events[0]["type"], events[-1]["type"]) == ("message_start", "message_stop")
    assert events[-1]["amazon-bedrock-invocationMetrics"]["inputTokenCount"] > 0
    told = "".join(event["delta"]["text"] for event in events if event.get("delta", {}).get("type") == "text_delta")
    assert told == whole["content"][-1]["text"]


async def test_a_failure_in_the_stream_is_an_exception(client: Any) -> None:
    for model, code in (
        ("error-first", "serviceUnavailableException"),
        ("error-mid@type=rate_limit_error", "throttlingException"),
    ):
        with pytest.raises(EventStreamError, match=code):
            await streamed(client, model)


async def test_a_failure_before_it_is_a_client_error(client: Any) -> None:
    with pytest.raises(ClientError) as caught:
        await asked(client.converse, modelId="error@status=429", messages=HELLO)
    assert caught.value.response["Error"] == {"Code": "ThrottlingException", "Message": "the demo was asked to fail"}


@pytest.mark.parametrize(
    "turns",
    [
        [*HELLO, *HELLO],
        [{"role": "assistant", "content": [{"text": "a"}]}],
        [{"role": "user", "content": [{"text": " "}]}],
        [*HELLO, {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}]}],
    ],
)
async def test_it_refuses_what_aws_refuses(client: Any, turns: list[Json]) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        await asked(client.converse, modelId="chat", messages=turns)
