"""Messages requests as the Responses API has them (wire-protocols 3.5, 4.1), and what such a provider can't be sent."""

import json
from hashlib import sha256
from typing import Any

import pytest

from relay.catalog import Accepts, Attempt, Endpoint
from relay.dialects import responses
from relay.errors import ProviderRefused, Retry
from tests.dialects.requests import BY_URL, CLOSED, PNG, TOOL, USER, Json, call_of, model, result, text, use, user

PNG_PART = {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "auto"}
URL_PART = {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "auto"}
SIGNED: Json = {"type": "thinking", "thinking": "hm", "signature": "rs_1:gA/+=="}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "hm"}],
    "encrypted_content": "gA/+==",
}


def sent(
    *messages: Json,
    stream: bool = False,
    redacts: bool = False,
    style: str | None = None,
    caching: str | None = None,
    tier: str = "default",
    parameters: frozenset[str] | None = None,
    options: tuple[tuple[str, bytes], ...] = (),
    **said: Any,
) -> tuple[Json, Attempt]:
    """The body of a request, and its attempt."""
    accepts = Accepts(reasoning_style=style, caching=caching) if style or caching else None
    more: Any = {"accepts": accepts, "parameters": parameters, "tier": tier}
    endpoint = Endpoint("e", "p", "P", "responses", "up", "http://x", **more)
    attempt = Attempt(1, endpoint, "a/m", "up", options=options)
    attempt.redacts = redacts
    translated = responses.outgoing(call_of(*messages, stream=stream, **said), attempt, {})
    assert (translated.dialect, translated.target) == ("responses", b"/responses")
    return json.loads(translated.content), attempt


def talk(*messages: Json, **more: Any) -> list[Json]:
    found: list[Json] = sent(*messages, **more)[0]["input"]
    return found


def call(id: str, arguments: str = "{}", name: str = "f") -> Json:
    return {"type": "function_call", "call_id": id, "name": name, "arguments": arguments}


def answer(id: str, output: Any = "ok") -> Json:
    return {"type": "function_call_output", "call_id": id, "output": output}


def refusal(*messages: Json, **said: Any) -> str:
    with pytest.raises(ProviderRefused) as caught:
        sent(*messages, **said)
    assert (caught.value.status, caught.value.retry) == (400, Retry.OTHER)
    return caught.value.message.split(": ")[0]


def test_what_every_request_says() -> None:
    assert sent(system=[text("x-anthropic-billing-header: cc"), text("Be brief."), text("Be kind.")], stream=True)[
        0
    ] == {
        "model": "up",
        "input": [USER],
        "instructions": "Be brief.\n\nBe kind.",
        "store": False,
        "stream": True,
        "max_output_tokens": 100,
        "prompt_cache_key": sha256(b"s-1").hexdigest(),
    }


def test_pitfall_61_a_system_message_stays_where_it_is() -> None:
    assert talk(USER, {"role": "system", "content": "Now in French."}) == [
        USER,
        {"role": "system", "content": "Now in French."},
    ]


def test_pitfall_66_the_billing_line_does_not_leave() -> None:
    assert b"billing" not in json.dumps(sent(system=[text("x-anthropic-billing-header: cc")])[0]).encode()


def test_texts_and_images() -> None:
    assert talk(user(text("a"), text(""), text("b"))) == [{"role": "user", "content": "a\n\nb"}]
    assert talk(user(text("what?"), PNG, BY_URL))[0]["content"] == [
        {"type": "input_text", "text": "what?"},
        PNG_PART,
        URL_PART,
    ]


def test_documents_are_texts_or_files() -> None:
    plain = {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "body"}}
    pdf_source = {"type": "base64", "media_type": "application/pdf", "data": "JV"}
    pdf = {"type": "document", "title": "a.pdf", "source": pdf_source}
    linked = {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}}
    assert talk(user(plain))[0]["content"] == "T\n\nbody"
    assert talk(user(pdf, linked))[0]["content"] == [
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JV"},
        {"type": "input_file", "file_url": "https://example.org/a.pdf"},
    ]


def test_a_tool_exchange() -> None:
    assert talk(USER, model(text("Let me."), use("c1", a=1), use("c2")), user(result("c1"), result("c2", ""))) == [
        USER,
        {"role": "assistant", "content": "Let me."},
        call("c1", '{"a":1}'),
        call("c2"),
        answer("c1"),
        answer("c2", ""),
    ]


def test_pitfall_12_a_call_without_input_has_an_empty_object() -> None:
    assert talk(USER, model({"type": "tool_use", "id": "c", "name": "f", "input": None}))[1]["arguments"] == "{}"


def test_pitfall_18_results_stand_behind_their_calls_in_order() -> None:
    said = [USER, model(use("c1"), use("c2")), user(text("first"), result("c2", "2"), result("c1", "1"))]
    expected = [call("c1"), call("c2"), answer("c1", "1"), answer("c2", "2"), {"role": "user", "content": "first"}]
    assert talk(*said)[1:] == expected


def test_pitfall_20_a_call_without_result_gets_one_and_a_result_without_call_is_refused() -> None:
    assert talk(USER, model(use("c1")), USER)[2] == answer("c1", "Error: no result")
    assert refusal(USER, user(result("nobody"))) == "messages.1.content.0.tool_use_id"


def test_pitfall_21_images_of_results_are_in_them() -> None:
    said = [USER, model(use("c1"), use("c2")), user(result("c1", [text("see"), PNG]), result("c2", [BY_URL]))]
    see = {"type": "input_text", "text": "see"}
    assert talk(*said)[3:] == [answer("c1", [see, PNG_PART]), answer("c2", [URL_PART])]


def test_pitfall_22_a_failed_result_says_so() -> None:
    assert talk(USER, model(use("c")), user(result("c", "broke", is_error=True)))[2]["output"] == "Error: broke"


def test_pitfall_16_ids_are_mapped_alike_in_call_and_result() -> None:
    for id in ("x" * 41, "a.b:c", "ü"):
        _, asked, told = talk(USER, model(use(id)), user(result(id)))
        assert asked["call_id"] == told["call_id"] != id


def test_pitfall_17_long_names_are_short_everywhere() -> None:
    long = "n" * 65
    body, _ = sent(
        USER, model(use("c", long)), user(result("c")),
        tools=[TOOL | {"name": long}], tool_choice={"type": "tool", "name": long},
    )  # fmt: skip
    name = body["tools"][0]["name"]
    assert len(name) <= 64
    assert name == body["tool_choice"]["name"] == body["input"][1]["name"]


def test_tools_that_a_provider_ran_are_finished_exchanges() -> None:
    page = {"type": "web_search_result", "url": "https://x", "title": "T", "encrypted_content": "zzz"}
    ran = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [page]}
    search = use("s1", "web_search", query="q") | {"type": "server_tool_use"}
    assert talk(USER, model(search, ran, text("So.")), USER)[1:] == [
        call("s1", '{"query":"q"}', "web_search"),
        answer("s1", "T\nhttps://x"),
        {"role": "assistant", "content": "So."},
        USER,
    ]


def test_a_compaction_stands_for_all_before_it() -> None:
    said = [USER, model(text("a"), {"type": "compaction", "content": "In short."}, text("b")), USER]
    assert talk(*said) == [{"role": "user", "content": "In short."}, {"role": "assistant", "content": "b"}, USER]


def test_pitfalls_28_and_29_thinking_goes_back_as_its_item_to_its_issuer_alone() -> None:
    foreign = [SIGNED | {"signature": "c2lnbmF0dXJl+/="}, SIGNED | {"signature": ""}]
    redacted = {"type": "redacted_thinking", "data": "x"}
    said = [USER, model(*foreign, SIGNED, redacted, text("Yes"), use("c")), user(result("c"))]
    body = sent(*said)[0]
    assert body["input"][1:] == [REASONING, {"role": "assistant", "content": "Yes"}, call("c"), answer("c")]
    assert body["include"] == ["reasoning.encrypted_content"]


def test_thinking_keeps_its_place_in_front_of_what_it_led_to() -> None:
    second = SIGNED | {"thinking": "", "signature": "rs_2:gB"}
    said = [USER, model(SIGNED, use("c1"), second, use("c2")), user(result("c1"), result("c2"))]
    item = {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gB"}
    assert talk(*said)[1:5] == [REASONING, call("c1"), item, call("c2")]


def test_thinking_that_led_to_nothing_stays_here() -> None:
    assert talk(USER, model(text("Yes"), SIGNED), USER)[1:] == [{"role": "assistant", "content": "Yes"}, USER]
    assert talk(USER, model(SIGNED, text(" \n")), USER) == [USER, USER]


def test_thinking_without_an_id_has_none() -> None:
    assert "id" not in talk(USER, model(SIGNED | {"signature": ":gA"}, text("Yes")), USER)[1]


def test_thinking_that_nothing_scans_stays_here_while_redaction_is_on() -> None:
    body = sent(USER, model(SIGNED, text("Yes")), USER, redacts=True)[0]
    assert body["input"] == [USER, {"role": "assistant", "content": "Yes"}, USER]
    assert "include" not in body


def test_pitfalls_62_and_63_texts_that_say_nothing_are_removed() -> None:
    assert talk(user(text("")), model(text(" "), use("c")), user(result("c"), text("")), USER) == [
        call("c"),
        answer("c"),
        USER,
    ]


def test_pitfall_74_an_answer_that_is_begun_is_refused() -> None:
    assert refusal(USER, model(text("Well,"))) == "messages.1"


@pytest.mark.parametrize(("strict", "schema"), [(True, CLOSED), (False, CLOSED), (True, TOOL["input_schema"])])
def test_a_tool_is_strict_that_is_wanted_so_and_can_be(strict: bool, schema: Json) -> None:
    (tool,) = sent(tools=[{"name": "f", "input_schema": schema, "strict": strict}])[0]["tools"]
    assert tool["strict"] is (strict and schema == CLOSED)


def test_tools_are_functions_that_are_not_strict() -> None:
    defined = {"type": "bash_20250124", "name": "bash"}
    tools = sent(tools=[TOOL | {"cache_control": {"type": "ephemeral"}}, TOOL | {"input_schema": {}}, defined])[0][
        "tools"
    ]
    assert tools[0] == {
        "type": "function",
        "name": "f",
        "description": "Does.",
        "parameters": TOOL["input_schema"],
        "strict": False,
    }
    assert tools[1]["parameters"] == {"type": "object", "properties": {}}
    assert tools[2]["parameters"]["properties"].keys() == {"command", "restart"}
    assert refusal(tools=[{"type": "web_search_20250305", "name": "web_search"}]) == "tools.0.type"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        ({"type": "tool", "name": "f"}, {"tool_choice": {"type": "function", "name": "f"}}),
        ({"type": "auto", "disable_parallel_tool_use": True}, {"tool_choice": "auto", "parallel_tool_calls": False}),
    ],
)
def test_choices_of_tools(choice: Json, expected: Json) -> None:
    body = sent(tools=[TOOL], tool_choice=choice)[0]
    assert {key: body[key] for key in ("tool_choice", "parallel_tool_calls") if key in body} == expected
    assert "tool_choice" not in sent(tool_choice={"type": "auto"})[0]


def test_limits_and_sampling() -> None:
    body, attempt = sent(max_tokens=4, temperature=0.5, top_p=0.9, top_k=7, stop_sequences=["END"], novelty=1)
    assert (body["max_output_tokens"], body["temperature"], body["top_p"]) == (responses.LEAST_OUTPUT, 0.5, 0.9)
    assert not {"top_k", "stop", "novelty"} & body.keys()
    assert attempt.dropped == {"top_k", "stop_sequences", "novelty"}
    body, attempt = sent(top_k=7, stop_sequences=["END"], parameters=frozenset({"top_k", "stop"}))
    assert (body["top_k"], body["stop"], attempt.dropped) == (7, ["END"], frozenset())
    assert sent(max_tokens=...)[0]["max_output_tokens"] == 4096


ENCRYPTED = {"include": ["reasoning.encrypted_content"]}


@pytest.mark.parametrize(
    ("said", "style", "expected"),
    [
        ({}, None, {}),
        ({}, "effort", ENCRYPTED),
        ({"thinking": {"type": "adaptive"}}, None, {"reasoning": {"summary": "auto"}} | ENCRYPTED),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, None, ENCRYPTED),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 4000},
            "effort",
            {"reasoning": {"effort": "medium", "summary": "auto"}} | ENCRYPTED,
        ),
        ({"output_config": {"effort": "high"}}, None, {"reasoning": {"effort": "high"}} | ENCRYPTED),
        ({"thinking": {"type": "disabled"}}, None, {}),
        ({"thinking": {"type": "disabled"}}, "effort", {"reasoning": {"effort": "none"}} | ENCRYPTED),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}, None, {}),
    ],
)
def test_how_much_the_model_is_to_think(said: Json, style: str | None, expected: Json) -> None:
    body = sent(style=style, **said)[0]
    assert {key: body[key] for key in ("reasoning", "include") if key in body} == expected


def test_an_endpoint_of_a_tier_asks_its_provider_for_it() -> None:
    assert sent(tier="flex", service_tier="flex")[0]["service_tier"] == "flex"
    assert "service_tier" not in sent(service_tier="auto")[0]


@pytest.mark.parametrize("schema", [CLOSED, CLOSED | {"required": []}])
def test_a_schema_is_the_format_of_the_text(schema: Json) -> None:
    body = sent(output_config={"format": {"type": "json_schema", "schema": schema}})[0]
    strict = schema == CLOSED
    assert body["text"] == {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": strict}}


def test_pitfall_75_a_long_name_of_the_user_is_hashed() -> None:
    assert sent(metadata={"user_id": "u1"})[0]["safety_identifier"] == "u1"
    assert sent(metadata={"user_id": "u" * 65})[0]["safety_identifier"] == sha256(b"u" * 65).hexdigest()


def test_no_member_of_another_dialect_leaves() -> None:
    body, attempt = sent(
        cache_control={"type": "ephemeral"}, service_tier="auto", speed="fast", container="c", mcp_servers=[], user="u"
    )
    assert body.keys() == {"model", "input", "store", "max_output_tokens", "prompt_cache_key"}
    assert attempt.dropped == {"container", "mcp_servers"}


def test_options_neither_lift_a_limit_nor_keep_the_call_at_the_provider() -> None:
    ours = ("store", "previous_response_id", "background", "conversation", "tools", "max_output_tokens", "include")
    options = (*[(name, b"true") for name in ours], ("truncation", b'"auto"'))
    body, attempt = sent(options=options)
    assert (body["store"], body["truncation"], body["max_output_tokens"]) == (False, "auto", 100)
    assert not {"previous_response_id", "background", "conversation", "tools", "include"} & body.keys()
    assert attempt.dropped_fields == tuple(f"provider.options.{name}" for name in ours)


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ({"type": "novelty"}, "messages.1.content.0.type"),
        ({"type": "tool_use", "id": 7, "name": "f"}, "messages.1.content.0"),
        ({"type": "compaction", "content": 7}, "messages.1.content.0.content"),
    ],
)
def test_blocks_that_can_not_be_said_are_refused(block: Json, path: str) -> None:
    assert refusal(USER, model(block), USER) == path


def test_pitfall_67_marks_of_what_is_to_be_cached_go_where_the_provider_reads_them() -> None:
    marked, mark = {"cache_control": {"type": "ephemeral"}}, {"prompt_cache_breakpoint": {"mode": "explicit"}}
    said = [
        user(text("a"), text("b") | marked),
        model(use("c1"), use("c2")),
        user(result("c1") | marked, result("c2", [text("see"), PNG]) | marked),
        user(PNG | marked),
    ]
    found = talk(*said, caching="explicit+automatic")
    see: Json = {"type": "input_text", "text": "see"}
    assert found[0]["content"] == [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"} | mark]
    assert found[3:] == [
        answer("c1", [{"type": "input_text", "text": "ok"} | mark]),
        answer("c2", [see, PNG_PART | mark]),
        {"role": "user", "content": [PNG_PART | mark]},
    ]
    for caching in (None, "implicit"):
        assert b"cache" not in json.dumps(talk(*said, caching=caching)).encode()
