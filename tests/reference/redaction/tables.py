"""The facts that the rules look up: calling codes, country lengths, issuers, domain names, token families, words."""

import json
from dataclasses import dataclass
from pathlib import Path

_FACTS = json.loads((Path(__file__).parents[3] / "relay/redact/tables.json").read_text(encoding="utf-8"))

IBAN_LENGTHS: dict[str, int] = {**_FACTS["iban_registry"], **_FACTS["iban_other"]}
CALLING_CODES: dict[str, frozenset[int]] = {code: frozenset(sizes) for code, sizes in _FACTS["calling_codes"].items()}
DOMAINS: frozenset[str] = frozenset(_FACTS["tld"]) | frozenset(_FACTS["tld_special_use"])
WORDS: dict[str, tuple[str, ...]] = {name: tuple(words) for name, words in _FACTS["words"].items()}


@dataclass(frozen=True, slots=True)
class Issuer:
    """One card issuer: its number ranges as pairs of equally long digit strings, and the lengths of its numbers."""

    name: str
    ranges: tuple[tuple[str, str], ...]
    lengths: frozenset[int]


@dataclass(frozen=True, slots=True)
class Family:
    """One token family of section 6.1; `edge` is word, word+hyphen or none, `min_bits` in bits a character."""

    name: str
    anchors: tuple[str, ...]
    regex: str
    edge: str
    min_bits: float


def _ends(written: str) -> tuple[str, str]:
    first, _, last = written.partition("-")
    return first, last or first


ISSUERS = tuple(
    Issuer(name, tuple(_ends(written) for written in ranges), frozenset(lengths))
    for name, ranges, lengths in _FACTS["card_iin"]
)
FAMILIES = tuple(
    Family(row["name"], tuple(row["anchors"]), row["regex"], row["edge"], row["min_bits"])
    for row in _FACTS["token_families"]
)
