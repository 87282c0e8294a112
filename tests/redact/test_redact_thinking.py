"""Thinking that nobody signed is a text: of other dialects' answers, streamed and whole, and of requests.

Thinking of the hub's own dialect passes as it came, whatever it holds (spec/redaction.md 11.1).
"""

import asyncio
import json
from typing import Any

import pytest

from relay._core import Pipeline, RedactionError, Truncated, members
from relay.dialects.signatures import Seal
from relay.errors import PolicyBlocked
from relay.redact import policy
from relay.redact.placeholders import Hashes
from relay.redact.redaction import Plan, Redaction
from tests.core.running import Chat, run, sent
from tests.support.chunks import call, chunk, content, conversation, message_of, reasoning

Json = dict[str, Any]
PROMPT = "I am ada@x.org"
TOLD = "He is [EMAIL_1]; jane.doe@example.org and bob\u0040y.org wrote, ☕ é."
THOUGHT = json.dumps({"type": "message", "content": [{"type": "thinking", "thinking": TOLD, "signature": ""}]}).encode()
EXPECTED = {
    "mask": "He is [EMAIL_1]; [EMAIL] and [EMAIL] wrote, ☕ é.",
    "placeholder": "He is ada@x.org; [EMAIL_2] and [EMAIL_3] wrote, ☕ é.",
    "report": TOLD,
}


def redaction(mode: str = "mask", **more: Any) -> Redaction:
    merged = policy.merge(policy.parse({"email": True, "mode": mode} | more), None)
    assert merged
    hashes = Hashes(b"k" * 32, None) if mode == "hash" else None
    return Redaction(Plan(merged), hashes, strict=False)


def prompted(messages: list[Json], mode: str = "mask", **more: Any) -> tuple[Redaction, list[Json]]:
    """A call's redaction behind its prompt, and the prompt as it leaves."""
    used, body = redaction(mode, **more), json.dumps({"messages": messages}).encode()
    changed = asyncio.run(used.prompt(body, members(body)))
    return used, json.loads(changed["messages"]) if "messages" in changed else messages


def asked(mode: str = "mask", **more: Any) -> Redaction:
    return prompted([{"role": "user", "content": PROMPT}], mode, **more)[0]


def message(output: bytes) -> Json:
    return message_of([(kind, json.loads(data)) for kind, data in sent(output) if kind != "ping"])


def streamed(used: Redaction, body: bytes, *places: int) -> Json:
    ends = [*places, len(body)]
    pieces = [body[start:end] for start, end in zip([0, *places], ends, strict=True)]
    done = run(pieces, rewriter=used.rewriter(), translated=Chat(), drops_thinking=used.drops_thinking)
    assert done.outcome is None
    return message(done.output)


@pytest.mark.parametrize("mode", EXPECTED)
def test_streamed_thinking_is_redacted_like_text_wherever_its_deltas_are_cut(mode: str) -> None:
    for at in range(1, len(TOLD)):
        body = conversation(reasoning(TOLD[:at], TOLD[at:]), content("So."))
        thinking, text = streamed(asked(mode), body)["content"]
        assert (thinking["type"], thinking["thinking"]) == ("thinking", EXPECTED[mode])
        assert text["text"] == "So."


@pytest.mark.parametrize("mode", EXPECTED)
def test_streamed_thinking_does_not_depend_on_how_bytes_are_cut(mode: str) -> None:
    body = conversation(reasoning(*TOLD), content("To a@", "b.org"))
    whole = streamed(asked(mode), body)
    assert whole["content"][0]["thinking"] == EXPECTED[mode]
    for at in range(1, len(body), 7):
        assert streamed(asked(mode), body, at) == whole


@pytest.mark.parametrize("mode", ["mask", "placeholder", "hash", "report"])
def test_whole_thinking_is_what_it_is_streamed(mode: str) -> None:
    body = conversation(reasoning(TOLD))
    there = streamed(asked(mode), body)["content"][0]["thinking"]
    answer = asked(mode).answer(THOUGHT, is_translated=True)
    assert json.loads(answer)["content"][0] == {"type": "thinking", "thinking": there, "signature": ""}


def test_placeholders_stay_in_thinking_where_text_is_not_restored() -> None:
    used = asked("placeholder", restore_in=["tool_input"])
    assert streamed(used, conversation(reasoning("[EMAIL_1]")))["content"][0]["thinking"] == "[EMAIL_1]"


def test_a_value_that_is_blocked_ends_an_answer_that_thinks_it() -> None:
    pipeline = Pipeline(rewriter=redaction("block").rewriter(), translated=Chat())
    output = pipeline.feed(conversation(reasoning("Write to jane.doe@example.org", " now.")), 1)
    with pytest.raises(RedactionError):
        pipeline.check()
    assert b"jane" not in output
    with pytest.raises(PolicyBlocked):
        redaction("block").answer(THOUGHT, is_translated=True)


def test_thinking_ends_before_its_signature_and_its_match_does_not_reach_into_the_text() -> None:
    body = conversation(reasoning("to jane.doe@exam"), content("ple.org"), call(0, "c", "f", '{"a":"b@x.org"}'))
    done = run([body], rewriter=asked().rewriter(), translated=Chat())
    kinds = [
        event["delta"]["type"]
        for event in (json.loads(data) for kind, data in sent(done.output) if kind == "content_block_delta")
        if event["index"] == 0
    ]
    assert kinds[-1] == "signature_delta"
    assert set(kinds[:-1]) == {"thinking_delta"}
    thinking, text, tool = message(done.output)["content"]
    assert (thinking["thinking"], text["text"]) == ("to jane.doe@exam", "ple.org")
    assert json.loads(tool["arguments"]) == {"a": "[EMAIL]"}


@pytest.mark.parametrize(
    ("said", "thinking", "signature"), [("He wrote.", "He wrote.", "EqQB"), ("To a@b.org now", "To [EMAIL] now", "")]
)
def test_what_a_signature_signed_is_whole_or_the_signature_goes(said: str, thinking: str, signature: str) -> None:
    detail = {"type": "reasoning.text", "text": "", "signature": "EqQB"}
    body = conversation(reasoning(said), chunk({"reasoning_details": [detail]}), content("So."))
    for places in ([at] for at in range(1, len(body), 13)):
        block = streamed(asked(), body, *places)["content"][0]
        assert (block["thinking"], block["signature"]) == (thinking, signature)


@pytest.mark.parametrize("said", [("He is [EMAIL_1]; ",), ("He is [EMA", "IL_1]; ")])
def test_where_an_original_was_put_back_nothing_is_signed(said: tuple[str, ...]) -> None:
    """It would go to the provider unseen with the next request, where what is signed passes."""
    detail = {"type": "reasoning.text", "text": "", "signature": "EqQB"}
    body = conversation(reasoning(*said), chunk({"reasoning_details": [detail]}), content("So."))
    block = streamed(asked("placeholder"), body)["content"][0]
    assert (block["thinking"], block["signature"]) == ("He is ada@x.org; ", "")
    whole = json.dumps({"content": [{"type": "thinking", "thinking": "".join(said), "signature": "EqQB"}]}).encode()
    assert json.loads(asked("placeholder").answer(whole, is_translated=True))["content"] == [block]


def test_what_a_signature_of_a_whole_answer_signed_is_whole_or_the_signature_goes() -> None:
    blocks = [
        {"type": "thinking", "thinking": said, "signature": signature}
        for said, signature in [("He wrote.", "EqQB"), ("To a@b.org now", "EqQC"), ("To c@d.org", ""), ("So.", "EqQD")]
    ]
    done = json.loads(asked().answer(json.dumps({"content": blocks}).encode(), is_translated=True))
    assert [(block["thinking"], block["signature"]) for block in done["content"]] == [
        ("He wrote.", "EqQB"),
        ("To [EMAIL] now", ""),
        ("To [EMAIL]", ""),
        ("So.", "EqQD"),
    ]


def test_of_thinking_that_breaks_off_what_was_held_leaves_redacted() -> None:
    whole = conversation(reasoning("to jane.doe", "@example.org"))
    cut = whole.rindex(b'"finish_reason": "stop"')
    pipeline = Pipeline(rewriter=asked().rewriter(), translated=Chat())
    output = pipeline.feed(whole[:cut], 1) + pipeline.feed(b"", 2)
    with pytest.raises(Truncated):
        pipeline.check()
    deltas = [json.loads(data)["delta"] for kind, data in sent(output) if kind == "content_block_delta"]
    assert "".join(delta["thinking"] for delta in deltas) == "to [EMAIL]"


def test_thinking_of_the_hubs_own_dialect_passes() -> None:
    assert asked().answer(THOUGHT) == THOUGHT


def test_thinking_that_a_policy_drops_is_gone_streamed_and_whole() -> None:
    body = conversation(reasoning(TOLD), content("To a@b.org", "."))
    found = streamed(asked(scan_thinking="drop"), body)["content"]
    assert [(block["type"], block["text"]) for block in found] == [("text", "To [EMAIL].")]
    for places in ([at] for at in range(1, len(body), 11)):
        assert streamed(asked(scan_thinking="drop"), body, *places)["content"] == found
    assert json.loads(asked(scan_thinking="drop").answer(THOUGHT, is_translated=True))["content"] == []


def test_thinking_passes_where_answers_are_not_scanned() -> None:
    used = asked("mask", apply_to=["request"])
    assert used.rewriter() is None
    assert json.loads(used.answer(THOUGHT, is_translated=True))["content"][0]["thinking"] == TOLD


SEALED = Seal("deepseek")(b"").decode()
SIGNED = Seal("deepseek")(b"abc").decode()


@pytest.mark.parametrize(
    ("signature", "is_scanned"),
    [("", True), (None, True), (..., True), (SEALED, True), (SEALED + ".", True), (SIGNED, False), ("EqQB", False)],
)
def test_thinking_in_a_request_is_scanned_unless_somebody_signed_it(signature: Any, is_scanned: bool) -> None:
    block: Json = {"type": "thinking", "thinking": "to jane.doe@example.org", "signature": signature}
    if signature is ...:
        del block["signature"]
    turn = {"role": "assistant", "content": [block, {"type": "text", "text": "So, b@x.org."}]}
    _, (left,) = prompted([turn])
    assert left["content"][0] == (block | {"thinking": "to [EMAIL]"} if is_scanned else block)
    assert left["content"][1]["text"] == "So, [EMAIL]."


def test_the_last_of_two_signatures_counts_as_it_does_for_whoever_reads_them() -> None:
    for last, is_scanned in (('""', True), ('"EqQB"', False)):
        first = '"EqQB"' if is_scanned else '""'
        block = f'{{"type":"thinking","signature":{first},"thinking":"a@x.org","sign\\u0061ture":{last}}}'
        body = f'{{"messages":[{{"role":"assistant","content":[{block}]}}]}}'.encode()
        changed = asyncio.run(redaction().prompt(body, members(body)))
        assert (b"[EMAIL]" in changed.get("messages", b"")) is is_scanned
