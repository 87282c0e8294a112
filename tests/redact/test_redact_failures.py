"""A redactor that fails: nothing of what it held leaves, and the error remembers nothing (R13, RED-1, RED-10)."""

import pytest

from relay._core import Document, Pipeline, RedactionError, Rewriter
from relay.errors import PolicyRedactionFailed
from relay.redact import coverage
from relay.redact.redaction import Redactors
from tests.redact import planted
from tests.redact.running import ruleset
from tests.support.answers import delta, frame, message_start, opening, stream

FOUND = {"type": "web_search_tool_result", "content": [{"title": planted.ANSWER["email"]}]}
ADDRESS = planted.ANSWER["email"]


def fails(cls: int, value: str | None, is_key: bool) -> str:
    raise RuntimeError(f"there is no place for {value}")


def failing() -> Pipeline:
    """A pipeline whose first match can't be replaced."""
    rules = ruleset()
    fields = {"start": coverage.MESSAGE_START, "block": coverage.BLOCK_START, "delta": coverage.DELTA}
    document = Document(rules, fails)
    return Pipeline(rewriter=Rewriter(document, end=coverage.MESSAGE_DELTA, **fields))


def test_what_was_let_out_before_a_failure_is_all_that_leaves_and_its_block_is_closed() -> None:
    pipeline = failing()

    output = pipeline.feed(stream(("to me, ", ADDRESS[:8], ADDRESS[8:], " and you")))

    assert planted.leaks(output) == []
    assert output.count(b"to me, ") == 1
    assert output.endswith(b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n')
    assert not pipeline
    with pytest.raises(RedactionError):
        pipeline.feed(b"x")


@pytest.mark.parametrize(
    ("sent", "begun"),
    [
        (message_start() + frame("content_block_start", index=0, content_block=FOUND), 0),
        (stream(("to ", ADDRESS)), 1),
        (opening() + delta(f"to {ADDRESS}"), 1),
        (opening() + delta(f"to {ADDRESS}") + b"data: {wrong\n\n", 1),
    ],
    ids=["in a block's start", "in its stop", "at the end of the stream", "where the answer broke off"],
)
def test_the_client_sees_the_end_of_a_block_if_it_saw_it_begin(sent: bytes, begun: int) -> None:
    pipeline = failing()

    output = pipeline.feed(sent) + (pipeline.feed(b"") if pipeline else b"")

    assert planted.leaks(output) == []
    assert output.count(b"event: content_block_start") == begun
    assert output.count(b"event: content_block_stop") == begun


def test_the_fault_of_a_redactor_quotes_nothing_and_holds_on_to_nothing() -> None:
    pipeline = failing()
    pipeline.feed(stream((ADDRESS, " ")))

    with pytest.raises(RedactionError) as caught:
        pipeline.check()

    assert planted.leaks(f"{caught.value} {caught.value!r}") == []
    assert caught.value.__cause__ is caught.value.__context__ is None


async def test_a_prompt_that_cannot_be_walked_is_refused_as_such() -> None:
    call = planted.call()
    redaction = Redactors({}, None, strict=False, hold_max=4096).of(call)
    assert redaction is not None

    with pytest.raises(PolicyRedactionFailed) as caught:
        await redaction.prompt(call.content, [("messages", 0, 0, 5, 3)])

    assert caught.value.__cause__ is caught.value.__context__ is None
