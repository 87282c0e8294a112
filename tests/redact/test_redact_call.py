"""The redaction of one call: what its attempts share, and what they don't."""

import asyncio
import json
from itertools import pairwise

import pytest

from relay._core import Pipeline, ProtocolError
from relay.redact import policy
from relay.redact.receipt import Receipt
from relay.redact.redaction import Plan, Redaction
from tests.core.running import sent
from tests.support.answers import message, stream

PROMPT = b'{"messages":[{"role":"user","content":"I am a@x.org"}]}'
MEMBERS = [("messages", 1, len(PROMPT) - 1, 12, len(PROMPT) - 1)]


def unprompted() -> Redaction:
    merged = policy.merge(policy.parse({"email": True, "mode": "placeholder"}), None)
    assert merged
    return Redaction(Plan(merged), None, strict=False, receipt=Receipt(merged, strict=False))


def redaction() -> Redaction:
    call = unprompted()
    asyncio.run(call.prompt(PROMPT, MEMBERS))
    return call


def streamed(call: Redaction, *texts: str) -> str:
    pipeline = Pipeline(rewriter=call.rewriter())
    output = pipeline.feed(stream(texts), 1)
    pipeline.check()
    events = [json.loads(data) for kind, data in sent(output) if kind == "content_block_delta"]
    return "".join(event["delta"]["text"] for event in events)


def test_the_answer_goes_on_with_the_numbers_of_the_prompt() -> None:
    assert streamed(redaction(), "a@x.org, b@x.org ") == "a@x.org, [EMAIL_2] "


def test_an_attempt_that_failed_unseen_leaves_no_gap_in_numbers_and_counts() -> None:
    call = redaction()
    with pytest.raises(ProtocolError):
        call.answer(message("b@x.org and c@x.org")[:-5])

    assert streamed(call, "d@x.org [EMAIL_3] e@x.org") == "[EMAIL_2] [EMAIL_3] [EMAIL_4]"
    assert call.counts() == {"request": {"email": 1}, "response": {"email": 2}}
    assert json.loads(call.answer(message("f@x.org")))["content"][0]["text"] == "[EMAIL_2]"
    assert call.counts()["response"] == {"email": 1}


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_made_up_placeholder_keeps_its_number_from_later_values_of_a_stream(cut: int) -> None:
    text = "b@x.org [EMAIL_3] c@x.org [EMAIL_7], d@x.org"
    places = [*range(0, len(text), cut), len(text)]

    said = streamed(redaction(), *(text[start:end] for start, end in pairwise(places)))

    assert said == "[EMAIL_2] [EMAIL_3] [EMAIL_4] [EMAIL_7], [EMAIL_5]"


def test_a_prompt_is_numbered_like_the_answer_that_it_repeats() -> None:
    text = "b@x.org [EMAIL_2] c@x.org"
    turns = [{"role": "user", "content": "I am a@x.org"}, {"role": "assistant", "content": text}]
    content = json.dumps({"messages": turns}).encode()
    place = ("messages", 1, len(content) - 1, content.index(b"["), len(content) - 1)

    changed = asyncio.run(unprompted().prompt(content, [place]))

    assert json.loads(changed["messages"])[1]["content"] == streamed(redaction(), text)
