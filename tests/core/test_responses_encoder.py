"""The hub's events as a Responses stream: golden cases, every split, and the pitfalls of wire-protocols 7.

`--regold` rewrites what comes out, for review.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from openai.types.responses import Response

from relay._core import Pipeline
from tests.core.ingress_cases import CASES, ID, options_of
from tests.core.responses_client import Client, assert_sound, told
from tests.core.running import Chat, run
from tests.core.timing import growth
from tests.redact.test_redact_rewriter import rewriter
from tests.support import chunks
from tests.support.streams import (
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
    tool_block,
)

Json = dict[str, Any]


def options(case: Path) -> Json:
    given, names, _ = options_of(case)
    return given | {"client": Client(names)}


def output_of(body: bytes, **options: Any) -> list[Any]:
    """The items of the response, as OpenAI's types have them."""
    (last,) = told(run([body], **options).output)[-1:]
    return Response.model_validate(last["response"]).output


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Path, regold: bool) -> None:
    done = run([(case / "hub.sse").read_bytes()], **options(case))
    if regold:
        (case / "responses.sse").write_bytes(done.output)
    assert done.output == (case / "responses.sse").read_bytes()
    assert_sound(done)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_output_does_not_depend_on_the_split(case: Path) -> None:
    body = (case / "hub.sse").read_bytes()
    whole = run([body], **options(case))
    for pieces in splits(body):
        assert run(pieces, **options(case)) == whole


FREE_TEXT = Client(customs=frozenset({b"get_weather"}))


@pytest.mark.parametrize("client", [Client(), FREE_TEXT], ids=["functions", "free text"])
@given(body=conversations() | damaged_conversations(), places=cuts())
def test_any_stream_gives_events_that_keep_the_grammar_at_any_cut(
    client: Client, body: bytes, places: list[float]
) -> None:
    whole = run([body], id=ID, client=client)
    assert_sound(whole)
    assert run(cut(body, places), id=ID, client=client) == whole
    assert run(in_pieces(body, 1), id=ID, client=client) == whole


def test_a_chat_provider_is_heard_through_the_hub() -> None:
    parts = (chunks.reasoning("hm"), chunks.content("Hello", " there"), chunks.call(0, "c1", "f", '{"a"', ":1}"))
    body = chunks.conversation(*parts, finish="tool_calls")
    assert_sound(run([body], id=ID, translated=Chat(), client=Client()))
    thought, message, call = output_of(body, id=ID, translated=Chat(), client=Client())
    assert thought.summary[0].text == "hm"
    assert message.content[0].text == "Hello there"
    assert (call.call_id, call.name, call.arguments) == ("c1", "f", '{"a":1}')


def test_text_around_what_nobody_has_a_word_for_is_one_message() -> None:
    search = tool_block(1, "{}", kind="server_tool_use")
    items = output_of(conversation(text_block(0, "a"), search, text_block(2, "b")), client=Client())
    assert [item.content[0].text for item in items] == ["ab"]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (('{"inp', 'ut": "*** Beg', "in\\n\\ud83d", '\\ude00 \\"漢\\""}'), '*** Begin\n😀 "漢"'),
        (('{"input":""}',), ""),
        (('{"input":"half \\ud83d"}',), "half \ud83d"),
        (('{"input":5}',), '{"input":5}'),
        (('{"other":"x"}',), '{"other":"x"}'),
        (('["input"]',), '["input"]'),
        (('{"input":"cu',), '{"input":"cu'),
    ],
)
def test_a_call_of_a_tool_that_takes_free_text_is_that_text(pieces: tuple[str, ...], text: str) -> None:
    body = conversation(text_block(0, "a"), tool_block(1, *pieces), tool_block(2, "{}", name="other"))
    done = run([body], id=ID, client=FREE_TEXT)
    assert_sound(done)
    _, call, other = told(done.output)[-1]["response"]["output"]
    assert (call["type"], call["name"], call["input"]) == ("custom_tool_call", "get_weather", text)
    assert (call["id"][:4], call["status"], call["call_id"]) == ("ctc_", "completed", "toolu_01")
    assert (other["type"], other["arguments"]) == ("function_call", "{}")
    for parts in splits(body):
        assert run(parts, id=ID, client=FREE_TEXT) == done


def test_pitfall_58_an_answer_that_was_cut_is_incomplete() -> None:
    body = message_start() + text_block(0, "and th") + message_delta("max_tokens")
    last = told(run([body], client=Client()).output)[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert last["response"]["output"][-1]["status"] == "incomplete"


def test_pitfall_78_a_response_that_failed_says_so_with_what_was_done() -> None:
    client = Client()
    pipeline = Pipeline(id=ID, client=client)
    assert client.failed("server_error", "no") == b""
    written = pipeline.feed(message_start() + text_block(0, "a") + tool_block(1, "{}"))
    del pipeline
    last = told(written + client.failed("server_error", 'it "failed"'))[-1]
    assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
    assert last["response"]["error"] == {"code": "server_error", "message": 'it "failed"'}
    assert [item["type"] for item in last["response"]["output"]] == ["message", "function_call"]


def test_text_that_a_redactor_held_is_written_when_its_block_ends() -> None:
    body = conversation(text_block(0, "to ada@exa", "mple.org"), tool_block(1, '{"to":"ada@', 'example.org"}'))
    done = run([body], client=Client(), rewriter=rewriter())
    assert b"ada" not in done.output
    assert_sound(done)
    message, call = output_of(body, client=Client(), rewriter=rewriter())
    assert (message.content[0].text, json.loads(call.arguments)) == ("to [EMAIL]", {"to": "[EMAIL]"})


def test_the_time_is_linear_in_the_stream() -> None:
    def feed(size: int) -> None:
        body = conversation(text_block(0, *["word "] * size), tool_block(1, *["1"] * size))
        pipeline = Pipeline(client=Client())
        for piece in in_pieces(body, 512):
            pipeline.feed(piece)

    assert growth(feed, 2000, 8000) < 6
