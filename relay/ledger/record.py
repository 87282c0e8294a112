"""Record: the facts of one call, from its first byte to its last; and the line made of them.

Field names follow spec/operations.md 14.5. Every number that money depends on has a `basis` (USG-4).
"""

import time
from collections.abc import Mapping
from enum import Enum
from time import monotonic_ns
from typing import Any, Final, Protocol

import orjson

from relay._core import Line, Report, moment
from relay.call import Call, Identity
from relay.catalog import Attempt, Endpoint
from relay.dialects import messages
from relay.errors import RelayError
from relay.ledger.money import Bill, served
from relay.price import FREE, NANO_PLACES, Usage, count, writes
from relay.redact.redaction import Redaction

MS_PLACES: Final = 6


class Outcome(Enum):
    """How a call ended."""

    COMPLETE = "complete"
    ERROR = "error"
    CLIENT_GONE = "client_gone"
    CLIENT_SLOW = "client_slow"
    DRAIN_CUT = "drain_cut"


class Planned(Protocol):
    """How a call was routed."""

    def facts(self, slug: str | None) -> tuple[str, str | None, int, int]: ...


class Record:
    """What is known of a call so far. The gateway writes to it; `line` is read once, at the end.

    cost_nanousd   what the caller pays for all attempts together, once it is closed; None: a price is missing
    plan           None: nobody could be asked
    byok_nanousd   what the caller paid their own provider beside that
    user           of the client's own users, redacted as the request is; None until that is done, or nobody is named
    """

    __slots__ = (
        "_call",
        "_config",
        "_input_tokens",
        "_price_version",
        "attempts",
        "byok_nanousd",
        "bytes_out",
        "cost_nanousd",
        "ended_ns",
        "error",
        "events",
        "first_event_ns",
        "id",
        "model",
        "normalised",
        "outcome",
        "plan",
        "redaction",
        "response_model",
        "started_ns",
        "status",
        "stop_reason",
        "user",
    )

    def __init__(self, call: Call, config: str = "", price_version: str = "") -> None:
        self._call = call
        self._config = config
        self._price_version = price_version
        self.id = call.id
        self.started_ns = time.time_ns()
        self.model = call.model
        self.attempts: list[Attempt] = []
        self.outcome = Outcome.ERROR
        self.status = 0
        self.error: RelayError | None = None
        self.cost_nanousd: int | None = 0
        self.byok_nanousd = 0
        self.stop_reason: str | None = None
        self.response_model: str | None = None
        self.first_event_ns = 0
        self._input_tokens = 0
        self.ended_ns = 0
        self.events = 0
        self.normalised = 0
        self.bytes_out = 0
        self.redaction: Redaction | None = None
        self.plan: Planned | None = None
        self.user: str | None = None

    @property
    def operation(self) -> str:
        return self._call.operation

    @property
    def usage(self) -> Usage:
        """What the last attempt used."""
        return self.attempts[-1].usage if self.attempts else {}

    @property
    def basis(self) -> str:
        """Who says so."""
        return self.attempts[-1].basis if self.attempts else "none"

    def bill(self, attempt: Attempt, tells_tier: bool) -> Bill:
        """Give what will know the cost of an attempt."""
        return Bill(attempt.endpoint, self._call.content, tells_tier)

    def estimate(self) -> int:
        """Estimate the prompt's tokens, for a provider that tells none."""
        if not self._input_tokens:
            self._input_tokens = messages.input_tokens(self._call.content)
        return self._input_tokens

    def observe(self, report: Report, bill: Bill) -> None:
        """Take the facts of the last attempt, which was streamed, and what it costs."""
        self.bytes_out += report.bytes_out
        self.events = report.event_count
        self.normalised = report.normalised
        self.first_event_ns = report.first_event_ns or 0
        self.stop_reason = report.stop_reason
        self.response_model = report.response_model
        attempt = self.attempts[-1]
        usage, attempt.basis = report.reckoned(self.estimate)
        attempt.usage = _of_tier(usage, attempt.endpoint)
        attempt.cost = bill.cost(attempt.usage)
        attempt.anomalies = report.anomalies
        attempt.has_output = report.first_content_ns is not None

    def answered(self, report: Mapping[str, Any], bill: Bill) -> None:
        """Take the facts of the last attempt, which answered as a whole, and what it costs."""
        self.stop_reason = report["stop_reason"]
        self.response_model = report["response_model"]
        attempt = self.attempts[-1]
        attempt.usage, attempt.basis = _of_tier(report["usage"], attempt.endpoint), report["basis"]
        attempt.cost = bill.cost(attempt.usage)
        attempt.anomalies = report["anomalies"]
        attempt.has_output = True

    def speed(self) -> tuple[float | None, float | None]:
        """Give seconds from the request to the first event, and tokens a second from then on; None: not known."""
        sent_ns = self.attempts[-1].sent_ns
        if not self.first_event_ns or not sent_ns:
            return None, None
        took_ns = monotonic_ns() - self.first_event_ns
        tokens = self.usage.get("output_tokens", 0)
        rate = tokens * 1e9 / took_ns if isinstance(tokens, int) and tokens and took_ns > 0 else None
        return (self.first_event_ns - sent_ns) / 1e9, rate

    @property
    def identity(self) -> Identity:
        return self._call.identity

    def tokens(self) -> int:
        """Give all tokens of prompt and answer, cached ones too."""
        usage = self.usage
        return (
            count(usage, "input_tokens")
            + count(usage, "cache_read_input_tokens")
            + count(usage, "cache_creation_input_tokens")
            + count(usage, "output_tokens")
        )

    def cached_tokens(self) -> int:
        """Give the prompt's tokens that were read from a cache or written to one."""
        usage = self.usage
        return count(usage, "cache_read_input_tokens") + count(usage, "cache_creation_input_tokens")

    def ended(self, outcome: Outcome, status: int, error: RelayError | None = None) -> None:
        """The call is over; `status` is what the client saw, 499 when it saw nothing."""
        self.outcome = outcome
        self.status = status
        self.error = error

    def close(self) -> None:
        """The call is over now; its content is let go."""
        self.ended_ns = monotonic_ns()
        self._settle()
        self._call.release()
        if self.redaction:
            self.redaction.forget()

    def _settle(self) -> None:
        """Sum up what the attempts cost; one that failed without output, or used nothing, costs nothing."""
        failed = self.outcome in (Outcome.ERROR, Outcome.DRAIN_CUT)
        last = len(self.attempts)
        total: int | None = 0
        for attempt in self.attempts:
            if not attempt.usage or (not attempt.has_output and (attempt.error or (failed and attempt.number == last))):
                attempt.cost = FREE
                continue
            cost = attempt.cost
            if cost is None:
                total = None
                continue
            if total is not None:
                total += cost.total_nanousd
            self.byok_nanousd += cost.upstream_nanousd or 0
        self.cost_nanousd = total

    def line(self) -> bytes:
        """Give the call's one line of JSON, without a line end."""
        call = self._call
        last = self.attempts[-1] if self.attempts else None
        endpoint = last.endpoint if last else None
        complete = self.outcome is Outcome.COMPLETE
        strategy, router, available, endpoints = (
            _UNPLANNED if self.plan is None else self.plan.facts(self.model if complete else None)
        )
        return _LINE.write(
            (
                moment(self.started_ns + self.ended_ns - call.received_ns),
                "info" if complete else "warning",
                "call",
                self.id,
                call.operation,
                call.identity.name,
                call.session_id,
                call.app,
                self.started_ns,
                call.model,
                self.model,
                self.response_model,
                endpoint.provider if endpoint else None,
                endpoint.display_name if endpoint else None,
                endpoint.id if endpoint else None,
                last.upstream_request_id if last else None,
                call.stream,
                self.status,
                self.error.reason if self.error else None,
                "complete" if complete else self.outcome.value,
                self.stop_reason,
                b"[" + b",".join([_attempt(attempt, self.model, attempt is last) for attempt in self.attempts]) + b"]",
                _between(call.received_ns, self.ended_ns),
                _between(call.received_ns, self.first_event_ns),
                (last.sent_ns - call.received_ns) // 1000 if last and last.sent_ns else None,
                call.size,
                self.bytes_out,
                self.events,
                self.normalised,
                last.usage if last else _NO_USAGE,
                last.basis if last else "none",
                sum([attempt.anomalies for attempt in self.attempts]),
                self.cost_nanousd,
                self.redaction.counts() if self.redaction else None,
                strategy,
                router,
                available,
                endpoints,
                self.user,
                self._config,
                self._price_version,
            )
        )


_LINE: Final = Line(
    (
        "ts",
        "level",
        "event",
        "request_id",
        "operation",
        "key_id",
        "session_id",
        "app",
        "created",
        "request_model",
        "model",
        "response_model",
        "provider",
        "provider_name",
        "endpoint",
        "upstream_request_id",
        "stream",
        "status",
        "error_type",
        "outcome",
        "finish_reason",
        "attempts",
        "dur_ms",
        "ttfe_ms",
        "overhead_us",
        "in_bytes",
        "out_bytes",
        "events",
        "normalised",
        "usage",
        "basis",
        "usage_anomalies",
        "cost_nanousd",
        "redactions",
        "strategy",
        "router",
        "available",
        "endpoints",
        "user",
        "config",
        "price_version",
    ),
    places={"created": NANO_PLACES, "dur_ms": MS_PLACES, "ttfe_ms": MS_PLACES},
)
_ATTEMPT: Final = Line(
    (
        "endpoint",
        "provider_name",
        "model",
        "status",
        "error_type",
        "dur_ms",
        "cost_nanousd",
        "prompt_nanousd",
        "completion_nanousd",
    ),
    places={"dur_ms": MS_PLACES},
)
_NO_USAGE: Final[Usage] = {}
_UNPLANNED: Final[tuple[str, str | None, int, int]] = ("direct", None, 0, 0)


def _attempt(attempt: Attempt, slug: str, is_last: bool) -> bytes:
    """Give an attempt's part of the line; what the last one used stands in the record."""
    endpoint, cost = attempt.endpoint, attempt.cost
    took = _between(attempt.sent_ns, attempt.ended_ns) if attempt.sent_ns else None
    line = _ATTEMPT.write(
        (
            endpoint.id,
            endpoint.display_name,
            attempt.model,
            attempt.status,
            attempt.error,
            took,
            cost.total_nanousd if cost else None,
            cost.prompt_nanousd if cost else None,
            cost.completion_nanousd if cost else None,
        )
    )
    if is_last and attempt.slug == slug and not endpoint.is_own and not _caches(attempt.usage):
        return line
    more = _seldom(attempt, slug, is_last)
    return line[:-1] + b"," + orjson.dumps(more)[1:] if more else line


def _of_tier(usage: Usage, endpoint: Endpoint) -> Usage:
    """Give usage with the tier that served it, where that is another than most and the provider does not say so."""
    if endpoint.tier == "default" or not usage or "service_tier" in usage:
        return usage
    return usage | {"service_tier": served(endpoint)}


def _caches(usage: Usage) -> bool:
    return bool(usage.get("cache_read_input_tokens")) or writes(usage)


def _seldom(attempt: Attempt, slug: str, is_last: bool) -> dict[str, Any]:
    """Give what few attempts have to say."""
    more: dict[str, Any] = {}
    price = attempt.endpoint.price
    if not is_last:
        more = {"usage": attempt.usage, "basis": attempt.basis}
    if attempt.slug != slug:
        more["slug"] = attempt.slug
    if attempt.endpoint.region is not None:
        more["region"] = attempt.endpoint.region
    if attempt.endpoint.is_own:
        more["upstream_nanousd"] = attempt.cost.upstream_nanousd if attempt.cost else None
    if price is not None and attempt.cost is not FREE and (saved := price.discount(attempt.usage)) is not None:
        more["cache_discount_nanousd"] = saved
    return more


def _between(since_ns: int, moment_ns: int) -> int | None:
    """Give nanoseconds between two moments; None when the second has not come."""
    return max(0, moment_ns - since_ns) if moment_ns else None
