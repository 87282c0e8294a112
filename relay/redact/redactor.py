"""Redaction for a program's own texts: redact() and find() for a text that is there, Redactor for one that streams.

`classes` are names as in requests (`email`, `credit_card` or `credit-card`, …), `custom` phrases and `/patterns/` or
objects as in a request's `custom`. What is no such thing is a ValueError that names the argument.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from relay._core import Channel, JsonChannel, Misuse, Ruleset
from relay.redact import rules
from relay.redact.classes import Class, Mode
from relay.redact.placeholders import Numbers
from relay.redact.replacements import Replacements, Treatment
from relay.redact.restorer import Restorer
from relay.redact.rules import Custom

_MODES: Final = {mode.value: mode for mode in (Mode.MASK, Mode.PLACEHOLDER, Mode.BLOCK)}


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands: `text[start:end]`, in code points; `cls` is the name of its class."""

    start: int
    end: int
    cls: str


def find(text: str, classes: Iterable[str], custom: Iterable[Custom] = ()) -> list[Span]:
    """Give where the values of these classes stand in a text, left to right."""
    channel = Channel(_rules(classes, custom), spans=True)
    channel.feed(text)
    channel.flush()
    return [Span(*each) for each in channel.found()]


def redact(text: str, classes: Iterable[str], custom: Iterable[Custom] = ()) -> str:
    """Give a text with `[EMAIL]` and its like in the place of the values of these classes."""
    channel = Channel(_rules(classes, custom))
    return channel.feed(text) + channel.flush()


class Redactor:
    """Redacts one text that comes in pieces cut anywhere; what it gives out does not depend on the cuts.

    mode     `mask`: `[EMAIL]`; `placeholder`: `[EMAIL_1]`, which restorer() undoes; `block`: Blocked is raised
    json     the text is a JSON document: strings are matched by what they say, and what comes out is JSON again
    """

    __slots__ = ("_channel", "_json", "_mode", "_numbers")

    def __init__(
        self, classes: Iterable[str], *, custom: Iterable[Custom] = (), mode: str = "mask", json: bool = False
    ) -> None:
        self._mode = _mode(mode)
        self._json = json
        self._numbers = Numbers()
        self._channel: Channel | None = self._opened(_rules(classes, custom))

    def feed(self, text: str) -> str:
        """Give what this piece lets out.

        raises   Blocked, and Misuse after it or after flush()
        """
        channel = self._taken()
        out = channel.feed(text)
        self._channel = channel
        return out

    def flush(self) -> str:
        """Give the rest: the text has ended."""
        return self._taken().flush()

    def restorer(self, *, tokens: bool = False) -> Restorer:
        """Give what puts the originals back into a text that holds placeholders of this one, such as an answer to it.

        A placeholder behind the `?` or `#` of a URL stays, unless the text is JSON.

        tokens   tokens come back too; in JSON they always do
        """
        if self._mode is not Mode.PLACEHOLDER:
            raise ValueError("mode: only 'placeholder' keeps originals that a restorer could put back")
        return Restorer(self._numbers, tuple(Class), json=self._json, tokens=tokens)

    def _opened(self, ruleset: Ruleset) -> Channel:
        if self._mode is Mode.MASK and not self._json:
            return Channel(ruleset)
        replacements = Replacements(Treatment(dict.fromkeys(Class, self._mode)), self._numbers)
        kind = JsonChannel if self._json else Channel
        return kind(ruleset, replacements, literals=self._numbers.reserve_in)

    def _taken(self) -> Channel:
        """Give the channel, which is put back when its work succeeds: a failure must not let held text out."""
        channel, self._channel = self._channel, None
        if channel is None:
            raise Misuse("the text of a redactor ends with flush() or with an exception; make another")
        return channel


def _rules(classes: Iterable[str], custom: Iterable[Custom]) -> Ruleset:
    return rules.ruleset(rules.classes(classes), rules.patterns(custom))


def _mode(word: str) -> Mode:
    if word == Mode.HASH.value:
        raise ValueError("mode: 'hash' needs a tenant's key, which only the gateway has; use 'mask' or 'placeholder'")
    if word not in _MODES:
        raise ValueError(f"mode: should be {', '.join(map(repr, _MODES))}")
    return _MODES[word]
