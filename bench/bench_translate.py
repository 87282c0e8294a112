"""A Chat or Responses event that is translated, beside a Messages event that passes, per read."""

import json
from dataclasses import dataclass, field

import pytest
from bench_frames import EVENTS_PER_READ, START, read
from pytest_benchmark.fixture import BenchmarkFixture

from relay._core import Pipeline


@dataclass(frozen=True)
class Sent:
    """What a Pipeline asks of a request that was translated."""

    names: dict[bytes, bytes] = field(default_factory=dict)
    single: bool = False
    dialect: str = "chat"


RESPONSES = Sent(dialect="responses")


def chunk(delta: dict[str, object], **members: object) -> bytes:
    """One chunk as OpenAI writes it."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
    head = {"id": "chatcmpl-Abcdefghijklmnopqrstuvwxyz012", "object": "chat.completion.chunk", "created": 1767225600}
    body = {**head, "model": "gpt-5-mini", "system_fingerprint": "fp_0123456789", "choices": [choice], "usage": None}
    return f"data: {json.dumps(body | members, separators=(',', ':'), ensure_ascii=False)}\n\n".encode()


def call(**function: object) -> bytes:
    return chunk({"tool_calls": [{"index": 0, "function": function}]})


OPENING = {
    "tiny": chunk({"role": "assistant", "content": ""}) + chunk({"content": "a"}),
    "unicode": chunk({"content": "a"}),
    "tool": chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f"}}]}),
}
CHUNKS = {
    "tiny": [chunk({"content": " the"}), chunk({"content": " tea"})],
    "unicode": [chunk({"content": "Grüße aus 東京 😀 и привет"})] * 2,
    "tool": [call(arguments='{"path": "src/main.py", "line": 1'), call(arguments=', "b": [1, 2]')],
}
READS = [(shape, count) for shape in CHUNKS for count in EVENTS_PER_READ]


def translating(shape: str) -> Pipeline:
    pipeline = Pipeline(translated=Sent())
    pipeline.feed(OPENING[shape], 1)
    return pipeline


def of(shape: str, count: int) -> bytes:
    return b"".join(CHUNKS[shape][n % 2] for n in range(count))


@pytest.mark.parametrize(("shape", "count"), READS)
def test_observed(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"translate {shape} × {count}"
    pipeline = Pipeline()
    pipeline.feed(START, 1)
    benchmark(pipeline.feed, read(shape, count), 2)


@pytest.mark.parametrize(("shape", "count"), READS)
def test_translated(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"translate {shape} × {count}"
    benchmark(translating(shape).feed, of(shape, count), 2)


@pytest.mark.parametrize(("shape", "count"), READS)
def test_translated_each_unlike_the_last(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    """As from a provider that pads each chunk with random characters."""
    benchmark.group = f"translate {shape} × {count}"
    padded = [
        CHUNKS[shape][n % 2].replace(b',"usage":null}', b',"usage":null,"obfuscation":"%b"}' % (b"x" * (n % 7)))
        for n in range(count)
    ]
    benchmark(translating(shape).feed, b"".join(padded), 2)


def event(type: str, **members: object) -> bytes:
    """One event as OpenAI writes it."""
    data = json.dumps({"type": type} | members, separators=(",", ":"), ensure_ascii=False)
    return f"event: {type}\ndata: {data}\n\n".encode()


def delta(name: str, number: int, text: str) -> bytes:
    place = {"item_id": "item_" + "0123456789abcdef" * 3, "output_index": 0, "content_index": 0}
    padding = "x" * (number % 7)
    return event(f"response.{name}.delta", sequence_number=number, **place, delta=text, obfuscation=padding)


NAMES = {"tiny": "output_text", "unicode": "output_text", "tool": "function_call_arguments"}
TEXTS = {
    "tiny": [" the", " tea"],
    "unicode": ["Grüße aus 東京 😀 и привет"] * 2,
    "tool": ['{"path": "src/main.py", "line": 1', ', "b": [1, 2]'],
}


@pytest.mark.parametrize(("shape", "count"), READS)
def test_translated_from_responses(benchmark: BenchmarkFixture, shape: str, count: int) -> None:
    benchmark.group = f"translate {shape} × {count}"
    pipeline = Pipeline(translated=RESPONSES)
    item = {"type": "function_call", "call_id": "call_1", "name": "f"} if shape == "tool" else {"type": "message"}
    pipeline.feed(event("response.output_item.added", output_index=0, item=item), 1)
    deltas = b"".join(delta(NAMES[shape], number, TEXTS[shape][number % 2]) for number in range(count))
    benchmark(pipeline.feed, deltas, 2)
