"""Who answers, over two real replicas and three providers: what is tried, what is sent, and what the client reads.

`a/m` is served by one, two and three, which cost the same and cache; `b/n` by three alone.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.answers import chunk, delta, failure, head, message, opening, streamed, whole
from tests.support.processes import Running
from tests.support.raw_client import Answer, ask, body
from tests.support.raw_provider import FIN, RawProvider
from tests.system.planted import ENVIRON

NAMES = ("one", "two", "three")
PRICE = {"prompt": 1, "completion": 2, "cache_read": 0.1}
Providers = dict[str, RawProvider]


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    found = {name: RawProvider() for name in NAMES}
    for provider in found.values():
        await provider.start()
        provider.answers = [streamed()]
    yield found
    for provider in found.values():
        await provider.stop()


@pytest.fixture
def replicas(providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    serving: dict[str, Any] = {name: {"provider": name, "model": "up", "price": PRICE} for name in NAMES}
    serving["two"] |= {"zdr": True, "trains": False, "retains": False, "supported_parameters": ["temperature"]}
    config = {
        "keys": [{"name": "dev", "secret": {"env": "CALLER_KEY"}}],
        "providers": {
            name: {"dialect": "messages", "base_url": f"http://127.0.0.1:{provider.port}"}
            for name, provider in providers.items()
        },
        "models": {"a/m": list(serving.values()), "b/n": [serving["three"] | {"max_output_tokens": 50}]},
    }
    folders = [tmp_path_factory.mktemp("relay") for _ in range(2)]
    with Running.relay(config, folders[0], ENVIRON) as one, Running.relay(config, folders[1], ENVIRON) as two:
        yield [one, two]


async def asked(relay: Running, model: str = "a/m", **said: Any) -> Answer:
    return await ask(relay.port, body(model, stream=True, **said))


def counts(providers: Providers) -> list[int]:
    return [len(providers[name].calls) for name in NAMES]


async def test_a_session_stays_with_one_endpoint_on_every_replica_and_moves_when_it_dies(
    replicas: list[Running], providers: Providers
) -> None:
    for number in range(100):
        assert (await asked(replicas[number % 2], session_id="s")).status == 200
    (home,) = [name for name in NAMES if providers[name].calls]
    assert len(providers[home].calls) == 100

    await providers[home].stop()
    for _ in range(4):
        assert (await asked(replicas[0], session_id="s")).status == 200
    others = sorted(len(providers[name].calls) for name in NAMES if name != home)
    assert others == [0, 4]

    chosen = next(name for name in NAMES if name != home and not providers[name].calls)
    await asked(replicas[0], session_id="s", provider={"order": [chosen]})
    assert len(providers[chosen].calls) == 1


async def test_what_fails_before_its_first_event_goes_on_and_what_fails_behind_it_does_not(
    replicas: list[Running], providers: Providers
) -> None:
    order = {"order": ["one", "two", "three"]}
    providers["one"].answers = [failure("500 Oops", "api_error", "no")]
    providers["two"].answers = [head(), chunk(opening() + delta("hello")), FIN]

    answer = await asked(replicas[0], provider=order)

    assert counts(providers) == [1, 1, 0]
    assert answer.status == 200
    names = [name for name, _ in answer.events]
    assert names[-1] == "error"
    assert "message_stop" not in names
    record = await replicas[0].record_of("a/m")
    assert [attempt["error_type"] for attempt in record["attempts"]] == ["provider_error", "provider_truncated"]


@pytest.mark.parametrize("status", ["401 No", "402 Pay", "403 No", "404 None", "408 Late", "429 Slow", "529 Full"])
async def test_a_provider_that_refuses_relay_itself_is_passed_over(
    replicas: list[Running], providers: Providers, status: str
) -> None:
    providers["one"].answers = [failure(status, "api_error", "no")]

    answer = await asked(replicas[0], provider={"order": ["one", "two"]})

    assert (answer.status, counts(providers)) == (200, [1, 1, 0])


async def test_a_refusal_of_the_request_goes_to_the_next_model_alone(
    replicas: list[Running], providers: Providers
) -> None:
    providers["one"].answers = [failure("400 Bad", "invalid_request_error", "no such thing")]
    order = {"order": ["one", "two"]}

    alone = await asked(replicas[0], provider=order)
    assert (alone.status, alone.error["message"], counts(providers)) == (400, "no such thing", [1, 0, 0])

    answer = await asked(replicas[0], provider=order, models=["b/n"])
    assert (answer.status, counts(providers)) == (200, [2, 0, 1])
    assert answer.events[0][1]["message"]["model"] == "b/n"
    assert (await replicas[0].record(lambda record: record["status"] == 200))["model"] == "b/n"


async def test_rate_limits_everywhere_are_told_and_kept(replicas: list[Running], providers: Providers) -> None:
    for provider in providers.values():
        provider.answers = [failure("429 Slow", "rate_limit_error", "slow", "retry-after: 30")]

    for tries in (3, 0):
        before = sum(counts(providers))
        answer = await asked(replicas[0])

        assert (answer.status, answer.error["error_type"]) == (429, "rate_limit_exceeded")
        assert answer.error["availability"]["code"] == "capacity_exhausted"
        assert 28 <= int(answer.fields["retry-after"]) <= 30
        assert answer.json["metadata"]["limit_source"] == "provider"
        assert sum(counts(providers)) - before == tries


async def test_what_an_endpoint_does_not_take_is_left_out_or_cut(replicas: list[Running], providers: Providers) -> None:
    said = {"temperature": 0.5, "top_k": 3, "stop_sequences": ["x"], "top_p": 0.5}

    await asked(replicas[0], provider={"only": ["two"]}, **said)
    assert set(_sent(providers["two"])) == {"model", "max_tokens", "messages", "stream", "temperature"}

    await asked(replicas[0], "b/n", **said)
    assert _sent(providers["three"])["max_tokens"] == 50
    assert set(said) < set(_sent(providers["three"]))


async def test_nothing_of_a_preference_is_sent(replicas: list[Running], providers: Providers) -> None:
    said: dict[str, Any] = {
        "provider": {"order": ["one"], "max_price": {"prompt": "2"}},
        "models": ["b/n"],
        "route": "fallback",
        "session_id": "s",
        "service_tier": "priority",
        "gateway": {"order": ["one"], "zdr": False},
        "a_key_nobody_knows": {"x": 1},
    }

    assert (await asked(replicas[0], **said)).status == 200

    assert set(_sent(providers["one"])) == {"model", "max_tokens", "messages", "stream", "a_key_nobody_knows"}


async def test_rules_that_leave_nobody_are_told_before_anything_is_sent(
    replicas: list[Running], providers: Providers
) -> None:
    answer = await asked(replicas[0], provider={"ignore": ["two"]}, gateway={"zdr": True})

    assert answer.status == 404
    assert answer.error["availability"]["code"] == "privacy_restricted"
    assert answer.error["availability"]["excluded_by"] == ["allowed_providers", "data_policy:zdr"]
    assert counts(providers) == [0, 0, 0]
    assert (await replicas[0].record_of("a/m"))["error_type"] == "policy_no_route"


async def test_whole_answers_are_chosen_alike(replicas: list[Running], providers: Providers) -> None:
    providers["two"].answers = [whole(message())]
    providers["one"].answers = [FIN]

    answer = await ask(replicas[0].port, body("a/m", provider={"order": ["one", "two"]}))

    assert (answer.status, answer.json["provider"], answer.json["model"]) == (200, "two", "a/m")


def _sent(provider: RawProvider) -> dict[str, Any]:
    return dict(json.loads(provider.calls[-1].content))
