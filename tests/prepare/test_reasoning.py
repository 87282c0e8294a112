"""How much thinking is asked for: forwarded as it was said, or in the words that the endpoint takes."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from relay.dialects.reasoning import EFFORTS, budget_of, effort_of, nearest
from relay.errors import CallerInvalid
from tests.prepare.shapes import Sent, endpoint, request, send

ENABLED = {"type": "enabled", "budget_tokens": 5000}
ADAPTIVE = {"type": "adaptive", "display": "omitted"}


def sent(said: dict[str, Any], *, attempted: dict[str, Any] | None = None, **accepts: Any) -> Sent:
    return send(request(**{"max_tokens": 10_000} | said), endpoint(**accepts), **attempted or {})


def asked(said: dict[str, Any], **accepts: Any) -> tuple[Any, Any]:
    """What is sent of `thinking` and of `output_config`."""
    body = sent(said, **accepts).json
    return body.get("thinking"), body.get("output_config")


@given(effort=st.sampled_from(EFFORTS), max_tokens=st.integers(1, 10**7))
def test_a_budget_is_within_its_bounds(effort: str, max_tokens: int) -> None:
    assert 1024 <= budget_of(effort, max_tokens) <= 128_000


@given(effort=st.sampled_from(("low", "medium", "high")), max_tokens=st.integers(10_000, 150_000))
def test_a_level_comes_back_from_its_budget(effort: str, max_tokens: int) -> None:
    assert effort_of(budget_of(effort, max_tokens) + 1, max_tokens) == effort


@pytest.mark.parametrize(
    ("budget", "effort"), [(1024, "low"), (4999, "low"), (5000, "medium"), (8000, "high"), (9500, "xhigh")]
)
def test_a_budget_is_the_highest_level_whose_share_it_reaches(budget: int, effort: str) -> None:
    assert effort_of(budget, 10_000) == effort


@pytest.mark.parametrize(
    ("effort", "supported", "expected"),
    [
        ("high", ("low", "high"), "high"),
        ("xhigh", ("high", "low"), "high"),
        ("medium", ("low", "max"), "low"),
        ("low", ("medium", "high"), "medium"),
    ],
)
def test_the_nearest_level_is_not_higher_unless_all_are(effort: str, supported: tuple[str, ...], expected: str) -> None:
    assert nearest(effort, supported) == expected


@pytest.mark.parametrize("thinking", [ENABLED, ADAPTIVE, {"type": "disabled"}, {"type": "between_tools"}])
def test_an_endpoint_of_which_nobody_says_anything_gets_what_was_said(thinking: dict[str, Any]) -> None:
    content = request(max_tokens=10_000, thinking=thinking, output_config={"effort": "max"})

    assert send(content, endpoint()).content == content.replace(b'"a/m"', b'"m"')


def test_who_thinks_as_he_likes_gets_no_budget() -> None:
    assert asked({"thinking": ENABLED | {"display": "omitted"}}, adaptive_only=True) == (ADAPTIVE, None)
    assert asked({"thinking": {"type": "disabled"}}, adaptive_only=True) == ({"type": "disabled"}, None)


def test_who_takes_levels_gets_the_level_of_the_budget() -> None:
    efforts = ("low", "high")

    assert asked({"thinking": ENABLED}, reasoning_style="effort") == ({"type": "adaptive"}, {"effort": "medium"})
    told = asked({"thinking": ENABLED}, reasoning_style="effort", reasoning_efforts=efforts)
    assert told == ({"type": "adaptive"}, {"effort": "low"})
    said = {"thinking": ENABLED, "output_config": {"effort": "max"}}
    assert asked(said, reasoning_style="effort", reasoning_efforts=efforts)[1] == {"effort": "high"}


def test_who_takes_a_budget_gets_that_of_the_level() -> None:
    said = {"thinking": ADAPTIVE, "output_config": {"effort": "low"}}

    assert asked(said, reasoning_style="budget") == (ADAPTIVE | {"type": "enabled", "budget_tokens": 2000}, None)
    assert asked({"output_config": {"effort": "high"}}, reasoning_style="budget")[0] == {
        "type": "enabled",
        "budget_tokens": 8000,
    }
    assert asked({"thinking": ADAPTIVE}, reasoning_style="budget")[0]["budget_tokens"] == 8000
    assert asked({"thinking": ENABLED}, reasoning_style="budget") == (ENABLED, None)
    assert asked({}, reasoning_style="budget") == (None, None)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"thinking": ENABLED}, "enabled"),
        ({"thinking": ADAPTIVE}, "enabled"),
        ({"output_config": {"effort": "low"}}, "enabled"),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}, "disabled"),
    ],
)
def test_a_flag_is_on_or_off(said: dict[str, Any], expected: str) -> None:
    assert asked(said, reasoning_style="flag") == ({"type": expected}, None)


def test_who_does_not_think_is_not_asked_to_and_the_attempt_says_so() -> None:
    done = sent({"thinking": ENABLED, "output_config": {"effort": "low"}}, reasoning_style="none")

    assert done.json.keys() == {"model", "max_tokens", "messages"}
    assert (done.attempt.dropped, done.attempt.dropped_fields) == ({"thinking"}, ("output_config.effort",))
    off = sent({"thinking": {"type": "disabled"}}, reasoning_style="none")
    assert (off.json.get("thinking"), off.attempt.dropped) == (None, frozenset())


def test_of_output_config_only_the_effort_changes() -> None:
    schema = b'{"type":"json_schema","schema":{"const":1.50, "e":1E2}}'
    config = b'{ "format": %b , "effort" : "max" }' % schema
    content = request(max_tokens=10_000)[:-1] + b',"output_config":%b}' % config

    lowered = send(content, endpoint(reasoning_efforts=("low",))).content
    removed = send(content, endpoint(reasoning_style="flag")).content

    assert b'"output_config":' + config.replace(b'"max"', b'"low"') in lowered
    assert b'"output_config":{ "format": %b }' % schema in removed


def test_the_answer_has_room_behind_the_thinking() -> None:
    unlimited = sent({"max_tokens": None, "thinking": ENABLED}, default_max_tokens=4096)
    assert unlimited.json["max_tokens"] == 9096
    bounded = sent({"max_tokens": None, "thinking": ENABLED}, default_max_tokens=4096, max_output_tokens=6000)
    assert bounded.json["max_tokens"] == 6000


def test_pitfall_71_a_limit_that_is_cut_lowers_the_budget_with_it() -> None:
    cut = sent({"thinking": ENABLED}, attempted={"max_tokens": 4000})
    assert (cut.json["max_tokens"], cut.json["thinking"]["budget_tokens"]) == (4000, 3200)


def test_thinking_that_fits_in_no_way_is_left_out() -> None:
    cut = sent({"thinking": ENABLED}, attempted={"max_tokens": 1000})

    assert "thinking" not in cut.json
    assert cut.attempt.dropped == {"thinking"}


def test_a_null_limit_is_none() -> None:
    content = request(thinking=ENABLED).replace(b'"max_tokens":100', b'"max_tokens":null')

    assert send(content, endpoint()).json["max_tokens"] == 9096


def test_a_variant_that_thinks_does_so_in_the_words_of_its_endpoint() -> None:
    assert sent({}, thinks=True).json["thinking"] == ENABLED
    assert sent({}, thinks=True, adaptive_only=True).json["thinking"] == {"type": "adaptive"}
    assert sent({"thinking": ADAPTIVE}, thinks=True).json["thinking"] == ADAPTIVE
    with pytest.raises(CallerInvalid, match="max_tokens: must be more than 1024"):
        sent({"max_tokens": 1024}, thinks=True)


def test_what_is_counted_gets_no_limit() -> None:
    counted = send(request(max_tokens=None, thinking=ENABLED), endpoint(), operation="count_tokens")

    assert counted.json.keys() == {"model", "messages", "thinking"}


def test_a_budget_without_a_limit_is_a_share_of_what_the_endpoint_can_give() -> None:
    budget = {"type": "enabled", "budget_tokens": 16_000}
    sizes = {"max_output_tokens": 64_000, "default_max_tokens": 16_384, "reasoning_style": "effort"}

    assert asked({"thinking": budget, "max_tokens": None}, **sizes)[1] == {"effort": "low"}
    assert asked({"thinking": budget, "max_tokens": 32_000}, **sizes)[1] == {"effort": "medium"}
