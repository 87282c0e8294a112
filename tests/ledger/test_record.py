"""Record: what the attempts of a call cost together."""

from typing import Any

import orjson
import pytest

from relay.catalog import CALLER, Attempt
from relay.errors import ProviderFailed
from relay.ledger.money import Bill
from relay.ledger.record import Outcome, Record
from relay.ledger.view import generation
from relay.price import Cost
from tests.route.shapes import call, endpoint


def attempted(number: int, nanousd: int | None, **told: Any) -> Attempt:
    """An attempt that used something, at a cost."""
    attempt = Attempt(number, endpoint(f"p{number}", 1), "a/m", "m")
    attempt.usage = {"input_tokens": 2, "output_tokens": number}
    attempt.basis, attempt.has_output = "provider_final", True
    attempt.cost = None if nanousd is None else Cost(nanousd, nanousd, 0)
    for name, value in told.items():
        setattr(attempt, name, value)
    return attempt


def closed(*attempts: Attempt, outcome: Outcome = Outcome.COMPLETE) -> Any:
    """The line of a call with these attempts."""
    record = Record(call(), "digest", "list 1")
    record.attempts.extend(attempts)
    record.ended(outcome, 200, None if outcome is Outcome.COMPLETE else ProviderFailed("no"))
    record.close()
    return orjson.loads(record.line())


def test_a_call_costs_what_its_attempts_cost_and_shows_the_usage_of_the_last() -> None:
    line = closed(attempted(1, 30, error="provider_error", anomalies=2), attempted(2, 12, anomalies=1))

    assert line["cost_nanousd"] == 42
    assert line["usage"] == {"input_tokens": 2, "output_tokens": 2}
    assert line["usage_anomalies"] == 3
    assert [attempt["cost_nanousd"] for attempt in line["attempts"]] == [30, 12]
    assert line["attempts"][0]["usage"] == {"input_tokens": 2, "output_tokens": 1}
    assert line["attempts"][0]["basis"] == "provider_final"
    assert "usage" not in line["attempts"][1]


@pytest.mark.parametrize(
    ("attempts", "outcome", "expected"),
    [
        ([attempted(1, 30, error="x", has_output=False), attempted(2, 12)], Outcome.COMPLETE, 12),
        ([attempted(1, 30, error="x", has_output=False)], Outcome.ERROR, 0),
        ([attempted(1, 30, has_output=False)], Outcome.DRAIN_CUT, 0),
        ([attempted(1, 30, has_output=False)], Outcome.CLIENT_GONE, 30),
        ([attempted(1, 30)], Outcome.ERROR, 30),
        ([attempted(1, None), attempted(2, 12)], Outcome.COMPLETE, None),
        ([attempted(1, None, error="x", has_output=False), attempted(2, 12)], Outcome.COMPLETE, 12),
        ([attempted(1, None, usage={})], Outcome.ERROR, 0),
        ([], Outcome.ERROR, 0),
    ],
)
def test_what_failed_without_output_is_free_and_what_has_no_price_is_null(
    attempts: list[Attempt], outcome: Outcome, expected: int | None
) -> None:
    assert closed(*attempts, outcome=outcome)["cost_nanousd"] == expected


def test_an_attempt_at_another_model_says_so() -> None:
    line = closed(attempted(1, 1, slug="b/n"), attempted(2, 1))

    assert line["attempts"][0]["slug"] == "b/n"
    assert "slug" not in line["attempts"][1]


def test_what_a_caller_paid_elsewhere_is_summed_beside_it() -> None:
    record = Record(call())
    paid = Cost(0, 3, 4, 7)
    record.attempts.extend([attempted(1, 5), attempted(2, 0, cost=paid), attempted(3, 0, cost=paid)])
    record.ended(Outcome.COMPLETE, 200)
    record.close()

    assert (record.cost_nanousd, record.byok_nanousd) == (5, 14)


@pytest.mark.parametrize("told", [{"owner_key": "dev"}, {"credential": CALLER}], ids=["owner_key", "caller"])
def test_what_an_own_account_costs_is_in_the_line(told: dict[str, Any]) -> None:
    own = Attempt(1, endpoint("own", 1, **told), "a/m", "m")
    own.usage, own.basis, own.has_output = {"input_tokens": 2, "output_tokens": 3}, "provider_final", True
    own.cost = Bill(own.endpoint, b"{}").cost(own.usage)

    line = closed(own)

    assert line["cost_nanousd"] == 0
    assert line["attempts"][0]["upstream_nanousd"] == 5_000
    assert generation(line)["upstream_inference_cost"] == 5_000 / 1e9
    assert generation(line)["is_byok"]
