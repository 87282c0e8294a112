"""Memory is bounded by what is in flight, never by how much went through or how slowly it is read."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import load
from tests.support.processes import Running
from tests.support.raw_client import Client, ask, body, request
from tests.system.conftest import configured
from tests.system.planted import ENVIRON

pytestmark = pytest.mark.slow

MB = 1_000_000
MIB = 1 << 20
READ_BYTES_S = 50_000
READ_S = 20.0


@pytest.fixture
async def fresh(tmp_path: Path, raw_port: int, demo: Running) -> AsyncIterator[Running]:
    """A relay that has served a little already, so that what is made on first use is there."""
    with Running.relay(configured(raw_port, demo.port), tmp_path, ENVIRON) as relay:
        for _ in range(3):
            answer = await ask(relay.port, body("demo/long@bytes=3000000", stream=True))
            assert answer.events[-1][0] == "message_stop"
        yield relay


async def test_a_slow_reader_of_a_fast_stream_costs_less_than_2_mb(fresh: Running) -> None:
    before = fresh.rss_bytes()
    peak = read = 0
    async with Client(fresh.port, receive_bytes=32_768) as client:
        client.send(request(body("demo/long@bytes=50000000", stream=True)))
        started = time.monotonic()
        while (passed := time.monotonic() - started) < READ_S:
            while read < passed * READ_BYTES_S:
                read += len(await client.reader.read(5000))
            peak = max(peak, fresh.rss_bytes())
            await asyncio.sleep(0.05)

    record = await fresh.record_of("demo/long@bytes=50000000")
    assert read > 0.9 * READ_S * READ_BYTES_S
    assert peak - before < 2 * MB
    assert record["outcome"] == "client_gone"
    assert record["out_bytes"] < 20 * MB, "the provider was not held back"


async def test_an_answer_of_50_mib_costs_less_than_2_mib(fresh: Running) -> None:
    before = fresh.rss_bytes()
    peak = 0
    async with Client(fresh.port) as client:
        client.send(request(body(f"demo/long@bytes={50 * MIB},size=4096", stream=True), connection="close"))
        tail = b""
        while data := await client.reader.read(1 << 20):
            tail = (tail + data)[-200:]
            peak = max(peak, fresh.rss_bytes())

    assert b"event: message_stop\n" in tail
    assert peak - before < 2 * MIB


async def test_memory_after_100_000_calls_is_that_after_10_000(tmp_path: Path) -> None:
    with load.Provider() as provider:
        config = configured(provider.port)
        with Running.relay(config, tmp_path, ENVIRON) as relay:
            await calls(relay, 10_000)
            before = relay.rss_bytes()
            await calls(relay, 90_000)
            after = relay.rss_bytes()
            files = relay.open_files()

    assert after - before <= 2 * MIB, f"{before / MIB:.1f} MiB became {after / MIB:.1f} MiB"
    assert files < 120


async def calls(relay: Running, count: int) -> None:
    """At least `count` calls, streamed and not, all answered rightly."""
    done = number = 0
    while done < count:
        model = ("raw/u", "raw/s10x20", "raw/s40x80")[number % 3]
        done += await asyncio.to_thread(load.run, relay.port, model, seconds=0.7)
        number += 1
        relay.forget()  # a line a call: the tests' own memory


async def test_large_requests_leave_nothing_behind(fresh: Running) -> None:
    content = body("demo/chat@delay=0", messages=[{"role": "user", "content": 8 * MIB * "x"}])
    for _ in range(4):
        assert (await ask(fresh.port, content)).status == 200
    before = fresh.rss_bytes()

    for _ in range(20):
        assert (await ask(fresh.port, content)).status == 200

    assert fresh.rss_bytes() - before < 2 * MIB
