"""The embedded provider as a server: pace and back-pressure, who left, what it saw, bad requests, keys, the end."""

import ast
import asyncio
import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

import relay.run.demo
from relay.run.demo import DemoServer

from .conftest import Demo, answered, ask, get, request


async def until(holds: Callable[[], bool], within_s: float = 5) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.001)


async def leave(port: int, model: str, read: int, **more: Any) -> float:
    """Ask, read that many bytes, hang up; gives when."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(model, **more))
    if read:
        await reader.readexactly(read)
    else:
        await asyncio.sleep(0.05)
    left_s = time.monotonic()
    writer.close()
    return left_s


async def test_long_has_exactly_its_bytes_and_only_as_fast_as_the_client_reads(demo: Demo) -> None:
    size = 6_000_000
    raw = await ask(demo.port, f"long@bytes={size}")
    texts = [json.loads(frame.split(b"data: ")[1])["delta"]["text"] for frame in raw.frames if b"text_delta" in frame]
    assert sum(map(len, texts)) == size

    reader, writer = await asyncio.open_connection("127.0.0.1", demo.port, limit=1024)
    writer.write(request("long@bytes=100000000"))
    await reader.readexactly(1000)
    await asyncio.sleep(0.3)
    writer.close()
    await until(lambda: bool(demo.server.traffic.gone))
    assert demo.server.traffic.gone[0].sent_bytes < 20_000_000


async def test_paced_streams_keep_their_rate_and_never_cross(demo: Demo) -> None:
    start_s = time.monotonic()
    raws = await asyncio.gather(
        *(ask(demo.port, "paced@events=20,rate=50", metadata={"user_id": f"c{n}"}) for n in range(20))
    )
    took_s = time.monotonic() - start_s

    for number, raw in enumerate(raws):
        frames = [json.loads(frame.split(b"data: ")[1]) for frame in raw.frames if b"text_delta" in frame]
        assert [frame["delta"]["text"] for frame in frames] == [f"c{number}#{n};" for n in range(20)]
    assert 0.38 <= took_s < 2


@pytest.mark.parametrize(
    ("model", "read", "stream"),
    [
        ("silent@seconds=30", 0, True),
        ("silent@seconds=30", 0, False),
        ("slow-first@seconds=30", 50, True),
        ("stall@after=2,seconds=30", 900, True),
        ("paced@events=1000,rate=20", 900, True),
        ("long@bytes=90000000", 5, True),
    ],
)
async def test_a_client_that_leaves_is_noticed_in_every_phase(demo: Demo, model: str, read: int, stream: bool) -> None:
    left_s = await leave(demo.port, model, read, stream=stream)
    await until(lambda: bool(demo.server.traffic.gone))

    report = await get(demo.port, "/_demo/streams")
    assert (report["open"], report["gone"], report["finished"]) == (0, 1, 0)
    assert report["left"][0]["model"] == model
    assert 0 <= report["left"][0]["at"] - left_s < 0.25


async def test_a_client_that_leaves_while_it_sends_is_noticed(demo: Demo) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", demo.port)
    writer.write(request("chat")[:-5])
    await until(lambda: demo.server.traffic.streams_report()["open"] == 1)
    writer.close()
    await until(lambda: demo.server.traffic.gone_count == 1)


async def test_finished_answers_and_own_cuts_are_not_left_by_their_clients(demo: Demo) -> None:
    for model in ("chat", "cut", "reset", "html", "error"):
        await ask(demo.port, model)
    await until(lambda: demo.server.traffic.finished_count == 5)

    assert demo.server.traffic.gone_count == 0


async def test_requests_are_kept_as_they_came(demo: Demo) -> None:
    await ask(demo.port, "chat", "/v1/messages?beta=true", extra=[1.10, 2**60, "é"])

    (seen,) = demo.server.seen
    (shown,) = (await get(demo.port, "/_demo/seen"))["seen"]
    assert seen.path == "/v1/messages?beta=true"
    assert seen.header("x-mark") == "1"
    assert request("chat", seen.path, extra=[1.10, 2**60, "é"]).endswith(seen.body)
    assert base64.b64decode(shown["body_base64"]) == seen.body
    assert ["X-Mark", "1"] in shown["headers"]
    for _ in range(3):
        await ask(demo.port, "html")
    assert len((await get(demo.port, "/_demo/seen?last=2"))["seen"]) == 2


async def test_the_probe_of_agents_is_answered(demo: Demo) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", demo.port)
    writer.write(b"HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


async def test_seen_is_bounded(demo: Demo) -> None:
    for _ in range(5):
        await ask(demo.port, "html", pad="x" * 20_000_000)

    assert 0 < sum(len(seen.body) for seen in demo.server.seen) <= 64 << 20


@pytest.mark.parametrize(
    ("content", "path", "status"),
    [
        (b"{", "/v1/messages", 400),
        (b"[]", "/v1/messages", 400),
        (b'{"model":"chat","messages":[]}', "/v1/chat/completions", 400),
        (b'{"model":"chat","messages":[{"role":"user"}]}', "/v1/messages", 400),
        (b'{"model":"chat","max_tokens":1,"messages":' + b"[" * 400 + b"]" * 400 + b"}", "/v1/messages", 400),
        (b"x" * (33 << 20), "/v1/messages", 413),
        (b"{}", "/v1/nowhere", 404),
    ],
    ids=["broken", "list", "chat-empty", "no-max-tokens", "deep", "large", "path"],
)
async def test_bad_requests_get_an_error_in_the_envelope(demo: Demo, content: bytes, path: str, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", demo.port)
    writer.write(b"POST %b HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % (path.encode(), len(content)) + content)
    raw = await answered(reader)
    writer.close()

    assert int(raw.head.split()[1]) == status
    assert json.loads(raw.content)["error"]["message"]


@pytest.mark.parametrize(
    ("field", "status"),
    [
        (b"", 401),
        (b"x-api-key: \r\n", 401),
        (b"x-api-key: other\r\n", 401),
        (b"x-api-key: k\r\n", 200),
        (b"authorization: Bearer k\r\n", 200),
        (b"authorization: Bearer \r\n", 401),
    ],
)
async def test_a_key_is_asked_for_when_there_is_one(field: bytes, status: int) -> None:
    server = DemoServer(key="k", pace_s=0)
    port = await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request("html").replace(b"X-Mark: 1\r\n", field))
    head = await reader.readuntil(b"\r\n")
    writer.close()
    await server.stop()

    assert int(head.split()[1]) == status


async def test_stop_hangs_up_on_everybody_at_once() -> None:
    server = DemoServer()
    port = await server.start()
    asked = asyncio.create_task(ask(port, "stall@seconds=60"))
    await until(lambda: server.traffic.streams_report()["open"] == 1)
    await asyncio.sleep(0.2)

    start_s = time.monotonic()
    await server.stop()
    raw = await asked

    assert raw.end != "clean"
    assert time.monotonic() - start_s < 1
    assert server.traffic.gone_count == 0


async def test_the_default_pace_is_between_events() -> None:
    server = DemoServer(pace_s=0.02)
    port = await server.start()
    start_s = time.monotonic()
    await ask(port, "chat@events=10")
    paced_s = time.monotonic() - start_s
    await ask(port, "chat@events=10,delay=0")
    await server.stop()

    assert paced_s >= 14 * 0.02
    assert time.monotonic() - start_s - paced_s < paced_s


def test_it_does_the_same_on_uvloop() -> None:
    async def run() -> None:
        server = DemoServer(pace_s=0)
        port = await server.start()
        cut, reset = await ask(port, "cut@bytes=500"), await ask(port, "reset@bytes=500")
        await leave(port, "stall@after=2,seconds=30", 900)
        await until(lambda: server.traffic.gone_count == 1)
        await server.stop()
        assert (cut.end, len(cut.content), reset.end) == ("cut", 500, "reset")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def test_it_imports_nothing_else_of_relay() -> None:
    for source in Path(relay.run.demo.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [f"{'.' * node.level}{node.module}"] if isinstance(node, ast.ImportFrom) else []
            assert all(name.startswith("relay.run.demo") or not name.startswith(("relay", ".")) for name in names)
