"""Redaction of what stands beside the conversation, in requests, records, and answers that come whole to a stream."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.answers import LAST_CHUNK, chunk, closing, head, message, message_start, streamed, whole
from tests.support.processes import Json, Running
from tests.support.raw_client import ask, body, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import RawProvider
from tests.system.conftest import configured
from tests.system.planted import ENVIRON
from tests.system.test_redaction import CARD, EMAIL, block, request

USER = "someone.of@the-client.example.net"
RESULT: dict[str, Any] = {
    "type": "search_result",
    "source": EMAIL,
    "title": "t",
    "content": [{"type": "text", "text": "c"}],
}
CITED: dict[str, Any] = {
    "type": "search_result_location",
    "cited_text": "c",
    "source": EMAIL,
    "title": "t",
    "search_result_index": 0,
    "start_block_index": 0,
    "end_block_index": 1,
}
USED = {"type": "tool_use", "id": "toolu_1", "name": "pay", "input": {}}
SAID: dict[str, dict[str, Any]] = {
    "the source of a search result": {"messages": [{"role": "user", "content": [RESULT]}]},
    "the source of a search result of a tool": {
        "messages": [
            {"role": "user", "content": "find"},
            {"role": "assistant", "content": [USED]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [RESULT]}]},
        ]
    },
    "the source of a citation": {
        "messages": [
            {"role": "user", "content": "find"},
            {"role": "assistant", "content": [{"type": "text", "text": "c", "citations": [CITED]}]},
            {"role": "user", "content": "go on"},
        ]
    },
    "the examples of a tool": {
        "tools": [{"name": "pay", "input_schema": {"type": "object"}, "input_examples": [{"to": EMAIL}]}]
    },
}


@pytest.mark.parametrize("name", SAID)
async def test_a_text_beside_the_others_does_not_reach_the_provider(
    relay: Running, provider: RawProvider, name: str
) -> None:
    provider.answers = [streamed()]

    await ask(relay.port, body("raw/x", stream=True, **SAID[name], **request()))

    sent = provider.calls[-1].content
    assert EMAIL.encode() not in sent
    assert b"[EMAIL]" in sent


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_the_source_of_a_citation_has_its_original_back(
    relay: Running, provider: RawProvider, streams: bool
) -> None:
    cited = CITED | {"source": "[EMAIL_1]"}
    provider.answers = [whole(message(content=[{"type": "text", "text": "c", "citations": [cited]}]))]
    if streams:
        said = block(0, {"type": "text", "text": "c"}, [{"type": "citations_delta", "citation": cited}])
        provider.answers = [head(), chunk(message_start() + said + closing().split(b"\n\n", 1)[1]), LAST_CHUNK]

    answer = await ask(
        relay.port,
        body("raw/x", stream=streams, messages=[{"role": "user", "content": [RESULT]}], **request(mode="placeholder")),
    )

    assert f'"source": "{EMAIL}"' in answer.content.decode().replace('":"', '": "')


async def sent_to(dialect: str, called: RawProvider, folder: Path, **members: Any) -> Json:
    """What a provider of this dialect is sent, in mode placeholder."""
    called.answers = [whole(b"{}", "400 Bad Request")]
    place = {"dialect": dialect, "base_url": f"http://127.0.0.1:{called.port}", "capabilities": ["context_management"]}
    config = configured(0, providers={"p": place}, models={"p/*": [{"provider": "p", "model": "*"}]})
    with Running.relay(config, folder, ENVIRON) as relay:
        said = [{"role": "user", "content": f"I am {EMAIL}"}]
        await ask(relay.port, body("p/x", messages=said, **members, **request(mode="placeholder")))
    return dict(json.loads(called.calls[-1].content))


@pytest.mark.parametrize("dialect", ["messages", "chat"])
async def test_options_of_a_provider_are_redacted_as_the_rest_of_the_request(
    provider: RawProvider, tmp_path: Path, dialect: str
) -> None:
    said = {"seed": 7, "hint": f"ask {EMAIL}", "inner": {EMAIL: [EMAIL, CARD, None]}}

    sent = await sent_to(dialect, provider, tmp_path, provider={"options": {"other": {"hint": CARD[::-1]}, "p": said}})

    assert (sent["seed"], sent["hint"]) == (7, "ask [EMAIL_1]")
    assert sent["inner"] == {"[EMAIL_1]": ["[EMAIL_1]", "[CREDIT_CARD_1]", None]}


async def test_how_to_compact_is_redacted_for_a_provider_that_compacts(provider: RawProvider, tmp_path: Path) -> None:
    edit = {"type": "compact_20260112", "instructions": f"but keep {EMAIL}"}

    sent = await sent_to("messages", provider, tmp_path, context_management={"edits": [edit]})

    assert sent["context_management"] == {"edits": [edit | {"instructions": "but keep [EMAIL_1]"}]}


@pytest.mark.parametrize(
    ("model", "asked", "user"),
    [
        ("raw/recorded", request(), "[EMAIL]"),
        ("raw/unredacted", {}, USER),
        ("raw/blocked", request(mode="block"), None),
        ("nobody/planned", request(), None),
        ("nobody/unredacted", {}, USER),
    ],
)
async def test_a_record_names_the_user_as_redaction_left_it(
    relay: Running, provider: RawProvider, model: str, asked: dict[str, Any], user: str | None
) -> None:
    provider.answers = [streamed()]

    answer = await ask(relay.port, body(model, stream=True, user=USER, **asked))

    assert (await relay.record_of(model))["user"] == user
    id = answer.fields["x-generation-id"]
    shown = await exchange(relay.port, request_head(None, method="GET", path=f"/v1/generation?id={id}"))
    assert shown.json["data"]["external_user"] == user


REASONED = {
    "chat": {
        "choices": [
            {"index": 0, "message": {"content": "hi", "reasoning_content": f"ask {EMAIL}"}, "finish_reason": "stop"}
        ]
    },
    "gemini": {
        "candidates": [
            {
                "content": {"parts": [{"text": f"ask {EMAIL}", "thought": True}, {"text": "hi"}]},
                "finishReason": "STOP",
            }
        ]
    },
}


@pytest.mark.parametrize("dialect", REASONED)
async def test_thinking_of_an_answer_that_comes_whole_to_a_client_that_streams_is_redacted(
    provider: RawProvider, tmp_path: Path, dialect: str
) -> None:
    provider.answers = [whole(json.dumps(REASONED[dialect]).encode())]
    place = {"dialect": dialect, "base_url": f"http://127.0.0.1:{provider.port}"}
    config = configured(0, providers={"p": place}, models={"p/*": [{"provider": "p", "model": "*"}]})

    with Running.relay(config, tmp_path, ENVIRON) as relay:
        answer = await ask(relay.port, body("p/x", stream=True, **request()))

    assert answer.events[-1][0] == "message_stop"
    assert b"ask [EMAIL]" in answer.content
    assert EMAIL.encode() not in answer.content


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "unary"])
async def test_the_text_of_a_block_of_an_unknown_kind_is_redacted_however_the_answer_comes(
    relay: Running, provider: RawProvider, streams: bool
) -> None:
    novel = {"type": "novelty", "text": f"ask {EMAIL}", "more": {"kept": True}}
    provider.answers = [whole(message(content=[novel]))]
    if streams:
        sent = message_start() + block(0, novel, []) + closing().split(b"\n\n", 1)[1]
        provider.answers = [head(), chunk(sent), LAST_CHUNK]

    answer = await ask(relay.port, body("raw/x", stream=streams, **request()))

    assert EMAIL.encode() not in answer.content
    assert b"[EMAIL]" in answer.content
    assert b'"kept": true' in answer.content
