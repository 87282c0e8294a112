"""Where the parts of arrays and objects lie, held against a decoder that knows nothing of bytes."""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from relay._core import ProtocolError, contains, fields, items

VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)
NO_OBJECTS = (b"[]", b"{1:2}", b'{"a" 2}', b'{"a":}', b'{"a":1 "b":2}', b'{"a":1', b'{"a"', b'{"a":1,}', b"{")
WRITTEN = st.tuples(st.sampled_from([None, 0, 1]), st.booleans())


def written(value: Any, how: tuple[int | None, bool]) -> bytes:
    return json.dumps(value, indent=how[0], ensure_ascii=how[1]).encode("utf-8", "surrogatepass")


@given(value=st.lists(VALUES, max_size=4), how=WRITTEN, before=st.sampled_from([b"", b"[", b"  x "]))
def test_items_are_those_of_the_array(value: list[Any], how: tuple[int | None, bool], before: bytes) -> None:
    text = written(value, how)

    found = items(before + text + b"]", len(before), len(before) + len(text))

    assert [json.loads((before + text)[start:end]) for start, end in found] == value


@given(value=st.dictionaries(st.text(max_size=4), VALUES, max_size=4), how=WRITTEN)
def test_fields_are_those_of_the_object(value: dict[str, Any], how: tuple[int | None, bool]) -> None:
    text = written(value, how)

    found = fields(text, 0, len(text))

    clean = {json.loads(text[key:start].rstrip(b" \n:")): json.loads(text[start:end]) for _, key, start, end in found}
    assert clean == value
    assert [name for name, *_ in found] == [key.encode("utf-16", "replace").decode("utf-16") for key in value]


def test_duplicates_are_all_given() -> None:
    assert fields(b'{"a":1,"\\u0061":2}', 0, 18) == [("a", 1, 5, 6), ("a", 7, 16, 17)]


@pytest.mark.parametrize("text", [b"{}", b"7", b"[1 2]", b"[1,", b"[,]", b"[1,]", b"[1,x]", b'["', b"["])
def test_what_is_no_array_is_refused(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        items(text, 0, len(text))


@pytest.mark.parametrize(
    "text", [b"[]", b"{1:2}", b'{"a" 2}', b'{"a":}', b'{"a":1 "b":2}', b'{"a":1', b'{"a"', b'{"a":1,}', b"{"]
)
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        fields(text, 0, len(text))


@given(data=st.binary(max_size=40), needle=st.binary(max_size=3))
def test_a_needle_is_found_where_it_is(data: bytes, needle: bytes) -> None:
    assert contains(data, needle) == (needle in data)


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (0, 3), (2, 2), (1, 0)])
def test_a_place_outside_of_the_text_is_a_mistake_of_the_caller(start: int, stop: int) -> None:
    for find in (items, fields):
        with pytest.raises(ValueError, match="lie outside"):
            find(b"[]", start, stop)
