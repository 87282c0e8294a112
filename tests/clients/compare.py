"""What relay adds to an answer, taken off and looked at: all else must be what the provider said.

The additions are those of spec/openrouter-messages.md 13, 14 and 17: `id`, `model`, `provider`, the members of a whole
message that are null when unused, and three members of the usage that ends an answer.
"""

import re
from copy import deepcopy
from typing import Any

import pytest

from tests.clients.servers import COMPLETION_USD, PROMPT_USD

Json = dict[str, Any]

GENERATION_ID = re.compile(r"gen-\d{10}-[0-9A-Za-z]{20,}")

_REPLACED = ("id", "model")
_NULL_WHEN_UNUSED = ("stop_sequence", "stop_details", "container")
_MONEY = ("cost", "cost_details", "is_byok")


def bare(message: Json) -> Json:
    """The message without what relay adds or replaces."""
    kept = {name: value for name, value in message.items() if name not in (*_REPLACED, "provider")}
    for name in _NULL_WHEN_UNUSED:
        if kept.get(name) is None:
            kept.pop(name, None)
    return kept | {"usage": _without_money(kept["usage"])}


def bare_events(events: list[Any]) -> list[Any]:
    """The events of a stream, likewise; pings never get through an SDK."""
    kept = deepcopy(events)
    for event in kept:
        if event["type"] == "message_start":
            event["message"] = bare(event["message"])
        elif event["type"] == "message_delta" and event.get("usage"):
            event["usage"] = _without_money(event["usage"])
    return kept


def check_additions(message: Json, model: str, fields: Json) -> None:
    """The message is relay's own in name: one generation id everywhere, the client's model, who served it."""
    assert GENERATION_ID.fullmatch(message["id"])
    assert fields["request-id"] == fields["x-generation-id"] == message["id"]
    assert re.fullmatch(r"req_demo\d+", fields["x-relay-upstream-request-id"])
    assert fields["anthropic-organization-id"] == "org_demo"
    assert message["model"] == model
    assert message["provider"] == "Demo"


def check_money(usage: Json) -> None:
    """The usage that ends an answer has its cost, exactly what the counts are worth."""
    write_5m, write_1h = _written(usage)
    prompt_tokens = usage["input_tokens"] + (usage.get("cache_read_input_tokens") or 0) + 1.25 * write_5m + 2 * write_1h
    prompt = prompt_tokens * PROMPT_USD / 1e6
    completion = usage["output_tokens"] * COMPLETION_USD / 1e6
    assert usage["cost"] == pytest.approx(prompt + completion, abs=1e-9)
    assert usage["cost_details"] == {
        "upstream_inference_cost": None,
        "upstream_inference_prompt_cost": pytest.approx(prompt, abs=1e-9),
        "upstream_inference_completions_cost": pytest.approx(completion, abs=1e-9),
        "server_tool_cost": 0,
    }
    assert usage["is_byok"] is False


def _without_money(usage: Json) -> Json:
    return {name: value for name, value in usage.items() if name not in _MONEY}


def _written(usage: Json) -> tuple[int, int]:
    """Tokens written to the cache for 5 minutes and for an hour; a bare total counts as 5 minutes."""
    split = usage.get("cache_creation")
    if split:
        return split["ephemeral_5m_input_tokens"], split["ephemeral_1h_input_tokens"]
    return usage.get("cache_creation_input_tokens") or 0, 0
