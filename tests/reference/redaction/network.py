"""Classes ip, uuid and mac (contract, 5.2 to 5.4).

Readings taken where the contract leaves room:
- The tail after a version word is at most 12 characters in all, its filler words included; each is a word of its own.
- The boundary after a single trailing `:` is tested after that `:`.
- A zone is the longest one of 1 to 15 characters after which the boundary holds, else none.
- `::1` is exempt in every spelling; `::ffff:127.0.0.1` is not, only v4 text has exempt networks.
- "A lone pair" is two hex digits that are no part of a longer word; a literal may have been one, or stand behind one.
"""

import ipaddress
import re
from collections.abc import Iterator

from tests.reference.redaction.model import Candidate, Left, spelled
from tests.reference.redaction.view import ALNUM, DIGIT, LETTER, LITERAL, WORD, View, every

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = re.compile(
    rf"(?<![{WORD}.-])(?<![{LETTER}]/)(?<![=><!~]=)(?<![=><!~]= )"
    rf"(?:{_OCTET}\.){{3}}{_OCTET}(?![{WORD}])(?!\.[{DIGIT}])(?!-[{LETTER}])"
)
_V6_RUN = re.compile(rf"(?<![{WORD}:.])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*")
_QUAD = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_ZONE = re.compile(r"%[0-9A-Za-z_.-]{1,15}")
_V6_RIGHT = re.compile(rf"(?![{WORD}:])(?!\.[{DIGIT}])")
_GLOBAL = re.compile(r"(?:[23][0-9A-Fa-f]{3}|f[cdef][0-9A-Fa-f]{2}):", re.IGNORECASE)
_BYTES = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){7}")
_VERSION_TAIL = re.compile(r"""(?:[\s"':=(.#_]|(?<![A-Za-z])(?:number|no|to|is|of|from)(?![A-Za-z]))*""", re.IGNORECASE)
_EXEMPT_V4 = tuple(map(ipaddress.IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "255.0.0.0/8")))
_EXEMPT_V6 = frozenset(map(ipaddress.IPv6Address, ("::", "::1")))

_UUID = re.compile(rf"(?<![{ALNUM}])[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}(?![{ALNUM}])")

_PAIR = "[0-9A-Fa-f]{2}"
_MACS = tuple(
    re.compile(
        rf"(?<![{WORD}])(?<!(?<![0-9A-Za-z_]){_PAIR}{separator})(?<!{LITERAL}{separator}){_PAIR}(?:{separator}{_PAIR}){{{more}}}"
        rf"(?![{WORD}])(?!{separator}(?:{_PAIR}(?![0-9A-Za-z_])|{LITERAL}))"
    )
    for separator in ":-"
    for more in (5, 7)
)
_DOTTED_MAC = re.compile(rf"(?<![{WORD}.])[0-9A-Fa-f]{{4}}(?:\.[0-9A-Fa-f]{{4}}){{2}}(?![{WORD}])(?!\.[{WORD}])")


def ips(view: View) -> Iterator[Candidate]:
    """Every IPv4 and IPv6 address of a view."""
    for found in every(_V4, view.chars):
        address = ipaddress.IPv4Address(found[0])
        if not any(address in network for network in _EXEMPT_V4):
            yield Candidate(*found.span(), "ip", _is_no_version)
    for run in every(_V6_RUN, view.chars):
        yield from _v6(view.chars, run)


def _is_no_version(left: Left) -> bool:
    line = re.split(r"[\r\n]", left.window(32))[-1]
    return not any(
        len(line) - word.end() <= 12 and _VERSION_TAIL.fullmatch(line, word.end())
        for word in every(spelled("version"), line)
    )


def _v6(chars: str, run: re.Match[str]) -> Iterator[Candidate]:
    end = _v6_end(chars, run)
    address = chars[run.start() : end]
    if not is_v6(address):
        return
    zone = _ZONE.match(chars, end)
    for stop in range(end + 2, zone.end() + 1) if zone else ():
        if chars[stop - 1] != "." and _V6_RIGHT.match(chars, stop):
            yield Candidate(run.start(), stop, "ip")
    if _V6_RIGHT.match(chars, max(end, run.end())):
        yield Candidate(run.start(), end, "ip")


def _v6_end(chars: str, run: re.Match[str]) -> int:
    quad = _QUAD.match(chars, chars.rindex(":", run.start(), run.end()) + 1)
    if quad:
        return quad.end()
    single_colon = run[0].endswith(":") and not run[0].endswith("::")
    return run.end() - single_colon


def is_v6(address: str) -> bool:
    """Whether hex digits and colons are an address that counts: it parses, is not exempt, and is no look-alike."""
    if address.count(":") < 2 or _BYTES.fullmatch(address):
        return False
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return parsed not in _EXEMPT_V6 and ("::" not in address or _is_telling(address))


def _is_telling(address: str) -> bool:
    if address.lower().startswith(("::ffff:", "64:ff9b:")):
        return True
    groups = [group for group in address.split(":") if group]
    has_digit = any(character in "0123456789" for character in address)
    return has_digit and (bool(_GLOBAL.match(address)) or len(groups) >= 3)


def uuids(view: View) -> Iterator[Candidate]:
    """Every UUID of a view, but the nil and the max one and their kin of one digit."""
    for found in every(_UUID, view.chars):
        if len(set(found[0].lower()) - {"-"}) > 1:
            yield Candidate(*found.span(), "uuid")


def macs(view: View) -> Iterator[Candidate]:
    """Every MAC address of a view: 6 or 8 pairs, or three dotted groups of four with a letter."""
    for pattern in _MACS:
        yield from (Candidate(*found.span(), "mac") for found in every(pattern, view.chars) if _is_mac(found[0]))
    for found in every(_DOTTED_MAC, view.chars):
        if _is_mac(found[0]) and re.search("[A-Fa-f]", found[0]):
            yield Candidate(*found.span(), "mac")


def _is_mac(written: str) -> bool:
    return set(re.sub("[:.-]", "", written.lower())) not in ({"0"}, {"f"})
