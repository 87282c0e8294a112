"""A client that speaks Responses: how it asks, and what it can bear (wire-protocols 3.5)."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.core.running import Run, sent

Json = dict[str, Any]
ASKED = {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}
_TEXTS = {
    "response.output_text.delta": "response.output_text.done",
    "response.function_call_arguments.delta": "response.function_call_arguments.done",
    "response.custom_tool_call_input.delta": "response.custom_tool_call_input.done",
    "response.reasoning_summary_text.delta": "response.reasoning_summary_text.done",
}


@dataclass
class Client:
    """How a client of this dialect asked to be answered; `failed` is set by the encoder."""

    names: dict[bytes, bytes] = field(default_factory=dict)
    customs: frozenset[bytes] = frozenset()
    asked: bytes = json.dumps(ASKED)[1:-1].encode()
    dialect: str = "responses"
    failed: Callable[[str, str], bytes] = field(default=lambda _code, _message: b"", compare=False)


def told(output: bytes) -> list[Json]:
    """The events of an output: the line and the data name the same type, and they are numbered without gaps."""
    found = [(kind, json.loads(data)) for kind, data in sent(output)]
    assert all(kind == data["type"] for kind, data in found)
    assert [data["sequence_number"] for _, data in found] == list(range(len(found)))
    return [data for _, data in found]


def assert_sound(done: Run) -> None:
    """Fail unless the output keeps the grammar: items one behind the other, each text told again, one ending."""
    events = told(done.output)
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"][: len(events)]
    if done.outcome is not None:
        assert not any(re.fullmatch(r"response\.(completed|incomplete|failed)", event["type"]) for event in events)
        return
    last = events[-1]
    assert last["type"] == f"response.{last['response']['status']}"
    assert last["type"] in ("response.completed", "response.incomplete")
    assert last["response"]["usage"]["total_tokens"] >= 0
    assert last["response"].items() >= ASKED.items()
    assert last["response"]["output"] == _items(events[2:-1])


def _items(events: list[Json]) -> list[Json]:
    """The items that were done."""
    items: list[Json] = []
    open_item: Json | None = None
    text = ""
    for event in events:
        assert event["output_index"] == len(items)
        if event["type"] == "response.output_item.added":
            assert open_item is None, "items overlap"
            open_item, text = event["item"], ""
        elif event["type"] == "response.output_item.done":
            assert open_item is not None
            assert event["item"]["id"] == open_item["id"]
            assert _paired(text) == _text_of(event["item"])
            items.append(event["item"])
            open_item = None
        else:
            assert open_item is not None
            assert event["item_id"] == open_item["id"]
            if event["type"] in _TEXTS:
                assert event["delta"], "an empty delta"
                text += event["delta"]
            elif event["type"] in _TEXTS.values():
                assert next(event[key] for key in ("text", "arguments", "input") if key in event) == _paired(text)
            else:
                assert event["part"]["text"] == (_paired(text) if event["type"].endswith("done") else "")
    assert open_item is None
    return items


def _text_of(item: Json) -> str:
    if item["type"] == "function_call":
        return str(item["arguments"])
    if item["type"] == "custom_tool_call":
        return str(item["input"])
    return "".join(part["text"] for part in item.get("content", item.get("summary", ())))


def _paired(text: str) -> str:
    """The text with halves of surrogate pairs that came in two deltas as one."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
