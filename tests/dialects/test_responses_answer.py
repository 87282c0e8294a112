"""Whole Responses answers as messages of the hub; what the same answer streamed would say, they say too."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import PeerError, ProtocolError
from relay.dialects.responses_answer import message
from tests.core.running import Chat, run, sent
from tests.support.chunks import message_of
from tests.support.responses import (
    USAGE,
    call_item,
    completed,
    conversation,
    done,
    part,
    reasoning_item,
    response,
    text_part,
)
from tests.support.responses import message as said

Json = dict[str, Any]
SENT = Chat(dialect="responses")
PAGE: Json = {"type": "url_citation", "url": "https://example.org/a", "title": "A", "start_index": 0, "end_index": 2}


def read(*output: Json, sent: Chat = SENT, **members: Any) -> Json:
    body = response("completed", output=list(output), **members)
    found: Json = json.loads(message(json.dumps(body).encode(), "abc", sent))
    return found


def test_items_in_their_order() -> None:
    ran = {"type": "web_search_call", "id": "ws_1"}
    found = read(
        reasoning_item("hm", "so", encrypted="gA=="), ran, said(text_part("Yes.", PAGE)), call_item("c", "f", '{"a":1}')
    )
    place = {"type": "web_search_result_location", "cited_text": "", "url": PAGE["url"], "encrypted_index": ""}
    assert found["content"] == [
        {"type": "thinking", "thinking": "hm\n\nso", "signature": "rs_1:gA=="},
        {"type": "text", "text": "Yes.", "citations": [place | {"title": "A"}]},
        {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}},
    ]
    assert (found["id"], found["model"], found["stop_reason"], found["stop_sequence"]) == (
        "resp_1", "up-model", "tool_use", None,
    )  # fmt: skip


def test_pitfall_34_thinking_without_text_keeps_its_block() -> None:
    assert read(reasoning_item(encrypted="gA"))["content"] == [
        {"type": "thinking", "thinking": "", "signature": "rs_1:gA"}
    ]
    assert read(reasoning_item())["content"] == []


def test_ids_names_and_one_call_alone() -> None:
    calls = (call_item("a.b", "f"), call_item(None, "s"))
    found = read(*calls, sent=Chat({b"s": b"long"}, dialect="responses"))["content"]
    assert [(block["id"], block["name"]) for block in found] == [("toolu_abc00", "f"), ("toolu_abc01", "long")]
    assert len(read(*calls, sent=Chat(single=True, dialect="responses"))["content"]) == 1


@pytest.mark.parametrize(
    ("output", "reason", "expected"),
    [
        (said(text_part("a")), None, "end_turn"),
        (said(text_part("a")), "max_output_tokens", "max_tokens"),
        (said(text_part("a")), "content_filter", "refusal"),
        (said(text_part("a")), "novel", "end_turn"),
        (said(part("refusal", refusal="No")), None, "refusal"),
        (call_item("c", "f"), None, "tool_use"),
        (call_item("c", "f", '{"a":'), "max_output_tokens", "max_tokens"),
    ],
)
def test_pitfalls_56_to_59_stop_reasons(output: Json, reason: str | None, expected: str) -> None:
    found = read(output, incomplete_details=reason and {"reason": reason})
    assert (found["stop_reason"], "stop_details" in found) == (expected, expected == "refusal")


def test_pitfall_52_usage() -> None:
    given = {"cached_tokens": 60, "cache_write_tokens": 10}
    told = {"input_tokens": 100, "input_tokens_details": given, "output_tokens": 10}
    assert read(usage=told)["usage"] == {
        "input_tokens": 30,
        "cache_creation_input_tokens": 10,
        "cache_read_input_tokens": 60,
        "output_tokens": 10,
    }
    assert read(usage={"input_tokens": 3})["usage"] == {"input_tokens": 3}


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"error": {"message": "busy", "type": "server_error", "code": None}}, ("server_error", "busy", "")),
        (response("failed", error={"code": "server_error", "message": "busy"}), ("", "busy", "server_error")),
        (response("cancelled"), ("", "", "")),
        ({"error": "busy"}, ("", "busy", "")),
        ({"object": "error", "message": "busy", "type": "T", "code": 400}, ("T", "busy", "400")),
    ],
)
def test_pitfall_83_errors(body: Json, fault: tuple[str, str, str]) -> None:
    with pytest.raises(PeerError) as caught:
        message(json.dumps(body).encode(), "", SENT)
    assert (caught.value.type, caught.value.message, caught.value.code) == fault


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"output":{}}', b'{"status":"queued","output":[]}',
             b'{"output":[{"type":"function_call","call_id":"c"}]}']
)  # fmt: skip
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        message(body, "", SENT)


_TEXTS = st.text(max_size=6)
_CITED = st.sampled_from([PAGE, PAGE | {"title": None}, {"type": "file_path"}])
_INPUTS = st.dictionaries(st.text(max_size=4), st.integers(0, 9) | _TEXTS, max_size=2)
_ITEMS = st.one_of(
    st.builds(said, st.builds(text_part, _TEXTS, _CITED)),
    st.builds(said, st.builds(text_part, _TEXTS), st.builds(lambda text: part("refusal", refusal=text), _TEXTS)),
    st.builds(lambda input, id: call_item(id, "f", json.dumps(input)), _INPUTS, st.sampled_from(["c", "a.b"])),
    st.builds(lambda texts, encrypted: reasoning_item(*texts, encrypted=encrypted),
              st.lists(_TEXTS, max_size=3), st.sampled_from([None, "", "gA=="])),
    st.just({"type": "web_search_call", "id": "ws_1"}),
)  # fmt: skip


@given(
    output=st.lists(_ITEMS, max_size=4, unique_by=lambda item: item.get("call_id") or id(item)),
    reason=st.sampled_from([None, "max_output_tokens", "content_filter", "novel"]),
    counts=st.tuples(*[st.none() | st.integers(0, 50)] * 4),
)
def test_streamed_and_whole_say_the_same(
    output: list[Json], reason: str | None, counts: tuple[int | None, ...]
) -> None:
    prompt, completion, cached, reasoned = counts
    usage = {
        "input_tokens": prompt,
        "output_tokens": completion,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens_details": {"reasoning_tokens": reasoned},
    }
    members = {"usage": usage, "incomplete_details": reason and {"reason": reason}}
    whole = read(*output, **members)
    for body in (
        conversation(end=completed(output=output, **members)),
        conversation(*[done(at, item) for at, item in enumerate(output)], end=completed(**members)),
    ):
        found = run([body], translated=SENT, id="gen-1-abc")
        events = [(kind, json.loads(data)) for kind, data in sent(found.output)]
        streamed = message_of([event for event in events if event[0] != "ping"])
        for block in streamed["content"]:
            if block["type"] == "tool_use":
                block["input"] = json.loads(block.pop("arguments") or "{}")
        assert streamed["content"] == whole["content"]
        assert streamed["stop_reason"] == whole["stop_reason"]
        told = whole.get("usage", {})
        assert {name: streamed["usage"][name] for name in told} == told


def test_usage_that_openai_tells_is_read_alike() -> None:
    assert read(usage=USAGE)["usage"]["output_tokens_details"] == {"thinking_tokens": 0}
