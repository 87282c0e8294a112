"""Models that relay chooses: by score and price, by bands of prices, by lists; what a conversation keeps; free ones."""

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import COST_TIERS, AutoRouter, Call
from relay.catalog import Endpoint, Generation, Model, Scores
from relay.errors import NoEndpoint
from relay.price import NANO, Price
from relay.route import Health, Plan, Router, Sticky
from relay.route.auto import NOBODY, Option, ranked
from tests.route.shapes import Hands, call, endpoint, router, tried

PLUGIN = "auto-router"


def free(name: str, **told: Any) -> Endpoint:
    """An endpoint that is declared to cost nothing."""
    return endpoint(name, 0, **told)


def catalogue(*models: Model) -> Generation:
    return Generation(models={model.id: model for model in models}, wildcards=(), keys=None, credentials={})


def model(name: str, usd: float | None, general: float | None = None, **told: Any) -> Model:
    """A model `x/<name>` that may be chosen, served by the provider of its name."""
    scores = Scores(general, told.pop("coding", None), told.pop("tasks", {}))
    served = (endpoint(name, usd, **told),)
    return Model(f"x/{name}", served, auto=True, scores=scores)


BEST, MIDDLE, CHEAP = model("best", 30, 90), model("middle", 3, 70), model("cheap", 0.3, 40)
ALL = catalogue(CHEAP, MIDDLE, BEST, Model("x/other", (endpoint("other", 0.1),)))


def auto(text: str = "hello", **said: Any) -> Call:
    plugins = [{"id": PLUGIN} | said] if said else []
    return call("openrouter/auto", messages=[{"role": "user", "content": text}], plugins=plugins)


OPTIONS = st.lists(
    st.builds(
        Option,
        st.from_regex(r"[a-z]{1,6}/[a-z0-9]{1,6}", fullmatch=True),
        st.none() | st.floats(0, 100, allow_nan=False),
        st.none() | st.floats(0, 100, allow_nan=False),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda option: option.slug,
)


def by_price(option: Option) -> tuple[float, str]:
    return (math.inf if option.usd is None else option.usd, option.slug)


@given(OPTIONS)
def test_a_tradeoff_of_0_is_the_best_whatever_it_costs(options: list[Option]) -> None:
    chosen = ranked(options, AutoRouter(cost_quality_tradeoff=0))[0][0]

    best = max((option.quality for option in options if option.quality is not None), default=None)
    assert chosen.quality == best


@given(OPTIONS)
def test_a_tradeoff_of_10_is_the_cheapest(options: list[Option]) -> None:
    chosen = ranked(options, AutoRouter(cost_quality_tradeoff=10))[0][0]

    # Below a cent a million tokens prices are alike: there the tie goes to the cheaper one all the same.
    assert by_price(chosen) == min(map(by_price, options))


@given(OPTIONS, st.integers(0, 10))
def test_scores_are_as_the_contract_writes_them(options: list[Option], tradeoff: int) -> None:
    t = tradeoff / 10

    def scaled(values: list[float], value: float, alone: float) -> float:
        low, high = min(values), max(values)
        return alone if low == high else (value - low) / (high - low)

    def score(option: Option) -> float:
        qualities = [each.quality for each in options if each.quality is not None]
        costs = [math.log(max(each.usd, 0.01)) for each in options if each.usd is not None]
        q = 0.0 if option.quality is None else scaled(qualities, option.quality, 1.0)
        c = 1.0 if option.usd is None else scaled(costs, math.log(max(option.usd, 0.01)), 0.0)
        return (1 - t) * q - t * c

    found = ranked(options, AutoRouter(cost_quality_tradeoff=tradeoff))

    assert [each.slug for each, _ in found] == [
        each.slug for each in sorted(options, key=lambda each: (-score(each), *by_price(each)))
    ]
    assert all(math.isclose(told, score(each), abs_tol=1e-12) for each, told in found)


@given(OPTIONS, st.sampled_from(COST_TIERS), st.integers(0, 10))
def test_a_cost_tier_keeps_its_band_of_prices_and_there_the_best(
    options: list[Option], tier: str, tradeoff: int
) -> None:
    bounds = {"low": (0, 20), "medium": (20, 40), "high": (40, 60), "xhigh": (60, 80), "max": (80, 101)}

    def percentile(option: Option) -> float:
        cheaper = [each for each in options if by_price(each)[0] < by_price(option)[0]]
        return 0.0 if len(options) == 1 else 100 * len(cheaper) / (len(options) - 1)

    bands = {word: [each for each in options if low <= percentile(each) < high] for word, (low, high) in bounds.items()}
    at = COST_TIERS.index(tier)
    filled = [word for word in COST_TIERS if bands[word]]
    band = bands[min(filled, key=lambda word: (abs(COST_TIERS.index(word) - at), COST_TIERS.index(word)))]

    found = [each for each, _ in ranked(options, AutoRouter(cost_tier=tier, cost_quality_tradeoff=tradeoff))]

    assert {each.slug for each in found} == {each.slug for each in band}
    assert found[0].quality == max((each.quality for each in band if each.quality is not None), default=None)


def test_patterns_are_read_in_any_case() -> None:
    assert tried(router(ALL), auto(allowed_models=["X/BEST"])) == ["best/m"]


def test_the_next_two_are_its_fallbacks() -> None:
    found = router(ALL)

    assert tried(found, auto(cost_quality_tradeoff=0)) == ["best/m", "middle/m", "cheap/m"]
    assert tried(found, auto(cost_quality_tradeoff=10)) == ["cheap/m", "middle/m", "best/m"]
    assert tried(router(catalogue(*[model(name, 1, 5) for name in "abcde"])), auto()) == ["a/m", "b/m", "c/m"]


def test_a_fallback_of_the_request_comes_behind_them() -> None:
    asked = call("openrouter/auto", models=["x/other", "x/cheap"])

    assert sorted(tried(router(ALL), asked)[:3]) == ["best/m", "cheap/m", "middle/m"]
    assert tried(router(ALL), asked)[3:] == ["other/m"]


def test_a_router_model_may_be_the_fallback() -> None:
    assert tried(router(ALL), call("x/other", models=["openrouter/auto"]))[0] == "other/m"
    assert len(tried(router(ALL), call("x/other", models=["openrouter/auto"]))) == 4


@given(st.sets(st.sampled_from(["best", "middle", "cheap"])), st.sets(st.sampled_from(["best", "middle", "cheap"])))
def test_excluded_models_are_never_chosen_and_of_allowed_ones_only_those(allowed: set[str], excluded: set[str]) -> None:
    may = (allowed or {"best", "middle", "cheap"}) - excluded
    said = {
        "allowed_models": [f"*/{name}" for name in sorted(allowed)],
        "excluded_models": [f"x/{name}" for name in sorted(excluded)],
    }
    found = router(ALL)
    if may:
        assert set(tried(found, auto(**said))) == {f"{name}/m" for name in may}
        return
    with pytest.raises(NoEndpoint) as error:
        found.plan(auto(**said))
    assert (error.value.message, error.value.status) == (NOBODY, 404)
    assert NOBODY == "No models match your request and model restrictions"


def test_the_plugin_of_one_router_model_says_nothing_to_the_other() -> None:
    said = [{"id": "auto-beta-router", "excluded_models": ["*"]}, {"id": "auto-router", "cost_quality_tradeoff": 0}]

    assert tried(router(ALL), call("openrouter/auto", plugins=said))[0] == "best/m"
    with pytest.raises(NoEndpoint):
        router(ALL).plan(call("openrouter/auto-beta", plugins=said))


def test_a_plugin_that_is_off_says_nothing() -> None:
    assert len(tried(router(ALL), auto(enabled=False, excluded_models=["*"]))) == 3


def test_rules_leave_out_models_that_nobody_may_serve() -> None:
    small = model("small", 0.1, 99, context_tokens=5)
    keeper = model("keeper", 5, 1, zdr=True)
    found = router(catalogue(small, keeper, CHEAP))

    assert "small/m" not in tried(found, auto("word " * 100, cost_quality_tradeoff=0))
    private = call("openrouter/auto", provider={"zdr": True})
    assert tried(found, private) == ["keeper/m"]
    with pytest.raises(NoEndpoint, match="No models match"):
        found.plan(call("openrouter/auto", provider={"only": ["nobody"]}))


def test_no_model_that_may_be_chosen_is_no_candidate() -> None:
    with pytest.raises(NoEndpoint, match="No models match"):
        router(catalogue(Model("x/other", (endpoint("other", 1),)))).plan(auto())


def test_a_model_that_the_operator_calls_so_goes_before() -> None:
    own = Model("openrouter/auto", (endpoint("upstream", 1),))

    assert tried(router(catalogue(BEST, own)), auto()) == ["upstream/m"]


def test_a_wildcard_hands_the_name_on_where_nothing_can_be_chosen() -> None:
    wild = (Model("openrouter/*", (endpoint("upstream", 1),)),)

    assert tried(router(Generation({}, wild, None, {})), auto()) == ["upstream/m"]
    assert tried(router(Generation({"x/best": BEST}, wild, None, {})), auto()) == ["best/m"]


def test_a_task_has_its_own_scores() -> None:
    coder, talker = model("coder", 1, 10, coding=90), model("talker", 1, 80, coding=20, tasks={"math": 5})
    found = router(catalogue(coder, talker))

    code = "```python\ndef f(x):\n    return x\n``` why does this raise a TypeError?"
    assert tried(found, auto(code))[0] == "coder/m"
    assert tried(found, auto("good morning"))[0] == "talker/m"
    assert tried(found, auto("prove the theorem of the integral"))[0] == "coder/m"


def test_what_was_chosen_for_is_told() -> None:
    plan = router(ALL).plan(auto("Übersetze das ins Englische"))

    assert plan.wanted.choice is not None
    stage = plan.wanted.choice.stage
    assert stage is not None
    assert (stage["type"], stage["name"], stage["data"]["task_type"]) == ("plugin", "auto-router", "translation")
    assert 0 < stage["data"]["confidence"] <= 1


def test_strategies_have_their_words() -> None:
    found = router(catalogue(BEST, Model("x/nothing", (free("nothing"),))))

    assert found.plan(auto()).wanted.strategy("x/best") == "auto"
    assert found.plan(call("openrouter/auto:nitro")).wanted.strategy("x/best") == "auto"
    assert found.plan(call("openrouter/free")).wanted.strategy("x/nothing") == "free"
    assert found.plan(auto()).wanted.strategy("x/other") == "fallback"


def _answered(plan: Plan, cached_tokens: int = 0) -> str:
    attempt = plan.next()
    assert attempt is not None
    plan.succeeded(attempt, 0.1, 10.0, cached_tokens)
    return attempt.endpoint.id


def talk(text: str, session_id: str | None = "s", **said: Any) -> Call:
    return call(
        "openrouter/auto",
        session_id,
        messages=[{"role": "user", "content": "hello"}, {"role": "user", "content": text}],
        plugins=[{"id": PLUGIN} | said] if said else [],
    )


CODE = "```python\nimport os\n``` debug this script"


def test_a_session_keeps_its_model_while_it_is_a_candidate() -> None:
    now = Hands()
    coder, talker = model("coder", 1, 10, coding=90), model("talker", 1, 80, coding=20)
    found = router(catalogue(coder, talker), now=now)

    assert _answered(found.plan(talk("good morning"))) == "talker/m"
    assert tried(found, talk(CODE))[0] == "talker/m"
    assert tried(found, talk(CODE, pin_model=False))[0] == "coder/m"
    assert tried(found, talk(CODE, "other"))[0] == "coder/m"
    assert tried(found, talk(CODE, excluded_models=["*talker"])) == ["coder/m"]
    now.now += 601
    assert tried(found, talk(CODE))[0] == "coder/m"


def test_a_session_keeps_its_model_when_the_configuration_is_loaded_again() -> None:
    known = catalogue(model("coder", 1, 10, coding=90), model("talker", 1, 80, coding=20))
    health, sticky = Health(Hands()), Sticky()

    assert _answered(Router(known, health, sticky=sticky).plan(talk("good morning"))) == "talker/m"
    assert tried(Router(known, health, sticky=sticky), talk(CODE))[0] == "talker/m"


@pytest.mark.parametrize(
    ("said", "cached_tokens", "keeps"), [({}, 0, False), ({}, 5, True), ({"pin_model": True}, 0, True)]
)
def test_without_a_name_a_conversation_keeps_its_model_when_its_prompt_was_cached_or_it_says_so(
    said: dict[str, Any], cached_tokens: int, keeps: bool
) -> None:
    found = router(catalogue(model("coder", 1, 10, coding=90), model("talker", 1, 80, coding=20)))

    assert _answered(found.plan(talk("good morning", None, **said)), cached_tokens) == "talker/m"

    assert tried(found, talk(CODE, None, **said))[0] == ("talker/m" if keeps else "coder/m")


def test_free_models_are_chosen_alike() -> None:
    some = [Model(f"x/{name}", (free(name), endpoint(f"{name}-paid", 1))) for name in "abc"]
    found = Router(catalogue(BEST, *some, Model("x/unknown", (endpoint("unknown"),))), Health(Hands()))

    firsts = Counter(tried(found, call("openrouter/free"))[0] for _ in range(3000))

    assert set(firsts) == {"a/m", "b/m", "c/m"}
    assert all(850 < count < 1150 for count in firsts.values())  # five standard deviations


def test_free_is_who_costs_nothing_and_takes_what_is_asked() -> None:
    deaf = Model("x/deaf", (free("deaf", parameters=frozenset({"temperature"})),))
    fee = Model("x/fee", (Endpoint(**_fields(free("fee")) | {"price": Price(0, 0, request=NANO)}),))
    paid_too = Model("x/able", (endpoint("paid", 0.001), free("able")))
    found = router(catalogue(deaf, fee, paid_too))

    tools = call("openrouter/free", tools=[{"name": "t", "input_schema": {}}])
    assert tried(found, tools) == ["able/m"]
    assert sorted(tried(found, call("openrouter/free"))) == ["able/m", "deaf/m"]
    with pytest.raises(NoEndpoint, match="No models match"):
        router(catalogue(deaf, fee)).plan(tools)


def _fields(endpoint: Endpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in Endpoint.__dataclass_fields__}
