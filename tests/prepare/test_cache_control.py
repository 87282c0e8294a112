"""Marks of what is to be cached: forwarded, removed or moved, and nothing else is touched."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from relay.errors import CallerInvalid
from tests.prepare.shapes import HELLO, MARK, endpoint, request, send
from tests.prepare.strategies import requests, texts
from tests.reference import prompt as reference

HOUR = {"type": "ephemeral", "ttl": "1h"}
SCHEMA = {"type": "object", "properties": {"cache_control": {"type": "string"}}}
MARKED: dict[str, Any] = {
    "tools": [{"name": "f", "input_schema": SCHEMA, "cache_control": MARK}],
    "system": [{"type": "text", "text": "s", "cache_control": HOUR}],
    "messages": [
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "u", "name": "f", "input": {"cache_control": {"type": "mine"}}}],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "u",
                    "content": [{"type": "text", "text": "r", "cache_control": MARK}],
                }
            ],
        },
    ],
}


@given(data=st.data(), body=requests(), mode=st.sampled_from(["explicit", "explicit+automatic", "implicit", "none"]))
def test_what_is_sent_is_what_the_reference_makes_of_it(data: st.DataObject, body: dict[str, Any], mode: str) -> None:
    content = data.draw(texts(body))
    if reference.marks(body) > 4 and mode.startswith("explicit"):
        with pytest.raises(CallerInvalid, match="cache_control: at most 4"):
            send(content, endpoint(caching=mode))
        return

    sent = send(content, endpoint(caching=mode))

    expected = reference.cached(body, mode)
    assert sent.json == expected | {"model": "m"}
    assert reference.marks(sent.json) <= 4
    for key in ("system", "tools", "messages"):
        raw = _raw(content, key)
        if expected.get(key) == body.get(key) and raw:
            assert raw in sent.content


def _raw(content: bytes, key: str) -> bytes:
    from relay._core import members

    return next((content[start:end] for name, _, _, start, end in members(content) if name == key), b"")


@pytest.mark.parametrize("mode", ["implicit", "none"])
def test_every_mark_goes_where_none_is_read_and_what_only_looks_like_one_stays(mode: str) -> None:
    sent = send(request(**MARKED, cache_control=MARK), endpoint(caching=mode))

    assert sent.json["messages"][0] == MARKED["messages"][0]
    assert sent.json["tools"] == [{"name": "f", "input_schema": SCHEMA}]
    assert sent.json["messages"][1]["content"][0]["content"] == [{"type": "text", "text": "r"}]
    assert "cache_control" not in sent.json


@pytest.mark.parametrize("mode", ["explicit", "explicit+automatic", None])
def test_marks_of_blocks_pass_byte_for_byte(mode: str | None) -> None:
    content = request(**MARKED).replace(b'"cache_control"', b'"cache_control" ')

    sent = send(content, endpoint(caching=mode))

    assert sent.content == content.replace(b'"a/m"', b'"m"')


def test_a_mark_of_the_whole_is_forwarded_where_the_endpoint_places_it_itself() -> None:
    content = request(cache_control=HOUR)

    assert send(content, endpoint(caching="explicit+automatic")).content == content.replace(b'"a/m"', b'"m"')


def test_a_mark_of_the_whole_goes_to_the_last_block_with_its_ttl() -> None:
    blocks = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, {"type": "text", "text": ""}]
    said = [*HELLO, {"role": "user", "content": blocks}]

    sent = send(request(messages=said, cache_control=HOUR), endpoint(caching="explicit"))

    assert "cache_control" not in sent.json
    assert [block.get("cache_control") for block in sent.json["messages"][1]["content"]] == [None, HOUR, None]
    assert b'{"role":"user","content":"hello"}' in sent.content


def test_a_string_becomes_a_block_only_where_the_mark_goes() -> None:
    said = [*HELLO, {"role": "user", "content": "é \\u00e9"}]

    sent = send(request(messages=said, cache_control=MARK), endpoint(caching="explicit"))

    assert sent.json["messages"] == [
        *HELLO,
        {"role": "user", "content": [{"type": "text", "text": "é \\u00e9", "cache_control": MARK}]},
    ]


def test_thinking_can_not_be_marked() -> None:
    thought = {"type": "thinking", "thinking": "t", "signature": "s"}
    said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": [thought]}]

    sent = send(request(messages=said, cache_control=MARK), endpoint(caching="explicit"))

    assert sent.json["messages"][0]["content"][0]["cache_control"] == MARK
    assert sent.json["messages"][1] == said[1]


def test_no_fifth_mark_is_set() -> None:
    blocks = [{"type": "text", "text": str(at), "cache_control": MARK} for at in range(4)]
    said = [{"role": "user", "content": blocks}, *HELLO]

    sent = send(request(messages=said, cache_control=MARK), endpoint(caching="explicit"))

    assert sent.json["messages"] == said
    assert "cache_control" not in sent.json


def test_a_fifth_mark_is_refused_by_its_place_only_where_marks_are_read() -> None:
    blocks = [{"type": "text", "text": str(at), "cache_control": MARK} for at in range(5)]
    content = request(messages=[{"role": "user", "content": blocks}])

    with pytest.raises(CallerInvalid, match=r"^messages\.0\.content\.4\.cache_control: at most 4"):
        send(content, endpoint(caching="explicit"))
    assert send(content, endpoint(caching="implicit")).json["messages"][0]["content"][4] == {
        "type": "text",
        "text": "4",
    }
    assert send(content, endpoint()).content == content.replace(b'"a/m"', b'"m"')


def test_redacted_values_are_what_is_marked() -> None:
    content = request(cache_control=MARK, messages=[{"role": "user", "content": "bob@example.org"}])
    redacted = {"messages": b'[{"role":"user","content":"[EMAIL]"}]'}

    sent = send(content, endpoint(caching="explicit"), redacted=redacted)

    assert sent.json["messages"][0]["content"] == [{"type": "text", "text": "[EMAIL]", "cache_control": MARK}]
    assert b"bob" not in sent.content
