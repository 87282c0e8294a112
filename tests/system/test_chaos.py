"""Minutes of failures of every kind: each answer is whole or ends in one documented error, and all sums are equal.

RELAY_CHAOS_S   how long, in seconds; five minutes otherwise
"""

import asyncio
import contextlib
import json
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.processes import Running
from tests.support.raw_client import KEY, Answer, Client, body, exchange, head, request
from tests.system.chaos import BEFORE, BEHIND, Books, Chaotic, Price, wishes

pytestmark = pytest.mark.slow

CHAOS_S: Final = float(os.environ.get("RELAY_CHAOS_S", "300"))
RATE: Final = 200
LEAVES: Final = 0.03
ADMIN_KEY: Final = "admin-key-planted-0123456789"
PRICES: Final = {
    "one": Price("1.25", "3.333333", "0.125", "1.5625", "2.5"),
    "two": Price("1.000001", "5", "0.1", "1.25", "2", request="0.000017"),
    "three": Price("3", "15", "0.3", "3.75", "6"),
    "four": Price("0.07", "0.31", "0.07", "0.07", "0.07", request="0.001"),
}
KEEPS_NOTHING: Final = ("two", "three")
MOODS: Final = (0.0, 0.1, 0.3, 0.3, 0.6, 2.0)

DOCUMENTED: Final = {
    (400, "invalid_request_error", "invalid_request"),
    (404, "not_found_error", "not_found"),
    (413, "invalid_request_error", "payload_too_large"),
    (429, "rate_limit_error", "rate_limit_exceeded"),
    (502, "api_error", "provider_unavailable"),
    (503, "overloaded_error", "provider_overloaded"),
    (529, "overloaded_error", "provider_overloaded"),
    (504, "timeout_error", "timeout"),
}
"""Status, error.type and error.error_type that these failures may become (spec/openrouter-messages.md 16)."""


@dataclass
class Seen:
    """What the clients saw.

    ids    generation id by tag
    ends   how the answers ended
    """

    ids: dict[str, str] = field(default_factory=dict)
    costs: dict[str, int] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)


def config(providers: dict[str, Chaotic], folder: Path) -> dict[str, Any]:
    served = [
        {
            "provider": name,
            "model": "up",
            "zdr": name in KEEPS_NOTHING,
            "price": {key: float(value) for key, value in vars(provider.price).items()},
        }
        for name, provider in providers.items()
    ]
    return {
        "keys": [
            {"name": "dev", "secret": {"env": "CALLER_KEY"}},
            {"name": "boss", "secret": {"env": "ADMIN_KEY"}, "admin": True},
        ],
        "providers": {
            name: {"dialect": "messages", "base_url": f"http://127.0.0.1:{provider.server.port}"}
            for name, provider in providers.items()
        },
        "models": {"chaos/one": served, "chaos/other": served[:2]},
        "timeouts": {"upstream_headers": "1s", "first_event": "1s", "idle_event": "1s"},
        "ledger": {"dir": str(folder / "ledger")},
    }


async def get(port: int, path: str, key: str = KEY) -> Answer:
    return await exchange(port, head(None, method="GET", path=path, x_api_key=key))


def judge(answer: Answer, streams: bool) -> str:
    """Give how an answer ended; AssertionError when it is neither whole nor ends in one documented error."""
    assert answer.end == "clean", answer
    if answer.status != 200:
        error = answer.error
        assert (answer.status, error["type"], error["error_type"]) in DOCUMENTED, answer
        return f"refused {answer.status}"
    if not streams:
        assert (answer.json["type"], answer.json["stop_reason"]) == ("message", "end_turn")
        return "whole answer"
    names = [name for name, _ in answer.events]
    endings = [name for name in names if name in ("message_stop", "error")]
    assert names[0] == "message_start", names
    assert endings == names[-1:], names
    if endings == ["message_stop"]:
        assert names.count("message_delta") == 1
        return "whole stream"
    error = answer.events[-1][1]["error"]
    assert any((error["type"], error["error_type"]) == row[1:] for row in DOCUMENTED), error
    return "cut stream"


async def call(relay: Running, tag: str, dice: random.Random, seen: Seen) -> None:
    wish = wishes(list(PRICES), dice, KEEPS_NOTHING.__contains__)
    streams = dice.random() < 0.6
    leaves = streams and dice.random() < LEAVES
    text = json.dumps({"tag": tag, "allowed": sorted(wish.allowed), "leaves": leaves})
    content = body("chaos/one", stream=streams, messages=[{"role": "user", "content": text}], **wish.said)
    if leaves:
        await leave(relay, tag, content, seen)
        return
    answer = await exchange(relay.port, request(content))
    seen.ends[judge(answer, streams)] += 1
    await account(relay, tag, answer.fields["x-generation-id"], seen)


async def leave(relay: Running, tag: str, content: bytes, seen: Seen) -> None:
    """Hang up behind the first text, if there is any."""
    async with Client(relay.port) as client:
        client.send(request(content))
        answer = Answer(await client.head(), b"", "")
        received = b""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while answer.status == 200 and b"text_delta" not in received and (piece := await client.chunk()):
                received += piece
        client.leave()
    seen.ends["left"] += 1
    await account(relay, tag, answer.fields["x-generation-id"], seen)


async def account(relay: Running, tag: str, id: str, seen: Seen) -> None:
    """Ask what the call cost, as soon as it has ended: a client that left may be quicker than the record."""
    seen.ids[tag] = id
    for _ in range(100):
        found = await get(relay.port, f"/v1/generation?id={id}")
        if found.status == 200:
            seen.costs[tag] = found.json["data"]["total_cost_nanousd"] or 0
            return
        assert found.status == 404, found
        await asyncio.sleep(0.02)
    raise AssertionError(f"no generation {id}")


async def sulk(providers: dict[str, Chaotic], dice: random.Random) -> None:
    """Change the providers' moods for ever."""
    while True:
        await asyncio.sleep(2)
        dice.choice(list(providers.values())).mood = dice.choice(MOODS)


async def load(relay: Running, providers: dict[str, Chaotic], seen: Seen) -> None:
    """Call at RATE until the time is over, whatever becomes of the answers; the first wrong one ends it."""
    dice, loop = random.Random(4), asyncio.get_running_loop()
    started = loop.time()
    async with asyncio.TaskGroup() as group:
        moods = group.create_task(sulk(providers, random.Random(5)))
        number = 0
        while (now := loop.time() - started) < CHAOS_S:
            while number < now * RATE:
                number += 1
                group.create_task(call(relay, f"t{number}", random.Random(dice.random()), seen))
            await asyncio.sleep(0.002)
        moods.cancel()


async def activity(relay: Running, since: datetime) -> int:
    """Give the nano-dollars that /activity has for the days from `since` to now."""
    days = sorted({since.date().isoformat(), datetime.now(UTC).date().isoformat()})
    answers = [await get(relay.port, f"/v1/activity?date={day}", ADMIN_KEY) for day in days]
    return sum(row["usage_nanousd"] for answer in answers for row in answer.json["data"])


@pytest.mark.timeout(CHAOS_S + 300)
async def test_every_answer_ends_well_and_every_sum_is_the_same(tmp_path: Path) -> None:
    books, seen, since = Books(), Seen(), datetime.now(UTC)
    providers = {
        name: Chaotic(name, price, books, random.Random(at)) for at, (name, price) in enumerate(PRICES.items())
    }
    for provider in providers.values():
        await provider.server.start()
    with Running.relay(config(providers, tmp_path), tmp_path, {"CALLER_KEY": KEY, "ADMIN_KEY": ADMIN_KEY}) as relay:
        await load(relay, providers, seen)
        in_activity = await activity(relay, since)
        noise, defects = relay.noise, [line for line in relay.lines if b'"defect"' in line]
    for provider in providers.values():
        await provider.server.stop()

    told = f"{len(seen.ids)} calls; {dict(seen.ends)}; {dict(books.did)}"
    print(told)
    assert (noise, defects) == ([], [])
    assert books.trespass == []
    wrong = {tag: (cost, books.billed[tag]) for tag, cost in seen.costs.items() if cost != books.billed[tag]}
    assert wrong == {}, f"{len(wrong)} of {told}"
    assert in_activity == sum(seen.costs.values()) == books.billed.total(), told
    assert len(seen.ids) >= RATE * CHAOS_S * 0.95, told
    assert seen.ends.keys() >= {"whole answer", "whole stream", "cut stream", "left"}, told
    assert books.did.keys() >= {*BEFORE, *BEHIND, "outage", "good stream", "good answer"}, told
