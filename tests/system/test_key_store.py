"""Two gateways on one key store: what `relay keys` writes holds on both within seconds; a bad file locks nobody out."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.keyed import Providers, configured
from tests.support.processes import ROOT, Running
from tests.support.raw_client import ask, body

WITHIN_S = 6.0
INLINE = {"name": "file", "secret": {"env": "INLINE"}}
INLINE_KEY = "key-of-inline-planted"


def keys(folder: Path, *words: str) -> Any:
    """Run `relay keys … --json` on the store of a folder."""
    line = [sys.executable, "-m", "relay", "keys", *words, "--store", str(folder / "keys.db")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in words else None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def replicas(two_providers: Providers, folder: Path) -> Iterator[list[Running]]:
    config = configured(two_providers, {"store": str(folder / "keys.db"), "inline": [INLINE]})
    folders = [folder / name for name in ("one", "two")]
    for each in folders:
        each.mkdir()
    environ = {"INLINE": INLINE_KEY}
    with Running.relay(config, folders[0], environ) as one, Running.relay(config, folders[1], environ) as two:
        yield [one, two]
        assert not [line for relay in (one, two) for line in relay.lines if b"sk-relay-" in line], "a key is in the log"


async def status(relay: Running, key: str, **said: Any) -> int:
    return (await ask(relay.port, body("a/m", stream=True, **said), x_api_key=key)).status


async def becomes(relays: list[Running], key: str, expected: int) -> None:
    """Wait until a key is answered so on every gateway; AssertionError when that takes too long."""
    deadline = time.monotonic() + WITHIN_S
    for relay in relays:
        while (found := await status(relay, key)) != expected:
            assert time.monotonic() < deadline, f"still {found}"
            await asyncio.sleep(0.1)


async def test_keys_come_and_go_on_both_within_seconds(replicas: list[Running], folder: Path) -> None:
    key = keys(folder, "create", "dev", "--json")["key"]
    await becomes(replicas, key, 200)

    second = keys(folder, "rotate", "dev", "--json")["key"]
    await becomes(replicas, second, 200)
    assert [await status(relay, key) for relay in replicas] == [200, 200]
    record = await replicas[0].record(lambda line: line["key_id"] == "dev")
    assert record["status"] == 200

    keys(folder, "revoke", "dev")
    await becomes(replicas, key, 401)
    await becomes(replicas, second, 401)
    assert [await status(relay, INLINE_KEY) for relay in replicas] == [200, 200]


async def test_what_a_key_has_redacted_does_not_reach_the_provider(
    replicas: list[Running], folder: Path, two_providers: Providers
) -> None:
    words = ("--redact", "email,ip", "--redact-mode", "placeholder", "--json")
    key = keys(folder, "create", "careful", *words)["key"]
    await becomes(replicas[:1], key, 200)
    heard = sum(len(provider.calls) for provider in two_providers.values())

    said = [{"role": "user", "content": "a@example.org at 192.0.2.7, +1 212 555 0187"}]
    assert await status(replicas[0], key, messages=said, gateway={"redact": {"email": False, "phone": True}}) == 200
    assert await status(replicas[0], INLINE_KEY, messages=said) == 200

    calls = sorted((call for each in two_providers.values() for call in each.calls), key=lambda call: call.at)
    texts = [json.loads(call.content)["messages"][0]["content"] for call in calls[heard:]]
    assert texts == ["[EMAIL_1] at [IP_1], [PHONE_1]", said[0]["content"]]


async def test_what_was_used_stays_used_when_the_store_is_read_again(replicas: list[Running], folder: Path) -> None:
    key = keys(folder, "create", "slow", "--requests-per-minute", "2", "--json")["key"]
    await becomes(replicas[:1], key, 200)
    assert await status(replicas[0], key) == 200

    other = keys(folder, "create", "other", "--json")["key"]
    await becomes(replicas[:1], other, 200)

    assert await status(replicas[0], key) == 429


async def test_a_store_that_cannot_be_read_keeps_its_last_keys_and_is_told_once(
    replicas: list[Running], folder: Path
) -> None:
    def told(line: dict[str, Any]) -> bool:
        return line.get("event") == "key_store"

    first = await replicas[0].find(told)
    assert first["message"].startswith("the key store can't be opened: no such file or directory;")
    key = keys(folder, "create", "dev", "--json")["key"]
    await becomes(replicas, key, 200)
    assert (await replicas[0].find(told))["message"] == "the key store can be read again"

    for file in folder.glob("keys.db*"):
        file.unlink()
    (folder / "keys.db").write_bytes(b"no database" * 1000)
    broken = await replicas[0].find(lambda line: told(line) and "no SQLite file" in line["message"], within_s=WITHIN_S)
    assert broken["level"] == "warning"
    await asyncio.sleep(4)
    assert len([line for line in replicas[0].log if told(line)]) == 3
    assert [await status(relay, key) for relay in replicas] == [200, 200]


async def test_a_name_of_the_configuration_is_not_the_stores(replicas: list[Running], folder: Path) -> None:
    key = keys(folder, "create", "file", "--json")["key"]

    line = await replicas[0].find(lambda line: "named file" in line.get("message", ""), within_s=WITHIN_S)

    assert line["level"] == "warning"
    assert await status(replicas[0], key) == 401
