"""Providers that fail in every way there is, and know to the nano-dollar what they bill for.

A provider bills what it last said it used, and only when a piece of text has left: input as told at the start, output
as told last. What it was asked by a request that excludes it, it remembers.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.answers import LAST_CHUNK, chunk, delta, failure, frame, head, message, message_start, whole
from tests.support.raw_provider import FIN, RST, RawProvider, Received, Step

SILENT_S: Final = 3.0
SETTLED_S: Final = 0.3
"""What was written before has been read by then, so that a reset does not take it away."""

Usage = dict[str, Any]
Steps = Iterator[Step]


@dataclass
class Books:
    """What all providers say together.

    billed     nano-dollars by the request's tag
    trespass   (provider, tag) of requests that exclude who got them
    did        what was done, and how often
    """

    billed: Counter[str] = field(default_factory=Counter)
    trespass: list[tuple[str, str]] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens, as decimal text of at most six places."""

    prompt: str
    completion: str
    cache_read: str
    cache_write_5m: str
    cache_write_1h: str
    request: str = "0"

    def nanousd(self, usage: Usage) -> int:
        """Give what a usage costs: exact until the end, then half up."""
        lives = usage["cache_creation"]
        micro = (  # US dollars × 1e-6 × 1e-6 a token
            usage["input_tokens"] * _micro(self.prompt)
            + usage["cache_read_input_tokens"] * _micro(self.cache_read)
            + lives["ephemeral_5m_input_tokens"] * _micro(self.cache_write_5m)
            + lives["ephemeral_1h_input_tokens"] * _micro(self.cache_write_1h)
            + usage["output_tokens"] * _micro(self.completion)
        )
        return (micro + 500) // 1000 + _micro(self.request) * 1000


def _micro(text: str) -> int:
    whole_part, _, places = text.partition(".")
    return int(whole_part) * 1_000_000 + int(places.ljust(6, "0") or 0)


class Chaotic:
    """One provider: `mood` is the share of its answers that fail, over 1 all of them at the door."""

    def __init__(self, name: str, price: Price, books: Books, dice: random.Random) -> None:
        self.name = name
        self.price = price
        self.mood = 0.2
        self.server = RawProvider()
        self.server.answers = self._answer
        self._books = books
        self._dice = dice

    def _answer(self, received: Received) -> Steps:
        asked = json.loads(received.content)
        told = json.loads(asked["messages"][0]["content"])
        if self.name not in told["allowed"]:
            self._books.trespass.append((self.name, told["tag"]))
        streams = asked.get("stream") is True
        if self.mood > 1:
            return self._do("outage", [RST])
        if self._dice.random() >= self.mood:
            return self._left(told["tag"]) if told["leaves"] else self._good(told["tag"], streams)
        failures = [*BEFORE, *(BEHIND if streams else ())]
        name = self._dice.choice(failures)
        if name in BEFORE:
            return self._do(name, BEFORE[name])
        return self._broken(told["tag"], name)

    def _do(self, name: str, steps: Sequence[Step]) -> Steps:
        self._books.did[name] += 1
        yield from steps

    def _usage(self) -> Usage:
        fives, hours = self._dice.randrange(500), self._dice.randrange(500)
        return {
            "input_tokens": self._dice.randrange(1, 5000),
            "cache_read_input_tokens": self._dice.choice((0, self._dice.randrange(9000))),
            "cache_creation_input_tokens": fives + hours,
            "cache_creation": {"ephemeral_5m_input_tokens": fives, "ephemeral_1h_input_tokens": hours},
            "output_tokens": self._dice.randrange(300, 5000),
        }

    def _good(self, tag: str, streams: bool) -> Steps:
        usage = self._usage()
        self._books.did["good stream" if streams else "good answer"] += 1
        if not streams:
            self._books.billed[tag] += self.price.nanousd(usage)
            yield whole(message("all is well", usage=usage))
            return
        yield head() + chunk(message_start(usage=usage) + _BLOCK)
        for word in ("all", " is", " well"):
            yield chunk(delta(word))
            yield self._dice.choice((0.0, 0.001, 0.01))
        usage["output_tokens"] += self._dice.choice((0, 17, -100))  # the last word counts, also a smaller one
        self._books.billed[tag] += self.price.nanousd(usage)
        yield chunk(_end(usage["output_tokens"])) + LAST_CHUNK

    def _left(self, tag: str) -> Steps:
        """Begin an answer, and wait for the client to leave it."""
        self._books.did["left"] += 1
        yield self._begun(tag)
        yield SILENT_S

    def _broken(self, tag: str, name: str) -> Steps:
        self._books.did[name] += 1
        yield self._begun(tag)
        yield from BEHIND[name]

    def _begun(self, tag: str) -> bytes:
        """Give how an answer begins that has no end, and bill for it."""
        usage = self._usage()
        self._books.billed[tag] += self.price.nanousd(usage)
        return head() + chunk(message_start(usage=usage) + _BLOCK + delta("half an an"))


_BLOCK: Final = frame("content_block_start", index=0, content_block={"type": "text", "text": ""})


def _end(output_tokens: int) -> bytes:
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    usage = {"output_tokens": output_tokens}
    return (
        frame("content_block_stop", index=0) + frame("message_delta", delta=stop, usage=usage) + frame("message_stop")
    )


def _refusal(status: str, kind: str, *lines: str) -> list[Step]:
    return [failure(status, kind, "not now", *lines)]


def _error_event(kind: str) -> bytes:
    return frame("error", error={"type": kind, "message": "not now"})


BEFORE: Final[Mapping[str, Sequence[Step]]] = {
    "reset": [RST],
    "closed": [FIN],
    "silent": [SILENT_S, FIN],
    "rubbish": [b"no such protocol\r\n\r\n", FIN],
    "a page": [whole(b"<html>maintenance</html>", "200 OK", "text/html")],
    "nothing": [head() + LAST_CHUNK],
    "half a frame": [head() + chunk(message_start()[:40]), FIN],
    "silent behind its head": [head(), SILENT_S, FIN],
    "error event": [head() + chunk(_error_event("overloaded_error")) + LAST_CHUNK],
    "401": _refusal("401 No", "authentication_error"),
    "402": _refusal("402 Pay", "billing_error"),
    "403": _refusal("403 No", "permission_error"),
    "404": _refusal("404 None", "not_found_error"),
    "408": _refusal("408 Late", "timeout_error"),
    "429": _refusal("429 Slow", "rate_limit_error"),
    "429 with a time": _refusal("429 Slow", "rate_limit_error", "retry-after: 1"),
    "500": _refusal("500 Oops", "api_error"),
    "503": _refusal("503 Full", "api_error"),
    "529": _refusal("529 Full", "overloaded_error"),
    "400": _refusal("400 Bad", "invalid_request_error"),
    "413": _refusal("413 Large", "request_too_large"),
}
"""Failures before any text; nothing is billed."""

BEHIND: Final[Mapping[str, Sequence[Step]]] = {
    "cut": [FIN],
    "cut in a frame": [chunk(delta("more")[:30]), FIN],
    "reset in the middle": [SETTLED_S, RST],
    "silent in the middle": [SILENT_S, FIN],
    "overloaded in the middle": [chunk(_error_event("overloaded_error")) + LAST_CHUNK],
    "an error that nobody knows": [chunk(_error_event("made_up_error")) + LAST_CHUNK],
    "no stop reason": [chunk(frame("content_block_stop", index=0)) + LAST_CHUNK],
    "rubbish in a frame": [chunk(b"event: content_block_delta\ndata: {nonsense\n\n"), FIN],
}
"""Failures behind text, of streams alone; what was told to be used is billed."""


@dataclass(frozen=True)
class Wish:
    """What a request says of who may answer: its members, and the names that these leave."""

    said: Mapping[str, Any]
    allowed: frozenset[str]


def wishes(names: Sequence[str], dice: random.Random, lets: Callable[[str], bool]) -> Wish:
    """Give preferences at random; `lets` tells whether a provider keeps no data."""
    some = dice.sample(names, dice.randrange(1, len(names)))
    match dice.randrange(7):
        case 0:
            return Wish({"provider": {"only": some}}, frozenset(some))
        case 1:
            return Wish({"provider": {"ignore": some}}, frozenset(names) - frozenset(some))
        case 2:
            return Wish({"gateway": {"zdr": True}}, frozenset(filter(lets, names)))
        case 3:
            return Wish({"provider": {"order": some, "allow_fallbacks": False}}, frozenset(some))
        case 4:
            return Wish({"session_id": f"s{dice.randrange(50)}"}, frozenset(names))
        case 5:
            return Wish({"models": ["chaos/other"]}, frozenset(names))
        case _:
            return Wish({}, frozenset(names))
