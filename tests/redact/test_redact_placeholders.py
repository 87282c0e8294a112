"""Placeholders: their grammar, the numbers of a conversation, what comes back, and hashes."""

import base64
import hashlib
import hmac
import re

import hypothesis.strategies as st
import pytest
from hypothesis import given

from relay.redact.classes import Class
from relay.redact.placeholders import LITERAL, MAX_KEPT_BYTES, MAX_NUMBER, Hashes, Numbers, masked, numbered

GRAMMAR = re.compile(
    r"\[(EMAIL|PHONE|IP|UUID|TOKEN|CREDIT_CARD|IBAN|SSN|MAC|CUSTOM)(?:_(?:[1-9][0-9]{0,5}|h[a-z2-7]{12}))?\]"
)
KEY = b"0123456789abcdef"
VALUES = st.lists(st.tuples(st.sampled_from(Class), st.text(max_size=3)), max_size=30)


@pytest.mark.parametrize("cls", Class)
def test_every_placeholder_fits_the_grammar(cls: Class) -> None:
    written = [masked(cls), numbered(cls, 1), numbered(cls, MAX_NUMBER), Hashes(KEY, None).placeholder(cls, "x")]

    assert all(GRAMMAR.fullmatch(text) and LITERAL.fullmatch(text) and len(text) <= 28 for text in written)


def test_past_the_last_number_a_placeholder_has_none() -> None:
    assert numbered(Class.IP, MAX_NUMBER + 1) == "[IP]"


def test_numbers_count_by_class_in_the_order_of_appearance() -> None:
    numbers = Numbers()

    given_out = [numbers.number(Class.EMAIL, value) for value in ("b", "a", "b", "B")]

    assert given_out == [1, 2, 1, 3]
    assert numbers.number(Class.IP, "b") == 1


@given(values=VALUES)
def test_a_value_comes_back_and_different_values_have_different_numbers(values: list[tuple[Class, str]]) -> None:
    numbers = Numbers()

    given_out = [(cls, numbers.number(cls, value)) for cls, value in values]

    assert [numbers.original(*each) for each in given_out] == [value for _, value in values]
    assert len(set(given_out)) == len(set(values))


@given(earlier=VALUES, later=VALUES)
def test_a_longer_conversation_keeps_the_numbers_of_its_beginning(
    earlier: list[tuple[Class, str]], later: list[tuple[Class, str]]
) -> None:
    short, long = Numbers(), Numbers()

    first = [short.number(*each) for each in earlier]

    assert [long.number(*each) for each in (*earlier, *later)][: len(first)] == first


def test_a_literals_number_is_not_given_out_from_its_place_on() -> None:
    numbers = Numbers()
    numbers.number(Class.EMAIL, "a")

    numbers.reserve_in("see [EMAIL_1], [EMAIL_2] and [EMAIL_4], [EMAIL], [EMAIL_05], [IP_habcdefghijkl]")

    assert numbers.number(Class.EMAIL, "a") == 1
    assert [numbers.number(Class.EMAIL, value) for value in ("b", "c")] == [3, 5]
    assert numbers.number(Class.IP, "d") == 1
    assert numbers.original(Class.EMAIL, 2) is None
    assert numbers.original(Class.EMAIL, 3) == "b"


def test_16_kib_come_back_and_one_byte_more_does_not() -> None:
    numbers = Numbers()
    kept, lost = "é" * (MAX_KEPT_BYTES // 2), "é" * (MAX_KEPT_BYTES // 2) + "x"

    assert numbers.original(Class.TOKEN, numbers.number(Class.TOKEN, kept)) == kept
    assert numbers.original(Class.TOKEN, numbers.number(Class.TOKEN, lost)) is None
    assert numbers.number(Class.TOKEN, lost) == 2
    assert numbers.number(Class.TOKEN, lost + "y") == 3


def test_a_value_whose_end_nobody_waits_for_has_a_number_of_its_own() -> None:
    numbers = Numbers()

    assert [numbers.fresh(Class.TOKEN), numbers.fresh(Class.TOKEN), numbers.number(Class.TOKEN, "a")] == [1, 2, 3]
    assert numbers.original(Class.TOKEN, 1) is None


def test_nothing_comes_back_after_the_end() -> None:
    numbers = Numbers()
    numbers.number(Class.EMAIL, "a")

    numbers.clear()

    assert numbers.original(Class.EMAIL, 1) is None


def test_a_hash_is_the_hmac_of_class_session_and_normal_form() -> None:
    digest = hmac.new(KEY, b"email\x1fs\x1fBob@x.org", hashlib.sha256).digest()
    code = base64.b32encode(digest).decode().lower()[:12]

    assert Hashes(KEY, "s").placeholder(Class.EMAIL, "Bob@X.ORG") == f"[EMAIL_h{code}]"


@pytest.mark.parametrize(
    ("cls", "one", "other"),
    [
        (Class.EMAIL, "bob@X.org", "ｂob@x.ORG"),
        (Class.EMAIL, "bob%40X.org", "bob%40x.org"),
        (Class.PHONE, "+1 (415) 555-2671", "+1 415.555.2671"),
        (Class.CREDIT_CARD, "4111 1111 1111 1111", "4111‑1111‑1111‑1111"),
        (Class.SSN, "144-11-0730", "144110730"),
        (Class.IBAN, "DE89 3704 0044", "de8937040044"),
        (Class.IP, "2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        (Class.IP, "::ffff:10.0.0.1", "::FFFF:a00:1"),
        (Class.UUID, "ABCDEF00-0000-4000-8000-000000000001", "abcdef00-0000-4000-8000-000000000001"),
        (Class.MAC, "AA-BB-CC-DD-EE-FF", "aabb.ccdd.eeff"),
    ],
)
def test_spellings_of_one_value_share_a_hash(cls: Class, one: str, other: str) -> None:
    hashes = Hashes(KEY, None)

    assert hashes.placeholder(cls, one) == hashes.placeholder(cls, other)


def test_a_hash_depends_on_key_session_class_and_case() -> None:
    hashes = Hashes(KEY, None)
    base = hashes.placeholder(Class.TOKEN, "a")

    assert base == Hashes(KEY, None).placeholder(Class.TOKEN, "a")
    assert base != Hashes(KEY[::-1], None).placeholder(Class.TOKEN, "a")
    assert base != Hashes(KEY, "s").placeholder(Class.TOKEN, "a")
    assert base != hashes.placeholder(Class.TOKEN, "A")
    assert base[6:] != hashes.placeholder(Class.CUSTOM, "a")[7:]


def test_an_address_that_is_none_is_hashed_as_it_is() -> None:
    assert Hashes(KEY, None).placeholder(Class.IP, "no address").startswith("[IP_h")


def test_half_of_a_surrogate_pair_is_a_value_too() -> None:
    numbers = Numbers()

    assert numbers.original(Class.CUSTOM, numbers.number(Class.CUSTOM, "\ud83d")) == "\ud83d"
    assert Hashes(KEY, "\ud83d").placeholder(Class.CUSTOM, "\ud83d")


def test_rewinding_takes_back_what_came_behind_the_mark() -> None:
    numbers = Numbers()
    numbers.number(Class.EMAIL, "a@x.org")
    numbers.reserve(Class.EMAIL, 3)
    numbers.mark()
    for _ in range(2):
        assert [numbers.number(Class.EMAIL, value) for value in ("b@x.org", "a@x.org", "c@x.org")] == [2, 1, 4]
        numbers.reserve(Class.EMAIL, 5)
        assert numbers.fresh(Class.EMAIL) == 6
        numbers.rewind()

    assert numbers.original(Class.EMAIL, 1) == "a@x.org"
    assert numbers.original(Class.EMAIL, 2) is None


def test_rewinding_to_an_unused_beginning_forgets_all() -> None:
    numbers = Numbers()
    numbers.mark()
    numbers.number(Class.IP, "8.8.8.8")
    numbers.reserve(Class.IP, 2)
    numbers.rewind()

    assert [numbers.number(Class.IP, value) for value in ("1.1.1.1", "9.9.9.9")] == [1, 2]
    assert numbers.original(Class.IP, 1) == "1.1.1.1"
