"""Thinking is taken out of answers, and nothing else is."""

import json

import pytest

from relay._core import Pipeline, ProtocolError, without_thinking
from tests.core.running import run, sent
from tests.redact.test_redact_rewriter import rewriter
from tests.support.streams import END, block_start, block_stop, frame, message_start, splits, text

THINKING = {"type": "thinking", "thinking": "", "signature": ""}


def block(index: int, start: dict[str, str], *deltas: dict[str, str]) -> bytes:
    return (
        frame("content_block_start", index=index, content_block=start)
        + b"".join(frame("content_block_delta", index=index, delta=delta) for delta in deltas)
        + block_stop(index)
    )


def thinking(index: int) -> bytes:
    return block(
        index, THINKING, {"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "x"}
    )


def said(index: int, *texts: str) -> bytes:
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": each} for each in texts))


BODY = message_start() + thinking(0) + said(1, "a", "é\\n", "b") + thinking(2) + said(3, "c") + END
KEPT = message_start() + said(0, "a", "é\\n", "b") + said(1, "c") + END


def test_the_stream_is_the_one_without_thinking_at_every_cut() -> None:
    kept = sent(run([KEPT]).output)

    for pieces in splits(BODY):
        assert sent(run(pieces, drops_thinking=True).output) == kept


def test_redacted_thinking_goes_too_whichever_way_its_type_is_written() -> None:
    redacted = block(0, {"type": "redacted_thinking", "data": "x"})
    escaped = redacted.replace(b'"redacted_thinking"', b'"redacted_th\\u0069nking"')

    for dropped in (redacted, escaped):
        done = run([message_start() + dropped + said(1, "a") + END], drops_thinking=True)
        assert sent(done.output) == sent(run([message_start() + said(0, "a") + END]).output)


def test_other_kinds_of_redaction_see_the_blocks_where_they_are_now() -> None:
    body = message_start() + thinking(0) + said(1, "to jane.doe", "@example.org", " now", ". Bye bob@x") + END

    for pieces in splits(body):
        done = run(pieces, drops_thinking=True, rewriter=rewriter())
        events = [json.loads(data) for _, data in sent(done.output)]
        assert {event["index"] for event in events if "index" in event} == {0}
        deltas = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
        assert "".join(deltas) == "to [EMAIL] now. Bye bob@x"


@pytest.mark.parametrize("open_block", [thinking(0)[:-10], thinking(0) + block_start(1) + text(1, "half jane@x")])
def test_a_stream_that_breaks_off_is_truncated_as_ever(open_block: bytes) -> None:
    done = run([message_start() + open_block], drops_thinking=True, rewriter=rewriter())

    assert done.outcome == "Truncated"
    assert not [data for _, data in sent(done.output) if '"index":1' in data or '"index": 1' in data]


def test_an_answer_without_thinking_leaves_as_the_very_same_object() -> None:
    pipeline = Pipeline(drops_thinking=True)
    pipeline.feed(message_start() + block_start(0), 1)
    read = text(0, "a") * 3

    assert pipeline.feed(read, 2) is read


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (b'{"content" : [ {"type":"thinking"} , {"type":"text"} ] }', b'{"content" : [{"type":"text"}] }'),
        (
            b'{"content":[{"type":"text","a":1e5},{"type":"redacted_thinking"}]}',
            b'{"content":[{"type":"text","a":1e5}]}',
        ),
        (b'{"content":[{"type":"th\\u0069nking"}]}', b'{"content":[]}'),
    ],
)
def test_a_whole_answer_keeps_every_other_byte(message: bytes, kept: bytes) -> None:
    assert without_thinking(message) == kept


@pytest.mark.parametrize(
    "message", [b'{"content":[]}', b'{"content":[1,{"type":"text"}]}', b'{"content":"x"}', b"[]", b"{}"]
)
def test_a_whole_answer_without_thinking_is_the_very_same_object(message: bytes) -> None:
    assert without_thinking(message) is message


def test_what_is_no_json_is_refused() -> None:
    for message in (b"{", b'{"content":[{"type":"thinking"}', b""):
        with pytest.raises(ProtocolError):
            without_thinking(message)
