"""Metadata: how a call was routed, for the client that asks (spec/openrouter-messages.md 15).

Made for such a call alone, and told once: in the answer, or beside the error. Counts, names and numbers, never content.
"""

from time import monotonic_ns
from typing import Any, Final

import orjson

from relay.call import Call
from relay.catalog import Attempt
from relay.errors import CallerError, NoEndpoint, RelayError, UnknownModel
from relay.ledger import Record
from relay.price import Usage
from relay.route import Candidate, Explanation, Plan, Router

NOTHING: Final = b""


class Metadata:
    """What `openrouter_metadata` says of one call.

    plan   None: none could be made
    """

    __slots__ = ("_call", "_record", "_router", "plan")

    def __init__(self, call: Call, record: Record, router: Router) -> None:
        self._call = call
        self._record = record
        self._router = router
        self.plan: Plan | None = None

    def of_answer(self, usage: Usage) -> bytes:
        """Give its JSON for an answer that is complete; `usage` is what the provider told."""
        told = self._told(self.plan, self._record.attempts[-1])
        if "input_tokens" not in usage or "output_tokens" not in usage:
            told.setdefault("params", {})["usage_estimated"] = True
        return orjson.dumps(told)

    def of_error(self, error: RelayError) -> bytes:
        """Give its JSON for a call that failed; nothing for faults of the request, and for those of relay's own."""
        if isinstance(error, (CallerError, UnknownModel)) or error.status == 500:
            return NOTHING
        if self.plan is not None:
            return orjson.dumps(self._told(self.plan, None))
        return (
            orjson.dumps(self._told(self._router.explain(self._call), None))
            if isinstance(error, NoEndpoint)
            else NOTHING
        )

    def _told(self, plan: Plan | Explanation | None, selected: Attempt | None) -> dict[str, Any]:
        """Give it; `selected` is the attempt that answered."""
        assert plan is not None, "who answers was asked for by a plan"
        call, attempts = self._call, self._record.attempts
        provider = selected.endpoint.display_name if selected else "none"
        told: dict[str, Any] = {
            "requested": call.model,
            "strategy": plan.wanted.strategy(selected.slug if selected else None),
            "region": selected.endpoint.region if selected else None,
            "summary": f"available={len(plan.available)}, selected={provider}",
            "attempt": attempts[-1].number if attempts else 0,
            "is_byok": selected is not None and selected.endpoint.is_own,
            "endpoints": {
                "total": plan.total,
                "available": [_shown(candidate, selected) for candidate in plan.available],
            },
        }
        params = self._params(attempts[-1] if attempts else None)
        if params:
            told["params"] = params
        if len(attempts) > 1:
            told["attempts"] = [_tried(attempt) for attempt in attempts]
        pipeline = self._pipeline(plan)
        if pipeline:
            told["pipeline"] = pipeline
        told["generation_time"] = (monotonic_ns() - call.received_ns) // 1_000_000
        return told

    def _params(self, attempt: Attempt | None) -> dict[str, Any]:
        """Give what of the request was not taken as it is."""
        call = self._call
        params: dict[str, Any] = {}
        if attempt is not None and attempt.dropped:
            params["dropped_parameters"] = sorted(attempt.dropped)
        unsent = (*call.plugins.ignored, *(attempt.dropped_fields if attempt else ()))
        if unsent:
            params["dropped_fields"] = list(unsent)
        if attempt is not None and attempt.max_tokens is not None:
            params["max_tokens_clamped"] = attempt.max_tokens
        if call.preferences.order and (unknown := self._router.unknown_providers(call)):
            params["unknown_providers"] = unknown
        return params

    def _pipeline(self, plan: Plan | Explanation) -> list[dict[str, Any]]:
        """Give the steps that ran, in their order (spec/gateway-object.md 12)."""
        preferences = self._call.preferences
        pipeline: list[dict[str, Any]] = []
        if preferences.zdr == "gateway.zdr":
            pipeline.append({"type": "guardrail", "name": "gateway.zdr"})
        if any(field == "gateway.only" for field, _ in preferences.only):
            pipeline.append({"type": "guardrail", "name": "gateway.only"})
        redaction = self._record.redaction
        if redaction is not None:
            counts = redaction.counts()
            found = sum([sum(each.values()) for each in counts.values()])
            pipeline.append(
                {"type": "guardrail", "name": "gateway.redact", "summary": f"matches={found}", "data": counts}
            )
        if plan.wanted.choice is not None and plan.wanted.choice.stage is not None:
            pipeline.append(plan.wanted.choice.stage)
        return pipeline


def _shown(candidate: Candidate, selected: Attempt | None) -> dict[str, Any]:
    return {
        "provider": candidate.endpoint.display_name,
        "model": candidate.slug,
        "selected": selected is not None
        and candidate.endpoint is selected.endpoint
        and candidate.slug == selected.slug,
    }


def _tried(attempt: Attempt) -> dict[str, Any]:
    return {"provider": attempt.endpoint.display_name, "model": attempt.slug, "status": attempt.status}
