"""A message of the hub as a whole Chat completion; what streams say of the same answer it says too."""

import json
from typing import Any

import pytest
from hypothesis import given

from relay._core import Pipeline, ProtocolError
from relay.dialects.chat_reply import ChatClient
from tests.core.test_chat_encoder import completion
from tests.support import chunks, streams

Json = dict[str, Any]
ID = "gen-1767225600-abc"
MONEY = {"cost": 0.5, "cost_details": {"upstream_inference_cost": None}, "is_byok": False}


def message(*blocks: Json, stop: str | None = "end_turn", **members: Any) -> bytes:
    whole = {"id": ID, "type": "message", "role": "assistant", "model": "lab/model", "provider": "Lab"}
    usage = {"input_tokens": 12, "output_tokens": 5} | MONEY
    return json.dumps(whole | {"content": list(blocks), "stop_reason": stop, "usage": usage} | members).encode()


def answered(*blocks: Json, **members: Any) -> Json:
    names = {b"get_weather": b"get.weather"}
    return dict(json.loads(ChatClient(names, False).answer(message(*blocks, **members))))


def text(said: str) -> Json:
    return {"type": "text", "text": said, "citations": None}


def test_an_answer_has_all_that_a_client_reads() -> None:
    assert answered(text("Hello"), text(" there")) == {
        "id": "chatcmpl-1767225600-abc",
        "object": "chat.completion",
        "created": 1767225600,
        "model": "lab/model",
        "provider": "Lab",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello there", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17} | MONEY,
    }


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("bored", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("tool_use", "tool_calls"),
        (None, "stop"),
    ],
)
def test_pitfall_57_to_59_stop_reasons_become_finish_reasons(stop: str | None, finish: str) -> None:
    assert answered(text("x"), stop=stop)["choices"][0]["finish_reason"] == finish


def test_pitfall_60_a_pause_is_a_stop() -> None:
    assert answered(text("x"), stop="pause_turn")["choices"][0]["finish_reason"] == "stop"


def test_pitfall_56_an_answer_with_calls_says_so() -> None:
    call = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
    assert answered(call, stop="end_turn")["choices"][0]["finish_reason"] == "tool_calls"


def test_calls_have_their_arguments_as_they_came_and_the_clients_names() -> None:
    raw = b'{"n": 1.10, "big": 12345678901234567890123, "s": "\xc3\xa9\\u00e9\\""}'
    call = {"type": "tool_use", "id": "c1", "name": "get_weather", "input": "RAW"}
    content = message(call, stop="tool_use").replace(b'"RAW"', raw)
    told = json.loads(ChatClient({b"get_weather": b"get.weather"}, False).answer(content))["choices"][0]["message"]
    assert told["content"] is None
    assert told["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "get.weather", "arguments": raw.decode()}}
    ]


def test_thinking_is_told_with_what_has_to_be_sent_back() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    told = answered(thought, {"type": "redacted_thinking", "data": "ZGF0YQ=="}, text("so"))["choices"][0]["message"]
    assert told["reasoning_content"] == "hm"
    assert told["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "c2ln"},
        {"type": "reasoning.encrypted", "index": 1, "data": "ZGF0YQ=="},
    ]


def test_thinking_before_a_call_is_told_with_the_calls_id() -> None:
    thought = {"type": "thinking", "thinking": "", "signature": "c2ln"}
    redacted, silent = {"type": "redacted_thinking", "data": "ZGF0YQ=="}, thought | {"signature": ""}
    calls = [{"type": "tool_use", "id": f"c{at}", "name": "f", "input": {}} for at in range(3)]
    said = (thought, text("so"), thought, calls[0], redacted, calls[1], silent, calls[2])
    details = answered(*said)["choices"][0]["message"]["reasoning_details"]
    assert [detail.get("id") for detail in details] == [None, "c0", "c1"]


def test_pitfall_52_and_55_cached_tokens_are_in_the_prompt_and_reasoning_in_the_completion() -> None:
    usage = {"input_tokens": 10, "output_tokens": 40, "cache_read_input_tokens": 100}
    usage |= {"cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 6}}  # type: ignore[dict-item]
    usage |= {"output_tokens_details": {"thinking_tokens": 7}}  # type: ignore[dict-item]
    assert answered(text("x"), usage=usage)["usage"] == {
        "prompt_tokens": 121,
        "completion_tokens": 40,
        "total_tokens": 161,
        "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 11},
        "completion_tokens_details": {"reasoning_tokens": 7},
    }


def test_what_relay_says_beside_an_answer_is_kept() -> None:
    told = answered(text("x"), openrouter_metadata={"attempt": 1}, context_management={"applied_edits": []})
    assert (told["openrouter_metadata"], told["context_management"]) == ({"attempt": 1}, {"applied_edits": []})


@pytest.mark.parametrize("content", [b"[]", b"{", message(text("x"), id=5), message({"type": "text", "text": 5})])
def test_what_is_no_message_is_a_protocol_error(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        ChatClient({}, False).answer(content)


@given(body=streams.conversations())
def test_a_whole_answer_is_what_its_stream_adds_up_to(body: bytes) -> None:
    events = [part.partition("\ndata: ") for part in body.decode().split("\n\n")[:-1]]
    told = [(name[7:], json.loads(data)) for name, _, data in events if name not in ("event: ping", "event: novelty")]
    whole = chunks.message_of([event for event in told if not _is_empty(event[1])]) | {"id": ID}
    for block in whole["content"]:
        if block["type"] == "tool_use":
            block["input"] = "RAW" + (block.pop("arguments") or "{}")
    try:
        unary = json.loads(ChatClient({}, True).answer(_with_inputs(whole)))
    except ProtocolError:
        return  # arguments that are no JSON, which a whole answer of the hub can't hold
    pipeline = Pipeline(id=ID, model=whole["model"], client=ChatClient({}, True))
    streamed = completion(pipeline.feed(body) + pipeline.feed(b""))
    one, other = unary["choices"][0]["message"], streamed.choices[0].message
    assert one["content"] == (other.content or None)
    assert one.get("reasoning_content", "") == getattr(other, "reasoning_content", "")
    details = getattr(other, "reasoning_details", [])  # of a stream without an empty text
    assert one.get("reasoning_details", []) == [{"text": ""} | detail for detail in details]
    assert unary["choices"][0]["finish_reason"] == streamed.choices[0].finish_reason
    assert unary["usage"]["total_tokens"] == streamed.usage.total_tokens


def _is_empty(event: Json) -> bool:
    return event["type"] == "content_block_delta" and "" in (
        event["delta"].get(key) for key in ("text", "thinking", "partial_json")
    )


def _with_inputs(whole: Json) -> bytes:
    """The message with the inputs of its calls as JSON of their own."""
    content = json.dumps(whole)
    for block in whole["content"]:
        if block["type"] == "tool_use":
            content = content.replace(json.dumps(block["input"]), block["input"].removeprefix("RAW"), 1)
    return content.encode("utf-8", "surrogatepass")
