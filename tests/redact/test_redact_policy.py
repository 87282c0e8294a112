"""What a request or an operator says becomes a policy, or a 400 that names the field; together they only go upward."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from relay.errors import CallerInvalid
from relay.redact import custom
from relay.redact.classes import CLASSES, Class, Direction, Mode
from relay.redact.custom import Pattern
from relay.redact.policy import Channel, Policy, Thinking, Unscannable, faults, merge, parse

MODES = [mode.value for mode in Mode]
SWITCHES = [word for word in CLASSES if word != "custom"]


def policy(**said: Any) -> Policy:
    found = parse(said)
    assert found is not None
    return found


def both(operator: dict[str, Any] | None, request: dict[str, Any] | None) -> Policy:
    found = merge(parse(operator), parse(request))
    assert found is not None
    return found


def message(raw: Any) -> str:
    with pytest.raises(CallerInvalid) as caught:
        parse(raw)
    return caught.value.message


@pytest.mark.parametrize(
    "raw", [None, {}, {"email": False, "ip": None}, dict.fromkeys(SWITCHES, False), {"custom": []}]
)
def test_nothing_on_is_no_policy(raw: Any) -> None:
    assert parse(raw) is None


def test_the_defaults_are_those_of_the_contract() -> None:
    found = policy(email=True)

    assert found.modes == {Class.EMAIL: Mode.MASK}
    assert found.apply_to == {Direction.REQUEST, Direction.RESPONSE}
    assert found.restore
    assert found.restore_in == {Channel.TEXT, Channel.TOOL_INPUT}
    assert (found.session, found.custom) == (None, ())
    assert (found.scan_thinking, found.on_unscannable) == (Thinking.PASS, Unscannable.PASS)
    assert not found.needs_key


def test_every_field_is_read() -> None:
    found = policy(
        **dict.fromkeys(SWITCHES, True),
        custom=["Project Apollo", "/ab+/i"],
        mode="hash",
        apply_to=["request"],
        restore=False,
        restore_in=["token_text"],
        allow=["bob@x.org"],
        session="s",
        scan_thinking="drop",
        on_unscannable="block",
    )

    assert found.modes == dict.fromkeys(Class, Mode.HASH)
    assert [pattern.source for pattern in found.custom] == ["Project Apollo", "ab+"]
    assert (found.apply_to, found.restore_in) == ({Direction.REQUEST}, {Channel.TOKEN_TEXT})
    assert (found.restore, found.session, found.needs_key) == (False, "s", True)
    assert found.allows(Class.EMAIL, "bob@x.org")
    assert (found.scan_thinking, found.on_unscannable) == (Thinking.DROP, Unscannable.BLOCK)


def test_a_mode_may_differ_by_class() -> None:
    found = policy(email=True, ip=True, custom=["a"], mode={"email": "placeholder", "custom": "block", "ssn": "hash"})

    assert found.modes == {Class.EMAIL: Mode.PLACEHOLDER, Class.IP: Mode.MASK, Class.CUSTOM: Mode.BLOCK}
    assert not found.needs_key


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([], "gateway.redact: Input should be a valid object"),
        ({"emial": True}, "gateway.redact.emial: Extra inputs are not permitted"),
        ({"email": 1}, "gateway.redact.email: Input should be a valid boolean"),
        ({"custom": "a"}, "gateway.redact.custom: Input should be a valid array"),
        ({"custom": [1]}, "gateway.redact.custom.0: Input should be a valid string"),
        ({"custom": [""]}, "gateway.redact.custom.0: String should have at least 1 character"),
        ({"custom": ["\ud800"]}, "gateway.redact.custom.0: Input should be a valid string"),
        ({"custom": [{}]}, "gateway.redact.custom.0.pattern: Field required"),
        ({"custom": [{"pattern": ""}]}, "gateway.redact.custom.0.pattern: String should have at least 1 character"),
        (
            {"custom": [{"pattern": "a", "max_len": True}]},
            "gateway.redact.custom.0.max_len: Input should be a valid integer",
        ),
        ({"custom": [{"pattern": "a", "x": 1}]}, "gateway.redact.custom.0.x: Extra inputs are not permitted"),
        ({"custom": ["a", "/b(/"]}, "gateway.redact.custom.1: missing )"),
        (
            {"mode": "hide"},
            "gateway.redact.mode: Input should be 'report', 'mask', 'placeholder', 'hash' or 'block'",
        ),
        (
            {"mode": {"ip": None, "email": 3}},
            "gateway.redact.mode.email: Input should be 'report', 'mask', 'placeholder', 'hash' or 'block'",
        ),
        ({"mode": {"e-mail": "mask"}}, "gateway.redact.mode.e-mail: Extra inputs are not permitted"),
        ({"apply_to": []}, "gateway.redact.apply_to: List should have at least 1 item"),
        ({"apply_to": ["both"]}, "gateway.redact.apply_to.0: Input should be 'request' or 'response'"),
        ({"allow": ["*"]}, "gateway.redact.allow.0: needs more than its mark: it would leave everything alone"),
        ({"allow": [""]}, "gateway.redact.allow.0: String should have at least 1 character"),
        ({"allow": ["x"] * 257}, "gateway.redact.allow: List should have at most 256 items"),
        ({"session": "x" * 257}, "gateway.redact.session: String should have at most 256 characters"),
        ({"scan_thinking": "keep"}, "gateway.redact.scan_thinking: Input should be 'pass' or 'drop'"),
    ],
)
def test_a_fault_names_its_field(raw: Any, expected: str) -> None:
    assert message(raw) == expected
    assert len(faults(raw)) == 1


def test_at_most_five_faults_are_told_at_once() -> None:
    assert message(dict.fromkeys("abcdefg", 1)).count("; ") == 4


def test_what_a_client_made_up_is_told_on_one_short_line() -> None:
    told = message({"a\nb" + "x" * 100: 1})

    assert told == f"gateway.redact.a?b{'x' * 61}: Extra inputs are not permitted"


def test_the_limits_themselves_are_taken() -> None:
    found = policy(custom=[f"word {n}" for n in range(32)], allow=["x"] * 256, session="x" * 256)

    assert len(found.custom) == 32


def test_a_policy_prints_nothing_of_its_values() -> None:
    assert "secret" not in repr(policy(custom=["secret"], allow=["secret"], session="secret"))


def test_one_side_alone_is_in_force_as_it_is() -> None:
    assert merge(None, None) is None
    assert merge(policy(email=True), None) == policy(email=True)
    assert merge(None, policy(email=True)) == policy(email=True)
    assert merge(policy(mode="hash"), None) is None
    assert merge(policy(mode="hash"), policy(restore=False)) is None


@pytest.mark.parametrize(
    ("operator", "request_", "expected"),
    [
        (None, "placeholder", "placeholder"),  # the operator left it at its default
        ("mask", "placeholder", "mask"),
        ("hash", "mask", "hash"),
        ("mask", "block", "block"),
        ("block", "mask", "block"),
        ("report", "mask", "mask"),
        ("report", "report", "report"),
        ("report", None, "report"),
        ("hash", None, "hash"),
        (None, None, "mask"),
    ],
)
def test_of_two_modes_of_a_demanded_class_the_stricter_counts(
    operator: str | None, request_: str | None, expected: str
) -> None:
    assert both({"email": True, "mode": operator}, {"mode": request_}).modes == {Class.EMAIL: Mode(expected)}


@pytest.mark.parametrize("operator", [None, "mask", "block"])
@pytest.mark.parametrize("asked", ["report", {"email": "report"}])
def test_report_is_refused_where_policy_demands_more(operator: str | None, asked: Any) -> None:
    with pytest.raises(CallerInvalid, match=r"gateway\.redact\.mode: 'report' is refused for email"):
        both({"email": True, "mode": operator}, {"ip": True, "mode": asked})


@pytest.mark.parametrize(
    ("operator", "request_", "expected"),
    [
        (None, None, "mask"),
        ("hash", None, "hash"),
        ("block", "mask", "mask"),
        ("report", None, "mask"),
        (None, "report", "report"),
    ],
)
def test_a_class_that_only_the_request_turns_on_has_its_mode_and_the_operators_as_default(
    operator: str | None, request_: str | None, expected: str
) -> None:
    operators = {"ip": True, "mode": {"email": operator}}

    assert both(operators, {"email": True, "mode": {"email": request_}}).modes[Class.EMAIL] is Mode(expected)


def test_patterns_add_up_once_each() -> None:
    found = both({"custom": ["a", "b"]}, {"custom": ["b", "/c/"]})

    assert [pattern.source for pattern in found.custom] == ["a", "b", "c"]
    assert found.modes == {Class.CUSTOM: Mode.MASK}


def test_patterns_that_are_too_much_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    operator, request = policy(custom=["/first [a-z]{90}/"]), policy(custom=["/second [a-z]{90}/"])
    monkeypatch.setattr(custom, "MAX_SET_BYTES", 2048)

    with pytest.raises(CallerInvalid, match=r"gateway\.redact\.custom: pattern too large - compile failed"):
        merge(operator, request)


@pytest.mark.parametrize(
    ("operator", "request_", "expected"),
    [
        ({"email": True, "apply_to": ["request"]}, {"restore": False}, ["request"]),
        ({"email": True, "apply_to": ["request"]}, {"ip": True}, ["request", "response"]),
        ({"email": True, "apply_to": ["request"]}, {"apply_to": ["response"]}, ["request", "response"]),
        ({"apply_to": ["request"]}, {"ip": True, "apply_to": ["response"]}, ["response"]),
        ({"email": True}, {"ip": True, "apply_to": ["response"]}, ["request", "response"]),
    ],
)
def test_directions_add_up(operator: dict[str, Any], request_: dict[str, Any], expected: list[str]) -> None:
    assert both(operator, request_).apply_to == {Direction(way) for way in expected}


def test_originals_come_back_only_where_both_let_them() -> None:
    on: dict[str, Any] = {"email": True}

    assert both(on, {"restore_in": ["token_text"]}).restore_in == {Channel.TOKEN_TEXT}
    assert both(on | {"restore_in": ["text"]}, {"restore": True}).restore_in == {Channel.TEXT}
    assert both(on | {"restore_in": ["text"]}, {"restore_in": ["text", "tool_input"]}).restore_in == {Channel.TEXT}
    assert not both(on | {"restore": False}, {"restore": True}).restore
    assert not both(on, {"restore": False}).restore


def test_a_requests_allow_list_counts_only_for_what_it_alone_turned_on() -> None:
    found = both({"email": True, "allow": ["ours"]}, {"email": True, "token": True, "allow": ["theirs"]})

    assert found.allows(Class.EMAIL, "ours")
    assert not found.allows(Class.EMAIL, "theirs")
    assert found.allows(Class.TOKEN, "theirs")
    assert found.allows(Class.TOKEN, "ours")
    assert not found.allows(Class.IP, "theirs")


def test_the_strict_side_of_the_switches_wins() -> None:
    found = both({"email": True, "scan_thinking": "drop"}, {"on_unscannable": "block", "session": "theirs"})

    assert (found.scan_thinking, found.on_unscannable) == (Thinking.DROP, Unscannable.BLOCK)
    assert found.session == "theirs"
    assert both({"email": True, "session": "ours"}, {"ip": True}).session == "ours"


@pytest.mark.parametrize("said", [{"scan_thinking": "drop"}, {"on_unscannable": "block"}])
def test_a_switch_counts_without_any_class(said: dict[str, str]) -> None:
    found = merge(parse(said), None)

    assert found is not None
    assert not found.modes


def test_levels_can_be_joined_one_after_the_other() -> None:
    level = merge(parse({"email": True}), parse({"ip": True, "mode": "hash"}))

    found = merge(level, parse({"mode": "mask"}))

    assert found is not None
    assert found.modes == {Class.EMAIL: Mode.HASH, Class.IP: Mode.HASH}


SAID = st.fixed_dictionaries(
    {},
    optional={
        **{word: st.booleans() for word in SWITCHES},
        "custom": st.lists(st.sampled_from(["a", "b", "/c+/", {"pattern": "d", "literal": True}]), max_size=3),
        "mode": st.sampled_from(MODES) | st.dictionaries(st.sampled_from(list(CLASSES)), st.sampled_from(MODES)),
        "apply_to": st.lists(st.sampled_from(["request", "response"]), min_size=1, max_size=2),
        "restore": st.booleans(),
        "restore_in": st.lists(st.sampled_from(["text", "tool_input", "token_text"]), max_size=3),
        "allow": st.lists(st.sampled_from(["v", "w"]), max_size=2),
        "scan_thinking": st.sampled_from(["pass", "drop"]),
        "on_unscannable": st.sampled_from(["pass", "block"]),
    },
)


@settings(deadline=None)
@given(operator=SAID, request=SAID)
def test_no_request_weakens_a_policy(operator: dict[str, Any], request: dict[str, Any]) -> None:
    floor = parse(operator)
    try:
        found = merge(floor, parse(request))
    except CallerInvalid as refusal:
        assert "'report' is refused" in refusal.message
        return

    if floor is None or not floor.modes:
        return
    assert found is not None
    for cls, mode in floor.modes.items():
        assert found.modes[cls].rank >= mode.rank
        assert all(floor.allows(cls, value) for value in "vw" if found.allows(cls, value))
    assert set(floor.custom) <= set(found.custom)
    assert floor.apply_to <= found.apply_to
    assert floor.restore or not found.restore
    assert "restore_in" not in operator or found.restore_in <= floor.restore_in
    assert (found.scan_thinking, floor.scan_thinking) != (Thinking.PASS, Thinking.DROP)
    assert (found.on_unscannable, floor.on_unscannable) != (Unscannable.PASS, Unscannable.BLOCK)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [*SWITCHES, "custom", "mode", "apply_to", "restore", "restore_in", "allow", "session", "pattern"]
)


@settings(deadline=None)
@given(raw=JSON | st.dictionaries(FIELDS, JSON, max_size=4))
def test_any_json_gives_a_policy_or_a_refusal(raw: Any) -> None:
    try:
        found = parse(raw, "redact")
    except CallerInvalid as refusal:
        assert all(part.startswith("redact") for part in refusal.message.split("; redact")[:1])
        return
    assert found is None or isinstance(found, Policy)


def test_an_object_may_name_its_pattern() -> None:
    (pattern,) = policy(custom=[{"name": "n", "pattern": "a.c", "ignore_case": True, "max_len": 9}]).custom

    assert pattern == Pattern("a.c", ignore_case=True, max_len=9, name="n")
