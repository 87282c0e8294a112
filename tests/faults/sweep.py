"""One call after the other through a redaction whose n-th call fails, for every n: `python -m tests.faults.sweep …`.

It runs on the build of build.py and prints one object of JSON: how many calls could fail, in how many functions, and
what was wrong with which. What the gateway does with a call is done here in the same order, without its sockets.

    stream|whole|prompt   how the call is answered; prompt: not at all
    --lasting             all calls from the n-th on fail
    --buffers             there is no memory, in Buffer too
    --cold                nothing is in a cache
"""

import argparse
import json
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar, cast

from relay._core.fault import arm, disarm  # type: ignore[import-not-found]  # the build's

from relay._core import Pipeline, RedactionError
from relay.errors import PolicyRedactionFailed
from relay.redact import custom, redaction, restorer, rules
from relay.redact.redaction import Redactors
from relay.redact.replacements import fault
from tests.redact import planted

Given = TypeVar("Given")
READ = 257
MOST_WRONG = 5
ENDS = (PolicyRedactionFailed, MemoryError)
"""Where memory fails outside of the redactor, relay itself is at fault; elsewhere the redactor says that it failed."""

REDACTORS = Redactors({}, b"k" * 32, strict=True, hold_max=4096)
HOW = {"restore_in": ["text", "tool_input", "token_text"], "allow": ["@x.example"]}
QUOTED = " ".join(planted.EVERY)
STOP = planted.event("content_block_stop", index=0).split(b"0}")[0]


@dataclass
class Seen:
    """What left: to the provider, to the client, and the error that ended it."""

    sent: bytes = b""
    output: bytes = b""
    error: Exception | None = None


def prompt(mode: str, seen: Seen) -> redaction.Redaction:
    asked = planted.call(**HOW, mode=mode)
    made = REDACTORS.of(asked)
    assert made is not None
    seen.sent = b"".join(finished(made.prompt(asked.content, asked.members)).values())
    return made


def finished(work: Coroutine[Any, Any, Given]) -> Given:
    """What comes of work that waits for nothing but its turn."""
    while True:
        try:
            work.send(None)
        except StopIteration as done:
            return cast(Given, done.value)


def stream(mode: str, seen: Seen) -> None:
    made = prompt(mode, seen)
    pipeline = Pipeline(rewriter=made.rewriter())
    for read in reads():
        seen.output += pipeline.feed(read)
        if not pipeline:
            break
    try:
        pipeline.check()
    except RedactionError as cause:
        raise fault(cause) from None


def whole(mode: str, seen: Seen) -> None:
    seen.output = prompt(mode, seen).answer(planted.answer_whole())


def only_prompt(mode: str, seen: Seen) -> None:
    prompt(mode, seen)


KINDS: dict[str, Callable[[str, Seen], object]] = {"stream": stream, "whole": whole, "prompt": only_prompt}
_STREAM = planted.answer_stream(19)


def reads() -> Iterator[bytes]:
    yield from (_STREAM[at : at + READ] for at in range(0, len(_STREAM), READ))
    yield b""


def run(kind: str, mode: str, due: int, arguments: argparse.Namespace) -> tuple[Seen, str | None]:
    """Give what left when the call number `due` fails, and which function that was; None: there are not as many."""
    seen = Seen()
    if arguments.cold:
        for cached in (rules.ruleset, custom.compile, restorer._patterns):
            cached.cache_clear()
    arm(due, QUOTED, lasting=arguments.lasting, buffers=arguments.buffers)
    try:
        KINDS[kind](mode, seen)
    except Exception as error:
        seen.error = error
    return seen, disarm()


def wrong(seen: Seen, whole: Seen) -> str | None:
    """Tell what is wrong with what left when something failed; None: nothing."""
    if not isinstance(seen.error, ENDS):
        return f"ended with {type(seen.error).__name__}"
    if seen.sent not in (b"", whole.sent):
        return "another prompt left"
    kept = seen.output
    begun, _, ended = kept.rpartition(STOP)
    if ended.endswith(b"}\n\n") and not whole.output.startswith(kept):
        kept = begun
    if not whole.output.startswith(kept):
        return "something was let out that is no beginning of the redacted answer"
    if told := planted.leaks(" ".join(said(seen.error))):
        return f"the error says {len(told)} pieces of values"
    return None


def said(error: BaseException | None) -> Iterator[str]:
    """Everything that an error and what led to it could say, to whoever asks."""
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)), *traceback.format_exception(error))
        error = error.__cause__ or error.__context__


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("mode")
    for flag in ("--lasting", "--buffers", "--cold"):
        parser.add_argument(flag, action="store_true")
    arguments = parser.parse_args()
    kind, mode = arguments.kind, arguments.mode

    run(kind, mode, 0, arguments)  # fills the caches, which must not hide what is called
    clean, _ = run(kind, mode, 0, arguments)
    if clean.error is not None:
        raise clean.error
    places, found = set[str](), list[str]()
    for due in count(1):
        seen, place = run(kind, mode, due, arguments)
        if place is None:
            break
        places.add(place)
        if (why := wrong(seen, clean)) and len(found) < MOST_WRONG:
            found.append(f"call {due}, {place}: {why}")
    json.dump({"calls": due - 1, "places": sorted(places), "wrong": found}, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
