"""Whole texts against validators that others wrote: random and changed values of each (R18)."""

import ipaddress
import re
import string
from itertools import product
from random import Random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat
from stdnum import iban, luhn, numdb
from stdnum.iso7064 import mod_97_10
from stdnum.us import ssn

from relay._core import Channel
from tests.redact.running import ruleset, run

COUNT = 10_000
LETTERS = string.ascii_uppercase
ALPHABETS = {"n": string.digits, "a": LETTERS, "c": LETTERS + string.digits}
STRUCTURES = {
    country: facts[0][1]["bban"]
    for country in map("".join, product(LETTERS, LETTERS))
    if (facts := numdb.get("iban").info(country))[0][1]
}
"""Country → structure of its account numbers, such as `4!n18!c`, as the SWIFT registry has it."""

SAMPLE_SSNS = {"078-05-1120", "457-55-5462", "219-09-9999"}
"""Numbers that python-stdnum turns away because they were printed; the contract hides them all the same."""


def found(cls: str, text: str) -> list[str]:
    """What is found when this class alone is on."""
    used = Channel(ruleset(frozenset({cls})), spans=True)
    run(used, [text])
    return [text[start:end] for start, end, _ in used.found()]


def drawn(random: Random, characters: str, size: int) -> str:
    return "".join(random.choices(characters, k=size))


def changed(value: str, random: Random, characters: str) -> str:
    """A value with one character lost, changed or added."""
    at = random.randrange(len(value))
    return value[:at] + random.choice(("", *characters)) + value[at + random.randint(0, 1) :]


def test_after_its_word_a_card_is_what_the_luhn_sum_says() -> None:
    random = Random(81)
    for _ in range(COUNT):
        number = drawn(random, string.digits, random.randint(10, 19))
        number += random.choice((luhn.calc_check_digit(number), random.choice(string.digits)))
        is_card = 12 <= len(number) <= 19 and luhn.is_valid(number)
        assert found("credit_card", f"card {number}") == [number] * is_card, number


@pytest.mark.parametrize("country", STRUCTURES)
def test_an_iban_of_each_country_is_what_the_registry_says(country: str) -> None:
    random = Random(country)
    parts = re.findall(r"(\d+)!([nac])", STRUCTURES[country])
    for _ in range(COUNT // len(STRUCTURES)):
        account = "".join(drawn(random, ALPHABETS[kind], int(size)) for size, kind in parts)
        number = f"{country}{iban.calc_check_digits(f'{country}00{account}')}{account}"
        assert iban.is_valid(number, check_country=False)
        assert found("iban", f"to {number}.") == [number], number
        other = number[:2] + changed(number[2:], random, ALPHABETS["c"])
        is_iban = len(other) == len(number) and mod_97_10.is_valid(other[4:] + other[:4]) and other[2:4].isdigit()
        assert found("iban", f"to {other}.") == [other] * is_iban, other


def test_a_social_security_number_is_what_its_areas_say() -> None:
    random = Random(82)
    for _ in range(COUNT):
        area = random.choice((drawn(random, string.digits, 3), "000", "666", "900", "999", "899", "001"))
        group = random.choice((drawn(random, string.digits, 2), "00"))
        number = f"{area}-{group}-{random.choice((drawn(random, string.digits, 4), '0000'))}"
        assert found("ssn", f"is {number}.") == [number] * ssn.is_valid(number), number


def test_a_printed_social_security_number_is_hidden_too() -> None:
    assert [found("ssn", number) for number in sorted(SAMPLE_SSNS)] == [[number] for number in sorted(SAMPLE_SSNS)]


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def test_a_v4_address_is_what_the_library_says() -> None:
    random = Random(83)
    for _ in range(COUNT):
        number = ".".join(str(random.randint(0, 270)) for _ in range(4))
        if random.random() < 0.3:
            number = changed(number, random, string.digits)
        known = address(number)
        is_found = known is not None and known.packed[0] not in (0, 127, 255)
        assert (found("ip", f"at {number} now") == [number]) == is_found, number


def test_a_v6_address_written_out_is_what_the_library_says() -> None:
    random = Random(84)
    for _ in range(COUNT):
        groups = [format(random.randrange(1 << random.choice((4, 12, 16))), "x") for _ in range(8)]
        number = ":".join(groups)
        if random.random() < 0.5:
            number = changed(number, random, "0fg")
        if "::" in number:
            continue
        known = address(number)
        is_found = known is not None and int(known) > 1 and not re.fullmatch("(?:..:){7}..", number)
        assert (found("ip", f"at {number} now") == [number]) == is_found, number


def test_a_shortened_v6_address_is_what_the_library_says() -> None:
    random = Random(85)
    for _ in range(COUNT):
        groups = [format(random.randrange(1 << 16), "x") for _ in range(random.randint(0, 8))]
        at = random.randint(0, len(groups))
        number = f"2001:{':'.join(groups[:at])}::{':'.join(groups[at:])}".replace(":::", "::")
        number = changed(number, random, "0:") if random.random() < 0.3 else number
        if not number.startswith("2001:") or "::" not in number or number.endswith((":", "::")):
            continue
        assert (found("ip", f"at {number} now") == [number]) == (address(number) is not None), number


EXAMPLES = [
    (region, kind, number)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in phonenumbers.PhoneNumberType.values()
    # Universal access numbers are dialled inside their country: nobody writes `+98 9601`.
    if kind != phonenumbers.PhoneNumberType.UAN and (number := phonenumbers.example_number_for_type(region, kind))
]


def test_an_example_of_each_calling_code_is_found() -> None:
    for region, kind, number in EXAMPLES:
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL):
            written = phonenumbers.format_number(number, form)
            assert found("phone", f"at {written}, please") == [written], (region, kind, written)


def test_an_unassigned_calling_code_is_no_number() -> None:
    assigned = set(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    for code in range(200, 1000):
        if not {code, code // 10, code // 100} & assigned:
            assert found("phone", f"at +{code}23456789, please") == [], code
