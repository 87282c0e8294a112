"""What keys let their holders have, over real processes: `one` and `two` serve `a/m`, `two` alone serves `b/n`.

A key named NAME is sent as `key-of-NAME-planted`; none of them is ever in the log.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests.support.answers import streamed
from tests.support.processes import Json, Running
from tests.support.raw_client import Answer, ask, body, exchange, head
from tests.support.raw_provider import RawProvider

PRICE = {"prompt": 1, "completion": 2}
Providers = dict[str, RawProvider]
Start = Callable[..., Running]


def secret(name: str) -> str:
    return f"key-of-{name}-planted"


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    found = {name: RawProvider() for name in ("one", "two")}
    for provider in found.values():
        await provider.start()
        provider.answers = [streamed()]
    yield found
    for provider in found.values():
        await provider.stop()


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


@pytest.fixture
def start(providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a gateway with keys that say this, by their names."""
    started: list[Running] = []

    def begun(**keys: Json) -> Running:
        listed = [{"name": name, "secret": {"env": name.upper()}} | said for name, said in keys.items()]
        environ = {name.upper(): secret(name) for name in keys}
        started.append(Running.relay(configured(providers, listed), tmp_path_factory.mktemp("relay"), environ))
        return started[-1]

    yield begun
    for relay in started:
        relay.end()
        assert not [line for line in relay.lines if b"key-of-" in line], "a key is in the log"


async def asked(relay: Running, key: str, model: str = "a/m", **said: Any) -> Answer:
    return await ask(relay.port, body(model, stream=True, **said), x_api_key=secret(key))


async def read(relay: Running, key: str, path: str, **fields: str) -> Answer:
    return await exchange(relay.port, head(None, method="GET", path=path, x_api_key=secret(key), **fields))


def counts(providers: Providers) -> list[int]:
    return [len(provider.calls) for provider in providers.values()]


async def test_lists_of_a_key_hold_for_every_request(start: Start, providers: Providers) -> None:
    relay = start(
        free={}, modest={"models": ["a/*"]}, tied={"providers": ["One"]}, averse={"ignore": ["two"]}, shy={"zdr": True}
    )

    assert (await asked(relay, "free", "b/n")).status == 200
    before = counts(providers)

    denied = await asked(relay, "modest", "b/n")
    assert (denied.status, denied.error["type"]) == (404, "not_found_error")
    told = denied.error["availability"]
    assert (told["code"], told["excluded_by"], told["retryable"]) == ("no_endpoints", ["allowed_models"], False)

    for key in ("tied", "averse"):
        left = await asked(relay, key, "b/n")
        assert (left.status, left.error["availability"]["excluded_by"]) == (404, ["allowed_providers"])
    private = await asked(relay, "shy", provider={"zdr": False})
    assert (private.status, private.error["availability"]["code"]) == (404, "privacy_restricted")
    assert counts(providers) == before

    for _ in range(4):
        assert (await asked(relay, "tied", provider={"order": ["two"]})).status == 200
        assert (await asked(relay, "averse")).status == 200
    assert counts(providers) == [before[0] + 8, before[1]]
    for key, reason in {"modest": "policy_model_denied", "tied": "policy_no_route"}.items():
        record = await relay.record(lambda line, key=key: line["key_id"] == key and line["status"] == 404)
        assert record["error_type"] == reason


async def test_an_alias_answers_and_is_listed_beside_what_the_key_may_ask_for(start: Start) -> None:
    aliases = {"claude-sonnet-4-5": "a/m", "claude-secret": "b/n"}
    relay = start(code={"models": ["a/*"], "aliases": aliases}, free={})

    answer = await asked(relay, "code", "claude-sonnet-4-5")
    assert (answer.status, answer.events[0][1]["message"]["model"]) == (200, "a/m")
    record = await relay.record_of("claude-sonnet-4-5")
    assert record["model"] == "a/m"
    assert (await asked(relay, "free", "claude-sonnet-4-5")).error["availability"]["code"] == "model_not_found"

    for fields in ({}, {"anthropic_version": "2023-06-01"}):
        mine = await read(relay, "code", "/v1/models", **fields)
        assert [model["id"] for model in mine.json["data"]] == ["a/m", "claude-sonnet-4-5"]
        all_of_them = await read(relay, "free", "/v1/models", **fields)
        assert [model["id"] for model in all_of_them.json["data"]] == ["a/m", "b/n"]
    assert (await read(relay, "code", "/v1/models/claude-sonnet-4-5")).status == 200
    assert (await read(relay, "code", "/v1/models/b/n")).status == 404
    assert (await read(relay, "free", "/v1/models/b/n")).status == 200


async def test_defaults_stand_behind_what_a_request_says(start: Start, providers: Providers) -> None:
    relay = start(dev={"provider": {"order": ["two"], "allow_fallbacks": False}})

    await asked(relay, "dev")
    assert counts(providers) == [0, 1]
    await asked(relay, "dev", provider={"order": ["one"]})
    assert counts(providers) == [1, 1]


async def test_a_key_that_is_not_valid_any_more_is_answered_like_one_that_never_was(start: Start) -> None:
    relay = start(
        old={"expires": "2020-01-01T00:00:00Z"}, off={"disabled": True}, dev={"expires": "2999-01-01T00:00:00Z"}
    )

    answers = [await asked(relay, key) for key in ("old", "off", "nobody")]

    assert [answer.status for answer in answers] == [401, 401, 401]
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].error["error_type"] == "authentication"
    assert (await asked(relay, "dev")).status == 200
