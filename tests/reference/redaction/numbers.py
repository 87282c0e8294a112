"""Classes ssn, credit_card and iban (contract, 5.5 to 5.7).

Readings taken where the contract leaves room:
- Nine bare digits have the area, group and serial rules of the hyphenated form.
- A card number that fits several issuers needs one that counts: a Verve number in Discover's range matches.
- "All upper or all lower case" holds for the letters of the whole IBAN, its country included.
"""

import re
from collections.abc import Iterator

from tests.reference.redaction.model import Candidate, Left
from tests.reference.redaction.tables import IBAN_LENGTHS, ISSUERS, Issuer
from tests.reference.redaction.view import DIGIT, WORD, View, every

_SSN_RIGHT = rf"(?![{WORD}])(?![.-][{DIGIT}])"
_SSN_PARTS = "(?!000|666|9)[0-9]{{3}}{0}(?!00)[0-9]{{2}}{0}(?!0000)[0-9]{{4}}"
_SSN = re.compile(rf"(?<![{WORD}-])" + _SSN_PARTS.format("-") + _SSN_RIGHT)
_SSN_LOOSE = tuple(
    re.compile(rf"(?<![{WORD}.-])" + _SSN_PARTS.format(separator) + _SSN_RIGHT) for separator in (" ", r"\.", "")
)

_CARD_SHAPES = (
    *(f"[0-9]{{{size}}}" for size in range(12, 20)),
    *(
        separator.join(f"[0-9]{{{size}}}" for size in sizes)
        for separator in " -"
        for sizes in ((4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4))
    ),
)
_CARDS = tuple(re.compile(rf"(?<![{WORD}.]){shape}(?![{WORD}])(?!\.[{DIGIT}])") for shape in _CARD_SHAPES)
_ONLY_WITH_CONTEXT = frozenset({"maestro", "uatp", "verve", "troy"})

_IBAN_HEAD = re.compile(rf"(?<![{WORD}])[A-Za-z]{{2}}[0-9]{{2}}")
_WORD = re.compile(f"[{WORD}]")


def ssns(view: View) -> Iterator[Candidate]:
    """Every social security number of a view; other separators than hyphens need a word within 40 characters."""
    yield from (Candidate(*found.span(), "ssn") for found in every(_SSN, view.chars))
    for pattern in _SSN_LOOSE:
        yield from (Candidate(*found.span(), "ssn", _after_ssn_word) for found in every(pattern, view.chars))


def _after_ssn_word(left: Left) -> bool:
    return left.has("ssn", 40)


def credit_cards(view: View) -> Iterator[Candidate]:
    """Every card number of a view: Luhn holds, and an issuer fits or a word stands within 40 characters."""
    for pattern in _CARDS:
        for found in every(pattern, view.chars):
            digits = re.sub("[ -]", "", found[0])
            if luhn(digits) and len(set(digits)) > 1:
                yield Candidate(*found.span(), "credit_card", None if is_issued(digits) else _after_card_word)


def _after_card_word(left: Left) -> bool:
    return left.has("credit_card", 40)


def luhn(digits: str) -> bool:
    """Whether the Luhn sum of a string of digits is divisible by ten (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_issued(digits: str) -> bool:
    """Whether an issuer that needs no context has such numbers (5.6 a)."""
    return any(_issues(issuer, digits) for issuer in ISSUERS if issuer.name not in _ONLY_WITH_CONTEXT)


def _issues(issuer: Issuer, digits: str) -> bool:
    if issuer.name == "visa" and len(digits) == 13:
        return False
    if issuer.name == "diners" and len(digits) != 14:
        return False
    fits = any(first <= digits[: len(first)] <= last for first, last in issuer.ranges)
    return fits and len(digits) in issuer.lengths


def ibans(view: View) -> Iterator[Candidate]:
    """Every IBAN of a view, compact or in groups of four with one separator."""
    for head in every(_IBAN_HEAD, view.chars):
        size = IBAN_LENGTHS.get(head[0][:2].upper())
        for separator in ("", " ", "-") if size else ():
            end = _iban_end(view.chars, head.start(), size, separator)
            if end is not None:
                yield Candidate(head.start(), end, "iban")


def _iban_end(chars: str, start: int, size: int, separator: str) -> int | None:
    groups = [4] * (size // 4) + ([size % 4] if size % 4 else [])
    shape = separator.join(f"[0-9A-Za-z]{{{group}}}" for group in groups)
    found = re.compile(shape).match(chars, start)
    if not found or _WORD.match(chars, found.end()):
        return None
    return found.end() if is_iban(found[0].replace(separator, "")) else None


def is_iban(compact: str) -> bool:
    """Whether a string without separators is an IBAN: country, length, case, check digits (ISO 13616)."""
    one_case = compact in (compact.upper(), compact.lower())
    upper = compact.upper()
    if not one_case or len(upper) != IBAN_LENGTHS.get(upper[:2]) or not "02" <= upper[2:4] <= "98":
        return False
    return int("".join(str(int(character, 36)) for character in upper[4:] + upper[:4])) % 97 == 1
