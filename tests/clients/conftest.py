"""Servers for all tests of a worker, and a client of each kind; `client` runs a test once with every SDK."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients import environments, servers
from tests.clients.drivers import Driver, driving
from tests.clients.servers import KEY, Gateway, Provider

Json = dict[str, Any]

HELLO: list[Json] = [{"role": "user", "content": "héllo 漢 😀, my number is 4111 1111 1111 1111"}]


@dataclass(frozen=True)
class Client:
    """A driver that is running, and the two places that it is sent to."""

    name: str
    driver: Driver
    provider: Provider
    gateway: Gateway

    def direct(self, kind: str, model: str, **params: Any) -> Json:
        """Ask the provider itself."""
        return self.ask(kind, model, self.provider.url, params)

    def through(self, kind: str, model: str, **params: Any) -> Json:
        """Ask relay for the provider's `model`."""
        return self.ask(kind, f"demo/{model}", self.gateway.url, params)

    def ask(self, kind: str, model: str, base_url: str, params: Json | None = None, **job: Any) -> Json:
        """Do one job of driver.py (piped.py); `params` are added to a short conversation."""
        talk = {"messages": HELLO} | ({} if kind == "count" else {"max_tokens": 1000})
        job = {"kind": kind, "base_url": base_url, "key": KEY, "model": model, "params": talk | (params or {})} | job
        return self.driver.do(job)


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with servers.provider(tmp_path_factory.mktemp("demo")) as provider:
        yield provider


@pytest.fixture(scope="session")
def gateway(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with servers.gateway(provider, tmp_path_factory.mktemp("relay")) as gateway:
        yield gateway


@pytest.fixture(
    scope="session",
    params=[
        "python",
        pytest.param("python-0.75", marks=pytest.mark.slow),
        pytest.param("javascript", marks=pytest.mark.slow),
    ],
)
def client(request: pytest.FixtureRequest, provider: Provider, gateway: Gateway) -> Iterator[Client]:
    with driving(request.param) as driver:
        yield Client(request.param, driver, provider, gateway)


@pytest.fixture
def curl() -> Path:
    found = next((Path(place) / "curl" for place in os.get_exec_path() if (Path(place) / "curl").exists()), None)
    return found or environments.missing("curl")
