"""Writes relay/_core/tables.h, the facts that the redaction rules look up, from tables.json. Run by setup.py.

No part of relay at run time: nothing here is imported by it, and it imports nothing of relay.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FACTS: dict[str, Any] = json.loads((HERE / "tables.json").read_text(encoding="utf-8"))

KINDS = [
    "DIGIT",
    "UPPER",
    "LOWER",
    "UNDERSCORE",
    "LITERAL",
    "HEX_LETTER",
    "LETTER_OTHER",
    "CJK",
    "SPACE",
    "BLANK",
    "LINE_END",
    "LOCAL_MARK",
    "LABEL_MARK",
    "DOT",
    "PLUS_SLASH",
    "EQUALS",
]
BIT = {name: 1 << place for place, name in enumerate(KINDS)}
OTHER, SPACE, LETTER, CJK, FIRST_NAMED = 0x80, 0x81, 0x82, 0x83, 0x84
START, END, LITERAL = 0xF0, 0xF1, 0xF2
LITERALS = 10
NEXT = {name: 26 + place for place, name in enumerate(["DIGIT", "UNDERSCORE", "HYPHEN", "DOT", "OTHER", "END"])}
BLANKS = "\u00a0\u2007\u2009\u202f\u3000"
HYPHENS = "\u2010\u2011\u2012\u2013\u2212"
JOIN = 0x01
LISTS = tuple(FACTS["words"])


def _named() -> list[str]:
    """The characters beyond ASCII that words are spelled with: each has a view character of its own."""
    words = (word for words in FACTS["words"].values() for word in words)
    return sorted({character for word in words for character in word.lower() + word.upper() if ord(character) > 0x7F})


NAMED = {character: FIRST_NAMED + place for place, character in enumerate(_named())}
assert FIRST_NAMED + len(NAMED) <= START


def _is_letter(code: int) -> bool:
    # The ranges hold signs too (× ÷ and accents that stand alone): those end a label.
    return (0xC0 <= code <= 0x24F or 0x370 <= code <= 0x52F) and chr(code).isalpha()


def _is_cjk(code: int) -> bool:
    return 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3


def view_character(code: int) -> int:
    """The character that stands for a code point in a view (spec/redaction.md 3)."""
    character = chr(code)
    if code < 0x80:
        return code
    if 0xFF01 <= code <= 0xFF5E:
        return code - 0xFEE0
    if character in BLANKS:
        return ord(" ")
    if character in HYPHENS:
        return ord("-")
    if character in NAMED:
        return NAMED[character]
    if _is_letter(code) or _is_cjk(code):
        return LETTER if _is_letter(code) else CJK
    return SPACE if character.isspace() else OTHER


def _ascii_kind(character: str) -> Iterator[str]:
    if character.isdigit():
        yield "DIGIT"
    if character.isalpha():
        yield "UPPER" if character.isupper() else "LOWER"
    names = {"UNDERSCORE": "_", "HEX_LETTER": "abcdefABCDEF", "BLANK": " \t", "LINE_END": "\r\n", "LOCAL_MARK": ".%+'-"}
    marks = {"LABEL_MARK": "-", "DOT": ".", "PLUS_SLASH": "+/", "EQUALS": "="}
    yield from (name for name, characters in {**names, **marks}.items() if character in characters)
    if character.isspace():
        yield "SPACE"


def _kinds() -> list[int]:
    kinds = [sum(BIT[name] for name in _ascii_kind(chr(code))) for code in range(0x80)] + [0] * 0x80
    kinds[SPACE], kinds[LETTER], kinds[CJK] = BIT["SPACE"], BIT["LETTER_OTHER"], BIT["CJK"]
    for character, code in NAMED.items():
        kinds[code] = BIT["LETTER_OTHER"] * _is_letter(ord(character)) + BIT["CJK"] * _is_cjk(ord(character))
    for code in range(LITERAL, LITERAL + LITERALS):
        kinds[code] = BIT["LITERAL"]
    return kinds


def _lower() -> list[int]:
    """Each view character in lower case."""
    lower = [ord(chr(code).lower()) if code < 0x80 else code for code in range(0x100)]
    for character, code in NAMED.items():
        lower[code] = NAMED.get(character.lower(), code)
    return lower


def _next() -> list[int]:
    """What each view character counts as behind the first one of what a rule looks for: one of 32."""
    alike = [NEXT["OTHER"]] * 0x100
    for code in range(0x80):
        character = chr(code)
        if character.isalpha():
            alike[code] = ord(character.lower()) - ord("a")
        elif character.isdigit():
            alike[code] = NEXT["DIGIT"]
    alike[ord("_")], alike[ord("-")] = NEXT["UNDERSCORE"], NEXT["HYPHEN"]
    alike[ord(".")] = alike[ord(":")] = NEXT["DOT"]
    alike[END] = NEXT["END"]
    return alike


def _array(kind: str, name: str, values: Iterable[int]) -> str:
    listed = [str(value) for value in values]
    lines = [",".join(listed[at : at + 32]) for at in range(0, len(listed), 32)]
    return f"static const {kind} {name}[{len(listed)}] = {{\n" + ",\n".join(lines) + "};\n"


def _by_low_bits(characters: Iterable[str]) -> list[int]:
    """A set of ASCII characters by their low four bits: a bit for each of the high ones; twice, for 32 at once."""
    rows = [0] * 16
    for character in characters:
        rows[ord(character) & 15] |= 1 << (ord(character) >> 4)
    return rows * 2


def _lanes() -> Iterator[str]:
    """What is asked of 32 characters of a view at once: calm are all that alone call no rule, loud those that may."""
    ascii = [chr(code) for code in range(0x80)]
    letters = [character for character in ascii if character.isalpha()]
    loud = "0123456789[\\@%"
    yield _array("uint8_t", "HIGH_BITS", ([1 << high for high in range(8)] + [0] * 8) * 2)
    yield _array("uint8_t", "LETTER_ROWS", _by_low_bits(letters))
    yield _array("uint8_t", "WORD_ROWS", _by_low_bits([*letters, *"_.'"]))
    yield _array("uint8_t", "CALM_ROWS", _by_low_bits(set(ascii) - set(loud + ":-=~(+")))
    yield _array("uint8_t", "LOUD_ROWS", _by_low_bits(loud))


def _characters() -> Iterator[str]:
    yield from (f"#define {name} {bit}u\n" for name, bit in BIT.items())
    named = {
        "OTHER_CHAR": OTHER,
        "FIRST_NAMED": FIRST_NAMED,
        "START_CHAR": START,
        "END_CHAR": END,
        "LITERAL_CHAR": LITERAL,
    }
    named["JOIN_CHAR"] = JOIN
    named |= {f"NEXT_{name}": number for name, number in NEXT.items()}
    yield from (f"#define {name} {code}\n" for name, code in named.items())
    yield _array("uint32_t", "KIND", _kinds())
    yield _array("uint8_t", "LOWER_CASE", _lower())
    yield _array("uint8_t", "NEXT", _next())
    yield _array("uint8_t", "VIEW_CHAR", (view_character(code) for code in range(0x10000)))
    yield from (f"#define TELEPHONE_RECEIVER {NAMED[character]}\n" for character in NAMED if ord(character) > 0xFFFF)


def _spelled(word: str, joins: bool) -> bytes:
    spelled = re.sub("[ _-]", chr(JOIN), word) if joins else word
    return bytes(NAMED.get(character, ord(character)) for character in spelled.lower())


def _head(word: bytes) -> tuple[int, int]:
    """Up to four letters that a word starts with, and a mask of where they are, the first one lowest."""
    letters = re.match(rb"[a-z]{0,4}", word)
    size = letters.end() if letters else 0
    return int.from_bytes(word[:size], "little"), (1 << 8 * size) - 1


def _words() -> Iterator[str]:
    """Words by list and first character, longest first, spelled in view characters of lower case."""
    pool, rows, first = bytearray(), list[str](), [0xFFFF] * (256 * len(LISTS))
    for number, name in enumerate(LISTS):
        joins = name.endswith("_key")
        spelled = {_spelled(word, joins) for word in FACTS["words"][name]}
        for word in sorted(spelled, key=lambda word: (word[0], -len(word), word)):
            place = number * 256 + word[0]
            first[place] = min(first[place], len(rows))
            head, mask = _head(word)
            rows.append(f"{{{len(pool)},{len(word)},{number << 8 | word[0]},{head}u,{mask}u}}")
            pool += word
    yield from (f"#define {name.upper()}_WORDS {number}\n" for number, name in enumerate(LISTS))
    yield "typedef struct { uint16_t at; uint8_t len; uint16_t row; uint32_t head; uint32_t mask; } Word;\n"
    yield _array("uint8_t", "WORD_POOL", pool)
    yield f"static const Word WORDS_OF[{len(rows) + 1}] = {{{','.join(rows)},{{0,0,65535,0,0}}}};\n"
    yield _array("uint16_t", "FIRST_WORD", first)


def _domains() -> Iterator[str]:
    """Top-level domains that a label can be, by open addressing; and the capitals of their letters beyond ASCII."""
    names = {*FACTS["tld"], *FACTS["tld_special_use"]}
    label = re.compile("[0-9a-z\u00c0-\u024f\u0370-\u052f-]+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
    slots, pool, starts = [0] * 4096, list[int](), list[int]()
    for number, name in enumerate(sorted(name for name in names if label.fullmatch(name))):
        slot = _hash(name)
        while slots[slot]:
            slot = (slot + 1) % 4096
        slots[slot] = number + 1
        starts.append(len(pool))
        pool += map(ord, name)
    yield _array("uint16_t", "DOMAIN_SLOT", slots)
    yield _array("uint16_t", "DOMAIN_POOL", pool)
    yield _array("uint16_t", "DOMAIN_START", [*starts, len(pool)])
    capitals = {ord(letter.upper()): ord(letter) for name in names for letter in name if len(letter.upper()) == 1}
    far = sorted((capital, small) for capital, small in capitals.items() if capital > 0x7F and capital != small)
    yield f"static const uint16_t CAPITALS[{len(far)}][2] = {{{','.join(f'{{{a},{b}}}' for a, b in far)}}};\n"
    yield f"#define CAPITALS_COUNT {len(far)}\n"


def _hash(name: str) -> int:
    number = 0
    for character in name:
        number = (number * 31 + ord(character)) & 0xFFFFFFFF
    return number % 4096


def _ibans() -> Iterator[str]:
    lengths = {**FACTS["iban_registry"], **FACTS["iban_other"]}
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    yield _array("uint8_t", "IBAN_LENGTH", (lengths.get(first + second, 0) for first in letters for second in letters))


def _calling_codes() -> Iterator[str]:
    """For each calling code the lengths of national numbers, as bits."""
    codes = FACTS["calling_codes"]
    yield _array("uint32_t", "CALLING", (sum(1 << size for size in codes.get(str(code), ())) for code in range(1000)))


def _issuers() -> Iterator[str]:
    """Ranges of the first digits of cards that need no context, with their lengths as bits (spec/redaction.md 5.6)."""
    rows = []
    for name, ranges, sizes in FACTS["card_iin"]:
        if name in {"maestro", "uatp", "verve", "troy"}:
            continue
        kept = [size for size in sizes if (name, size) != ("visa", 13) and (name != "diners" or size == 14)]
        bits = sum(1 << size for size in kept)
        for written in ranges:
            low, _, high = written.partition("-")
            rows.append(f"{{{len(low)},{int(low)},{int(high or low)},{bits}}}")
    yield "typedef struct { uint8_t digits; uint32_t low; uint32_t high; uint32_t lengths; } Issuer;\n"
    yield f"static const Issuer ISSUERS[{len(rows)}] = {{{','.join(rows)}}};\n#define ISSUERS_COUNT {len(rows)}\n"


def write(path: Path) -> None:
    """Write the header, if it would change."""
    parts = ("/* Written by tables.py. */\n#ifndef RELAY_TABLES_H\n#define RELAY_TABLES_H\n#include <stdint.h>\n",)
    sections = (_characters(), _lanes(), _words(), _domains(), _ibans(), _calling_codes(), _issuers(), ("#endif\n",))
    text = "".join((*parts, *(part for section in sections for part in section)))
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(HERE.parent / "_core" / "tables.h")
