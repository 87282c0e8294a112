"""Runs of channels over texts that are cut, and how often a property is tried.

Properties run without a deadline and with the same examples every time: a slow machine is no failure, and what was red
stays red.
"""

from collections.abc import Iterable, Sequence
from functools import cache

from hypothesis import HealthCheck, settings

from relay._core import Channel, JsonChannel, Ruleset
from relay.redact.classes import Class
from relay.redact.placeholders import Numbers, masked, numbered
from tests.reference.redaction import CLASSES

PROPERTY = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
"""For `@given`; `settings(PROPERTY, max_examples=…)` where an example is slow."""


@cache
def ruleset(classes: frozenset[str] = CLASSES) -> Ruleset:
    """The rules of these classes, compiled once."""
    return Ruleset(classes)


def channel(classes: frozenset[str] = CLASSES) -> Channel:
    """A text channel in mode mask."""
    return Channel(ruleset(classes))


def json_channel(classes: frozenset[str] = CLASSES, *, escaped: bool = False) -> JsonChannel:
    """A JSON channel in mode mask, in which keys count from 1."""
    numbers = Numbers()

    def replace(cls: int, value: str | None, is_key: bool) -> str:
        assert value is not None, "a key or value of a test fits in 16 KiB"
        return numbered(Class(cls), numbers.number(Class(cls), value)) if is_key else masked(Class(cls))

    return JsonChannel(ruleset(classes), replace, escaped=escaped)


def by_character(text: str) -> Sequence[str]:
    """A text in pieces of one character."""
    return list(text)


def run(used: Channel, fed: Iterable[str]) -> str:
    """All that a channel gives for these pieces and the end."""
    return "".join([*map(used.feed, fed), used.flush()])


def redacted(text: str, classes: frozenset[str] = CLASSES) -> str:
    """The redaction of a text that comes whole."""
    return run(channel(classes), [text])
