"""How an endpoint has been, as lists tell it: vitals() (spec/openrouter-messages.md 20.2). Of this worker alone."""

from collections.abc import Mapping
from typing import Final

from relay.route.health import FEWEST_SAMPLES, Health, Samples

PERCENTILES: Final = (50, 75, 90, 99)
ANSWERS: Final = 0
FAILS: Final = -1
RESTS: Final = -2
Percentiles = dict[str, float]


def vitals(health: Health, endpoint_id: str) -> Mapping[str, object]:
    """Give an endpoint's status, uptime in percent, milliseconds to the first event, and tokens a second.

    status   0: it answers; -1: too many of its calls fail; -2: it rests
    None     nobody knows: no call, or fewer than ten samples
    """
    state, now = health.of(endpoint_id), health.now()
    rests = state.is_open(now) or health.rests_for_some(endpoint_id)
    return {
        "status": RESTS if rests else ANSWERS if state.is_stable(now) else FAILS,
        "uptime_last_5m": state.uptime(now, 5),
        "uptime_last_30m": state.uptime(now, 30),
        "uptime_last_1d": state.uptime(now, 1440),
        "latency_last_30m": _percentiles(state.latency, now, 1000.0),
        "throughput_last_30m": _percentiles(state.throughput, now, 1.0),
    }


def _percentiles(samples: Samples, now: float, scale: float) -> Percentiles | None:
    listed = samples.listed(now)
    count = len(listed)
    if count < FEWEST_SAMPLES:
        return None
    return {f"p{each}": round(listed[min(count - 1, count * each // 100)] * scale, 3) for each in PERCENTILES}
