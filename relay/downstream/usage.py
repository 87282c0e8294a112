"""What keys used, as clients read it (spec/openrouter-messages.md 20.4): key_report(), credits_report()."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from relay._core import decimal
from relay.call import Identity, Limits
from relay.downstream.accounts import Account, Accounts
from relay.price import NANO_PLACES

_NO_LIMITS: Final = Limits()


def key_report(identity: Identity, account: Account) -> dict[str, Any]:
    """Give what a key used and may still use; money in US dollars."""
    limits = identity.limits or _NO_LIMITS
    spent, byok = account.spent, account.byok
    return {
        "data": {
            "label": f"sk-relay-{identity.id}-…" if identity.id else identity.name,
            "limit": _usd(limits.spend_nanousd),
            "limit_remaining": _usd(_remaining(limits, account)),
            "limit_reset": limits.reset,
            "usage": _usd(spent.total),
            "usage_daily": _usd(spent.daily),
            "usage_weekly": _usd(spent.weekly),
            "usage_monthly": _usd(spent.monthly),
            "byok_usage": _usd(byok.total),
            "byok_usage_daily": _usd(byok.daily),
            "byok_usage_weekly": _usd(byok.weekly),
            "byok_usage_monthly": _usd(byok.monthly),
            "is_free_tier": False,
            "expires_at": _moment(identity.expires),
            "rate_limit": {
                "requests": limits.requests_per_minute,
                "tokens": limits.tokens_per_minute,
                "interval": "1m",
            },
        }
    }


def credits_report(accounts: Accounts, holders: Iterable[Identity]) -> dict[str, Any]:
    """Give what all keys used, and what that and their limits come to: null while a key may spend any amount."""
    keys = {each.name: each for each in holders}
    left = [_remaining(each.limits or _NO_LIMITS, accounts.of(each)) for each in keys.values()]
    used = accounts.total()
    bounded = [nanousd for nanousd in left if nanousd is not None]
    most = used + sum(bounded) if bounded and len(bounded) == len(left) else None
    return {"data": {"total_credits": _usd(most), "total_usage": _usd(used)}}


def _remaining(limits: Limits, account: Account) -> int | None:
    if limits.spend_nanousd is None:
        return None
    return max(0, limits.spend_nanousd - account.spent.of(limits.reset))


def _usd(nanousd: int | None) -> Any:
    """Give nano-dollars as a number of dollars with all its digits."""
    return None if nanousd is None else orjson.Fragment(decimal(nanousd, NANO_PLACES))


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
