"""Scanner per event beside orjson, which makes objects of what the scanner only walks."""

import orjson
import pytest
from bench_frames import SHAPES, data_of
from pytest_benchmark.fixture import BenchmarkFixture

from relay._core import Scanner, members

PATHS = ["type", "index", "delta.type", "delta.text", "delta.partial_json", "usage.output_tokens"]
REQUEST = orjson.dumps({"model": "a/b", "max_tokens": 100, "messages": [{"role": "user", "content": "word " * 800}]})


@pytest.mark.parametrize("shape", SHAPES)
def test_scan(benchmark: BenchmarkFixture, shape: str) -> None:
    benchmark.group = f"scan {shape}"
    benchmark(Scanner(PATHS).scan, data_of(shape))


@pytest.mark.parametrize("shape", SHAPES)
def test_orjson(benchmark: BenchmarkFixture, shape: str) -> None:
    benchmark.group = f"scan {shape}"
    benchmark(orjson.loads, data_of(shape))


def test_members_of_a_request(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "members 4 KB"
    benchmark(members, REQUEST)


def test_orjson_of_a_request(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "members 4 KB"
    benchmark(orjson.loads, REQUEST)
