"""Every SDK accumulates through relay what it accumulates from the provider, streamed, whole and event by event."""

from typing import Any

import pytest

from tests.clients.compare import Json, bare, bare_events, check_additions, check_money
from tests.clients.conftest import HELLO, Client

BASH: Json = {"name": "Bash", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}
NOW: Json = {"name": "now", "input_schema": {"type": "object", "properties": {}}}
WEATHER: Json = {
    "name": "weather",
    "input_schema": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
            "note": {"const": 'a "quoted" \\ 漢\u2028😀 note'},
        },
    },
}
TOOLS: Json = {"tools": [WEATHER, BASH, NOW]}

SAME: list[tuple[str, Json]] = [
    ("chat@delay=0", {}),
    ("chat@delay=0,events=200,split=3", {}),
    ("echo@delay=0", {"system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}]}),
    ("tools@delay=0", TOOLS),
    ("tools@delay=0,calls=3", TOOLS | {"tool_choice": {"type": "tool", "name": "weather"}}),
    ("tools@delay=0", {"tools": [NOW]}),
    ("thinking@delay=0,signature=40000", {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}),
    ("thinking@delay=0", {}),
    ("citations@delay=0", {}),
    ("refusal@delay=0", {}),
    ("unicode@delay=0", TOOLS),
    ("unicode@delay=0,split=1", {}),
    ("cache@delay=0,read=7000,write5m=200,write1h=30", {}),
    ("max-tokens@delay=0", {}),
    ("stop-sequence@delay=0", {"stop_sequences": ["###"]}),
    ("pause@delay=0", {}),
    ("unknown-events@delay=0", {}),
    ("long@bytes=200000,delay=0", {}),
    ("paced@events=7,rate=1000", {"metadata": {"user_id": "me"}}),
]
"""Models of the provider and what is asked of them."""

SAMPLES = ("👩\u200d👩\u200d👧\u200d👦", "e\u0301", "漢字", "\u2028", "\x85", "\ufeff")

REPAIRED = ("bom", "crlf", "no-event-line", "empty-data", "json-answer", "no-stop", "error-mid@after=9999")
"""Framings that some provider has and an SDK need not bear: after relay the answer is that of `chat`."""


def name(case: Any) -> str | None:
    return case if isinstance(case, str) else None


@pytest.mark.parametrize(("model", "params"), SAME, ids=name)
def test_a_whole_message_is_the_providers(client: Client, model: str, params: Json) -> None:
    direct, through = client.direct("create", model, **params), client.through("create", model, **params)

    assert bare(through["message"]) == bare(direct["message"])
    assert through["request_id"] == through["message"]["id"]
    check_additions(through["message"], f"demo/{model}", through["fields"])
    check_money(through["message"]["usage"])


@pytest.mark.parametrize(("model", "params"), SAME, ids=name)
def test_an_accumulated_stream_is_the_providers(client: Client, model: str, params: Json) -> None:
    direct, through = client.direct("stream", model, **params), client.through("stream", model, **params)

    assert bare(through["message"]) == bare(direct["message"])
    check_additions(through["message"], f"demo/{model}", through["fields"])
    assert through["fields"]["content-type"] == "text/event-stream; charset=utf-8"


@pytest.mark.parametrize(("model", "params"), SAME, ids=name)
def test_every_event_is_the_providers(client: Client, model: str, params: Json) -> None:
    direct, through = client.direct("events", model, **params), client.through("events", model, **params)

    assert bare_events(through["events"]) == bare_events(direct["events"])
    start, *_, last, _stop = through["events"]
    check_money(start["message"]["usage"] | last["usage"])


def test_what_matters_most_is_in_the_accumulated_message(client: Client) -> None:
    """Equal to the provider's is not enough where a client could lose the same thing on both ways."""
    signed = client.through("stream", "thinking@delay=0,signature=40000")["message"]["content"][0]
    called = client.through("stream", "tools@delay=0,calls=3", **TOOLS)["message"]["content"][1:]
    cited = client.through("stream", "citations@delay=0")["message"]["content"][1]
    refused = client.through("stream", "refusal@delay=0")["message"]
    worded = client.through("stream", "unicode@delay=0", **TOOLS)["message"]["content"]
    cached = client.through("stream", "cache@delay=0,read=7000,write5m=200,write1h=30")["message"]["usage"]

    assert len(signed["signature"]) == 40_000
    assert [block["input"].get("command") for block in called] == ["echo hello from demo", None, None]
    assert called[1]["input"]["note"] == 'a "quoted" \\ 漢\u2028😀 note'
    assert [citation["type"] for citation in cited["citations"]] == ["char_location", "page_location"]
    assert refused["stop_reason"] == "refusal"
    assert all(
        sample in worded[0]["text"] for sample in ("👩\u200d👩\u200d👧\u200d👦", "e\u0301", "\u2028", "\x85", "\ufeff")
    )
    assert worded[1]["input"]["city"] == 'a😀"b\\c\n漢\u2028é'
    assert (cached["cache_read_input_tokens"], cached["cache_creation_input_tokens"]) == (7000, 230)


def test_thinking_and_tool_results_go_back_as_they_came(client: Client) -> None:
    asked = TOOLS | {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
    thought = client.through("stream", "thinking@delay=0,signature=40000", **asked)["message"]["content"]
    called = client.through("stream", "tools@delay=0,calls=2", **asked)["message"]["content"]
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": f"result {number} 漢"}
        for number, block in enumerate(block for block in called if block["type"] == "tool_use")
    ]
    turns = [*HELLO, {"role": "assistant", "content": thought + called}, {"role": "user", "content": results}]

    direct = client.direct("stream", "tools@delay=0", **asked | {"messages": turns})
    sent = client.provider.seen()["body"]
    through = client.through("stream", "tools@delay=0", **asked | {"messages": turns})

    assert through["message"]["content"][0]["text"].endswith("result 0 漢 | result 1 漢")
    assert bare(through["message"]) == bare(direct["message"])
    assert client.provider.seen()["body"] == sent


def test_the_beta_resource_works_and_its_betas_arrive(client: Client) -> None:
    betas = ["context-1m-2025-08-07", "never-heard-of-2031-01-01"]

    direct = client.direct("beta", "tools@delay=0", betas=betas, **TOOLS)
    sent = client.provider.seen_fields()
    through = client.through("beta", "tools@delay=0", betas=betas, **TOOLS)
    arrived = client.provider.seen_fields()

    assert bare(through["message"]) == bare(direct["message"])
    assert arrived["anthropic-beta"] == sent["anthropic-beta"] == ",".join(betas)
    assert arrived["anthropic-version"] == sent["anthropic-version"]


@pytest.mark.parametrize("fault", REPAIRED)
def test_a_faulty_framing_is_repaired(client: Client, fault: str) -> None:
    whole = client.direct("stream", "chat@delay=0")

    repaired = client.through("stream", f"{fault}{',' if '@' in fault else '@'}delay=0")

    assert bare(repaired["message"]) == bare(whole["message"])


def test_a_stream_without_usage_gets_an_estimate(client: Client) -> None:
    whole = client.direct("stream", "chat@delay=0")["message"]

    message = client.through("stream", "no-usage@delay=0")["message"]

    assert message["content"] == whole["content"]
    assert message["usage"]["input_tokens"] > 0


def test_everything_is_also_there_under_api(client: Client) -> None:
    direct = client.direct("stream", "tools@delay=0", **TOOLS)

    through = client.ask("stream", "demo/tools@delay=0", f"{client.gateway.url}/api", TOOLS)

    assert bare(through["message"]) == bare(direct["message"])
