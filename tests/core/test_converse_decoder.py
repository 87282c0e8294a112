"""Bedrock's streams to hub events: Converse, Messages events in chunks; pitfalls of wire-protocols 7, by number."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.running import Chat, Run, run, sent
from tests.support.chunks import message_of
from tests.support.event_stream import chunk, event, exception
from tests.support.streams import conversations, cut, cuts, in_pieces

Json = dict[str, Any]
CONVERSE = Chat(dialect="bedrock")
START = event("messageStart", {"role": "assistant"})
USAGE = {"inputTokens": 12, "outputTokens": 5, "totalTokens": 17}


def converse(*parts: bytes, reason: str = "end_turn", usage: Json | None = USAGE) -> bytes:
    end = event("messageStop", {"stopReason": reason})
    return START + b"".join(parts) + end + (event("metadata", {"usage": usage}) if usage else b"")


def delta(index: int, **said: Any) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": index, "delta": said})


def tool(index: int, name: str, *fragments: str, id: str = "tooluse_1") -> bytes:
    start = event(
        "contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": {"toolUseId": id, "name": name}}}
    )
    return start + b"".join([delta(index, toolUse={"input": each}) for each in fragments]) + stop(index)


def stop(index: int) -> bytes:
    return event("contentBlockStop", {"contentBlockIndex": index})


def went(body: bytes, translated: Chat | None = CONVERSE, **options: Any) -> Run:
    return run([body], translated=translated, binary=True, **options)


def said(body: bytes, **options: Any) -> Json:
    done = went(body, **options)
    assert done.outcome is None
    return message_of([(kind, json.loads(data)) for kind, data in sent(done.output) if kind != "ping"])


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, str]]]:
    """A stream and the blocks that it says."""
    parts, blocks = [], []
    for index in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["text", "thinking", "tool"]))
        pieces = draw(st.lists(_TEXTS, max_size=3))
        if kind == "tool":
            whole = json.dumps({"a": pieces}) if pieces else ""
            parts.append(tool(index, "f", *[whole[at : at + 3] for at in range(0, len(whole), 3)], id=f"t{index}"))
            blocks.append(("tool_use", f"f{whole}"))
            continue
        key = {"text": lambda each: {"text": each}, "thinking": lambda each: {"reasoningContent": {"text": each}}}[kind]
        parts += [delta(index, **key(each)) for each in pieces] + [stop(index)] * draw(st.integers(0, 1))
        if "".join(pieces):
            blocks.append((kind, "".join(pieces)))
    return converse(*parts), blocks


@given(drawn=bodies(), places=cuts())
def test_it_says_what_the_stream_says_at_any_cut(
    drawn: tuple[bytes, list[tuple[str, str]]], places: list[float]
) -> None:
    body, blocks = drawn
    done = went(body)
    assert run(cut(body, places), translated=CONVERSE, binary=True) == done
    assert run(in_pieces(body, 1), translated=CONVERSE, binary=True) == done
    message = said(body)
    assert [_facts(block) for block in message["content"]] == blocks
    assert message["stop_reason"] == ("tool_use" if any(kind == "tool_use" for kind, _ in blocks) else "end_turn")


def _facts(block: Json) -> tuple[str, str]:
    text = f"{block['name']}{block['arguments']}" if block["type"] == "tool_use" else str(block[block["type"]])
    return block["type"], text


@given(body=conversations())
def test_chunks_give_the_bytes_that_the_messages_api_would_have_sent(body: bytes) -> None:
    events = [frame.partition(b"\ndata: ")[2] for frame in body.split(b"\n\n")[:-1]]
    done, plain = went(b"".join([chunk(each) for each in events]), translated=None), run([body])
    assert done == plain


@given(
    payload=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | _TEXTS, lambda x: st.lists(x) | st.dictionaries(_TEXTS, x), max_leaves=6
    ).map(lambda value: json.dumps(value).encode()),
    name=st.sampled_from(
        ["chunk", "messageStart", "contentBlockDelta", "contentBlockStart", "messageStop", "metadata"]
    ),
)
def test_any_payload_gives_a_result_or_a_documented_fault(payload: bytes, name: str) -> None:
    for translated in (None, CONVERSE):
        done = went(START + event(name, payload), translated=translated)
        assert done.outcome in ("ProtocolError", "Truncated", "PeerError", None)


def test_pitfall_1_and_4_arguments_in_one_piece_before_the_stop_are_kept() -> None:
    assert said(converse(tool(0, "f", '{"a":1}'), reason="tool_use"))["content"][0]["arguments"] == '{"a":1}'


def test_pitfall_2_no_block_is_opened_before_there_is_content() -> None:
    blocks = said(converse(delta(0, text=""), stop(0), tool(1, "f", "{}")))["content"]
    assert [block["type"] for block in blocks] == ["tool_use"]


def test_pitfall_7_interleaved_fragments_never_make_blocks_overlap() -> None:
    first = tool(0, "f", '{"a":', id="x")[: -len(stop(0))]
    body = converse(first, tool(1, "g", '{"b":2}', id="y"), delta(0, toolUse={"input": "1}"}), stop(0))
    assert [_facts(block) for block in said(body)["content"]] == [("tool_use", 'f{"a":1}'), ("tool_use", 'g{"b":2}')]


def test_pitfall_12_a_call_without_arguments_has_none() -> None:
    assert said(converse(tool(0, "f"), tool(1, "g", "", id="y")))["content"][1]["arguments"] == ""


def test_pitfall_13_arguments_that_are_no_text_are_no_answer() -> None:
    assert went(converse(delta(0, toolUse={"input": {"a": 1}}))).outcome == "ProtocolError"


def test_pitfall_15_arguments_that_were_cut_stay_cut() -> None:
    message = said(converse(tool(0, "f", '{"a":"b'), reason="max_tokens"))
    assert (message["content"][0]["arguments"], message["stop_reason"]) == ('{"a":"b', "max_tokens")


def test_pitfall_17_names_lead_back() -> None:
    translated = Chat({b"short": b"a" * 70}, dialect="bedrock")
    assert said(converse(tool(0, "short", "{}")), translated=translated)["content"][0]["name"] == "a" * 70


def test_pitfall_27_and_28_a_signature_passes_whole() -> None:
    signature = "s+/=" * 10_000
    body = converse(delta(0, reasoningContent={"text": "Hm."}), delta(0, reasoningContent={"signature": signature}))
    assert said(body)["content"][0]["signature"] == signature


def test_pitfall_34_thinking_without_text_keeps_its_signature() -> None:
    block = said(converse(delta(0, reasoningContent={"signature": "sig"}), stop(0)))["content"][0]
    assert (block["thinking"], block["signature"]) == ("", "sig")


def test_pitfall_35_redacted_thinking_is_kept() -> None:
    body = converse(delta(0, reasoningContent={"redactedContent": "AAEC"}), stop(0), delta(1, text="x"))
    assert said(body)["content"][0] == {"type": "redacted_thinking", "data": "AAEC"}


def test_pitfall_47_an_end_without_metadata_is_complete() -> None:
    assert said(converse(delta(0, text="a"), usage=None))["stop_reason"] == "end_turn"


def test_pitfall_52_cached_tokens_are_counted_once() -> None:
    cached = {"inputTokens": 10, "outputTokens": 5, "cacheReadInputTokens": 80, "cacheWriteInputTokens": 20}
    beside = went(converse(delta(0, text="a"), usage=cached | {"totalTokens": 115})).report["usage"]
    within = went(converse(delta(0, text="a"), usage=cached | {"inputTokens": 110, "totalTokens": 115})).report["usage"]
    assert beside == within
    assert (beside["input_tokens"], beside["cache_read_input_tokens"]) == (10, 80)


@pytest.mark.parametrize(
    ("details", "kept"),
    [
        ([{"ttl": "1h", "inputTokens": 15}, {"ttl": "5m", "inputTokens": 5}], (5, 15)),
        ([{"inputTokens": 20, "ttl": "5m"}], (20, 0)),
        ([{"ttl": "1h", "inputTokens": 9}, {"ttl": "1h", "inputTokens": 90}], (0, 99)),
        ([], (20, 0)),
        ([7, {"ttl": "1h", "inputTokens": -1}], (20, 0)),
        (None, (None, None)),
    ],
)
def test_what_the_cache_keeps_for_an_hour_is_told_apart(details: Any, kept: tuple[int | None, int | None]) -> None:
    told = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 35, "cacheWriteInputTokens": 20}
    body = converse(delta(0, text="a"), usage=told | {"cacheDetails": details})
    usage = went(body).report["usage"]
    assert usage["cache_creation_input_tokens"] == 20
    fields = ("cache_creation_5m_input_tokens", "cache_creation_1h_input_tokens")
    assert tuple(usage.get(field) for field in fields) == kept


def test_pitfall_57_what_a_guardrail_stopped_is_a_refusal() -> None:
    for reason in ("guardrail_intervened", "content_filtered"):
        assert said(converse(delta(0, text="no"), reason=reason))["stop_reason"] == "refusal"


def test_pitfall_59_a_reason_that_nobody_knows_is_the_default() -> None:
    assert said(converse(delta(0, text="a"), reason="tired"))["stop_reason"] == "end_turn"


def test_pitfall_78_an_exception_in_the_stream_is_never_a_stop() -> None:
    done = went(START + delta(0, text="a") + exception("throttlingException", {"message": "slow down"}))
    assert (done.outcome, done.detail) == ("PeerError", ("throttlingException", "slow down"))
    assert b"message_stop" not in done.output


def test_pitfall_79_an_end_before_the_stop_is_an_error() -> None:
    whole = converse(delta(0, text="a"), usage=None)
    assert went(whole[:-1]).outcome == "Truncated"


def test_a_type_that_no_line_can_say_is_no_event() -> None:
    assert went(chunk(b'{"type":"mess\\u0061ge_start","message":{}}'), translated=None).outcome == "ProtocolError"
