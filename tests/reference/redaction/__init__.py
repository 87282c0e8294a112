"""Redaction as the contract states it, over a whole text: the oracle of the streaming engine. Clear, not fast.

find(text, classes, custom) gives the matches, redact(text, classes, custom) the text in mode mask; `document` does the
same for JSON. All of them read the whole text at once; nothing is shared with the engine.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from tests.reference.redaction.assigned import (
    assigned_secrets,
    headers,
    passwords,
    url_credentials,
)
from tests.reference.redaction.custom import Pattern, customs
from tests.reference.redaction.email import emails
from tests.reference.redaction.families import families, private_keys
from tests.reference.redaction.model import Candidate, choose
from tests.reference.redaction.network import ips, macs, uuids
from tests.reference.redaction.numbers import credit_cards, ibans, ssns
from tests.reference.redaction.phone import phones
from tests.reference.redaction.view import Span, View, view

RULES: dict[str, tuple[Callable[[View], Iterator[Candidate]], ...]] = {
    "email": (emails,),
    "ip": (ips,),
    "uuid": (uuids,),
    "mac": (macs,),
    "ssn": (ssns,),
    "credit_card": (credit_cards,),
    "iban": (ibans,),
    "phone": (phones,),
    "token": (families, private_keys, assigned_secrets, passwords, headers, url_credentials),
}
CLASSES = frozenset(RULES)


def find(text: str, classes: Collection[str], custom: Sequence[str | Pattern] = (), start: int = 0) -> list[Span]:
    """The matches of the classes that are on, left to right; offsets in code points.

    start   what stands before it is context: nothing there is a match
    """
    seen = view(text)
    offers = [*customs(seen, custom), *_offers(seen, classes)]
    return choose(seen, [offer for offer in offers if offer.start >= start])


def _offers(seen: View, classes: Iterable[str]) -> Iterator[Candidate]:
    for cls in classes:
        for rule in RULES[cls]:
            yield from (offer for offer in rule(seen) if not _holds_literal(seen, offer))


def _holds_literal(seen: View, offer: Candidate) -> bool:
    return any(offer.start < literal.end and literal.start < offer.end for literal in seen.literals)


def redact(text: str, classes: Collection[str], custom: Sequence[str | Pattern] = ()) -> str:
    """The text with each match replaced by its class in brackets (mode mask, 8.1)."""
    parts: list[str] = []
    end = 0
    for match in find(text, classes, custom):
        parts += text[end : match.start], f"[{match.cls.upper()}]"
        end = match.end
    return "".join(parts) + text[end:]
