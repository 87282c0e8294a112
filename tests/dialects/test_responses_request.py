"""A Responses request into the hub, and a message of the hub as a whole response (3.5, 4.3)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Pipeline, members
from relay.dialects import check, responses_request
from relay.dialects.inbound import Inbound
from relay.dialects.responses_reply import ResponsesClient
from relay.errors import CallerInvalid
from tests.core.responses_client import told
from tests.core.timing import growth
from tests.support import chunks, streams

Json = dict[str, Any]
PNG = "data:image/png;base64,iVBORw0KGgo="
CALL: Json = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"n": 1.10}'}
OUTPUT: Json = {"type": "function_call_output", "call_id": "c1", "output": "sunny"}


def inbound(**fields: Any) -> Inbound:
    content = json.dumps({"model": "m", "input": "hi"} | fields).encode()
    return responses_request.inbound(content, members(content, 64))


def hub(**fields: Any) -> Json:
    """The hub's request, which the hub's own rules take too."""
    content = inbound(**fields).content
    check.check(content, members(content, 64))
    return dict(json.loads(content))


def said(*items: Json) -> list[Json]:
    return list(hub(input=[user("hi"), *items])["messages"][1:])


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def function(name: str = "f", **members: Any) -> Json:
    return {"type": "function", "name": name} | members


def fault(**fields: Any) -> str:
    with pytest.raises(CallerInvalid) as caught:
        inbound(**fields)
    return caught.value.message


def text(said: str) -> Json:
    return {"type": "text", "text": said}


@pytest.mark.parametrize(
    ("fields", "becomes"),
    [
        ({}, {}),
        ({"instructions": "I"}, {"system": [text("I")]}),
        ({"max_output_tokens": 9, "stream": True}, {"max_tokens": 9, "stream": True}),
        ({"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "top_p": 0.9}),
        (
            {"reasoning": {"effort": "low", "summary": "auto"}},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
        ),
        ({"reasoning": {"effort": "none"}}, {"thinking": {"type": "disabled"}}),
        ({"text": {"format": {"type": "text"}, "verbosity": "low"}}, {}),
        (
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}}},
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        ),
        ({"user": "u"}, {"user": "u", "metadata": {"user_id": "u"}}),
        ({"background": False, "store": True, "include": ["reasoning.encrypted_content"], "metadata": {"a": "b"}}, {}),
        ({"provider": {"order": ["x"]}, "models": ["a"]}, {"provider": {"order": ["x"]}, "models": ["a"]}),
    ],
)
def test_a_setting_becomes_the_hubs(fields: Json, becomes: Json) -> None:
    assert {key: value for key, value in hub(**fields).items() if key not in ("model", "messages")} == becomes


def test_tools_that_only_openai_runs_are_left_out_and_told() -> None:
    hosted = [{"type": "web_search"}, function(), {"type": "file_search", "vector_store_ids": ["v"]}]
    found = inbound(tools=hosted, tool_choice={"type": "web_search"}, truncation="auto")
    assert [tool["name"] for tool in json.loads(found.content)["tools"]] == ["f"]
    assert found.unread == ("truncation", "tools.0", "tools.2", "tool_choice")
    assert "tools" not in hub(tools=[{"type": "web_search"}], tool_choice="required")


def test_what_openai_means_otherwise_than_the_hub_is_left_out_and_told() -> None:
    found = inbound(context_management=[{"type": "compaction", "compact_threshold": 9}], service_tier="scale")
    assert found.unread == ("context_management", "service_tier")
    assert json.loads(found.content).keys() == {"model", "messages"}
    edits = {"edits": [{"type": "clear_tool_uses_20250919"}]}
    assert hub(context_management=edits)["context_management"] == edits


def test_a_tool_that_takes_free_text_is_one_with_one_argument() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": 'start: "x"'}
    tools = [{"type": "custom", "name": "apply.patch", "description": "Patches.", "format": grammar}]
    tools += [{"type": "custom", "name": "note", "format": {"type": "text"}}, function()]
    found = inbound(tools=tools, tool_choice={"type": "custom", "name": "note"})
    said = json.loads(found.content)
    schema = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
    patch, note, _ = said["tools"]
    assert patch["description"] == 'Patches.\n\nThe input keeps to this lark grammar:\nstart: "x"'
    assert patch["input_schema"] == note["input_schema"] == schema | {"additionalProperties": False}
    assert (note.keys(), said["tool_choice"]) == ({"name", "input_schema"}, {"type": "tool", "name": "note"})
    assert (found.unread, found.client.customs) == ((), {b"apply.patch", b"note"})
    assert found.client.names == {patch["name"].encode(): b"apply.patch"}


def test_items_are_turns() -> None:
    parts = [{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": PNG}]
    file = {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}
    found = hub(input=[{"role": "developer", "content": "D"}, {"type": "message"} | user([*parts, file])])
    assert found["system"] == [text("D")]
    assert [block["type"] for block in found["messages"][0]["content"]] == ["text", "image", "document"]


def test_pitfall_19_a_turn_of_the_model_is_all_its_items_and_results_are_one_message() -> None:
    answer = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Look:"}]}
    reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "sig"}
    other = CALL | {"call_id": "c2"}
    turn, results = said(reasoning, answer, CALL, other, OUTPUT | {"call_id": "c2"}, OUTPUT)
    assert turn["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        text("Look:"),
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"n": 1.1}},
        {"type": "tool_use", "id": "c2", "name": "f", "input": {"n": 1.1}},
    ]
    assert [block["tool_use_id"] for block in results["content"]] == ["c1", "c2"]


def test_a_turn_of_many_calls_costs_what_they_are_many() -> None:
    def work(count: int) -> None:
        inbound(input=[user("hi"), *[CALL | {"call_id": f"c{at}"} for at in range(count)]])

    assert growth(work, 2000, 16000) < 24


def test_pitfall_20_results_and_calls_without_the_other() -> None:
    (turn,) = hub(input=[user("hi"), OUTPUT])["messages"]
    assert turn["content"] == [text("hi"), text("Result of a tool call: sunny")]
    assert said(CALL)[1]["content"][0]["is_error"] is True


def test_pitfall_35_thinking_that_came_back_is_what_was_sent() -> None:
    redacted = {"type": "reasoning", "summary": [], "encrypted_content": "redacted.ZGF0YQ=="}
    unsigned = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    silent = {"type": "reasoning", "summary": [], "encrypted_content": "sig"}
    (turn, _) = said(redacted, unsigned, silent, user("go on"))
    assert turn["content"] == [
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        {"type": "thinking", "thinking": "", "signature": "sig"},
    ]


def test_thinking_that_nothing_follows_is_left_out() -> None:
    thought = {"type": "reasoning", "summary": [], "encrypted_content": "sig"}
    redacted = {"type": "reasoning", "summary": [], "encrypted_content": "redacted.ZGF0YQ=="}
    assert said(thought, redacted) == []
    assert said({"role": "assistant", "content": "so"}, thought) == [{"role": "assistant", "content": [text("so")]}]
    assert fault(input=[thought]).partition(": ")[0] == "input"


def test_calls_of_free_text_are_calls() -> None:
    called = {"type": "custom_tool_call", "call_id": "c9", "name": "patch", "input": "*** Begin"}
    turn, result = said(called, {"type": "custom_tool_call_output", "call_id": "c9", "output": "ok"})
    assert turn["content"][0]["input"] == {"input": "*** Begin"}
    assert result["content"][0]["tool_use_id"] == "c9"


def test_items_of_tools_that_ran_elsewhere_are_left_out_and_told() -> None:
    found = inbound(input=[user("hi"), {"type": "web_search_call", "id": "ws_1", "status": "completed"}])
    assert found.unread == ("input.1",)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"model": 5}, "model"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": [5]}, "input.0"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input.0.role"),
        ({"input": [{"role": "user"}]}, "input.0.content"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input.0.type"),
        ({"input": [{"type": 5}]}, "input.0.type"),
        ({"input": [user([{"type": "input_audio"}])]}, "input.0.content.0.type"),
        ({"input": [user([{"type": "input_text"}])]}, "input.0.content.0.text"),
        ({"input": [user([{"type": "input_image"}])]}, "input.0.content.0.image_url"),
        ({"input": [user([{"type": "input_image", "image_url": "x"}])]}, "input.0.content.0.image_url"),
        ({"input": [user([{"type": "input_file"}])]}, "input.0.content.0.file_data"),
        ({"input": [user([{"type": "input_file", "file_data": "data:text/csv,1"}])]}, "input.0.content.0.file_data"),
        (
            {"input": [{"role": "assistant", "content": [{"type": "input_image", "image_url": PNG}]}]},
            "input.0.content.0.type",
        ),
        ({"input": [CALL | {"arguments": "{"}]}, "input.0.arguments"),
        ({"input": [CALL | {"call_id": ""}]}, "input.0.call_id"),
        ({"input": [{"type": "function_call_output", "call_id": "c1"}]}, "input.0.output"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"tools": [{}]}, "tools.0.type"),
        ({"tools": [{"type": "function"}]}, "tools.0.name"),
        ({"tools": [{"type": "custom"}]}, "tools.0.name"),
        ({"tools": [{"type": "custom", "name": "f", "format": 5}]}, "tools.0.format"),
        ({"tools": [function(parameters=[])]}, "tools.0.parameters"),
        ({"tools": [function()], "tool_choice": function("g")}, "tool_choice.name"),
        ({"tools": [function()], "tool_choice": "always"}, "tool_choice"),
        ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format.schema"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"reasoning": {"effort": "utmost"}}, "reasoning.effort"),
    ],
)
def test_a_fault_is_named_by_the_clients_own_path(fields: Json, path: str) -> None:
    assert fault(**fields).partition(": ")[0] == path


def test_a_response_repeats_what_was_asked() -> None:
    client = inbound(tools=[function()], metadata={"a": "b"}, temperature=0.5, store=True).client
    assert isinstance(client, ResponsesClient)
    asked = json.loads(b"{%b}" % client.asked)
    assert (asked["tools"], asked["metadata"], asked["temperature"]) == ([function()], {"a": "b"}, 0.5)
    assert (asked["tool_choice"], asked["parallel_tool_calls"], asked["store"]) == ("auto", True, False)


ID = "gen-1767225600-abc"


@given(body=streams.conversations())
def test_a_whole_response_is_what_its_stream_ends_with(body: bytes) -> None:
    events = [part.partition("\ndata: ") for part in body.decode().split("\n\n")[:-1]]
    shown = [(name[7:], json.loads(data)) for name, _, data in events if name not in ("event: ping", "event: novelty")]
    whole = chunks.message_of([event for event in shown if not _is_empty(event[1])]) | {"id": ID}
    if any(block["type"] == "tool_use" for block in whole["content"]):
        return  # whose inputs are no JSON here
    pipeline = Pipeline(id=ID, model=whole["model"], client=(client := ResponsesClient({}, b'"tools":[]')))
    streamed = told(pipeline.feed(body) + pipeline.feed(b""))[-1]["response"]
    unary = json.loads(client.answer(json.dumps(whole).encode("utf-8", "surrogatepass")))
    assert unary | {"provider": None} == streamed | {"provider": None}


def _is_empty(event: Json) -> bool:
    return event["type"] == "content_block_delta" and "" in (
        event["delta"].get(key) for key in ("text", "thinking", "partial_json")
    )


@pytest.mark.parametrize("input", [{"input": 'a "漢"\n😀'}, {"input": ""}, {"input": 5}, {"other": "x"}, {}])
def test_a_whole_call_of_free_text_is_what_its_stream_ends_with(input: Json) -> None:
    arguments = json.dumps(input, separators=(",", ":"))
    body = streams.conversation(streams.tool_block(0, arguments))
    call = {"type": "tool_use", "id": "toolu_01", "name": "get_weather", "input": input}
    usage = {"input_tokens": 12, "output_tokens": 15}
    whole = {"id": ID, "model": "m", "content": [call], "stop_reason": "end_turn", "usage": usage}
    client = ResponsesClient({}, b'"tools":[]', frozenset({b"get_weather"}))
    pipeline = Pipeline(id=ID, model="m", client=client)
    streamed = told(pipeline.feed(body) + pipeline.feed(b""))[-1]["response"]
    unary = json.loads(client.answer(json.dumps(whole, separators=(",", ":")).encode()))
    assert unary["output"] == streamed["output"]
    assert unary["output"][0]["input"] == (input["input"] if isinstance(input.get("input"), str) else arguments)


def test_thinking_that_says_nothing_does_not_part_a_message() -> None:
    body = streams.conversation(
        streams.text_block(0, "a"), streams.thinking_block(1, "", ""), streams.text_block(2, "b")
    )
    pipeline = Pipeline(id=ID, model="m", client=(client := ResponsesClient({}, b'"tools":[]')))
    streamed = told(pipeline.feed(body) + pipeline.feed(b""))[-1]["response"]
    content = [text("a"), {"type": "thinking", "thinking": "", "signature": ""}, text("b")]
    whole = {"id": ID, "model": "m", "content": content, "stop_reason": "end_turn", "usage": {}}
    assert json.loads(client.answer(json.dumps(whole).encode()))["output"] == streamed["output"]
    assert [part["text"] for item in streamed["output"] for part in item["content"]] == ["ab"]


@pytest.mark.parametrize("stop", ["tool_use", "max_tokens", "refusal"])
def test_a_whole_response_with_calls_and_thinking_is_what_its_stream_ends_with(stop: str) -> None:
    blocks = [streams.thinking_block(0, "c2ln", "hm"), streams.text_block(1, "a"), streams.text_block(2, "b")]
    redacted = {"type": "redacted_thinking", "data": "ZGF0YQ=="}
    blocks += [streams.tool_block(3, '{"a":1}'), streams.block_start(4, redacted) + streams.block_stop(4)]
    blocks += [streams.tool_block(5, "{}", kind="server_tool_use"), streams.tool_block(6), streams.text_block(7, "c")]
    body = streams.message_start() + b"".join(blocks) + streams.message_delta(stop) + streams.STOP
    call = {"type": "tool_use", "id": "toolu_01", "name": "get_weather"}
    content = [{"type": "thinking", "thinking": "hm", "signature": "c2ln"}, text("a"), text("b")]
    content += [call | {"input": {"a": 1}}, redacted, call | {"type": "server_tool_use"}, call, text("c")]
    usage = {"input_tokens": 12, "output_tokens": 15}
    whole = {"id": ID, "model": "m", "content": content, "stop_reason": stop, "usage": usage}
    pipeline = Pipeline(id=ID, model="m", client=(client := ResponsesClient({}, b'"tools":[]')))
    streamed = told(pipeline.feed(body) + pipeline.feed(b""))[-1]["response"]
    unary = json.loads(client.answer(json.dumps(whole, separators=(",", ":")).encode()))
    assert unary | {"provider": None} == streamed | {"provider": None}
    assert [item["type"] for item in unary["output"]] == [
        "reasoning", "message", "function_call", "reasoning", "function_call", "message",
    ]  # fmt: skip


_JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_ITEMS = st.sampled_from(
    [user("x"), CALL, CALL | {"call_id": "c2"}, OUTPUT, OUTPUT | {"call_id": "c2"}]
) | st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "reasoning", "function_call", "function_call_output", "other"])},
    optional={"role": st.sampled_from(["user", "system"]), "content": _JSONS, "summary": _JSONS, "output": _JSONS},
)


@given(items=st.lists(_ITEMS, max_size=7))
def test_any_input_becomes_one_that_the_hub_takes_or_a_fault_with_a_path(items: list[Json]) -> None:
    try:
        hub(input=items)
    except CallerInvalid as fault:
        assert fault.message.startswith("input")
