"""A Chat stream to hub events: against the reference at any cut, and the pitfalls of wire-protocols 7, by number."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Pipeline, ProtocolError
from tests.core.running import Chat, Run, run, sent
from tests.core.timing import growth, resident_bytes
from tests.reference.chat import answered, usage_of
from tests.support.chunks import (
    DONE,
    ROLE,
    call,
    chunk,
    content,
    conversation,
    fragment,
    frame,
    message_of,
    reasoning,
    tool,
    usage,
)
from tests.support.streams import cut, cuts, in_pieces, splits

Json = dict[str, Any]
CITY = '{"city":"Paris"}'


def went(body: bytes, *, translated: Chat | None = None, **options: Any) -> Run:
    return run([body], translated=translated or Chat(), **options)


def events(done: Run) -> list[tuple[str, Json]]:
    return [(kind, json.loads(data)) for kind, data in sent(done.output)]


def said(body: bytes, **options: Any) -> Json:
    """The message that a client reads."""
    done = went(body, **options)
    assert done.outcome is None
    return message_of([event for event in events(done) if event[0] != "ping"])


def blocks(body: bytes, **options: Any) -> list[tuple[str, str]]:
    """Its blocks, each with its text; of a tool call name and arguments."""
    found = said(body, **options)["content"]
    return [(block["type"], _text(block)) for block in found]


def _text(block: Json) -> str:
    return f"{block['name']}{block['arguments']}" if block["type"] == "tool_use" else str(block[block["type"]])


_TEXTS = st.text(max_size=8)
_VALUES = st.recursive(
    st.none() | st.integers(-9, 99) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
_ARGUMENTS = st.dictionaries(st.text(max_size=4), _VALUES, max_size=3).map(json.dumps) | st.just("")


@st.composite
def _tool_parts(draw: st.DrawFn, number: int) -> list[bytes]:
    """The chunks of one call in one of the ways that servers have; an index of all calls alike comes with ids."""
    arguments, name = draw(_ARGUMENTS), draw(st.sampled_from(["f", "get_weather"]))
    pieces = [piece.decode() for piece in cut(arguments.encode(), draw(cuts()))] if arguments.isascii() else [arguments]
    index = draw(st.sampled_from([number, 0, None]))
    id = f"call_{number}" if index != number or draw(st.booleans()) else None
    if draw(st.booleans()):
        return [tool(fragment(index, id, name, arguments))]
    repeats = draw(st.booleans())
    later = [tool(fragment(index, id if repeats else None, name if repeats else None, piece)) for piece in pieces]
    return [tool(fragment(index, id, name, "")), *later]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Streams of compatible servers: text, thinking, calls, usage anywhere, and now and then an end too early."""
    parts: list[bytes] = [ROLE] if draw(st.booleans()) else []
    calls = 0
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["text", "think", "both", "tool", "usage", "noise"]))
        if kind == "tool":
            parts += draw(_tool_parts(calls))
            calls += 1
        elif kind == "usage":
            parts.append(usage(draw(st.integers(0, 99)), draw(st.integers(0, 99))))
        elif kind == "noise":
            parts.append(
                draw(st.sampled_from([b": ping\n\n", b"data:\n\n", chunk(choices=[]), chunk({"content": None})]))
            )
        else:
            keys = {"text": ["content"], "think": ["reasoning"], "both": ["reasoning_content", "content"]}[kind]
            parts.append(chunk({key: draw(_TEXTS) for key in keys}))
    finish = draw(st.sampled_from(["stop", "length", "tool_calls", "content_filter", "eos", None]))
    parts.append(chunk(finish=finish))
    details = {"prompt_tokens_details": {"cached_tokens": draw(st.integers(0, 20))}}
    parts += draw(st.sampled_from([[], [usage(30, 4, **details)]]))
    return b"".join([*parts, draw(st.sampled_from([b"", DONE]))])


@given(body=streams(), places=cuts())
def test_it_says_what_the_reference_reads_at_any_cut(body: bytes, places: list[float]) -> None:
    expected, done = answered(body), went(body)
    assert done.outcome == expected.outcome
    assert run(cut(body, places), translated=Chat()) == done
    assert run(in_pieces(body, 1), translated=Chat()) == done
    if done.outcome is not None:
        return
    message = message_of([event for event in events(done) if event[0] != "ping"])
    assert [_facts(block) for block in message["content"]] == [_facts(block) for block in expected.content()]
    assert message["stop_reason"] == expected.stop_reason()
    told = usage_of(expected)
    assert done.report["usage"] == told
    assert all(message["usage"][name] == count for name, count in told.items() if name != "reasoning_output_tokens")


def _facts(block: Json) -> tuple[str, str]:
    return str(block["type"]), _text(block)


@given(
    body=st.binary(max_size=200) | streams().map(lambda body: body.replace(b"content", b"c\xffntent")), places=cuts()
)
def test_any_bytes_give_a_result_or_a_documented_fault(body: bytes, places: list[float]) -> None:
    done = run(cut(body, places), translated=Chat(), max_event=600, id="gen-1-a", input_tokens=lambda: 5)
    assert done.outcome in (None, "ProtocolError", "Truncated", "LimitExceeded", "PeerError")
    assert all(json.loads(data)["type"] == kind for kind, data in sent(done.output))


_PLAIN = content("a")
_TAILS = ["", "x", '\\"', "\\u00e9", "\\x", "é漢😀\u2028", "\t", "y" * 900, '","b":"']


@pytest.mark.parametrize("tail", _TAILS)
def test_a_chunk_that_begins_like_the_one_before_is_judged_as_carefully(tail: str) -> None:
    head, end = _PLAIN.split(b'"a"')
    odd = head + b'"' + tail.encode() + b'"' + end
    for more in (
        odd,
        odd.replace(b'"index": 0', b'"index": 1'),
        odd.replace(b"null}", b'"stop"}'),
        odd[:-1] + b"\r\n\r\n",
    ):
        body = ROLE + _PLAIN * 2 + more + _PLAIN + chunk(finish="stop") + DONE
        apart = body.replace(b"\n\n", b"\n\n: apart\n")  # the same for the parser, never the same bytes as before
        whole = went(body)
        assert whole.output == went(apart).output
        assert run(in_pieces(body, 1), translated=Chat()) == run(in_pieces(body, 37), translated=Chat()) == whole


@pytest.mark.parametrize(
    "framing", [lambda body: body, lambda body: body.replace(b"\n", b"\r\n"), lambda body: b"\xef\xbb\xbf" + body]
)
def test_framings_of_servers_are_all_the_same(framing: Any) -> None:
    body = conversation(reasoning("hm"), content("Hello", " there"), call(0, "c", "f", CITY))
    assert went(framing(body)).output == went(body).output
    assert went(framing(body.replace(b"data: ", b"data:"))).output == went(body).output


def test_nothing_depends_on_the_split_of_a_long_stream() -> None:
    body = conversation(
        *[content(f"Zeile {n} 漢\n") for n in range(200)], call(0, "c", "f", *[CITY[:3], CITY[3:]] * 20)
    )
    whole = went(body)
    for pieces in splits(body):
        assert run(pieces, translated=Chat()) == whole


# Tool calls


def test_pitfall_1_arguments_in_the_chunk_of_the_name_are_kept() -> None:
    assert blocks(conversation(tool(fragment(0, "c", "f", CITY)))) == [("tool_use", "f" + CITY)]


def test_pitfall_2_a_tool_call_first_is_block_zero() -> None:
    found = events(went(tool(fragment(0, "c", "f", "{}")) + chunk(finish="tool_calls") + DONE))
    start = next(data for kind, data in found if kind == "content_block_start")
    assert (start["index"], start["content_block"]["type"]) == (0, "tool_use")


def test_pitfall_3_text_and_tool_call_in_one_delta_are_both_kept() -> None:
    both = chunk({"tool_calls": [fragment(0, "c", "f", "{}")], "content": "Well"})
    assert blocks(conversation(both)) == [("text", "Well"), ("tool_use", "f{}")]


def test_pitfall_4_a_tool_call_in_the_chunk_that_finishes_is_kept() -> None:
    last = chunk({"tool_calls": [fragment(0, "c", "f", CITY)]}, "tool_calls")
    assert blocks(ROLE + last + DONE) == [("tool_use", "f" + CITY)]


def test_pitfall_5_calls_that_all_have_index_zero_are_told_apart_by_id() -> None:
    body = conversation(tool(fragment(0, "a", "f", CITY)), tool(fragment(0, "b", "g", "{}")))
    assert blocks(body) == [("tool_use", "f" + CITY), ("tool_use", "g{}")]


@pytest.mark.parametrize("repeats", [True, False])
def test_pitfall_5_calls_that_all_have_one_id_are_told_apart_by_index(repeats: bool) -> None:
    later = [tool(fragment(index, "c" if repeats else None, arguments="1}")) for index in (0, 1)]
    first, second = tool(fragment(0, "c", "f", '{"a":')), tool(fragment(1, "c", "g", '{"b":'))
    for body in (first + later[0] + second + later[1], first + second + later[0] + later[1]):
        found = said(conversation(body), id="gen-17-Zx9")["content"]
        assert [(block["id"], block["name"], block["arguments"]) for block in found] == [
            ("c", "f", '{"a":1}'),
            ("toolu_Zx901", "g", '{"b":1}'),
        ]


def test_pitfall_6_without_an_index_a_whole_value_ends_a_call() -> None:
    parts = [fragment(None, None, "f", '{"a":'), fragment(arguments='"}{"}'), fragment(None, None, "f", "{}")]
    assert blocks(conversation(*map(tool, parts))) == [("tool_use", 'f{"a":"}{"}'), ("tool_use", "f{}")]


def test_pitfall_7_interleaved_fragments_leave_one_block_behind_the_other() -> None:
    parts = [
        fragment(0, "a", "f", ""),
        fragment(1, "b", "g", ""),
        fragment(0, arguments='{"x":'),
        fragment(1, arguments='{"y":'),
        fragment(0, arguments="1}"),
        fragment(1, arguments="2}"),
    ]
    assert blocks(conversation(*map(tool, parts))) == [("tool_use", 'f{"x":1}'), ("tool_use", 'g{"y":2}')]
    assert blocks(conversation(tool(*parts))) == [("tool_use", 'f{"x":1}'), ("tool_use", 'g{"y":2}')]


@pytest.mark.parametrize("empty", [[], None])
def test_pitfall_8_no_tool_calls_are_no_tool_event(empty: Any) -> None:
    assert blocks(conversation(chunk({"content": "a", "tool_calls": empty}), content("b"))) == [("text", "ab")]


def test_pitfall_9_id_and_name_that_are_repeated_count_once() -> None:
    parts = [fragment(0, "c", "f", '{"a"'), fragment(0, "c", "f", ":1"), fragment(0, "c", "f", "}")]
    (block,) = said(conversation(*map(tool, parts)))["content"]
    assert (block["id"], block["name"], block["arguments"]) == ("c", "f", '{"a":1}')
    (_, waited) = said(conversation(tool(fragment(0, "a", "g", "{")), *[tool(part | {"index": 1}) for part in parts]))[
        "content"
    ]
    assert (waited["id"], waited["name"], waited["arguments"]) == ("c", "f", '{"a":1}')


def test_pitfall_10_nulls_in_later_fragments_are_nothing() -> None:
    later: Json = {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": "{}"}}
    assert blocks(conversation(tool(fragment(0, "c", "f", "")), tool(later))) == [("tool_use", "f{}")]


@pytest.mark.parametrize("arguments", ["", None])
def test_pitfall_12_a_call_without_arguments_has_no_delta(arguments: Any) -> None:
    body = conversation(tool(fragment(0, "c", "f", arguments)))
    assert blocks(body) == [("tool_use", "f")]
    assert "content_block_delta" not in [kind for kind, _ in events(went(body))]


def test_pitfall_13_arguments_that_come_as_an_object_are_written_as_text() -> None:
    value = {"path": 'C:\\a "b"\n', "n": 1.5, "漢": [None, {}]}
    (block,) = said(conversation(tool(fragment(0, "c", "f", value))))["content"]
    assert json.loads(block["arguments"]) == value


def test_pitfall_14_fragments_of_a_call_that_is_over_are_left_out() -> None:
    late = [
        tool(fragment(0, "a", "f", "{}")),
        tool(fragment(1, "b", "g", '{"x":')),
        tool(fragment(0, arguments="late")),
    ]
    body = conversation(*late, tool(fragment(1, arguments="1}")))
    assert blocks(body) == [("tool_use", "f{}"), ("tool_use", 'g{"x":1}')]
    assert went(body).report["normalised"] == 1


def test_pitfall_15_arguments_that_were_cut_stay_cut() -> None:
    message = said(conversation(call(0, "c", "f", '{"city":"Par'), finish="length"))
    assert (message["content"][0]["arguments"], message["stop_reason"]) == ('{"city":"Par', "max_tokens")


@pytest.mark.parametrize("id", [None, "", "functions.f:0", "a b", "ü"])
def test_pitfall_16_ids_that_no_client_takes_are_minted_unlike_others(id: str | None) -> None:
    body = conversation(tool(fragment(0, id, "f", "{}")), tool(fragment(1, id and f"{id}1", "g", "{}")))
    found = [block["id"] for block in said(body, id="gen-17-Zx9")["content"]]
    assert found == ["toolu_Zx900", "toolu_Zx901"]


def test_pitfall_17_a_name_that_was_sent_by_an_alias_comes_back() -> None:
    body = conversation(call(0, "c", "short_1", "{}"), call(1, "d", "other", "{}"))
    names = [block["name"] for block in said(body, translated=Chat({b"short_1": b"x" * 90}))["content"]]
    assert names == ["x" * 90, "other"]


def test_a_name_that_comes_late_is_waited_for() -> None:
    parts = [fragment(0, "c", None, '{"a":'), fragment(0, None, "f", ""), fragment(0, arguments="1}")]
    assert blocks(conversation(*map(tool, parts))) == [("tool_use", 'f{"a":1}')]


def test_a_call_without_a_name_is_a_fault() -> None:
    assert went(conversation(tool(fragment(0, "c", None, "{}")))).outcome == "ProtocolError"


def test_text_within_a_call_waits_for_its_end() -> None:
    parts = [tool(fragment(0, "c", "f", '{"a":')), content("\n"), tool(fragment(0, arguments="1}"))]
    assert blocks(conversation(*parts)) == [("tool_use", 'f{"a":1}'), ("text", "\n")]


def test_only_the_first_call_is_kept_where_one_is_asked_for() -> None:
    body = conversation(call(0, "a", "f", "{}"), call(1, "b", "g", CITY))
    assert blocks(body, translated=Chat(single=True)) == [("tool_use", "f{}")]


def test_a_legacy_function_call_is_a_tool_call() -> None:
    first, second = {"name": "f", "arguments": ""}, {"arguments": CITY}
    body = conversation(chunk({"function_call": first}), chunk({"function_call": second}), finish="function_call")
    assert blocks(body) == [("tool_use", "f" + CITY)]
    assert said(body)["stop_reason"] == "tool_use"


def test_pitfall_90_arguments_stream_and_what_waits_is_bounded() -> None:
    pieces = ["x" * 400] * 50
    assert went(conversation(call(0, "a", "f", '{"a":"', *pieces, '"}')), max_event=2000).outcome is None
    held = [tool(fragment(1, "b", "g", ""))] + [tool(fragment(1, arguments=piece)) for piece in pieces]
    assert went(conversation(call(0, "a", "f", "{"), *held), max_event=2000).outcome == "LimitExceeded"


# Thinking


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_pitfall_30_reasoning_is_thinking_ahead_of_the_text(key: str) -> None:
    body = conversation(reasoning("Let me", " see", key=key), content("Yes"))
    assert blocks(body) == [("thinking", "Let me see"), ("text", "Yes")]


def test_pitfall_31_reasoning_that_is_told_twice_counts_once() -> None:
    details = [{"type": "reasoning.text", "text": "hm", "index": 0, "signature": None}]
    both = {"reasoning": "hm", "reasoning_content": "hm", "reasoning_details": details}
    assert blocks(conversation(chunk(both), chunk({"content": "Yes"}))) == [("thinking", "hm"), ("text", "Yes")]


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {
            "reasoning_details": [
                {"type": "reasoning.summary", "summary": "hm"},
                {"type": "reasoning.encrypted", "data": "x"},
            ]
        },
        {"thinking_blocks": [{"type": "thinking", "thinking": "hm"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
        {"content": [{"type": "thinking", "thinking": "hm"}]},
    ],
)
def test_every_form_of_reasoning_is_read(delta: Json) -> None:
    assert blocks(conversation(chunk(delta), content("Yes"))) == [("thinking", "hm"), ("text", "Yes")]


def test_pitfall_27_a_signature_comes_whole_before_its_block_ends() -> None:
    signed = chunk({"reasoning_details": [{"type": "reasoning.text", "signature": "c2ln" * 9000}]})
    message = said(conversation(reasoning("hm", key="reasoning"), signed, content("Yes")))
    assert message["content"][0] == {"type": "thinking", "thinking": "hm", "signature": "c2ln" * 9000}


def test_pitfall_36_think_tags_stay_text() -> None:
    assert blocks(conversation(content("<thi", "nk>a</think>b"))) == [("text", "<think>a</think>b")]


# Framing and ordering


def test_pitfall_37_a_missing_done_is_made_up_for() -> None:
    body = conversation(content("a"))
    whole = went(body)
    assert events(whole)[-1][0] == "message_stop"
    assert went(body.removesuffix(DONE)).output == went(body.removesuffix(b"\n\n")).output == whole.output


def test_pitfall_43_a_chunk_without_choices_says_nothing() -> None:
    empty = frame({"id": "", "model": "", "object": "", "choices": [], "prompt_filter_results": [{}]})
    done = went(empty + chunk(choices=None) + conversation(content("a")))
    assert (done.report["response_id"], done.report["response_model"]) == ("chatcmpl-1", "up-model")
    assert done.output == went(conversation(content("a"))).output


def test_a_choice_without_delta_and_other_choices_say_nothing() -> None:
    filtered = chunk(choices=[{"index": 0, "finish_reason": None, "content_filter_results": {}}])
    other = chunk(choices=[{"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}])
    assert blocks(conversation(filtered, other, content("a"))) == [("text", "a")]


def test_pitfall_47_usage_before_other_chunks_is_kept() -> None:
    message = said(ROLE + content("a") + usage(9, 2) + chunk(finish="stop") + chunk(choices=[], usage=None) + DONE)
    assert (message["usage"]["input_tokens"], message["usage"]["output_tokens"]) == (9, 2)


def test_a_finish_reason_that_comes_twice_ends_the_answer_once() -> None:
    body = ROLE + content("a") + chunk(finish="stop") + chunk({"content": ""}, "stop") + usage() + DONE
    assert said(body)["stop_reason"] == "end_turn"


# Usage and stop


def test_pitfall_50_the_start_has_an_estimate() -> None:
    start = events(went(conversation(content("a")), input_tokens=lambda: 31))[0][1]["message"]
    assert start["usage"] == {"input_tokens": 31, "output_tokens": 1}


@pytest.mark.parametrize(
    "body",
    [
        ROLE + content("abcdefgh") + chunk(finish="stop"),
        ROLE + content("abcdefgh") + chunk(finish="stop", usage={"completion_tokens": 3}),
    ],
)
def test_pitfall_51_the_end_has_input_tokens_also_where_nobody_told_any(body: bytes) -> None:
    found = said(body + DONE, input_tokens=lambda: 31)["usage"]
    assert (found["input_tokens"], found["output_tokens"]) == (31, 3)


@pytest.mark.parametrize(
    "details",
    [
        {"prompt_tokens_details": {"cached_tokens": 90}},
        {"prompt_cache_hit_tokens": 90, "prompt_cache_miss_tokens": 10},
        {"cached_tokens": 90},
    ],
)
def test_pitfall_52_cached_tokens_are_taken_out_of_the_prompt(details: Json) -> None:
    found = said(ROLE + content("a") + chunk(finish="stop") + usage(100, 5, **details) + DONE)["usage"]
    assert (found["input_tokens"], found["cache_read_input_tokens"]) == (10, 90)


def test_pitfall_52_tokens_that_were_written_to_the_cache_are_too() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 90, "cache_write_tokens": 20}}
    done = went(ROLE + content("a") + chunk(finish="stop") + usage(100, 5, **details) + DONE)
    assert done.report["usage"] == {
        "input_tokens": 0, "output_tokens": 5, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 20,
    }  # fmt: skip


def test_pitfall_53_what_was_not_told_is_left_out() -> None:
    found = events(went(conversation(content("a"))))[-2][1]["usage"]
    assert found.keys() == {"input_tokens", "output_tokens"}


def test_pitfall_54_the_last_usage_wins() -> None:
    running = b"".join(chunk({"content": "a"}, usage={"prompt_tokens": 9, "completion_tokens": n}) for n in range(1, 5))
    done = went(ROLE + running + chunk(finish="stop") + DONE)
    assert done.report["usage"] == {"input_tokens": 9, "output_tokens": 4}
    assert (done.report["anomalies"], done.report["basis"]) == (0, "provider_final")


@pytest.mark.parametrize(("total", "output"), [(110, 10), (117, 17)])
def test_pitfall_55_reasoning_is_a_part_of_the_output_unless_the_total_says_otherwise(total: int, output: int) -> None:
    told = {"prompt_tokens": 100, "completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 7}}
    done = went(
        ROLE + content("a") + chunk(finish="stop") + chunk(choices=[], usage=told | {"total_tokens": total}) + DONE
    )
    assert done.report["usage"] == {"input_tokens": 100, "output_tokens": output, "reasoning_output_tokens": 7}


@pytest.mark.parametrize(
    "last",
    [
        chunk(finish="stop", x_groq={"usage": {"prompt_tokens": 8, "completion_tokens": 3}}),
        chunk(choices=[{"delta": {}, "finish_reason": "stop", "usage": {"prompt_tokens": 8, "completion_tokens": 3}}]),
        chunk({"content": ""}, "stop", usage={"prompt_tokens": 8, "completion_tokens": 3}),
    ],
)
def test_usage_is_found_wherever_servers_put_it(last: bytes) -> None:
    assert went(ROLE + content("a") + last + DONE).report["usage"] == {"input_tokens": 8, "output_tokens": 3}


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("content_filter", "refusal"),
        ("tool_calls", "end_turn"),
        ("eos", "end_turn"),
        ("MAX_TOKENS", "max_tokens"),
    ],
)
def test_pitfalls_57_to_59_finish_reasons(finish: str, reason: str) -> None:
    message = said(conversation(content("a"), finish=finish))
    assert message["stop_reason"] == reason
    assert ("stop_details" in message) == (reason == "refusal")


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "function_call", "eos"])
def test_pitfall_56_stop_with_tool_calls_is_tool_use(finish: str) -> None:
    assert said(conversation(call(0, "c", "f", "{}"), finish=finish))["stop_reason"] == "tool_use"


def test_a_refusal_is_text_and_the_reason() -> None:
    message = said(conversation(chunk({"refusal": "I can't"}), chunk({"refusal": " do that."})))
    assert (message["content"][0]["text"], message["stop_reason"]) == ("I can't do that.", "refusal")


@pytest.mark.parametrize("key", ["stop_reason", "matched_stop"])
def test_a_stop_string_that_was_met_is_told(key: str) -> None:
    last = chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop", key: "END"}])
    message = said(ROLE + content("a") + last + DONE)
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "END")


# Errors and life cycle


_ERRORS = [
    (frame({"error": {"message": "busy", "type": "overloaded_error", "code": None}}), ("overloaded_error", "busy")),
    (frame({"error": {"message": "busy", "code": 502}}), ("", "busy")),
    (frame({"error": "busy"}), ("", "busy")),
    (frame({"object": "error", "message": "busy", "type": "BadRequest", "code": 400}), ("BadRequest", "busy")),
    (b"event: error\n" + frame({"message": "busy"}), ("", "busy")),
    (chunk({"content": ""}, "error", error={"code": 502, "message": "busy"}), ("", "busy")),
]


@pytest.mark.parametrize(("error", "told"), _ERRORS)
@pytest.mark.parametrize("before", [b"", ROLE, ROLE + content("a")])
def test_pitfall_78_an_error_in_the_stream_is_no_stop(before: bytes, error: bytes, told: tuple[str, str]) -> None:
    done = went(before + error + conversation(content("late")))
    assert (done.outcome, done.detail) == ("PeerError", told)
    kinds = [kind for kind, _ in sent(done.output)]
    assert ("message_start" in kinds) == (b'"a"' in before), "nothing leaves before the model says something"
    assert "message_stop" not in kinds


@pytest.mark.parametrize("body", [b"", ROLE, ROLE + content("a"), ROLE + content("a") + DONE, DONE])
def test_pitfall_79_a_stream_without_finish_reason_is_cut(body: bytes) -> None:
    assert went(body).outcome == "Truncated"


def test_pitfall_82_a_stream_that_breaks_off_has_the_usage_that_was_told() -> None:
    done = went(ROLE + chunk({"content": "a"}, usage={"prompt_tokens": 9, "completion_tokens": 1}))
    assert (done.report["usage"], done.report["basis"]) == ({"input_tokens": 9, "output_tokens": 1}, "provider_partial")


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    body = conversation(content("a"), content("b").replace(b'"b"', b'"b\xff\xe2\x82"'), content("c"))
    assert blocks(body) == [("text", "ab\ufffd\ufffdc")]


@pytest.mark.parametrize("data", [b"{", b"[1]x", b"<html>"])
def test_what_is_no_json_is_a_fault(data: bytes) -> None:
    done = went(ROLE + content("a") + b"data: " + data + b"\n\n")
    assert done.outcome == "ProtocolError"


def test_a_dead_pipeline_raises_the_same_again() -> None:
    pipeline = Pipeline(translated=Chat())
    assert pipeline.feed(b"data: {\n\n", 1) == b""
    with pytest.raises(ProtocolError):
        pipeline.feed(b"data: 1\n\n", 2)


def test_work_is_linear_and_memory_bounded() -> None:
    def fragments(count: int) -> None:
        went(conversation(call(0, "c", "f", '{"a":"', *["xyz"] * count, '"}')))

    assert growth(fragments, 500, 2000) < 8
    pipeline = Pipeline(translated=Chat())
    pipeline.feed(ROLE + content("a"), 1)
    before = resident_bytes()
    for _ in range(20_000):
        pipeline.feed(content("漢字 and more of the same"), 2)
    assert resident_bytes() - before < 4 << 20


def test_thinking_can_be_dropped_and_sealed() -> None:
    body = conversation(reasoning("hm", " so"), content("Yes"), reasoning("more"), call(0, "c", "f", CITY))
    assert blocks(body, drops_thinking=True) == [("text", "Yes"), ("tool_use", "f" + CITY)]
    sealed = said(body, seal=lambda signature: b"relay1.m." + signature)["content"]
    assert [block["signature"] for block in sealed if block["type"] == "thinking"] == ["relay1.m."] * 2
