"""`context_management`: the endpoint's own business, or done here as the contract says."""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from relay.errors import CallerInvalid
from relay.prepare.history import CLEARED
from tests.prepare.shapes import HELLO, Sent, endpoint, request, send
from tests.prepare.strategies import requests, texts
from tests.reference import prompt as reference

TOOL_USES = "clear_tool_uses_20250919"
THINKING = "clear_thinking_20251015"
COMPACT = "compact_20260112"
NOW = {"trigger": {"type": "input_tokens", "value": 1}}
LONG = "word " * 400


def exchange(at: int, name: str = "f", result: Any = LONG) -> list[dict[str, Any]]:
    """A tool use and its result."""
    thought = {"type": "thinking", "thinking": "hm", "signature": f"s{at}"}
    use = {"type": "tool_use", "id": f"u{at}", "name": name, "input": {"n": 1.5}}
    return [
        {"role": "assistant", "content": [thought, use]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"u{at}", "content": result}]},
    ]


HISTORY = [*HELLO, *(message for at in range(5) for message in exchange(at))]


def edited(*edits: dict[str, Any], messages: Any = HISTORY, **told: Any) -> Sent:
    return send(request(messages=messages, context_management={"edits": list(edits)}), endpoint(**told))


def results(sent: Sent) -> list[Any]:
    blocks = [block for message in sent.json["messages"][1:] for block in message["content"]]
    return [block["content"] for block in blocks if block["type"] == "tool_result"]


def applied(sent: Sent) -> Any:
    assert sent.attempt.context_management is not None
    return json.loads(sent.attempt.context_management)["applied_edits"]


CLEARED_TEXT = json.loads(CLEARED)


def test_the_oldest_results_are_cleared_and_the_newest_three_stay() -> None:
    sent = edited({"type": TOOL_USES} | NOW)

    assert results(sent) == [CLEARED_TEXT] * 2 + [LONG] * 3
    (told,) = applied(sent)
    assert (told["type"], told["cleared_tool_uses"]) == (TOOL_USES, 2)
    assert 700 < told["cleared_input_tokens"] < 1500
    assert "context_management" not in sent.json


def test_nothing_else_changes_a_byte() -> None:
    sent = edited({"type": TOOL_USES, "keep": {"type": "tool_uses", "value": 4}} | NOW)

    kept = request(messages=HISTORY).replace(b'"a/m"', b'"m"')
    assert sent.content == kept.replace(b'"%b"' % LONG.encode(), CLEARED, 1)


def test_nothing_is_cleared_before_its_time() -> None:
    sent = edited({"type": TOOL_USES})

    assert sent.content == request(messages=HISTORY).replace(b'"a/m"', b'"m"')
    assert applied(sent) == []


@pytest.mark.parametrize(("value", "count"), [(4, 2), (5, 0)])
def test_the_time_may_come_by_tool_uses(value: int, count: int) -> None:
    sent = edited({"type": TOOL_USES, "trigger": {"type": "tool_uses", "value": value}})

    assert results(sent).count(CLEARED_TEXT) == count


def test_too_little_is_not_worth_it() -> None:
    least = {"clear_at_least": {"type": "input_tokens", "value": 100_000}}

    assert applied(edited({"type": TOOL_USES} | NOW | least)) == []


def test_excluded_tools_keep_their_results() -> None:
    messages = [*HELLO, *exchange(0, "memory"), *exchange(1), *exchange(2)]
    keep = {"keep": {"type": "tool_uses", "value": 1}, "exclude_tools": ["memory"]}

    assert results(edited({"type": TOOL_USES} | NOW | keep, messages=messages)) == [LONG, CLEARED_TEXT, LONG]


@pytest.mark.parametrize(("inputs", "expected"), [(True, {}), (["f"], {}), (["g"], {"n": 1.5}), (False, {"n": 1.5})])
def test_inputs_are_cleared_when_asked_to(inputs: Any, expected: Any) -> None:
    sent = edited({"type": TOOL_USES, "clear_tool_inputs": inputs} | NOW)

    assert sent.json["messages"][1]["content"][1]["input"] == expected
    assert sent.json["messages"][9]["content"][1]["input"] == {"n": 1.5}


def test_thinking_stays_in_the_newest_turn_alone() -> None:
    turns = [*HELLO, *exchange(0), *exchange(1), {"role": "user", "content": "go on"}, *exchange(2), *exchange(3)]

    sent = edited({"type": THINKING}, messages=turns)

    assert [message["content"][0]["type"] for message in sent.json["messages"] if message["role"] == "assistant"] == [
        "tool_use",
        "tool_use",
        "thinking",
        "thinking",
    ]
    (told,) = applied(sent)
    assert told["cleared_thinking_turns"] == 1
    assert told["cleared_input_tokens"] > 0


@pytest.mark.parametrize("keep", ["all", {"type": "all"}, {"type": "thinking_turns", "value": 1}])
def test_thinking_that_is_kept_is_not_touched(keep: Any) -> None:
    assert applied(edited({"type": THINKING, "keep": keep})) == []


def test_no_turn_may_be_kept_and_empty_messages_go() -> None:
    alone = [*HELLO, {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}]}]

    sent = edited({"type": THINKING, "keep": {"type": "thinking_turns", "value": 0}}, messages=alone)

    assert sent.json["messages"] == HELLO


def test_edits_are_done_in_turn_and_what_is_not_built_is_noted() -> None:
    sent = edited({"type": COMPACT}, {"type": THINKING, "keep": "all"}, {"type": TOOL_USES} | NOW, {"type": "later"})

    assert [each["type"] for each in applied(sent)] == [TOOL_USES]
    assert sent.attempt.dropped_fields == (
        "context_management.edits.0.compact_20260112",
        "context_management.edits.3.later",
    )


def test_an_endpoint_that_edits_itself_is_asked_to_with_its_betas() -> None:
    edits = [{"type": TOOL_USES}, {"type": COMPACT}, {"type": THINKING}]
    content = request(messages=HISTORY, context_management={"edits": edits})
    native = endpoint(context_management="native")

    sent = send(content, native, betas="x-2025-01-01")

    assert sent.content == content.replace(b'"a/m"', b'"m"')
    assert sent.betas == ["x-2025-01-01", "context-management-2025-06-27", "compact-2026-01-12"]
    assert sent.attempt.context_management is None
    again = send(content, native, betas="compact-2026-01-12")
    assert again.betas == ["compact-2026-01-12", "context-management-2025-06-27"]


def test_a_policy_may_refuse_or_drop() -> None:
    with pytest.raises(CallerInvalid, match=r"^context_management\.edits\.0: compact_20260112 is not supported"):
        edited({"type": COMPACT}, context_management="native_only")
    dropped = edited({"type": TOOL_USES} | NOW, context_management="drop")
    assert results(dropped) == [LONG] * 5
    assert dropped.attempt.dropped_fields == ("context_management",)
    assert dropped.attempt.context_management is None


@pytest.mark.parametrize("said", [{"edits": []}, {}, {"edits": None}])
def test_no_edits_are_nothing_to_tell(said: Any) -> None:
    sent = send(request(context_management=said), endpoint())

    assert sent.json.keys() == {"model", "max_tokens", "messages"}
    assert sent.attempt.context_management is None


@given(
    data=st.data(),
    body=requests(),
    keep=st.integers(0, 3),
    excluded=st.lists(st.sampled_from(["f", "g"]), max_size=1),
    inputs=st.booleans(),
)
def test_what_is_sent_is_what_the_reference_makes_of_it(
    data: st.DataObject, body: dict[str, Any], keep: int, excluded: list[str], inputs: bool
) -> None:
    body["messages"] = _numbered(body["messages"])
    edit = {"type": TOOL_USES, "keep": {"type": "tool_uses", "value": keep}, "clear_tool_inputs": inputs} | NOW
    edit["trigger"] = {"type": "input_tokens", "value": 0}
    content = data.draw(texts(body | {"context_management": {"edits": [edit | {"exclude_tools": excluded}]}}))
    expected, count = reference.cleared(body, keep, CLEARED_TEXT, excluded, inputs)

    sent = send(content, endpoint())

    assert sent.json == (expected if count else body) | {"model": "m"}
    assert sum(each["cleared_tool_uses"] for each in applied(sent)) == count


def _numbered(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each tool use an id of its own, and each of the results the next of them that waits for one."""
    waiting: list[str] = []
    count = 0
    for message in messages:
        for block in message["content"] if isinstance(message["content"], list) else []:
            if block["type"] == "tool_use":
                count += 1
                block["id"] = str(count)
                waiting.append(block["id"])
            elif block["type"] == "tool_result":
                block["tool_use_id"] = waiting.pop(0) if waiting else "none"
    return messages
