"""The redaction oracle's validators against independent ones, and a random token of each family."""

import ipaddress
import random
import string
from re import _parser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.redaction import find
from tests.reference.redaction.families import entropy
from tests.reference.redaction.network import is_v6
from tests.reference.redaction.numbers import is_iban, luhn
from tests.reference.redaction.tables import FAMILIES, IBAN_LENGTHS

DIGITS = st.text(string.digits, min_size=1, max_size=24)


@given(DIGITS)
def test_luhn_agrees_with_a_table_of_doubles(digits):
    doubled = dict(zip(string.digits, (0, 2, 4, 6, 8, 1, 3, 5, 7, 9), strict=True))
    odd = sum(map(int, digits[-1::-2]))
    assert luhn(digits) == ((odd + sum(doubled[digit] for digit in digits[-2::-2])) % 10 == 0)


@given(st.sampled_from(sorted(IBAN_LENGTHS)), st.text(string.digits + string.ascii_uppercase, min_size=29, max_size=29))
def test_iban_agrees_with_check_digits_made_digit_by_digit(country, letters):
    body = letters[: IBAN_LENGTHS[country] - 4]
    rest = 0
    for character in f"{body}{country}00":
        worth = string.digits.find(character)
        worth = worth if worth >= 0 else 10 + string.ascii_uppercase.index(character)
        rest = (rest * (100 if worth > 9 else 10) + worth) % 97
    check = 98 - rest
    assert is_iban(f"{country}{check:02}{body}")
    assert not is_iban(f"{country}{check % 97 + 2:02}{body}")


@given(st.ip_addresses(v=6))
def test_a_whole_v6_address_counts_as_the_library_says(address):
    written = address.exploded
    assert is_v6(written) == (address not in map(ipaddress.IPv6Address, ("::", "::1")))


@given(st.lists(st.integers(0, 300).map(str), min_size=4, max_size=4))
def test_a_v4_address_counts_as_the_library_says(octets):
    written = ".".join(octets)
    try:
        expected = ipaddress.IPv4Address(written).packed[0] not in (0, 127, 255)
    except ValueError:
        expected = False
    assert ([match.end - match.start for match in find(written, ["ip"])] == [len(written)]) == expected


def test_entropy_is_bits_a_character():
    assert (entropy("aaaa"), entropy("abab"), entropy("abcd")) == (0, 1, 2)


def written(regex: str, dice: random.Random) -> str:
    """A random string that a family's regex matches, as short as can be; what it looks behind at comes first."""
    return "".join(_written(node, dice) for node in _parser.parse(regex))


def _written(node, dice: random.Random) -> str:
    kind, inside = str(node[0]), node[1]
    if kind == "LITERAL":
        return chr(inside)
    if kind == "IN":
        return dice.choice([character for item in inside for character in _members(item)])
    if kind == "BRANCH":
        return "".join(_written(each, dice) for each in dice.choice(inside[1]))
    if kind == "MAX_REPEAT":
        return "".join(_written(each, dice) for _ in range(inside[0]) for each in inside[2])
    assert kind in {"SUBPATTERN", "ASSERT"}
    return "".join(_written(each, dice) for each in inside[-1])


def _members(item) -> list[str]:
    first, last = item[1] if str(item[0]) == "RANGE" else (item[1], item[1])
    return [chr(code) for code in range(first, last + 1)]


@pytest.mark.parametrize("family", [each for each in FAMILIES if each.min_bits], ids=lambda family: family.name)
def test_a_random_token_of_each_family_is_found_whole(family):
    dice = random.Random(family.name)
    for sample in [written(family.regex, dice) for _ in range(20)]:
        secret = sample.split("AccountKey=")[-1].split("?sig=")[-1].split("&sig=")[-1]
        # Entropy and the extra tests of 6.1 turn a few samples away.
        text = f"see {sample} there"
        found = find(text, ["token"])
        if found:
            assert secret in text[found[0].start : found[0].end]
            return
    pytest.fail(f"no sample of {family.name} is found")
