"""The receipt says how redaction went, in numbers."""

import json
from typing import Any

import pytest

from relay.errors import PolicyBlocked, PolicyRedactionFailed, ProviderProtocol, RelayError
from relay.redact import policy
from relay.redact.blocks import Fate
from relay.redact.receipt import Receipt, comments, digest

COUNTS = {"request": {"email": 2}, "response": {"token": 1, "email": 1}}


def merged(**said: Any) -> policy.Policy:
    found = policy.merge(policy.parse({"email": True} | said), None)
    assert found
    return found


def told(receipt: Receipt, error: RelayError | None = None) -> dict[str, str]:
    lines = receipt.lines(COUNTS, 41, 1, error).decode().split("\r\n")
    assert lines.pop() == ""
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def test_both_lines_say_what_was_found_and_what_was_covered() -> None:
    receipt = Receipt(merged(), strict=False)
    receipt.asked([(("messages",), fate) for fate in (Fate.SCANNED, Fate.UNSCANNED, Fate.UNSCANNED)])
    receipt.answered([(("content", 0), Fate.OPAQUE)])

    lines = told(receipt)

    assert lines["x-relay-redactions"] == "email=3,token=1,unscanned=2"
    said = json.loads(lines["x-relay-redaction-receipt"])
    assert len(said.pop("policy")) == 12
    assert said == {
        "result": "ok",
        "request": {"email": 2},
        "response": {"token": 1, "email": 1},
        "coverage": {"scanned": 1, "opaque": 1, "skipped": 1, "unscanned": 2},
        "hold_max": 41,
    }


def test_of_an_attempt_that_failed_nothing_counts() -> None:
    receipt = Receipt(merged(), strict=False)
    receipt.answered([(("content", 0), Fate.UNSCANNED)])
    receipt.begin_answer()

    assert "unscanned" not in told(receipt)["x-relay-redactions"]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (None, "ok"),
        (ProviderProtocol("x"), "ok"),
        (PolicyBlocked(["email"]), "blocked"),
        (PolicyRedactionFailed(), "failed"),
    ],
)
def test_the_result_is_that_of_redaction(error: RelayError | None, result: str) -> None:
    lines = told(Receipt(merged(), strict=False), error)

    assert json.loads(lines["x-relay-redaction-receipt"])["result"] == result


def test_comments_end_with_a_blank_line_and_nothing_stays_nothing() -> None:
    assert comments(b"a: 1\r\nb: 2\r\n") == b": a: 1\n: b: 2\n\n"
    assert comments(b"") == b""


def test_the_digest_tells_policies_apart_but_no_values() -> None:
    plain = digest(merged(), strict=False)

    assert digest(merged(), strict=False) == plain
    others = [merged(phone=True), merged(mode="hash"), merged(custom=["Apollo"]), merged(allow=["@x.org"])]
    assert len({plain, digest(merged(), strict=True), *(digest(other, strict=False) for other in others)}) == 6
    assert digest(merged(allow=["bob@x.org"]), strict=False) == digest(merged(allow=["eve@x.org"]), strict=False)
    assert digest(merged(custom=["Apollo"]), strict=False) == digest(merged(custom=["Gemini"]), strict=False)
    assert digest(merged(session="a"), strict=False) == digest(merged(session="b"), strict=False)
