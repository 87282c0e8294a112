"""One spelling for each value: the fold of the view, and the normal forms that hashes are made of.

Pure functions of the matched text (spec/redaction.md 3 and 8.1). Their results are part of what a hash means: a change
here changes every hash placeholder.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address
from typing import Final

from relay.redact.classes import Class

_FOLD: Final[dict[int, int | str]] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-"),
}
_AT: Final = re.compile("@|%40")
_NO_DIGIT: Final = re.compile("[^0-9]")
_NO_HEX: Final = re.compile("[^0-9a-f]")
_SEPARATOR: Final = re.compile("[ -]")


def fold(text: str) -> str:
    """Give the text with full-width characters, odd blanks and odd hyphens as ASCII; as long as before."""
    return text.translate(_FOLD)


def normal(cls: Class, value: str) -> str:
    """Give the one spelling that equal values of a class share."""
    return _FORMS.get(cls, str)(fold(value))


def domain(address: str) -> str:
    """Give the domain of an e-mail address in lower case, empty without one; `%40` stands for `@`."""
    parts = _AT.split(address)
    return parts[-1].lower() if len(parts) > 1 else ""


def _email(value: str) -> str:
    host = domain(value)
    return value[: len(value) - len(host)] + host


def _digits(value: str) -> str:
    return _NO_DIGIT.sub("", value)


def _iban(value: str) -> str:
    return _SEPARATOR.sub("", value).upper()


def _ip(value: str) -> str:
    try:
        address = ip_address(value)
    except ValueError:
        return value
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        # Python spells these differently from 3.13 on; a hash must outlive it.
        zone = f"%{address.scope_id}" if address.scope_id else ""
        return f"::ffff:{address.ipv4_mapped}{zone}"
    return str(address)


def _mac(value: str) -> str:
    return _NO_HEX.sub("", value.lower())


_FORMS: Final[Mapping[Class, Callable[[str], str]]] = {
    Class.EMAIL: _email,
    Class.PHONE: _digits,
    Class.CREDIT_CARD: _digits,
    Class.SSN: _digits,
    Class.IBAN: _iban,
    Class.IP: _ip,
    Class.UUID: str.lower,
    Class.MAC: _mac,
}
