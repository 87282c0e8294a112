"""A fault at every call inside the redactor lets nothing out: no byte of a value, and nothing that was held (R13).

The faults are those of a build of their own (build.py). Each sweep is a process that makes the first call fail, then
the second, until there are none left; its words are in sweep.py.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.build import ENGINE, ROOT, build
from tests.redact import planted
from tests.support.answers import LAST_CHUNK, chunk, head, whole
from tests.support.processes import Running
from tests.support.raw_client import Answer, ask, exchange
from tests.support.raw_client import head as request_head
from tests.support.raw_provider import RawProvider
from tests.system.conftest import configured
from tests.system.planted import ENVIRON

pytestmark = pytest.mark.slow

SWEEPS = [
    "stream mask",
    "stream placeholder",
    "stream hash --lasting",
    "stream placeholder --buffers",
    "whole placeholder",
    "whole hash --lasting",
    "prompt mask --cold",
]
SERVED = [("mask", True, 83), ("placeholder", True, 89), ("hash", True, 97), ("placeholder", False, 61)]
"""Mode, streamed or whole, and how many calls lie between two that fail."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build."""
    folder = tmp_path_factory.mktemp("faults")
    assert build(folder) > 300
    return folder


@pytest.mark.timeout(300)
@pytest.mark.parametrize("sweep", SWEEPS)
def test_a_fault_at_any_call_lets_nothing_out(tree: Path, sweep: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.sweep", *sweep.split()],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": f"{tree}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)

    assert report["wrong"] == []
    assert report["calls"] > 2000
    if sweep == "stream placeholder --buffers":
        assert {place.split(".")[0] for place in report["places"]} >= {*ENGINE, "restorer"} - {"ruleset"}


@pytest.fixture
async def provider() -> AsyncIterator[RawProvider]:
    provider = RawProvider()
    await provider.start()
    yield provider
    await provider.stop()


@pytest.fixture
def ops_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture(params=SERVED, ids=lambda served: f"{served[0]}-{'stream' if served[1] else 'whole'}")
def served(
    request: pytest.FixtureRequest, tree: Path, provider: RawProvider, ops_port: int, tmp_path: Path
) -> Iterator[tuple[Running, bytes]]:
    """A process of the build in which each call fails further on than the one before, and the request to send."""
    mode, streams, step = request.param
    ops = {"listen": f"127.0.0.1:{ops_port}"}
    config = configured(provider.port, ops=ops, redact={"hash_key": {"env": "HASH_KEY"}})
    environ = {
        "PYTHONPATH": str(tree),
        "RELAY_FAULT": f"1+{step}",
        "RELAY_FAULT_TEXT": " ".join(planted.EVERY),
        "HASH_KEY": "hash-key-planted-0123456789abcdef",
    }
    redact = planted.ON | {"mode": mode, "restore": False}
    with Running.relay(config, tmp_path, ENVIRON | environ) as process:
        yield process, planted.prompt(stream=streams, gateway={"redact": redact})


async def test_a_process_under_fault_tells_one_error_and_no_value_anywhere(
    served: tuple[Running, bytes], provider: RawProvider, ops_port: int
) -> None:
    relay, content = served
    stream = planted.answer_stream(19)
    reads = [chunk(stream[at : at + 997]) for at in range(0, len(stream), 997)]
    provider.answers = [head(), *reads, LAST_CHUNK] if b'"stream": true' in content else [whole(planted.answer_whole())]
    failed = 0
    while reason := reason_of(answer := await ask(relay.port, content, x_relay_metadata="1")):
        assert reason == "policy_redaction_failed"
        assert planted.leaks(answer.head + answer.content) == []
        failed += 1
    assert planted.leaks(answer.head + answer.content) == []
    assert failed > 50
    assert [planted.leaks(call.content) for call in provider.calls] == [[]] * len(provider.calls)

    async with asyncio.timeout(5):
        while len(relay.records) <= failed:
            await asyncio.sleep(0.01)
    assert {record["error_type"] for record in relay.records} == {"policy_redaction_failed", None}
    assert [line for line in (*relay.lines, *relay.banner) if planted.leaks(line)] == []
    assert relay.noise == []
    assert planted.leaks(await told_by(ops_port)) == []


def reason_of(answer: Answer) -> str | None:
    """Why the answer ended with an error, as relay's reason; None: it did not."""
    if answer.status != 200:
        return str(answer.error["relay_reason"])
    if not answer.fields["content-type"].startswith("text/event-stream"):
        return None
    errors = [data["error"]["relay_reason"] for name, data in answer.events if name == "error"]
    assert len(errors) <= 1
    assert not errors or answer.events[-1][0] == "error"
    names = [name for name, _ in answer.events]
    assert names.count("content_block_start") == names.count("content_block_stop")
    return errors[0] if errors else None


async def told_by(ops_port: int) -> bytes:
    """All that the ops port says."""
    told = b""
    for path in ("/livez", "/readyz", "/startupz", "/metrics"):
        answer = await exchange(ops_port, request_head(None, method="GET", path=path))
        told += answer.head + answer.content
    return told
