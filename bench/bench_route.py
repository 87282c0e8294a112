"""Choosing among 50 endpoints with every preference set, beside reading a 50 KB body; and the choice of a plain call.

Goals (issue of routing): at most 2 × `orjson.loads` of the body; 0.3 × for a call without preferences.
"""

import json

import orjson
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from relay.route import Health, Router
from tests.route.shapes import call, endpoint, generation

MANY = [
    endpoint(
        f"p{number}",
        1 + number / 10,
        zdr=True,
        context_tokens=200_000,
        max_output_tokens=64_000,
        quantization="fp8",
        parameters=frozenset({"temperature", "tools", "top_p"}),
        region=f"r{number % 4}",
    )
    for number in range(50)
]
PREFERENCES = {
    "order": ["p7", "p3"],
    "only": [f"p{number}" for number in range(50)],
    "ignore": ["p9", "q"],
    "zdr": True,
    "data_collection": "deny",
    "quantizations": ["fp8", "bf16"],
    "sort": {"by": "throughput", "partition": "none"},
    "max_price": {"prompt": 9, "completion": "9"},
    "preferred_min_throughput": {"p50": 10, "p90": 5},
    "preferred_max_latency": {"p50": 1},
    "require_parameters": True,
}
TURN = {"role": "user", "content": 5 * "What stands in the file, and why does the test fail? "}
AGENT = {"messages": 180 * [TURN], "tools": [{"name": "look", "input_schema": {}}], "temperature": 1, "max_tokens": 100}


def router() -> Router:
    """One that knows how fast its endpoints are."""
    found = Router(generation(*MANY), Health())
    for each in MANY:
        for _ in range(20):
            plan = found.plan(call(provider={"only": [each.provider]}))
            attempt = plan.next()
            assert attempt is not None
            plan.succeeded(attempt, 0.5, 50.0, 0)
    return found


def test_reading_a_body(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "route"
    content = json.dumps({"model": "a/m"} | AGENT).encode()
    assert 45_000 < len(content) < 60_000
    benchmark(orjson.loads, content)


@pytest.mark.parametrize("session_id", [None, "s"])
def test_every_preference(benchmark: BenchmarkFixture, session_id: str | None) -> None:
    benchmark.group = "route"
    found, asked = router(), call(session_id=session_id, provider=PREFERENCES, **AGENT)
    benchmark(lambda: found.plan(asked).next())


def test_no_preference(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "route"
    found, asked = Router(generation(endpoint("p", 1)), Health()), call(**AGENT)
    benchmark(lambda: found.plan(asked).next())
