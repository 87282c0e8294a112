"""An outline has the structure of its text, and of long strings their beginnings and all escapes."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relay._core import ProtocolError, members, outline
from relay.dialects.check import LONG, check
from relay.errors import CallerInvalid

TEXTS = st.lists(
    st.one_of(
        st.text(max_size=5),
        st.sampled_from(["a", "é", "語", "😀", " "]).flatmap(lambda each: st.integers(60, 300).map(each.__mul__)),
        st.just('\\"\n'),
    ),
    max_size=5,
).map("".join)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


# A run of more than 64 bytes is cut; the four digits of an escape count as the beginning of theirs.
UNCUT = 64 - 4


def same(whole: object, short: object) -> bool:
    """Tell whether `short` is what an outline may make of `whole`."""
    if isinstance(whole, str):
        return isinstance(short, str) and bool(whole) == bool(short) and (whole == short or len(whole.encode()) > UNCUT)
    if isinstance(whole, list):
        return isinstance(short, list) and len(whole) == len(short) and all(map(same, whole, short))
    if isinstance(whole, dict):
        kept = [key for key in whole if len(key.encode()) <= UNCUT]
        return isinstance(short, dict) and all(same(whole[key], short[key]) for key in kept)
    return whole == short


@example("\x07" + 61 * "a", False)
@given(VALUES, st.booleans())
def test_an_outline_has_the_structure_of_its_text(value: object, escapes: bool) -> None:
    text = json.dumps(value, ensure_ascii=escapes).encode("utf-8", "surrogatepass")
    short = outline(text, 0, len(text))
    assert same(json.loads(text), json.loads(short))
    assert re.findall(rb"\\(?:u....|.)", short) == re.findall(rb"\\(?:u....|.)", text)
    assert outline(short, 0, len(short)) is short


@pytest.mark.parametrize("sign", ["a", "é", "語", "😀"])
@pytest.mark.parametrize("shift", range(4))
def test_a_cut_does_not_split_a_character(sign: str, shift: int) -> None:
    text = json.dumps(shift * "b" + 100 * sign, ensure_ascii=False).encode()
    short = outline(text, 0, len(text))
    assert json.loads(text).startswith(json.loads(short))
    assert 29 <= len(short) - 2 <= 32


def test_what_lies_outside_stays() -> None:
    long = 100 * "x"
    text = json.dumps({"a": long, "b": long, "c": long}).encode()
    _, (_, _, _, start, end), _ = members(text)
    assert json.loads(outline(text, start, end)) == {"a": long, "b": 32 * "x", "c": long}


@pytest.mark.parametrize("text", [b'"' + 80 * b"a", b'"' + 80 * b"\xa0", b'"a\\', b'"', b""], ids=repr)
def test_what_is_no_json_does_no_harm(text: bytes) -> None:
    outline(text, 0, len(text))


def test_a_range_outside_is_refused() -> None:
    for start, stop in ((-1, 1), (1, 0), (0, 3)):
        with pytest.raises(ValueError, match="outside"):
            outline(b"{}", start, stop)


def verdict(content: bytes, is_outlined: bool) -> object:
    try:
        return check(content, members(content) if is_outlined else [])
    except (CallerInvalid, ProtocolError) as fault:
        return str(fault)


FAULTS = {
    "none": {},
    "half a surrogate pair": {"content": 5000 * "a" + "\ud83d" + 5000 * "b"},
    "halves apart": {"content": "\ud83d" + 5000 * "a" + "\ude00"},
    "a pair": {"content": 5000 * "a" + "\U0001f600" + 5000 * "b"},
    "a role": {"role": 5000 * "a"},
    "no content": {"content": None},
    "a number": {"content": 5},
    "no type": {"content": [{"text": 5000 * "a"}]},
    "a long type": {"content": [{"type": 5000 * "a"}]},
    "no text": {"content": [{"type": "text", "text": None}]},
    "blocks": {"content": [{"type": "text", "text": 5000 * "é"}]},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_check_of_long_messages_finds_what_it_finds_in_short_ones(fault: str) -> None:
    said = {"role": "user", "content": 5000 * "語"}
    content = json.dumps({"model": "m", "messages": [said, {**said, **FAULTS[fault]}]}).encode()
    assert len(content) > LONG
    assert verdict(content, is_outlined=True) == verdict(content, is_outlined=False)
