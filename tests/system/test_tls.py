"""TLS to the provider: a private authority is trusted for its own provider, and nothing else is."""

import json
import ssl
from collections.abc import AsyncIterator, Iterator

import pytest
import trustme

from tests.support.answers import message, streamed, whole
from tests.support.processes import Json, Running
from tests.support.raw_client import ask, body
from tests.support.raw_provider import FIN, RawProvider
from tests.system.planted import ENVIRON

AUTHORITY, STRANGER = trustme.CA(), trustme.CA()


def tls_provider(port: int, **settings: Json) -> Json:
    return {
        "dialect": "messages",
        "base_url": f"https://localhost:{port}",
        "credential": {"env": "PROVIDER_KEY"},
    } | settings


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, raw_port: int) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("tls")
    AUTHORITY.cert_pem.write_to_path(str(folder / "ours.pem"))
    STRANGER.cert_pem.write_to_path(str(folder / "other.pem"))
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            "trusted": tls_provider(raw_port, ca_file=str(folder / "ours.pem")),
            "strange": tls_provider(raw_port, ca_file=str(folder / "other.pem")),
            "public": tls_provider(raw_port),
        },
        "models": {f"{name}/*": [{"provider": name, "model": "*"}] for name in ("trusted", "strange", "public")},
    }
    with Running.relay(config, folder, ENVIRON) as process:
        yield process


def context(*names: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names).configure_cert(made)
    return made


@pytest.fixture
async def provider(raw_port: int, request: pytest.FixtureRequest) -> AsyncIterator[RawProvider]:
    provider = RawProvider()
    await provider.start(raw_port, context(getattr(request, "param", "localhost")))
    yield provider
    await provider.stop()


async def test_answers_come_whole_and_the_connection_is_kept(relay: Running, provider: RawProvider) -> None:
    for _ in range(3):
        provider.answers = [whole(message("Hello"))]
        assert (await ask(relay.port, body("trusted/x"))).json["content"][0]["text"] == "Hello"
        provider.answers = [streamed()]
        answer = await ask(relay.port, body("trusted/x", stream=True))
        assert answer.events[-1][0] == "message_stop"

    assert len(provider.connections) == 1
    assert provider.calls[0].fields["host"] == f"localhost:{provider.port}"


async def test_a_long_request_arrives_whole(relay: Running, provider: RawProvider) -> None:
    provider.answers = [whole(message())]
    said = [{"role": "user", "content": 300_000 * "x"}]

    await ask(relay.port, body("trusted/x", system=200_000 * "s", messages=said))

    sent = json.loads(provider.calls[-1].content)
    assert (sent["system"], sent["messages"]) == (200_000 * "s", said)


async def test_a_broken_off_stream_ends_with_one_error(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed()[:-60], FIN]

    answer = await ask(relay.port, body("trusted/x", stream=True))

    assert [name for name, _ in answer.events].count("error") == 1


async def test_a_long_stream_comes_whole(relay: Running, provider: RawProvider) -> None:
    provider.answers = [streamed(["word "] * 20_000)]

    answer = await ask(relay.port, body("trusted/x", stream=True))

    assert sum(name == "content_block_delta" for name, _ in answer.events) == 20_000


@pytest.mark.parametrize("model", ["strange/x", "public/x"])
async def test_an_authority_that_is_not_trusted_is_refused(relay: Running, provider: RawProvider, model: str) -> None:
    answer = await ask(relay.port, body(model))

    assert answer.status == 502
    assert "TLS" in answer.error["message"]
    assert not provider.calls


@pytest.mark.parametrize("provider", ["elsewhere.example"], indirect=True)
async def test_a_certificate_for_another_host_is_refused(relay: Running, provider: RawProvider) -> None:
    answer = await ask(relay.port, body("trusted/x"))

    assert answer.status == 502
    assert "TLS" in answer.error["message"]
    assert not provider.calls
