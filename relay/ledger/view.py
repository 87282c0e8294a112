"""A finished call as `GET /v1/generation` shows it, from its line (spec/openrouter-messages.md 20.3)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from relay.ledger.record import Outcome


def generation(line: Mapping[str, Any]) -> dict[str, Any]:
    """Give a finished call as `GET /v1/generation` shows it (spec/openrouter-messages.md 20.3), from its line."""
    usage, cost, attempts = line["usage"], line["cost_nanousd"], line["attempts"]
    last = attempts[-1] if attempts else {}
    upstream = [attempt["upstream_nanousd"] for attempt in attempts if attempt.get("upstream_nanousd") is not None]
    return {
        "id": line["request_id"],
        "model": line["model"],
        "provider_name": line["provider_name"],
        "router": line.get("router"),
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
        "usage_anomalies": line["usage_anomalies"],
        "total_cost": _usd(cost),
        "total_cost_nanousd": cost,
        "cost_details": {
            "upstream_inference_prompt_cost": _usd(last.get("prompt_nanousd")),
            "upstream_inference_completions_cost": _usd(last.get("completion_nanousd")),
            "server_tool_cost": 0,
        },
        "cache_discount": _usd(last.get("cache_discount_nanousd")),
        "upstream_inference_cost": _usd(sum(upstream)) if upstream else None,
        "is_byok": "upstream_nanousd" in last,
        "service_tier": usage.get("service_tier"),
        "session_id": line["session_id"],
        "external_user": line.get("user"),
        "preset_id": None,
        "response_cache_source_id": None,
        "app": line["app"],
        "outcome": line["outcome"],
        "error_type": line["error_type"],
        "provider_responses": [
            {
                "provider_name": attempt["provider_name"],
                "status": attempt["status"],
                "latency": attempt["dur_ms"],
                "is_byok": "upstream_nanousd" in attempt,
                "model_permaslug": attempt["model"],
                "usage": usage if attempt is last else attempt.get("usage"),
                "total_cost_nanousd": attempt["cost_nanousd"],
            }
            for attempt in attempts
        ],
        "openrouter_metadata": _metadata(line, attempts),
    }


def _metadata(line: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give what the client of a call could ask to read in its answer (15), but for endpoints that were not tried."""
    answered = attempts[-1] if attempts and line["outcome"] == Outcome.COMPLETE.value else None
    tried = [
        {"provider": attempt["provider_name"], "model": attempt.get("slug", line["model"]), "status": attempt["status"]}
        for attempt in attempts
    ]
    shown = [
        {"provider": each["provider"], "model": each["model"], "selected": attempt is answered}
        for each, attempt in zip(tried, attempts, strict=True)
    ]
    told = {
        "requested": line["request_model"],
        "strategy": line.get("strategy"),
        "region": answered.get("region") if answered else None,
        "summary": f"available={line.get('available')}, selected={answered['provider_name'] if answered else 'none'}",
        "attempt": len(attempts),
        "is_byok": answered is not None and "upstream_nanousd" in answered,
        "endpoints": {"total": line.get("endpoints"), "available": shown},
        "generation_time": round(line["dur_ms"]),
    }
    if len(attempts) > 1:
        told["attempts"] = tried
    if line["redactions"] is not None:
        told["pipeline"] = [{"type": "guardrail", "name": "gateway.redact", "data": line["redactions"]}]
    return told


def _usd(nanousd: int | None) -> float | None:
    return None if nanousd is None else nanousd / 1e9


def _prompt(usage: Mapping[str, Any]) -> int | None:
    """Give all input tokens: plain, read from a cache and written to one."""
    if "input_tokens" not in usage:
        return None
    return int(
        usage["input_tokens"] + usage.get("cache_read_input_tokens", 0) + usage.get("cache_creation_input_tokens", 0)
    )


def activity_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row of the archive as `GET /v1/activity` shows it (20.4), exact numbers beside those in dollars."""
    return {
        "date": row["date"],
        "model": row["model"],
        "model_permaslug": row["upstream_model"],
        "endpoint_id": row["endpoint"],
        "provider_name": row["provider"],
        "requests": row["requests"],
        "prompt_tokens": row["prompt_tokens"],
        "completion_tokens": row["completion_tokens"],
        "reasoning_tokens": row["reasoning_tokens"],
        "usage": _usd(row["usage_nanousd"]),
        "usage_nanousd": row["usage_nanousd"],
        "byok_usage_inference": _usd(row["byok_nanousd"]),
        "byok_usage_inference_nanousd": row["byok_nanousd"],
        "requests_without_price": row["unpriced"],
    }
