"""Estimator per text, and per JSON text of a request."""

import json

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from relay._core import Estimator

TEXTS = {
    "token": " the",
    "prose_1k": "The gateway forwards what it reads. " * 29,
    "latin_1k": "Größe, Füße und Maße: être où naïve. " * 24,
    "wide_1k": "東京は今日も晴れ、明日も晴れ。" * 23,
    "prose_64k": "The gateway forwards what it reads. " * 1820,
}


@pytest.mark.parametrize("name", TEXTS)
def test_add(benchmark: BenchmarkFixture, name: str) -> None:
    benchmark.group = f"estimate {name}"
    benchmark(Estimator().add, TEXTS[name].encode())


@pytest.mark.parametrize("name", TEXTS)
def test_add_json(benchmark: BenchmarkFixture, name: str) -> None:
    benchmark.group = f"estimate {name}"
    messages = {"messages": [{"role": "user", "content": TEXTS[name]}]}
    benchmark(Estimator().add_json, json.dumps(messages).encode())
