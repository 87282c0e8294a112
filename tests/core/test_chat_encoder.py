"""The hub's events as Chat Completions chunks: golden cases, every split, and the pitfalls of wire-protocols 7.

A case has `hub.sse`, what a Messages provider says, and `chat.sse`, what the client reads; `case.toml` has options.
`--regold` rewrites what comes out, for review.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from relay._core import Pipeline
from tests.core.chat_client import Client, assert_sound, told
from tests.core.ingress_cases import CASES, ID, options_of
from tests.core.running import Chat, run
from tests.core.timing import growth
from tests.redact.test_redact_rewriter import rewriter
from tests.support import chunks
from tests.support.streams import (
    block_start,
    block_stop,
    conversation,
    conversations,
    cut,
    cuts,
    damaged_conversations,
    in_pieces,
    message_delta,
    message_start,
    splits,
    text_block,
    thinking_block,
    tool_block,
)

Json = dict[str, Any]


def options(case: Path) -> Json:
    given, names, asks_usage = options_of(case)
    return given | {"client": Client(names, asks_usage)}


def completion(output: bytes) -> Any:
    """What OpenAI's own accumulator makes of the chunks."""
    state: Any = ChatCompletionStreamState()
    for part in told(output):
        state.handle_chunk(ChatCompletionChunk.model_validate(part))
    return state.current_completion_snapshot


def test_there_are_cases() -> None:
    assert len(CASES) >= 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Path, regold: bool) -> None:
    given = options(case)
    done = run([(case / "hub.sse").read_bytes()], **given)
    if regold:
        (case / "chat.sse").write_bytes(done.output)
    assert done.output == (case / "chat.sse").read_bytes()
    assert_sound(done, given["client"].include_usage)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_output_does_not_depend_on_the_split(case: Path) -> None:
    body = (case / "hub.sse").read_bytes()
    whole = run([body], **options(case))
    for pieces in splits(body):
        assert run(pieces, **options(case)) == whole


@given(body=conversations() | damaged_conversations(), places=cuts())
def test_any_stream_gives_chunks_that_keep_the_grammar_at_any_cut(body: bytes, places: list[float]) -> None:
    given: Json = {"id": ID, "client": Client(include_usage=True)}
    whole = run([body], **given)
    assert_sound(whole, asked=True)
    assert run(cut(body, places), **given) == whole
    assert run(in_pieces(body, 1), **given) == whole


@given(body=conversations())
def test_the_sdk_adds_up_what_the_provider_said(body: bytes) -> None:
    done = run([body], id=ID, client=Client())
    message = completion(done.output).choices[0].message
    blocks = _blocks(body)
    assert (message.content or "") == "".join(text for kind, text in blocks if kind == "text")
    assert getattr(message, "reasoning_content", "") == "".join(text for kind, text in blocks if kind == "thinking")
    calls = [call.function.arguments for call in message.tool_calls or ()]
    assert calls == [text or "{}" for kind, text in blocks if kind == "tool_use"]


def _blocks(body: bytes) -> list[tuple[str, str]]:
    """Type and text of each block of a well-formed stream."""
    blocks: list[list[str]] = []
    for part in body.decode().split("\n\n")[:-1]:
        data = json.loads(part.partition("\ndata: ")[2])
        if data["type"] == "content_block_start":
            blocks.append([data["content_block"]["type"], ""])
        elif data["type"] == "content_block_delta":
            said = data["delta"]
            blocks[-1][1] += said.get("text", said.get("thinking", said.get("partial_json", "")))
    return [(kind, text) for kind, text in blocks]


def test_a_chat_provider_is_heard_through_the_hub() -> None:
    parts = (chunks.reasoning("hm"), chunks.content("Hello", " there"), chunks.call(0, "c1", "f", '{"a"', ":1}"))
    body = chunks.conversation(*parts, finish="tool_calls")
    whole = run([body], id=ID, translated=Chat(), client=Client(include_usage=True))
    assert_sound(whole, asked=True)
    for pieces in splits(body):
        assert run(pieces, id=ID, translated=Chat(), client=Client(include_usage=True)) == whole
    found = completion(whole.output)
    (call,) = found.choices[0].message.tool_calls
    assert (call.id, call.function.name, call.function.arguments) == ("c1", "f", '{"a":1}')
    assert (found.choices[0].message.content, found.choices[0].finish_reason) == ("Hello there", "tool_calls")
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (12, 5)


def test_sealed_signatures_leave_sealed() -> None:
    body = chunks.conversation(chunks.reasoning("hm"), chunks.content("so"))
    done = run([body], id=ID, translated=Chat(), client=Client(), seal=lambda signature: b"sealed " + signature)
    details = completion(done.output).choices[0].message.reasoning_details
    assert details == [{"type": "reasoning.text", "index": 0, "text": "hm", "signature": "sealed "}]


def test_thinking_before_a_call_is_told_with_the_calls_id() -> None:
    redacted = block_start(3, {"type": "redacted_thinking", "data": "ZGF0YQ=="}) + block_stop(3)
    blocks = [thinking_block(0, "c2ln", "hm"), text_block(1, "a"), tool_block(2), redacted, tool_block(4)]
    found = completion(run([conversation(*blocks)], client=Client()).output).choices[0].message
    assert [detail.get("id") for detail in found.reasoning_details] == [None, found.tool_calls[1].id]
    assert found.reasoning_details[1]["data"] == "ZGF0YQ=="


def test_pitfall_11_calls_are_numbered_by_themselves() -> None:
    body = conversation(text_block(0, "a"), tool_block(1, "{}"), text_block(2, "b"), tool_block(3, "{}"))
    deltas = [part["choices"][0]["delta"] for part in told(run([body], client=Client()).output)]
    assert [call["index"] for each in deltas for call in each.get("tool_calls", ()) if "id" in call] == [0, 1]


def test_pitfall_15_arguments_that_were_cut_stay_cut() -> None:
    body = message_start() + tool_block(0, '{"a": "b') + message_delta("max_tokens")
    choice = completion(run([body], client=Client()).output).choices[0]
    assert (choice.message.tool_calls[0].function.arguments, choice.finish_reason) == ('{"a": "b', "length")


def test_pitfall_60_a_pause_is_a_stop() -> None:
    body = message_start() + text_block(0, "a") + message_delta("pause_turn")
    assert completion(run([body], client=Client()).output).choices[0].finish_reason == "stop"


def test_pitfall_90_arguments_are_written_as_they_come() -> None:
    pipeline = Pipeline(client=Client())
    pipeline.feed(message_start())
    body = tool_block(0, *["x" * 1000] * 50)
    written = [len(pipeline.feed(piece)) for piece in in_pieces(body, 1100)]
    assert max(written) < 4000


def test_text_that_a_redactor_held_is_written_when_its_block_ends() -> None:
    body = conversation(text_block(0, "to ada@exa", "mple.org"), tool_block(1, '{"to":"ada@', 'example.org"}'))
    done = run([body], client=Client(), rewriter=rewriter())
    message = completion(done.output).choices[0].message
    assert message.content == "to [EMAIL]"
    assert json.loads(message.tool_calls[0].function.arguments) == {"to": "[EMAIL]"}
    for pieces in splits(body):
        assert run(pieces, client=Client(), rewriter=rewriter()).output == done.output


def test_the_time_is_linear_in_the_stream() -> None:
    def feed(size: int) -> None:
        body = conversation(text_block(0, *["word "] * size), tool_block(1, *["1"] * size))
        pipeline = Pipeline(client=Client())
        for piece in in_pieces(body, 512):
            pipeline.feed(piece)

    assert growth(feed, 2000, 8000) < 6
