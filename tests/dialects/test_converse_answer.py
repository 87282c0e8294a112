"""Whole answers of Converse: what the stream of the same answer says."""

import json
from typing import Any

import pytest

from relay._core import PeerError, ProtocolError
from relay.dialects import converse_answer
from tests.core.running import Chat
from tests.core.test_converse_decoder import converse, delta, said, stop, tool

Json = dict[str, Any]
READING = Chat({b"short": b"long_name"}, dialect="bedrock")
USAGE = {"inputTokens": 12, "outputTokens": 5, "totalTokens": 17}


def read(*content: Json, reason: str = "end_turn", reading: Chat = READING, **more: Any) -> Json:
    answer = {"output": {"message": {"role": "assistant", "content": list(content)}}, "stopReason": reason}
    found: Json = json.loads(converse_answer.message(json.dumps(answer | more).encode(), "abc", reading))
    return found


def test_it_says_what_the_stream_says() -> None:
    whole = read(
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "AAEC"}},
        {"text": "Hello"},
        {"toolUse": {"toolUseId": "t1", "name": "short", "input": {"a": 1}}},
        reason="tool_use",
        usage=USAGE,
    )
    streamed = said(
        converse(
            delta(0, reasoningContent={"text": "Hm."}),
            delta(0, reasoningContent={"signature": "sig"}),
            stop(0),
            delta(1, reasoningContent={"redactedContent": "AAEC"}),
            stop(1),
            delta(2, text="Hello"),
            stop(2),
            tool(3, "short", '{"a":', "1}", id="t1"),
            reason="tool_use",
        ),
        translated=READING,
    )
    call = streamed["content"][3]
    streamed["content"][3] = call | {"input": json.loads(call.pop("arguments"))}
    assert whole["content"] == streamed["content"]
    assert whole["stop_reason"] == streamed["stop_reason"] == "tool_use"
    assert whole["usage"] == {"input_tokens": 12, "output_tokens": 5}


@pytest.mark.parametrize(("total", "given"), [(115, 10), (115, 110)])
def test_pitfall_52_cached_tokens_are_counted_once(total: int, given: int) -> None:
    told = {"inputTokens": given, "outputTokens": 5, "totalTokens": total}
    usage = read({"text": "a"}, usage=told | {"cacheReadInputTokens": 80, "cacheWriteInputTokens": 20})["usage"]
    assert usage["input_tokens"] == 10
    assert (usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]) == (80, 20)


def test_what_the_cache_keeps_for_an_hour_is_told_apart() -> None:
    told = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 35, "cacheWriteInputTokens": 20}
    details = [{"ttl": "1h", "inputTokens": 15}, {"ttl": "5m", "inputTokens": 5}, 7]
    usage = read({"text": "a"}, usage=told | {"cacheDetails": details})["usage"]
    assert usage["cache_creation_input_tokens"] == 20
    assert usage["cache_creation"] == {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 15}
    untold = read({"text": "a"}, usage=told | {"cacheDetails": None})["usage"]
    assert "cache_creation" not in untold


def test_pitfall_56_57_and_59_reasons() -> None:
    call = {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}
    assert read(call)["stop_reason"] == "tool_use"
    assert read({"text": "no"}, reason="guardrail_intervened")["stop_reason"] == "refusal"
    assert read({"text": "a"}, reason="tired")["stop_reason"] == "end_turn"
    met = read({"text": "a"}, reason="stop_sequence", additionalModelResponseFields={"stop_sequence": "END"})
    assert (met["stop_reason"], met["stop_sequence"]) == ("stop_sequence", "END")


def test_only_one_call_where_one_is_wanted_and_ids_that_clients_take() -> None:
    calls = [{"toolUse": {"toolUseId": "a:b", "name": "f", "input": {}}}] * 2
    blocks = read(*calls, reading=Chat(single=True, dialect="bedrock"))["content"]
    assert [block["id"] for block in blocks] == ["toolu_abc00"]


def test_calls_with_one_id_have_two() -> None:
    calls = [{"toolUse": {"toolUseId": "t", "name": name, "input": {}}} for name in "fg"]
    assert [(block["id"], block["name"]) for block in read(*calls)["content"]] == [("t", "f"), ("toolu_abc01", "g")]


@pytest.mark.parametrize(
    "content", [b"[]", b"<html>", b"{}", b'{"stopReason":"end_turn"}', b'{"output":{"message":{}}}']
)
def test_what_is_no_answer_is_none(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        converse_answer.message(content, "abc", READING)


def test_a_malformed_answer_is_an_error() -> None:
    with pytest.raises(PeerError) as caught:
        read({"text": "a"}, reason="malformed_model_output")
    assert caught.value.code == "424"
