"""Claude Code works through relay on providers that speak other dialects than its own."""

import pytest

from tests.accept.conftest import Stage, Start
from tests.accept.test_claude_code import STREAMED, all_answered, blocks, events
from tests.clients.servers import UPSTREAMS

pytestmark = pytest.mark.accept

elsewhere = pytest.mark.parametrize("upstream", [name for name in UPSTREAMS if name != "messages"])


@elsewhere
def test_a_tool_loop_of_two_turns_is_completed(claude: Start, stage: Stage, upstream: str) -> None:
    model = f"{UPSTREAMS[upstream]}/tools@delay=0"
    said = events(claude("--model", model, "--allowedTools", "Bash", *STREAMED, "Say hello with a tool."))

    (call,) = blocks(said, "assistant", "tool_use")
    (result,) = blocks(said, "user", "tool_result")
    assert (call["name"], call["input"]["command"]) == ("Bash", "echo hello from demo")
    assert (result["tool_use_id"], result["content"], result["is_error"]) == (call["id"], "hello from demo", False)
    final = said[-1]
    assert (final["subtype"], final["is_error"], final["num_turns"]) == ("success", False, 2)
    assert final["result"] == "The demo called a tool, which answered: hello from demo"
    first, second = stage.gateway.calls(2, request_model=model)
    assert (first["finish_reason"], second["finish_reason"]) == ("tool_use", "end_turn")
    for count in ("input_tokens", "output_tokens"):
        assert final["usage"][count] == first["usage"][count] + second["usage"][count] > 0
    assert all_answered(stage) == {("POST", "/v1/messages?beta=true")}
    assert len(stage.tap.exchanges()) == 2
    if upstream != "invoke":  # the client's bytes pass
        assert "x-anthropic-billing-header" not in stage.provider.seen()["body"]


@elsewhere
def test_thinking_and_parallel_calls_come_back_as_they_went(claude: Start, stage: Stage, upstream: str) -> None:
    """What the script calls with is no input that its tools take: each says so, and the loop goes on with that."""
    model = f"{UPSTREAMS[upstream]}/agent@delay=0,signature=3000,calls=2"
    said = events(claude("--model", model, *STREAMED, "Refund it."))

    (thought,) = blocks(said, "assistant", "thinking")
    calls, results = blocks(said, "assistant", "tool_use"), blocks(said, "user", "tool_result")
    assert thought["thinking"].endswith("“Café” \\u0041.")
    assert bool(thought["signature"]) == (upstream != "chat")
    assert [result["tool_use_id"] for result in results] == [call["id"] for call in calls]
    assert len(calls) == 2
    assert said[-1]["result"].startswith("The demo called a tool, which answered: ")
    assert said[-1]["subtype"] == "success"
    assert len(stage.gateway.calls(2, request_model=model)) == 2
    assert thought["signature"].rpartition(":")[2] in stage.provider.seen()["body"]
    assert all_answered(stage) == {("POST", "/v1/messages?beta=true")}
