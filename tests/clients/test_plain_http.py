"""Clients that are no SDK: `curl -N`, and the probes that agents and load balancers send first."""

import json
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.clients.servers import KEY, Gateway

BODY = {"max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": "hello"}]}


def curl_line(curl: Path, gateway: Gateway, model: str) -> list[str]:
    fields = ["-H", f"x-api-key: {KEY}", "-H", "content-type: application/json"]
    return [str(curl), "-N", "-sS", f"{gateway.url}/v1/messages", *fields, "-d", json.dumps({"model": model, **BODY})]


def test_curl_sees_each_event_as_it_comes(curl: Path, gateway: Gateway) -> None:
    line = curl_line(curl, gateway, "demo/stall@after=3,seconds=60,delay=0")
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        kinds: list[str] = []
        while kinds.count("content_block_delta") < 3:  # the provider says nothing more for a minute
            text = process.stdout.readline()
            kinds += [text.removeprefix("event: ").strip()] if text.startswith("event: ") else []
        process.terminate()

    assert kinds == ["message_start", "ping", "content_block_start", *3 * ["content_block_delta"]]
    assert gateway.call(request_model="demo/stall@after=3,seconds=60,delay=0")["outcome"] == "client_gone"


def test_curl_gets_a_whole_stream_of_exact_frames(curl: Path, gateway: Gateway) -> None:
    done = subprocess.run(curl_line(curl, gateway, "demo/chat@delay=0"), capture_output=True, timeout=20, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    *frames, rest = done.stdout.split(b"\n\n")
    assert rest == b""
    kinds = []
    for frame in frames:
        event, data = frame.split(b"\n")
        kinds.append(json.loads(data.removeprefix(b"data: "))["type"])
        assert event == b"event: " + kinds[-1].encode()
    assert kinds[:3] == ["message_start", "ping", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


@pytest.mark.parametrize(
    ("method", "target", "field", "status"),
    [
        ("HEAD", "/", None, 200),
        ("GET", "/", None, 200),
        ("HEAD", "/api", None, 200),
        ("GET", "/health", None, 200),
        ("HEAD", "/health", None, 200),
        ("GET", "/v1/models?limit=1000", "authorization", 200),
        ("GET", "/api/v1/models?limit=1000", "x-api-key", 200),
        ("GET", "/v1/models/demo%2Fchat", "authorization", 200),
        ("GET", "/v1/models?limit=1000", None, 401),
        ("POST", "/v1/messages/count_tokens?beta=true", "authorization", 200),
        ("POST", "/v1/messages?beta=true", "x-api-key", 200),
        ("GET", "/v1/messages", "x-api-key", 405),
        ("GET", "/v1/files", "x-api-key", 404),
    ],
)
def test_probes_are_answered(gateway: Gateway, method: str, target: str, field: str | None, status: int) -> None:
    answer, content = ask(gateway, method, target, field)

    assert answer == status
    if status != 200:
        assert json.loads(content)["type"] == "error"


def ask(gateway: Gateway, method: str, target: str, field: str | None) -> tuple[int, bytes]:
    """Send one request with the key in `field`; give status and content."""
    credential: dict[str | None, dict[str, str]] = {None: {}, "authorization": {"authorization": f"Bearer {KEY}"}}
    fields = {"anthropic-version": "2023-06-01"} | credential.get(field, {"x-api-key": KEY})
    body: dict[str, Any] = {"model": "demo/chat@delay=0", **BODY}
    connection = HTTPConnection(gateway.url.removeprefix("http://"), timeout=10)
    connection.request(method, target, json.dumps(body) if method == "POST" else None, fields)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content
