"""What lists tell of an endpoint: uptime over windows, percentiles of half an hour, status."""

import pytest

from relay.errors import ProviderFailed
from relay.route import Health
from relay.route.figures import ANSWERS, FAILS, RESTS, vitals
from tests.route.shapes import Hands


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def health(clock: Hands) -> Health:
    return Health(clock)


def called(health: Health, clock: Hands, good: int, bad: int = 0) -> None:
    state = health.of("e")
    for number in range(good + bad):
        state.tried(clock.now, False)
        if number < bad:
            state.failed(clock.now, ProviderFailed("no"))


def test_nothing_is_told_of_an_endpoint_that_nobody_called(health: Health) -> None:
    told = vitals(health, "e")

    assert told["status"] == ANSWERS
    assert {value for name, value in told.items() if name != "status"} == {None}


def test_uptime_is_the_share_of_tries_that_did_not_fail_in_each_window(health: Health, clock: Hands) -> None:
    clock.now = 100_000.0
    called(health, clock, good=0, bad=2)
    clock.now += 3600
    called(health, clock, good=2)
    clock.now += 600
    called(health, clock, good=3, bad=1)

    told = vitals(health, "e")

    assert told["uptime_last_5m"] == 75.0
    assert told["uptime_last_30m"] == pytest.approx(100 * 5 / 6)
    assert told["uptime_last_1d"] == pytest.approx(100 * 5 / 8)


def test_uptime_forgets_what_is_older_than_a_day(health: Health, clock: Hands) -> None:
    called(health, clock, good=0, bad=1)
    clock.now += 86_500
    called(health, clock, good=1)

    assert vitals(health, "e")["uptime_last_1d"] == 100.0


def test_percentiles_reach_back_half_an_hour_though_routing_looks_at_five_minutes(health: Health, clock: Hands) -> None:
    state = health.of("e")
    for number in range(100):
        state.latency.add(clock.now, number / 1000)
        state.throughput.add(clock.now, float(number))
    clock.now += 600

    told = vitals(health, "e")

    assert told["latency_last_30m"] == {"p50": 50.0, "p75": 75.0, "p90": 90.0, "p99": 99.0}
    assert told["throughput_last_30m"] == {"p50": 50.0, "p75": 75.0, "p90": 90.0, "p99": 99.0}
    assert state.latency.percentile(clock.now, 50) is None
    clock.now += 1300
    assert vitals(health, "e")["latency_last_30m"] is None


def test_status_tells_who_fails_and_who_rests(health: Health, clock: Hands) -> None:
    called(health, clock, good=0, bad=3)
    assert vitals(health, "e")["status"] == FAILS

    health.rest("e", "m", 10.0)
    assert vitals(health, "e")["status"] == RESTS
