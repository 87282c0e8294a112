"""Explanation: what the endpoints' own past has to do with who would be tried."""

from relay.route import Explanation, Health, Router
from tests.route.shapes import Hands, call, endpoint, generation

BOTH = generation(endpoint("one", 1.0), endpoint("two", 2.0))


def explained(hands: Hands, **rests: float) -> Explanation:
    """Ask after these providers asked to be left alone for so long; half a second has passed since."""
    health = Health(hands)
    for name, seconds in rests.items():
        health.rest(f"{name}/m", "m", seconds)
    hands.now += 0.5
    return Router(BOTH, health, lambda: 0.5).explain(call())


def test_who_asked_to_be_left_alone_is_not_tried_and_told_for_how_long() -> None:
    told = explained(Hands(), one=10.0)

    assert [each.endpoint.id for each in told.tried] == ["two/m"]
    assert [(each.endpoint.id, word, why) for each, word, why in told.losers] == [
        ("one/m", "rest", "it asked to be left alone for 10 s more")
    ]
    assert told.error is None


def test_when_all_did_the_error_is_what_a_client_would_read() -> None:
    told = explained(Hands(), one=10.0, two=3.0)

    assert told.tried == []
    assert [each.endpoint.id for each, _, _ in told.losers] == ["one/m", "two/m"]
    assert told.error is not None
    assert (told.error.status, told.error.retry_after_s) == (429, 2.5)


def test_a_rest_that_is_over_is_nothing() -> None:
    told = explained(Hands(), one=0.4)

    assert len(told.tried) == 2
    assert told.losers == []
