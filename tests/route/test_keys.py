"""What a key lets its holder have: models, providers, privacy, aliases and defaults; no request gets out of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import NO_PREFERENCES, Policy, matches
from relay.catalog import Model
from relay.errors import NoEndpoint
from relay.route.ask import Names
from relay.route.names import resolve
from tests.route.shapes import call, endpoint, generation, router, tried

P, Q, FLEX = endpoint("p", 1, zdr=True), endpoint("q", 2), endpoint("p", 3, tier="flex", zdr=True)
CATALOGUE = generation(P, Q, FLEX, b_n=Model("b/n", (endpoint("q", 1),)))


def names(*said: str) -> frozenset[str]:
    return frozenset(said)


def refused(policy: Policy, model: str = "a/m", **said: Any) -> NoEndpoint:
    with pytest.raises(NoEndpoint) as raised:
        router(CATALOGUE).plan(call(model, policy=policy, **said))
    return raised.value


@pytest.mark.parametrize(
    ("policy", "said", "expected"),
    [
        (Policy(providers=names("q")), {}, ["q/m"]),
        (Policy(ignore=names("q")), {}, ["p/m"]),
        (Policy(zdr=True), {"provider": {"zdr": False}}, ["p/m"]),
        (Policy(providers=names("p", "p/flex")), {}, ["p/m"]),
        (Policy(providers=names("p/flex")), {"service_tier": "flex"}, ["p/m@flex"]),
        (Policy(models=("a/*",)), {"models": ["b/n"], "provider": {"only": ["q"]}}, ["q/m"]),
        (Policy(provider={"order": ["q"]}), {}, ["q/m", "p/m"]),
        (Policy(provider={"order": ["q"]}), {"provider": {"order": ["P"]}}, ["p/m", "q/m"]),
        (Policy(provider={"order": ["q"]}), {"provider": {"order": None}}, ["q/m", "p/m"]),
        (Policy(provider={"order": ["q"]}), {"provider": {"allow_fallbacks": False}}, ["q/m"]),
    ],
)
def test_a_key_narrows_who_may_answer(policy: Policy, said: dict[str, Any], expected: list[str]) -> None:
    assert tried(router(CATALOGUE), call(policy=policy, **said)) == expected


def test_a_model_that_the_key_may_not_ask_for_is_refused() -> None:
    error = refused(Policy(models=("a/*", "c/n")), "b/n")

    told = error.availability or {}
    assert (error.status, error.error_type, error.reason) == (404, "not_found", "policy_model_denied")
    assert (told["code"], told["excluded_by"], told["requested_models"]) == (
        "no_endpoints",
        ["allowed_models"],
        ["b/n"],
    )
    assert error.message == "model: this key may not ask for 'b/n'; it may ask for a/*, c/n"


def test_providers_that_leave_nobody_say_who_serves_and_who_is_permitted() -> None:
    error = refused(Policy(providers=names("r")))

    told = error.availability or {}
    assert (error.status, told["code"], told["excluded_by"]) == (404, "no_endpoints", ["allowed_providers"])
    assert told["constraint"]["field"] == "key.providers"
    assert error.message == "key.providers: none of [r] serves model 'a/m', which P, Q serve"

    both = refused(Policy(providers=names("p")), provider={"only": ["q"]})
    assert both.message == "provider.only: none of those in each of [p] and [q] serves model 'a/m', which P, Q serve"


def test_ignored_providers_and_privacy_of_the_key_are_named_as_its_own() -> None:
    ignored = refused(Policy(ignore=names("p", "q")))
    assert ignored.message.startswith("key.ignore: no endpoint of model 'a/m' is left. P: key.ignore names it")

    private = refused(Policy(zdr=True), "b/n")
    assert (private.availability or {})["code"] == "privacy_restricted"
    assert private.message == "key.zdr: no zero-data-retention endpoint for model 'b/n'"


def test_an_alias_is_the_model_that_it_means() -> None:
    policy = Policy(models=("a/m",), aliases={"claude-x": "a/m", "claude-y": "b/n"})

    plan = router(CATALOGUE).plan(call("claude-x", policy=policy))
    assert plan.model == "a/m"
    assert tried(router(CATALOGUE), call("claude-x:nitro", policy=policy))[0] == "p/m"
    assert refused(policy, "claude-y").reason == "policy_model_denied"
    found = resolve("claude-x", CATALOGUE, policy.aliases)
    assert found is not None
    assert found.is_alias
    plain = resolve("a/m", CATALOGUE, policy.aliases)
    assert plain is not None
    assert not plain.is_alias


def test_a_key_without_a_policy_adds_no_preferences() -> None:
    assert call().preferences is NO_PREFERENCES


@given(pattern=st.text("ab*", max_size=6), name=st.text("ab*", max_size=6))
def test_a_pattern_matches_as_the_slow_way_says(pattern: str, name: str) -> None:
    assert matches(pattern, name) == slowly(pattern, name)


def slowly(pattern: str, name: str) -> bool:
    """The definition: a `*` is any text."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(slowly(pattern[1:], name[at:]) for at in range(len(name) + 1))
    return name[:1] == pattern[0] and slowly(pattern[1:], name[1:])


SOME = st.frozensets(st.sampled_from(["p", "q", "r", "p/flex"]), max_size=3)


@given(allowed=SOME, ignored=SOME, zdr=st.booleans(), theirs=SOME, unwanted=SOME, tier=st.sampled_from([None, "flex"]))
def test_no_request_gets_out_of_its_key(
    allowed: frozenset[str],
    ignored: frozenset[str],
    zdr: bool,
    theirs: frozenset[str],
    unwanted: frozenset[str],
    tier: str | None,
) -> None:
    said = {"only": sorted(theirs), "ignore": sorted(unwanted), "zdr": False, "order": ["q"]}
    policy = Policy(providers=allowed, ignore=ignored, zdr=zdr)
    try:
        ids = tried(router(CATALOGUE), call(policy=policy, provider=said, service_tier=tier))
    except NoEndpoint:
        ids = []

    for each in (P, Q, FLEX):
        if each.id in ids:
            usual, provider = Names(each).usual, Names(each).provider
            assert not allowed or usual & allowed
            assert not theirs or usual & theirs
            assert not (usual | provider) & (ignored | unwanted)
            assert each.zdr or not zdr
