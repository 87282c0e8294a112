"""Payment cards, IBANs and US social security numbers: the digits' rules come from Faker and python-stdnum."""

import re
import string
from collections.abc import Iterator
from random import Random

from faker import Faker
from stdnum import luhn, numdb
from stdnum.iban import calc_check_digits

from .texts import Sample, sample

# Ranges whose numbers are told from other numbers without a word before them (ISO/IEC 7812 issuers).
PLAIN_CARDS = ("mastercard", "visa16", "visa19", "amex", "discover", "diners")
# Faker draws JCB from all of 35, of which only 3528 to 3589 is JCB's own.
CARDS_WITH_CONTEXT = ("maestro", "visa13", "jcb15", "jcb16")
OTHER_ISSUERS = ("62", "2202", "6521", "3530")
CARD_WORDS = (
    "card ",
    "credit card number: ",
    "Visa or debit card: ",
    "Karte ",
    "carte ",
    "tarjeta ",
    "カード番号は",
)
CARD_GROUPS = {14: (4, 6, 4), 15: (4, 6, 5), 16: (4, 4, 4, 4), 19: (4, 4, 4, 4, 3)}
IBAN_COUNTRIES = (
    *("AD", "AE", "AT", "BE", "BG", "BR", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GE", "GR", "HR"),
    *("HU", "IE", "IL", "IS", "IT", "KW", "LI", "LT", "LU", "LV", "MC", "MT", "NL", "NO", "PL", "PT", "RO", "SA", "SE"),
    *("SI", "SK", "SM", "TN", "TR", "UA"),
)
IBAN_ALPHABETS = {"n": string.digits, "a": string.ascii_uppercase, "c": string.ascii_uppercase + string.digits}
SSN_WORDS = ("SSN ", "SSN: ", "social security number ", "Social Security: ", "taxpayer id ")


def samples(random: Random) -> Iterator[Sample]:
    """Give cards, IBANs and social security numbers in the ways people write them."""
    faker = Faker("en_US")
    faker.seed_instance(random.getrandbits(32))
    for _ in range(40):
        yield from (_card(faker, issuer, random) for issuer in PLAIN_CARDS)
    for _ in range(20):
        yield from (_other_card(prefix, random) for prefix in OTHER_ISSUERS)
        yield from (_card_with_context(faker, issuer, random) for issuer in CARDS_WITH_CONTEXT)
    for country in IBAN_COUNTRIES * 8:
        yield sample("iban", _written(_iban(country, random), random), random.choice(("", "", "IBAN ", "IBAN: ")))
    for _ in range(300):
        yield _ssn(faker.ssn(), random)


def grouped(digits: str, groups: tuple[int, ...], separator: str) -> str:
    """Cut digits into groups of these lengths, with one separator between them."""
    starts = [sum(groups[:place]) for place in range(len(groups))]
    return separator.join(digits[start : start + size] for start, size in zip(starts, groups, strict=True))


def _card(faker: Faker, issuer: str, random: Random) -> Sample:
    digits = faker.credit_card_number(issuer)
    written = grouped(digits, CARD_GROUPS[len(digits)], random.choice(("", "", " ", " ", "-", "\u202f")))
    return sample("credit_card", written, random.choice(("", *CARD_WORDS)))


def _other_card(prefix: str, random: Random) -> Sample:
    payload = prefix + "".join(random.choices(string.digits, k=15 - len(prefix)))
    digits = payload + luhn.calc_check_digit(payload)
    return sample("credit_card", grouped(digits, CARD_GROUPS[16], random.choice(("", " ", "-"))))


def _card_with_context(faker: Faker, issuer: str, random: Random) -> Sample:
    return sample("credit_card", faker.credit_card_number(issuer), random.choice(CARD_WORDS))


def _iban(country: str, random: Random) -> str:
    """Draw an account number of the country's structure in the SWIFT registry, such as `4!n18!c`, with check digits."""
    structure = numdb.get("iban").info(country)[0][1]["bban"]
    parts = re.findall(r"(\d+)!([nac])", structure)
    account = "".join("".join(random.choices(IBAN_ALPHABETS[kind], k=int(size))) for size, kind in parts)
    return country + calc_check_digits(f"{country}00{account}") + account


def _written(iban: str, random: Random) -> str:
    fours = [iban[start : start + 4] for start in range(0, len(iban), 4)]
    return random.choice((iban, iban, " ".join(fours), " ".join(fours), "-".join(fours), iban.lower()))


def _ssn(hyphened: str, random: Random) -> Sample:
    word = random.choice(SSN_WORDS)
    if random.random() < 0.7:
        return sample("ssn", hyphened, random.choice(("", word)))
    # Without hyphens nine digits are any number: a word has to say what they are.
    return sample("ssn", hyphened.replace("-", random.choice(("", " ", "."))), word)
