"""Who is asked first: balancing by price, sorting, cutoffs, sessions, and endpoints that fail or rest."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.catalog import Endpoint, Model
from relay.errors import NoEndpoint, ProviderFailed, ProviderRateLimited, ProviderRefused
from relay.route import Health, Plan, Router
from tests.route.shapes import Hands, call, endpoint, generation, router, tried

CHEAP, DEAR = endpoint("cheap", 1), endpoint("dear", 3)


def fail(plan: Plan, times: int = 1) -> None:
    for _ in range(times):
        attempt = plan.next()
        assert attempt is not None
        plan.failed(attempt, ProviderFailed("the provider failed"))


def test_prices_1_and_3_are_drawn_9_to_1() -> None:
    found = Router(generation(DEAR, CHEAP), Health(Hands()))

    first = Counter(tried(found, call())[0] for _ in range(10_000))

    assert 8_850 < first["cheap/m"] < 9_150  # five standard deviations


def test_one_that_fails_comes_last_until_it_is_forgotten() -> None:
    now = Hands()
    found = router(generation(DEAR, CHEAP), now=now)
    for _ in range(3):
        fail(found.plan(call(provider={"only": ["cheap"]})))

    assert tried(found, call()) == ["dear/m", "cheap/m"]
    assert tried(found, call(provider={"order": ["cheap"]})) == ["cheap/m", "dear/m"]
    now.now += 31
    assert tried(found, call()) == ["cheap/m", "dear/m"]


def test_without_prices_the_operators_order_holds() -> None:
    assert tried(router(generation(endpoint("b"), endpoint("a"), endpoint("c"))), call()) == ["b/m", "a/m", "c/m"]


@given(st.text(min_size=1, max_size=8))
def test_a_session_has_one_endpoint_on_every_replica(session: str) -> None:
    catalogue = generation(*[endpoint(name, 1) for name in "abcdef"])

    firsts = {tried(router(catalogue, [number]), call(session_id=session))[0] for number in (0.0, 0.5, 0.99)}

    assert len(firsts) == 1


def test_sessions_spread_by_price() -> None:
    catalogue = generation(DEAR, CHEAP)

    first = Counter(tried(router(catalogue), call(session_id=str(number)))[0] for number in range(4_000))

    assert 3_500 < first["cheap/m"] < 3_700


def answered(found: Router, cached: int = 0, **said: object) -> str:
    plan = found.plan(call(**said))
    attempt = plan.next()
    assert attempt is not None
    plan.succeeded(attempt, None, None, cached)
    return attempt.endpoint.id


def test_a_conversation_stays_where_its_prompt_is_cached_until_it_rests_long() -> None:
    now = Hands()
    found = router(generation(DEAR, CHEAP), [0.05], now)

    assert answered(found, cached=5) == "dear/m"
    assert answered(found) == "dear/m"
    assert answered(found, provider={"order": ["cheap"]}) == "cheap/m"
    assert answered(found) == "dear/m"
    assert answered(found, messages=[{"role": "user", "content": "another"}]) == "cheap/m"
    now.now += 601
    assert answered(found) == "cheap/m"


def test_a_conversation_whose_prompt_was_not_cached_goes_where_it_likes() -> None:
    found = router(generation(DEAR, CHEAP), [0.05, 0.5])

    assert answered(found) == "dear/m"
    assert answered(found) == "cheap/m"


def test_a_session_moves_when_its_endpoint_dies_and_stays_there() -> None:
    now = Hands()
    found = router(generation(DEAR, CHEAP), now=now)
    first = answered(found, session_id="s")
    other = "dear/m" if first == "cheap/m" else "cheap/m"
    for _ in range(20):
        fail(found.plan(call(provider={"only": [first.removesuffix("/m")]})))

    assert answered_after_failures(found, "s") == other
    now.now += 120
    assert answered(found, session_id="s") == other


def answered_after_failures(found: Router, session_id: str) -> str:
    return answered(found, session_id=session_id)


def measured(found: Router, name: str, tokens_per_s: float, first_s: float, count: int = 10) -> None:
    for _ in range(count):
        plan = found.plan(call(provider={"only": [name]}))
        attempt = plan.next()
        assert attempt is not None
        plan.succeeded(attempt, first_s, tokens_per_s, 0)


def test_sorts() -> None:
    found = router(generation(CHEAP, DEAR, endpoint("new", 2)))
    measured(found, "cheap", tokens_per_s=10, first_s=0.1)
    measured(found, "dear", tokens_per_s=90, first_s=0.9)

    assert tried(found, call(provider={"sort": "price"})) == ["cheap/m", "new/m", "dear/m"]
    assert tried(found, call(provider={"sort": "throughput"})) == ["dear/m", "cheap/m", "new/m"]
    assert tried(found, call(provider={"sort": {"by": "latency"}})) == ["cheap/m", "dear/m", "new/m"]
    assert tried(found, call("a/m:nitro")) == ["dear/m", "cheap/m", "new/m"]
    assert tried(found, call("a/m:nitro", provider={"sort": "price"})) == ["cheap/m", "new/m", "dear/m"]
    assert tried(found, call("a/m:exacto")) == ["dear/m", "cheap/m", "new/m"]


def test_exacto_prefers_who_finishes_calls_with_tools() -> None:
    found = router(generation(CHEAP, DEAR))
    tools = [{"name": "t", "input_schema": {}}]
    for number in range(20):
        for name in ("cheap", "dear"):
            plan = found.plan(call(provider={"only": [name]}, tools=tools))
            attempt = plan.next()
            assert attempt is not None
            if name == "cheap" and number % 2:
                plan.failed(attempt, ProviderFailed("the provider failed"))
            else:
                plan.succeeded(attempt, None, None, 0)

    assert tried(found, call("a/m:exacto")) == ["dear/m", "cheap/m"]


def test_a_cutoff_sends_to_the_end_and_leaves_nobody_out() -> None:
    found = router(generation(CHEAP, DEAR))
    measured(found, "cheap", tokens_per_s=100, first_s=0.1, count=85)
    measured(found, "cheap", tokens_per_s=5, first_s=4, count=15)

    slow = {"preferred_max_latency": {"p90": 1}}
    assert tried(found, call(provider=slow)) == ["dear/m", "cheap/m"]
    assert tried(found, call(provider={"preferred_max_latency": 1})) == ["cheap/m", "dear/m"]
    assert tried(found, call(provider={"preferred_min_throughput": {"p90": 50}})) == ["dear/m", "cheap/m"]


def test_models_are_groups_or_one() -> None:
    catalogue = generation(DEAR, b_n=Model("b/n", (CHEAP,)))

    assert tried(router(catalogue), call(models=["b/n"], provider={"sort": "price"})) == ["dear/m", "cheap/m"]
    mixed = {"sort": {"by": "price", "partition": "none"}}
    assert tried(router(catalogue), call(models=["b/n"], provider=mixed)) == ["cheap/m", "dear/m"]
    assert tried(router(catalogue), call(models=["b/n"], route="sort", provider={"sort": "price"})) == [
        "cheap/m",
        "dear/m",
    ]


def test_without_fallbacks_one_of_each_model_or_the_listed_ones() -> None:
    catalogue = generation(DEAR, CHEAP, b_n=Model("b/n", (endpoint("q", 1), endpoint("r", 2))))

    assert tried(router(catalogue), call(models=["b/n"], provider={"allow_fallbacks": False})) == ["cheap/m", "q/m"]
    listed = {"allow_fallbacks": False, "order": ["dear", "none"]}
    assert tried(router(catalogue), call(provider=listed)) == ["dear/m"]


def test_listed_endpoints_that_rest_leave_nobody_where_there_are_no_fallbacks() -> None:
    found = router(generation(DEAR, CHEAP))
    listed = call(provider={"allow_fallbacks": False, "order": ["dear"]})
    plan = found.plan(listed)
    attempt = plan.next()
    assert attempt
    limited = ProviderRateLimited("slow")
    limited.retry_after_s = 9
    plan.failed(attempt, limited)

    with pytest.raises(NoEndpoint) as raised:
        found.plan(listed)
    assert (raised.value.status, raised.value.retry_after_s) == (429, 9)


def test_an_open_breaker_goes_behind_its_probe_closes_it_and_a_failed_one_doubles_the_rest() -> None:
    now = Hands()
    found = router(generation(DEAR, CHEAP), now=now)
    alone = call(provider={"only": ["cheap"]})
    ordered = call(provider={"order": ["cheap"]})
    for _ in range(20):
        fail(found.plan(alone))

    assert tried(found, ordered) == ["dear/m", "cheap/m"]
    now.now += 6
    fail(found.plan(alone))
    now.now += 6
    assert tried(found, ordered) == ["dear/m", "cheap/m"]
    now.now += 5
    plan = found.plan(alone)
    attempt = plan.next()
    assert attempt is not None
    assert found.plan(ordered).next().endpoint.id == "dear/m"  # type: ignore[union-attr]
    plan.succeeded(attempt, None, None, 0)
    assert found.plan(ordered).next().endpoint.id == "cheap/m"  # type: ignore[union-attr]


def test_a_rate_limit_takes_an_endpoint_out_for_as_long_as_it_says_a_minute_at_most() -> None:
    now = Hands()
    found = router(generation(DEAR, CHEAP), now=now)
    limited = ProviderRateLimited("slow down")
    limited.retry_after_s = 7200
    plan = found.plan(call())
    first = plan.next()
    assert first is not None
    plan.failed(first, limited)
    second = plan.next()
    assert second is not None
    assert tried(found, call()) == [second.endpoint.id]

    plan.failed(second, limited)
    with pytest.raises(NoEndpoint) as raised:
        found.plan(call())
    assert (raised.value.status, (raised.value.availability or {})["code"]) == (429, "capacity_exhausted")
    assert 0 < (raised.value.retry_after_s or 0) <= 60
    now.now += 61
    assert len(tried(found, call())) == 2


def test_a_rate_limit_of_one_model_leaves_the_others_of_a_wildcard_alone() -> None:
    every = replace(endpoint("q"), id="q/*", model="*")
    now = Hands()
    found = Router(replace(generation(), wildcards=(Model("q/*", (every,)),)), Health(now))
    plan = found.plan(call("q/slow"))
    attempt = plan.next()
    assert attempt
    limited = ProviderRateLimited("slow")
    limited.retry_after_s = 5
    plan.failed(attempt, limited)

    with pytest.raises(NoEndpoint) as raised:
        found.plan(call("q/slow"))
    assert (raised.value.status, raised.value.retry_after_s) == (429, 5)
    assert tried(found, call("q/other")) == ["q/*"]
    now.now += 6
    assert tried(found, call("q/slow")) == ["q/*"]


def test_a_refusal_goes_to_the_next_model_and_not_to_the_next_endpoint() -> None:
    found = router(generation(CHEAP, DEAR, b_n=Model("b/n", (endpoint("q"),))))
    plan = found.plan(call(models=["b/n"]))
    attempt = plan.next()
    assert attempt is not None
    plan.failed(attempt, ProviderRefused("no", 400, "context_length_exceeded"))

    second = plan.next()
    assert second is not None
    assert second.slug == "b/n"
    assert plan.next() is None


def test_at_most_six_attempts() -> None:
    assert len(tried(router(generation(*[endpoint(name) for name in "abcdefghi"])), call())) == 6


def test_retries_are_a_tenth_of_an_endpoints_traffic_once_twenty_are_spent() -> None:
    found = router(generation(DEAR, CHEAP))
    asked = call(provider={"order": ["cheap", "dear"]})

    attempts = [len(tried(found, asked)) for _ in range(40)]

    assert attempts == 20 * [2] + 20 * [1]


def test_a_callers_own_endpoints_go_first_and_answer_nobody_else() -> None:
    mine = endpoint("mine", 100, owner_key="dev")
    theirs = endpoint("theirs", 0.1, owner_key="other")
    catalogue = generation(CHEAP, mine, theirs)
    cheap, others = CHEAP.id, {"provider": {"order": ["cheap"]}}

    assert tried(router(catalogue), call()) == [mine.id, cheap]
    assert tried(router(catalogue), call(provider={"sort": "price"})) == [mine.id, cheap]
    assert tried(router(catalogue), call(**others)) == [mine.id, cheap]
    assert tried(router(generation(mine)), call()) == [mine.id]


def test_an_endpoint_of_another_key_leaves_nobody() -> None:
    with pytest.raises(NoEndpoint) as raised:
        router(generation(endpoint("theirs", 1, owner_key="other"))).plan(call())

    assert raised.value.availability is not None
    assert raised.value.availability["excluded_by"] == ["allowed_providers"]


def rested(found: Router, seconds: float, **said: Any) -> Plan:
    """The plan of a call whose first endpoint says that it is to be left alone for so long."""
    plan = found.plan(call(**said))
    attempt = plan.next()
    assert attempt is not None
    limited = ProviderRateLimited("slow")
    limited.retry_after_s = seconds
    plan.failed(attempt, limited)
    return plan


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (endpoint("who", 1, tier="flex"), {"service_tier": "flex"}),
        (endpoint("who", 1, parameters=frozenset({"tools"})), {"tools": [{"name": "x", "input_schema": {}}]}),
        (endpoint("who", 1, max_output_tokens=10), {"max_tokens": 10}),
    ],
)
def test_while_who_can_do_what_is_asked_rests_nobody_does_less_for_it(who: Endpoint, said: dict[str, Any]) -> None:
    other = endpoint("other", 2, parameters=frozenset({"temperature"}), max_output_tokens=9)
    found = router(generation(who, other))

    assert rested(found, 9, **said).next() is None
    with pytest.raises(NoEndpoint) as raised:
        found.plan(call(**said))
    assert (raised.value.status, raised.value.retry_after_s) == (429, 9)
    assert [word for _, word, _ in found.explain(call(**said)).losers] == ["order", "rest"]


@pytest.mark.parametrize("alone", ["rest", "only"])
def test_a_session_stays_with_who_answered_while_nobody_else_could(alone: str) -> None:
    now = Hands()
    found = router(generation(DEAR, CHEAP), now=now)
    first, *_ = tried(found, call(session_id="s"))
    other = "dear" if first == "cheap/m" else "cheap"
    said: dict[str, Any] = {}
    if alone == "rest":
        rested(found, 9, session_id="s")
    else:
        said = {"provider": {"only": [other]}}

    assert answered(found, session_id="s", **said) == f"{other}/m"
    now.now += 10
    assert tried(found, call(session_id="s"))[0] == f"{other}/m"


def test_a_conversation_is_the_same_when_the_mark_of_what_is_cached_moves_on() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    text = {"type": "text", "text": "hello"}
    begun = [{"role": "user", "content": [text | mark]}]
    later = [{"role": "user", "content": [text]}, {"role": "assistant", "content": "yes?"}]
    later += [{"role": "user", "content": [{"type": "text", "text": "more"} | mark]}]
    other = [{"role": "user", "content": [text | {"text": "goodbye"} | mark]}]
    found = router(generation(DEAR, CHEAP), [0.05, 0.5, 0.5])

    assert answered(found, cached=9, messages=begun, system=[text | mark]) == "dear/m"
    assert answered(found, cached=9, messages=later, system=[text]) == "dear/m"
    assert answered(found, cached=9, messages=other, system=[text]) == "cheap/m"
