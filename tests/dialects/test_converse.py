"""A Messages request as Bedrock's Converse takes it: by AWS's own model of it, rule by rule."""

import base64
import json
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from relay._core import members
from relay.call import Call, Identity
from relay.catalog import Accepts, Attempt, Endpoint
from relay.dialects import converse
from relay.errors import ProviderRefused, Retry
from tests.dialects.requests import CLOSED

Json = dict[str, Any]
SHAPE = get_session().get_service_model("bedrock-runtime").operation_model("ConverseStream").input_shape
USER: Json = {"role": "user", "content": "Hi"}
PNG: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}
PDF: Json = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}}
MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
POINT = {"cachePoint": {"type": "default", "ttl": "1h"}}
TOOL: Json = {"name": "f", "description": "Does.", "input_schema": {"type": "object", "properties": {"a": {}}}}
EXPLICIT = Accepts(caching="explicit")


def sent(
    *messages: Json, accepts: Accepts | None = None, redacts: bool = False, tier: str = "default", **said: Any
) -> tuple[Json, Attempt]:
    """The body of a request, which AWS's own model takes, and its attempt."""
    body = {"model": "a/m", "max_tokens": 100, "messages": list(messages or (USER,))} | said
    content = json.dumps(body).encode()
    call = Call(
        "gen-1-abc", "chat", "a/m", True, content, members(content), Identity("dev"), 0,
        version=None, betas=None, session_id=None, app=None, reports=False,
    )  # fmt: skip
    endpoint = Endpoint("e", "p", "P", "bedrock", "up", "http://x", accepts=accepts, tier=tier)
    attempt = Attempt(1, endpoint, "a/m", "up")
    attempt.redacts = redacts
    translated = converse.outgoing(call, attempt, {})
    assert translated.target == b"/model/up/converse-stream"
    found: Json = json.loads(translated.content)
    report = ParamValidator().validate(_with_bytes(found) | {"modelId": "up"}, SHAPE)
    assert not report.has_errors(), report.generate_report()
    return found, attempt


def _with_bytes(value: Any) -> Any:
    """The same with base64 decoded, as botocore's callers have it."""
    if isinstance(value, dict):
        return {key: base64.b64decode(item) if key == "bytes" else _with_bytes(item) for key, item in value.items()}
    return [_with_bytes(item) for item in value] if isinstance(value, list) else value


def talk(*messages: Json, **more: Any) -> list[Json]:
    found: list[Json] = sent(*messages, **more)[0]["messages"]
    return found


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def model(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def text(said: str, **more: Any) -> Json:
    return {"type": "text", "text": said} | more


def use(id: str, name: str = "f", **input: Any) -> Json:
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id: str, content: Any = "ok", **more: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": id, "content": content} | more


def answered(id: str, *content: Json, status: str = "success") -> Json:
    return {"toolResult": {"toolUseId": id, "content": list(content), "status": status}}


def refusal(*messages: Json, **said: Any) -> str:
    with pytest.raises(ProviderRefused) as caught:
        sent(*messages, **said)
    assert caught.value.retry is Retry.OTHER
    return caught.value.message.partition(":")[0]


def test_a_plain_request() -> None:
    body, attempt = sent(system="Be brief.", temperature=0.5, top_p=0.9, stop_sequences=["END"])
    assert body == {
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": 100, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]},
    }
    assert (attempt.dropped, attempt.dropped_fields) == (frozenset(), ())


def test_images_and_documents_go_with_their_bytes() -> None:
    [message] = talk(user(PNG, PDF, PDF, text("What?")))
    image, first, second, said = message["content"]
    assert image == {"image": {"format": "png", "source": {"bytes": "iVBO"}}}
    assert [each["document"]["name"] for each in (first, second)] == ["Document 1", "Document 2"]
    assert said == {"text": "What?"}


def test_documents_never_go_without_a_word() -> None:
    [message, _, after] = talk(user(PDF), model(text("It is empty.")), user(PDF, PNG, text(" ")))
    assert [list(block) for block in message["content"]] == [["document"], ["text"]]
    assert [list(block) for block in after["content"]] == [["document"], ["image"], ["text"]]
    assert message["content"][1]["text"].strip()


@pytest.mark.parametrize(
    "source", [{"type": "url", "url": "https://x/y.png"}, {"type": "base64", "media_type": "image/bmp", "data": "QQ=="}]
)
def test_an_image_that_can_not_be_sent_is_refused_with_its_path(source: Json) -> None:
    image = {"type": "image", "source": source}
    assert refusal(user(text("a"), image)) == "messages.0.content.1.source"
    called = (USER, model(use("t")), user(result("t", [text("a"), image])))
    assert refusal(*called) == "messages.2.content.0.content.1.source"


def test_pitfall_18_and_19_results_stand_first_in_the_one_message_behind_their_calls() -> None:
    said = talk(USER, model(text("So"), use("a", x=1), use("b")), user(text("and"), result("b", "2"), result("a", "1")))
    assert said[1:] == [
        {
            "role": "assistant",
            "content": [
                {"text": "So"},
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}},
                {"toolUse": {"toolUseId": "b", "name": "f", "input": {}}},
            ],
        },
        {"role": "user", "content": [answered("a", {"text": "1"}), answered("b", {"text": "2"}), {"text": "and"}]},
    ]


def test_pitfall_20_a_missing_result_is_said_and_an_orphan_refused() -> None:
    said = talk(USER, model(use("a")), USER)
    assert said[2]["content"] == [answered("a", {"text": "Error: no result"}, status="error"), {"text": "Hi"}]
    assert refusal(USER, user(result("nobody"))) == "messages.1.content.0.tool_use_id"


def test_pitfall_21_images_of_a_result_stay_in_it() -> None:
    said = talk(USER, model(use("a")), user(result("a", [text("look"), PNG])))
    image = {"image": {"format": "png", "source": {"bytes": "iVBO"}}}
    assert said[2]["content"] == [answered("a", {"text": "look"}, image)]


@pytest.mark.parametrize("content", ["", " \n", [], [text("")]])
def test_pitfall_62_a_result_without_a_word_says_so(content: Any) -> None:
    said = talk(USER, model(use("a")), user(result("a", content)))
    assert said[2]["content"] == [answered("a", {"text": "(no output)"})]


def test_pitfall_22_a_failed_result_says_so() -> None:
    said = talk(USER, model(use("a")), user(result("a", "no such file", is_error=True)))
    assert said[2]["content"] == [answered("a", {"text": "Error: no such file"}, status="error")]


def test_pitfall_16_and_17_ids_and_names_fit() -> None:
    said = talk(USER, model(use("x" * 99, "n" * 99)), user(result("x" * 99)), tools=[TOOL | {"name": "n" * 99}])
    call, told = said[1]["content"][0]["toolUse"], said[2]["content"][0]["toolResult"]
    assert call["toolUseId"] == told["toolUseId"]
    assert (len(call["toolUseId"]) <= 64, len(call["name"])) == (True, 64)


def test_pitfall_62_and_63_nothing_but_spaces_is_not_sent() -> None:
    said = talk(user(text("Hi"), text(" \n")), model(text("  ")), user(text(""), text("there")))
    assert said == [{"role": "user", "content": [{"text": "Hi"}, {"text": "there"}]}]


def test_pitfall_61_and_65_a_system_message_in_the_middle_is_folded() -> None:
    said = talk(USER, {"role": "system", "content": "Note."}, model(text("ok")), USER)
    assert said[0]["content"] == [{"text": "Hi"}, {"text": "<system-reminder>Note.</system-reminder>"}]
    assert [each["role"] for each in said] == ["user", "assistant", "user"]


def test_pitfall_66_what_a_client_says_of_billing_is_left_out() -> None:
    system = [text("x-anthropic-billing-header: cc_version=1"), text("Be brief.")]
    assert sent(system=system)[0]["system"] == [{"text": "Be brief."}]


def test_pitfall_67_marks_stand_behind_their_blocks_where_the_endpoint_takes_them() -> None:
    messages = (user(text("a", **MARK), text("b")), model(use("t")), user(result("t", **MARK), text("c")))
    more: Json = {"system": [text("S", **MARK)], "tools": [TOOL | MARK]}
    body = sent(*messages, accepts=EXPLICIT, **more)[0]
    assert body["system"] == [{"text": "S"}, POINT]
    assert body["toolConfig"]["tools"][1] == POINT
    assert body["messages"][0]["content"] == [{"text": "a"}, POINT, {"text": "b"}]
    assert body["messages"][2]["content"] == [answered("t", {"text": "ok"}), POINT, {"text": "c"}]
    assert b"cachePoint" not in json.dumps(sent(*messages, **more)[0]).encode()


def test_pitfall_74_an_answer_that_is_begun_is_refused() -> None:
    assert refusal(USER, model(text("So"))) == "messages.1"


def test_pitfall_29_only_signed_thinking_goes_back_and_none_that_nobody_scanned() -> None:
    signed = {"type": "thinking", "thinking": "hm", "signature": "sig"}
    said = (USER, model(signed, {"type": "thinking", "thinking": "x", "signature": ""}, text("a")), USER)
    reasoning = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}}
    assert talk(*said)[1]["content"] == [reasoning, {"text": "a"}]
    assert talk(*said, redacts=True)[1]["content"] == [{"text": "a"}]


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (None, None),
        ({"type": "auto"}, {"auto": {}}),
        ({"type": "any"}, {"any": {}}),
        ({"type": "tool", "name": "f"}, {"tool": {"name": "f"}}),
    ],
)
def test_tools_and_how_they_are_used(choice: Json | None, told: Json | None) -> None:
    config = sent(tools=[TOOL], **({"tool_choice": choice} if choice else {}))[0]["toolConfig"]
    spec = {"name": "f", "description": "Does.", "inputSchema": {"json": TOOL["input_schema"]}}
    assert config == {"tools": [{"toolSpec": spec}]} | ({"toolChoice": told} if told else {})


def test_an_endpoint_of_a_tier_asks_its_provider_for_it() -> None:
    assert sent(tier="flex", service_tier="flex")[0]["serviceTier"] == {"type": "flex"}
    assert "serviceTier" not in sent(service_tier="auto")[0]


@pytest.mark.parametrize("strict", [True, False])
def test_a_tool_is_strict_that_is_wanted_so(strict: bool) -> None:
    (tool,) = sent(tools=[{"name": "f", "input_schema": CLOSED, "strict": strict}])[0]["toolConfig"]["tools"]
    assert tool["toolSpec"].get("strict", False) is strict


def test_no_tools_are_sent_where_none_may_be_called_unless_the_history_has_calls() -> None:
    none = {"tools": [TOOL], "tool_choice": {"type": "none"}}
    assert "toolConfig" not in sent(**none)[0]
    called = (USER, model(use("t")), user(result("t")))
    assert "toolChoice" not in sent(*called, **none)[0]["toolConfig"]
    assert sent(*called)[0]["toolConfig"]["tools"][0]["toolSpec"]["name"] == "f"


def test_a_form_of_the_answer_is_asked_for() -> None:
    form = {"type": "json_schema", "schema": {"type": "object"}}
    config = sent(output_config={"format": form})[0]["outputConfig"]
    assert config["textFormat"]["structure"]["jsonSchema"]["schema"] == '{"type":"object"}'


def test_a_level_of_effort_goes_where_the_model_is_known_to_take_it() -> None:
    body, _ = sent(output_config={"effort": "high"}, accepts=Accepts(reasoning_style="effort"))
    assert body["outputConfig"] == {"effort": "high"}
    body, attempt = sent(output_config={"effort": "high"}, thinking={"type": "adaptive"})
    assert "outputConfig" not in body
    assert attempt.dropped_fields == ("output_config.effort", "thinking")


def test_members_of_other_apis_are_left_out_and_told() -> None:
    body, attempt = sent(top_k=5, container="c", metadata={"user_id": "u"})
    assert body.keys() == {"messages", "inferenceConfig"}
    assert attempt.dropped == {"top_k", "container"}
