"""Signatures of thinking are replaced, streamed or whole, wherever the bytes are cut; nothing else changes."""

import json

import pytest

from relay._core import answer
from tests.core.running import run, sent
from tests.redact.test_redact_rewriter import rewriter
from tests.support.answers import message
from tests.support.streams import END, block_start, block_stop, delta, frame, message_start, splits


def seal(signature: bytes) -> bytes:
    return b"sealed." + signature


def thinking(index: int, signature: str, start: str = "") -> bytes:
    opened = block_start(index, {"type": "thinking", "thinking": "", "signature": start})
    signed = delta(index, "signature_delta", signature=signature) if signature else b""
    return opened + delta(index, "thinking_delta", thinking="hm") + signed + block_stop(index)


def said(index: int, text: str) -> bytes:
    start = block_start(index, {"type": "text", "text": "", "signature": "none of ours"})
    return start + delta(index, "text_delta", text=text) + block_stop(index)


MIDDLE = said(1, "a signature: x")
BODY = message_start() + thinking(0, "a\\u00e9\\/=") + MIDDLE + thinking(2, "b") + END
SEALED = message_start() + thinking(0, "sealed.a\\u00e9\\/=") + MIDDLE + thinking(2, "sealed.b") + END


def test_each_signature_of_a_stream_is_sealed_at_every_cut() -> None:
    expected = sent(run([SEALED]).output)

    for pieces in splits(BODY):
        assert sent(run(pieces, seal=seal).output) == expected


def test_a_signature_that_comes_with_its_block_is_sealed_there() -> None:
    done = run([message_start() + thinking(0, "", start="c") + END], seal=seal)

    assert json.loads(sent(done.output)[2][1])["content_block"]["signature"] == "sealed.c"


def test_an_empty_signature_is_sealed_once_it_comes() -> None:
    empty = frame("content_block_delta", index=0, delta={"type": "signature_delta", "signature": ""})
    opened = block_start(0, {"type": "thinking", "thinking": "", "signature": ""})

    done = run([message_start() + opened + empty + block_stop(0) + END], seal=seal)

    assert json.loads(sent(done.output)[3][1])["delta"]["signature"] == "sealed."


def test_thinking_may_be_dropped_and_texts_redacted_beside_it() -> None:
    body = message_start() + thinking(0, "a") + said(1, "jane.doe@example.org") + END

    passed = run([body], seal=seal, rewriter=rewriter()).output
    dropped = run([body], seal=seal, drops_thinking=True).output

    assert b'"sealed.a"' in passed
    assert b"jane.doe" not in passed
    assert b"signature_delta" not in dropped


@pytest.mark.parametrize("written", ["x", "\u00e9/=", ""])
def test_a_whole_answer_is_sealed_alike(written: str) -> None:
    text = {"type": "text", "text": "t", "signature": "none of ours"}
    thought = {"type": "thinking", "thinking": "hm", "signature": written}

    content, _ = answer(message(content=[thought, text, thought]), seal=seal)

    signatures = [block["signature"] for block in json.loads(content)["content"]]
    assert signatures == [f"sealed.{written}", "none of ours", f"sealed.{written}"]


def test_an_answer_without_thinking_keeps_its_bytes() -> None:
    plain = message()

    assert answer(plain, seal=seal)[0] == answer(plain)[0]


def test_edits_of_the_context_are_told_beside_the_usage() -> None:
    told = b'{"applied_edits":[1.50]}'
    fields = b'"cost":1'

    streamed = run([BODY], context_management=told, usage_fields=lambda _: fields).output
    whole, _ = answer(message(), context_management=told, usage_fields=lambda _: fields)

    (last,) = [json.loads(data) for kind, data in sent(streamed) if kind == "message_delta"]
    assert last["context_management"] == json.loads(whole)["context_management"] == json.loads(told)
    assert last["usage"]["cost"] == 1
    assert told in streamed
    assert told in whole


def test_edits_of_the_context_are_told_where_no_usage_came() -> None:
    bare = frame("message_delta", delta={"stop_reason": "end_turn"}) + frame("message_stop")

    done = run([message_start() + said(0, "a") + bare], context_management=b"{}").output

    (last,) = [json.loads(data) for kind, data in sent(done) if kind == "message_delta"]
    assert last["context_management"] == {}
    assert "usage" in last


def test_a_count_that_is_told_late_lives_until_it_is_written() -> None:
    """Its memory was given to the next text that was made, which then stood in its place."""
    bare = frame("message_delta", delta={"stop_reason": "end_turn"}, usage={}) + frame("message_stop")
    options = {"context_management": b"{}", "usage_fields": lambda _: b'"cost":1'}
    done = run([message_start() + said(0, "a") + bare], **options).output
    assert json.loads(sent(done)[-2][1])["usage"] == {"output_tokens": 1, "cost": 1}
