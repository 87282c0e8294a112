"""Messages requests as Chat Completions has them (wire-protocols 4.1), and what such a provider can't be sent."""

import json
from typing import Any

import pytest

from relay._core import members
from relay.call import Call, Identity
from relay.catalog import Accepts, Attempt, Endpoint
from relay.dialects import chat
from relay.dialects.chat import QUIRKS
from relay.errors import ProviderRefused, Retry
from relay.providers import PROVIDERS
from relay.providers.hosted import QUIRKS as HOSTED
from tests.dialects.requests import BY_URL, CLOSED, PNG, TOOL, USER, Json, call_of, model, result, text, use, user

PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}


def sent(
    *messages: Json,
    quirks: tuple[str, ...] = (),
    stream: bool = False,
    redacted: Any = None,
    style: str | None = None,
    tier: str = "default",
    options: tuple[tuple[str, bytes], ...] = (),
    **said: Any,
) -> tuple[Json, Attempt]:
    """The body of a request, and its attempt."""
    call = call_of(*messages, stream=stream, **said)
    parameters = frozenset({"top_k"}) if said.get("top_k") == 7 else None
    accepts = Accepts(reasoning_style=style) if style else None
    more: Any = {"quirks": frozenset(quirks), "parameters": parameters, "accepts": accepts, "tier": tier}
    attempt = Attempt(1, Endpoint("e", "p", "P", "chat", "up", "http://x", **more), "a/m", "up", options=options)
    return json.loads(chat.outgoing(call, attempt, redacted or {}).content), attempt


def talk(*messages: Json, **more: Any) -> list[Json]:
    found: list[Json] = sent(*messages, **more)[0]["messages"]
    return found


def call(id: str, arguments: str = "{}", name: str = "f") -> Json:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def answer(id: str, content: str = "ok") -> Json:
    return {"role": "tool", "tool_call_id": id, "content": content}


def refusal(*messages: Json, **said: Any) -> str:
    with pytest.raises(ProviderRefused) as caught:
        sent(*messages, **said)
    assert (caught.value.status, caught.value.retry, caught.value.counts) == (400, Retry.OTHER, False)
    return caught.value.message.split(": ")[0]


def test_system_and_texts() -> None:
    system = [text("x-anthropic-billing-header: cc"), text("Be brief."), text(""), text("Be kind.")]
    assert talk(user(text("a"), text(""), text("b")), system=system) == [
        {"role": "system", "content": "Be brief.\n\nBe kind."},
        {"role": "user", "content": "a\n\nb"},
    ]
    assert talk(system="Be brief.")[0] == {"role": "system", "content": "Be brief."}
    assert talk(system=[text("x-anthropic-billing-header: cc")]) == [USER]


def test_pitfall_61_a_system_message_stays_where_it_is() -> None:
    assert talk(USER, {"role": "system", "content": [text("Now in French.")]}) == [
        USER,
        {"role": "system", "content": "Now in French."},
    ]


def test_pitfall_66_the_billing_line_does_not_leave() -> None:
    assert b"billing" not in json.dumps(sent(system=[text("x-anthropic-billing-header: cc")])[0]).encode()


def test_images_by_data_and_url() -> None:
    assert talk(user(text("what?"), PNG, BY_URL))[0]["content"] == [
        text("what?"),
        PNG_PART,
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
    ]


def test_documents_are_texts_or_files() -> None:
    plain = {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "body"}}
    nested = {"type": "document", "context": "C", "source": {"type": "content", "content": [text("a"), PNG]}}
    pdf = {
        "type": "document",
        "title": "a.pdf",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JV"},
    }
    found = {"type": "search_result", "title": "T", "source": "https://x", "content": [text("said")]}
    assert talk(user(plain, found))[0]["content"] == "T\n\nbody\n\nT\nhttps://x\nsaid"
    assert talk(user(nested))[0]["content"] == [text("C"), text("a"), PNG_PART]
    file = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JV"}
    assert talk(user(pdf))[0]["content"] == [{"type": "file", "file": file}]


def test_a_tool_exchange() -> None:
    assert talk(USER, model(text("Let me."), use("c1", a=1), use("c2")), user(result("c1"), result("c2", ""))) == [
        USER,
        {"role": "assistant", "content": "Let me.", "tool_calls": [call("c1", '{"a":1}'), call("c2")]},
        answer("c1"),
        answer("c2", ""),
    ]


def test_pitfall_18_results_stand_behind_their_calls_in_order() -> None:
    said = [USER, model(use("c1"), use("c2")), user(text("first"), result("c2", "2"), result("c1", "1"))]
    assert talk(*said)[1:] == [
        {"role": "assistant", "content": None, "tool_calls": [call("c1"), call("c2")]},
        answer("c1", "1"),
        answer("c2", "2"),
        {"role": "user", "content": "first"},
    ]


def test_pitfall_20_a_call_without_result_gets_one_and_a_result_without_call_is_refused() -> None:
    assert talk(USER, model(use("c1")), USER)[2] == answer("c1", "Error: no result")
    assert refusal(USER, user(result("nobody"))) == "messages.1.content.0.tool_use_id"


def test_pitfall_21_images_of_results_follow_all_results() -> None:
    said = [
        USER,
        model(use("c1"), use("c2")),
        user(result("c1", [text("see"), PNG]), result("c2", [BY_URL]), text("so?")),
    ]
    assert talk(*said)[2:] == [
        answer("c1", "see\n[image 1 attached below]"),
        answer("c2", "[image 2 attached below]"),
        {
            "role": "user",
            "content": [PNG_PART, {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}],
        },
        {"role": "user", "content": "so?"},
    ]


@pytest.mark.parametrize(("content", "told"), [("broke", "Error: broke"), ("Error: x", "Error: x"), (None, "Error: ")])
def test_pitfall_22_a_failed_result_says_so(content: Any, told: str) -> None:
    assert talk(USER, model(use("c")), user(result("c", content, is_error=True)))[2]["content"] == told


def test_pitfall_16_ids_are_mapped_alike_in_call_and_result() -> None:
    for id in ("x" * 41, "a.b:c", "ü"):
        said = talk(USER, model(use(id)), user(result(id)))
        (sent_call,) = said[1]["tool_calls"]
        assert sent_call["id"] == said[2]["tool_call_id"] != id
        assert sent_call["id"] == talk(USER, model(use(id)), user(result(id)))[2]["tool_call_id"]
    assert talk(USER, model(use("toolu_01A-b")), user(result("toolu_01A-b")))[2]["tool_call_id"] == "toolu_01A-b"


def test_pitfall_17_long_names_are_short_everywhere() -> None:
    long = "n" * 65
    body, _ = sent(
        USER, model(use("c", long)), user(result("c")),
        tools=[TOOL | {"name": long}], tool_choice={"type": "tool", "name": long},
    )  # fmt: skip
    name = body["tools"][0]["function"]["name"]
    assert len(name) <= 64
    assert name == body["tool_choice"]["function"]["name"] == body["messages"][1]["tool_calls"][0]["function"]["name"]


def test_pitfall_29_and_32_thinking_goes_back_only_unsigned_and_where_it_is_wanted() -> None:
    own = {"type": "thinking", "thinking": "hm", "signature": ""}
    foreign = {"type": "thinking", "thinking": "secret", "signature": "c2ln"}
    said = [
        USER,
        model(foreign, own, {"type": "redacted_thinking", "data": "x"}, text("Yes."), use("c")),
        user(result("c")),
    ]
    assert "reasoning_content" not in talk(*said)[1]
    assert talk(*said, quirks=("reasoning_content",))[1]["reasoning_content"] == "hm"
    assert b"secret" not in json.dumps(talk(*said, quirks=("reasoning_content",))).encode()


@pytest.mark.parametrize("said", ["", " \n"])
def test_pitfall_62_and_63_empty_text_is_left_out(said: str) -> None:
    assert talk(USER, model(text(said)), USER) == [USER, USER]
    assert talk(USER, model(text(said), use("c")), user(result("c")))[1]["content"] is None


def test_pitfall_64_calls_without_words_are_null_or_an_empty_text_as_the_provider_takes_it() -> None:
    said = [USER, model(use("c")), user(result("c"))]
    assert talk(*said)[1]["content"] is None
    assert talk(*said, quirks=("empty_content",))[1]["content"] == ""
    assert "empty_content" in PROVIDERS["cloudflare"].quirks
    assert talk(USER, model(text("So."), use("c")), user(result("c")), quirks=("empty_content",))[1]["content"] == "So."


def test_tools_that_a_provider_ran_are_finished_exchanges() -> None:
    page = {"type": "web_search_result", "url": "https://x", "title": "T", "encrypted_content": "zzz"}
    searched = {"type": "server_tool_use", "id": "srv1", "name": "web_search", "input": {"query": "q"}}
    found = {"type": "web_search_tool_result", "tool_use_id": "srv1", "content": [page]}
    failed = {
        "type": "web_search_tool_result",
        "tool_use_id": "srv1",
        "content": {"type": "e", "error_code": "too_many"},
    }
    said = talk(USER, model(text("Let me."), searched, found, text("It is so.")), USER)
    assert said[1:4] == [
        {"role": "assistant", "content": "Let me.", "tool_calls": [call("srv1", '{"query":"q"}', "web_search")]},
        answer("srv1", "T\nhttps://x"),
        {"role": "assistant", "content": "It is so."},
    ]
    assert talk(USER, model(searched, failed), USER)[2] == answer("srv1", "Error: too_many")


def test_a_compaction_stands_for_all_before_it() -> None:
    said = talk(USER, model(text("old"), {"type": "compaction", "content": "In short."}, text("new")), USER, system="S")
    assert said == [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "In short."},
        {"role": "assistant", "content": "new"},
        USER,
    ]


def test_tools_and_their_choice() -> None:
    tools = [TOOL | {"strict": True, "cache_control": {"type": "ephemeral"}}, {"name": "g", "input_schema": {}}]
    body, _ = sent(tools=tools, tool_choice={"type": "any", "disable_parallel_tool_use": True})
    assert [tool["function"] for tool in body["tools"]] == [
        {"name": "f", "description": "Does.", "parameters": TOOL["input_schema"]},
        {"name": "g", "parameters": {"type": "object", "properties": {}}},
    ]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("required", False)
    for kind, choice in (("auto", "auto"), ("none", "none")):
        assert sent(tools=[TOOL], tool_choice={"type": kind})[0]["tool_choice"] == choice
    assert "tool_choice" not in sent(tools=[], tool_choice={"type": "auto"})[0]


def test_tools_that_clients_run_are_described() -> None:
    tools = [{"type": "bash_20250124", "name": "bash"}, {"type": "text_editor_20250124", "name": "str_replace_editor"}]
    functions = [tool["function"] for tool in sent(tools=tools)[0]["tools"]]
    assert [(each["name"], each["parameters"]["required"]) for each in functions] == [
        ("bash", []),
        ("str_replace_editor", ["command", "path"]),
    ]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0.type"),
        ({"messages": [user({"type": "container_upload", "file_id": "f"})]}, "messages.0.content.0.type"),
        ({"messages": [USER, model({"type": "fallback"})]}, "messages.1.content.0.type"),
        (
            {"messages": [user({"type": "image", "source": {"type": "file", "file_id": "f"}})]},
            "messages.0.content.0.source.type",
        ),
        (
            {"messages": [user({"type": "document", "source": {"type": "url", "url": "x"}})]},
            "messages.0.content.0.source.type",
        ),
        ({"messages": [USER, {"role": "assistant", "content": "So"}]}, "messages.1"),
    ],
)
def test_what_can_not_be_carried_is_refused_with_its_path(said: Json, path: str) -> None:
    assert refusal(**said) == path


def test_settings() -> None:
    body, _ = sent(stream=True, temperature=1.5, top_p=0.5, stop_sequences=["a", "b", "c", "d", "e"])
    assert (body["temperature"], body["top_p"], body["stop"]) == (1.5, 0.5, ["a", "b", "c", "d", "e"])
    assert (body["stream"], body["stream_options"], body["max_tokens"]) == (True, {"include_usage": True}, 100)
    assert "stream" not in sent()[0]
    assert sent(max_tokens=...)[0]["max_tokens"] == 4096


def test_what_the_dialect_lacks_is_left_out_and_noted() -> None:
    body, attempt = sent(
        top_k=5, novelty=1, container="c", nothing=None, service_tier="auto", provider={"sort": "price"}
    )
    assert body.keys() == {"model", "messages", "max_tokens"}
    assert attempt.dropped == {"top_k", "novelty", "container"}
    assert sent(top_k=7)[0]["top_k"] == 7


def test_pitfall_75_a_long_user_is_hashed() -> None:
    assert sent(metadata={"user_id": "u" * 64})[0]["user"] == "u" * 64
    assert len(sent(metadata={"user_id": "u" * 65})[0]["user"]) == 64


def test_pitfall_76_stream_options_go_only_with_a_stream_to_who_takes_them() -> None:
    assert sent(stream=True)[0]["stream_options"] == {"include_usage": True}
    assert "stream_options" not in sent(stream=True, quirks=("no_stream_options",))[0]
    assert "stream_options" not in sent()[0]
    assert "no_stream_options" in PROVIDERS["mistral"].quirks


@pytest.mark.parametrize("tier", ["flex", "priority"])
def test_an_endpoint_of_a_tier_asks_its_provider_for_it(tier: str) -> None:
    assert sent(tier=tier, service_tier=tier)[0]["service_tier"] == tier
    assert "service_tier" not in sent(service_tier="auto")[0]
    body, attempt = sent(tier=tier, options=(("service_tier", b'"default"'),))
    assert (body["service_tier"], attempt.dropped_fields) == (tier, ("provider.options.service_tier",))


def test_a_schema_is_asked_for() -> None:
    form = {"type": "json_schema", "schema": CLOSED}
    body, _ = sent(output_config={"format": form})
    assert body["response_format"]["json_schema"] == {"name": "answer", "schema": CLOSED, "strict": True}


def test_what_strict_mode_would_refuse_is_not_strict() -> None:
    form = {"type": "json_schema", "schema": {"type": "object"}}
    body, _ = sent(output_config={"format": form}, tools=[TOOL | {"strict": True}])
    assert body["response_format"]["json_schema"]["strict"] is False
    assert "strict" not in body["tools"][0]["function"]


@pytest.mark.parametrize("strict", [True, False, None])
def test_a_tool_is_strict_that_is_wanted_so(strict: bool | None) -> None:
    tool = {"name": "f", "input_schema": CLOSED, "strict": strict}
    function = sent(tools=[tool])[0]["tools"][0]["function"]
    assert function == {"name": "f", "parameters": CLOSED} | ({"strict": True} if strict else {})


@pytest.mark.parametrize(
    ("said", "effort"),
    [
        ({"output_config": {"effort": "xhigh"}}, "xhigh"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 10000}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 5000}, "max_tokens": 10000}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 8000}, "max_tokens": 10000}, "high"),
        ({"thinking": {"type": "adaptive"}}, None),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}, None),
        ({}, None),
    ],
)
def test_how_much_to_think(said: Json, effort: str | None) -> None:
    assert sent(**said)[0].get("reasoning_effort") == effort


@pytest.mark.parametrize(
    ("style", "told"),
    [("effort", {"reasoning_effort": "none"}), ("flag", {"thinking": {"type": "disabled"}}), (None, {})],
)
def test_not_to_think_is_said_where_it_is_known_how(style: str | None, told: Json) -> None:
    body, _ = sent(thinking={"type": "disabled"}, style=style)
    assert {key: body[key] for key in ("reasoning_effort", "thinking") if key in body} == told


def test_options_of_the_endpoint_go_as_they_are() -> None:
    body, attempt = sent(redacted={"top_k": b"5", "seed": b"7"}, options=(("seed", b"7"), ("top_k", b"5")))
    assert (body["seed"], body["top_k"]) == (7, 5)
    assert "seed" not in attempt.dropped


def test_redacted_values_go_in_place_of_the_clients() -> None:
    redacted = {"messages": b'[{"role":"user","content":"[EMAIL]"}]', "metadata": b""}
    body, _ = sent(metadata={"user_id": "ada@example.org"}, redacted=redacted)
    assert body["messages"] == [{"role": "user", "content": "[EMAIL]"}]
    assert "user" not in body


def test_half_of_a_surrogate_pair_is_refused_by_its_member() -> None:
    assert refusal(redacted={"messages": rb'[{"role":"user","content":"\ud83d"}]'}) == "messages"


QUIRKED: dict[str, tuple[Json, Any]] = {
    "chat_template_thinking": (
        {"thinking": {"type": "disabled"}},
        lambda body: body["chat_template_kwargs"] == {"enable_thinking": False},
    ),
    "empty_content": (
        {"messages": [USER, model(use("c")), user(result("c"))]},
        lambda body: body["messages"][1]["content"] == "",
    ),
    "enable_thinking": (
        {"thinking": {"type": "enabled", "budget_tokens": 2048}},
        lambda body: body["enable_thinking"] is True,
    ),
    "four_stops": ({"stop_sequences": list("abcde")}, lambda body: body["stop"] == list("abcd")),
    "max_completion_tokens": ({}, lambda body: "max_tokens" not in body and body["max_completion_tokens"] == 100),
    "nine_char_ids": (
        {"messages": [USER, model(use("toolu_1")), user(result("toolu_1"))]},
        lambda body: len(body["messages"][2]["tool_call_id"]) == 9 and body["messages"][2]["tool_call_id"].isalnum(),
    ),
    "no_stream_options": ({"stream": True}, lambda body: "stream_options" not in body),
    "no_user": ({"metadata": {"user_id": "u"}}, lambda body: "user" not in body),
    "prefill": ({"messages": [USER, {"role": "assistant", "content": "So"}]}, lambda body: len(body["messages"]) == 2),
    "prompt_cache_key": ({}, lambda body: len(body["prompt_cache_key"]) == 64),
    "reasoning_content": (
        {"messages": [USER, model({"type": "thinking", "thinking": "hm", "signature": ""}, text("a")), USER]},
        lambda body: body["messages"][1]["reasoning_content"] == "hm",
    ),
    "reasoning_object": (
        {"thinking": {"type": "enabled", "budget_tokens": 2048}},
        lambda body: body["reasoning"] == {"max_tokens": 2048},
    ),
    "thinking_flag": ({"thinking": {"type": "disabled"}}, lambda body: body["thinking"] == {"type": "disabled"}),
}


def test_every_quirk_is_here() -> None:
    assert QUIRKED.keys() == QUIRKS.keys()
    mine = (row.quirks for row in PROVIDERS.values() if row.dialect == "chat")
    assert all(quirks <= QUIRKS.keys() | HOSTED.keys() for quirks in mine)


@pytest.mark.parametrize("quirk", QUIRKED)
def test_a_quirk_changes_what_is_sent(quirk: str) -> None:
    said, holds = QUIRKED[quirk]
    stream = bool(said.get("stream"))
    assert holds(sent(*said.get("messages", ()), quirks=(quirk,), **({"stream": stream} | _rest(said)))[0])
    if quirk == "prefill":
        assert refusal(*said["messages"]) == "messages.1"
        return
    assert not _holds(holds, sent(*said.get("messages", ()), **({"stream": stream} | _rest(said)))[0])


def _rest(said: Json) -> Json:
    return {key: value for key, value in said.items() if key not in ("messages", "stream")}


def _holds(holds: Any, body: Json) -> bool:
    try:
        return bool(holds(body))
    except KeyError:
        return False


PLANTED = "bob@example.com"
UNTOLD: dict[str, tuple[Json, str]] = {
    "a result that nobody knows": (
        model(use("t1"), {"type": "x_tool_result", "tool_use_id": "t1", "content": PLANTED}),
        "messages.0.content.1.type",
    ),
    "a summary that is no text": (
        model({"type": "compaction", "content": [{"type": "text", "text": PLANTED}]}),
        "messages.0.content.0.content",
    ),
    "a call without an id": (model({"type": "mcp_tool_use", "name": "f"}), "messages.0.content.0"),
    "a call whose name is a number": (model({"type": "mcp_tool_use", "id": "t", "name": 5}), "messages.0.content.0"),
}


@pytest.mark.parametrize(("said", "path"), UNTOLD.values(), ids=UNTOLD)
def test_what_no_rule_scans_is_not_sent_as_text(said: Json, path: str) -> None:
    with pytest.raises(ProviderRefused) as raised:
        sent(said, USER)

    assert raised.value.message.startswith(f"{path}: ")
    assert PLANTED not in raised.value.message


def test_of_a_system_message_text_blocks_are_sent_alone() -> None:
    note = {"type": "note", "text": PLANTED}

    assert talk({"role": "system", "content": [text("be brief"), note]}, USER)[0]["content"] == "be brief"


def test_thinking_goes_back_as_redaction_left_it() -> None:
    def turns(said: str) -> list[Json]:
        return [USER, model({"type": "thinking", "thinking": said, "signature": ""}, use("t1")), user(result("t1"))]

    redacted = {"messages": json.dumps(turns("ask [EMAIL_1]")).encode()}
    body, _ = sent(*turns(PLANTED), quirks=("reasoning_content",), redacted=redacted)
    assert body["messages"][1]["reasoning_content"] == "ask [EMAIL_1]"
    assert PLANTED not in json.dumps(body)


def test_options_neither_lift_a_limit_nor_hide_usage() -> None:
    options = (("stream_options", b"{}"), ("n", b"8"), ("max_tokens", b"999"), ("seed", b"7"))

    body, attempt = sent(stream=True, options=options)

    assert (body["stream_options"], body["max_tokens"], body["seed"]) == ({"include_usage": True}, 100, 7)
    assert "n" not in body
    assert attempt.dropped_fields == tuple(f"provider.options.{name}" for name in ("stream_options", "n", "max_tokens"))


def test_a_number_that_no_reader_takes_is_told_by_its_member() -> None:
    content = b'{"model":"a/m","messages":[{"role":"user","content":"hi"}],"metadata":{"x":1e999}}'
    call = Call(
        "gen-1-abc", "chat", "a/m", False, content, members(content), Identity("dev"), 0,
        version=None, betas=None, session_id=None, app=None, reports=False,
    )  # fmt: skip

    with pytest.raises(ProviderRefused, match="metadata: a number is out of range"):
        chat.outgoing(call, Attempt(1, Endpoint("e", "p", "P", "chat", "up", "http://x"), "a/m", "up"), {})


def test_integers_over_64_bits_keep_their_digits() -> None:
    big = 123456789012345678901234567890
    schema = {"type": "object", "properties": {"a": {"maximum": big}}}
    body, _ = sent(
        USER,
        model(use("t1") | {"input": {"id": big, "low": -big}}),
        user(result("t1")),
        tools=[TOOL | {"input_schema": schema}],
    )
    assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == f'{{"id":{big},"low":-{big}}}'
    assert body["tools"][0]["function"]["parameters"]["properties"]["a"]["maximum"] == big
