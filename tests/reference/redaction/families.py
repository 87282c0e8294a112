"""Class token: the families with an anchor of their own, and private keys (contract, 6.1).

Readings taken where the contract leaves room:
- Alternatives of a family are judged one by one: an open one (`{n,}` at its end) takes the whole run and has no right
  edge, a closed one has the edge of the family.
- An open match is judged on its first 64 characters, since later ones cannot be waited for.
- No family but a JWT waits for more than 300 characters: a closed match has 299 at most, and the runs in the middle of
  three families that have no bound of their own get one (a host name's label 63, Vercel's store 64, a signature 256).
- Ignoring case is ASCII's.
- A JWT needs its third part, unless the first two fill 530 characters (D): by then a stream has to decide.
- A private key ends at its footer or at the first character that no key has, whichever comes first: what stands behind
  such a character cannot be waited for. The 32 characters
  that prove a key stand in a row, before a footer and within 256 of the header: spread over words they would be prose.
  A word of its header or footer has 24 characters at most.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.reference.redaction.model import Candidate
from tests.reference.redaction.tables import FAMILIES, Family
from tests.reference.redaction.view import WORD, View, every

JUDGED = 64
CLOSED_MOST = 299

_CAPPED = {
    "azure-sas": ("{40,}", "{40,256}"),
    "teams-webhook": ("[0-9a-z-]+", "[0-9a-z-]{1,63}"),
    "vercel": ("[0-9A-Za-z]+_", "[0-9A-Za-z]{1,64}_"),
}
_EDGES = {"word": f"[{WORD}]", "word+hyphen": f"[{WORD}-]", "none": r"(?!)"}
_KEYS = frozenset({"pem-private-key", "putty-key"})
_OPEN_END = re.compile(r"\{\d+,\}(?:=\{0,\d\})?\Z|\)\*\Z")
_FAKE = re.compile(r"x{8}|\*{4}", re.IGNORECASE)
_NEEDS = {
    "clickhouse": ("[0-9]", "[a-z]", "[A-Z]"),
    "crates-io": ("[0-9]", "[a-z]", "[A-Z]"),
    "sk-generic": ("[0-9]", "[A-Za-z]"),
    "nuget": ("[0-9]", "[A-Za-z]"),
    "huggingface": ("[A-Z]",),
    "npm": ("[A-Z]",),
    "replicate": ("[A-Z]",),
}

_LONG_JWT = r"eyJ[0-9A-Za-z_-]{10,512}\.eyJ[0-9A-Za-z_-]{10,}(?:\.[0-9A-Za-z_-]+)*"
_JWT_DECIDED = 530

_PEM = r"(?: [A-Z0-9]{1,24}){0,3} PRIVATE KEY(?: BLOCK)?-----"
_KEY_FORMS = (
    (re.compile(f"-----BEGIN{_PEM}"), re.compile(f"-----END{_PEM}")),
    (re.compile(r"PuTTY-User-Key-File-[23]: "), re.compile(r"Private-MAC: [0-9a-f]{40,64}")),
)
_KEY_RUN = re.compile(r"[0-9A-Za-z+/=:,.\\\s-]*")
_KEY_LONGEST = 16_384
_KEY_PROOF = re.compile(r"[0-9A-Za-z+/=:,.\\-]{32}")
_KEY_PROOF_SIZE = 256


@dataclass(frozen=True, slots=True)
class Form:
    """One alternative of a family, compiled; `is_open` if its match takes a whole run."""

    family: Family
    pattern: re.Pattern[str]
    is_open: bool
    least: int = 0


def _alternatives(regex: str) -> list[str]:
    """The alternatives of a regex that is one group as a whole; else the regex itself."""
    depth, parts = 0, [""]
    for place, character in enumerate(regex):
        depth += (character == "(") - (character == ")")
        if depth == 0 and place < len(regex) - 1:
            return [regex]
        if character == "|" and depth == 1:
            parts.append("")
        else:
            parts[-1] += character
    return [parts[0].removeprefix("(?:"), *parts[1:-1], parts[-1].removesuffix(")")] if parts[1:] else [regex]


def _forms(family: Family) -> Iterator[Form]:
    for regex in _alternatives(family.regex.replace(*_CAPPED.get(family.name, ("", "")))):
        yield Form(family, re.compile(regex, re.ASCII), bool(_OPEN_END.search(regex)))
    if family.name == "jwt":
        yield Form(family, re.compile(_LONG_JWT), True, _JWT_DECIDED)


_FORMS = tuple(form for family in FAMILIES if family.name not in _KEYS for form in _forms(family))


def families(view: View) -> Iterator[Candidate]:
    """Every token with an anchor or a shape of its own."""
    for form in _FORMS:
        edge = re.compile(_EDGES[form.family.edge])
        for found in every(form.pattern, view.chars):
            if found.start() and edge.match(view.chars, found.start() - 1):
                continue
            end = _form_end(view.chars, form, found, edge)
            if end is not None:
                yield Candidate(found.start(), end, "token")


def _form_end(chars: str, form: Form, found: re.Match[str], edge: re.Pattern[str]) -> int | None:
    """The end of the longest reading at a start that satisfies edge and tests."""
    start, last = found.span()
    if form.is_open:
        return last if last - start >= form.least and _is_secret(form, found[0]) else None
    bounded = form.pattern.match(chars, start, start + CLOSED_MOST)
    for end in range(bounded.end() if bounded else start, start, -1):
        reading = form.pattern.fullmatch(chars, start, end)
        if reading and not edge.match(chars, end) and _is_secret(form, reading[0]):
            return end
    return None


def _is_secret(form: Form, written: str) -> bool:
    judged = written[:JUDGED] if form.is_open else written
    if judged.endswith("EXAMPLE") or _FAKE.search(judged) or entropy(written[:JUDGED]) < form.family.min_bits:
        return False
    prefix = max((anchor for anchor in form.family.anchors if judged.startswith(anchor)), key=len, default="")
    return all(re.search(need, judged[len(prefix) :]) for need in _NEEDS.get(form.family.name, ()))


def entropy(written: str) -> float:
    """Shannon entropy of the characters of a string, in bits a character."""
    shares = [count / len(written) for count in Counter(written).values()]
    return -sum(share * math.log2(share) for share in shares)


def private_keys(view: View) -> Iterator[Candidate]:
    """Every private key: a header, at least 32 characters of key, and all up to the footer or the end of the run."""
    for header, footer in _KEY_FORMS:
        for found in every(header, view.chars):
            end = _key_end(view.chars, found, footer)
            if end is not None:
                yield Candidate(found.start(), end, "token")


def _key_end(chars: str, header: re.Match[str], footer: re.Pattern[str]) -> int | None:
    run = _KEY_RUN.match(chars, header.end(), header.start() + _KEY_LONGEST)
    assert run is not None
    foot = footer.search(chars, header.end(), run.end())
    last = min(foot.start() if foot else run.end(), header.end() + _KEY_PROOF_SIZE)
    if not _KEY_PROOF.search(chars, header.end(), last):
        return None
    return foot.end() if foot else run.end()
