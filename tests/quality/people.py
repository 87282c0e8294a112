"""Emails and phone numbers, from Faker's locales and from the examples that `phonenumbers` has of every region."""

from collections.abc import Iterator
from random import Random

import phonenumbers
from faker import Faker
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from .texts import Sample, sample

REGION_OF_LOCALE = {
    "de_DE": "DE",
    "en_GB": "GB",
    "en_IN": "IN",
    "en_US": "US",
    "es_ES": "ES",
    "fr_FR": "FR",
    "it_IT": "IT",
    "ja_JP": "JP",
    "ko_KR": "KR",
    "nl_NL": "NL",
    "pl_PL": "PL",
    "pt_BR": "BR",
    "ru_RU": "RU",
    "sv_SE": "SE",
    "tr_TR": "TR",
    "zh_CN": "CN",
}
PHONE_WORDS = {
    "DE": "Telefon: ",
    "ES": "Teléfono: ",
    "FR": "Tél. : ",
    "IT": "telefono ",
    "JP": "電話番号は",
    "KR": "전화 ",
    "NL": "telefoon ",
    "PL": "telefon ",
    "BR": "telefone: ",
    "RU": "телефон ",
    "CN": "电话：",
}
ENGLISH_PHONE_WORDS = ("phone ", "tel. ", "mobile: ", "call me at ", "fax ", "reach me on my cell: ", "WhatsApp ")
# Shorter ones are service numbers: the contract asks for seven digits of a number that stands without its calling code.
NATIONAL_DIGITS = 7
PLACES = ("office", "sales", "it.support", "no-reply", "hr", "press")


def samples(random: Random) -> Iterator[Sample]:
    """Give emails and phone numbers; each phone number in national form has a word for it before it."""
    for locale, region in REGION_OF_LOCALE.items():
        faker = Faker(locale)
        faker.seed_instance(random.getrandbits(32))
        for _ in range(24):
            yield sample("email", _email(faker, random), random.choice(("", "", "", "mailto:", "email ")))
        for _ in range(14):
            yield from _faker_phone(faker, region, random)
    yield from _unusual_emails()
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        yield from _examples(region, random)


def _email(faker: Faker, random: Random) -> str:
    user, _, host = faker.email().partition("@")
    forms = (
        f"{user}@{host}",
        faker.company_email(),
        faker.free_email(),
        f"{user}+{faker.random_lowercase_letter()}{random.randint(1, 99)}@{host}",
        f"{user.upper()}@{host.upper()}",
        f"{random.choice(PLACES)}@mail.{host}",
        f"{user}@intern.{faker.domain_word()}.co.uk",
    )
    return random.choice(forms)


def _unusual_emails() -> Iterator[Sample]:
    """Forms that developers' patterns tend to miss; each is allowed by RFC 5321, RFC 6531 or by URL escapes."""
    for user in ("anna.o'neil", "x", "first_last%dept", "7even", "a.b.c.d", "jean-luc"):
        yield sample("email", f"{user}@example.museum")
        yield sample("email", f"{user}@xn--bcher-kva.example")
    for user in ("max", "sofia", "li.wei"):
        yield sample("email", f"{user}@bücher.de")
        yield sample("email", f"{user}@почта.рф")
        yield sample("email", f"{user}%40example.org", "https://example.org/unsubscribe?user=")
        yield sample("email", f"{user}＠ｅｘａｍｐｌｅ.com", "連絡先は", "です")


def _faker_phone(faker: Faker, region: str, random: Random) -> Iterator[Sample]:
    written = faker.phone_number()
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return
    # Faker also makes numbers that no numbering plan has room for, and writes the trunk zero twice; nobody dials those.
    if phonenumbers.is_possible_number(parsed) and "(0)0" not in written:
        yield sample("phone", written, _context(region, random))


def _examples(region: str, random: Random) -> Iterator[Sample]:
    for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        form = random.choice((PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL))
        written = phonenumbers.format_number(example, form)
        if form != PhoneNumberFormat.NATIONAL:
            yield sample("phone", written, random.choice(("", "", _context(region, random))))
        elif sum(character.isdecimal() for character in written) >= NATIONAL_DIGITS:
            yield sample("phone", written, _context(region, random))


def _context(region: str, random: Random) -> str:
    return PHONE_WORDS.get(region) or random.choice(ENGLISH_PHONE_WORDS)
