"""Line and decimal against the json module and decimal arithmetic."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Line, decimal, moment

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.integers(-3, 300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 9)),
)


@given(facts=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values, min_size=1))
def test_a_line_is_the_json_of_its_members_in_order(facts: dict[str, Any]) -> None:
    line = Line(tuple(facts))
    for _ in range(2):  # a line may be used again
        assert list(json.loads(line.write(tuple(facts.values()))).items()) == list(facts.items())


def test_bytes_are_json_already_and_text_is_not() -> None:
    assert (
        Line(("a", "b")).write((b'[1,{"x":null}]', '"\\\n\x7fé'))
        == b'{"a":[1,{"x":null}],"b":"\\"\\\\\\n\x7f\xc3\xa9"}'
    )


@pytest.mark.parametrize("values", [(), (1,), (1, 2, 3)])
def test_a_line_wants_a_value_for_each_name(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="one value for each name"):
        Line(("a", "b")).write(values)


@given(amount=st.integers(-(10**25), 10**25), places=st.integers(0, 18))
def test_a_decimal_is_exact(amount: int, places: int) -> None:
    text = decimal(amount, places).decode()
    assert Decimal(text) == Decimal(amount).scaleb(-places)
    json.loads(text)
    digits = text.removeprefix("-")
    assert text == text.strip() and (digits == "0" or not digits.startswith("0") or digits.startswith("0."))


@pytest.mark.parametrize(
    ("amount", "places", "text"),
    [(0, 9, b"0"), (1, 9, b"0.000000001"), (1_500_000_000, 9, b"1.500000000"), (3 * 10**9, 9, b"3"), (7, 0, b"7")],
)
def test_a_decimal_is_spelt_shortly_where_it_is_whole(amount: int, places: int, text: bytes) -> None:
    assert decimal(amount, places) == text


@given(
    facts=st.dictionaries(st.sampled_from("abcd"), st.integers(-(2**70), 2**70), min_size=1), places=st.integers(1, 18)
)
def test_numbers_of_members_with_places_are_written_with_them(facts: dict[str, int], places: int) -> None:
    line = Line(tuple(facts), {"a": places, "b": places}).write(tuple(facts.values()))

    read = json.loads(line, parse_float=Decimal)
    assert read == {name: Decimal(value).scaleb(-places if name in "ab" else 0) for name, value in facts.items()}


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_moment_is_what_the_standard_library_makes_of_it(time: datetime) -> None:
    ns = (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000

    assert json.loads(moment(ns + 999)) == time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
