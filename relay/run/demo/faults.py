"""What goes wrong: changes of an answer's events, and of the steps that put them on the socket.

All are lazy: an endless or a huge stream passes through in memory of one event.
"""

from collections.abc import Iterator

from relay.run.demo.events import FRAMINGS, At, End, Event, Framing, Item, Kind, Step, Wait, plain
from relay.run.demo.grammar import Script

_SEVERED = {"cut": End.CUT, "reset": End.RESET}
_TORN_BYTES = 5  # a socket write of `unicode`: no multiple of an escape or a character


def disturbed(script: Script, events: Iterator[Event], errors: tuple[Event, ...]) -> Iterator[Item]:
    """The events of an answer with what the script does to them; `errors` are the dialect's error events."""
    match script.fault:
        case "error-first":
            return iter(errors)
        case "error-mid":
            return _inserted(events, script.count("after", 5), errors, stop=True)
        case "stall":
            pause = Wait(script.number("seconds", 30))
            return _inserted(events, script.count("after", 5), (pause,), stop=False)
        case "no-stop":
            return (event for event in events if event.kind is not Kind.END)
    return events


def timed(items: Iterator[Item], framing: Framing, delay_s: float, rate: float) -> Iterator[Step]:
    """Frames with their times: deltas at `rate` a second from the head when it is not 0, else `delay_s` apart."""
    deltas = frames = 0
    for item in items:
        if isinstance(item, Wait):
            yield item
            continue
        if rate and item.kind is Kind.DELTA:
            yield At(deltas / rate)
            deltas += 1
        elif delay_s and frames:
            yield Wait(delay_s)
        frames += 1
        yield framing(item)


def framing(script: Script) -> Framing:
    return FRAMINGS.get(script.fault, plain)


def transported(script: Script, steps: Iterator[Step]) -> Iterator[Step]:
    """The steps as the script lets the socket have them: late, in small writes, cut."""
    if script.fault == "slow-first":
        steps = _late(steps, script.number("seconds", 5))
    if script.fault in _SEVERED:
        steps = _severed(steps, script.count("bytes", 500), _SEVERED[script.fault])
    torn_bytes = script.count("split", _TORN_BYTES if script.voice == "unicode" else 0)
    return _torn(steps, torn_bytes) if torn_bytes else steps


def _inserted(events: Iterator[Event], after: int, items: tuple[Item, ...], *, stop: bool) -> Iterator[Item]:
    """`items` right behind the delta number `after` (0: before the first); with `stop` nothing follows them."""
    left, done = after, False
    for event in events:
        if not done and left == 0 and (after or event.kind is Kind.DELTA):
            yield from items
            done = True
            if stop:
                return
        left -= event.kind is Kind.DELTA
        yield event


def _late(steps: Iterator[Step], seconds: float) -> Iterator[Step]:
    yield Wait(seconds)
    yield from steps


def _severed(steps: Iterator[Step], after_bytes: int, end: End) -> Iterator[Step]:
    """Exactly `after_bytes` of the content, then the end; also when the content is shorter."""
    left = after_bytes
    for step in steps:
        if not isinstance(step, bytes):
            yield step
            continue
        yield step[:left]
        left -= len(step)
        if left <= 0:
            break
    yield end


def _torn(steps: Iterator[Step], size: int) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, bytes):
            yield from (step[start : start + size] for start in range(0, len(step), size))
        else:
            yield step
