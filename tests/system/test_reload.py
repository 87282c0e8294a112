"""SIGHUP and POST /admin/reload: another configuration while calls run, in a real process."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.answers import chunk, closing, delta, head, message, opening, streamed, whole
from tests.support.processes import Json, Running
from tests.support.raw_client import Client, ask, body, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import RawProvider
from tests.system.planted import ENVIRON

Pair = tuple[RawProvider, RawProvider]
TOKEN = "admin-token-planted-0123456789"


@pytest.fixture
async def providers() -> AsyncIterator[Pair]:
    pair = RawProvider(), RawProvider()
    for each in pair:
        await each.start()
        each.answers = [whole(message())]
    yield pair
    for each in pair:
        await each.stop()


def configured(providers: Pair, usd: float = 1, model: str = "a/m", **sections: Json) -> Json:
    """`a/m` at the first provider, at so many dollars a million tokens of either kind."""
    price = {"prompt": usd, "completion": usd}
    return {
        "listen": "127.0.0.1:0",
        "ops": {"listen": "127.0.0.1:0"},
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            name: {
                "dialect": "messages",
                "base_url": f"http://127.0.0.1:{each.port}",
                "credential": {"env": "PROVIDER_KEY"},
            }
            for name, each in zip(("one", "two"), providers, strict=True)
        },
        "models": {model: [{"provider": "one", "model": "up", "price": price}]},
    } | sections


class Gateway:
    """A running relay whose file can be written anew."""

    def __init__(self, folder: Path, config: Json) -> None:
        self.path = folder / "relay.yaml"
        self.relay = Running.relay(config, folder, {**ENVIRON, "ADMIN_TOKEN": TOKEN})

    async def reload(self, config: Json | str) -> Json:
        """Write the file, tell the process, and give the line that it logs of it."""
        text = config if isinstance(config, str) else json.dumps(config)
        self.path.write_text(text)
        return await self.again()

    async def again(self) -> Json:
        count = len(self._told())
        self.relay.signal(signal.SIGHUP)
        return await self.relay.find(lambda _: len(self._told()) > count, 5) and self._told()[-1]

    def _told(self) -> list[Json]:
        return [line for line in self.relay.log if str(line.get("event")).startswith("reload")]

    async def call(self, model: str = "a/m", **said: Any) -> int:
        return (await ask(self.relay.port, body(model, **said))).status


@pytest.fixture
def gateway(providers: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    found = Gateway(tmp_path_factory.mktemp("reload"), configured(providers))
    with found.relay:
        yield found


async def test_a_call_that_begins_behind_a_reload_sees_the_new_catalogue(gateway: Gateway, providers: Pair) -> None:
    assert (await gateway.call(), await gateway.call("b/n")) == (200, 400)
    before = await gateway.relay.record_of("a/m")

    told = await gateway.reload(configured(providers, usd=5, model="b/n"))

    assert (told["event"], told["needs_restart"]) == ("reload", [])
    assert (await gateway.call("b/n"), await gateway.call()) == (200, 400)
    after = await gateway.relay.record(lambda record: record["request_model"] == "b/n" and record["status"] == 200)
    assert (before["cost_nanousd"], after["cost_nanousd"]) == (10_000, 50_000)
    assert after["config"] == told["config"] != before["config"]
    listed = await exchange(gateway.relay.port, request_head(None, method="GET", path="/v1/models"))
    assert [model["id"] for model in listed.json["data"]] == ["b/n"]


async def test_a_stream_that_runs_across_a_reload_ends_complete_and_at_its_own_price(
    gateway: Gateway, providers: Pair
) -> None:
    providers[0].answers = [head(), chunk(opening() + delta("hel")), 1.0, chunk(delta("lo") + closing()), chunk(b"")]
    content = body("a/m", stream=True)

    async with Client(gateway.relay.port) as client:
        client.send(request_head(len(content)) + content)
        await providers[0].called()
        await gateway.reload(configured(providers, usd=5, model="b/n"))
        assert await gateway.call() == 400
        answer = await client.answer()

    assert answer.status == 200
    assert [name for name, _ in answer.events][-1] == "message_stop"
    record = await gateway.relay.record(lambda record: record["stream"] and record["outcome"] == "complete")
    assert record["cost_nanousd"] == 10_000


async def test_a_call_whose_content_still_comes_keeps_the_configuration_with_which_it_began(
    gateway: Gateway, providers: Pair
) -> None:
    content = body("a/m")

    async with Client(gateway.relay.port) as client:
        client.send(request_head(len(content)) + content[:20])
        await asyncio.sleep(0.2)
        await gateway.reload(configured(providers, usd=5, model="b/n"))
        client.send(content[20:])
        answer = await client.answer()

    assert answer.status == 200
    assert (await gateway.relay.record_of("a/m"))["cost_nanousd"] == 10_000


async def test_an_attempt_behind_a_reload_still_has_its_credential(gateway: Gateway, providers: Pair) -> None:
    """The first endpoint fails while another configuration, in which the second is unknown, comes into service."""
    both = configured(providers)
    both["models"]["a/m"].append({"provider": "two", "model": "up", "price": {"prompt": 9, "completion": 9}})
    await gateway.reload(both)
    providers[0].answers = [1.0, head("500 Oops", "content-length: 0")]

    content = body("a/m", provider={"order": ["one", "two"]})
    async with Client(gateway.relay.port) as client:
        client.send(request_head(len(content)) + content)
        await providers[0].called()
        fewer = configured(providers)
        del fewer["providers"]["two"]
        await gateway.reload(fewer)
        answer = await client.answer()

    assert answer.status == 200
    assert providers[1].calls[0].fields["x-api-key"] == ENVIRON["PROVIDER_KEY"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keys: [", "not YAML"),
        ("{}", "required key is missing"),
        (None, "no provider of this name"),
        ("unset", "the environment variable NOBODY_SET_IT is not set"),
    ],
)
async def test_a_file_with_a_fault_keeps_what_serves_and_is_told_in_the_log(
    gateway: Gateway, providers: Pair, text: str | None, words: str
) -> None:
    broken = configured(providers, model="b/n")
    if text is None:
        broken["models"]["b/n"][0]["provider"] = "nobody"
    if text == "unset":
        broken["providers"]["one"]["credential"] = {"env": "NOBODY_SET_IT"}
    before = await gateway.again()

    told = await gateway.reload(text if text not in (None, "unset") and text is not None else broken)

    assert (told["event"], told["level"]) == ("reload_refused", "error")
    refused = [line["message"] for line in gateway.relay.log if line.get("event") == "reload_refused"]
    assert any(words in message for message in refused), refused
    assert await gateway.call() == 200
    assert (await gateway.relay.record_of("a/m"))["config"] == before["config"]
    for secret in ENVIRON.values():
        assert not any(secret.encode() in line for line in gateway.relay.lines)


async def test_a_literal_secret_in_the_new_file_is_not_told(gateway: Gateway, providers: Pair) -> None:
    broken = configured(providers)
    broken["providers"]["one"]["credential"] = "sk-ant-api03-0123456789abcdefghij"

    told = await gateway.reload(broken)

    assert told["event"] == "reload_refused"
    assert not any(b"0123456789abcdefghij" in line for line in gateway.relay.lines)


async def test_what_belongs_to_the_process_waits_for_a_restart_and_is_named(gateway: Gateway, providers: Pair) -> None:
    told = await gateway.reload(
        configured(providers, usd=2, listen="127.0.0.1:1", limits={"concurrency": 7}, drain={"deadline": "1s"})
    )

    assert told["level"] == "warning"
    assert told["needs_restart"] == ["listen", "limits.concurrency", "drain.deadline"]
    assert await gateway.call() == 200
    assert (await gateway.relay.record_of("a/m"))["cost_nanousd"] == 20_000


async def test_connections_of_an_endpoint_that_stays_are_used_again_and_those_of_one_that_goes_are_closed(
    gateway: Gateway, providers: Pair
) -> None:
    both = configured(providers)
    both["models"]["b/n"] = [{"provider": "two", "model": "up"}]
    await gateway.reload(both)
    assert (await gateway.call(), await gateway.call("b/n")) == (200, 200)

    await gateway.reload(configured(providers, usd=3))
    await gateway.call()

    assert [len(each.connections) for each in providers] == [1, 1]
    assert len(providers[0].connections[0].served) == 2
    await providers[1].connections[0].closed()
    assert providers[0].connections[0].closed_at is None


async def test_health_and_sessions_outlive_a_reload(gateway: Gateway, providers: Pair) -> None:
    price = {"prompt": 1, "completion": 1, "cache_read": 0.1}
    both = configured(providers)
    both["models"]["a/m"] = [{"provider": name, "model": "up", "price": price} for name in ("one", "two")]
    await gateway.reload(both)
    await gateway.call(session_id="s")
    (home,) = [each for each in providers if each.calls]

    for usd in (2, 3):
        both["models"]["a/m"][0]["price"] = price | {"prompt": usd}
        both["models"]["a/m"][1]["price"] = price | {"prompt": 5 - usd}
        await gateway.reload(both)
        for _ in range(5):
            assert await gateway.call(session_id="s") == 200

    assert len(home.calls) == 11
    told = await exchange(gateway.relay.port, request_head(None, method="GET", path="/v1/models/a/m/endpoints"))
    assert max(each["uptime_last_5m"] or 0 for each in told.json["data"]["endpoints"]) == 100.0


async def test_keys_change_with_the_file(gateway: Gateway, providers: Pair) -> None:
    other = configured(providers, keys=[{"name": "other", "secret": {"env": "RAW_KEY"}}])
    other["keys"] = [{"name": "other", "secret": {"file": "other.key"}}]
    (gateway.path.parent / "other.key").write_text("another-caller-key")

    told = await gateway.reload(other)

    assert told["event"] == "reload"
    assert await gateway.call() == 401
    answer = await exchange(
        gateway.relay.port, request_head(len(body("a/m")), x_api_key="another-caller-key"), body("a/m")
    )
    assert answer.status == 200


async def test_redaction_changes_with_the_file(gateway: Gateway, providers: Pair) -> None:
    said = [{"role": "user", "content": "mail ada@example.org"}]
    await gateway.call(messages=said)

    await gateway.reload(configured(providers, redact={"email": True}))
    await gateway.call(messages=said)

    first, second = (received.content for received in providers[0].calls)
    assert b"ada@example.org" in first
    assert b"ada@example.org" not in second


async def test_a_storm_of_signals_while_calls_run_loses_none(gateway: Gateway, providers: Pair) -> None:
    providers[0].answers = [streamed()]

    async def calls() -> list[int]:
        return [(await ask(gateway.relay.port, body("a/m", stream=True))).status for _ in range(40)]

    async def signals() -> None:
        for usd in range(1, 30):
            gateway.path.write_text(json.dumps(configured(providers, usd=usd)))
            gateway.relay.signal(signal.SIGHUP)
            await asyncio.sleep(0.02)

    *found, _ = await asyncio.gather(*(calls() for _ in range(4)), signals())

    assert {status for statuses in found for status in statuses} == {200}
    assert gateway.relay.is_alive
    assert (await gateway.again())["event"] == "reload"
    assert gateway.relay.noise == []


@pytest.fixture
def ops_port() -> Iterator[int]:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        yield int(sock.getsockname()[1])


async def test_the_ops_port_reloads_for_who_holds_the_token_and_tells_what_became_of_it(
    providers: Pair, ops_port: int, tmp_path: Path
) -> None:
    ops: Json = {"ops": {"listen": f"127.0.0.1:{ops_port}"}, "admin": {"token": {"env": "ADMIN_TOKEN"}}}
    asked = request_head(0, path="/admin/reload", authorization=f"Bearer {TOKEN}", x_api_key=None)
    gateway = Gateway(tmp_path, configured(providers, **ops))
    with gateway.relay:
        gateway.path.write_text(json.dumps(configured(providers, usd=5, drain={"deadline": "1s"}, **ops)))
        stranger = await exchange(ops_port, request_head(0, path="/admin/reload", x_api_key=None))
        assert stranger.status == 401
        assert await gateway.call() == 200
        assert (await gateway.relay.record_of("a/m"))["cost_nanousd"] == 10_000

        done = await exchange(ops_port, asked)

        assert (done.status, done.json["needs_restart"]) == (200, ["drain.deadline"])
        live = await exchange(ops_port, request_head(None, method="GET", path="/livez", x_api_key=None))
        assert live.json["config"] == done.json["config"]
        await gateway.call(stream=False)
        await gateway.relay.record(lambda record: record["cost_nanousd"] == 50_000)

        gateway.path.write_text("models: {}")
        refused = await exchange(ops_port, asked)
        assert (refused.status, refused.error["error_type"]) == (422, "unprocessable")
        assert "required key is missing" in refused.error["message"]
        assert await gateway.call() == 200


async def test_old_generations_are_let_go_when_their_last_call_has_ended(
    providers: Pair, ops_port: int, tmp_path: Path
) -> None:
    ops: Json = {"ops": {"listen": f"127.0.0.1:{ops_port}"}, "admin": {"token": {"env": "ADMIN_TOKEN"}}}
    asked = request_head(0, path="/admin/reload", authorization=f"Bearer {TOKEN}", x_api_key=None)
    providers[0].answers = [head(), chunk(opening()), 3.0, chunk(closing()), chunk(b"")]
    gateway = Gateway(tmp_path, configured(providers, **ops))
    with gateway.relay:
        running = asyncio.create_task(gateway.call(stream=True))
        await providers[0].called()
        for expected in (2, 3):
            assert (await exchange(ops_port, asked)).json["generations_alive"] == expected
        await asyncio.sleep(1.5)
        assert (await exchange(ops_port, asked)).json["generations_alive"] == 3  # that of the stream, and two new ones
        assert await running == 200
        await asyncio.sleep(1.5)
        assert (await exchange(ops_port, asked)).json["generations_alive"] == 2


async def test_a_reload_lets_nobody_in_who_could_not_come_before(providers: Pair, tmp_path: Path) -> None:
    """`open` is judged by where the process listens, not by where the file would have it listen."""
    wide = configured(providers) | {"listen": ":0"}
    gateway = Gateway(tmp_path, wide)
    with gateway.relay:
        told = await gateway.reload(wide | {"listen": "127.0.0.1:0", "keys": "open"})
        refused = await ask(gateway.relay.port, body("a/m"), x_api_key=None)
        stored = await gateway.reload(wide | {"keys": {"store": "keys.db"}})

        assert told["event"] == stored["event"] == "reload_refused"
        assert "off loopback" in told["message"]
        assert refused.status == 401
        assert await gateway.call() == 200
