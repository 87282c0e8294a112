"""What is compared: each finder takes a text and gives the spans it would hide.

`FINDERS` is the table's rows. All of them get the same text whole, with every class on and `CUSTOM` beside them.
"""

import re
from functools import cache

import tldextract
from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    PhoneRecognizer,
    UsSsnRecognizer,
    UuidRecognizer,
)

from relay._core import Channel, Ruleset
from relay.redact import rules
from relay.redact.classes import Class

from .phrases import CUSTOM
from .score import Find
from .texts import Span


def _regex(written: str) -> str:
    """Give a custom phrase or pattern as a regular expression; case counts where a pattern says no other."""
    slashed = re.fullmatch(r"/(.+)/(i?)", written)
    if slashed:
        return f"(?i:{slashed[1]})" if slashed[2] else f"(?-i:{slashed[1]})"
    return rf"(?i:(?<![^\W_]){re.escape(written)}(?![^\W_]))"


# What a developer writes in an afternoon; the order settles who wins where two of them meet.
NAIVE = tuple(
    (cls, re.compile(pattern))
    for cls, pattern in (
        ("token", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----"),
        ("token", r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"),
        ("token", r"\b(?:sk|pk|rk|ghp|gho|ghs|glpat|xox[abp]|hf|npm|AKIA|AIza)[-_]?[\w-]{16,}"),
        ("token", r"(?i)(?<=bearer )[\w.~+/-]+=*"),
        ("token", r"(?i)(?:(?<=password=)|(?<=password: )|(?<=api_key=)|(?<=secret=)|(?<=token=))[^\s\"',;]+"),
        ("email", r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b"),
        ("uuid", r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"),
        ("iban", r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b"),
        ("credit_card", r"\b(?:\d[ -]?){12,18}\d\b"),
        ("mac", r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"),
        ("ip", r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
        ("ip", r"\b(?:[0-9A-Fa-f]{1,4}:){2,7}:?[0-9A-Fa-f]{1,4}\b"),
        ("ssn", r"\b\d{3}-\d{2}-\d{4}\b"),
        ("phone", r"(?:\+\d{1,3}[ .-]?)?\(?\d{2,4}\)?[ .-]?\d{3,4}[ .-]?\d{3,4}\b"),
        *[("custom", _regex(written)) for written in CUSTOM],
    )
)
PRESIDIO_CLASSES = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IP_ADDRESS": "ip",
    "UUID": "uuid",
    "CREDIT_CARD": "credit_card",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "MAC_ADDRESS": "mac",
    "CUSTOM": "custom",
}
# Presidio raises a weak score by context words, for which it needs a language model. Without one, what it calls "very
# weak" (any nine digits as a social security number, 0.05) would only add false alarms.
PRESIDIO_SCORE = 0.3


def naive(text: str) -> list[Span]:
    """Find by plain patterns, the first in the list before the others."""
    ranked = [
        (rank, (match.start(), match.end(), cls))
        for rank, (cls, pattern) in enumerate(NAIVE)
        for match in pattern.finditer(text)
    ]
    return _settle(ranked)


def presidio(text: str) -> list[Span]:
    """Find by Presidio's pattern recognisers, asked one by one without a language model; it has none for tokens."""
    results = (
        result
        for recogniser in _recognisers()
        for result in recogniser.analyze(text, recogniser.supported_entities, nlp_artifacts=None)
    )
    ranked = [
        (-result.score, (result.start, result.end, PRESIDIO_CLASSES[result.entity_type]))
        for result in results
        if result.score >= PRESIDIO_SCORE
    ]
    return _settle(ranked)


def relay(text: str) -> list[Span]:
    """Find by relay's engine."""
    channel = Channel(_rules(), spans=True)
    channel.feed(text)
    channel.flush()
    return channel.found()


FINDERS: dict[str, Find] = {"naive": naive, "presidio": presidio, "relay": relay}


@cache
def _rules() -> Ruleset:
    return rules.ruleset(frozenset(Class), rules.patterns(CUSTOM))


@cache
def _recognisers() -> tuple[EntityRecognizer, ...]:
    # Its email recogniser would fetch the list of public suffixes; the copy in the package gives the same in every run.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    return (
        EmailRecognizer(),
        PhoneRecognizer(),
        IpRecognizer(),
        UuidRecognizer(),
        CreditCardRecognizer(),
        IbanRecognizer(),
        UsSsnRecognizer(),
        MacAddressRecognizer(),
        PatternRecognizer("CUSTOM", patterns=[Pattern(written, _regex(written), 1.0) for written in CUSTOM]),
    )


def _settle(ranked: list[tuple[float, Span]]) -> list[Span]:
    """Give the spans without overlap: the lowest rank first, then the longer one."""
    settled: list[Span] = []
    for _, span in sorted(ranked, key=lambda entry: (entry[0], entry[1][0] - entry[1][1], entry[1])):
        if all(span[1] <= taken[0] or taken[1] <= span[0] for taken in settled):
            settled.append(span)
    return sorted(settled)
