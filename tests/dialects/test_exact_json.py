"""Integers of any length, read and written; all else is what the fast way says of it."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.dialects.exact_json import decoded, encoded
from tests.redact.running import PROPERTY

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(min_value=-(10**300), max_value=10**300)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)  # fmt: skip


@PROPERTY
@given(value=VALUES)
def test_what_was_written_is_read_again(value: Any) -> None:
    assert decoded(encoded(value)) == value
    assert json.loads(encoded(value)) == value


@pytest.mark.parametrize(
    "text", [b"{", b'"\\ud83d"', b"[12345678901234567890", b'[12345678901234567890,"\\ud83d"]', b"[NaN]", b"1" * 400]
)
def test_what_is_no_json_is_refused_whatever_digits_it_has(text: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        decoded(text)


@pytest.mark.parametrize("value", [{1}, "\ud83d", [2**70, "\ud83d"], {"a": [2**70, {1}]}])
def test_what_can_not_be_written_is_refused(value: Any) -> None:
    with pytest.raises(orjson.JSONEncodeError):
        encoded(value)


def test_a_deep_text_with_long_numbers_is_still_read() -> None:
    depth = 1000
    assert decoded(b"[" * depth + b"12345678901234567890" + b"]" * depth) is not None
