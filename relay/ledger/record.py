"""Record: the facts of one call, from its first byte to its last; and the line and the generation made of them.

Field names follow spec/operations.md 14.5. Every number that money depends on has a `basis` (USG-4).
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from time import monotonic_ns
from typing import Any

import orjson

from relay.call import Call
from relay.catalog import Attempt, Cost, Usage
from relay.dialects import messages
from relay.errors import RelayError
from relay.ledger.money import Bill


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
        "response_model",
        "started",
        "status",
        "stop_reason",
        "usage",
    )

    def __init__(self, call: Call) -> None:
        self._call = call
        self.id = call.id
        self.started = time.time()
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

    def estimate(self) -> int:
        """Estimate the prompt's tokens, for a provider that tells none."""
        self.input_estimate = messages.input_tokens(self._call.content)
        return self.input_estimate

    def observe(self, report: Mapping[str, Any], bill: Bill) -> None:
        """Take the facts of one streamed attempt, and settle its cost."""
        self.events = sum(report["events"].values())
        self.normalised = report["normalised"]
        self.first_event_ns = report["first_event_ns"] or 0
        self.stop_reason = report["stop_reason"]
        self.response_model = report["response_model"]
        usage = dict(report["usage"])
        self.basis = report["basis"]
        if self.basis == "provider_partial":
            usage["output_tokens"] = max(usage.get("output_tokens", 0), report["estimated_output_tokens"])
        elif self.basis == "none" and report["first_content_ns"]:
            usage = {"input_tokens": self.input_estimate, "output_tokens": report["estimated_output_tokens"]}
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

    def ended(self, outcome: Outcome, status: int, error: RelayError | None = None) -> None:
        """The call is over; `status` is what the client saw, 499 when it saw nothing."""
        self.outcome = outcome
        self.status = status
        self.error = error

    def close(self) -> None:
        """The call is over now; its content is let go."""
        self.ended_ns = monotonic_ns()
        self._call.release()

    def line(self, config: str) -> bytes:
        """Give the call's one line of JSON, without a line end; `config` is the configuration's digest."""
        call = self._call
        last = self.attempts[-1] if self.attempts else None
        return orjson.dumps(
            {
                "ts": _stamp(self.started + (self.ended_ns - call.received_ns) / 1e9),
                "level": "info" if self.outcome is Outcome.COMPLETE else "warning",
                "event": "call",
                "request_id": self.id,
                "operation": call.operation,
                "key_id": call.identity.name,
                "session_id": call.session_id,
                "app": call.app,
                "created": self.started,
                "request_model": call.model,
                "model": self.model,
                "response_model": self.response_model,
                "provider": last.endpoint.provider if last else None,
                "provider_name": last.endpoint.display_name if last else None,
                "endpoint": last.endpoint.id if last else None,
                "upstream_request_id": last.upstream_request_id if last else None,
                "stream": call.stream,
                "status": self.status,
                "error_type": self.error.reason if self.error else None,
                "outcome": self.outcome.value,
                "finish_reason": self.stop_reason,
                "attempts": [self._attempt(attempt) for attempt in self.attempts],
                "dur_ms": self._ms(self.ended_ns),
                "ttfe_ms": self._ms(self.first_event_ns),
                "overhead_us": (last.sent_ns - call.received_ns) // 1000 if last and last.sent_ns else None,
                "in_bytes": call.size,
                "out_bytes": self.bytes_out,
                "events": self.events,
                "normalised": self.normalised,
                "usage": self.usage,
                "basis": self.basis,
                "cost_nanousd": self.cost.total_nanousd if self.cost else None,
                "config": config,
            }
        )

    def _attempt(self, attempt: Attempt) -> dict[str, Any]:
        return {
            "endpoint": attempt.endpoint.id,
            "provider_name": attempt.endpoint.display_name,
            "model": attempt.model,
            "status": attempt.status,
            "error_type": attempt.error,
            "dur_ms": (attempt.ended_ns - attempt.sent_ns) / 1e6 if attempt.sent_ns and attempt.ended_ns else None,
        }

    def _ms(self, moment_ns: int) -> float | None:
        return (moment_ns - self._call.received_ns) / 1e6 if moment_ns else None


_seconds = (0, "")


def _stamp(now: float) -> str:
    """Give RFC 3339 with milliseconds; the part up to the second is made once a second."""
    global _seconds
    whole = int(now)
    if _seconds[0] != whole:
        _seconds = (whole, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)))
    return f"{_seconds[1]}.{int((now - whole) * 1000):03d}Z"


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
