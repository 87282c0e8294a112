"""Limits of keys: rates, money, and clocks that jump."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import Identity, Limits
from relay.downstream.accounts import Account, Accounts, Amounts, past
from relay.errors import PolicyBudget, PolicyRateLimited, RelayError

MONDAY = datetime(2026, 3, 30, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400


class Hands:
    """Both clocks by hand: `clock` of the process, `now` of the wall."""

    def __init__(self, clock: float = 5.0, now: float = MONDAY) -> None:
        self.clock = clock
        self.now = now

    def accounts(self) -> Accounts:
        return Accounts(lambda: self.clock, lambda: self.now)

    def pass_s(self, seconds: float) -> None:
        self.clock += seconds
        self.now += seconds


def holder(name: str = "dev", **limits: int | str) -> Identity:
    return Identity(name, limits=Limits(**limits) if limits else None)  # type: ignore[arg-type]


def admitted(accounts: Accounts, identity: Identity) -> bool:
    try:
        accounts.admit(identity)
    except RelayError:
        return False
    return True


def fields_of(lines: bytes) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in lines.decode().splitlines())


def test_a_key_without_limits_is_always_let_in() -> None:
    accounts = Hands().accounts()

    assert all(accounts.admit(holder()) == b"" for _ in range(100))


def test_requests_come_back_one_by_one() -> None:
    hands = Hands()
    accounts, key = hands.accounts(), holder(requests_per_minute=6)

    assert [admitted(accounts, key) for _ in range(7)] == [True] * 6 + [False]
    hands.pass_s(9.9)
    assert not admitted(accounts, key)
    hands.pass_s(0.1)
    assert [admitted(accounts, key) for _ in range(2)] == [True, False]
    hands.pass_s(3600)
    assert [admitted(accounts, key) for _ in range(7)] == [True] * 6 + [False]


def test_a_refusal_says_which_limit_and_when_to_come_back() -> None:
    hands = Hands()
    accounts, key = hands.accounts(), holder(requests_per_minute=2)
    accounts.admit(key)
    accounts.admit(key)

    with pytest.raises(PolicyRateLimited) as raised:
        accounts.admit(key)

    error = raised.value
    assert (error.status, error.reason, error.metadata) == (429, "policy_rate_limited", {"limit_source": "gateway"})
    assert error.retry_after_s == pytest.approx(30)
    told = fields_of(error.fields)
    assert (told["x-ratelimit-limit"], told["x-ratelimit-remaining"]) == ("2", "0")
    assert int(told["x-ratelimit-reset"]) == pytest.approx((MONDAY + 30) * 1000, abs=1)
    assert told["anthropic-ratelimit-requests-remaining"] == "0"
    hands.pass_s(error.retry_after_s)
    assert admitted(accounts, key)


def test_what_is_left_is_told_with_an_answer() -> None:
    hands = Hands()
    accounts, key = hands.accounts(), holder(requests_per_minute=60, tokens_per_minute=1000)
    accounts.admit(key)
    accounts.settle(key, 250, 0)

    assert fields_of(accounts.admit(key)) == {
        "anthropic-ratelimit-requests-limit": "60",
        "anthropic-ratelimit-requests-remaining": "58",
        "anthropic-ratelimit-requests-reset": "2026-03-30T12:00:02Z",
        "anthropic-ratelimit-tokens-limit": "1000",
        "anthropic-ratelimit-tokens-remaining": "750",
        "anthropic-ratelimit-tokens-reset": "2026-03-30T12:00:15Z",
    }


def test_tokens_are_counted_at_the_end_and_may_be_overdrawn() -> None:
    hands = Hands()
    accounts, key = hands.accounts(), holder(tokens_per_minute=600)
    accounts.admit(key)
    accounts.settle(key, 1199, 0)

    with pytest.raises(PolicyRateLimited) as raised:
        accounts.admit(key)

    assert raised.value.retry_after_s == pytest.approx(60)
    hands.pass_s(60)
    assert admitted(accounts, key)


def test_a_refused_call_takes_nothing() -> None:
    hands = Hands()
    accounts, key = hands.accounts(), holder(requests_per_minute=60, tokens_per_minute=60)
    accounts.admit(key)
    accounts.settle(key, 60, 0)
    assert [admitted(accounts, key) for _ in range(100)] == [False] * 100

    hands.pass_s(1)
    assert fields_of(accounts.admit(key))["anthropic-ratelimit-requests-remaining"] == "59"


def test_money_is_spent_until_nothing_is_left_and_again_in_the_next_window() -> None:
    hands = Hands()
    accounts, key = hands.accounts(), holder(spend_nanousd=100, reset="daily")
    accounts.admit(key)
    accounts.settle(key, 10, 99)
    accounts.admit(key)
    accounts.settle(key, 10, 5)

    with pytest.raises(PolicyBudget) as raised:
        accounts.admit(key)

    assert (raised.value.status, raised.value.error_type) == (402, "payment_required")
    assert raised.value.message == (
        "this key has spent its limit of $0.0000001 (daily); it may spend again from 2026-03-31T00:00:00.000Z"
    )
    hands.pass_s(DAY_S / 2 - 1)
    assert not admitted(accounts, key)
    hands.pass_s(1)
    assert admitted(accounts, key)


@pytest.mark.parametrize(("reset", "days"), [("daily", 1), ("weekly", 7), ("monthly", 2), (None, None)])
def test_each_window_begins_at_its_own_midnight(reset: str | None, days: int | None) -> None:
    hands = Hands()
    accounts, key = hands.accounts(), Identity("dev", limits=Limits(spend_nanousd=1, reset=reset))
    accounts.settle(key, 0, 1)

    free = [day for day in range(40) if _tomorrow(hands, day) and admitted(accounts, key)]

    assert free[:1] == ([] if days is None else [days])


def _tomorrow(hands: Hands, day: int) -> bool:
    hands.now = MONDAY + day * DAY_S
    return True


def test_a_key_begins_with_what_was_spent_before() -> None:
    asked: list[tuple[str, int]] = []

    def spent(name: str, since: int) -> tuple[int, int]:
        asked.append((name, since))
        return (7, 1) if since else (70, 10)

    accounts = Hands().accounts()
    accounts.open("dev", past("dev", spent, MONDAY))
    found = accounts.of(holder())

    assert [found.spent.of(window) for window in (None, "daily", "weekly", "monthly")] == [70, 7, 7, 7]
    assert [found.byok.of(window) for window in (None, "daily", "weekly", "monthly")] == [10, 1, 1, 1]
    begun = [datetime.fromtimestamp(since, UTC).date().isoformat() for _, since in asked]
    assert sorted(begun) == ["1970-01-01", "2026-03-01", "2026-03-30", "2026-03-30"]
    accounts.open("dev", Account(MONDAY, Amounts(), Amounts()))
    assert accounts.of(holder()).spent.total == 70


def test_other_limits_of_a_key_do_not_fill_its_bucket() -> None:
    hands = Hands()
    accounts = hands.accounts()
    for _ in range(60):
        accounts.admit(holder(requests_per_minute=60))

    assert not admitted(accounts, holder(requests_per_minute=120))
    hands.pass_s(0.5)
    assert admitted(accounts, holder(requests_per_minute=120))
    hands.pass_s(60)
    assert [admitted(accounts, holder(requests_per_minute=1)) for _ in range(2)] == [True, False]


JUMPS = st.lists(st.floats(-1e8, 1e8), max_size=12)


@given(jumps=JUMPS)
def test_a_wall_clock_that_jumps_never_gives_money_back_while_it_is_back(jumps: list[float]) -> None:
    hands = Hands(now=2e9)
    accounts, key = hands.accounts(), holder(spend_nanousd=1, reset="monthly")
    accounts.settle(key, 0, 1)
    accounts.of(key)

    for jump in sorted(jumps, reverse=True):
        hands.now = 2e9 + min(0, jump)
        assert not admitted(accounts, key)
    assert accounts.of(key).spent.total == 1


@given(jumps=JUMPS, limit=st.integers(1, 50))
def test_no_clock_lets_more_through_than_a_full_bucket_at_once(jumps: list[float], limit: int) -> None:
    hands = Hands()
    accounts, key = hands.accounts(), holder(requests_per_minute=limit)
    for jump in jumps:
        hands.clock += jump
        hands.now -= jump / 1e3
        assert sum(admitted(accounts, key) for _ in range(limit + 3)) <= limit


@given(gaps=st.lists(st.floats(0, 30), min_size=1, max_size=200), limit=st.integers(1, 120))
def test_over_any_time_no_more_pass_than_the_limit_allows(gaps: list[float], limit: int) -> None:
    hands = Hands()
    accounts, key = hands.accounts(), holder(requests_per_minute=limit)
    passed = 0
    for gap in gaps:
        hands.pass_s(gap)
        passed += admitted(accounts, key)

    assert passed <= limit + sum(gaps) * limit / 60 + 1e-6


@given(spends=st.lists(st.tuples(st.integers(0, 10**12), st.floats(0, 1e6)), max_size=60))
def test_windows_hold_what_was_spent_in_them(spends: list[tuple[int, float]]) -> None:
    hands = Hands()
    accounts, key = hands.accounts(), holder()
    spent: list[tuple[float, int]] = []
    for nanousd, gap in spends:
        hands.now += gap
        accounts.settle(key, 0, nanousd)
        spent.append((hands.now, nanousd))

    found = accounts.of(key).spent
    assert found.total == sum(nanousd for _, nanousd in spent)
    assert found.daily == _since(spent, hands.now, lambda day: day.isoformat())
    assert found.weekly == _since(spent, hands.now, lambda day: day.isocalendar()[:2])
    assert found.monthly == _since(spent, hands.now, lambda day: (day.year, day.month))


def _since(spent: list[tuple[float, int]], now: float, window: Callable[..., object]) -> int:
    """What was spent at moments whose window is that of now."""
    present = window(datetime.fromtimestamp(now, UTC).date())
    return sum(nanousd for at, nanousd in spent if window(datetime.fromtimestamp(at, UTC).date()) == present)
