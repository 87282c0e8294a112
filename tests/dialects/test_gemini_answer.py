"""Whole Gemini answers as messages of the hub: they say what the same parts say in a stream."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import PeerError, ProtocolError
from relay.dialects.gemini_answer import message
from tests.core.running import Chat, run, sent
from tests.core.test_gemini_decoder import COUNTS, FINISH, PARTS
from tests.support.chunks import message_of
from tests.support.gemini import call, counts, response, text, thought

Json = dict[str, Any]


def content(body: bytes) -> bytes:
    """The JSON of one event."""
    return body.removeprefix(b"data: ")


def read(*parts: Json, finish: str | None = "STOP", single: bool = False, names: Any = None, **members: Any) -> Json:
    body = content(response(*parts, finish=finish, **members))
    found: Json = json.loads(message(body, "abc", Chat(names or {}, single, "gemini")))
    return found


@given(parts=st.lists(PARTS, max_size=5), finish=FINISH, usage=COUNTS, single=st.booleans())
def test_pitfall_87_it_says_what_the_stream_says(
    parts: list[Json], finish: str | None, usage: Json | None, single: bool
) -> None:
    body, sent_as = response(*parts, finish=finish, usage=usage), Chat({b"f": b"long"}, single, "gemini")
    streamed = run([body], translated=sent_as, id="gen-1-abc")
    if streamed.outcome is not None:
        with pytest.raises(PeerError if streamed.outcome == "PeerError" else ProtocolError):
            message(content(body), "abc", sent_as)
        return
    whole = json.loads(message(content(body), "abc", sent_as))
    expected = message_of([(kind, json.loads(data)) for kind, data in sent(streamed.output) if kind != "ping"])
    for block in expected["content"]:
        if "arguments" in block:
            block["input"] = json.loads(block.pop("arguments"))
    assert whole["content"] == expected["content"]
    assert (whole["stop_reason"], "stop_details" in whole) == (expected["stop_reason"], "stop_details" in expected)
    if "usage" in whole:
        told = {key: count for key, count in expected["usage"].items() if key in whole["usage"]}
        assert whole["usage"] == told


def test_text_thinking_and_calls_in_their_order() -> None:
    found = read(thought("hm"), text("Yes."), call("f", {"a": 1}, signature="c2ln"), usage=counts(100, 5, thoughts=7))
    assert found["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "Yes.", "citations": None},
        {"type": "thinking", "thinking": "", "signature": "c2ln"},
        {"type": "tool_use", "id": "toolu_abc00", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}},
    ]
    assert (found["id"], found["model"], found["stop_reason"]) == ("resp-1", "up-model", "tool_use")
    assert found["usage"] == {
        "input_tokens": 100,
        "output_tokens": 12,
        "output_tokens_details": {"thinking_tokens": 7},
    }


def test_pitfall_72_integers_over_64_bits_keep_their_digits() -> None:
    big = {"id": 123456789012345678901234567890, "low": -(2**64)}
    assert read(call("f", big))["content"][0]["input"] == big


def test_a_prompt_that_is_refused_is_a_refusal_without_content() -> None:
    found = read(candidates=..., promptFeedback={"blockReason": "SAFETY"})
    assert (found["content"], found["stop_reason"]) == ([], "refusal")
    assert found["stop_details"]["type"] == "refusal"


def test_half_of_a_usage_is_told_as_in_a_stream() -> None:
    refused = read(candidates=..., promptFeedback={"blockReason": "SAFETY"}, usage=counts(12, None))
    assert refused["usage"] == {"input_tokens": 12}


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}},
        {"candidates": [{"content": {"parts": []}, "finishReason": "MALFORMED_FUNCTION_CALL"}]},
    ],
)
def test_pitfall_83_an_error_with_status_200_is_one(body: Json) -> None:
    with pytest.raises(PeerError) as caught:
        message(json.dumps(body).encode(), "abc", Chat())
    assert caught.value.type in ("UNAVAILABLE", "api_error")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"candidates":[]}',
        b'{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}',
        b'{"candidates":[{"content":{"parts":[{"functionCall":{}}]},"finishReason":"STOP"}]}',
        b'{"promptFeedback":{"blockReason":"BLOCKED_REASON_UNSPECIFIED"}}',
    ],
)
def test_what_is_no_answer_is_a_fault(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        message(body, "abc", Chat())
