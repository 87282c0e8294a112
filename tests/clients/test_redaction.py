"""Redaction as the official clients see it, end to end against the embedded provider, streamed and whole.

What a client accumulates is the redaction of the whole answer; the provider never sees an original; what it says of a
placeholder comes back as the original; and a longer conversation keeps the bytes of its redacted beginning.
"""

import base64
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

import relay
from relay._core import members
from tests.clients.compare import Json
from tests.clients.conftest import Client

CLASSES = ("email", "phone", "ip", "uuid", "token", "credit_card", "iban", "ssn", "mac")
EMAIL, PHONE, CARD, IBAN = "jane.doe@example.org", "+49 30 901820", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"
TOKEN = "ghp_aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC1234"  # planted
PHRASE = 'Project "Näch\\t😀jar"'
VALUES = (EMAIL, PHONE, CARD, CARD.replace(" ", ""), IBAN, PHRASE)
PROMPT = f"I am {EMAIL}, {PHONE}.\nPay {CARD} or {CARD.replace(' ', '')} to {IBAN} for {PHRASE}, {EMAIL}."
HIDDEN = "I am [EMAIL_1], [PHONE_1].\nPay [CREDIT_CARD_1] or [CREDIT_CARD_2] to [IBAN_1] for [CUSTOM_1], [EMAIL_1]."

AGENT = "agent@delay=0"
SCHEMA: Json = {"type": "object", "properties": {"to": {"type": "string", "description": f"such as {EMAIL}"}}}
TOOLS: Json = {
    "tools": [
        {"name": "refund", "description": f"asks {EMAIL} of the desk", "input_schema": SCHEMA},
        {"name": "tell", "input_schema": {"type": "object", "properties": {}}},
    ]
}
PARAMS: Json = {"max_tokens": 2000, "system": f"Answer for {PHRASE}. The desk is {PHONE}."} | TOOLS

NOTHING_PRIVATE: Json = {
    "tools": [{"name": name, "input_schema": {"type": "object", "properties": {}}} for name in ("refund", "tell")],
    "messages": [{"role": "user", "content": "Go on."}],
}
"""A prompt that is the same redacted, so that the provider answers it with the same bytes."""

WHOLE_AND_STREAMED = pytest.mark.parametrize("kind", ["create", "stream"])
MODES = pytest.mark.parametrize("mode", ["mask", "placeholder"])
MEMBERS = ("tools", "system", "messages")


def redacting(**more: Any) -> Json:
    """The member of a request that turns all classes on; SDKs have no type for it."""
    return {"extra_body": {"gateway": {"redact": dict.fromkeys(CLASSES, True) | {"custom": [PHRASE]} | more}}}


def received(client: Client) -> bytes:
    """The bytes of the last request at the provider."""
    return base64.b64decode(client.provider.seen()["body_base64"])


def of_prompt(content: bytes) -> dict[str, bytes]:
    """The bytes of the members that are the prompt."""
    return {name: content[start:end] for name, _, _, start, end in members(content, 64) if name in MEMBERS}


def held(content: bytes, *values: str) -> list[str]:
    """Which of these values a JSON text holds in its strings and keys, however it writes them."""
    said = list(strings(json.loads(content)))
    return [value for value in values if any(value in each for each in said)]


def strings(value: Any) -> Iterator[str]:
    """All strings and keys of a decoded value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, dict):
        yield from strings([*value, *value.values()])


def texts_of(blocks: list[Json]) -> str:
    return "".join(block["text"] for block in blocks if block["type"] == "text")


def inputs_of(blocks: list[Json]) -> list[Json]:
    return [block["input"] for block in blocks if block["type"] == "tool_use"]


def answered(turns: list[Json], text: str) -> list[Json]:
    """What a user says to the last turn: a result for each of its calls, then words."""
    called = [block["id"] for block in turns[-1]["content"] if block["type"] == "tool_use"] if turns else []
    results = [{"type": "tool_result", "tool_use_id": id, "content": [{"type": "text", "text": text}]} for id in called]
    return [*results, {"type": "text", "text": text}]


@WHOLE_AND_STREAMED
def test_an_accumulated_answer_is_the_redaction_of_the_whole(client: Client, kind: str) -> None:
    direct = client.direct(kind, AGENT, **NOTHING_PRIVATE)["message"]["content"]

    through = client.through(kind, AGENT, **NOTHING_PRIVATE, **redacting())["message"]["content"]

    names = ("id", "name", "type", "thinking", "signature")
    assert [[block.get(name) for name in names] for block in through] == [
        [block.get(name) for name in names] for block in direct
    ]
    assert [block["type"] for block in through] == ["thinking", "text", "tool_use", "tool_use"]
    assert texts_of(through) == relay.redact(texts_of(direct), CLASSES) == "I'll write to [EMAIL] once it is paid."
    assert inputs_of(through) == [
        {"card": "[CREDIT_CARD]", "iban": "[IBAN]", "note": "line\nmail [EMAIL] 😀", "amount": 12.5},
        {"to": ["[EMAIL]", "[EMAIL]"], "paid": {"card": "[CREDIT_CARD]"}, "iban": "[IBAN]"},
    ]


@WHOLE_AND_STREAMED
def test_values_that_the_model_makes_up_are_numbered_through_text_and_tools_alike(client: Client, kind: str) -> None:
    prompt = [{"role": "user", "content": f"I am {EMAIL}"}]

    through = client.through(kind, AGENT, **TOOLS, messages=prompt, **redacting(mode="placeholder"))["message"]

    assert texts_of(through["content"]) == "I'll write to [EMAIL_2] once it is paid."
    assert inputs_of(through["content"]) == [
        {"card": "[CREDIT_CARD_1]", "iban": "[IBAN_1]", "note": "line\nmail [EMAIL_2] 😀", "amount": 12.5},
        {"to": ["[EMAIL_2]", "[EMAIL_3]"], "paid": {"card": "[CREDIT_CARD_2]"}, "iban": "[IBAN_2]"},
    ]


@MODES
def test_every_event_of_thinking_is_the_providers(client: Client, mode: str) -> None:
    """The thought holds an address and a card: whoever signed it has to get it back as it was."""
    model = "agent@delay=0,signature=40000"

    direct = client.direct("events", model, **NOTHING_PRIVATE)["events"]
    through = client.through("events", model, **NOTHING_PRIVATE, **redacting(mode=mode))["events"]

    signed = [event for event in through if event.get("index") == 0]
    assert signed == [event for event in direct if event.get("index") == 0]
    assert len(signed[-2]["delta"]["signature"]) == 40_000
    assert "sam.lee@example.net" in "".join(event["delta"].get("thinking", "") for event in signed[1:-1])


def test_the_providers_deltas_cut_the_address_into_five(client: Client) -> None:
    """What the tests above take for granted."""
    events = client.direct("events", AGENT)["events"]
    deltas = [event["delta"].get("text") for event in events if event["type"] == "content_block_delta"]

    at = deltas.index("sam.l")
    assert deltas[at : at + 5] == ["sam.l", "ee@ex", "ample", ".ne", "t"]


@pytest.mark.parametrize("kind", ["create", "stream", "count"])
@MODES
def test_the_provider_never_sees_an_original(client: Client, kind: str, mode: str) -> None:
    called = {"type": "tool_use", "id": "toolu_1", "name": "refund", "input": {"to": EMAIL, "card": 4111111111111111}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": f"paid {IBAN}"}]}
    messages = [
        {"role": "user", "content": PROMPT},
        {"role": "assistant", "content": [{"type": "text", "text": PROMPT}, called]},
        {"role": "user", "content": [result, {"type": "text", "text": f"key {TOKEN}"}]},
    ]
    asked = PARAMS | {"messages": messages, "metadata": {"user_id": EMAIL}}
    if kind == "count":
        asked = {name: value for name, value in asked.items() if name not in ("max_tokens", "metadata")}

    outcome = client.through(kind, AGENT, **asked, **redacting(mode=mode))

    content = received(client)
    assert "failure" not in outcome
    assert held(content, *VALUES, TOKEN, "jane", "Näch") == []
    assert b"gateway" not in content
    assert b"4111" not in content


@WHOLE_AND_STREAMED
def test_placeholders_come_back_as_the_originals_in_text_and_in_tool_input(client: Client, kind: str) -> None:
    asked = TOOLS | {"messages": [{"role": "user", "content": PROMPT}]}

    through = client.through(kind, "echo@delay=0,calls=2", **asked, **redacting(mode="placeholder"))["message"]

    assert json.loads(of_prompt(received(client))["messages"])[0]["content"] == HIDDEN
    assert texts_of(through["content"]) == PROMPT
    assert inputs_of(through["content"]) == [{"text": PROMPT}, {"text": PROMPT}]


@WHOLE_AND_STREAMED
def test_a_token_comes_back_into_tool_input_and_only_where_it_is_asked_for_into_text(client: Client, kind: str) -> None:
    asked = TOOLS | {"messages": [{"role": "user", "content": f"my key: {TOKEN}"}]}
    wanted = {"mode": "placeholder", "restore_in": ["text", "tool_input", "token_text"]}

    plain = client.through(kind, "echo@delay=0,calls=1", **asked, **redacting(mode="placeholder"))["message"]["content"]
    named = client.through(kind, "echo@delay=0,calls=1", **asked, **redacting(**wanted))["message"]["content"]

    assert (texts_of(plain), inputs_of(plain)) == ("my key: [TOKEN_1]", [{"text": f"my key: {TOKEN}"}])
    assert (texts_of(named), inputs_of(named)) == (f"my key: {TOKEN}", [{"text": f"my key: {TOKEN}"}])


@WHOLE_AND_STREAMED
@MODES
def test_the_next_turns_redacted_prompt_begins_with_the_same_bytes(client: Client, kind: str, mode: str) -> None:
    """Five turns as an agent has them; what the client keeps of each answer is what it sends back."""
    turns: list[Json] = []
    prompts = []
    asked = PARAMS | redacting(mode=mode)
    for model, text in (
        (AGENT, PROMPT),
        (AGENT, f"Found new.one@example.org at 203.0.113.7 for {EMAIL}"),
        ("echo@delay=0,calls=2", f"Is {IBAN} or other@example.org right?"),
        ("tools@delay=0", f"{CARD} went to other@example.org"),
        ("thinking@delay=0", PROMPT),
    ):
        turns.append({"role": "user", "content": answered(turns, text)})
        answer = client.through(kind, model, **asked, messages=turns)["message"]
        turns.append({"role": "assistant", "content": answer["content"]})
        prompts.append(of_prompt(received(client)))

    for before, after in pairwise(prompts):
        assert after["tools"] == before["tools"]
        assert after["system"] == before["system"]
        assert after["messages"].startswith(before["messages"].removesuffix(b"]") + b",")
    assert held(prompts[-1]["messages"], *VALUES, "example.org") == []
    assert json.loads(prompts[-1]["messages"])[1]["content"][0] == turns[1]["content"][0]  # the signed thought


@WHOLE_AND_STREAMED
def test_what_goes_back_to_the_provider_is_what_it_said(client: Client, kind: str) -> None:
    first = [{"role": "user", "content": PROMPT}]
    asked = PARAMS | redacting(mode="placeholder")

    answer = client.through(kind, "echo@delay=0,calls=2", **asked, messages=first)["message"]["content"]
    then = answered([{"content": answer}], "thanks")
    turns = [*first, {"role": "assistant", "content": answer}, {"role": "user", "content": then}]
    client.through(kind, "chat@delay=0", **asked, messages=turns)

    blocks = json.loads(of_prompt(received(client))["messages"])[1]["content"]
    assert (texts_of(blocks), inputs_of(blocks)) == (HIDDEN, [{"text": HIDDEN}, {"text": HIDDEN}])


def test_what_a_class_blocks_is_the_sdks_exception_and_its_value_is_nowhere(client: Client) -> None:
    blocking = {"extra_body": {"gateway": {"redact": {"credit_card": True, "mode": "block"}}}}

    asked = client.through("create", "chat", messages=[{"role": "user", "content": CARD}], **blocking)
    whole = client.through("create", AGENT, **NOTHING_PRIVATE, **blocking)
    streamed = client.through("events", AGENT, **NOTHING_PRIVATE, **blocking)

    for outcome in (asked, whole, streamed):
        assert outcome["failure"]["body"]["error"]["type"] == "permission_error"
        assert outcome["failure"]["body"]["error"]["message"].endswith("holds credit_card")
        assert "5555" not in json.dumps([event for event in outcome["events"] if event.get("index") != 0])
    assert (asked["failure"]["class"], asked["failure"]["status"]) == ("PermissionDeniedError", 403)
    assert (whole["failure"]["class"], whole["failure"]["status"]) == ("PermissionDeniedError", 403)
    assert [event["type"] for event in streamed["events"]].count("content_block_stop") == 3
