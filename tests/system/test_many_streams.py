"""Thousands of streams at once: every event arrives, once, in order, and at its own client."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.support.processes import Running, raise_file_limit
from tests.support.raw_client import Client, body, events, request
from tests.system.conftest import configured
from tests.system.planted import ENVIRON

pytestmark = pytest.mark.slow

STREAMS = 2000
EVENTS = 20
RATE = 1
OPENED_IN_S = 8.0


async def test_2000_paced_streams_lose_double_and_cross_no_event(tmp_path: Path, raw_port: int) -> None:
    raise_file_limit()
    with Running.demo(tmp_path) as demo:
        config = configured(raw_port, demo.port, limits={"concurrency": 4000}, timeouts={"upstream_connect": "20s"})
        config["models"] |= {f"shard-{n}/*": [{"provider": f"shard-{n}", "model": "*"}] for n in range(4)}
        url = f"http://127.0.0.1:{demo.port}"
        config["providers"] |= {f"shard-{n}": {"dialect": "messages", "base_url": url} for n in range(4)}
        with Running.relay(config, tmp_path, ENVIRON) as relay:
            started = time.monotonic()
            heard = await asyncio.gather(*(listen(relay, number) for number in range(STREAMS)))
            took_s = time.monotonic() - started
            async with asyncio.timeout(10):
                while len(relay.lines) < STREAMS:
                    await asyncio.sleep(0.05)
            outcomes = {(record["outcome"], record["events"]) for record in relay.records}

    wrong = {number: text for number, text in enumerate(heard) if text != spoken(number)}
    assert not wrong, f"{len(wrong)} streams differ, such as {next(iter(wrong.items()))}"
    assert len(outcomes) == 1
    assert next(iter(outcomes))[0] == "complete"
    assert took_s < OPENED_IN_S + 2 * EVENTS / RATE


def spoken(number: int) -> str:
    return "".join(f"stream-{number}#{event};" for event in range(EVENTS))


async def listen(relay: Running, number: int) -> str:
    """Open one stream, at its own moment, and give all its text."""
    await asyncio.sleep(OPENED_IN_S * number / STREAMS)
    model = f"shard-{number % 4}/paced@events={EVENTS},rate={RATE}"
    async with Client(relay.port) as client:
        client.send(request(body(model, stream=True, metadata={"user_id": f"stream-{number}"})))
        async with asyncio.timeout(90):
            told = await client.head()
            pieces = []
            while piece := await client.chunk():
                pieces.append(piece)
    assert told.startswith(b"HTTP/1.1 200 ")
    return said(b"".join(pieces))


def said(content: bytes) -> str:
    named = events(content)
    assert named[-1][0] == "message_stop"
    return "".join(data["delta"]["text"] for name, data in named if name == "content_block_delta")
