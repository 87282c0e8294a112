"""Chunk framing per write, beside the same in Python."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from relay._core import chunk

SIZES = (160, 1280, 16384)


@pytest.mark.parametrize("size", SIZES)
def test_chunk(benchmark: BenchmarkFixture, size: int) -> None:
    benchmark.group = f"chunk {size}"
    benchmark(chunk, b"x" * size)


@pytest.mark.parametrize("size", SIZES)
def test_chunk_in_python(benchmark: BenchmarkFixture, size: int) -> None:
    benchmark.group = f"chunk {size}"
    benchmark(lambda data: b"%x\r\n%b\r\n" % (len(data), data), b"x" * size)
