"""Whole Chat answers as messages of the hub; what the same answer streamed would say, they say too."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import PeerError, ProtocolError
from relay.dialects.chat_answer import message
from tests.core.running import Chat, run, sent
from tests.support.chunks import DONE, chunk, message_of

Json = dict[str, Any]


def read(said: Json, finish: str | None = "stop", *, single: bool = False, names: Any = None, **members: Any) -> Json:
    choice = {"index": 0, "message": {"role": "assistant"} | said, "finish_reason": finish}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "model": "up-model", "choices": [choice]} | members
    found: Json = json.loads(message(json.dumps(body).encode(), "abc", Chat(names or {}, single)))
    return found


def call(arguments: Any = "{}", id: str | None = "c", name: str | None = "f") -> Json:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def inputs(*calls: Json, **more: Any) -> list[Json]:
    return [block["input"] for block in read({"tool_calls": list(calls)}, **more)["content"]]


def test_text_thinking_and_calls_in_their_order() -> None:
    found = read({"content": "Yes.", "reasoning_content": "hm", "tool_calls": [call('{"a":1}')]}, "tool_calls")
    assert found["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "Yes.", "citations": None},
        {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}},
    ]
    assert (found["stop_reason"], found["stop_sequence"], found["type"]) == ("tool_use", None, "message")


@pytest.mark.parametrize(
    ("arguments", "input"),
    [("", {}), (None, {}), ({"a": 1}, {"a": 1}), ('{"a":', {"_raw": '{"a":'}), ("[1]", {"_raw": "[1]"})],
)
def test_arguments_of_every_kind(arguments: Any, input: Json) -> None:
    assert inputs(call(arguments)) == [input]


@pytest.mark.parametrize("wrap", [json.dumps, dict])
def test_integers_over_64_bits_keep_their_digits(wrap: Any) -> None:
    big = {"id": 123456789012345678901234567890, "low": -(2**64)}
    assert inputs(call(wrap(big))) == [big]


def test_ids_names_and_one_call_alone() -> None:
    found = read({"tool_calls": [call(id="a.b"), call(id=None, name="s")]}, names={b"s": b"long"})["content"]
    assert [(block["id"], block["name"]) for block in found] == [("toolu_abc00", "f"), ("toolu_abc01", "long")]
    assert len(read({"tool_calls": [call(), call(id="d")]}, single=True)["content"]) == 1


def test_calls_with_one_id_have_two() -> None:
    found = read({"tool_calls": [call(id="c"), call(id="c", name="g")]})["content"]
    assert [(block["id"], block["name"]) for block in found] == [("c", "f"), ("toolu_abc01", "g")]


@pytest.mark.parametrize(
    ("said", "finish", "reason"),
    [
        ({"content": "a"}, "stop", "end_turn"),
        ({"content": "a"}, "length", "max_tokens"),
        ({"content": "a"}, "content_filter", "refusal"),
        ({"refusal": "no"}, "stop", "refusal"),
        ({"tool_calls": [call()]}, "stop", "tool_use"),
        ({"content": "a"}, "tool_calls", "end_turn"),
        ({"content": "a"}, "novel", "end_turn"),
    ],
)
def test_stop_reasons(said: Json, finish: str, reason: str) -> None:
    found = read(said, finish)
    assert (found["stop_reason"], "stop_details" in found) == (reason, reason == "refusal")


def test_usage_of_every_kind() -> None:
    told = {"prompt_tokens": 100, "completion_tokens": 10, "prompt_cache_hit_tokens": 90}
    assert read({"content": "a"}, usage=told)["usage"] == {
        "input_tokens": 10,
        "cache_read_input_tokens": 90,
        "output_tokens": 10,
    }
    assert "usage" not in read({"content": "a"})


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"error":{"message":"busy","type":"server_error","code":503}}', ("server_error", "busy", "503")),
        (b'{"error":"busy"}', ("", "busy", "")),
        (b'{"object":"error","message":"busy","type":"T","code":400}', ("T", "busy", "400")),
    ],
)
def test_pitfall_83_errors(body: bytes, fault: tuple[str, str, str]) -> None:
    with pytest.raises(PeerError) as caught:
        message(body, "", Chat())
    assert (caught.value.type, caught.value.message, caught.value.code) == fault


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":[{"message":{"content":"a"}}]}',
        b'{"choices":[{"finish_reason":"stop"}]}',
    ],
)
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        message(body, "", Chat())


_CALLS = st.lists(st.dictionaries(st.text(max_size=4), st.integers(0, 9) | st.text(max_size=4), max_size=2), max_size=3)


@given(
    text=st.text(max_size=9),
    thought=st.text(max_size=9),
    refusal=st.text(max_size=4),
    arguments=_CALLS,
    finish=st.sampled_from(["stop", "length", "tool_calls", "content_filter", "eos"]),
    counts=st.tuples(*[st.none() | st.integers(0, 50)] * 4),
)
def test_streamed_and_whole_say_the_same(
    text: str, thought: str, refusal: str, arguments: list[Json], finish: str, counts: tuple[int | None, ...]
) -> None:
    said: Json = {"content": text, "reasoning": thought, "refusal": refusal}
    said["tool_calls"] = [call(json.dumps(each), f"c{at}") | {"index": at} for at, each in enumerate(arguments)]
    prompt, completion, cached, reasoned = counts
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoned},
    }
    whole = read(said, finish, usage=usage)
    done = run([chunk(said, finish, usage=usage) + DONE], translated=Chat(), id="gen-1-abc")
    events = [(kind, json.loads(data)) for kind, data in sent(done.output)]
    streamed = message_of([event for event in events if event[0] != "ping"])
    for block in streamed["content"]:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block.pop("arguments"))
    assert streamed["content"] == whole["content"]
    assert (streamed["stop_reason"], streamed["stop_sequence"]) == (whole["stop_reason"], whole["stop_sequence"])
    told = whole.get("usage", {})
    assert {name: streamed["usage"][name] for name in told} == told
