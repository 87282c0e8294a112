"""Who may answer: every rule by itself, its word when it leaves nobody, and what holds for any request."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.catalog import Model
from relay.errors import CallerInvalid, NoEndpoint, UnknownModel
from relay.price import NANO, Price
from relay.route.ask import Names
from tests.route.shapes import call, endpoint, generation, router, tried

KEPT = endpoint("kept", 1, zdr=True, quantization="fp8", context_tokens=1000, parameters=frozenset({"temperature"}))
OTHER = endpoint(
    "other", 9, trains=True, quantization="int4", context_tokens=60, parameters=frozenset({"tools"}), region="eu"
)
EMPTIES: dict[str, tuple[dict[str, Any], str, str, int]] = {
    "only": ({"provider": {"only": ["none"]}}, "allowed_providers", "no_endpoints", 404),
    "gateway.only": ({"gateway": {"only": ["none"]}}, "allowed_providers", "no_endpoints", 404),
    "order": ({"provider": {"order": ["none"], "allow_fallbacks": False}}, "allowed_providers", "no_endpoints", 404),
    "ignore": ({"provider": {"ignore": ["other", "KEPT"]}}, "allowed_providers", "no_endpoints", 404),
    "distillable": ({"provider": {"enforce_distillable_text": True}}, "quantization", "constraint_filtered", 404),
    "quantizations": ({"provider": {"quantizations": ["bf16"]}}, "quantization", "constraint_filtered", 404),
    "max_price": ({"provider": {"max_price": {"prompt": "0.5"}}}, "max_price", "constraint_filtered", 404),
    "parameters": (
        {"provider": {"require_parameters": True}, "temperature": 1, "tools": [{"name": "t", "input_schema": {}}]},
        "require_parameters",
        "constraint_filtered",
        404,
    ),
}
KEEPS: dict[str, dict[str, Any]] = {
    "only": {"provider": {"only": ["KEPT"]}},
    "gateway.only": {"gateway": {"only": ["kept", "none"]}},
    "ignore": {"provider": {"ignore": ["other"]}},
    "ignore by region": {"provider": {"ignore": ["other/EU"]}},
    "provider.zdr": {"provider": {"zdr": True}},
    "gateway.zdr": {"gateway": {"zdr": True}, "provider": {"zdr": False}},
    "training": {"provider": {"data_collection": "deny"}},
    "quantizations": {"provider": {"quantizations": ["fp8", "bf16"]}},
    "max_price": {"provider": {"max_price": {"completion": 1, "prompt": "1.0"}}},
    "context_length": {"system": 200 * "word "},
    "require_parameters": {"provider": {"require_parameters": True}, "temperature": 1},
}


@pytest.mark.parametrize("said", KEEPS.values(), ids=KEEPS)
def test_each_rule_leaves_out_whom_it_names(said: dict[str, Any]) -> None:
    assert tried(router(generation(OTHER, KEPT)), call(**said)) == ["kept/m"]


@pytest.mark.parametrize(("said", "word", "code", "status"), EMPTIES.values(), ids=EMPTIES)
def test_a_rule_that_leaves_nobody_says_so(said: dict[str, Any], word: str, code: str, status: int) -> None:
    with pytest.raises(NoEndpoint) as raised:
        router(generation(OTHER, KEPT)).plan(call(**said))

    told = raised.value.availability
    assert told is not None
    assert (raised.value.status, told["code"], told["excluded_by"]) == (status, code, [word])
    assert set(told["affected_providers"]) == {"OTHER", "KEPT"}


def test_zdr_that_leaves_nobody_names_its_field() -> None:
    with pytest.raises(NoEndpoint) as raised:
        router(generation(OTHER)).plan(call(gateway={"zdr": True}))

    told = raised.value.availability
    assert told is not None
    assert (told["code"], told["excluded_by"]) == ("privacy_restricted", ["data_policy:zdr"])
    assert told["constraint"]["field"] == "gateway.zdr"
    assert raised.value.message == "gateway.zdr: no zero-data-retention endpoint for model 'a/m'"


def test_every_rule_that_left_somebody_out_is_named() -> None:
    with pytest.raises(NoEndpoint) as raised:
        router(generation(OTHER, KEPT)).plan(call(provider={"ignore": ["other"], "max_price": {"prompt": 0.1}}))

    assert (raised.value.availability or {})["excluded_by"] == ["allowed_providers", "max_price"]


def test_a_prompt_that_fits_nowhere_is_the_callers_fault_with_numbers() -> None:
    with pytest.raises(CallerInvalid) as raised:
        router(generation(OTHER)).plan(call(system=200 * "word ", max_tokens=7))

    assert (raised.value.status, raised.value.error_type) == (400, "context_length_exceeded")
    assert "holds 60" in raised.value.message
    assert "7" in raised.value.message


def test_a_tier_answers_only_who_asks_for_it() -> None:
    catalogue = generation(endpoint("p", 2), endpoint("p", 1, tier="flex"), endpoint("p", 3, tier="priority"))

    assert tried(router(catalogue), call()) == ["p/m"]
    assert tried(router(catalogue), call(provider={"order": ["p"]})) == ["p/m"]
    assert tried(router(catalogue), call(provider={"order": ["p/flex"]})) == ["p/m@flex", "p/m"]
    assert tried(router(catalogue), call(service_tier="flex")) == ["p/m@flex"]
    assert tried(router(catalogue), call(service_tier="priority")) == ["p/m@priority", "p/m"]
    assert tried(router(catalogue), call(speed="fast")) == ["p/m@priority", "p/m"]
    assert tried(router(catalogue), call("a/m:floor")) == ["p/m@flex", "p/m"]
    assert tried(router(catalogue), call("a/m:floor", service_tier="standard")) == ["p/m"]
    assert tried(router(generation(endpoint("p", 2))), call(service_tier="flex")) == ["p/m"]
    assert tried(router(catalogue), call("a/m:nitro")) == ["p/m", "p/m@priority"]
    with pytest.raises(NoEndpoint):
        router(catalogue).plan(call(service_tier="flex", provider={"ignore": ["p"]}))


def test_an_answer_that_is_longer_than_a_cap_goes_elsewhere_or_is_cut() -> None:
    short, long = endpoint("short", 1, max_output_tokens=10), endpoint("long", 1, max_output_tokens=100)

    assert tried(router(generation(short, long)), call(max_tokens=50)) == ["long/m"]
    attempt = router(generation(short)).plan(call(max_tokens=50)).next()
    assert attempt is not None
    assert attempt.max_tokens == 10


def test_tools_go_where_they_are_taken_and_are_left_out_where_nobody_takes_them() -> None:
    able, unable = endpoint("able", 9, parameters=frozenset({"tools"})), endpoint("unable", 1, parameters=frozenset())
    tools = [{"name": "t", "input_schema": {}}]

    assert tried(router(generation(unable, able)), call(tools=tools)) == ["able/m"]
    attempt = router(generation(unable)).plan(call(tools=tools, temperature=1)).next()
    assert attempt is not None
    assert attempt.dropped == {"tools", "temperature"}


def test_what_is_null_or_empty_is_not_asked_for() -> None:
    unable = endpoint("unable", 1, parameters=frozenset())

    asked = call(tools=[], temperature=None, provider={"require_parameters": True})
    assert tried(router(generation(unable)), asked) == ["unable/m"]


def test_models_are_tried_in_turn_and_each_once() -> None:
    catalogue = generation(endpoint("p"), b_n=Model("b/n", (endpoint("q"),)))
    plan = router(catalogue).plan(call(models=["b/n", "a/m", "b/n"]))

    slugs = []
    while attempt := plan.next():
        slugs.append(attempt.slug)
    assert slugs == ["a/m", "b/n"]


def test_the_newest_of_a_family_answers_for_it() -> None:
    old = Model("a/m-1", (endpoint("p"),), created=1, family="m")
    new = Model("a/m-2", (endpoint("q"),), created=2, family="m")
    catalogue = generation(**{"a_m-1": old, "a_m-2": new})

    plan = router(catalogue).plan(call("~a/m-latest"))
    assert plan.model == "a/m-2"
    with pytest.raises(UnknownModel):
        router(catalogue).plan(call("~a/n-latest"))


NAMES = st.sampled_from(["p", "q", "r", "p/eu", "q/flex", "none"])
LISTS = st.lists(NAMES, max_size=3)
ENDPOINTS = (
    endpoint("p", 1, zdr=True),
    endpoint("p", 2, region="eu"),
    endpoint("q", 3, zdr=True, tier="flex"),
    endpoint("q", 1),
    endpoint("r", 4, zdr=True),
)


@given(only=LISTS, ignore=LISTS, order=LISTS, zdr=st.booleans(), theirs=LISTS, draw=st.floats(0, 0.999))
def test_what_rules_leave_out_is_never_tried(
    only: list[str], ignore: list[str], order: list[str], zdr: bool, theirs: list[str], draw: float
) -> None:
    said: dict[str, Any] = {"only": only, "ignore": ignore, "order": order, "zdr": zdr}
    gateway = {"only": theirs} if theirs else {}
    found = router(generation(*ENDPOINTS), [draw])
    try:
        ids = tried(found, call(provider=said, gateway=gateway))
    except NoEndpoint:
        ids = []

    by_id = {each.id: each for each in ENDPOINTS}
    names = {each.id: Names(each).usual for each in ENDPOINTS}
    for id in ids:
        assert not only or any(name in names[id] for name in only)
        assert not theirs or any(name in names[id] for name in theirs)
        assert not any(name in names[id] for name in ignore)
        assert by_id[id].zdr or not zdr
        assert by_id[id].tier == "default" or "q/flex" in only + theirs + order
    ranks = [_rank(names[id], order) for id in ids]
    assert ranks == sorted(ranks)
    assert len(set(ids)) == len(ids) <= 6


def _rank(names: frozenset[str], order: list[str]) -> int:
    """The place of an endpoint in `order`, behind all of it where it is not listed."""
    return next((at for at, name in enumerate(order) if name in names), len(order))


@pytest.mark.parametrize(
    ("most", "is_kept"),
    [
        ({"image": 0.002}, True),
        ({"image": 0.0019}, False),
        ({"audio": 3}, True),
        ({"audio": 2.9}, False),
        ({"prompt": 1}, False),
        ({"prompt": 2}, True),
    ],
)
def test_max_price_reads_every_kind_at_the_length_of_the_prompt(most: dict[str, float], is_kept: bool) -> None:
    long = Price(2 * NANO, NANO, image=NANO // 500, audio=3 * NANO)
    price = replace(long, prompt=NANO, long_context=((20, long),))
    plain = endpoint("plain", 1)
    asked = call(provider={"max_price": most}, system=40 * "word ")

    found = tried(router(generation(replace(endpoint("long"), price=price), plain)), asked)

    assert ("long/m" in found) == is_kept
    assert "plain/m" in found
