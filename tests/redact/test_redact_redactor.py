"""The library: redact(), find() and Redactor give the same in every cut, and say what is wrong with an argument."""

import json
import subprocess
import sys
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

import relay
from relay._core import Misuse
from relay.redact.classes import CLASSES
from tests.redact.cuts import cut, every_split

TEXT = "bob@x.org, [EMAIL_2] ann@x.org 4111 1111 1111 1111 bob@x.org [EMAIL_1] eve@x.org [EMAIL"
ALL = list(CLASSES)


def redacted(*pieces: str, **how: Any) -> str:
    redactor = relay.Redactor(ALL, **how)
    return "".join([*map(redactor.feed, pieces), redactor.flush()])


def test_redact_puts_labels_in_the_place_of_values() -> None:
    assert relay.redact("mail bob@x.org from 10.0.0.7", ["email", "ip"]) == "mail [EMAIL] from [IP]"
    assert relay.redact("mail bob@x.org from 10.0.0.7", ["ip"]) == "mail bob@x.org from [IP]"


def test_find_counts_in_code_points() -> None:
    text = "😀é bob@x.org, card 4111 1111 1111 1111"

    found = relay.find(text, ["email", "credit-card"])

    assert found == [relay.Span(3, 12, "email"), relay.Span(19, 38, "credit_card")]
    assert [text[span.start : span.end] for span in found] == ["bob@x.org", "4111 1111 1111 1111"]


def test_a_span_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        relay.Span(0, 1, "email").start = 5  # type: ignore[misc]


def test_custom_patterns_are_found_too() -> None:
    custom = ["Project Apollo", "/ab+/", {"pattern": "x.z", "literal": True}]

    assert relay.redact("project apollo abb x.z xyz", [], custom) == "[CUSTOM] [CUSTOM] [CUSTOM] xyz"
    assert relay.find("abb", [], custom) == [relay.Span(0, 3, "custom")]
    assert redacted("Project ", "Apollo", custom=custom) == "[CUSTOM]"


def test_class_custom_without_patterns_finds_nothing() -> None:
    assert relay.find("anything", ["custom"]) == []


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("mask", "[EMAIL], [EMAIL_2] [EMAIL] [CREDIT_CARD] [EMAIL] [EMAIL_1] [EMAIL] [EMAIL"),
        ("placeholder", "[EMAIL_1], [EMAIL_2] [EMAIL_3] [CREDIT_CARD_1] [EMAIL_1] [EMAIL_1] [EMAIL_4] [EMAIL"),
    ],
)
def test_the_cuts_of_a_text_change_nothing(mode: str, expected: str) -> None:
    assert redacted(TEXT, mode=mode) == expected
    assert redacted(*TEXT, mode=mode) == expected
    for pieces in every_split(TEXT, 1):
        assert redacted(*pieces, mode=mode) == expected


PARTS = st.sampled_from(
    ["bob@x.org", "a@b.de", "[EMAIL_1]", "[EMAIL_2]", "[EMAIL_3]", "[", "EMAIL", "_1]", " ", "x", "10.0.0.7", "[IP_1]"]
)


@given(parts=st.lists(PARTS, max_size=16), cuts=st.sets(st.integers(1, 90), max_size=9), is_json=st.booleans())
def test_numbers_do_not_depend_on_the_cuts(parts: list[str], cuts: set[int], is_json: bool) -> None:
    text = json.dumps(["".join(parts), {"key": " ".join(parts)}]) if is_json else "".join(parts)

    assert redacted(*cut(text, cuts), mode="placeholder", json=is_json) == redacted(
        text, mode="placeholder", json=is_json
    )


@given(parts=st.lists(PARTS.filter(lambda part: "[" not in part), max_size=16), is_json=st.booleans())
def test_a_restorer_gives_back_what_was_redacted(parts: list[str], is_json: bool) -> None:
    text = json.dumps("".join(parts)) if is_json else "".join(parts)
    redactor = relay.Redactor(ALL, mode="placeholder", json=is_json)
    hidden = redactor.feed(text) + redactor.flush()
    restorer = redactor.restorer()

    assert "".join([*map(restorer.feed, hidden), restorer.flush()]) == text


def test_a_restorer_gives_back_tokens_when_asked() -> None:
    redactor = relay.Redactor(["token"], mode="placeholder")
    hidden = redactor.feed("password=hunter2secret99 ") + redactor.flush()

    assert hidden == "password=[TOKEN_1] "
    assert redactor.restorer().feed(hidden) == hidden
    assert redactor.restorer(tokens=True).feed(hidden) == "password=hunter2secret99 "


@pytest.mark.parametrize("mode", ["mask", "placeholder"])
def test_json_stays_json_and_its_keys_stay_apart(mode: str) -> None:
    document = {"a@x.org": 4111111111111111, "b@x.org": ["x\nbob@y.org", None]}

    found = json.loads(redacted(json.dumps(document, indent=1), mode=mode, json=True))

    email, card = ("[EMAIL]", "[CREDIT_CARD]") if mode == "mask" else ("[EMAIL_3]", "[CREDIT_CARD_1]")
    assert found == {"[EMAIL_1]": card, "[EMAIL_2]": [f"x\n{email}", None]}


@pytest.mark.parametrize("json_", [False, True])
def test_block_raises_and_lets_nothing_out_afterwards(json_: bool) -> None:
    redactor = relay.Redactor(["email"], mode="block", json=json_)

    with pytest.raises(relay.Blocked, match="email"):
        redactor.feed('{"mail": "bob@x.org "}')
    with pytest.raises(Misuse):
        redactor.flush()


def test_block_lets_a_text_through_that_holds_nothing() -> None:
    assert relay.Redactor(["email"], mode="block").feed("fine. ") == "fine. "


def test_after_flush_no_text_may_follow() -> None:
    redactor = relay.Redactor(["email"])
    redactor.flush()

    with pytest.raises(Misuse, match="flush"):
        redactor.feed("more")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"classes": ["e-mail"]}, "classes: 'e-mail' is no class; classes are custom, token"),
        ({"classes": "email"}, "classes: should be a list"),
        ({"classes": None}, "classes: should be a list"),
        ({"classes": [5]}, "classes: 5 is no class"),
        ({"custom": "phrase"}, "custom: should be a list"),
        ({"custom": {"pattern": "a"}}, "custom: should be a list"),
        ({"custom": ["fine", "/a(/"]}, r"custom\.1: missing \)"),
        ({"custom": [{"patern": "a"}]}, r"custom\.0\.patern: Extra inputs are not permitted"),
        ({"mode": "masked"}, "mode: should be 'mask', 'placeholder', 'block'"),
        ({"mode": "hash"}, "mode: 'hash' needs a tenant's key"),
    ],
)
def test_a_wrong_argument_is_named_with_what_would_be_right(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        relay.Redactor(**({"classes": ["email"]} | arguments))


def test_originals_are_kept_for_placeholders_only() -> None:
    with pytest.raises(ValueError, match="mode: only 'placeholder'"):
        relay.Redactor(["email"]).restorer()


def test_equal_rules_are_compiled_once() -> None:
    from relay.redact import rules

    first = rules.ruleset(rules.classes(["email", "ip"]))

    assert rules.ruleset(rules.classes(("ip", "email", "ip"))) is first
    assert rules.CACHED_RULESETS >= 256


def test_the_library_is_loaded_when_it_is_used() -> None:
    code = (
        "import relay, sys; print(*sys.modules); relay.redact; import relay.redact.policy; print(relay.redact('', []))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = done.stdout.split()
    assert [name for name in loaded if name.startswith(("relay.", "re2"))] == []


def test_relay_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="'relay' has no attribute 'redacted'"):
        relay.redacted  # noqa: B018


def test_two_texts_do_not_share_their_state() -> None:
    first, second = (relay.Redactor(["email"], mode="placeholder") for _ in range(2))

    pairs = [
        (first.feed(one), second.feed(other)) for one, other in zip("a@x.org e@x.org ", "b@x.org a@x.org ", strict=True)
    ]

    assert ["".join(out) for out in zip(*pairs, strict=True)] == ["[EMAIL_1] [EMAIL_2] "] * 2


def test_short_texts_are_the_same_in_every_split() -> None:
    whole = redacted("a@b.de [IP_1]", mode="placeholder")

    assert all(redacted(*pieces, mode="placeholder") == whole for pieces in every_split("a@b.de [IP_1]"))


@pytest.mark.parametrize(
    ("text", "json", "expected"),
    [
        ("a@x.org [EMAIL_2] b@x.org c@x.org", False, "[EMAIL_1] [EMAIL_2] [EMAIL_3] [EMAIL_4]"),
        ("a@x.org,[EMAIL_1] b@x.org", False, "[EMAIL_1],[EMAIL_1] [EMAIL_2]"),
        ("[EMAIL_1] [EMAIL_2][EMAIL] a@x.org", False, "[EMAIL_1] [EMAIL_2][EMAIL] [EMAIL_3]"),
        (
            '{"a": "[EMAIL_1]", "[IP_1]": ["a@x.org", "8.8.8.8"]}',
            True,
            '{"a": "[EMAIL_1]", "[IP_1]": ["[EMAIL_2]", "[IP_2]"]}',
        ),
        ('["\\u005bEMAIL_1]", "a@x.org"]', True, '["\\u005bEMAIL_1]", "[EMAIL_2]"]'),
    ],
)
def test_a_literal_keeps_its_number_from_what_stands_behind_it_at_every_cut(
    text: str, json: bool, expected: str
) -> None:
    for at in range(len(text) + 1):
        redactor = relay.Redactor(["email", "ip"], mode="placeholder", json=json)
        assert redactor.feed(text[:at]) + redactor.feed(text[at:]) + redactor.flush() == expected
    redactor = relay.Redactor(["email", "ip"], mode="placeholder", json=json)
    assert "".join(map(redactor.feed, text)) + redactor.flush() == expected
