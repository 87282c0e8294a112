"""A Chat Completions request into the hub: what each field becomes, and the words for what can't (4.3)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import members
from relay.dialects import chat_request, check
from relay.dialects.inbound import Inbound
from relay.dialects.signatures import is_unsigned
from relay.errors import CallerInvalid

Json = dict[str, Any]
USER: Json = {"role": "user", "content": "hi"}
TORN = "data:text/plain;base64,!"
PNG = "data:image/png;base64,iVBORw0KGgo="


def inbound(**fields: Any) -> Inbound:
    content = json.dumps({"model": "m", "messages": [USER]} | fields).encode()
    return chat_request.inbound(content, members(content, 64))


def hub(**fields: Any) -> Json:
    """The hub's request, which the hub's own rules take too."""
    content = inbound(**fields).content
    check.check(content, members(content, 64))
    return dict(json.loads(content))


def said(*messages: Json) -> list[Json]:
    return list(hub(messages=[USER, *messages])["messages"][1:])


def call(id: str = "c1", name: str = "f", arguments: str | None = "{}") -> Json:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def function(name: str = "f", **members: Any) -> Json:
    return {"type": "function", "function": {"name": name} | members}


def result(id: str = "c1", content: Any = "sunny") -> Json:
    return {"role": "tool", "tool_call_id": id, "content": content}


def fault(**fields: Any) -> str:
    with pytest.raises(CallerInvalid) as caught:
        inbound(**fields)
    return caught.value.message


def text(said: str) -> Json:
    return {"type": "text", "text": said}


# Settings


def test_a_plain_request_is_the_same_in_both() -> None:
    fields = {"max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "top_k": 3, "stream": True}
    assert hub(**fields) == {"model": "m", "messages": [{"role": "user", "content": [text("hi")]}], **fields}


@pytest.mark.parametrize(
    ("fields", "becomes"),
    [
        ({"max_tokens": 5, "max_completion_tokens": 7}, {"max_tokens": 7}),
        ({"stop": "x"}, {"stop_sequences": ["x"]}),
        ({"stop": ["x", " ", "", "y"]}, {"stop_sequences": ["x", "y"]}),
        ({"stop": []}, {}),
        ({"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        ({"reasoning_effort": "minimal"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
        ({"reasoning_effort": "high"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        ({"reasoning": {"max_tokens": 2000}}, {"thinking": {"type": "enabled", "budget_tokens": 2000}}),
        ({"reasoning": {"enabled": True, "exclude": True}}, {"thinking": {"type": "adaptive", "display": "omitted"}}),
        ({"reasoning": {"enabled": False}}, {"thinking": {"type": "disabled"}}),
        ({"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}),
        ({"user": "u"}, {"user": "u", "metadata": {"user_id": "u"}}),
        ({"user": "u", "safety_identifier": "s"}, {"user": "u", "metadata": {"user_id": "s"}}),
        ({"response_format": {"type": "text"}}, {}),
        ({"n": 1, "logprobs": False, "modalities": ["text"], "stream_options": None}, {}),
        ({"models": ["a"], "provider": {"order": ["x"]}}, {"models": ["a"], "provider": {"order": ["x"]}}),
        ({"plugins": [], "gateway": {}, "session_id": "s"}, {"plugins": [], "gateway": {}, "session_id": "s"}),
        ({"service_tier": "flex", "route": "fallback"}, {"service_tier": "flex", "route": "fallback"}),
        ({"trace": {"trace_id": "t"}, "metadata": {"a": "b"}}, {"trace": {"trace_id": "t"}}),
    ],
)
def test_a_setting_becomes_the_hubs(fields: Json, becomes: Json) -> None:
    assert {key: value for key, value in hub(**fields).items() if key not in ("model", "messages")} == becomes


def test_a_schema_for_the_answer_keeps_its_bytes() -> None:
    raw = b'{"type": "object", "properties": {"b": {"minimum": 1.10}, "a": {}}}'
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema",'
    body += b'"json_schema":{"name":"n","strict":true,"schema":%b}}}' % raw
    assert b'"format":{"type":"json_schema","schema":%b}' % raw in chat_request.inbound(body, members(body, 64)).content


def test_json_without_a_schema_is_asked_for_in_words() -> None:
    found = hub(response_format={"type": "json_object"}, messages=[{"role": "system", "content": "S"}, USER])
    assert [block["text"] for block in found["system"]] == ["S", "Answer with one JSON object and nothing else."]


def test_what_nobody_else_has_a_word_for_is_left_out_and_told() -> None:
    found = inbound(seed=1, logit_bias={"1": 2}, store=True, verbosity="low", frequency_penalty=None)
    assert found.unread == ("seed", "logit_bias", "store", "verbosity")
    assert json.loads(found.content).keys() == {"model", "messages"}


@pytest.mark.parametrize("asked", [True, False])
def test_usage_is_told_to_who_asks(asked: bool) -> None:
    client: Any = inbound(stream=True, stream_options={"include_usage": asked}).client
    assert client.include_usage is asked


# Messages


def test_leading_system_messages_are_the_system_prompt() -> None:
    found = hub(messages=[{"role": "system", "content": "A"}, {"role": "developer", "content": [text("B")]}, USER])
    assert found["system"] == [text("A"), text("B")]
    assert [message["role"] for message in found["messages"]] == ["user"]


def test_pitfall_61_a_later_system_message_stays_where_it_may_stand() -> None:
    turn = {"role": "assistant", "content": "yes"}
    assert said({"role": "system", "content": "S"}, turn)[0] == {"role": "system", "content": [text("S")]}


def test_pitfall_65_a_system_message_that_may_not_stand_there_goes_to_the_system_prompt() -> None:
    found = hub(messages=[USER, {"role": "system", "content": "S"}, USER])
    assert found["system"] == [text("S")]
    assert found["messages"] == [{"role": "user", "content": [text("hi"), text("hi")]}]


def test_images_and_files_are_blocks() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "image_url", "image_url": {"url": PNG.replace("png", "jpg", 1)}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}},
        {"type": "file", "file": {"file_data": "data:text/plain;base64,aGkg8J+YgA=="}},
        {"type": "file", "file": {"file_id": "file_1"}},
        {"type": "file", "file": {"file_data": "https://example.org/a.pdf"}},
    ]
    (message,) = hub(messages=[{"role": "user", "content": parts}])["messages"]
    assert message["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "iVBORw0KGgo="}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
            "title": "a.pdf",
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi 😀"}},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}},
    ]


def test_pitfall_67_marks_of_what_is_to_be_cached_are_kept() -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    parts = [text("a") | {"cache_control": mark}, text("b") | {"prompt_cache_breakpoint": {"mode": "explicit"}}]
    found = hub(messages=[{"role": "user", "content": parts}], tools=[function() | {"cache_control": mark}])
    assert [block["cache_control"] for block in found["messages"][0]["content"]] == [mark, {"type": "ephemeral"}]
    assert found["tools"][0]["cache_control"] == mark


def test_pitfall_62_empty_texts_are_no_blocks() -> None:
    parts = [text(""), text("a")]
    assert hub(messages=[{"role": "user", "content": parts}])["messages"][0]["content"] == [text("a")]


@pytest.mark.parametrize("content", [None, "", " \n", [], [text(" ")]])
def test_pitfall_63_and_64_a_call_without_words_has_no_text_block(content: Any) -> None:
    (turn, _) = said({"role": "assistant", "content": content, "tool_calls": [call()]}, result())
    assert [block["type"] for block in turn["content"]] == ["tool_use"]


def test_a_refusal_is_what_the_model_said() -> None:
    assert said({"role": "assistant", "refusal": "No."}, USER)[0]["content"] == [text("No.")]
    assert said({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]})[0]["content"] == [
        text("No.")
    ]


# Tools


def test_pitfall_72_parameters_and_arguments_keep_their_bytes() -> None:
    schema = b'{"type": "object", "properties": {"z": {"minimum": 1.10, "maximum": 12345678901234567890123}}}'
    arguments = '{"n": 1.10, "b": 12345678901234567890123, "a": 1e-7}'
    turn = {"role": "assistant", "tool_calls": [call(arguments=arguments)]}
    body = json.dumps({"model": "m", "messages": [USER, turn, result()], "tools": [function(parameters=0)]}).encode()
    body = body.replace(b'"parameters": 0', b'"parameters": ' + schema)
    content = chat_request.inbound(body, members(body, 64)).content
    assert b'"properties":{"z": {"minimum": 1.10, "maximum": 12345678901234567890123}}' in content
    assert b'"input":' + arguments.encode() in content


@pytest.mark.parametrize("parameters", [None, {}, {"type": "object"}])
def test_a_tool_without_parameters_has_an_empty_schema(parameters: Any) -> None:
    (tool,) = hub(tools=[function(parameters=parameters, description="", strict=True)])["tools"]
    assert tool == {"name": "f", "input_schema": {"type": "object", "properties": {}}, "strict": True}


@pytest.mark.parametrize("arguments", ["", " ", None, "{}"])
def test_pitfall_12_a_call_without_arguments_has_an_empty_input(arguments: str | None) -> None:
    (turn, _) = said({"role": "assistant", "tool_calls": [call(arguments=arguments)]}, result())
    assert turn["content"][0]["input"] == {}


def test_pitfall_16_illegal_ids_are_replaced_the_same_way_in_call_and_result() -> None:
    for id in ("call|1.a", "x" * 80, "ü"):
        (turn, answer) = said({"role": "assistant", "tool_calls": [call(id)]}, result(id))
        used = turn["content"][0]["id"]
        assert used == answer["content"][0]["tool_use_id"] != id
        assert len(used) <= 64


def test_pitfall_17_names_that_the_hub_does_not_take_are_replaced_and_lead_back() -> None:
    long = "n" * 70
    found = inbound(
        tools=[function("get.weather"), function(long), function("plain")],
        messages=[USER, {"role": "assistant", "tool_calls": [call(name="get.weather")]}, result()],
        tool_choice=function("get.weather"),
    )
    body = json.loads(found.content)
    first, second, third = (tool["name"] for tool in body["tools"])
    assert third == "plain"
    assert body["messages"][1]["content"][0]["name"] == body["tool_choice"]["name"] == first
    assert found.client.names == {first.encode(): b"get.weather", second.encode(): long.encode()}


def test_pitfall_18_results_stand_behind_their_calls_in_their_order() -> None:
    turn = {"role": "assistant", "tool_calls": [call("a"), call("b")]}
    found = said(turn, USER, result("b", "2"), result("a", "1"))
    assert [block.get("content", block.get("text")) for block in found[1]["content"]] == ["1", "2", "hi"]
    assert [message["role"] for message in found] == ["assistant", "user"]


def test_pitfall_19_several_results_are_one_message_with_what_the_user_says_behind() -> None:
    turn = {"role": "assistant", "tool_calls": [call("a"), call("b")]}
    (_, answer) = said(turn, result("a"), result("b"), USER)
    assert [block["type"] for block in answer["content"]] == ["tool_result", "tool_result", "text"]


def test_pitfall_20_a_result_without_a_call_is_text_and_a_call_without_a_result_gets_one() -> None:
    (turn, answer) = said({"role": "assistant", "tool_calls": [call("a")]}, result("nobody", "lost"))
    missing = {"type": "tool_result", "tool_use_id": "a", "content": "no result", "is_error": True}
    assert answer["content"] == [missing, text("Result of a tool call: lost")]
    assert turn["content"][0]["id"] == "a"


def test_pitfall_21_images_in_results_stay_in_them() -> None:
    image = {"type": "image_url", "image_url": {"url": PNG}}
    (_, answer) = said({"role": "assistant", "tool_calls": [call()]}, result(content=[text("see"), image]))
    assert [block["type"] for block in answer["content"][0]["content"]] == ["text", "image"]


def test_calls_and_results_in_the_old_form_are_understood() -> None:
    turn = {"role": "assistant", "function_call": {"name": "f", "arguments": '{"a":1}'}}
    (called, answer) = said(turn, {"role": "function", "name": "f", "content": "ok"})
    assert called["content"][0]["input"] == {"a": 1}
    assert answer["content"][0]["tool_use_id"] == called["content"][0]["id"]


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": function()}, {"type": "tool", "name": "f"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"parallel_tool_calls": True}, None),
    ],
)
def test_the_choice_of_tools_becomes_the_hubs(fields: Json, choice: Json | None) -> None:
    assert hub(tools=[function()], **fields).get("tool_choice") == choice
    if fields.get("tool_choice") != function():
        assert "tool_choice" not in hub(**fields)


# Thinking


def test_pitfall_27_and_28_signed_thinking_comes_back_as_it_was() -> None:
    details = [
        {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "sig+/=="},
        {"type": "reasoning.encrypted", "index": 1, "data": "ZGF0YQ=="},
        {"type": "reasoning.summary", "index": 2, "summary": "s"},
    ]
    turn = {"role": "assistant", "content": "a", "reasoning_content": "hm", "reasoning_details": details}
    assert said(turn)[0]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig+/=="},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        text("a"),
    ]


def test_pitfall_30_and_31_thinking_is_no_text_and_is_read_once() -> None:
    turn = {"role": "assistant", "content": "a", "reasoning_content": "hm", "reasoning": "hm"}
    assert said(turn)[0]["content"] == [text("a")]


def test_pitfall_33_thinking_with_the_id_of_a_call_stands_before_it() -> None:
    details = [
        {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "sig"},
        {"type": "reasoning.text", "index": 1, "text": "", "signature": "of-a-call", "id": "a/b"},
        {"type": "reasoning.encrypted", "index": 2, "data": "ZGF0YQ==", "id": "c2"},
        {"type": "reasoning.encrypted", "index": 3, "data": "ZGF0YQ==", "id": "of-nothing"},
    ]
    turn = {"role": "assistant", "content": "so", "tool_calls": [call("a/b"), call("c2")], "reasoning_details": details}
    kinds = [block.get("signature") or block["type"] for block in said(turn, USER)[0]["content"]]
    assert kinds == ["sig", "redacted_thinking", "text", "of-a-call", "tool_use", "redacted_thinking", "tool_use"]


def test_thinking_that_nothing_follows_is_left_out() -> None:
    details = [{"type": "reasoning.text", "text": "hm", "signature": "sig"}]
    thought = {"role": "assistant", "content": None, "reasoning_details": details}
    assert said(thought) == []
    assert said(thought, USER)[0]["content"][0]["type"] == "thinking"


def test_pitfall_32_unsigned_thinking_stays_with_calls_of_tools() -> None:
    turn = {"role": "assistant", "reasoning_content": "hm", "tool_calls": [call()]}
    thought = said(turn, result())[0]["content"][0]
    assert (thought["thinking"], is_unsigned(thought["signature"])) == ("hm", True)


# Faults


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"model": 5}, "model"),
        ({"model": ""}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"messages": [{"content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [USER, {"role": "user", "content": 5}]}, "messages.1.content"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages.0.content.0"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages.0.content.0.type"),
        ({"messages": [{"role": "user", "content": [{"type": 5}]}]}, "messages.0.content.0.type"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages.0.content.0.type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content.0.text"),
        (
            {"messages": [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}]},
            "messages.0.content.0.type",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "ftp://x"}}]}]},
            "messages.0.content.0.image_url.url",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": "data:image/bmp;base64,A"}]}
                ]
            },
            "messages.0.content.0.image_url",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]},
            "messages.0.content.0.file.file_data",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": "data:a/b;base64,A"}}]}]},
            "messages.0.content.0.file.file_data",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "file", "file": {"file_data": "data:text/x;base64,!"}}]}
                ]
            },
            "messages.0.content.0.file.file_data",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "file", "file": {"file_data": "data:text/plain,hi"}}]}
                ]
            },
            "messages.0.content.0.file.file_data",
        ),
        ({"messages": [USER, {"role": "tool", "content": "x"}]}, "messages.1.tool_call_id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "messages.0.tool_calls.0.id"),
        ({"messages": [{"role": "assistant", "tool_calls": [call("")]}]}, "messages.0.tool_calls.0.id"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [call(arguments="{")]}]},
            "messages.0.tool_calls.0.function.arguments",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [call(arguments="[]")]}]},
            "messages.0.tool_calls.0.function.arguments",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [call(arguments='{"a":' * 99 + "1" + "}" * 99)]}]},
            "messages.0.tool_calls.0.function.arguments",
        ),
        ({"messages": [{"role": "assistant", "reasoning_details": [{}]}]}, "messages.0.reasoning_details.0.type"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": "9"}, "max_completion_tokens"),
        ({"temperature": 2.5}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"stop": [1]}, "stop.0"),
        ({"n": 2}, "n"),
        ({"n": 0}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"audio": {"voice": "x"}}, "audio"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"functions": []}, "functions"),
        ({"function_call": "auto"}, "function_call"),
        ({"tools": [{}]}, "tools.0.type"),
        ({"tools": [function(), {"type": "function"}]}, "tools.1.function"),
        ({"tools": [function("")]}, "tools.0.function.name"),
        ({"tools": [function(parameters=[])]}, "tools.0.function.parameters"),
        ({"tools": [function(parameters="{}")]}, "tools.0.function.parameters"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools.0.type"),
        ({"tools": [function()], "tool_choice": "always"}, "tool_choice"),
        ({"tools": [function()], "tool_choice": {"type": "allowed_tools"}}, "tool_choice.type"),
        ({"tools": [function()], "tool_choice": function("g")}, "tool_choice.function.name"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": 1}}},
            "response_format.json_schema.schema",
        ),
        ({"reasoning_effort": "utmost"}, "reasoning_effort"),
        ({"reasoning": {"max_tokens": 10}}, "reasoning.max_tokens"),
        ({"reasoning": {"max_tokens": 2000}, "max_tokens": 2000}, "reasoning.max_tokens"),
        ({"user": "u" * 257}, "user"),
    ],
)
def test_a_fault_is_named_by_the_clients_own_path(fields: Json, path: str) -> None:
    assert fault(**fields).partition(": ")[0] == path


_JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 99)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url", "file", "refusal", "other"])},
    optional={"text": st.text(max_size=3), "image_url": _JSONS | st.just({"url": PNG}), "file": _JSONS},
)
_MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer", "user", "assistant", "tool", "function"])},
    optional={
        "content": st.text(max_size=3) | st.lists(_PARTS, max_size=2) | _JSONS,
        "tool_calls": st.lists(st.builds(call, st.sampled_from("ab.")), max_size=2) | _JSONS,
        "tool_call_id": st.sampled_from("ab."),
        "reasoning_content": st.text(max_size=2),
        "reasoning_details": _JSONS,
        "function_call": _JSONS,
    },
)
_REQUESTS = st.fixed_dictionaries(
    {"model": st.just("m"), "messages": st.lists(_MESSAGES, max_size=6)},
    optional={
        "tools": st.lists(_JSONS | st.builds(function, st.sampled_from(["f", "g.h"])), max_size=2),
        "tool_choice": st.sampled_from(["auto", "none", function()]) | _JSONS,
        "response_format": _JSONS,
        "reasoning": _JSONS,
        "stop": _JSONS,
    },
)


@given(said=_REQUESTS)
def test_any_request_becomes_one_that_the_hub_takes_or_a_fault_with_a_path(said: Json) -> None:
    content = json.dumps(said).encode()
    try:
        found = chat_request.inbound(content, members(content, 64)).content
    except CallerInvalid as fault:
        assert ": " in fault.message
        return
    try:
        check.check(found, members(found, 64))
    except CallerInvalid as fault:
        assert fault.message.startswith("tools.")  # of a tool that is no function, which goes as it came
        return
    _assert_in_order(json.loads(found)["messages"])


def _assert_in_order(messages: list[Json]) -> None:
    """Calls are answered at once and completely, results first; nothing is empty, and no role comes twice in a row."""
    waiting: list[str] = []
    for at, message in enumerate(messages):
        assert message["content"]
        assert at == 0 or message["role"] != messages[at - 1]["role"]
        results = [block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"]
        assert [block["type"] for block in message["content"]][: len(results)] == ["tool_result"] * len(results)
        assert sorted(set(results)) == sorted(set(waiting))
        waiting = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
    assert not waiting
