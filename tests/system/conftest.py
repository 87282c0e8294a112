"""One relay process and one embedded provider for a whole run; a raw provider of its own for each test.

`raw/*` goes to the raw provider, `demo/*` to the embedded one, `pair/*` to the raw one and then to the embedded one.
"""

import socket
from collections.abc import AsyncIterator, Iterator

import anthropic
import pytest

from tests.support import raw_client
from tests.support.answers import streamed
from tests.support.keyed import Providers, Start, secret
from tests.support.keyed import configured as keyed
from tests.support.processes import Json, Running
from tests.support.raw_provider import RawProvider
from tests.system.planted import ENVIRON, SECRETS


def configured(raw_port: int, demo_port: int = 9, **sections: Json) -> Json:
    """The configuration of the tests; `sections` are added or replace."""
    return {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            "raw": {
                "dialect": "messages",
                "base_url": f"http://127.0.0.1:{raw_port}",
                "credential": {"env": "PROVIDER_KEY"},
                "capabilities": ["count_tokens", "pdf", "structured_output", "tools", "web_fetch", "web_search"],
            },
            "demo": {"dialect": "messages", "base_url": f"http://127.0.0.1:{demo_port}"},
        },
        "models": {
            "raw/*": [{"provider": "raw", "model": "*"}],
            "demo/*": [{"provider": "demo", "model": "*"}],
            "pair/*": [{"provider": "raw", "model": "pair"}, {"provider": "demo", "model": "chat@delay=0"}],
        },
    } | sections


@pytest.fixture(scope="session")
def raw_port() -> Iterator[int]:
    """A port that nobody else gets; it refuses connections while no raw provider listens."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", 0))
        yield int(sock.getsockname()[1])


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running.demo(tmp_path_factory.mktemp("demo")) as process:
        yield process


@pytest.fixture(scope="session")
def relay(tmp_path_factory: pytest.TempPathFactory, raw_port: int, demo: Running) -> Iterator[Running]:
    config = configured(raw_port, demo.port, ops={"listen": "127.0.0.1:0"})
    with Running.relay(config, tmp_path_factory.mktemp("relay"), ENVIRON) as process:
        yield process
    leaked = [line for line in process.lines for secret in SECRETS if secret.encode() in line]
    assert not leaked, "a planted secret is in the log"


@pytest.fixture
async def provider(raw_port: int) -> AsyncIterator[RawProvider]:
    provider = RawProvider()
    await provider.start(raw_port)
    yield provider
    await provider.stop()


@pytest.fixture
async def serves_on(relay: Running) -> AsyncIterator[None]:
    """After the test, the same process answers the next call."""
    yield
    assert relay.is_alive
    answer = await raw_client.ask(relay.port, raw_client.body("demo/chat@delay=0"))
    assert answer.status == 200


@pytest.fixture
async def two_providers() -> AsyncIterator[Providers]:
    found = {name: RawProvider() for name in ("one", "two")}
    for provider in found.values():
        await provider.start()
        provider.answers = [streamed()]
    yield found
    for provider in found.values():
        await provider.stop()


@pytest.fixture
def start(two_providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a gateway over two providers with keys that say this, by their names."""
    started: list[Running] = []

    def begun(**keys: Json) -> Running:
        listed = [{"name": name, "secret": {"env": name.upper()}} | said for name, said in keys.items()]
        environ = {name.upper(): secret(name) for name in keys}
        started.append(Running.relay(keyed(two_providers, listed), tmp_path_factory.mktemp("relay"), environ))
        return started[-1]

    yield begun
    for relay in started:
        relay.end()
        assert not [line for line in relay.lines if b"key-of-" in line], "a key is in the log"


@pytest.fixture
async def client(gateway: Running) -> AsyncIterator[anthropic.AsyncAnthropic]:
    """Anthropic's SDK at the gateway of a module."""
    url = f"http://127.0.0.1:{gateway.port}"
    async with anthropic.AsyncAnthropic(base_url=url, api_key=raw_client.KEY, max_retries=0) as client:
        yield client
