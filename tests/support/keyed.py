"""Gateways with keys over two providers: `one` and `two` serve `a/m`, `two` alone serves `b/n`.

A key named NAME is sent as `key-of-NAME-planted`; none of them is ever in the log.
"""

from collections.abc import Callable
from typing import Any

from tests.support.processes import Json, Running
from tests.support.raw_client import Answer, ask, body, exchange, head
from tests.support.raw_provider import RawProvider

NANOUSD = 7 * 1000 + 3 * 2000
"""What a call costs: seven tokens of prompt and three of answer."""
PRICE = {"prompt": 1, "completion": 2}
Providers = dict[str, RawProvider]
Start = Callable[..., Running]


def secret(name: str) -> str:
    return f"key-of-{name}-planted"


def configured(providers: Providers, keys: Any) -> Json:
    serving: dict[str, Json] = {name: {"provider": name, "model": "up", "price": PRICE} for name in providers}
    return {
        "keys": keys,
        "providers": {
            name: {"dialect": "messages", "base_url": f"http://127.0.0.1:{provider.port}"}
            for name, provider in providers.items()
        },
        "models": {"a/m": list(serving.values()), "b/n": [serving["two"]]},
    }


async def asked(relay: Running, key: str, model: str = "a/m", **said: Any) -> Answer:
    return await ask(relay.port, body(model, stream=True, **said), x_api_key=secret(key))


async def read(relay: Running, key: str, path: str, **fields: str) -> Answer:
    return await exchange(relay.port, head(None, method="GET", path=path, x_api_key=secret(key), **fields))


def counts(providers: Providers) -> list[int]:
    return [len(provider.calls) for provider in providers.values()]
