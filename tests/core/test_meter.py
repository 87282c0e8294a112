"""Meter against the plain reducer (USG-1)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay._core import Meter
from tests.reference.usage import COUNTS, reduce_usage

_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, 1, 7, 7, 300, 2**40, 2**62, -1, True, 1.0, "5", 2**63, 10**30, -(10**30), [], {}]
)


def _usage_objects() -> st.SearchStrategy[dict[str, Any]]:
    flat = {path[0]: _VALUES for path in COUNTS.values() if len(path) == 1}
    nested = {
        outer: st.none() | st.fixed_dictionaries({}, optional={p[1]: _VALUES for p in COUNTS.values() if p[0] == outer})
        for outer in ("cache_creation", "output_tokens_details", "server_tool_use")
    }
    extra = {"service_tier": st.sampled_from([None, "standard", "batch"]), "iterations": st.just([]), "novel": _VALUES}
    return st.fixed_dictionaries({}, optional=flat | nested | extra)


def folded(*objects: dict[str, Any]) -> tuple[dict[str, int | str], int]:
    meter = Meter()
    for usage in objects:
        meter.fold(usage)
    return meter.usage(), meter.anomalies


@given(objects=st.lists(_usage_objects(), max_size=5))
def test_usage_and_anomalies_are_those_of_the_reducer(objects: list[dict[str, Any]]) -> None:
    assert folded(*objects) == reduce_usage(objects)


def test_nothing_known_is_nothing_said() -> None:
    assert folded() == ({}, 0)
    assert folded({"input_tokens": None, "novel": 3}) == ({}, 0)


def test_values_replace_and_are_never_summed() -> None:
    assert folded({"output_tokens": 1}, {"output_tokens": 5}, {"output_tokens": 9}) == ({"output_tokens": 9}, 0)


def test_null_and_absence_keep_what_was_known() -> None:
    assert folded({"input_tokens": 4}, {"input_tokens": None}, {}) == ({"input_tokens": 4}, 0)


def test_zero_replaces_and_a_decrease_is_counted() -> None:
    assert folded({"cache_read_input_tokens": 9}, {"cache_read_input_tokens": 0}) == ({"cache_read_input_tokens": 0}, 1)


@pytest.mark.parametrize("value", [-1, True, False, 1.5, 2.0, "7", [1], {}, 10**30])
def test_what_is_no_count_is_passed_by_and_counted(value: Any) -> None:
    assert folded({"output_tokens": 3}, {"output_tokens": value}) == ({"output_tokens": 3}, 1)


def test_nested_fields_come_flat() -> None:
    usage = {
        "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2},
        "output_tokens_details": {"thinking_tokens": 3},
        "server_tool_use": {"web_search_requests": 4, "web_fetch_requests": 5},
        "service_tier": "priority",
    }
    assert folded(usage)[0] == {
        "cache_creation_5m_input_tokens": 1,
        "cache_creation_1h_input_tokens": 2,
        "reasoning_output_tokens": 3,
        "web_search_requests": 4,
        "web_fetch_requests": 5,
        "service_tier": "priority",
    }


@pytest.mark.parametrize("name", ["cache_creation", "output_tokens_details", "server_tool_use"])
@pytest.mark.parametrize("value", [None, 5, "x", [], [1]])
def test_a_nested_field_that_is_no_object_is_no_crash(name: str, value: Any) -> None:
    assert folded({name: value, "input_tokens": 1})[0] == {"input_tokens": 1}
