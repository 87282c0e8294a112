"""Codex works through relay's `/v1/responses` on providers of every dialect."""

import json
import re
from typing import Any

import pytest

from tests.accept.conftest import Stage, Start
from tests.accept.test_claude_code import all_answered, events
from tests.clients.servers import UPSTREAMS

pytestmark = pytest.mark.accept


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_a_tool_loop_of_two_turns_is_completed(codex: Start, stage: Stage, upstream: str) -> None:
    model = f"{UPSTREAMS[upstream]}/tools@delay=0"
    said = events(codex("--model", model, "Say hello with a tool."))

    (ran,) = items(said, "command_execution")
    assert ran["command"].endswith("echo hello from demo'")
    assert (ran["aggregated_output"], ran["exit_code"], ran["status"]) == ("hello from demo\n", 0, "completed")
    first, last = items(said, "agent_message")
    assert first["text"] == "Let me use a tool."
    assert last["text"].startswith("The demo called a tool, which answered: ")
    assert "hello from demo" in last["text"]
    ended = said[-1]
    assert ended["type"] == "turn.completed"
    calls = stage.gateway.calls(2, request_model=model)
    assert [call["finish_reason"] for call in calls] == ["tool_use", "end_turn"]
    assert [(call["outcome"], call["status"], call["stream"]) for call in calls] == [("complete", 200, True)] * 2
    for count in ("input_tokens", "output_tokens"):
        assert ended["usage"][count] == sum(call["usage"][count] for call in calls) > 0
    assert all_answered(stage) == {("POST", "/v1/responses")}
    assert len(stage.tap.exchanges()) == 2
    assert stage.gateway.process.noise == []


def test_tools_arrive_and_what_only_openai_has_is_left_out_and_told(codex: Start, stage: Stage) -> None:
    """To a model that it knows, Codex also offers a tool that takes free text."""
    said = events(codex("--model", "gpt-5.5", "hello"))

    asked = json.loads(re.findall(rb"\r\n\r\n(\{.*?\})(?=POST |$)", stage.tap.sent(), re.DOTALL)[0])
    arrived = json.loads(stage.provider.seen()["body"])
    taken = [tool["name"] for tool in asked["tools"] if tool["type"] in ("function", "custom")]
    assert {"exec_command", "apply_patch"} <= set(taken)
    assert [tool["name"] for tool in arrived["tools"]] == taken
    assert "apply_patch verification failed: invalid patch" in items(said, "agent_message")[-1]["text"]
    left_out = {f"tools.{at}" for at, tool in enumerate(asked["tools"]) if tool.get("name") not in taken}
    assert "web_search" in {tool["type"] for tool in asked["tools"]}
    told = json.loads(re.findall(rb'"dropped_fields":(\[[^\]]*\])', stage.tap.received())[0])
    assert left_out <= set(told)
    assert set(told) - left_out <= asked.keys()


def items(said: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The items of a kind that came to their end."""
    ended = [event["item"] for event in said if event["type"] == "item.completed"]
    return [item for item in ended if item["type"] == kind]
