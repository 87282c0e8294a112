"""Betas, strict tools, stop sequences, options: each endpoint gets what it takes."""

from dataclasses import replace
from typing import Any

from tests.dialects.requests import CLOSED
from tests.prepare.shapes import endpoint, request, send

STRICT_BETA = "structured-outputs-2025-11-13"
SCHEMA = {"type": "object", "properties": {"strict": {"type": "boolean"}}}
TOOLS: list[dict[str, Any]] = [
    {"name": "f", "strict": True, "input_schema": SCHEMA},
    {"name": "g", "input_schema": SCHEMA, "description": '"strict"'},
    {"name": "h", "input_schema": SCHEMA, "strict": None},
]


def test_only_betas_on_the_list_are_sent() -> None:
    listed = endpoint(betas=frozenset({b"a-1", b"c-1"}))

    assert send(request(), listed, betas="a-1,b-1,c-1").betas == ["a-1", "c-1"]
    assert send(request(), listed, betas="b-1").betas == []
    assert send(request(), endpoint(betas=frozenset()), betas="a-1").betas == []
    assert send(request(), endpoint(), betas="a-1,b-1").betas == ["a-1", "b-1"]


def test_a_beta_that_is_not_listed_is_not_added_either() -> None:
    edits = {"edits": [{"type": "compact_20260112"}]}
    native = endpoint(betas=frozenset({b"context-management-2025-06-27"}), context_management="native")

    assert send(request(context_management=edits), native).betas == []


def test_strict_tools_need_their_beta() -> None:
    content = request(tools=TOOLS)

    assert send(content, endpoint(), betas=STRICT_BETA).content == content.replace(b'"a/m"', b'"m"')
    loose = send(content, endpoint()).json["tools"]
    assert loose == [{key: value for key, value in tool.items() if key != "strict"} for tool in TOOLS]
    unlisted = send(content, endpoint(betas=frozenset({b"x"})), betas=STRICT_BETA)
    assert unlisted.json["tools"] == loose


def test_other_dialects_are_asked_for_strict_tools_in_their_own_words() -> None:
    content = request(tools=[{"name": "f", "strict": True, "input_schema": CLOSED}])

    chat = send(content, replace(endpoint(), dialect="chat")).json
    assert chat["tools"][0]["function"]["strict"] is True
    claude = send(content, replace(endpoint(author="anthropic"), dialect="bedrock")).json
    assert "strict" not in claude["tools"][0]


def test_tools_without_strict_pass_byte_for_byte() -> None:
    content = request(tools=[TOOLS[1]])

    assert send(content, endpoint()).content == content.replace(b'"a/m"', b'"m"')


def test_the_first_stop_sequences_are_sent_and_the_others_noted() -> None:
    sent = send(request(stop_sequences=["a", "b", "c", "d"]), endpoint(max_stop_sequences=2))

    assert sent.json["stop_sequences"] == ["a", "b"]
    assert sent.attempt.dropped_fields == ("stop_sequences.2", "stop_sequences.3")
    few = send(request(stop_sequences=["a", "b"]), endpoint(max_stop_sequences=2))
    assert (few.json["stop_sequences"], few.attempt.dropped_fields) == (["a", "b"], ())


def test_options_are_added_or_beat_what_the_request_says_itself() -> None:
    options = (("top_n", b"3"), ("seed", b"1.50"))

    sent = send(request(seed=7), endpoint(), options=options)

    assert sent.content == b'{"model":"m",' + request(seed=7)[15:].replace(b":7", b":1.50")[:-1] + b',"top_n":3}'
    counted = send(request(), endpoint(), operation="count_tokens", options=options)
    assert counted.json.keys() == {"model", "messages"}


def test_a_member_that_is_dropped_is_not_looked_at() -> None:
    sent = send(request(tools=TOOLS), endpoint(), dropped=frozenset({"tools"}))

    assert "tools" not in sent.json
