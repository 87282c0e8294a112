"""A redacted stream, event by event."""

import json
from typing import Any

from relay._core import Document, Rewriter, Ruleset
from relay.redact import coverage
from relay.redact.classes import Class
from relay.redact.placeholders import masked
from tests.core.running import run, sent
from tests.support.answers import closing, message_start

RULES = Ruleset(["email"])


def masks(cls: int, value: str | None, is_key: bool) -> str:
    return masked(Class(cls))


def rewriter(**options: Any) -> Rewriter:
    return Rewriter(
        RULES,
        masks,
        Document(RULES, masks),
        start=coverage.MESSAGE_START,
        block=coverage.BLOCK_START,
        delta=coverage.DELTA,
        **options,
    )


def test_what_relay_writes_into_a_message_start_that_was_redacted_is_found_in_it() -> None:
    start = message_start(content=[{"type": "text", "text": "ask jane.doe@example.org"}])
    end = b"event: message_delta" + closing().split(b"event: message_delta")[1]

    done = run([start + end], rewriter=rewriter(), id="gen-1", model="m", provider="Acme", input_tokens=lambda: 5)

    message = json.loads(sent(done.output)[0][1])["message"]
    assert message["content"] == [{"type": "text", "text": "ask [EMAIL]"}]
    assert (message["id"], message["model"], message["provider"]) == ("gen-1", "m", "Acme")
    assert message["usage"] == {"input_tokens": 7, "output_tokens": 1}
