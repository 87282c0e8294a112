"""A redacted stream, event by event."""

import json
from typing import Any

from relay._core import Document, Rewriter, Ruleset
from relay.redact import coverage
from relay.redact.classes import Class
from relay.redact.placeholders import Numbers, masked
from relay.redact.restorer import Restorer
from tests.core.running import run, sent
from tests.support.answers import closing, delta, message_start, opening

RULES = Ruleset(["email"])


def masks(cls: int, value: str | None, is_key: bool) -> str:
    return masked(Class(cls))


def rewriter(**options: Any) -> Rewriter:
    return Rewriter(
        Document(RULES, masks),
        start=coverage.MESSAGE_START,
        end=coverage.MESSAGE_DELTA,
        block=coverage.BLOCK_START,
        delta=coverage.DELTA,
        **options,
    )


def stream_of(*texts: bytes) -> bytes:
    """An answer of one text block, its deltas in the escapes of a JSON string."""
    return opening() + b"".join(delta("@").replace(b"@", text) for text in texts) + closing()


def said(output: bytes) -> str:
    """The text of all deltas."""
    events = [json.loads(data) for kind, data in sent(output) if kind == "content_block_delta"]
    return "".join(event["delta"]["text"] for event in events)


def test_what_relay_writes_into_a_message_start_that_was_redacted_is_found_in_it() -> None:
    start = message_start(content=[{"type": "text", "text": "ask jane.doe@example.org"}])
    end = b"event: message_delta" + closing().split(b"event: message_delta")[1]

    done = run([start + end], rewriter=rewriter(), id="gen-1", model="m", provider="Acme", input_tokens=lambda: 5)

    message = json.loads(sent(done.output)[0][1])["message"]
    assert message["content"] == [{"type": "text", "text": "ask [EMAIL]"}]
    assert (message["id"], message["model"], message["provider"]) == ("gen-1", "m", "Acme")
    assert message["usage"] == {"input_tokens": 7, "output_tokens": 1}


def test_half_a_surrogate_pair_beside_a_restored_value_stays_an_escape() -> None:
    numbers = Numbers()
    numbers.number(Class.EMAIL, "jané@x.org")
    body = stream_of(rb"a\ud83d to [EMAIL_1] \u00e9", rb" \ude00")

    done = run([body], rewriter=rewriter(restorer=lambda is_input: Restorer(numbers, [Class.EMAIL], json=is_input)))

    assert said(done.output) == "a\ud83d to jané@x.org é \ude00"
