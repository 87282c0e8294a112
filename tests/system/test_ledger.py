"""Records that outlive the process: real relays, killed and started again, and what can be asked of them.

`a/m` is served by one, which fails, and two; `b/free` has no price, `b/own` is the caller's own account.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from relay.store.archive import Archive
from tests.support.answers import LAST_CHUNK, chunk, delta, failure, frame, head, message_start
from tests.support.processes import ROOT, Json, Running
from tests.support.raw_client import Answer, ask, body, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import RawProvider, Received, Steps
from tests.system.planted import ENVIRON

OTHER_KEY = "another-caller-key-0123456789"
KEYS = {**ENVIRON, "OTHER_KEY": OTHER_KEY}
PRICE: Json = {"prompt": 3, "completion": 15, "cache_read": 0.3, "request": 0.000000007}
TODAY = time.strftime("%Y-%m-%d", time.gmtime())


def answered(received: Received) -> Steps:
    """An answer whose counts are those of the request's text: `<input> <cached> <output>`."""
    request = json.loads(received.content)
    if request["model"] == "fails":
        return [failure("500 Oops", "api_error", "no")]
    plain, cached, output = (int(word) for word in request["messages"][0]["content"].split())
    start = {"input_tokens": plain, "cache_read_input_tokens": cached, "output_tokens": 1}
    text = frame("content_block_start", index=0, content_block={"type": "text", "text": ""}) + delta("hello")
    last = frame("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": output})
    stop = frame("content_block_stop", index=0) + last + frame("message_stop")
    return [head(), chunk(message_start(usage=start) + text + stop), LAST_CHUNK]


@pytest.fixture
async def provider() -> AsyncIterator[RawProvider]:
    provider = RawProvider()
    provider.answers = answered
    await provider.start()
    yield provider
    await provider.stop()


def configured(provider: RawProvider, **sections: Json) -> Json:
    place: Json = {"provider": "p", "model": "up", "price": PRICE}
    return {
        "keys": [
            {"name": "dev", "secret": {"env": "CALLER_KEY"}, "admin": True},
            {"name": "other", "secret": {"env": "OTHER_KEY"}},
        ],
        "providers": {"p": {"dialect": "messages", "base_url": f"http://127.0.0.1:{provider.port}"}},
        "models": {
            "a/m": [place | {"model": "fails", "price": {"prompt": 0, "completion": 0}}, place],
            "b/free": [{"provider": "p", "model": "up"}],
            "b/own": [place | {"owner_key": "other"}],
        },
        "ledger": {"dir": "records"},
    } | sections


async def called(relay: Running, model: str, text: str, key: str | None = None) -> Answer:
    fields = {"x_api_key": key} if key else {}
    messages = [{"role": "user", "content": text}]
    return await ask(relay.port, body(model, stream=True, messages=messages), **fields)


async def got(relay: Running, path: str, key: str | None = None) -> Answer:
    fields = {"x_api_key": key} if key else {}
    return await exchange(relay.port, request_head(None, method="GET", path=path, **fields))  # type: ignore[arg-type]


async def generation(relay: Running, id: str, key: str | None = None) -> Json:
    answer = await got(relay, f"/v1/generation?id={id}", key)
    assert answer.status == 200
    return dict(answer.json["data"])


async def some_calls(relay: Running) -> list[tuple[str, str | None]]:
    """Make calls of every kind; give their ids and keys."""
    asked = [("a/m", f"{at} {at * 31} {at * 7}", None) for at in range(1, 8)]
    asked += [("b/free", "5 0 5", OTHER_KEY), ("b/own", "100 10 9", OTHER_KEY), ("a/m", "1 1 1", OTHER_KEY)]
    found = []
    for model, text, key in asked:
        answer = await called(relay, model, text, key)
        assert answer.events[-1][0] == "message_stop"
        found.append((answer.fields["request-id"], key))
    return found


@pytest.mark.parametrize("keeps", [True, False], ids=["archive", "memory"])
async def test_days_come_to_what_the_calls_came_to(provider: RawProvider, tmp_path: Path, keeps: bool) -> None:
    config = configured(provider)
    if not keeps:
        del config["ledger"]
    with Running.relay(config, tmp_path, KEYS) as relay:
        calls = await some_calls(relay)
        generations = [await generation(relay, id, key) for id, key in calls]
        rows = (await got(relay, f"/v1/activity?date={TODAY}")).json["data"]
        refused = await got(relay, "/v1/activity", OTHER_KEY)
        before = (await got(relay, "/v1/activity")).json["data"]
        wrong = [(await got(relay, f"/v1/activity?date={day}")).status for day in ("2020-01-01", "x", "20261123")]

    exact = [told["total_cost_nanousd"] for told in generations]
    upstream = sum(told["upstream_inference_cost"] or 0 for told in generations)
    assert exact[0] == 1 * 3000 + 31 * 300 + 7 * 15_000 + 7
    assert sum(row["usage_nanousd"] for row in rows) == sum(cost for cost in exact if cost is not None)
    assert sum(row["requests"] for row in rows) == len(calls)
    assert sum(row["byok_usage_inference"] for row in rows) == pytest.approx(upstream, abs=1e-12) != 0
    assert {row["endpoint_id"]: row["requests"] for row in rows if row["model"] == "a/m"} == {"p/fails": 0, "p/up": 8}
    assert [row["requests_without_price"] for row in rows if row["model"] == "b/free"] == [1]
    assert all(row["date"] == TODAY for row in rows)
    assert (refused.status, refused.error["type"], before, wrong) == (403, "permission_error", [], [400, 400, 400])


@pytest.mark.parametrize("keeps", [True, False], ids=["archive", "memory"])
async def test_a_day_holds_the_call_that_has_ended_just_now(provider: RawProvider, tmp_path: Path, keeps: bool) -> None:
    config = configured(provider)
    if not keeps:
        del config["ledger"]
    with Running.relay(config, tmp_path, KEYS) as relay:
        for count in range(1, 6):
            await called(relay, "a/m", "1 31 7", None)
            rows = (await got(relay, f"/v1/activity?date={TODAY}")).json["data"]
            assert sum(row["requests"] for row in rows) == count


async def test_a_generation_is_there_at_once_and_after_a_restart_and_only_for_its_key(
    provider: RawProvider, tmp_path: Path
) -> None:
    with Running.relay(configured(provider), tmp_path, KEYS) as relay:
        calls = await some_calls(relay)
        first = [await generation(relay, id, key) for id, key in calls]
        relay.signal(signal.SIGTERM)
        assert await relay.exit_code(10) == 0
    assert list((tmp_path / "records" / "segments").glob("*.jsonl")) == []

    with Running.relay(configured(provider), tmp_path, KEYS) as relay:
        assert [await generation(relay, id, key) for id, key in calls] == first
        strange = [await got(relay, f"/v1/generation?id={id}") for id, key in calls if key == OTHER_KEY]
        strange.append(await got(relay, "/v1/generation?id=gen-1-nobody"))
        assert {answer.status for answer in strange} == {404}
        assert not relay.noise


async def test_a_key_has_used_the_same_after_a_restart_with_its_own_account_too(
    provider: RawProvider, tmp_path: Path
) -> None:
    told = []
    for _ in range(2):
        with Running.relay(configured(provider), tmp_path, KEYS) as relay:
            if not told:
                await some_calls(relay)
            told.append((await got(relay, "/v1/key", OTHER_KEY)).json["data"])
            relay.signal(signal.SIGTERM)
            assert await relay.exit_code(10) == 0

    assert told[0] == told[1]
    assert all(told[0][f"{kind}{window}"] > 0 for kind in ("usage", "byok_usage") for window in ("", "_daily"))


async def test_what_all_have_used_is_the_same_after_a_restart_without_one_of_the_keys(
    provider: RawProvider, tmp_path: Path
) -> None:
    config = configured(provider)
    with Running.relay(config, tmp_path, KEYS) as relay:
        for key in (None, OTHER_KEY):
            assert (await called(relay, "a/m", "1000 0 5", key)).status == 200
        used = (await got(relay, "/v1/credits")).json["data"]["total_usage"]

    del config["keys"][1], config["models"]["b/own"]
    with Running.relay(config, tmp_path, KEYS) as relay:
        assert (await got(relay, "/v1/credits")).json["data"]["total_usage"] == used > 0


async def test_what_anybody_used_where_keys_are_open_is_the_same_after_a_restart(
    provider: RawProvider, tmp_path: Path
) -> None:
    config = configured(provider, keys="open")
    del config["models"]["b/own"]
    told = []
    for _ in range(2):
        with Running.relay(config, tmp_path, KEYS) as relay:
            if not told:
                assert (await called(relay, "a/m", "1000 0 5")).status == 200
            told.append((await got(relay, "/v1/key")).json["data"]["usage"])

    assert told[0] == told[1] > 0


async def test_what_was_answered_a_second_before_a_kill_is_kept_exactly_once(
    provider: RawProvider, tmp_path: Path
) -> None:
    ended: dict[str, float] = {}
    with Running.relay(configured(provider), tmp_path, KEYS) as relay:
        stopping = asyncio.Event()

        async def load(number: int) -> None:
            count = 0
            while not stopping.is_set():
                count += 1
                try:
                    answer = await called(relay, "a/m", f"{number} {count} 5")
                except (OSError, EOFError, TimeoutError):
                    return
                if answer.end == "clean" and answer.status == 200:
                    ended[answer.fields["request-id"]] = time.monotonic()

        loads = [asyncio.create_task(load(number)) for number in range(8)]
        await asyncio.sleep(3)
        killed = time.monotonic()
        os.kill(relay.pid, signal.SIGKILL)
        stopping.set()
        await asyncio.gather(*loads)
    due = [id for id, at in ended.items() if at < killed - 1]
    assert len(due) > 100

    with Running.relay(configured(provider), tmp_path, KEYS) as relay:
        rows = (await got(relay, f"/v1/activity?date={TODAY}")).json["data"]
        recovered = await relay.find(lambda line: line["event"] == "ledger_recovered")
        answers = [await got(relay, f"/v1/generation?id={id}") for id in due]
    archive = Archive(tmp_path / "records" / "archive.db", create=False)
    (total,) = archive.usage(["key"], 0)
    lost = [id for id in ended if archive.generation(id, "dev") is None]

    assert {answer.status for answer in answers} == {200}
    assert len(ended) - len(lost) <= total["requests"] <= len(ended) + 8 + recovered["gaps"]
    assert sum(row["requests"] for row in rows) == total["requests"]
    assert all(killed - ended[id] <= 1 for id in lost)


async def test_usage_is_told_while_the_gateway_runs(provider: RawProvider, tmp_path: Path) -> None:
    with Running.relay(configured(provider), tmp_path, KEYS) as relay:
        calls = await some_calls(relay)
        exact = [(await generation(relay, id, key))["total_cost_nanousd"] for id, key in calls]
        await got(relay, "/v1/activity")
        told = _usage(tmp_path, "--by", "key,model", "--since", "1h", "--json")
        table = _usage(tmp_path, "--by", "key,model")
        # Who only reads records has neither the file nor its secrets.
        line = [sys.executable, "-m", "relay", "usage", "--by", "key,model", "--ledger", str(tmp_path / "records")]
        bare = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)

    rows = json.loads(told.stdout)
    assert (bare.returncode, bare.stdout) == (0, table.stdout)
    by_place = {(row["key"], row["model"]): row for row in rows["rows"]}
    assert rows["total"]["usage_nanousd"] == sum(cost for cost in exact if cost is not None)
    assert (by_place["dev", "a/m"]["requests"], by_place["other", "a/m"]["requests"]) == (7, 1)
    assert by_place["other", "b/free"]["unpriced"] == 1
    assert by_place["other", "b/own"]["byok_nanousd"] > 0 == by_place["other", "b/own"]["usage_nanousd"]
    lines = table.stdout.splitlines()
    assert [len(lines), lines[0].split()[:3], lines[-1].split()[0]] == [6, ["key", "model", "calls"], "total"]
    assert len({len(line) for line in lines}) == 1
    usd = f"{rows['total']['usage_nanousd'] / 1e9:.9f}"
    assert usd in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--by", "colour"], 2, "must be one or more of key, model, provider, endpoint, day"),
        (["--since", "yesterday"], 2, "must be a span such as 7d"),
        ([], 1, "ledger.dir can't be opened: no such file or directory"),
        (["--ledger", "none"], 1, "none can't be opened: no such file or directory"),
    ],
)
async def test_usage_says_what_is_wrong(
    provider: RawProvider, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "relay.yaml").write_text(json.dumps(configured(provider)))

    done = _usage(tmp_path, *arguments)

    assert (done.returncode, words in done.stderr) == (code, True)


async def test_usage_needs_a_folder(provider: RawProvider, tmp_path: Path) -> None:
    (tmp_path / "relay.yaml").write_text(json.dumps(configured(provider, ledger={})))

    done = _usage(tmp_path)

    assert (done.returncode, "ledger.dir is not given" in done.stderr) == (78, True)


async def test_a_folder_that_another_gateway_uses_is_refused(provider: RawProvider, tmp_path: Path) -> None:
    with Running.relay(configured(provider), tmp_path, KEYS) as relay:
        done = _relay(tmp_path, "serve", "-c", "relay.yaml")
        assert relay.is_alive

    assert (done.returncode, done.stderr) == (73, "relay: ledger.dir is in use by another process\n")


async def test_a_hangup_while_it_waits_for_the_archive_does_not_end_it(provider: RawProvider, tmp_path: Path) -> None:
    config = configured(provider)
    with Running.relay(config, tmp_path, KEYS):
        pass
    (tmp_path / "records" / "segments" / "1.jsonl").write_bytes(b"{}\n")  # left by a crash, to be shipped first
    other = apsw.Connection(str(tmp_path / "records" / "archive.db"))
    other.execute("begin immediate")

    async def hang_up() -> None:
        found: set[int] = set()
        while not found:  # the process that has the lock of the folder is past its imports
            await asyncio.sleep(0.05)
            found = {
                int(line.split()[4]) for line in Path("/proc/locks").read_text().splitlines() if _is_of(line, lock)
            }
        await asyncio.sleep(0.3)
        os.kill(found.pop(), signal.SIGHUP)
        await asyncio.sleep(0.3)
        other.execute("rollback")

    lock = (tmp_path / "records" / "segments" / "lock").stat().st_ino
    hanging = asyncio.create_task(hang_up())
    relay = await asyncio.to_thread(Running.relay, config, tmp_path, KEYS)
    with relay:
        await hanging
        assert (await called(relay, "a/m", "1 0 1")).status == 200
    other.close()


def _is_of(line: str, inode: int) -> bool:
    return "FLOCK" in line and line.split()[5].endswith(f":{inode}")


def _usage(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _relay(folder, "usage", "-c", "relay.yaml", *arguments)


def _relay(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ: dict[str, Any] = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **KEYS}
    command = [sys.executable, "-m", "relay", *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=30, check=False)


async def test_what_a_key_spent_counts_after_a_crash(provider: RawProvider, tmp_path: Path) -> None:
    config = configured(provider)
    cost = 1000 * 3000 + 5 * 15_000 + 7
    config["keys"][0]["limits"] = {"spend_usd": 2 * cost / 1e9, "reset": "monthly"}
    with Running.relay(config, tmp_path, KEYS) as relay:
        assert [(await called(relay, "a/m", "1000 0 5")).status for _ in range(2)] == [200, 200]
        await asyncio.sleep(1)
        os.kill(relay.pid, signal.SIGKILL)

    with Running.relay(config, tmp_path, KEYS) as relay:
        assert (await called(relay, "a/m", "1000 0 5")).status == 402
