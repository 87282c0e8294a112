"""A Responses stream to hub events: as the reference reads it, at any cut; pitfalls of wire-protocols 7 by number."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Pipeline
from tests.core.running import Chat, Run, run, sent
from tests.core.timing import growth, resident_bytes
from tests.reference.responses import answered, usage_of
from tests.support.chunks import message_of
from tests.support.responses import (
    CREATED,
    USAGE,
    added,
    argues,
    call,
    call_item,
    completed,
    conversation,
    done,
    event,
    incomplete,
    message,
    part,
    reasoning,
    reasoning_item,
    refusal,
    response,
    says,
    text,
    text_part,
    thinks,
)
from tests.support.streams import cut, cuts, in_pieces, splits

Json = dict[str, Any]
CITY = '{"city":"Paris"}'
SENT = Chat(dialect="responses")
PAGE: Json = {"type": "url_citation", "url": "https://example.org/a", "title": "A", "start_index": 0, "end_index": 2}


def went(body: bytes, *, translated: Chat = SENT, **options: Any) -> Run:
    return run([body], translated=translated, **options)


def events(done: Run) -> list[tuple[str, Json]]:
    return [(kind, json.loads(data)) for kind, data in sent(done.output)]


def said(body: bytes, **options: Any) -> Json:
    """The message that a client reads."""
    done = went(body, **options)
    assert done.outcome is None
    return message_of([each for each in events(done) if each[0] != "ping"])


def blocks(body: bytes, **options: Any) -> list[tuple[str, str]]:
    """Its blocks, each with its text; of a tool call name and arguments, of thinking also its signature."""
    return [(block["type"], _text(block)) for block in said(body, **options)["content"]]


def _text(block: Json) -> str:
    if block["type"] == "tool_use":
        return f"{block['name']}{block['arguments']}"
    return f"{block['thinking']}|{block['signature']}" if block["type"] == "thinking" else str(block["text"])


_TEXTS = st.lists(st.text(max_size=8), max_size=3).map(tuple)
_ARGUMENTS = st.dictionaries(st.text(max_size=4), st.integers(-9, 99) | st.text(max_size=6), max_size=3).map(json.dumps)


@st.composite
def _calls(draw: st.DrawFn, index: int) -> bytes:
    """A call that streams, or that comes whole with its end."""
    arguments = draw(_ARGUMENTS | st.just(""))
    name, id = draw(st.sampled_from(["f", "get_weather"])), f"call_{index}"
    if draw(st.booleans()):
        return added(index, call_item(id, name)) + done(index, call_item(id, name, arguments))
    pieces = [piece.decode() for piece in cut(arguments.encode(), draw(cuts()))] if arguments.isascii() else [arguments]
    return call(index, id, name, *pieces)


@st.composite
def _messages(draw: st.DrawFn, index: int) -> bytes:
    """A message of several parts that stream, or that come whole with its end."""
    parts, refuses = draw(st.lists(_TEXTS, max_size=2)), draw(st.booleans())
    whole = [part("refusal", refusal="".join(texts)) if refuses else text_part("".join(texts)) for texts in parts]
    streamed = b"".join(
        says(index, *texts, at=at, kind="refusal" if refuses else "output_text") for at, texts in enumerate(parts)
    )
    return added(index, message()) + draw(st.sampled_from([b"", streamed])) + done(index, message(*whole))


@st.composite
def _thoughts(draw: st.DrawFn, index: int) -> bytes:
    """Thinking, summarised or not, encrypted or not."""
    encrypted, parts = draw(st.sampled_from([None, "", "gAAA=="])), draw(st.lists(_TEXTS, max_size=2))
    kind = draw(st.sampled_from(["summary", "text", "both", "end"]))
    item = reasoning_item(*map("".join, parts), encrypted=encrypted)
    if kind == "end":
        return added(index, item) + done(index, item)
    kinds = ["summary", "text"] if kind == "both" else [kind]
    streamed = b"".join(thinks(index, *texts, at=at, kind=each) for each in kinds for at, texts in enumerate(parts))
    return added(index, reasoning_item()) + streamed + done(index, item)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Streams of servers: text, thinking, calls, noise, and now and then an end too early."""
    parts = [CREATED]
    for index in range(draw(st.integers(0, 5))):
        parts.append(draw(draw(st.sampled_from([_calls, _messages, _thoughts]))(index)))
        parts.append(draw(st.sampled_from([b"", b": ping\n\n", b"data:\n\n", event("response.novelty", delta="x")])))
    usage = USAGE | {"input_tokens_details": {"cached_tokens": draw(st.integers(0, 20))}}
    ends = [completed(usage=usage), completed(usage=None), incomplete("max_output_tokens"), incomplete("novel")]
    ends += [event("response.failed", response=response("failed", error={"code": "server_error"})), b""]
    return b"".join([*parts, draw(st.sampled_from(ends)), draw(st.sampled_from([b"", b"data: [DONE]\n\n"]))])


@given(body=streams(), places=cuts())
def test_it_says_what_the_reference_reads_at_any_cut(body: bytes, places: list[float]) -> None:
    expected, done = answered(body), went(body)
    assert done.outcome == expected.outcome
    assert run(cut(body, places), translated=SENT) == done
    assert run(in_pieces(body, 1), translated=SENT) == done
    assert done.report["usage"] == usage_of(expected)
    if done.outcome is not None:
        return
    message = message_of([each for each in events(done) if each[0] != "ping"])
    assert [(block["type"], _text(block)) for block in message["content"]] == expected.content()
    assert message["stop_reason"] == expected.stop_reason()


@given(body=st.binary(max_size=200) | streams().map(lambda body: body.replace(b"delta", b"d\xffelta")), places=cuts())
def test_any_bytes_give_a_result_or_a_documented_fault(body: bytes, places: list[float]) -> None:
    done = run(cut(body, places), translated=SENT, max_event=900, id="gen-1-a", input_tokens=lambda: 5)
    assert done.outcome in (None, "ProtocolError", "Truncated", "LimitExceeded", "PeerError")
    assert all(json.loads(data)["type"] == kind for kind, data in sent(done.output))


@pytest.mark.parametrize("framing", [lambda body: body.replace(b"\n", b"\r\n"), lambda body: b"\xef\xbb\xbf" + body])
def test_framings_of_servers_are_all_the_same(framing: Any) -> None:
    body = conversation(reasoning(0, ("hm",)), text(1, "Hello", " there"), call(2, "c", "f", CITY))
    assert went(framing(body)).output == went(body).output
    without_names = b"\n".join(line for line in body.split(b"\n") if not line.startswith(b"event:"))
    assert went(framing(without_names)).output == went(body).output


def test_the_name_of_an_event_stands_in_for_its_type() -> None:
    body = conversation(text(0, "Hello"))
    for kind in (b"response.output_text.delta", b"response.completed"):
        body = body.replace(b'"type": "%b", ' % kind, b"")
    assert blocks(body) == [("text", "Hello")]


def test_nothing_depends_on_the_split_of_a_long_stream() -> None:
    lines = [f"Zeile {n} 漢\n" for n in range(60)]
    body = conversation(reasoning(0, tuple(lines)), text(1, *lines), call(2, "c", "f", *[CITY[:3], CITY[3:]] * 20))
    whole = went(body)
    for pieces in splits(body):
        assert run(pieces, translated=SENT) == whole


# Tool calls


def test_pitfall_1_arguments_that_come_with_the_call_alone_are_kept() -> None:
    whole = call_item("c", "f", CITY)
    assert blocks(conversation(added(0, whole), done(0, whole))) == [("tool_use", "f" + CITY)]
    assert blocks(conversation(added(0, whole), argues(0, CITY), done(0, whole))) == [("tool_use", "f" + CITY)]


def test_pitfall_2_a_tool_call_first_is_block_zero() -> None:
    found = events(went(conversation(call(0, "c", "f", "{}"))))
    start = next(data for kind, data in found if kind == "content_block_start")
    assert (start["index"], start["content_block"]["type"]) == (0, "tool_use")


def test_pitfall_7_interleaved_fragments_leave_one_block_behind_the_other() -> None:
    parts = [
        added(0, call_item("a", "f")),
        added(1, call_item("b", "g")),
        argues(0, '{"x":'),
        argues(1, '{"y":'),
        argues(0, "1}"),
        argues(1, "2}"),
    ]
    assert blocks(conversation(*parts)) == [("tool_use", 'f{"x":1}'), ("tool_use", 'g{"y":2}')]


def test_pitfall_9_what_the_end_of_an_item_repeats_counts_once() -> None:
    body = conversation(text(0, "Hi"), call(1, "c", "f", *CITY), done(1, call_item("c", "f", CITY)))
    assert blocks(body) == [("text", "Hi"), ("tool_use", "f" + CITY)]


@pytest.mark.parametrize("body", [call(0, "c", "f"), call(0, "c", "f") + call(1, "d", "g", "{}") + text(2, "so")])
def test_pitfall_12_a_call_without_arguments_has_no_delta(body: bytes) -> None:
    first, *others = blocks(conversation(body))
    assert first == ("tool_use", "f")
    assert others in ([], [("tool_use", "g{}"), ("text", "so")])


def test_pitfall_14_fragments_of_a_call_that_is_over_are_left_out() -> None:
    body = conversation(call(0, "a", "f", "{}"), call(1, "b", "g", "{}"), argues(0, "late"))
    assert blocks(body) == [("tool_use", "f{}"), ("tool_use", "g{}")]
    assert went(body).report["normalised"] == 1


def test_pitfall_15_arguments_that_were_cut_stay_cut() -> None:
    body = conversation(call(0, "c", "f", '{"city":"Par'), end=incomplete("max_output_tokens"))
    found = said(body)
    assert (found["content"][0]["arguments"], found["stop_reason"]) == ('{"city":"Par', "max_tokens")


@pytest.mark.parametrize("id", [None, "", "functions.f:0", "a b", "ü"])
def test_pitfall_16_ids_that_no_client_takes_are_minted_unlike_others(id: str | None) -> None:
    body = conversation(call(0, id, "f", "{}"), call(1, id and f"{id}1", "g", "{}"))
    assert [block["id"] for block in said(body, id="gen-17-Zx9")["content"]] == ["toolu_Zx900", "toolu_Zx901"]


def test_pitfall_17_a_name_that_was_sent_by_an_alias_comes_back() -> None:
    aliased = Chat({b"short_1": b"x" * 90}, dialect="responses")
    names = [block["name"] for block in said(conversation(call(0, "c", "short_1")), translated=aliased)["content"]]
    assert names == ["x" * 90]


def test_a_call_without_a_name_is_a_fault() -> None:
    assert went(conversation(added(0, {"type": "function_call", "call_id": "c"}))).outcome == "ProtocolError"


def test_text_within_a_call_waits_for_its_end() -> None:
    body = conversation(added(0, call_item("c", "f")), argues(0, '{"a":'), says(1, "\n"), argues(0, "1}"))
    assert blocks(body) == [("tool_use", 'f{"a":1}'), ("text", "\n")]


def test_only_the_first_call_is_kept_where_one_is_asked_for() -> None:
    body = conversation(call(0, "a", "f", "{}"), call(1, "b", "g", CITY))
    assert blocks(body, translated=Chat(single=True, dialect="responses")) == [("tool_use", "f{}")]


def test_pitfall_26_tools_that_the_provider_ran_are_no_calls() -> None:
    ran = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    body = conversation(added(0, ran), event("response.web_search_call.searching"), done(0, ran), text(1, "Found"))
    assert (blocks(body), said(body)["stop_reason"]) == ([("text", "Found")], "end_turn")
    assert (went(body).report["normalised"], went(body).report["unknown_deltas"]) == (1, 1)


def test_pitfall_90_arguments_stream_and_what_waits_is_bounded() -> None:
    pieces = ["x" * 400] * 50
    assert went(conversation(added(0, call_item("a", "f")), argues(0, *pieces)), max_event=2000).outcome is None
    held = [added(0, call_item("a", "f")), argues(0, "{"), added(1, call_item("b", "g")), argues(1, *pieces)]
    assert went(conversation(*held), max_event=2000).outcome == "LimitExceeded"


def test_the_items_of_an_answer_are_bounded() -> None:
    assert went(b"".join(says(n, "a") for n in range(4097))).outcome == "LimitExceeded"


# Thinking


def test_pitfall_27_the_signature_comes_whole_in_one_delta() -> None:
    body = conversation(reasoning(0, ("Hm",), encrypted="gA" * 20_000), text(1, "Yes"))
    signed = [data for kind, data in events(went(body)) if data.get("delta", {}).get("type") == "signature_delta"]
    assert [data["delta"]["signature"] for data in signed] == ["rs_1:" + "gA" * 20_000]


def test_pitfall_28_encrypted_content_keeps_its_bytes_and_its_id() -> None:
    body = conversation(reasoning(0, ("Hm",), id="rs_a-B", encrypted='g/A+"\\ü=='), text(1, "Yes"))
    assert blocks(body)[0] == ("thinking", 'Hm|rs_a-B:g/A+"\\ü==')


def test_pitfall_30_thinking_stands_apart_with_its_parts_in_order() -> None:
    body = conversation(reasoning(0, ("Let", " me"), ("See",)), text(1, "Yes"), reasoning(2, ("More",), encrypted=None))
    assert blocks(body) == [("thinking", "Let me\n\nSee|rs_1:gAAA"), ("text", "Yes"), ("thinking", "More|")]


def test_pitfall_31_thinking_that_is_told_twice_counts_once() -> None:
    both = thinks(0, "hm", kind="text") + thinks(0, "hm") + thinks(0, " so", kind="text")
    body = conversation(added(0, reasoning_item()), both, done(0, reasoning_item("hm", content=("hm so",))))
    assert blocks(body) == [("thinking", "hm so|")]


def test_pitfall_34_thinking_without_text_keeps_its_block() -> None:
    body = conversation(reasoning(0), call(1, "c", "f", "{}"), reasoning(2, encrypted=None))
    assert blocks(body) == [("thinking", "|rs_1:gAAA"), ("tool_use", "f{}")]


@pytest.mark.parametrize(
    "item",
    [reasoning_item("hm", "so"), reasoning_item(content=("hm", "so")), reasoning_item("hm", "so", content=("x",))],
)
def test_thinking_that_did_not_stream_is_said_at_its_end(item: Json) -> None:
    assert blocks(conversation(done(0, item))) == [("thinking", "hm\n\nso|")]


def test_thinking_can_be_dropped_and_sealed() -> None:
    body = conversation(reasoning(0, ("hm",)), text(1, "Yes"))
    assert blocks(body, drops_thinking=True) == [("text", "Yes")]
    assert blocks(body, seal=lambda inside: b"relay1.p." + inside)[0] == ("thinking", "hm|relay1.p.rs_1:gAAA")


# Texts


def test_each_part_of_a_message_is_a_block() -> None:
    body = conversation(says(0, "a", "b"), says(0, "c", at=1), says(1, "d"))
    assert blocks(body) == [("text", "ab"), ("text", "c"), ("text", "d")]


def test_a_refusal_is_text_and_the_reason() -> None:
    found = said(conversation(refusal(0, "I can't", " do that.")))
    assert (found["content"][0]["text"], found["stop_reason"]) == ("I can't do that.", "refusal")


def test_what_did_not_stream_is_said_at_the_end() -> None:
    whole = [message(text_part("Hi", PAGE), part("refusal", refusal="No")), call_item("c", "f", CITY)]
    expected = [("text", "Hi"), ("text", "No"), ("tool_use", "f" + CITY)]
    assert blocks(conversation(done(0, whole[0]), done(1, whole[1]))) == expected
    assert blocks(conversation(end=completed(output=whole))) == expected
    assert blocks(conversation(text(0, "Hi"), end=completed(output=whole))) == [("text", "Hi")]


@pytest.mark.parametrize(("title", "told"), [("A", "A"), (None, None), (7, None)])
def test_pages_of_the_web_are_citations(title: Any, told: str | None) -> None:
    found = events(went(conversation(text(0, "See", annotations=(PAGE | {"title": title}, {"type": "file_citation"})))))
    (cited,) = [data for _, data in found if data.get("delta", {}).get("type") == "citations_delta"]
    place = {"type": "web_search_result_location", "cited_text": "", "url": PAGE["url"], "encrypted_index": ""}
    assert cited["delta"]["citation"] == place | {"title": told}
    assert cited["index"] == 0


# Framing, usage and stop


def test_pitfall_37_the_last_event_ends_the_answer() -> None:
    done = went(conversation(text(0, "a")) + conversation(text(0, "late")))
    assert [kind for kind, _ in sent(done.output)][-1] == "message_stop"
    assert done.outcome is None


def test_pitfall_45_bytes_that_are_no_utf8_are_replaced() -> None:
    body = conversation(says(0, "a"), says(0, "b").replace(b'"b"', b'"b\xff\xe2\x82"'), says(0, "c"))
    assert blocks(body) == [("text", "ab\ufffd\ufffdc")]


def test_pitfall_46_one_id_and_nothing_leaves_before_the_model_says_something() -> None:
    assert went(CREATED).output == b""
    done = went(CREATED + event("response.created", response=response(id="resp_2")) + text(0, "a") + completed())
    assert done.report["response_id"] == "resp_1"


def test_pitfall_50_the_start_has_an_estimate() -> None:
    start = events(went(conversation(text(0, "a")), input_tokens=lambda: 31))[0][1]["message"]
    assert start["usage"] == {"input_tokens": 31, "output_tokens": 1}


def test_pitfall_51_the_end_has_input_tokens_also_where_nobody_told_any() -> None:
    found = said(conversation(says(0, "abcdefgh"), end=completed(usage=None)), input_tokens=lambda: 31)["usage"]
    assert (found["input_tokens"], found["output_tokens"]) == (31, 3)


def test_pitfall_52_cached_tokens_are_taken_out_of_the_prompt() -> None:
    told = USAGE | {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10}}
    done = went(conversation(text(0, "a"), end=completed(usage=told)))
    assert done.report["usage"] == {
        "input_tokens": 30, "output_tokens": 5, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 10,
        "reasoning_output_tokens": 0,
    }  # fmt: skip


def test_pitfall_53_what_was_not_told_is_left_out() -> None:
    told = {"input_tokens": 12, "output_tokens": 5}
    found = events(went(conversation(text(0, "a"), end=completed(usage=told))))[-2][1]["usage"]
    assert found == told


def test_pitfall_55_reasoning_is_a_part_of_the_output() -> None:
    told = USAGE | {"output_tokens_details": {"reasoning_tokens": 4}}
    done = went(conversation(text(0, "a"), end=completed(usage=told)))
    assert (done.report["usage"]["output_tokens"], done.report["usage"]["reasoning_output_tokens"]) == (5, 4)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (completed(), "end_turn"),
        (incomplete("max_output_tokens"), "max_tokens"),
        (incomplete("content_filter"), "refusal"),
        (incomplete("novel"), "end_turn"),
        (event("response.completed", response=response(incomplete_details={"reason": "content_filter"})), "refusal"),
        (event("response.completed"), "end_turn"),
    ],
)
def test_pitfalls_57_to_59_how_an_answer_ends(end: bytes, reason: str) -> None:
    found = said(conversation(text(0, "a"), end=end))
    assert (found["stop_reason"], "stop_details" in found) == (reason, reason == "refusal")


@pytest.mark.parametrize("end", [completed(), incomplete("novel")])
def test_pitfall_56_an_answer_with_calls_is_tool_use(end: bytes) -> None:
    assert said(conversation(call(0, "c", "f", "{}"), end=end))["stop_reason"] == "tool_use"


def test_an_answer_that_says_nothing_is_a_message() -> None:
    assert said(conversation())["content"] == []


# Errors and life cycle


_BUSY = {"code": "server_error", "message": "busy"}
_ERRORS = [
    (event("response.failed", response=response("failed", error=_BUSY)), ("", "busy")),
    (event("response.failed", response=response("failed", error=_BUSY | {"type": "t"})), ("t", "busy")),
    (event("response.completed", response=response("failed", error=_BUSY)), ("", "busy")),
    (event("response.cancelled", response=response("cancelled")), ("", "")),
    (event("error", code="rate_limit_exceeded", message="busy", param=None), ("", "busy")),
    (event("error", error={"type": "overloaded_error", "code": None, "message": "busy"}), ("overloaded_error", "busy")),
    (b'data: {"error": {"message": "busy", "type": "t"}}\n\n', ("t", "busy")),
    (b'data: {"error": "busy"}\n\n', ("", "busy")),
    (b'event: error\ndata: {"message": "busy"}\n\n', ("", "busy")),
    (b'event: error\ndata: {"type": "server_error", "message": "busy"}\n\n', ("", "busy")),
]


@pytest.mark.parametrize(("error", "told"), _ERRORS)
@pytest.mark.parametrize("before", [b"", CREATED, CREATED + text(0, "a")])
def test_pitfall_78_an_error_in_the_stream_is_no_stop(before: bytes, error: bytes, told: tuple[str, str]) -> None:
    done = went(before + error + conversation(text(0, "late")))
    assert (done.outcome, done.detail) == ("PeerError", told)
    kinds = [kind for kind, _ in sent(done.output)]
    assert ("message_start" in kinds) == (b'"a"' in before), "nothing leaves before the model says something"
    assert "message_stop" not in kinds


@pytest.mark.parametrize("body", [b"", CREATED, CREATED + text(0, "a"), b"data: [DONE]\n\n"])
def test_pitfall_79_a_stream_without_its_last_event_is_cut(body: bytes) -> None:
    assert went(body).outcome == "Truncated"


def test_pitfall_82_an_answer_that_failed_has_the_usage_that_was_told() -> None:
    done = went(CREATED + text(0, "a") + event("response.failed", response=response("failed", usage=USAGE)))
    assert (done.report["usage"]["input_tokens"], done.report["usage"]["output_tokens"]) == (12, 5)
    assert done.report["basis"] == "provider_partial"


@pytest.mark.parametrize("data", [b"{", b"[1]x", b"<html>"])
def test_what_is_no_json_is_a_fault(data: bytes) -> None:
    assert went(CREATED + text(0, "a") + b"data: " + data + b"\n\n").outcome == "ProtocolError"


@pytest.mark.parametrize(
    "body",
    [
        event("response.output_item.added", output_index=0, item=None),
        event("response.output_item.done", item=[1]),
        event("response.output_item.done", output_index=0, item={"type": "message", "content": [1, None, {}]}),
        event("response.output_item.done", output_index=0, item={"type": "reasoning", "summary": {}, "content": 7}),
        event("response.output_text.delta", delta={"a": 1}),
        event("response.output_text.delta", delta=None, output_index="x", content_index=-1),
        event("response.output_text.annotation.added", annotation=[]),
        event("response.function_call_arguments.delta", output_index=9),
        event("response.created", response="resp"),
        b"data: 7\n\n",
        b"data: []\n\n",
    ],
)
def test_members_of_another_type_say_nothing(body: bytes) -> None:
    assert went(CREATED + body).outcome in ("Truncated", "ProtocolError")
    assert b"Hi" in went(conversation(text(3, "Hi"))).output


def test_work_is_linear_and_memory_bounded() -> None:
    def deltas(count: int) -> None:
        went(conversation(says(0, *["xyz"] * count), added(1, call_item("c", "f")), argues(1, *["xyz"] * count)))

    assert growth(deltas, 500, 2000) < 8
    pipeline = Pipeline(translated=SENT)
    pipeline.feed(CREATED + says(0, "a"), 1)
    before = resident_bytes()
    for _ in range(20_000):
        pipeline.feed(says(0, "漢字 and more of the same"), 2)
    assert resident_bytes() - before < 4 << 20
