"""SseParser per read: events of four shapes, whole and cut in the middle, and with CRLF."""

import pytest
from bench_frames import READS, read
from pytest_benchmark.fixture import BenchmarkFixture

from relay._core import SseParser


@pytest.mark.parametrize(("shape", "count"), READS)
def test_feed(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"sse {shape} × {count}"
    benchmark(SseParser().feed, read(shape, count))


@pytest.mark.parametrize(("shape", "count"), READS)
def test_feed_crlf(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"sse {shape} × {count}"
    benchmark(SseParser().feed, read(shape, count).replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(("shape", "count"), READS)
def test_feed_cut_in_the_middle(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"sse {shape} × {count}"
    data = read(shape, count)
    parser, middle = SseParser(), len(data) // 2
    head, tail = data[:middle], data[middle:]

    def feed() -> None:
        parser.feed(head)
        parser.feed(tail)

    benchmark(feed)
