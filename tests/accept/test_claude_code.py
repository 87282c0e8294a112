"""Claude Code works through relay: tool loops on every upstream, token counts, models, thinking, errors and leaving."""

import json
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.accept.conftest import Stage, Start
from tests.clients.servers import UPSTREAMS

pytestmark = pytest.mark.accept

TOOLS = "demo/tools@delay=0"
PATIENCE_S = 60
every_upstream = pytest.mark.parametrize("upstream", UPSTREAMS)


@every_upstream
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
    for turn in (first, second):
        assert (turn["outcome"], turn["status"], turn["stream"], turn["app"]) == ("complete", 200, True, "cli")
        assert turn["session_id"] == final["session_id"]
    for count in ("input_tokens", "output_tokens"):
        assert final["usage"][count] == first["usage"][count] + second["usage"][count] > 0
    # It drops betas and asks again when a request is refused, so a refusal would not show in its answer.
    assert all_answered(stage) == {("POST", "/v1/messages?beta=true")}
    assert len(stage.tap.exchanges()) == 2


@every_upstream
def test_thinking_and_parallel_calls_come_back_as_they_went(claude: Start, stage: Stage, upstream: str) -> None:
    """What the script calls with is no input that its tools take: each says so, and the loop goes on with that."""
    model = f"{UPSTREAMS[upstream]}/agent@delay=0,signature=3000,calls=2"
    said = events(claude("--model", model, *STREAMED, "Refund it."))

    thought, *carriers = blocks(said, "assistant", "thinking")
    calls, results = blocks(said, "assistant", "tool_use"), blocks(said, "user", "tool_result")
    assert thought["thinking"].endswith("“Café” \\u0041.")
    signature = re.split("[.:]", (carriers or [thought])[0]["signature"])[-1]  # within relay's own, if it is not bare
    assert len(signature) == (3000 if upstream != "chat" else 0)
    assert len(carriers) == (1 if upstream == "gemini" else 0)  # what Gemini signs is a call
    assert [result["tool_use_id"] for result in results] == [call["id"] for call in calls]
    assert len(calls) == 2
    assert said[-1]["result"].startswith("The demo called a tool, which answered: ")
    assert said[-1]["subtype"] == "success"
    assert len(stage.gateway.calls(2, request_model=model)) == 2
    sent = stage.provider.seen()["body"]
    assert signature in sent
    assert ("x-anthropic-billing-header" in sent) == (upstream in ("messages", "invoke"))  # where its bytes pass
    assert all_answered(stage) == {("POST", "/v1/messages?beta=true")}


def test_what_it_sends_arrives_byte_by_byte(claude: Start, stage: Stage) -> None:
    finish(claude("--model", TOOLS, "--allowedTools", "Bash", "--", "Say hello with a tool."))

    arrived = stage.provider.seen()["body"].replace('"model":"tools@delay=0"', f'"model":"{TOOLS}"', 1)
    sent = stage.tap.sent()
    assert arrived.encode() in sent
    betas = stage.provider.seen_fields()["anthropic-beta"]
    assert betas.count(",") > 2
    assert f"anthropic-beta: {betas}\r\n".encode() in sent


def test_its_context_report_counts_tokens(claude: Start, stage: Stage) -> None:
    report = finish(claude("--model", TOOLS, "/context"))

    assert "System tools" in report
    counts = stage.gateway.calls(5, operation="count_tokens")
    assert {(count["outcome"], count["status"]) for count in counts} == {("complete", 200)}
    assert all_answered(stage) >= {("POST", "/v1/messages/count_tokens?beta=true")}


def test_it_discovers_the_models(claude: Start, stage: Stage) -> None:
    text = finish(claude("--model", "claude-demo", "hello", CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY="1"))

    assert "The demo called a tool" in text
    assert all_answered(stage) >= {("GET", "/v1/models?limit=1000")}


def test_thinking_with_a_large_signature_is_taken(claude: Start, stage: Stage) -> None:
    model = "demo/thinking@delay=0,signature=40000"
    said = events(claude("--model", model, *STREAMED, "Think."))

    (thought,) = blocks(said, "assistant", "thinking")
    assert len(thought["signature"]) == 40_000
    assert said[-1]["result"].startswith("This is the demo")
    assert stage.gateway.call(request_model=model)["outcome"] == "complete"


def test_an_overloaded_provider_is_asked_again_and_then_reported(claude: Start, stage: Stage) -> None:
    process = claude("--model", "demo/error@status=529", "hello", CLAUDE_CODE_MAX_RETRIES="1")
    out, _ = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 1
    assert "529" in out
    calls = stage.gateway.calls(2, request_model="demo/error@status=529")
    assert {(call["status"], call["error_type"]) for call in calls} == {(529, "provider_overloaded")}


def test_leaving_mid_stream_ends_the_upstream(claude: Start, stage: Stage) -> None:
    model = "demo/paced@events=2000,rate=20"
    process = claude("--model", model, "hello")
    until(lambda: stage.provider.streams()["open"] > 0)

    process.terminate()
    process.communicate(timeout=PATIENCE_S)

    until(lambda: stage.provider.streams()["gone"] == 1)
    assert stage.gateway.call(request_model=model)["outcome"] == "client_gone"


STREAMED = ("--output-format", "stream-json", "--verbose")


def finish(process: "subprocess.Popen[str]") -> str:
    out, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors[-2000:]
    return out


def events(process: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """What it tells of its own run, line by line; the last is the result."""
    return [json.loads(line) for line in finish(process).splitlines()]


def blocks(said: list[dict[str, Any]], role: str, kind: str) -> list[dict[str, Any]]:
    """The content blocks of a kind in its messages of a role."""
    contents = [event["message"]["content"] for event in said if event["type"] == role]
    return [block for content in contents for block in content if block["type"] == kind]


def all_answered(stage: Stage) -> set[tuple[str, str]]:
    """Method and target of all requests; each of them was answered with 200."""
    exchanges = stage.tap.exchanges()
    assert {status for _, _, status in exchanges} == {200}, exchanges
    return {(method, target) for method, target, _ in exchanges}


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
