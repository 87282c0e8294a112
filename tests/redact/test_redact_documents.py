"""What redacts serves one call after the other, and no call finds anything of the one before (R14)."""

import asyncio
import gc
import weakref
from random import Random

import pytest

from relay._core import Pipeline, RedactionError
from relay.redact import coverage, policy
from relay.redact.documents import MOST_AT_REST, Documents
from relay.redact.placeholders import Numbers
from relay.redact.redaction import Plan, Redaction
from relay.redact.replacements import Replacements, Treatment
from tests.redact import planted
from tests.redact.running import ruleset
from tests.support.answers import message

MODES = ("mask", "placeholder", "report")
READ = 97


class Watched(Replacements):
    """One that can be seen to go."""


def replacements(kind: type[Replacements] = Replacements) -> Replacements:
    return kind(Treatment(dict.fromkeys(policy.Class, policy.Mode.PLACEHOLDER)), Numbers())


def plan(mode: str) -> Plan:
    merged = policy.merge(policy.parse(planted.ON | {"mode": mode}), None)
    assert merged
    return Plan(merged)


def begun(used: Plan) -> tuple[Redaction, dict[str, bytes], Pipeline]:
    """A call whose prompt was sent, and what its streamed answer goes through."""
    call = planted.call()
    redaction = Redaction(used, None, strict=False)
    changed = asyncio.run(redaction.prompt(call.content, call.members))
    return redaction, changed, Pipeline(rewriter=redaction.rewriter())


def alone(mode: str) -> tuple[dict[str, bytes], bytes]:
    _, changed, pipeline = begun(plan(mode))
    return changed, pipeline.feed(planted.answer_stream())


def test_a_document_comes_back_and_holds_on_to_nobody() -> None:
    documents, watched, heard = Documents(ruleset()), replacements(Watched), list[str]()
    gone = weakref.ref(watched)
    first = documents.lend(watched, heard.append)
    texts = (message("bob@x.org [EMAIL_7]"), planted.answer_whole())
    for text in texts:
        first.redact(text, coverage.ANSWER)
    del watched
    documents.take_back(first)
    gc.collect()

    again = documents.lend(replacements(), None)
    fresh = Documents(ruleset()).lend(replacements(), None)

    assert again is first
    assert gone() is None
    assert len(heard) > 0
    was_heard = len(heard)
    assert [again.redact(text, coverage.ANSWER) for text in texts] == [
        fresh.redact(text, coverage.ANSWER) for text in texts
    ]
    assert len(heard) == was_heard


def test_only_so_many_documents_rest() -> None:
    documents = Documents(ruleset())
    used = [documents.lend(replacements(), None) for _ in range(MOST_AT_REST + 3)]

    for each in used:
        documents.take_back(each)

    rested = {id(documents.lend(replacements(), None)) for _ in used}
    assert len(rested & {id(each) for each in used}) == MOST_AT_REST


@pytest.mark.parametrize("mode", MODES)
def test_calls_that_overlap_and_follow_each_other_give_what_each_gives_alone(mode: str) -> None:
    random, used, sent, ended = Random(5), plan(mode), planted.answer_stream(), 0
    expected = alone(mode)
    running = list[tuple[Redaction, Pipeline, list[bytes]]]()
    while ended < 40:
        if len(running) < 4:
            redaction, changed, pipeline = begun(used)
            assert changed == expected[0]
            running.append((redaction, pipeline, []))
        redaction, pipeline, outputs = turn = random.choice(running)
        at = len(outputs) * READ
        outputs.append(pipeline.feed(sent[at : at + READ]))
        if not pipeline:
            assert b"".join(outputs) == expected[1]
            redaction.forget()
            running.remove(turn)
            ended += 1


def test_nothing_passes_behind_the_end_of_a_call() -> None:
    redaction, _, pipeline = begun(plan("mask"))
    sent = planted.answer_stream()
    pipeline.feed(sent[: len(sent) // 2])

    redaction.forget()
    output = pipeline.feed(sent[len(sent) // 2 :])

    assert b"delta" not in output
    with pytest.raises(RedactionError):
        pipeline.check()


def test_what_failed_serves_no_other_call() -> None:
    used = plan("block")
    redaction = Redaction(used, None, strict=False)
    pipeline = Pipeline(rewriter=redaction.rewriter())
    pipeline.feed(planted.answer_stream())
    failed = redaction._document

    redaction.forget()

    with pytest.raises(RedactionError):
        pipeline.check()
    assert used.answering.lend(replacements(), None) is not failed
