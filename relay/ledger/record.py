"""Record: the facts of one call, from its first byte to its last; and the line and the generation made of them.

Field names follow spec/operations.md 14.5. Every number that money depends on has a `basis` (USG-4).
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from time import monotonic_ns
from typing import Any, Final

from relay._core import Line, Report, moment
from relay.call import Call, Identity
from relay.catalog import NANO_PLACES, Attempt, Cost, Usage
from relay.dialects import messages
from relay.errors import RelayError
from relay.ledger.money import Bill
from relay.redact.redaction import Redaction

MS_PLACES: Final = 6


class Outcome(Enum):
    """How a call ended."""

    COMPLETE = "complete"
    ERROR = "error"
    CLIENT_GONE = "client_gone"
    CLIENT_SLOW = "client_slow"
    DRAIN_CUT = "drain_cut"


class Record:
    """What is known of a call so far. The gateway writes to it; `line` is read once, at the end."""

    __slots__ = (
        "_call",
        "attempts",
        "basis",
        "bytes_out",
        "cost",
        "ended_ns",
        "error",
        "events",
        "first_event_ns",
        "id",
        "input_estimate",
        "model",
        "normalised",
        "outcome",
        "redaction",
        "response_model",
        "started_ns",
        "status",
        "stop_reason",
        "usage",
    )

    def __init__(self, call: Call) -> None:
        self._call = call
        self.id = call.id
        self.started_ns = time.time_ns()
        self.model = call.model
        self.attempts: list[Attempt] = []
        self.outcome = Outcome.ERROR
        self.status = 0
        self.error: RelayError | None = None
        self.usage: Usage = {}
        self.basis = "none"
        self.cost: Cost | None = None
        self.stop_reason: str | None = None
        self.response_model: str | None = None
        self.first_event_ns = 0
        self.input_estimate = 0
        self.ended_ns = 0
        self.events = 0
        self.normalised = 0
        self.bytes_out = 0
        self.redaction: Redaction | None = None

    def estimate(self) -> int:
        """Estimate the prompt's tokens, for a provider that tells none."""
        self.input_estimate = messages.input_tokens(self._call.content)
        return self.input_estimate

    def observe(self, report: Report, bill: Bill) -> None:
        """Take the facts of one streamed attempt, and settle its cost."""
        self.bytes_out += report.bytes_out
        self.events = report.event_count
        self.normalised = report.normalised
        self.first_event_ns = report.first_event_ns or 0
        self.stop_reason = report.stop_reason
        self.response_model = report.response_model
        usage = report.usage
        self.basis = report.basis
        if self.basis == "provider_partial":
            usage["output_tokens"] = max(usage.get("output_tokens", 0), report.estimated_output_tokens)
        elif self.basis == "none" and report.first_content_ns:
            usage = {"input_tokens": self.input_estimate, "output_tokens": report.estimated_output_tokens}
            self.basis = "estimated"
        self._settle(usage, bill)

    def answered(self, report: Mapping[str, Any], bill: Bill) -> None:
        """Take the facts of a unary answer, and settle its cost."""
        self.stop_reason = report["stop_reason"]
        self.response_model = report["response_model"]
        self.basis = report["basis"]
        self._settle(report["usage"], bill)

    def _settle(self, usage: Usage, bill: Bill) -> None:
        self.usage = usage
        self.cost = bill.cost(usage)

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
        output = self.usage.get("output_tokens")
        return (_prompt(self.usage) or 0) + (output if isinstance(output, int) else 0)

    def cached_tokens(self) -> int:
        """Give the prompt's tokens that were read from a cache or written to one."""
        read, written = self.usage.get("cache_read_input_tokens"), self.usage.get("cache_creation_input_tokens")
        return sum([count for count in (read, written) if isinstance(count, int)])

    def ended(self, outcome: Outcome, status: int, error: RelayError | None = None) -> None:
        """The call is over; `status` is what the client saw, 499 when it saw nothing."""
        self.outcome = outcome
        self.status = status
        self.error = error

    def close(self) -> None:
        """The call is over now; its content is let go."""
        self.ended_ns = monotonic_ns()
        self._call.release()
        if self.redaction:
            self.redaction.forget()

    def line(self, config: str) -> bytes:
        """Give the call's one line of JSON, without a line end; `config` is the configuration's digest."""
        call = self._call
        last = self.attempts[-1] if self.attempts else None
        endpoint = last.endpoint if last else None
        complete = self.outcome is Outcome.COMPLETE
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
                b"[" + b",".join([_attempt(attempt) for attempt in self.attempts]) + b"]",
                _between(call.received_ns, self.ended_ns),
                _between(call.received_ns, self.first_event_ns),
                (last.sent_ns - call.received_ns) // 1000 if last and last.sent_ns else None,
                call.size,
                self.bytes_out,
                self.events,
                self.normalised,
                self.usage,
                self.basis,
                self.cost.total_nanousd if self.cost else None,
                self.redaction.counts() if self.redaction else None,
                config,
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
        "cost_nanousd",
        "redactions",
        "config",
    ),
    places={"created": NANO_PLACES, "dur_ms": MS_PLACES, "ttfe_ms": MS_PLACES},
)
_ATTEMPT: Final = Line(
    ("endpoint", "provider_name", "model", "status", "error_type", "dur_ms"), places={"dur_ms": MS_PLACES}
)


def _attempt(attempt: Attempt) -> bytes:
    endpoint = attempt.endpoint
    took = _between(attempt.sent_ns, attempt.ended_ns) if attempt.sent_ns else None
    return _ATTEMPT.write((endpoint.id, endpoint.display_name, attempt.model, attempt.status, attempt.error, took))


def _between(since_ns: int, moment_ns: int) -> int | None:
    """Give nanoseconds between two moments; None when the second has not come."""
    return max(0, moment_ns - since_ns) if moment_ns else None


def generation(line: Mapping[str, Any]) -> dict[str, Any]:
    """Give a finished call as `GET /v1/generation` shows it (spec/openrouter-messages.md 20.3), from its line."""
    usage = line["usage"]
    cost = line["cost_nanousd"]
    return {
        "id": line["request_id"],
        "model": line["model"],
        "provider_name": line["provider_name"],
        "router": None,
        "created_at": datetime.fromtimestamp(line["created"], UTC).isoformat(timespec="milliseconds"),
        "streamed": line["stream"],
        "cancelled": line["outcome"] in (Outcome.CLIENT_GONE.value, Outcome.CLIENT_SLOW.value),
        "finish_reason": line["finish_reason"],
        "native_finish_reason": line["finish_reason"],
        "latency": line["ttfe_ms"],
        "generation_time": line["dur_ms"],
        "tokens_prompt": _prompt(usage),
        "tokens_completion": usage.get("output_tokens"),
        "native_tokens_prompt": _prompt(usage),
        "native_tokens_completion": usage.get("output_tokens"),
        "native_tokens_reasoning": usage.get("reasoning_output_tokens"),
        "native_tokens_cached": usage.get("cache_read_input_tokens"),
        "num_search_results": usage.get("web_search_requests"),
        "num_fetches": usage.get("web_fetch_requests"),
        "usage": usage,
        "usage_basis": line["basis"],
        "total_cost": None if cost is None else cost / 1e9,
        "total_cost_nanousd": cost,
        "upstream_inference_cost": None,
        "is_byok": False,
        "service_tier": usage.get("service_tier"),
        "session_id": line["session_id"],
        "external_user": None,
        "app": line["app"],
        "outcome": line["outcome"],
        "error_type": line["error_type"],
        "provider_responses": [
            {
                "provider_name": attempt["provider_name"],
                "status": attempt["status"],
                "latency": attempt["dur_ms"],
                "is_byok": False,
                "model_permaslug": attempt["model"],
            }
            for attempt in line["attempts"]
        ],
    }


def _prompt(usage: Mapping[str, Any]) -> int | None:
    """Give all input tokens: plain, read from a cache and written to one."""
    if "input_tokens" not in usage:
        return None
    return int(
        usage["input_tokens"] + usage.get("cache_read_input_tokens", 0) + usage.get("cache_creation_input_tokens", 0)
    )
