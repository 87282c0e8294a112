"""Writes relay/_core/families.h, the token families as flat forms, from tables.json. Run by setup.py.

A flat form is a row of items, each a literal or a set of characters and how many of them, and at its end perhaps a run
of one set whose length varies. The regex of a family becomes one form for each way through its groups, so that matching
one never goes back: no item of varying length can take a character that the next one needs.

No part of relay at run time: nothing here is imported by it, and it imports nothing of relay.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FACTS: dict[str, Any] = json.loads((HERE / "tables.json").read_text(encoding="utf-8"))

Item = tuple[frozenset[str], int, int]
Flat = tuple[Item, ...]

ENDLESS = 0xFFFF
ALL_OF_ROW = 0x80
JUDGED = 64
DIGITS = frozenset("0123456789")
LEAST_NUMBER = 8  # digits of the shortest number that begins a form: blocks.pxd looks at no other
FARTHEST_PROBE = 16
WAITED = 300
# Runs in the middle of a family that its regex leaves open: a stream cannot wait for their end.
CAPPED = {
    "teams-webhook": ("[0-9a-z-]+", "[0-9a-z-]{1,63}"),
    "vercel": ("[0-9A-Za-z]+_", "[0-9A-Za-z]{1,64}_"),
}
# Families that take code of their own, by what tells that it has to run.
BEGINNINGS = {
    "jwt": "eyJ",
    "pem-private-key": "-----BEGIN",
    "putty-key": "PuTTY-User-Key-File-[23]: ",
    "azure-sas": "(?<=[?&]sig=)[0-9A-Za-z%+/]{40,256}",
}
KINDS = ("CLOSED_FORM", "OPEN_FORM", "SAS_FORM", "JWT_FORM", "PEM_FORM", "PUTTY_FORM")
KIND_OF = {
    "azure-sas": "SAS_FORM",
    "jwt": "JWT_FORM",
    "pem-private-key": "PEM_FORM",
    "putty-key": "PUTTY_FORM",
}
JWT_RUN, FIRST_RUN = 1, 2
# How far behind its first character the trigger of a family stands: a `~`, a `=`, or where a run of letters starts.
TRIGGERS = {
    "azure-ad-secret": 5,
    "azure-sas": 4,
    "azure-storage": 10,
    "mailchimp": 33,
    "maxmind": 37,
    "pem-private-key": 5,
    "putty-key": 6,
    "terraform": 15,
}
EDGES = {"none": 0, "word": 1, "word+hyphen": 2}
NEEDS = {"digit": 1, "lower": 2, "upper": 4, "letter": 8}
NEEDED = {
    "clickhouse": ("4b1d", "digit lower upper"),
    "crates-io": ("cio", "digit lower upper"),
    "sk-generic": ("sk-", "digit letter"),
    "nuget": ("oy2", "digit letter"),
    "huggingface": (("hf_", "api_org_"), "upper"),
    "npm": ("npm_", "upper"),
    "replicate": ("r8_", "upper"),
}
URL_SET = "[0-9A-Za-z_-]"
TOKENS = re.compile(r"\(\?(?::|i:|<=)|\[[^]]+\]|\{[0-9,]+\}|\\.|.")


@dataclass(frozen=True, slots=True)
class Form:
    """One way through the regex of a family; its first `lead` characters stand before the span."""

    family: dict[str, Any]
    items: Flat
    lead: int

    @property
    def name(self) -> str:
        return str(self.family["name"])

    @property
    def back(self) -> int:
        return TRIGGERS.get(self.name, 0)

    @property
    def tail(self) -> int:
        """How many `=` may follow the run at the end."""
        characters, least, most = self.items[-1]
        return most if characters == frozenset("=") and least == 0 else 0

    @property
    def run(self) -> Item:
        """The run of varying length at the end; of no characters if there is none."""
        last = self.items[-2 if self.tail else -1]
        return last if last[1] < last[2] else (frozenset(), 0, 0)

    @property
    def fixed(self) -> Flat:
        """What stands before the run."""
        body = self.items[:-1] if self.tail else self.items
        return body[:-1] if self.run[2] else body

    @property
    def kind(self) -> str:
        return KIND_OF.get(self.name, "OPEN_FORM" if self.run[2] == ENDLESS else "CLOSED_FORM")

    def at(self, place: int) -> frozenset[str]:
        """The characters that can stand at a place of the form."""
        for characters, least, most in self.items:
            if place < least:
                return characters
            assert least == most, self.name
            place -= least
        raise AssertionError(self.name)

    @property
    def sure(self) -> int:
        """How many of its first characters stand where they do whatever its runs are."""
        varying = next((place for place, item in enumerate(self.items) if item[1] < item[2]), len(self.items))
        return sum(item[1] for item in self.items[: varying + 1])

    def left(self) -> frozenset[str]:
        """The characters that can stand before the trigger."""
        return frozenset[str]().union(*(self.at(place) for place in range(self.back)))


def _set(written: str) -> frozenset[str]:
    ranges = re.findall(r"(.)-(.)|(.)", written[1:-1])
    return frozenset(chr(code) for low, high, one in ranges for code in range(ord(low or one), ord(high or one) + 1))


def _either(tokens: list[str]) -> list[Flat]:
    """Read alternatives, up to the end of their group."""
    flats = _row(tokens)
    while tokens and tokens[0] == "|":
        tokens.pop(0)
        flats += _row(tokens)
    return flats


def _row(tokens: list[str]) -> list[Flat]:
    flats: list[Flat] = [()]
    while tokens and tokens[0] not in {"|", ")"}:
        part = _times(_part(tokens), tokens)
        flats = [flat + more for flat in flats for more in part]
    return flats


def _part(tokens: list[str]) -> list[Flat]:
    token = tokens.pop(0)
    if token.startswith("(?"):
        flats = _either(tokens)
        assert tokens.pop(0) == ")"
        return [_any_case(flat) for flat in flats] if token == "(?i:" else flats
    return [((_set(token) if token[0] == "[" else frozenset(token[-1]), 1, 1),)]


def _any_case(flat: Flat) -> Flat:
    return tuple(
        (frozenset(each for one in item[0] for each in (one.lower(), one.upper())), *item[1:]) for item in flat
    )


def _times(part: list[Flat], tokens: list[str]) -> list[Flat]:
    """Repeat a part as the quantifier after it says, if one does."""
    if not tokens or not re.match(r"[?*+]|\{", tokens[0]):
        return part
    quantifier = tokens.pop(0)
    assert quantifier not in {"*", "+"}
    low, comma, high = ("0", ",", "1") if quantifier == "?" else quantifier[1:-1].partition(",")
    least, most = int(low), int(high or (ENDLESS if comma else low))
    if quantifier != "?" and len(part) == 1 and len(part[0]) == 1:
        return [((part[0][0][0], least, most),)]
    counts = range(least, most + 1)
    return [sum(chosen, ()) for count in counts for chosen in product(part, repeat=count)]


def _flats(regex: str) -> list[Flat]:
    tokens = TOKENS.findall(regex)
    flats = _either(tokens)
    assert not tokens
    return flats


def _forms() -> Iterator[Form]:
    for family in FACTS["token_families"]:
        name = family["name"]
        regex = BEGINNINGS.get(name, family["regex"].replace(*CAPPED.get(name, ("", ""))))
        lead = _flats(regex[: regex.index(")") + 1])[0] if regex.startswith("(?<=") else ()
        for flat in _flats(regex):
            form = Form(family, flat, len(lead) and sum(item[1] for item in lead))
            _check(form)
            yield form


def _check(form: Form) -> None:
    """Make sure that the form can be matched without going back, is met at its trigger and waits for few characters."""
    for (characters, least, most), (following, *_) in zip(form.items, form.items[1:], strict=False):
        assert least == most or not characters & following, form.name
        assert most < ENDLESS or following == frozenset("="), form.name
    assert not any("*" in item[0] for item in form.items), form.name
    assert all(each.isascii() and (each.isalnum() or form.back) for each in form.at(form.back)), form.name
    first = [form.at(form.back + place) for place in range(min(form.sure - form.back, LEAST_NUMBER))]
    if all(each & DIGITS for each in first[:3]):
        assert len(first) == LEAST_NUMBER and all(each <= DIGITS for each in first), form.name
    if form.kind == "OPEN_FORM":
        assert sum(item[2] for item in form.fixed) + form.run[1] <= WAITED, form.name


FORMS = tuple(_forms())


def _numbered() -> dict[frozenset[str], int]:
    """A bit for each set of characters."""
    wanted = [item[0] for form in FORMS for item in form.items if len(item[0]) > 1]
    wanted += [form.left() for form in FORMS if form.back]
    wanted += [_set(URL_SET), _tail_set()]
    sets = {characters: number for number, characters in enumerate(dict.fromkeys(wanted))}
    assert len(sets) <= 64
    return sets


def _tail_set() -> frozenset[str]:
    return frozenset[str]().union(*(form.left() for form in FORMS if form.back >= form.lead))


SETS = _numbered()
RUNS = tuple(dict.fromkeys((form.run[0], form.tail) for form in FORMS if form.kind == "OPEN_FORM"))


def _array(kind: str, name: str, values: Iterable[object]) -> str:
    listed = [str(value) for value in values]
    lines = [",".join(listed[at : at + 32]) for at in range(0, len(listed), 32)]
    return f"static const {kind} {name}[{len(listed)}] = {{\n" + ",\n".join(lines) + "};\n"


def _sets() -> Iterator[str]:
    bits = (sum(1 << number for each, number in SETS.items() if chr(code) in each) for code in range(0x100))
    yield _array("uint64_t", "FAMILY_SET", (f"{bit}u" for bit in bits))
    yield f"#define URL_SET {SETS[_set(URL_SET)]}\n#define TAIL_SET {SETS[_tail_set()]}\n"
    yield _array("uint8_t", "RUN_SET", [0] * FIRST_RUN + [SETS[characters] for characters, _ in RUNS])
    yield _array("uint8_t", "RUN_TAIL", [0] * FIRST_RUN + [tail for _, tail in RUNS])
    yield f"#define JWT_RUN {JWT_RUN}\n#define RUNS {FIRST_RUN + len(RUNS)}\n"
    yield _array("double", "WEIGHT", (count and count * math.log2(count) for count in range(JUDGED + 1)))


def _spelled(fixed: Flat) -> list[str | Item]:
    """Items with neighbouring single characters joined."""
    joined: list[str | Item] = []
    for item in fixed:
        word = "".join(item[0]) * item[1] if len(item[0]) == 1 and item[1] == item[2] else ""
        if word and joined and isinstance(joined[-1], str):
            joined[-1] += word
        else:
            joined.append(word or item)
    return joined


def _row_of(form: Form, items: list[str], pool: list[str]) -> str:
    """One form in C; its items and literals go to the lists."""
    first = len(items)
    for item in _spelled(form.fixed):
        if isinstance(item, str):
            pool[0] += item if item not in pool[0] else ""
            items.append(f"{{{pool[0].index(item)},{len(item)},LITERAL_ITEM}}")
        else:
            items.append(f"{{{item[1]},{item[2]},{SETS[item[0]]}}}")
    characters, least, most = form.run
    swallow = FIRST_RUN + RUNS.index((characters, form.tail)) if form.kind == "OPEN_FORM" else 0
    left = SETS[form.left()] if form.back else 0
    shape = (first, len(items) - first, form.back, form.lead, left, EDGES[form.family["edge"]], form.kind)
    tests = (JWT_RUN if form.kind == "JWT_FORM" else swallow, SETS.get(characters, 0), least, most)
    return f"{{{','.join(map(str, (*shape, *tests, *_needs(form), form.family['min_bits'])))}}}"


def _needs(form: Form) -> tuple[int, int]:
    """What kinds of characters a secret needs, as bits, and behind how many."""
    prefixes, needs = NEEDED.get(form.name, ("", ""))
    written = "".join(item if isinstance(item, str) else "\0" for item in _spelled(form.fixed))
    prefix = next(each for each in ([prefixes] if isinstance(prefixes, str) else prefixes) if written.startswith(each))
    return sum(NEEDS[need] for need in needs.split()), len(prefix)


def _shapes() -> Iterator[str]:
    items, pool = list[str](), [""]
    rows = [_row_of(form, items, pool) for form in FORMS]
    yield from (f"#define {kind} {number}\n" for number, kind in enumerate(KINDS))
    yield from (f"#define NEEDS_{need.upper()} {bit}\n" for need, bit in NEEDS.items())
    yield "#define LITERAL_ITEM 255\ntypedef struct { uint16_t least, most; uint8_t set; } FamilyItem;\n"
    yield "typedef struct { uint16_t first; uint8_t items, back, lead, left, edge, kind, swallow, set;\n"
    yield "    uint16_t least, most; uint8_t needs, bare; double bits; } FamilyForm;\n"
    yield _array("uint8_t", "FAMILY_LETTERS", pool[0].encode())
    yield _array("FamilyItem", "FAMILY_ITEMS", items)
    yield _array("FamilyForm", "FAMILY_FORMS", rows)


def _lists() -> Iterator[str]:
    """Which forms to try at a trigger, by its character and the next two; and those whose trigger may be to come."""
    lists: dict[tuple[int, ...], int] = {(): 0}
    triggers = sorted(frozenset[str]().union(*(form.at(form.back) for form in FORMS)))
    table = [[0] * (ALL_OF_ROW + 1)]
    for character in triggers:
        of = [number for number, form in enumerate(FORMS) if character in form.at(form.back)]
        followed = (_followed(of, chr(code)) for code in range(ALL_OF_ROW))
        table.append([lists.setdefault(numbers, len(lists)) for numbers in (*followed, tuple(of))])
    assert len(lists) <= 0x100
    places, listed = list[int](), list[int]()
    for each in lists:
        places.append(len(listed))
        listed += (*each, ENDLESS)
    rows = {character: row for row, character in enumerate(triggers, 1)}
    yield _array("uint8_t", "FAMILY_ROW", (rows.get(chr(code), 0) for code in range(0x100)))
    yield f"#define ALL_OF_ROW {ALL_OF_ROW}\n" + _table("uint8_t", "FAMILY_LIST", table)
    yield _table("uint64_t", "FAMILY_THIRD", [_bits(_standing(each, 2)) for each in lists])
    probes = [_probe(each) for each in lists]
    yield _array("uint8_t", "FAMILY_PROBE", probes)
    probed = zip(lists, probes, strict=True)
    yield _table("uint64_t", "FAMILY_PROBED", [_bits(_standing(each, place)) for each, place in probed])
    yield _array("uint16_t", "FAMILY_AT", places)
    yield _array("uint16_t", "FAMILY_LISTED", listed)
    inner = (number for number, form in enumerate(FORMS) if form.back > 0 and form.back >= form.lead)
    yield _array("uint16_t", "INNER_FORMS", (*inner, ENDLESS)) + f"#define NO_FORM {ENDLESS}\n"


def _table(kind: str, name: str, rows: Sequence[Sequence[int]]) -> str:
    written = ",\n".join(f"{{{','.join(f'{value}u' for value in row)}}}" for row in rows)
    return f"static const {kind} {name}[{len(rows)}][{len(rows[0])}] = {{\n{written}}};\n"


def _followed(numbers: list[int], character: str) -> tuple[int, ...]:
    return tuple(number for number in numbers if character in FORMS[number].at(FORMS[number].back + 1))


def _standing(numbers: Iterable[int], place: int) -> frozenset[str]:
    """The characters that can stand so far behind the trigger of these forms."""
    return frozenset[str]().union(*(FORMS[number].at(FORMS[number].back + place) for number in numbers))


def _bits(characters: Iterable[str]) -> tuple[int, int]:
    bits = sum(1 << ord(each) for each in characters)
    return bits & (1 << 64) - 1, bits >> 64


def _probe(numbers: Sequence[int]) -> int:
    """Where behind the trigger of these forms the fewest words go on as they do; small letters are what words have.

    Of places that are as good the last: most words and numbers end before it.
    """
    sure = min((FORMS[number].sure - FORMS[number].back for number in numbers), default=0)
    places = range(2, min(sure, FARTHEST_PROBE))
    rare = {place: sum(1 + 3 * each.islower() for each in _standing(numbers, place)) for place in places}
    return min(places, key=lambda place: (rare[place], -place), default=0)


def write(path: Path) -> None:
    """Write the header, if it would change."""
    head = "/* Written by families.py. */\n#ifndef RELAY_FAMILIES_H\n#define RELAY_FAMILIES_H\n#include <stdint.h>\n"
    text = "".join((head, *_sets(), *_shapes(), *_lists(), "#endif\n"))
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(HERE.parent / "_core" / "families.h")
