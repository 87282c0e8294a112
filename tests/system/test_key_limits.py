"""Limits of keys over a real process: what the client reads, and that nothing is asked of a provider behind them."""

import asyncio

import pytest

from tests.support.answers import chunk, delta, failure, head, opening, streamed
from tests.support.keyed import NANOUSD, Providers, Start, asked, configured, counts, read, secret
from tests.support.processes import Running
from tests.support.raw_client import Answer, Client, body, request
from tests.support.raw_provider import STALL

OWN = "x-ratelimit-"
LIMITS = "anthropic-ratelimit-"
THEIRS = (f"{LIMITS}requests-limit: 5000", f"{LIMITS}input-tokens-remaining: 77")


def told(answer: Answer, prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value for name, value in answer.fields.items() if name.startswith(prefix)}


async def test_a_rate_of_requests_is_kept_and_told(start: Start, two_providers: Providers) -> None:
    relay = start(slow={"limits": {"requests_per_minute": 2}}, free={})

    answers = [await asked(relay, "slow") for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [told(answer, LIMITS)["requests-remaining"] for answer in answers] == ["1", "0", "0"]
    assert [told(answer, OWN) == {} for answer in answers] == [True, True, False]
    refused = answers[2]
    assert (refused.error["type"], refused.error["error_type"]) == ("rate_limit_error", "rate_limit_exceeded")
    assert refused.json["metadata"] == {"limit_source": "gateway"}
    assert "openrouter_metadata" not in refused.json
    assert (told(refused, OWN)["limit"], told(refused, OWN)["remaining"]) == ("2", "0")
    assert 28 <= int(refused.fields["retry-after"]) <= 30
    assert refused.fields["x-should-retry"] == "true"
    assert sum(counts(two_providers)) == 2
    assert (await relay.find(lambda line: line["event"] == "refused"))["error_type"] == "policy_rate_limited"
    assert (await asked(relay, "free")).status == 200


async def test_a_limit_of_the_provider_is_told_apart_from_ones_own(start: Start, two_providers: Providers) -> None:
    relay = start(slow={"limits": {"requests_per_minute": 9}})
    for provider in two_providers.values():
        provider.answers = [failure("429 Slow", "rate_limit_error", "slow", "retry-after: 30", *THEIRS)]

    answer = await asked(relay, "slow")

    assert (answer.status, answer.json["metadata"]["limit_source"]) == (429, "provider")
    assert answer.error["availability"]["code"] == "capacity_exhausted"
    assert told(answer, OWN) == {}
    assert told(answer, LIMITS)["requests-limit"] == "9"


async def test_a_key_with_limits_reads_its_own_and_one_without_the_providers(
    start: Start, two_providers: Providers
) -> None:
    relay = start(slow={"limits": {"requests_per_minute": 9}}, capped={"limits": {"spend_usd": 1}}, free={})
    for provider in two_providers.values():
        provider.answers = [streamed(("hello",), *THEIRS)]

    assert set(told(await asked(relay, "slow"), LIMITS)) == {"requests-limit", "requests-remaining", "requests-reset"}
    assert told(await asked(relay, "capped"), LIMITS) == {}
    assert told(await asked(relay, "free"), LIMITS) == {"requests-limit": "5000", "input-tokens-remaining": "77"}


async def test_tokens_are_counted_at_the_end_of_an_answer(start: Start) -> None:
    relay = start(slow={"limits": {"tokens_per_minute": 10}})

    first = await asked(relay, "slow")
    second = await asked(relay, "slow")

    assert (first.status, told(first, LIMITS)["tokens-remaining"]) == (200, "10")
    assert (second.status, second.json["metadata"]["limit_source"]) == (429, "gateway")
    assert "tokens a minute" in second.error["message"]


async def test_money_that_is_spent_is_refused_before_a_provider_hears_of_it(
    start: Start, two_providers: Providers
) -> None:
    relay = start(poor={"limits": {"spend_usd": f"{2 * NANOUSD}e-9", "reset": "monthly"}})

    answers = [await asked(relay, "poor") for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 402]
    assert (answers[2].error["type"], answers[2].error["error_type"]) == ("billing_error", "payment_required")
    assert "(monthly)" in answers[2].error["message"]
    assert answers[2].fields["x-should-retry"] == "false"
    assert told(answers[2], OWN) == {}
    assert sum(counts(two_providers)) == 2
    assert (await relay.find(lambda line: line["event"] == "refused"))["error_type"] == "policy_budget"


async def test_a_stream_that_is_cut_is_paid_for(start: Start, two_providers: Providers) -> None:
    relay = start(poor={"limits": {"spend_usd": "7e-6"}})
    for provider in two_providers.values():
        provider.answers = [head(), chunk(opening() + delta("hello")), STALL]

    async with Client(relay.port) as client:
        client.send(request(body("a/m", stream=True), x_api_key="key-of-poor-planted"))
        await client.head()
        while b"hello" not in await client.chunk():
            pass
    record = await relay.record_of("a/m")
    assert record["outcome"] == "client_gone"
    assert record["cost_nanousd"] >= 7000

    assert (await asked(relay, "poor")).status == 402


@pytest.mark.parametrize("size", [10, 200_000])
async def test_a_refused_connection_lives_on(start: Start, size: int) -> None:
    relay = start(slow={"limits": {"requests_per_minute": 1}})
    content = body("a/m", system="x" * size)
    await asked(relay, "slow")

    async with Client(relay.port) as client:
        for _ in range(2):
            client.send(request(content, x_api_key="key-of-slow-planted"))
            answer = await client.answer()
            assert answer.status == 429
            if answer.fields.get("connection") == "close":
                return
            await asyncio.sleep(0)


async def test_what_was_spent_before_a_restart_is_spent(
    two_providers: Providers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    limits = {"spend_usd": f"{2 * NANOUSD}e-9", "reset": "monthly"}
    keys = [{"name": name, "secret": {"env": name.upper()}, "limits": limits} for name in ("poor", "other")]
    records = {"ledger": {"dir": str(tmp_path_factory.mktemp("records"))}}
    config = configured(two_providers, keys) | records
    environ = {key["name"].upper(): secret(key["name"]) for key in keys}

    with Running.relay(config, tmp_path_factory.mktemp("relay"), environ) as relay:
        assert [(await asked(relay, "poor")).status for _ in range(3)] == [200, 200, 402]
        assert (await asked(relay, "other")).status == 200
    with Running.relay(config, tmp_path_factory.mktemp("relay"), environ) as relay:
        told = (await read(relay, "other", "/v1/key")).json["data"]
        assert told["usage"] == told["usage_monthly"] == pytest.approx(NANOUSD / 1e9, abs=1e-12)
        assert [(await asked(relay, "poor")).status, (await asked(relay, "other")).status] == [402, 200]
