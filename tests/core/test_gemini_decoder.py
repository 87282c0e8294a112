"""A Gemini stream to hub events: against the reference at any cut, and the pitfalls of wire-protocols 7, by number."""

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Pipeline
from tests.core.running import Chat, Run, run, sent
from tests.core.timing import growth, resident_bytes
from tests.reference.gemini import answered
from tests.support.chunks import frame, message_of
from tests.support.gemini import call, conversation, counts, response, text, thought
from tests.support.streams import cut, cuts, in_pieces, splits

Json = dict[str, Any]
Gemini = partial(Chat, dialect="gemini")
CITY = {"city": "Paris"}


def went(body: bytes, *, translated: Chat | None = None, **options: Any) -> Run:
    return run([body], translated=translated or Gemini(), **options)


def events(done: Run) -> list[tuple[str, Json]]:
    return [(kind, json.loads(data)) for kind, data in sent(done.output) if kind != "ping"]


def said(body: bytes, **options: Any) -> Json:
    """The message that a client reads."""
    done = went(body, **options)
    assert done.outcome is None
    return message_of(events(done))


def blocks(body: bytes, **options: Any) -> list[tuple[str, str, str]]:
    """Its blocks: type, text (of a tool call name and arguments), signature."""
    return [_facts(block) for block in said(body, **options)["content"]]


def _facts(block: Json) -> tuple[str, str, str]:
    if block["type"] == "tool_use":
        return "tool_use", block["name"] + json.dumps(json.loads(block["arguments"] or "{}")), ""
    return block["type"], block[block["type"]], block.get("signature", "")


_TEXTS = st.text(max_size=8)
_SIGNATURES = st.sampled_from([None, None, "c2ln", "bW9y"])
_VALUES = st.recursive(
    st.none() | st.integers(-9, 99) | st.text(max_size=6) | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
_ARGUMENTS = st.dictionaries(st.text(max_size=4), _VALUES, max_size=3) | st.just(...) | st.none()
PARTS = (
    st.builds(text, _TEXTS, _SIGNATURES)
    | st.builds(thought, _TEXTS, _SIGNATURES)
    | st.builds(call, st.sampled_from(["f", "g.h"]), _ARGUMENTS, st.none() | st.sampled_from(["a", "b c"]), _SIGNATURES)
    | st.sampled_from([{}, {"inlineData": {"mimeType": "image/png", "data": "iV"}}, {"text": None}])
)
COUNTS = st.none() | st.builds(
    counts,
    st.integers(0, 99),
    st.none() | st.integers(0, 30),
    thoughts=st.integers(0, 9),
    cachedContent=st.integers(0, 50),
)
FINISH = st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY", "SPII", "OTHER", "FINISH_REASON_UNSPECIFIED", "NEW", None])


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Streams with parts in any order, usage anywhere, and now and then an end too early, or a prompt refused."""
    found = [response(*draw(st.lists(PARTS, max_size=3)), usage=draw(COUNTS)) for _ in range(draw(st.integers(0, 4)))]
    last = response(*draw(st.lists(PARTS, max_size=2)), finish=draw(FINISH), usage=draw(COUNTS))
    blocked = response(candidates=..., promptFeedback={"blockReason": "SAFETY"}, usage=counts(candidates=None))
    end = draw(st.sampled_from([last, last, blocked, last + response(usage=counts(9, 9))]))
    return b"".join([*found, draw(st.sampled_from([b"", b": ping\r\n\r\n", b"data:\r\n\r\n"])), end])


@given(body=streams(), places=cuts())
def test_it_says_what_the_reference_reads_at_any_cut(body: bytes, places: list[float]) -> None:
    expected, done = answered(body), went(body)
    assert done.outcome == expected.outcome
    assert run(cut(body, places), translated=Gemini()) == done
    assert run(in_pieces(body, 1), translated=Gemini()) == done
    if done.outcome is not None:
        return
    message = message_of(events(done))
    assert [_facts(block) for block in message["content"]] == [tuple(block) for block in expected.blocks]
    assert message["stop_reason"] == expected.stop_reason()
    assert done.report["usage"] == expected.usage()


@given(body=st.binary(max_size=200) | streams().map(lambda body: body.replace(b"text", b"t\xffxt")), places=cuts())
def test_any_bytes_give_a_result_or_a_documented_fault(body: bytes, places: list[float]) -> None:
    done = run(cut(body, places), translated=Gemini(), max_event=900, id="gen-1-a", input_tokens=lambda: 5)
    assert done.outcome in (None, "ProtocolError", "Truncated", "LimitExceeded", "PeerError")
    assert all(json.loads(data)["type"] == kind for kind, data in sent(done.output))


@pytest.mark.parametrize(
    "framing",
    [
        lambda body: body.replace(b"\r\n", b"\n"),
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body.replace(b"data: ", b"data:"),
        lambda body: body.replace(b'"candidates"', b'\r\ndata: "candidates"'),
        lambda body: body + b"data: [DONE]\r\n\r\n",
    ],
)
def test_framings_of_servers_are_all_the_same(framing: Any) -> None:
    body = conversation(thought("hm"), text("Hello"), text(" there"), call("f", CITY))
    assert went(framing(body)).output == went(body).output


def test_nothing_depends_on_the_split_of_a_long_stream() -> None:
    body = conversation(*[text(f"Zeile {n} 漢\n") for n in range(100)], *[call("f", CITY)] * 20)
    whole = went(body)
    for pieces in splits(body):
        assert run(pieces, translated=Gemini()) == whole


# Tool calls


def test_pitfall_1_arguments_in_the_part_of_the_name_are_kept() -> None:
    found = events(went(conversation(call("f", CITY))))
    deltas = [data["delta"] for kind, data in found if kind == "content_block_delta"]
    assert [json.loads(delta["partial_json"]) for delta in deltas] == [CITY]


def test_pitfall_2_a_tool_call_first_is_block_zero() -> None:
    found = events(went(conversation(call("f", {}))))
    start = next(data for kind, data in found if kind == "content_block_start")
    assert (start["index"], start["content_block"]["type"]) == (0, "tool_use")


def test_pitfall_3_and_4_text_and_calls_in_the_response_that_finishes_are_kept() -> None:
    body = response(text("Well"), call("f", CITY), finish="STOP")
    assert blocks(body) == [("text", "Well", ""), ("tool_use", 'f{"city": "Paris"}', "")]


@pytest.mark.parametrize("args", [..., None, {}])
def test_pitfall_12_a_call_without_arguments_has_an_empty_object(args: Any) -> None:
    assert blocks(conversation(call("f", args))) == [("tool_use", "f{}", "")]


def test_pitfall_13_arguments_are_objects_and_leave_as_text() -> None:
    value = {"path": 'C:\\a "b"\n', "n": 1.50, "漢": [None, {}], "big": 2**70}
    (block,) = said(conversation(call("f", value)))["content"]
    assert json.loads(block["arguments"]) == value


def test_arguments_keep_their_numbers_when_they_are_laid_out_over_lines() -> None:
    body = conversation(call("f", {"n": 7})).replace(b'{"n": 7}', b'{\r\ndata:\t"n": 1.50\r\ndata: }')
    (block,) = said(body)["content"]
    assert block["arguments"].split() == ["{", '"n":', "1.50", "}"]


@pytest.mark.parametrize("id", [None, "", "functions.f:0", "a b", "ü"])
def test_pitfall_16_ids_that_no_client_takes_are_minted(id: str | None) -> None:
    (block,) = said(conversation(call("f", CITY, id)), id="gen-17-Zx9")["content"]
    assert block["id"] == "toolu_Zx900"


def test_pitfall_17_a_name_that_was_sent_by_an_alias_comes_back() -> None:
    names = Gemini({b"short_1": b"x" * 90})
    found = said(conversation(call("short_1"), call("other")), translated=names)["content"]
    assert [block["name"] for block in found] == ["x" * 90, "other"]


def test_pitfall_25_parallel_calls_have_ids_and_indices_of_their_own() -> None:
    same = [call("f", CITY), call("f", CITY), call("f", CITY, "x"), call("f", CITY, "x")]
    together, apart = response(*same, finish="STOP", usage=counts()), conversation(*same)
    for body in (together, apart):
        assert [block["id"] for block in said(body, id="gen-1-q")["content"]] == [
            "toolu_q00",
            "toolu_q01",
            "x",
            "toolu_q03",
        ]
        starts = [data["index"] for kind, data in events(went(body)) if kind == "content_block_start"]
        assert starts == [0, 1, 2, 3]
    other = [block["id"] for block in said(together, id="gen-1-r")["content"]]
    assert "toolu_q00" not in other, "another answer of the conversation mints others"


def test_a_call_without_a_name_is_a_fault() -> None:
    assert went(conversation({"functionCall": {"args": {}}})).outcome == "ProtocolError"


def test_only_the_first_call_is_kept_where_one_is_asked_for() -> None:
    body = conversation(text("a"), call("f", CITY), call("g", CITY, signature="c2ln"), text("b"))
    kinds = [kind for kind, *_ in blocks(body, translated=Gemini(single=True))]
    assert kinds == ["text", "tool_use", "text"]


def test_pitfall_90_a_call_as_large_as_an_event_passes() -> None:
    value = {"a": '"' * 400}
    body = conversation(call("f", value), call("g", value))
    largest = max(map(len, body.split(b"\r\n\r\n")))
    (first, _) = said(body, max_event=largest + 4)["content"]
    assert json.loads(first["arguments"]) == value
    assert went(body, max_event=largest - 100).outcome == "LimitExceeded"


# Thinking


def test_pitfall_30_thoughts_are_thinking_ahead_of_the_text() -> None:
    body = conversation(thought("Let me"), thought(" see"), text("Yes"))
    assert blocks(body) == [("thinking", "Let me see", ""), ("text", "Yes", "")]


def test_pitfall_33_the_signature_of_a_call_is_told_by_thinking_without_a_word_before_it() -> None:
    assert blocks(conversation(thought("hm"), call("f", signature="c2ln"), call("g"))) == [
        ("thinking", "hm", ""),
        ("thinking", "", "c2ln"),
        ("tool_use", "f{}", ""),
        ("tool_use", "g{}", ""),
    ]
    assert blocks(conversation(text("a"), call("f", signature="c2ln"), call("g", signature="bW9y"))) == [
        ("text", "a", ""),
        ("thinking", "", "c2ln"),
        ("tool_use", "f{}", ""),
        ("thinking", "", "bW9y"),
        ("tool_use", "g{}", ""),
    ]


def test_pitfall_33_the_signature_of_a_text_stands_behind_the_thoughts_before_it_or_is_left_out() -> None:
    assert blocks(conversation(thought("hm"), text("a", "c2ln"), text("b"))) == [
        ("thinking", "hm", ""),
        ("thinking", "", "c2ln"),
        ("text", "ab", ""),
    ]
    body = conversation(text("a"), text("", "c2ln"))
    assert blocks(body) == [("text", "a", "")]
    assert went(body).report["normalised"] == 1


def test_pitfall_34_a_thought_without_a_word_keeps_its_signature() -> None:
    assert blocks(conversation(thought("", "c2ln"), text("a"))) == [("thinking", "", "c2ln"), ("text", "a", "")]
    assert blocks(conversation(thought("hm", "c2ln"), thought("so", "bW9y"))) == [
        ("thinking", "hm", ""),
        ("thinking", "", "c2ln"),
        ("thinking", "so", ""),
        ("thinking", "", "bW9y"),
    ]


def test_pitfall_27_and_28_a_long_signature_is_one_delta_untouched() -> None:
    signature = "Ab+/" * 10_000 + "=="
    found = events(went(conversation(call("f", signature=signature))))
    deltas = [data["delta"] for kind, data in found if kind == "content_block_delta"]
    assert deltas[0] == {"type": "signature_delta", "signature": signature}


def test_thinking_can_be_dropped_and_sealed() -> None:
    body = conversation(thought("hm"), text("Yes"), call("f", signature="c2ln"))
    assert [kind for kind, *_ in blocks(body, drops_thinking=True)] == ["text", "tool_use"]
    found = blocks(body, seal=lambda signature: b"relay1.g." + signature)
    assert [signature for kind, _, signature in found if kind == "thinking"] == ["relay1.g.", "relay1.g.c2ln"]


# Framing and ordering


def test_pitfall_43_a_response_without_candidates_says_nothing() -> None:
    body = conversation(text("a"))
    for empty in (response(candidates=...), response(candidates=[]), response(candidates=[{"index": 0}]), frame([])):
        assert went(empty + body).output == went(body).output


def test_other_candidates_say_nothing() -> None:
    other = {"index": 1, "content": {"parts": [text("no")]}, "finishReason": "STOP"}
    assert blocks(response(candidates=[other]) + conversation(text("a"))) == [("text", "a", "")]


def test_pitfall_26_code_that_the_provider_ran_is_no_call() -> None:
    ran = {"executableCode": {"code": "1+1"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}}
    message = said(conversation(*ran, text("2")))
    assert ([block["type"] for block in message["content"]], message["stop_reason"]) == (["text"], "end_turn")


def test_pitfall_37_the_end_of_the_body_ends_the_answer_once() -> None:
    body = conversation(text("a"))
    for whole in (body, body + b"data: [DONE]\r\n\r\n", body + frame({"usageMetadata": counts()})):
        kinds = [kind for kind, _ in events(went(whole))]
        assert (kinds.count("message_stop"), kinds[-1]) == (1, "message_stop")


def test_pitfall_44_only_cr_and_lf_end_a_line() -> None:
    body = conversation(text("a\u2028b\x85c\x0bd"), call("f", {"a": "\u2029"}))
    assert blocks(body)[0] == ("text", "a\u2028b\x85c\x0bd", "")


def test_pitfall_46_one_id_and_nothing_leaves_before_the_model_says_something() -> None:
    assert went(response()).output == b""
    done = went(response(text("a")) + response(text("b"), finish="STOP", responseId="resp-2"))
    assert done.report["response_id"] == "resp-1"


def test_parts_that_nobody_knows_are_left_out_and_counted() -> None:
    done = went(
        conversation({"inlineData": {"mimeType": "image/png", "data": "iV"}}, {"executableCode": {}}, text("a"))
    )
    assert done.report["unknown_deltas"] == 2
    assert message_of(events(done))["content"][0]["text"] == "a"


def test_pitfall_45_bytes_that_are_no_utf8_are_replaced() -> None:
    body = conversation(text("a"), text("b")).replace(b'"b"', b'"b\xff\xe2\x82"')
    assert blocks(body) == [("text", "ab\ufffd\ufffd", "")]


# Usage and stop


def test_pitfall_50_and_51_the_start_has_an_estimate_and_the_end_the_count() -> None:
    found = events(went(conversation(text("a"), usage=counts(40, 3)), input_tokens=lambda: 31))
    assert found[0][1]["message"]["usage"] == {"input_tokens": 31, "output_tokens": 1}
    assert found[-2][1]["usage"] == {"input_tokens": 40, "output_tokens": 3}


def test_pitfall_52_cached_tokens_are_taken_out_of_the_prompt() -> None:
    found = said(conversation(text("a"), usage=counts(100, 5, cachedContent=90)))["usage"]
    assert (found["input_tokens"], found["cache_read_input_tokens"]) == (10, 90)


def test_tokens_of_tools_that_the_provider_ran_come_on_top_of_the_prompt() -> None:
    found = said(conversation(text("a"), usage=counts(100, 5, toolUsePrompt=30)))["usage"]
    assert found["input_tokens"] == 130


def test_pitfall_53_what_was_not_told_is_left_out() -> None:
    found = events(went(conversation(text("a"))))[-2][1]["usage"]
    assert found.keys() == {"input_tokens", "output_tokens"}


def test_pitfall_54_the_last_usage_wins() -> None:
    running = b"".join(response(text("a"), usage=counts(9, n, thoughts=n)) for n in range(1, 5))
    done = went(running + response(finish="STOP"))
    assert done.report["usage"] == {"input_tokens": 9, "output_tokens": 8, "reasoning_output_tokens": 4}
    assert (done.report["anomalies"], done.report["basis"]) == (0, "provider_final")


@pytest.mark.parametrize(("total", "output"), [(117, 17), (110, 10), (0, 17)])
def test_pitfall_55_thoughts_count_beside_the_text_unless_the_total_denies_it(total: int, output: int) -> None:
    told = {"promptTokenCount": 100, "candidatesTokenCount": 10, "thoughtsTokenCount": 7, "totalTokenCount": total}
    done = went(conversation(text("a"), usage=told))
    assert done.report["usage"] == {"input_tokens": 100, "output_tokens": output, "reasoning_output_tokens": 7}


def test_usage_of_thoughts_alone() -> None:
    done = went(conversation(thought("a"), finish="MAX_TOKENS", usage=counts(9, None, thoughts=7)))
    assert done.report["usage"] == {"input_tokens": 9, "output_tokens": 7, "reasoning_output_tokens": 7}


_REFUSALS = [
    "SAFETY",
    "RECITATION",
    "PROHIBITED_CONTENT",
    "BLOCKLIST",
    "SPII",
    "IMAGE_SAFETY",
    "LANGUAGE",
    "MODEL_ARMOR",
]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("STOP", "end_turn"),
        ("MAX_TOKENS", "max_tokens"),
        ("NEWS", "end_turn"),
        *[(word, "refusal") for word in _REFUSALS],
    ],
)
def test_pitfalls_57_to_59_finish_reasons(finish: str, reason: str) -> None:
    message = said(conversation(text("a"), finish=finish))
    assert message["stop_reason"] == reason
    assert ("stop_details" in message) == (reason == "refusal")


def test_pitfall_58_a_limit_that_was_met_is_told_also_behind_calls() -> None:
    assert said(conversation(call("f"), text("a"), finish="MAX_TOKENS"))["stop_reason"] == "max_tokens"


def test_pitfall_56_stop_with_calls_is_tool_use() -> None:
    assert said(conversation(call("f"), text("a")))["stop_reason"] == "tool_use"
    assert said(conversation(call("f"), finish="MAX_TOKENS"))["stop_reason"] == "max_tokens"


def test_pitfall_57_a_prompt_that_is_refused_is_a_refusal_without_content() -> None:
    blocked = {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": []}
    message = said(response(candidates=..., promptFeedback=blocked, usage=counts(9, None)))
    assert (message["content"], message["stop_reason"]) == ([], "refusal")
    assert message["usage"]["input_tokens"] == 9


# Errors and life cycle


_BUSY = {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}


@pytest.mark.parametrize("before", [b"", response(text("")), response(text("a"))])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (frame(_BUSY), ("UNAVAILABLE", "busy")),
        (frame({"error": "busy"}), ("", "busy")),
        (b"event: error\n" + frame({}), ("", "")),
        (response(finish="MALFORMED_FUNCTION_CALL"), ("api_error", "")),
        (response(finish="OTHER"), ("api_error", "")),
    ],
)
def test_pitfall_78_an_error_in_the_stream_is_no_stop(before: bytes, error: bytes, told: tuple[str, str]) -> None:
    done = went(before + error + conversation(text("late")))
    assert (done.outcome, done.detail) == ("PeerError", told)
    kinds = [kind for kind, _ in sent(done.output)]
    assert ("message_start" in kinds) == (b'"a"' in before), "nothing leaves before the model says something"
    assert "message_stop" not in kinds


@pytest.mark.parametrize("body", [b"", response(), response(text("a")), response(text("a"), finish="")])
def test_pitfall_79_a_stream_without_finish_reason_is_cut(body: bytes) -> None:
    assert went(body).outcome == "Truncated"


def test_pitfall_82_a_stream_that_fails_has_the_usage_that_was_told() -> None:
    done = went(response(text("a")) + response(finish="OTHER", usage=counts(9, 1)))
    assert (done.report["usage"], done.report["basis"]) == ({"input_tokens": 9, "output_tokens": 1}, "provider_partial")


@pytest.mark.parametrize("data", [b"{", b"[1]x", b"<html>"])
def test_what_is_no_json_is_a_fault(data: bytes) -> None:
    assert went(response(text("a")) + b"data: " + data + b"\n\n").outcome == "ProtocolError"


def test_work_is_linear_and_memory_bounded() -> None:
    assert growth(lambda count: went(conversation(*[call("f", CITY)] * 9, *[text("xyz")] * count)), 500, 2000) < 8
    pipeline = Pipeline(translated=Gemini())
    pipeline.feed(response(text("a")), 1)
    before = resident_bytes()
    for _ in range(20_000):
        pipeline.feed(response(text("漢字 and more of the same")), 2)
    assert resident_bytes() - before < 4 << 20
