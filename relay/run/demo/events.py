"""Events of an answer, the steps that put them on a socket, and the framings between the two.

A dialect gives `Event`s; `frame()` makes bytes of each; what the server executes is an iterator of `Step`s: bytes for
one socket write, a `Wait`, an `At`, or an `End`.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice

BOM = b"\xef\xbb\xbf"
BAD = b"\xff\x80\xe2\x82"
_TEXT = re.compile(rb'"(?:text|thinking|content|reasoning_content|delta)":"')


class Kind(Enum):
    START = "start"  # the first event
    DELTA = "delta"  # carries content
    END = "end"  # message_stop, [DONE]
    OTHER = "other"


class End(Enum):
    CUT = "cut"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event; `type` "" has no `event` line."""

    kind: Kind
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class At:
    """Not before so many seconds after the head."""

    seconds: float


def in_turn(writers: Iterable[Iterator[Event]]) -> Iterator[Event]:
    """One event of each writer after the other, until none has any."""
    waiting = deque(writers)
    while waiting:
        writer = waiting.popleft()
        for event in islice(writer, 1):
            waiting.append(writer)
            yield event


Item = Event | Wait
Step = bytes | Wait | At | End
Framing = Callable[[Event], bytes]


def plain(event: Event) -> bytes:
    """The frame that Anthropic (with a type) and OpenAI (without) write."""
    name = b"event: %b\n" % event.type.encode() if event.type else b""
    return b"%bdata: %b\n\n" % (name, event.data)


def _crlf(event: Event) -> bytes:
    return plain(event).replace(b"\n", b"\r\n")


def _no_event_line(event: Event) -> bytes:
    return b"data: %b\n\n" % event.data


def _bom(event: Event) -> bytes:
    return BOM + plain(event) if event.kind is Kind.START else plain(event)


def _empty_data(event: Event) -> bytes:
    """A comment, an empty `data`, a `data` without a colon and a lone `event` line before each event."""
    return b": ping\n\ndata:\n\ndata\n\nevent: ping\n\n" + plain(event)


def _bad_utf8(event: Event) -> bytes:
    """A byte that never occurs, a lone continuation and a cut sequence at the start of each delta's text."""
    return (
        plain(replace(event, data=_TEXT.sub(rb"\g<0>" + BAD, event.data))) if event.kind is Kind.DELTA else plain(event)
    )


FRAMINGS: Mapping[str, Framing] = {
    "bom": _bom,
    "crlf": _crlf,
    "no-event-line": _no_event_line,
    "empty-data": _empty_data,
    "bad-utf8": _bad_utf8,
}
