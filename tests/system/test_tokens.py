"""Access tokens of clouds through a relay process: what the provider is sent, renewals, and none to be had."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.answers import streamed, whole
from tests.support.processes import Json, Running
from tests.support.raw_client import ask, body
from tests.support.raw_provider import RawProvider
from tests.support.token_server import TokenServer, token_server
from tests.system.planted import ENVIRON

pytestmark = pytest.mark.slow


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    with token_server() as server:
        yield server


@pytest.fixture
def gateway(raw_port: int, demo: Running, tokens: TokenServer, tmp_path: Path) -> Iterator[Running]:
    raw = f"http://127.0.0.1:{raw_port}"
    tokens.account(tmp_path / "key.json")
    config: Json = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            "google-vertex-anthropic": {"base_url": f"{raw}/v1/models", "credential": {"google": "key.json"}},
            "google-vertex": {"base_url": f"{raw}/v1/projects/p", "credential": {"google": "default"}},
            "azure": {"base_url": f"{raw}/openai/v1", "credential": {"entra": "default"}},
            "demo": {"dialect": "messages", "base_url": f"http://127.0.0.1:{demo.port}"},
        },
        "models": {
            "claude/*": [{"provider": "google-vertex-anthropic", "model": "*"}],
            "gemini/*": [{"provider": "google-vertex", "model": "*"}],
            "azure/*": [{"provider": "azure", "model": "*"}],
            "pair/*": [
                {"provider": "google-vertex-anthropic", "model": "x"},
                {"provider": "demo", "model": "chat@delay=0"},
            ],
        },
    }
    environ = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json"),
        "IDENTITY_ENDPOINT": f"{tokens.url}/token",
        "IDENTITY_HEADER": "header",
    }
    with Running.relay(config, tmp_path, ENVIRON | environ) as process:
        yield process
    assert process.noise == []
    assert not [line for line in process.lines if b"token-" in line], "a token is in the log"


@pytest.mark.parametrize("model", ["claude/x", "gemini/x", "azure/x"])
async def test_a_cloud_is_sent_a_token_as_bearer_and_no_key(
    gateway: Running, provider: RawProvider, tokens: TokenServer, model: str
) -> None:
    provider.answers = [whole(b'{"error":{"message":"slow"}}', status="429 Slow")]
    for _ in range(2):
        assert (await ask(gateway.port, body(model, stream=True))).status == 429
        head = provider.calls[-1].head.lower()
        assert b"\r\nauthorization: bearer token-001\r\n" in head
        assert b"api-key:" not in head
    assert tokens.given == ["token-001"]


async def test_a_token_that_the_provider_quotes_reaches_nobody(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [whole(b'{"error":{"message":"what is token-001 good for?"}}', status="400 Bad Request")]
    answer = await ask(gateway.port, body("azure/x", stream=True))
    assert b"what is *** good for?" in answer.content


async def test_a_stream_comes_through(gateway: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()]
    answer = await ask(gateway.port, body("claude/x", stream=True))
    assert (answer.status, answer.events[-1][0]) == (200, "message_stop")


async def test_where_no_token_is_to_be_had_nothing_is_sent_and_the_next_endpoint_answers(
    gateway: Running, provider: RawProvider, tokens: TokenServer
) -> None:
    tokens.fails = True
    started = time.monotonic()
    answer = await ask(gateway.port, body("pair/x", stream=True))
    assert (answer.status, time.monotonic() - started < 10) == (200, True)

    refused = await ask(gateway.port, body("claude/x", stream=True))
    assert refused.status == 502
    assert b"no access token can be had for the provider" in refused.content
    assert provider.calls == []
    told = await gateway.find(lambda line: line.get("event") == "access_token")
    assert told["level"] == "error"
    assert "invalid_grant" in told["message"]
