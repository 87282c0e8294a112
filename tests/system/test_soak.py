"""Minutes of everything at once: no leak of memory, files, places or streams, and every call has its one record."""

import asyncio
import itertools
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.answers import chunk, delta, head, opening, streamed
from tests.support.processes import Running
from tests.support.raw_client import Client, ask, body, exchange, request
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import FIN, RST, STALL, RawProvider, Received, Steps
from tests.system.conftest import configured
from tests.system.planted import ENVIRON, PROMPT, SECRETS

pytestmark = pytest.mark.slow

MIB = 1 << 20
SOAK_S = float(os.environ.get("RELAY_SOAK_S", "120"))
CALLERS = 40
MODELS = (
    "demo/chat@delay=1",
    "demo/paced@events=20,rate=40",
    "demo/thinking@delay=1",
    "demo/unicode@delay=1",
    "demo/cut@bytes=700,delay=0",
    "demo/reset@bytes=900,delay=0",
    "demo/error@status=529",
    "demo/error-mid@after=3,delay=0",
    "demo/html",
    "demo/bad-utf8@delay=0",
    "demo/long@bytes=200000",
    "raw/good",
    "raw/stall",
    "raw/cut",
    "raw/flood",
    "pair/rubbish",
    "nobody/knows",
)


def answers(received: Received) -> Steps:
    """What the raw provider does, by model."""
    match received.model:
        case "stall":
            return [head(), chunk(opening()), STALL]
        case "cut":
            return [head(), chunk(opening() + delta("x")), RST]
        case "flood":
            return [b"HTTP/1.1 200 OK\r\n", *(40 * [b"x-a: %b\r\n" % (2000 * b"a")])]
        case "pair":
            return [b"garbage\r\n\r\n", FIN]
        case _:
            return [streamed()]


async def caller(relay: Running, number: int, until: float, begun: Counter[str]) -> None:
    """Call after call, of all kinds; every fifth leaves in the middle."""
    dice = random.Random(number)
    for turn in itertools.count():
        if time.monotonic() >= until:
            return
        model = dice.choice(MODELS)
        content = body(model, stream=dice.random() < 0.8, system=PROMPT, metadata={"user_id": f"{number}-{turn}"})
        leaves = model == "raw/stall" or dice.random() < 0.2
        begun[model] += 1
        if leaves:
            await leave_soon(relay, content, dice.random() * 0.1, dice.random() < 0.5)
        else:
            await ask(relay.port, content)
        if turn % 10 == 0:
            await exchange(relay.port, request_head(None, method="GET", path="/v1/models"))
            await exchange(relay.port, b"GET / HTTP/1.1\r\nbad header\r\n\r\n")


async def leave_soon(relay: Running, content: bytes, after_s: float, reset: bool) -> None:
    async with Client(relay.port) as client:
        client.send(request(content))
        await asyncio.sleep(after_s)
        client.leave(reset=reset)


async def test_minutes_of_everything_leak_nothing(
    tmp_path: Path, raw_port: int, demo: Running, provider: RawProvider
) -> None:
    provider.answers = answers
    begun: Counter[str] = Counter()
    with Running.relay(configured(raw_port, demo.port), tmp_path, ENVIRON) as relay:
        started = time.monotonic()
        work = [asyncio.ensure_future(caller(relay, number, started + SOAK_S, begun)) for number in range(CALLERS)]
        await asyncio.sleep(SOAK_S / 2)
        warm, calls_warm = relay.rss_bytes(), begun.total()
        await asyncio.gather(*work)
        await asyncio.sleep(8)  # free pages go back every few seconds
        after, files = relay.rss_bytes(), relay.open_files()
        records = Counter(record["outcome"] for record in relay.records)
        lines, noise = list(relay.lines), relay.noise

    told = f"{calls_warm} calls: {warm / MIB:.1f} MiB, {begun.total()} calls: {after / MIB:.1f} MiB, {records}"
    assert noise == []
    assert not [line for line in lines for secret in SECRETS if secret.encode() in line]
    assert not [line for line in lines if b'"event":"defect"' in line]
    assert abs(records.total() - begun.total()) <= CALLERS, told
    assert files < 200, told
    assert after - warm <= 4 * MIB, told
