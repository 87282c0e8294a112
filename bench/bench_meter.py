"""Meter per usage object: a short one and one with everything."""

from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from relay._core import Meter

USAGES: dict[str, dict[str, Any]] = {
    "short": {"output_tokens": 15},
    "full": {
        "input_tokens": 3,
        "cache_read_input_tokens": 2048,
        "cache_creation_input_tokens": 512,
        "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 12},
        "output_tokens": 90,
        "output_tokens_details": {"thinking_tokens": 40},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
        "service_tier": "standard",
    },
}


@pytest.mark.parametrize("name", USAGES)
def test_fold(benchmark: BenchmarkFixture, name: str) -> None:
    benchmark.group = f"meter {name}"
    benchmark(Meter().fold, USAGES[name])


@pytest.mark.parametrize("name", USAGES)
def test_usage(benchmark: BenchmarkFixture, name: str) -> None:
    benchmark.group = f"meter {name}"
    meter = Meter()
    meter.fold(USAGES[name])
    benchmark(meter.usage)
