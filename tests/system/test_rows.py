"""Every row of the Chat dialect completes a streamed call of a tool with its quirks applied: one gateway, the demo.

Each keeps its name and its quirks and is only sent elsewhere: `base_url` is that of the embedded provider.
"""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from relay.providers import PROVIDERS
from tests.support import raw_client
from tests.support.processes import Running
from tests.system.planted import ENVIRON

NAMES = [name for name, row in PROVIDERS.items() if row.dialect == "chat"]
WEATHER: Any = {
    "name": "weather",
    "description": "The weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, demo: Running) -> Iterator[Running]:
    there = {"base_url": f"http://127.0.0.1:{demo.port}/v1", "credential": {"env": "PROVIDER_KEY"}}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": dict.fromkeys(NAMES, there),
        "models": {f"{name}/*": [{"provider": name, "model": "*"}] for name in NAMES},
    }
    with Running.relay(config, tmp_path_factory.mktemp("rows"), ENVIRON) as process:
        yield process
    assert process.noise == []


@pytest.mark.parametrize("name", NAMES)
def test_a_streamed_call_of_a_tool_is_completed(gateway: Running, name: str) -> None:
    asked: dict[str, Any] = {
        "model": f"{name}/tools@delay=0",
        "max_tokens": 2000,
        "tools": [WEATHER],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "stop_sequences": ["one", "two", "three", "four", "five"],
        "metadata": {"user_id": "user-1"},
    }
    url = f"http://127.0.0.1:{gateway.port}"
    with anthropic.Anthropic(base_url=url, api_key=raw_client.KEY, max_retries=0) as client:
        history: Any = [{"role": "user", "content": "What is up in Paris?"}]
        with client.messages.stream(messages=history, **asked) as events:
            first = events.get_final_message()
        (call,) = [block for block in first.content if block.type == "tool_use"]
        assert (first.stop_reason, call.name, list(call.input)) == ("tool_use", "weather", ["city"])
        turn = [block.model_dump(exclude_none=True) for block in first.content]
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
        history += [{"role": "assistant", "content": turn}, {"role": "user", "content": [result]}]
        with client.messages.stream(messages=history, **asked) as events:
            last = events.get_final_message()
    (said,) = last.content
    assert (last.stop_reason, said.type) == ("end_turn", "text")
    assert "sunny" in json.dumps(said.model_dump())
    assert last.usage.output_tokens > 0
