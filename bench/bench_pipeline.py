"""Pipeline in mode observe per read: clean, cut in the middle, and normalised; SseParser alone beside it."""

import pytest
from bench_frames import READS, START, read
from pytest_benchmark.fixture import BenchmarkFixture

from relay._core import Pipeline, SseParser


def started() -> Pipeline:
    """A pipeline inside its first content block."""
    pipeline = Pipeline()
    pipeline.feed(START, 1)
    return pipeline


@pytest.mark.parametrize(("shape", "count"), READS)
def test_parser_alone(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"observe {shape} × {count}"
    benchmark(SseParser().feed, read(shape, count))


@pytest.mark.parametrize(("shape", "count"), READS)
def test_clean(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"observe {shape} × {count}"
    data = read(shape, count)
    assert benchmark(started().feed, data, 2) is data


@pytest.mark.parametrize(("shape", "count"), READS)
def test_cut_in_the_middle(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"observe {shape} × {count}"
    data = read(shape, count)
    pipeline, middle = started(), len(data) // 2
    head, tail = data[:middle], data[middle:]

    def feed() -> None:
        pipeline.feed(head, 2)
        pipeline.feed(tail, 2)

    benchmark(feed)


@pytest.mark.parametrize(("shape", "count"), READS)
def test_without_event_lines(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"observe {shape} × {count}"
    benchmark(started().feed, read(shape, count).replace(b"event: content_block_delta\n", b""), 2)


def test_a_whole_answer(benchmark: BenchmarkFixture) -> None:
    benchmark.group = "observe answer of 500 events"
    end = (
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
        b'"usage":{"output_tokens":500}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'
    )
    frame = read("tiny", 1)

    def answer() -> None:
        pipeline = started()
        for _ in range(500):
            pipeline.feed(frame, 2)
        pipeline.feed(end, 3)
        pipeline.feed(b"", 4)
        pipeline.report()

    benchmark(answer)
