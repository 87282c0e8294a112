"""What a client reads when every attempt failed (spec/openrouter-messages.md 16.4)."""

import pytest

from relay.errors import ProviderError
from relay.providers import error
from tests.route.shapes import call, endpoint, generation, router


def final(*answers: tuple[int, str]) -> ProviderError:
    """The error of a call whose endpoints answered with these statuses; a word is their `retry-after`."""
    endpoints = [endpoint(f"p{at}", 1 + at) for at in range(len(answers))]
    plan = router(generation(*endpoints)).plan(call(provider={"sort": "price"}))
    for status, seconds in answers:
        attempt = plan.next()
        assert attempt is not None
        attempt.status = status
        plan.failed(attempt, error(status, {b"retry-after": seconds.encode()} if seconds else {}, b"{}"))
    return plan.exhausted("docs")


@pytest.mark.parametrize(
    ("answers", "seconds"),
    [
        ([(503, "9"), (503, "7")], 7),
        ([(503, "9"), (500, "")], 9),
        ([(429, "5"), (503, "")], 5),
        ([(503, "3"), (429, "9")], 3),
        ([(529, "4"), (529, "")], 4),
        ([(429, ""), (429, "8")], 8),
        ([(503, "6")], 6),
        ([(503, ""), (503, "")], None),
    ],
)
def test_the_shortest_hint_of_any_attempt_is_told(answers: list[tuple[int, str]], seconds: float | None) -> None:
    assert final(*answers).retry_after_s == seconds


@pytest.mark.parametrize("statuses", [(401, 401), (402, 403), (401, 500), (500, 401)])
def test_a_credential_that_was_refused_is_no_outage_that_passes(statuses: tuple[int, int]) -> None:
    failure = final(*[(status, "") for status in statuses])

    assert (failure.status, failure.error_type, failure.availability) == (502, "provider_unavailable", None)
    assert failure.should_retry is (statuses[1] == 500)


def test_two_that_are_down_are_an_outage_that_passes() -> None:
    failure = final((500, ""), (408, ""))

    assert (failure.status, (failure.availability or {})["code"]) == (503, "temporarily_unavailable")


def test_the_errors_before_the_last_are_told_beside_it() -> None:
    earlier = [("P0", "capacity_exhausted", 429), ("P1", "provider_unavailable", 500)]
    told = (final((429, ""), (500, ""), (400, "")).metadata or {})["previous_errors"]

    assert [(each["provider"], each["code"], each["status"]) for each in told] == earlier
    assert final((500, "")).metadata is None
