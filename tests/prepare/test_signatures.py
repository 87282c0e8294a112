"""Thinking goes back to the family that signed it, and to no other."""

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from relay.dialects.signatures import SIGNER, Seal, opened, unsigned
from tests.prepare.shapes import HELLO, endpoint, request, send
from tests.prepare.strategies import requests, texts
from tests.reference import prompt as reference

SAID = {"type": "text", "text": "so"}


def thought(signature: str) -> dict[str, str]:
    return {"type": "thinking", "thinking": "hm", "signature": signature}


def sealed(signature: str, author: str = "lab") -> str:
    return Seal(author)(signature.encode()).decode()


def replayed(*blocks: dict[str, Any], author: str | None, **said: Any) -> list[Any]:
    """What of an assistant's blocks is sent to an endpoint of this author."""
    messages = [*HELLO, {"role": "assistant", "content": list(blocks)}, *HELLO]
    sent = send(request(messages=messages, **said), endpoint(author=author))
    return [message for message in sent.json["messages"] if message not in HELLO]


@given(signature=st.text(st.characters(exclude_categories=["Cs"])), author=st.text(min_size=1))
def test_a_seal_is_opened_by_its_author_alone(signature: str, author: str) -> None:
    import json

    inside = json.dumps(signature)[1:-1].encode()

    told = json.loads(b'"%b"' % Seal(author)(inside))

    assert told.startswith("relay1.")
    assert opened(told, author) == signature
    assert opened(told, author + "x") is None


@pytest.mark.parametrize("broken", ["genuine", "relay1.lab", "relay1.lab.0.x", sealed("x") + "y", sealed("x")[:-1]])
def test_what_is_no_seal_or_a_broken_one_is_not_opened(broken: str) -> None:
    assert opened(broken, "lab") is None


def test_what_no_string_can_hold_stays_as_it_is() -> None:
    assert Seal("lab")(b"\\ud800") == b"\\ud800"


def test_its_own_thinking_comes_back_as_it_was_signed() -> None:
    assert replayed(thought(sealed("a/b+c=")), SAID, author="lab") == [
        {"role": "assistant", "content": [thought("a/b+c="), SAID]}
    ]


@pytest.mark.parametrize("signature", [sealed("x", "other"), sealed("x") + "y", "genuine", "relay1.lab.00.x"])
def test_thinking_of_another_family_is_left_out(signature: str) -> None:
    assert replayed(thought(signature), SAID, author="lab") == [{"role": "assistant", "content": [SAID]}]


@pytest.mark.parametrize("signature", [sealed("x"), sealed(""), ""])
def test_the_signer_reads_only_what_may_be_its_own(signature: str) -> None:
    own, redacted = thought("genuine"), {"type": "redacted_thinking", "data": "d"}

    sent = replayed(own, redacted, thought(signature), SAID, author=SIGNER)

    assert sent == [{"role": "assistant", "content": [own, redacted, SAID]}]


def test_an_author_that_nobody_knows_reads_all_but_what_relay_sealed() -> None:
    blocks = [thought("genuine"), thought(""), {"type": "redacted_thinking", "data": "d"}]

    assert replayed(*blocks, thought(sealed("x")), author=None)[0]["content"] == blocks


def test_a_message_of_nothing_else_goes_with_its_thinking() -> None:
    assert replayed(thought("genuine"), {"type": "redacted_thinking", "data": "d"}, author="lab") == []


def test_what_was_not_signed_at_all_stays_with_a_family_that_does_not_sign() -> None:
    assert replayed(thought(""), author="lab")[0]["content"] == [thought("")]


@given(data=st.data(), body=requests())
def test_what_is_sent_is_what_the_reference_makes_of_it(data: st.DataObject, body: dict[str, Any]) -> None:
    content = data.draw(texts(body))
    expected = reference.without_thinking_of_others(body)

    sent = send(content, endpoint(author="lab"))

    if expected:
        assert sent.json == expected | {"model": "m"}


def test_the_answers_of_the_signer_pass_and_those_of_others_are_sealed() -> None:
    assert send(request(), endpoint(author=SIGNER)).attempt.seal is None
    assert send(request(), endpoint()).attempt.seal is None
    seal = send(request(), endpoint(author="lab")).attempt.seal
    assert seal is not None
    assert opened(seal(b"x").decode(), "lab") == "x"


@pytest.mark.parametrize("author", [None, "lab", SIGNER])
def test_thinking_that_nobody_signed_is_sent_to_no_endpoint_that_looks_at_signatures(author: str | None) -> None:
    assert replayed(thought(unsigned()), SAID, author=author) == [{"role": "assistant", "content": [SAID]}]


@pytest.mark.parametrize("author", [None, "lab"])
def test_thinking_that_nobody_signed_goes_back_where_a_provider_wants_it(author: str | None) -> None:
    call = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
    to = replace(endpoint(author=author, quirks=frozenset({"reasoning_content"})), dialect="chat")
    messages = [*HELLO, {"role": "assistant", "content": [thought(unsigned()), call]}]
    assert send(request(messages=messages), to).json["messages"][1]["reasoning_content"] == "hm"
