"""What the holders of keys have used, and whether they may go on: Accounts; from memory alone.

admit(identity)    before a call: refuses it, or counts it and gives the fields that tell what is left
settle(…)          at its end: its tokens and its cost
Rates are buckets over a clock that never goes back; money counts in windows of the calendar. What runs is never cut: of
calls at the same time some may end beyond a limit that each of them was under when it began.
"""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from relay._core import decimal, moment
from relay.call import Identity, Limits
from relay.downstream.windows import begin, end
from relay.errors import PolicyBudget, PolicyRateLimited
from relay.price import NANO, NANO_PLACES

MINUTE_S: Final = 60.0
ONE: Final = 1 - 1e-9  # what so many small parts come to
_LIMIT: Final = b"anthropic-ratelimit-%b-limit: %d\r\nanthropic-ratelimit-%b-remaining: "
_RESET: Final = b"\r\nanthropic-ratelimit-%b-reset: "
_REFUSED: Final = b"x-ratelimit-limit: %d\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: %d\r\n"

Clock = Callable[[], float]
Spent = Callable[[str, int], tuple[int, int]]
"""Gives the nano-dollars that the key of a name has spent since a moment in Unix seconds, and those that its holder's
own credentials have; may wait for a disk."""


class Bucket:
    """So many a minute; a full minute's share may be taken at once. May be overdrawn, and then takes longer to fill.

    kind   `requests` or `tokens`
    """

    __slots__ = ("_at", "_limit_line", "_moment", "_reset_line", "_second", "kind", "level", "limit")

    def __init__(self, kind: str, limit: int, now: float) -> None:
        self.kind = kind
        self._limit_line = _limit_line(kind, limit)
        self._reset_line = _RESET % kind.encode()
        self._second = 0
        self._moment = b""
        self.limit = limit
        self.level = float(limit)
        self._at = now

    def fill(self, now: float) -> None:
        """Add what has come since the last time; a clock that went back adds nothing."""
        if now > self._at:
            self.level = min(float(self.limit), self.level + (now - self._at) * self.limit / MINUTE_S)
        self._at = now

    def resize(self, limit: int, now: float) -> None:
        """Go on with another limit: nobody gets a full bucket by it."""
        self.fill(now)
        self.level = min(self.level, float(limit))
        self.limit = limit
        self._limit_line = _limit_line(self.kind, limit)

    def wait_s(self, level: float) -> float:
        """Give how long it takes to hold `level`."""
        return max(0.0, (level - self.level) * MINUTE_S / self.limit)

    def told(self, now: float) -> bytes:
        """Give the header lines that tell what is left, and when it will be full again, to the second."""
        second = ceil(now + self.wait_s(self.limit))
        if second != self._second:
            self._second = second
            self._moment = moment(second * NANO)[1:20] + b"Z\r\n"
        return b"%b%d%b%b" % (self._limit_line, max(0, int(self.level)), self._reset_line, self._moment)


class Amounts:
    """Nano-dollars: ever, and in the present day, week and month."""

    __slots__ = ("daily", "monthly", "total", "weekly")

    def __init__(self, total: int = 0, daily: int = 0, weekly: int = 0, monthly: int = 0) -> None:
        self.total = total
        self.daily = daily
        self.weekly = weekly
        self.monthly = monthly

    def add(self, nanousd: int) -> None:
        self.total += nanousd
        self.daily += nanousd
        self.weekly += nanousd
        self.monthly += nanousd

    def of(self, window: str | None) -> int:
        """Give what was spent in the present window; None: ever."""
        if window == "daily":
            return self.daily
        if window == "weekly":
            return self.weekly
        return self.monthly if window == "monthly" else self.total


class Account:
    """One key's: what it spent, what it spent with its holder's own credentials, and its buckets."""

    __slots__ = ("_day", "_ends", "_limits", "byok", "requests", "spent", "tokens")

    def __init__(self, now: float, spent: Amounts, byok: Amounts) -> None:
        self.spent = spent
        self.byok = byok
        self.requests: Bucket | None = None
        self.tokens: Bucket | None = None
        self._limits: Limits | None = None
        self._day = begin("daily", now)
        self._ends = end("daily", now)

    def turn(self, now: float) -> None:
        """Begin the windows that have begun since the last time. A clock that went back begins none, and ends none."""
        if self._day <= now < self._ends:
            return
        before, self._day, self._ends = self._day, begin("daily", now), end("daily", now)
        if self._day < before:
            return
        for amounts in (self.spent, self.byok):
            amounts.daily = 0
            if begin("weekly", now) != begin("weekly", before):
                amounts.weekly = 0
            if begin("monthly", now) != begin("monthly", before):
                amounts.monthly = 0

    def adapt(self, limits: Limits, now: float) -> None:
        """Take other limits; what was used stays used."""
        if self._limits is not limits:
            self._limits = limits
            self.requests = _resized(self.requests, "requests", limits.requests_per_minute, now)
            self.tokens = _resized(self.tokens, "tokens", limits.tokens_per_minute, now)


class Accounts:
    """The accounts of all keys, by their names; those of a reload's keys go on.

    clock   never goes back; for rates
    now     Unix seconds; for windows, and for what a client reads
    """

    def __init__(self, clock: Clock = time.monotonic, now: Clock = time.time) -> None:
        self._clock = clock
        self._now = now
        self._accounts: dict[str, Account] = {}

    def knows(self, name: str) -> bool:
        """Tell whether a key of this name has an account."""
        return name in self._accounts

    def open(self, name: str, account: Account) -> None:
        """Begin an account with what was spent before this process began."""
        self._accounts.setdefault(name, account)

    def of(self, identity: Identity) -> Account:
        """Give an account, in its present windows."""
        now = self._now()
        account = self._accounts.get(identity.name)
        if account is None:
            account = self._accounts[identity.name] = Account(now, Amounts(), Amounts())
        account.turn(now)
        return account

    def total(self) -> int:
        """Give the nano-dollars that all keys have spent."""
        return sum([account.spent.total for account in self._accounts.values()])

    def admit(self, identity: Identity) -> bytes:
        """Count a call; give the header lines that tell what is left.

        raises   PolicyBudget, PolicyRateLimited: nothing is counted then
        """
        limits = identity.limits
        if limits is None:
            return b""
        account, now = self.of(identity), self._clock()
        account.adapt(limits, now)
        if limits.spend_nanousd is not None and account.spent.of(limits.reset) >= limits.spend_nanousd:
            raise PolicyBudget(_spent_all(limits, self._now()))
        requests, tokens = account.requests, account.tokens
        for bucket in (requests, tokens):
            if bucket is not None:
                bucket.fill(now)
        if requests is not None and requests.level < ONE:
            raise self._refusal(requests, account)
        if tokens is not None and tokens.level < ONE:
            raise self._refusal(tokens, account)
        if requests is not None:
            requests.level -= 1
        return self._left(account)

    def settle(self, identity: Identity, tokens: int, nanousd: int, byok_nanousd: int = 0) -> None:
        """Count what a call used in the end.

        nanousd        what it cost
        byok_nanousd   what it cost the holder of the provider's own credential
        """
        account = self.of(identity)
        if nanousd > 0:
            account.spent.add(nanousd)
        if byok_nanousd > 0:
            account.byok.add(byok_nanousd)
        if account.tokens is not None and tokens > 0:
            account.tokens.level -= tokens

    def _refusal(self, bucket: Bucket, account: Account) -> PolicyRateLimited:
        wait_s = bucket.wait_s(1.0)
        text = f"this key is at its limit of {bucket.limit} {bucket.kind} a minute; send the request again later"
        fields = _REFUSED % (bucket.limit, int((self._now() + wait_s) * 1000))
        return PolicyRateLimited(text, wait_s, fields + self._left(account))

    def _left(self, account: Account) -> bytes:
        requests, tokens, now = account.requests, account.tokens, self._now()
        fields = b"" if requests is None else requests.told(now)
        return fields if tokens is None else fields + tokens.told(now)


def past(name: str, spent: Spent, now: float) -> Account:
    """Give a key's account with what it has spent, ever and in the windows of `now`; may wait for a disk."""
    since = (0, *[begin(window, now) for window in ("daily", "weekly", "monthly")])
    ours, own = zip(*[spent(name, each) for each in since], strict=True)
    return Account(now, Amounts(*ours), Amounts(*own))


def _limit_line(kind: str, limit: int) -> bytes:
    return _LIMIT % (kind.encode(), limit, kind.encode())


def _resized(bucket: Bucket | None, kind: str, limit: int | None, now: float) -> Bucket | None:
    if limit is None:
        return None
    if bucket is None:
        return Bucket(kind, limit, now)
    bucket.resize(limit, now)
    return bucket


def _spent_all(limits: Limits, now: float) -> str:
    limit = decimal(limits.spend_nanousd or 0, NANO_PLACES).decode().rstrip("0").rstrip(".")
    if limits.reset is None:
        return f"this key has spent its limit of ${limit}"
    since = moment(end(limits.reset, now) * NANO)[1:-1].decode()
    return f"this key has spent its limit of ${limit} ({limits.reset}); it may spend again from {since}"
