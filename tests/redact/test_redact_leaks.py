"""Planted values of every class, an answer cut at every byte: none of them is in any output or error (R1, R13, R16)."""

import json
from collections.abc import Iterable

import pytest

from relay._core import Channel, JsonChannel, Pipeline
from relay.redact.redaction import Redaction, Redactors
from relay.redact.rules import classes, patterns, ruleset
from tests.redact import planted

MODES = ("mask", "placeholder", "hash")
STREAM = planted.answer_stream(11)
INPUT = 1
"""Index of the tool's block."""

RULES = ruleset(classes([name for name in planted.ON if name != "custom"]), patterns(planted.CUSTOM))
ENDS = [place for place in range(1, len(STREAM) + 1) if STREAM[:place].endswith(b"\n\n")]


def redaction(mode: str) -> Redaction:
    made = Redactors({}, b"k" * 32, strict=True, hold_max=4096).of(planted.call(mode=mode))
    assert made is not None
    return made


def run(mode: str, reads: Iterable[bytes]) -> tuple[bytes, Exception | None]:
    """What leaves for these reads and the end, and the error."""
    pipeline = Pipeline(rewriter=redaction(mode).rewriter())
    output = b""
    for read in (*reads, b""):
        output += pipeline.feed(read)
        if not pipeline:
            break
    try:
        pipeline.check()
    except Exception as error:
        return output, error
    return output, None


def said(output: bytes, index: int) -> str:
    """The text or the tool input of a block, as far as it came."""
    events = [json.loads(frame.split(b"data: ", 1)[1]) for frame in output.split(b"\n\n")[:-1]]
    parts = [event.get("content_block") or event.get("delta", {}) for event in events if event.get("index") == index]
    return "".join(part.get("text", "") + part.get("partial_json", "") for part in parts)


def redacted(text: str, index: int) -> str:
    """What becomes of a block's text that comes whole."""
    channel = JsonChannel(RULES, redaction("mask").response) if index == INPUT else Channel(RULES)
    return channel.feed(text) + channel.flush()


def assert_same_at_every_cut(mode: str, places: Iterable[int]) -> None:
    whole = run(mode, [STREAM])
    assert planted.leaks(whole[0]) == []
    assert whole[1] is None
    for place in places:
        assert run(mode, [STREAM[:place], STREAM[place:]]) == whole, place


def assert_no_leak_at_every_end(places: Iterable[int]) -> None:
    """A value that is cut off is none; what came of it is a text like any other."""
    for place in places:
        came, (output, error) = STREAM[:place], run("mask", [STREAM[:place]])
        for index in (0, INPUT, 4):
            assert said(output, index) == redacted(said(came, index), index), place
        assert [value for value in planted.ANSWER.values() if value.encode() in output] == [], place
        assert planted.leaks(f"{error} {error!r}") == [], place


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_in_two_reads_is_the_same_and_holds_no_value(mode: str) -> None:
    assert_same_at_every_cut(mode, range(1, len(STREAM), 61))


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_an_answer_cut_into_two_reads_at_every_byte_is_the_same_and_holds_no_value(mode: str) -> None:
    assert_same_at_every_cut(mode, range(1, len(STREAM)))


def test_an_answer_that_ends_after_any_event_holds_no_value_that_came() -> None:
    assert_no_leak_at_every_end(ENDS)


@pytest.mark.slow
def test_an_answer_that_ends_at_any_byte_holds_no_value_that_came() -> None:
    assert_no_leak_at_every_end(range(len(STREAM)))


def test_an_answer_in_reads_of_one_byte_holds_no_value() -> None:
    output, error = run("placeholder", [STREAM[at : at + 1] for at in range(len(STREAM))])

    assert error is None
    assert planted.leaks(output) == []


@pytest.mark.parametrize("mode", MODES)
async def test_neither_a_prompt_nor_a_whole_answer_holds_a_value(mode: str) -> None:
    call = planted.call(mode=mode, restore=False)
    made = redaction(mode)

    sent = await made.prompt(call.content, call.members)
    given = made.answer(planted.answer_whole())

    assert planted.leaks(b"".join(sent.values())) == []
    assert planted.leaks(given, planted.OF_ANSWER) == []
    assert planted.leaks(repr([made, made.request, made.response, made.counts(), made.report()])) == []
