"""GET /v1/key and /v1/credits over a real process, from memory: what a key used, and what it may still use."""

import pytest

from tests.support.keyed import NANOUSD, Start, asked, read

USD = NANOUSD / 1e9
LIMITS = {"spend_usd": 1, "reset": "weekly", "requests_per_minute": 60}


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_a_key_reads_what_it_used(start: Start, prefix: str) -> None:
    relay = start(dev={"limits": LIMITS, "expires": "2999-01-31T12:00:00Z"}, other={})
    await asked(relay, "dev")
    await asked(relay, "dev")
    await asked(relay, "other")

    told = (await read(relay, "dev", f"{prefix}/v1/key")).json["data"]

    assert told == {
        "label": "dev",
        "limit": 1,
        "limit_remaining": pytest.approx(1 - 2 * USD, abs=1e-12),
        "limit_reset": "weekly",
        "usage": pytest.approx(2 * USD, abs=1e-12),
        "usage_daily": pytest.approx(2 * USD, abs=1e-12),
        "usage_weekly": pytest.approx(2 * USD, abs=1e-12),
        "usage_monthly": pytest.approx(2 * USD, abs=1e-12),
        "byok_usage": 0,
        "byok_usage_daily": 0,
        "byok_usage_weekly": 0,
        "byok_usage_monthly": 0,
        "is_free_tier": False,
        "expires_at": "2999-01-31T12:00:00Z",
        "rate_limit": {"requests": 60, "tokens": None, "interval": "1m"},
    }
    free = (await read(relay, "other", f"{prefix}/v1/key")).json["data"]
    assert (free["limit"], free["limit_remaining"], free["expires_at"]) == (None, None, None)
    assert free["usage"] == pytest.approx(USD, abs=1e-12)


async def test_a_key_without_money_may_still_read_that(start: Start) -> None:
    relay = start(poor={"limits": {"spend_usd": f"{NANOUSD}e-9"}})
    await asked(relay, "poor")
    assert (await asked(relay, "poor")).status == 402

    told = await read(relay, "poor", "/v1/key")

    assert (told.status, told.json["data"]["limit_remaining"]) == (200, 0)


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_only_admins_read_what_all_keys_used(start: Start, prefix: str) -> None:
    relay = start(boss={"admin": True, "limits": {"spend_usd": 2}}, dev={"limits": {"spend_usd": 1}})
    await asked(relay, "dev")
    await asked(relay, "boss")

    told = await read(relay, "boss", f"{prefix}/v1/credits")
    assert told.json == {"data": {"total_credits": 3, "total_usage": pytest.approx(2 * USD, abs=1e-12)}}

    denied = await read(relay, "dev", f"{prefix}/v1/credits")
    assert (denied.status, denied.error["type"], denied.error["error_type"]) == (
        403,
        "permission_error",
        "permission_denied",
    )
    assert denied.fields["x-generation-id"]
    assert (await read(relay, "nobody", f"{prefix}/v1/credits")).status == 401


async def test_credits_are_not_known_while_a_key_may_spend_any_amount(start: Start) -> None:
    relay = start(boss={"admin": True}, dev={"limits": {"spend_usd": 1}})

    assert (await read(relay, "boss", "/v1/credits")).json == {"data": {"total_credits": None, "total_usage": 0}}
