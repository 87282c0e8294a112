"""Messages requests as Gemini has them (wire-protocols 4.5), and what such a provider can't be sent."""

import json
from typing import Any

import pytest

from relay._core import members
from relay.call import Call, Identity
from relay.catalog import Accepts, Attempt, Endpoint
from relay.dialects import gemini
from relay.dialects.translated import Translated
from relay.errors import ProviderRefused, Retry
from relay.providers import PROVIDERS
from tests.dialects.test_chat import BY_URL, PNG, TOOL, USER, model, result, text, use, user

Json = dict[str, Any]
PNG_PART = {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}
NONE_LEFT = "skip_thought_signature_validator"
HI = {"role": "user", "parts": [{"text": "hi"}]}


def translated(
    *messages: Json,
    to: str = "gemini-2.5-flash",
    stream: bool = False,
    redacts: bool = False,
    accepts: Accepts | None = None,
    json_schema: bool = False,
    options: tuple[tuple[str, bytes], ...] = (),
    **said: Any,
) -> tuple[Translated, Attempt]:
    """What is sent, and its attempt."""
    body = {"model": "a/m", "max_tokens": 100, "messages": list(messages or (USER,))} | said
    content = json.dumps({key: value for key, value in body.items() if value is not ...}).encode()
    call = Call(
        "gen-1-abc", "chat", "a/m", stream, content, members(content), Identity("dev"), 0,
        version=None, betas=None, session_id=None, app=None, reports=False,
    )  # fmt: skip
    quirks = frozenset({"json_schema"} if json_schema else ())
    endpoint = Endpoint("e", "p", "P", "gemini", to, "http://x", accepts=accepts, quirks=quirks)
    attempt = Attempt(1, endpoint, "a/m", to, options=options)
    attempt.redacts = redacts
    return gemini.outgoing(call, attempt, {}), attempt


def sent(*messages: Json, **said: Any) -> Json:
    found: Json = json.loads(translated(*messages, **said)[0].content)
    return found


def talk(*messages: Json, **said: Any) -> list[Json]:
    found: list[Json] = sent(*messages, **said)["contents"]
    return found


def config(**said: Any) -> Json:
    found: Json = sent(**said)["generationConfig"]
    return found


def refusal(*messages: Json, **said: Any) -> str:
    with pytest.raises(ProviderRefused) as caught:
        sent(*messages, **said)
    assert (caught.value.status, caught.value.retry) == (400, Retry.OTHER)
    return caught.value.message.split(": ")[0]


def call(id: str, name: str = "f", signature: str | None = None, **args: Any) -> Json:
    part: Json = {"functionCall": {"id": id, "name": name, "args": args}}
    return part if signature is None else part | {"thoughtSignature": signature}


def answer(id: str, name: str = "f", **response: Any) -> Json:
    return {"functionResponse": {"id": id, "name": name, "response": response or {"output": "ok"}}}


def thinking(signature: str, said: str = "hm") -> Json:
    return {"type": "thinking", "thinking": said, "signature": signature}


# The target


@pytest.mark.parametrize(
    ("to", "target"),
    [
        ("gemini-2.5-pro", "/models/gemini-2.5-pro"),
        ("tunedModels/mine-7", "/tunedModels/mine-7"),
        ("endpoints/123", "/endpoints/123"),
        ("../x?y#z", "/models/..%2Fx%3Fy%23z"),
        ("models/a\r\nb: c", "/models/a%0D%0Ab%3A%20c"),
    ],
)
def test_the_model_is_in_the_path_and_can_be_nothing_else(to: str, target: str) -> None:
    assert translated(to=to)[0].target.decode() == f"{target}:generateContent"
    assert translated(to=to, stream=True)[0].target.decode() == f"{target}:streamGenerateContent?alt=sse"
    assert not {"model", "stream"} & sent(to=to, stream=True).keys()


# The conversation


def test_system_and_texts() -> None:
    system = [text("x-anthropic-billing-header: cc"), text("Be brief."), text("Be kind.")]
    body = sent(user(text("a"), text(""), text("b")), system=system)
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief.\n\nBe kind."}]}
    assert body["contents"] == [{"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}]
    assert "systemInstruction" not in sent(system=[])


def test_turns_alternate_and_the_user_begins() -> None:
    said = [model(text("Hello")), USER, user(text("there?")), model(text("Yes")), model(text("I am.")), USER]
    assert [(content["role"], [part["text"] for part in content["parts"]]) for content in talk(*said)] == [
        ("user", ["(The conversation begins with your answer.)"]),
        ("model", ["Hello"]),
        ("user", ["hi", "there?"]),
        ("model", ["Yes", "I am."]),
        ("user", ["hi"]),
    ]


def test_pitfalls_61_and_65_a_system_message_is_said_where_it_stands() -> None:
    said = talk(USER, {"role": "system", "content": [text("Now in French.")]}, model(text("Oui")), USER)
    assert said[0]["parts"] == [{"text": "hi"}, {"text": "<system-reminder>\nNow in French.\n</system-reminder>"}]
    assert [content["role"] for content in said] == ["user", "model", "user"]


def test_pitfall_66_the_billing_line_does_not_leave() -> None:
    assert b"billing" not in translated(system=[text("x-anthropic-billing-header: cc")])[0].content


def test_images_and_documents() -> None:
    plain = {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "body"}}
    pdf = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JV"}}
    odd = {"type": "image", "source": {"type": "url", "url": "https://example.org/picture?id=1.gif"}}
    assert talk(user(text("what?"), PNG, BY_URL, odd, plain, pdf))[0]["parts"] == [
        {"text": "what?"},
        PNG_PART,
        {"fileData": {"mimeType": "image/png", "fileUri": "https://example.org/a.png"}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.org/picture?id=1.gif"}},
        {"text": "T\n\nbody"},
        {"inlineData": {"mimeType": "application/pdf", "data": "JV"}},
    ]


def test_a_tool_exchange() -> None:
    said = [USER, model(text("Let me."), use("c1", a=1), use("c2", "g")), user(result("c1"), result("c2", ""))]
    assert talk(*said) == [
        HI,
        {"role": "model", "parts": [{"text": "Let me."}, call("c1", a=1), call("c2", "g")]},
        {"role": "user", "parts": [answer("c1"), answer("c2", "g", output="")]},
    ]


def test_pitfall_18_and_19_results_stand_behind_their_calls_in_order_and_in_one_content() -> None:
    said = [USER, model(use("c1"), use("c2")), user(text("first"), result("c2", "2")), user(result("c1", "1"))]
    assert talk(*said)[2:] == [
        {"role": "user", "parts": [answer("c1", output="1"), answer("c2", output="2"), {"text": "first"}]}
    ]


def test_pitfall_20_a_call_without_result_gets_one_and_a_result_without_call_is_refused() -> None:
    assert talk(USER, model(use("c1")), USER)[2]["parts"][0] == answer("c1", error="no result")
    assert talk(USER, model(use("c1")))[2]["parts"] == [answer("c1", error="no result")]
    assert refusal(USER, user(result("nobody"))) == "messages.1.content.0.tool_use_id"


def test_pitfall_21_images_of_results_follow_all_results() -> None:
    said = [USER, model(use("c1"), use("c2")), user(result("c1", [text("see"), PNG]), result("c2", [PNG]), text("so?"))]
    assert talk(*said)[2]["parts"] == [
        answer("c1", output="see\n[image 1 attached below]"),
        answer("c2", output="[image 2 attached below]"),
        PNG_PART,
        PNG_PART,
        {"text": "so?"},
    ]


@pytest.mark.parametrize(("content", "told"), [("broke", "broke"), ("error: x", "error: x"), (None, "")])
def test_pitfall_22_a_failed_result_says_so(content: Any, told: str) -> None:
    found = talk(USER, model(use("c")), user(result("c", content, is_error=True)))[2]["parts"]
    assert found == [answer("c", error=told)]
    fine = talk(USER, model(use("c")), user(result("c", "Error: is what it printed")))[2]["parts"]
    assert fine == [answer("c", output="Error: is what it printed")]


def test_pitfall_16_ids_are_mapped_alike_in_call_and_result() -> None:
    for id in ("x" * 90, "a.b:c", "ü"):
        said = talk(USER, model(use(id)), user(result(id)))
        sent_id = said[1]["parts"][0]["functionCall"]["id"]
        assert sent_id == said[2]["parts"][0]["functionResponse"]["id"] != id


@pytest.mark.parametrize("name", ["n" * 65, "1st", "-x"])
def test_pitfall_17_names_that_google_refuses_are_others_everywhere(name: str) -> None:
    found, _ = translated(
        USER, model(use("c", name)), user(result("c")),
        tools=[TOOL | {"name": name}], tool_choice={"type": "tool", "name": name},
    )  # fmt: skip
    body = json.loads(found.content)
    (declared,) = body["tools"][0]["functionDeclarations"]
    short = declared["name"]
    assert len(short) <= 64
    assert short[0].isalpha()
    assert body["contents"][1]["parts"][0]["functionCall"]["name"] == short
    assert body["contents"][2]["parts"][0]["functionResponse"]["name"] == short
    assert body["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"] == [short]
    assert found.names == {short.encode(): name.encode()}


@pytest.mark.parametrize("json_schema", [True, False])
def test_pitfall_72_integers_over_64_bits_keep_their_digits(json_schema: bool) -> None:
    big = 123456789012345678901234567890
    tool = TOOL | {"input_schema": {"type": "object", "properties": {"a": {"type": "integer", "maximum": big}}}}
    used = model(use("t1") | {"input": {"id": big, "low": -big}})
    body = sent(USER, used, user(result("t1")), tools=[tool], json_schema=json_schema)
    assert body["contents"][1]["parts"][0]["functionCall"]["args"] == {"id": big, "low": -big}
    (declared,) = body["tools"][0]["functionDeclarations"]
    assert declared["parametersJsonSchema" if json_schema else "parameters"]["properties"]["a"]["maximum"] == big


def test_pitfalls_67_and_75_marks_of_the_cache_and_users_stay_here() -> None:
    marked = {"cache_control": {"type": "ephemeral"}}
    said = translated(user(text("a") | marked), tools=[TOOL | marked], metadata={"user_id": "u-1"})[0].content
    assert not [word for word in (b"cache", b"ephemeral", b"u-1") if word in said]


def test_pitfall_23_a_result_has_the_name_of_its_call() -> None:
    said = talk(USER, model(use("c1", "f"), use("c2", "g")), user(result("c2"), result("c1")))
    assert [part["functionResponse"]["name"] for part in said[2]["parts"]] == ["f", "g"]


# Signatures


def test_pitfall_33_a_signature_goes_back_on_the_part_that_it_came_on() -> None:
    said = [
        USER,
        model(thinking("c2ln"), text(""), use("c1"), use("c2"), thinking("bW9y", ""), use("c3")),
        user(result("c1"), result("c2"), result("c3")),
    ]
    for to in ("gemini-3-pro-preview", "gemini-2.5-flash"):
        assert talk(*said, to=to)[1]["parts"] == [
            call("c1", signature="c2ln"),
            call("c2"),
            call("c3", signature="bW9y"),
        ]
    assert talk(USER, model(thinking("c2ln"), text("a"), text("b")), USER)[1]["parts"] == [
        {"text": "a", "thoughtSignature": "c2ln"},
        {"text": "b"},
    ]


@pytest.mark.parametrize(
    ("to", "signature"),
    [
        ("gemini-3-pro-preview", NONE_LEFT),
        ("gemini-flash-latest", NONE_LEFT),
        ("gemini-10", NONE_LEFT),
        ("gemini-2.5-pro", None),
        ("gemini-1.5-pro-002", None),
        ("gemma-3", None),
    ],
)
def test_pitfall_33_the_first_call_without_one_says_so_to_models_that_ask(to: str, signature: str | None) -> None:
    said = [USER, model(use("c1"), use("c2")), user(result("c1"), result("c2"))]
    assert talk(*said, to=to)[1]["parts"] == [call("c1", signature=signature), call("c2")]


@pytest.mark.parametrize("signature", ["", "not base64!", "relay1.openai.0123"])
def test_pitfall_29_what_is_no_signature_of_googles_stays(signature: str) -> None:
    said = talk(USER, model(thinking(signature, "secret"), use("c")), user(result("c")))
    assert said[1]["parts"] == [call("c")]


def test_pitfall_30_and_35_thinking_does_not_go_back() -> None:
    blocks = [thinking("c2ln", "secret"), {"type": "redacted_thinking", "data": "x"}, text("Yes.")]
    assert "secret" not in json.dumps(sent(USER, model(*blocks), USER))


def test_where_the_request_is_redacted_signatures_stay() -> None:
    said = [USER, model(thinking("c2ln"), text("a"), thinking("bW9y"), use("c")), user(result("c"))]
    assert talk(*said, to="gemini-3-pro", redacts=True)[1]["parts"] == [{"text": "a"}, call("c", signature=NONE_LEFT)]


@pytest.mark.parametrize("said", ["", " \n"])
def test_pitfall_62_and_63_empty_text_is_left_out(said: str) -> None:
    assert talk(USER, model(text(said)), USER) == [{"role": "user", "parts": [{"text": "hi"}, {"text": "hi"}]}]


def test_tools_that_a_provider_ran_are_finished_exchanges() -> None:
    page = {"type": "web_search_result", "url": "https://x", "title": "T", "encrypted_content": "zzz"}
    searched = {"type": "server_tool_use", "id": "srv1", "name": "web_search", "input": {"query": "q"}}
    found = {"type": "web_search_tool_result", "tool_use_id": "srv1", "content": [page]}
    assert talk(USER, model(text("Let me."), searched, found, text("It is so.")), USER)[1:4] == [
        {"role": "model", "parts": [{"text": "Let me."}, call("srv1", "web_search", query="q")]},
        {"role": "user", "parts": [answer("srv1", "web_search", output="T\nhttps://x")]},
        {"role": "model", "parts": [{"text": "It is so."}]},
    ]


def test_a_compaction_stands_for_all_before_it() -> None:
    compaction = {"type": "compaction", "content": "In short."}
    assert talk(USER, model(text("old"), compaction, text("new")), USER) == [
        {"role": "user", "parts": [{"text": "In short."}]},
        {"role": "model", "parts": [{"text": "new"}]},
        HI,
    ]


# Tools and settings


def test_tools_and_their_choice() -> None:
    tools = [TOOL | {"strict": True, "cache_control": {"type": "ephemeral"}}, {"name": "g", "input_schema": {}}]
    choice = {"type": "any", "disable_parallel_tool_use": True}
    found, _ = translated(tools=tools, tool_choice=choice)
    body = json.loads(found.content)
    assert body["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "f",
                    "description": "Does.",
                    "parameters": {"type": "object", "properties": {"a": {"type": "string"}}},
                },
                {"name": "g"},
            ]
        }
    ]
    assert found.single
    for kind, mode in (("auto", "AUTO"), ("any", "ANY"), ("none", "NONE")):
        chosen = sent(tools=[TOOL], tool_choice={"type": kind})["toolConfig"]
        assert chosen == {"functionCallingConfig": {"mode": mode}}
    assert not {"tools", "toolConfig"} & sent(tools=[], tool_choice={"type": "auto"}).keys()


def test_every_quirk_of_a_row_is_one_of_the_dialect() -> None:
    assert all(row.quirks <= gemini.QUIRKS.keys() for row in PROVIDERS.values() if row.dialect == "gemini")


def test_json_schema_goes_as_it_is_where_it_is_taken() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"const": 1}}}
    body = sent(tools=[{"name": "f", "input_schema": schema}], json_schema=True)
    (declared,) = body["tools"][0]["functionDeclarations"]
    assert declared == {"name": "f", "parametersJsonSchema": schema}
    form = {"type": "json_schema", "schema": schema}
    asked = config(output_config={"format": form}, json_schema=True)
    assert (asked["responseMimeType"], asked["responseJsonSchema"]) == ("application/json", schema)


def test_a_schema_of_the_answer_is_asked_for() -> None:
    form = {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"const": "x"}}}}
    asked = config(output_config={"format": form})
    assert asked["responseMimeType"] == "application/json"
    assert asked["responseSchema"]["properties"] == {"a": {"type": "string", "enum": ["x"]}}


def test_pitfall_24_a_tool_whose_parameters_are_a_reference() -> None:
    schema = {"$ref": "#/$defs/x", "$defs": {"x": {"type": "object", "properties": {"title": {"type": "integer"}}}}}
    (declared,) = sent(tools=[{"name": "f", "input_schema": schema}])["tools"][0]["functionDeclarations"]
    assert declared["parameters"] == {"type": "object", "properties": {"title": {"type": "integer"}}}


def test_tools_that_clients_run_are_described() -> None:
    (declared,) = sent(tools=[{"type": "bash_20250124", "name": "bash"}])["tools"][0]["functionDeclarations"]
    assert declared["parameters"]["properties"].keys() == {"command", "restart"}


def test_settings() -> None:
    asked = config(temperature=1, top_p=0.5, top_k=7, stop_sequences=list("abcdef"), stream=True)
    assert asked == {
        "maxOutputTokens": 100,
        "temperature": 1,
        "topP": 0.5,
        "topK": 7,
        "stopSequences": list("abcde"),
    }
    assert config(max_tokens=...)["maxOutputTokens"] == 4096


def test_what_the_dialect_lacks_is_left_out_and_noted() -> None:
    found, attempt = translated(novelty=1, container="c", nothing=None, service_tier="auto", provider={"sort": "price"})
    assert json.loads(found.content).keys() == {"contents", "generationConfig"}
    assert attempt.dropped == {"novelty", "container"}


def test_options_of_the_endpoint_go_as_they_are_but_not_what_is_relays_to_say() -> None:
    options = (("safetySettings", b"[1]"), ("generationConfig", b"{}"), ("system_instruction", b'"x"'))
    found, attempt = translated(options=options)
    body = json.loads(found.content)
    assert (body["safetySettings"], body["generationConfig"]) == ([1], {"maxOutputTokens": 100})
    assert attempt.dropped_fields == ("provider.options.generationConfig", "provider.options.system_instruction")


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0.type"),
        ({"messages": [user({"type": "container_upload", "file_id": "f"})]}, "messages.0.content.0.type"),
        (
            {"messages": [user({"type": "image", "source": {"type": "file", "file_id": "f"}})]},
            "messages.0.content.0.source.type",
        ),
        ({"messages": [USER, {"role": "assistant", "content": "So"}]}, "messages.1"),
    ],
)
def test_pitfall_74_what_can_not_be_carried_is_refused_with_its_path(said: Json, path: str) -> None:
    assert refusal(**said) == path


ENABLED = {"type": "enabled", "budget_tokens": 5000}
BUDGET, LEVELS = Accepts(reasoning_style="budget"), Accepts(reasoning_style="effort", reasoning_efforts=("low", "high"))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"to": "gemini-2.5-flash"}, None),
        ({"to": "gemini-2.5-flash", "thinking": ENABLED}, {"includeThoughts": True, "thinkingBudget": 5000}),
        ({"to": "gemini-2.5-flash", "thinking": ENABLED | {"budget_tokens": 90_000}}, {"thinkingBudget": 24_576}),
        ({"to": "gemini-2.5-flash", "thinking": {"type": "adaptive"}}, {"includeThoughts": True}),
        ({"to": "gemini-2.5-flash", "output_config": {"effort": "medium"}}, {"thinkingBudget": 5000}),
        ({"to": "gemini-2.5-flash", "thinking": {"type": "disabled"}}, {"thinkingBudget": 0}),
        ({"to": "gemini-2.5-pro", "thinking": {"type": "disabled"}}, {"thinkingBudget": 128}),
        ({"to": "gemini-2.0-flash", "thinking": ENABLED}, None),
        ({"to": "gemini-3.5-flash", "thinking": ENABLED}, {"includeThoughts": True, "thinkingLevel": "MEDIUM"}),
        ({"to": "gemini-3.5-flash", "output_config": {"effort": "max"}}, {"thinkingLevel": "HIGH"}),
        ({"to": "gemini-3.5-flash", "thinking": {"type": "disabled"}}, {"thinkingLevel": "LOW"}),
        ({"to": "mine", "thinking": {"type": "disabled"}}, None),
        ({"to": "mine", "accepts": BUDGET, "thinking": ENABLED}, {"thinkingBudget": 5000}),
        ({"to": "mine", "accepts": LEVELS, "output_config": {"effort": "medium"}}, {"thinkingLevel": "LOW"}),
        ({"to": "mine", "accepts": LEVELS, "thinking": {"type": "disabled"}}, {"thinkingLevel": "LOW"}),
        ({"to": "mine", "accepts": Accepts(reasoning_style="none"), "thinking": ENABLED}, None),
        ({"to": "mine", "accepts": Accepts(reasoning_style="flag"), "thinking": ENABLED}, {"includeThoughts": True}),
        ({"to": "gemini-3-pro", "thinking": {"type": "adaptive", "display": "omitted"}}, {"includeThoughts": False}),
    ],
)
def test_how_much_to_think(said: Json, told: Json | None) -> None:
    found = config(max_tokens=10_000, **said).get("thinkingConfig")
    assert found == told if told is None else told.items() <= found.items()
    assert not {"thinkingBudget", "thinkingLevel"} <= (found or {}).keys(), "Google refuses both"
