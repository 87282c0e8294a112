"""Pipeline in mode observe: against the reference at every split, identity, faults, splices, times, bounds."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import LimitExceeded, Misuse, PeerError, Pipeline, ProtocolError, Truncated, chunk
from tests.core.corpus import ANSWERS, CORPUS, MESSAGES
from tests.core.running import assert_agrees, facts, run, sent, strict_json
from tests.core.timing import growth, resident_bytes
from tests.reference.messages import observe
from tests.support.streams import (
    ABSENT,
    END,
    PING,
    STOP,
    block_start,
    block_stop,
    conversation,
    conversations,
    cut,
    cuts,
    damaged_conversations,
    every_cut,
    frame,
    in_pieces,
    message_delta,
    message_start,
    splits,
    text,
    text_block,
)

KIB = 1024
OWN_PING = b'event: ping\ndata: {"type": "ping"}\n\n'
CLEAN = conversation(text_block(0, "Hello", ", ", "world."))


@pytest.mark.parametrize("body", CORPUS.values(), ids=CORPUS)
def test_output_end_and_report_are_those_of_the_reference(body: bytes) -> None:
    assert_agrees(run([body]), observe(body))


@pytest.mark.parametrize("body", MESSAGES.values(), ids=MESSAGES)
def test_nothing_depends_on_the_split(body: bytes) -> None:
    whole = run([body])
    for pieces in splits(body):
        assert run(pieces) == whole, [len(piece) for piece in pieces][:20]


@given(body=conversations(), places=cuts())
def test_well_formed_answers_pass_unchanged_but_for_pings(body: bytes, places: list[float]) -> None:
    done = run(cut(body, places))
    start, rest = message_start(), body.removeprefix(message_start())
    assert done.output == start + OWN_PING + rest.replace(PING, b"")
    assert done.outcome is None
    assert done.report["normalised"] == 0
    assert_agrees(done, observe(body))


@given(body=damaged_conversations(), places=cuts())
def test_damaged_answers_are_treated_as_the_reference_does_at_any_split(body: bytes, places: list[float]) -> None:
    done = run([body])
    assert_agrees(done, observe(body))
    assert run(cut(body, places)) == done


@given(body=st.binary(max_size=120) | damaged_conversations(), places=cuts())
def test_any_bytes_give_a_result_or_a_documented_fault(body: bytes, places: list[float]) -> None:
    done = run(cut(body, places), max_event=600, id="gen-1", provider="Acme", input_tokens=lambda: 5)
    assert done.outcome in (None, "ProtocolError", "Truncated", "LimitExceeded", "PeerError")
    assert all(json.loads(data)["type"] == kind for kind, data in sent(done.output))


@pytest.mark.parametrize("count", [1, 2, 8])
def test_a_clean_read_leaves_as_the_very_same_object(count: int) -> None:
    pipeline = Pipeline()
    pipeline.feed(message_start() + block_start(0), 1)
    for data in (
        b"".join(text(0, f"漢 {n}") for n in range(count)),
        block_stop(0) + block_start(1),
        text(1, "b") * count,
    ):
        assert pipeline.feed(data, 2) is data
    assert pipeline.feed(block_stop(1), 3) is not None


def test_unknown_events_leave_as_the_very_same_object() -> None:
    pipeline = Pipeline()
    pipeline.feed(message_start(), 1)
    data = frame("novelty", a=[1]) + frame("novelty")
    assert pipeline.feed(data, 2) is data


def test_a_read_that_ends_inside_a_frame_gives_the_whole_frames_before_it() -> None:
    pipeline = Pipeline()
    pipeline.feed(message_start() + block_start(0), 1)
    first, second = text(0, "a"), text(0, "b")
    assert pipeline.feed(first + second[:20], 2) == first
    assert pipeline.feed(second[20:], 3) == second


_PLAIN = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"'
)
_TYPE_LAST = b'event: content_block_delta\ndata: {"delta":{"text":"'
_INDEX_LAST = b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"'
_OTHER = _PLAIN.replace(b"text_delta", b"thinking_delta")
_FIRSTS = [
    _PLAIN + b'a"}}\n\n',
    _TYPE_LAST + b'a","type":"text_delta"},"index":0,"type":"content_block_delta"}\n\n',
    _INDEX_LAST + b'a"},"index":0}\n\n',
    _OTHER + b'a","thinking":"b"}}\n\n',
    _PLAIN + b'a"},"delta":{"type":"text_delta","text":"b"}}\n\n',
]
_TAILS = [
    *(
        b'%s"}}\n\n' % inside
        for inside in (b"", b"x", b"\\n", b"\\u00e9", b"\\x", b"\\u12", b"\xff", b"\xe2\x82", b"\t", b"\x7f")
    ),
    *(
        b'%s"}}\n\n' % inside
        for inside in ("é漢😀\u2028".encode(), b"\xed\xa0\x80", b"\0", b"x" * 700, b'a","text":"b', b'"')
    ),
    *(
        b'x"%s\n\n' % end
        for end in (b"}}   ", b"} }", b"}}\t", b"}}\r", b"}}}", b"}", b"},1}", b'},"index":1}', b'},"index":0}', b"")
    ),
    *(
        b'x"}}' + end
        for end in (b"\r\n\r\n", b"\r\r", b"\n\r\n", b"\n: c\n\n", b"\nid: 1\n\n", b"\ndata: 1\n\n", b"\n", b"")
    ),
]


@pytest.mark.parametrize("tail", _TAILS)
@pytest.mark.parametrize("first", _FIRSTS)
def test_a_delta_that_begins_like_the_one_before_is_judged_as_carefully(first: bytes, tail: bytes) -> None:
    start = message_start() + block_start(0) + first
    for prefix in (_PLAIN, _TYPE_LAST, _INDEX_LAST, _OTHER):
        for between in (b"", b": note\n\n", PING, block_stop(0), block_stop(0) + block_start(1)):
            body = start + between + prefix + tail + prefix + b'y"}}\n\n' + block_stop(0) + END
            done = run([body])
            assert_agrees(done, observe(body))
            assert run(in_pieces(body, 1)) == run(in_pieces(body, 37)) == done
            assert run([body], max_event=600) == run(in_pieces(body, 7), max_event=600)


def test_own_ping_follows_message_start_once() -> None:
    output = run([PING + message_start() + PING + END]).output
    assert output == message_start() + OWN_PING + END


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_of_the_corpus_is_complete(name: str) -> None:
    assert run([ANSWERS[name]]).outcome is None


def test_a_line_break_between_tokens_becomes_a_space() -> None:
    body = message_start() + b'event: ping2\ndata: {"type":\ndata: "ping2",\ndata:"a":1}\n\n' + END
    assert b'event: ping2\ndata: {"type": "ping2", "a":1}\n\n' in run([body]).output


def test_a_line_break_inside_a_string_is_a_fault() -> None:
    body = message_start() + b'event: ping2\ndata: {"type": "pi\ndata: ng2"}\n\n'
    assert run([body]).outcome == "ProtocolError"


@pytest.mark.parametrize("fault", [b"data: {\n\n", STOP + STOP, frame("error", error={"type": "x", "message": "y"})])
def test_a_fault_does_not_lose_what_came_before_it_in_the_same_read(fault: bytes) -> None:
    before = message_start() + text_block(0, "a")
    pipeline = Pipeline()
    assert pipeline.feed(before + fault + text_block(1, "late"), 1) == message_start() + OWN_PING + text_block(0, "a")
    assert not pipeline


def test_a_dead_pipeline_raises_the_same_again() -> None:
    pipeline = Pipeline()
    assert pipeline.feed(STOP, 1) == b""
    with pytest.raises(ProtocolError) as first:
        pipeline.check()
    for again in (pipeline.check, lambda: pipeline.feed(b"x", 2), lambda: pipeline.feed(b"", 3)):
        with pytest.raises(ProtocolError) as later:
            again()
        assert later.value is first.value


def test_feed_after_the_end_is_misuse() -> None:
    pipeline = Pipeline()
    pipeline.feed(CLEAN, 1)
    assert pipeline.feed(b"", 2) == b""
    with pytest.raises(Misuse):
        pipeline.feed(b"x", 3)


@pytest.mark.parametrize("follows", [block_start(1), message_delta(), STOP], ids=["start", "delta", "stop"])
def test_pitfall_39_a_block_that_was_left_open_is_closed_before_what_follows(follows: bytes) -> None:
    ends = END if follows == block_start(1) else STOP
    body = message_start() + block_start(0) + text(0, "a") + (message_delta() if follows == STOP else b"")
    done = run([body + follows + ends])
    kinds = [kind for kind, _ in sent(done.output)]
    assert done.outcome is None
    assert kinds[kinds.index("content_block_delta") + 1] == "content_block_stop"
    assert kinds.count("content_block_start") == kinds.count("content_block_stop")


@pytest.mark.parametrize("body", [STOP, END, block_stop(0) + STOP, PING + STOP])
def test_pitfall_40_an_end_of_what_never_began_is_a_fault_and_nothing_is_written(body: bytes) -> None:
    done = run([body])
    assert (done.output, done.outcome) == (b"", "ProtocolError")


def test_pitfall_45_a_character_that_two_reads_share_stays_whole() -> None:
    body = conversation(text_block(0, "é", "漢", "😀"))
    whole = message_start() + OWN_PING + body.removeprefix(message_start())
    for pieces in [*every_cut(body), in_pieces(body, 1)]:
        assert run(pieces).output == whole


def test_the_peers_error_is_raised_and_never_written() -> None:
    body = message_start() + frame("error", error={"type": "overloaded_error", "message": "Übervoll"})
    pipeline = Pipeline()
    assert pipeline.feed(body, 1) == message_start() + OWN_PING
    with pytest.raises(PeerError) as fault:
        pipeline.check()
    assert (fault.value.type, fault.value.message) == ("overloaded_error", "Übervoll")
    assert pipeline.report().ended == "error"


def test_an_end_before_the_stop_reason_is_truncated() -> None:
    pipeline = Pipeline()
    pipeline.feed(message_start() + block_start(0), 1)
    assert (bool(pipeline), pipeline.report().ended) == (True, "open")
    pipeline.feed(b"", 2)
    with pytest.raises(Truncated):
        pipeline.check()


@pytest.mark.parametrize("end", range(1, len(CLEAN)))
def test_every_cut_ends_in_exactly_one_way(end: int) -> None:
    done = run([CLEAN[:end]])
    stops = [kind for kind, _ in sent(done.output)].count("message_stop")
    assert (done.outcome, stops) in ((None, 1), ("Truncated", 0))
    assert (done.outcome is None) == (end >= len(CLEAN) - len(STOP))


def test_what_follows_the_stop_is_dropped_whatever_it_is() -> None:
    clean = run([CLEAN])
    for late in (b"x" * 4000, b"data: {\n\n", frame("error", error={}), message_start(), b"\xff\n\n"):
        for pieces in ([CLEAN + late], [CLEAN, late], in_pieces(CLEAN + late, 7)):
            done = run(pieces, max_event=1000)
            assert (done.output, done.outcome, done.report["ended"]) == (clean.output, None, "complete")


def test_report_gives_the_times_of_the_reads() -> None:
    pipeline = Pipeline()
    start = message_start()
    for now, data in (
        (10, start[:30]),
        (20, start[30:]),
        (30, block_start(0)),
        (40, text(0, "a")),
        (50, PING),
        (60, b":\n\n"),
    ):
        pipeline.feed(data, now)
    report = pipeline.report()
    assert (report.first_event_ns, report.first_content_ns, report.last_event_ns) == (20, 40, 50)


def test_report_of_nothing_has_no_times() -> None:
    report = Pipeline().report()
    assert (report.first_event_ns, report.first_content_ns, report.last_event_ns) == (None, None, None)
    assert (report.ended, report.basis, report.usage) == ("open", "none", {})


def test_report_counts_all_bytes_of_a_clean_stream() -> None:
    done = run([CLEAN])
    assert (done.report["bytes_in"], done.report["bytes_out"]) == (len(CLEAN), len(CLEAN) + len(OWN_PING))


def spliced(body: bytes, **options: Any) -> list[Any]:
    done = run([body], **options)
    assert done.outcome is None
    assert run(in_pieces(body, 1), **options) == done
    return [strict_json(data) for _, data in sent(done.output)]


def test_id_model_and_provider_are_written_into_message_start() -> None:
    events = spliced(CLEAN, id='gen-"1"', model="acme/groß", provider="Acme & Söhne")
    original = json.loads(message_start().split(b"data: ")[1])
    original["message"] |= {"id": 'gen-"1"', "model": "acme/groß", "provider": "Acme & Söhne"}
    assert events[0] == original
    assert run([CLEAN], id="x").report["response_id"] == "msg_01"


@pytest.mark.parametrize("message", [{}, {"id": None}, {"provider": "upstream", "model": 3}, {"usage": {}}])
def test_splices_fit_whatever_the_message_has(message: dict[str, Any]) -> None:
    body = frame("message_start", message=message) + END
    events = spliced(body, id="gen-1", model="m", provider="Acme", input_tokens=lambda: 7)
    usage = message.get("usage") or {"input_tokens": 7, "output_tokens": 1}
    wanted = message | {"id": "gen-1", "model": "m", "provider": "Acme"}
    assert {name: value for name, value in events[0]["message"].items() if name != "usage"} == {
        name: value for name, value in wanted.items() if name != "usage"
    }
    assert events[0]["message"]["usage"]["input_tokens"] == usage.get("input_tokens", 7)


@pytest.mark.parametrize("usage", [{"input_tokens": 0, "output_tokens": 1}, {"output_tokens": 1}, ABSENT])
def test_the_estimate_stands_in_for_a_prompt_that_was_not_counted(usage: Any) -> None:
    events = spliced(message_start(usage) + END, input_tokens=lambda: 33)
    assert events[0]["message"]["usage"] == {"input_tokens": 33, "output_tokens": 1}


def test_the_estimate_never_replaces_what_was_told() -> None:
    for usage in ({"input_tokens": 1, "output_tokens": 1}, {"input_tokens": 0, "cache_read_input_tokens": 9}):
        assert spliced(message_start(usage) + END, input_tokens=lambda: 33)[0]["message"]["usage"] == usage


@pytest.mark.parametrize("usage", [None, {"output_tokens": 9}, ABSENT])
def test_usage_fields_are_added_to_each_message_delta(usage: Any) -> None:
    asked = []

    def fields(known: dict[str, int | str]) -> bytes:
        asked.append(known)
        return b'"cost":0.25'

    events = spliced(message_start() + message_delta("end_turn", usage) + STOP, usage_fields=fields)
    assert events[2]["usage"]["cost"] == 0.25
    assert asked[0]["input_tokens"] == 12


METADATA = b'{"requested":"a/m","summary":"available=1, selected=\xc3\x9c"}'


@pytest.mark.parametrize(
    "end",
    [
        STOP,
        b"",  # the provider forgot it
        b'event: message_stop\ndata: {"type":"message_stop" }  \n\n',
        frame("message_stop", openrouter_metadata={"requested": "of a gateway before us"}),
        b'data: {"type":"message_stop"}\r\n\r\n',
        b"event: message_stop\ndata: {}\n\n",
    ],
)
def test_metadata_stands_in_message_stop_at_every_split(end: bytes) -> None:
    body = message_start() + text_block(0, "a") + message_delta() + end
    asked: list[dict[str, int | str]] = []

    def metadata(usage: dict[str, int | str]) -> bytes:
        asked.append(usage)
        return METADATA

    whole = run([body], metadata=metadata)
    assert asked == [whole.report["usage"]]
    kind, data = sent(whole.output)[-1]
    assert strict_json(data) == {"type": "message_stop", "openrouter_metadata": json.loads(METADATA)}
    assert kind == "message_stop"
    for pieces in splits(body):
        assert run(pieces, metadata=metadata) == whole
    rest = run([body]).output.rpartition(b"event: message_stop")[0]
    assert whole.output.startswith(rest)


@given(body=damaged_conversations(), places=cuts())
def test_metadata_is_told_exactly_when_the_answer_is_complete(body: bytes, places: list[float]) -> None:
    asked: list[Any] = []
    done = run(cut(body, places), metadata=lambda usage: asked.append(usage) or METADATA)

    complete = done.report["ended"] == "complete"
    assert (len(asked), done.output.count(b'"openrouter_metadata":' + METADATA)) == (complete, complete)


def test_an_answer_with_splices_keeps_every_other_byte() -> None:
    body = message_start() + text_block(0, "a  b") + message_delta() + STOP
    output = run([body], id="gen-1", usage_fields=lambda known: b"").output
    start = message_start()
    assert output == start.replace(b'"msg_01"', b'"gen-1"') + OWN_PING + body.removeprefix(start)


@pytest.mark.parametrize("pending", [b"data: " + b"x" * 3000, b"data: x\n" * 500, b":" + b"x" * 3000])
def test_an_endless_event_meets_the_limit_after_what_came_before(pending: bytes) -> None:
    for pieces in ([message_start() + pending], in_pieces(message_start() + pending, 16)):
        done = run(pieces, max_event=1000)
        assert (done.output, done.outcome) == (message_start() + OWN_PING, "LimitExceeded")
    pipeline = Pipeline(max_event=1000)
    pipeline.feed(pending, 1)
    with pytest.raises(LimitExceeded, match="event"):
        pipeline.check()


@pytest.mark.parametrize("size", [16, 1024])
def test_a_long_event_in_small_reads_costs_linear_time(size: int) -> None:
    def feed(length: int) -> None:
        pipeline = Pipeline()
        pipeline.feed(message_start() + block_start(0), 1)
        for piece in in_pieces(text(0, "x" * length), size):
            pipeline.feed(piece, 2)

    assert growth(feed, 256 * KIB, 1024 * KIB) < 8


def test_many_events_in_one_read_cost_linear_time() -> None:
    def read(count: int) -> bytes:
        return message_start() + block_start(0) + text(0, "é") * count + PING + text(0, "x") * count

    reads = {count: read(count) for count in (2000, 8000)}  # making them is not what is measured
    assert growth(lambda count: Pipeline().feed(reads[count], 1), 2000, 8000) < 8


def test_memory_does_not_grow_with_the_answer() -> None:
    pipeline = Pipeline()
    pipeline.feed(message_start() + block_start(0), 1)
    resident = [_resident_after(pipeline, megabytes) for megabytes in (2, 32)]
    assert resident[1] - resident[0] < KIB * KIB


def _resident_after(pipeline: Pipeline, megabytes: int) -> int:
    read = text(0, "x" * 900) + text(0, "é").replace(b"event: content_block_delta\n", b"")
    for _ in range(megabytes * KIB * KIB // len(read)):
        pipeline.feed(read[:500], 2)
        pipeline.feed(read[500:], 2)
    return resident_bytes()


@given(body=conversations() | damaged_conversations(), places=cuts(), prefix=st.binary(max_size=40))
def test_chunks_hold_what_would_leave_without_them(body: bytes, places: list[float], prefix: bytes) -> None:
    plain, chunked = Pipeline(id="gen-1"), Pipeline(id="gen-1", chunked=True)
    for piece in [*(piece for piece in cut(body, places) if piece), b""]:
        out = plain.feed(piece, 1)
        assert chunked.feed(piece, 1, prefix) == (chunk(out, plain.complete, prefix) if out else b"")
        assert (bool(chunked), chunked.complete) == (bool(plain), plain.complete)
        if not plain:
            break
    assert facts(chunked.report()) == facts(plain.report())


def test_a_trailer_goes_behind_the_end_of_an_answer_and_of_no_other() -> None:
    trailer = b": note\n\n"
    for pieces in splits(CLEAN):
        assert run(pieces, trailer=lambda: trailer).output == run([CLEAN]).output + trailer
    cut_off = CLEAN.split(b"event: message_delta")[0]
    assert run([cut_off], trailer=lambda: trailer).output == run([cut_off]).output
    chunked = Pipeline(chunked=True, trailer=lambda: trailer)
    assert chunked.feed(CLEAN, 1) == chunk(run([CLEAN]).output + trailer, last=True)
