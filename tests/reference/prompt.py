"""What is sent, the slow way: a decoded request, changed as spec/openrouter-messages.md 3.3, 11 and 13.3 say."""

import copy
from typing import Any

CACHEABLE = [
    "text",
    "image",
    "document",
    "tool_use",
    "tool_result",
    "server_tool_use",
    "web_search_tool_result",
    "search_result",
    "compaction",
]
Json = dict[str, Any]


def holders(body: Json) -> list[Json]:
    """Every object of a request that may carry cache_control, in the order in which a provider reads them."""
    found = list(body.get("tools") or [])
    found += _blocks(body.get("system"))
    for message in body["messages"]:
        found += _blocks(message["content"])
    return found


def _blocks(content: Any) -> list[Json]:
    found: list[Json] = []
    for block in content if isinstance(content, list) else []:
        found.append(block)
        if block.get("type") in ("tool_result", "search_result"):
            found += _blocks(block.get("content"))
        elif block.get("type") == "document" and isinstance(block.get("source"), dict):
            found += _blocks(block["source"].get("content"))
    return found


def marks(body: Json) -> int:
    return sum(holder.get("cache_control") is not None for holder in holders(body))


def cached(body: Json, mode: str) -> Json:
    """The request as an endpoint with this way of caching gets it."""
    body = copy.deepcopy(body)
    if mode in ("implicit", "none"):
        for holder in [body, *holders(body)]:
            holder.pop("cache_control", None)
    elif mode == "explicit" and body.get("cache_control") is not None:
        mark = body.pop("cache_control")
        if marks(body) < 4:
            _mark_last(body, mark)
    return body


def _mark_last(body: Json, mark: Json) -> None:
    places: list[tuple[Json, str]] = [(message, "content") for message in reversed(body["messages"])]
    places += [(body, "system")] if body.get("system") else []
    for place, key in places:
        if isinstance(place[key], str) and place[key]:
            place[key] = [{"type": "text", "text": place[key], "cache_control": mark}]
            return
        for block in reversed(place[key]) if isinstance(place[key], list) else []:
            if block.get("type") in CACHEABLE and not (block["type"] == "text" and block["text"] == ""):
                if block.get("cache_control") is None:
                    block["cache_control"] = mark
                return
    if body.get("tools") and body["tools"][-1].get("cache_control") is None:
        body["tools"][-1]["cache_control"] = mark


def without_thinking_of_others(body: Json) -> Json:
    """The request as an endpoint gets it that signed none of the thinking in it: empty signatures are its own."""
    body = copy.deepcopy(body)
    for message in body["messages"]:
        if isinstance(message["content"], list) and message["content"]:
            message["content"] = [block for block in message["content"] if not _is_foreign(block)] or None
    if any(message["content"] is not None for message in body["messages"]):
        body["messages"] = [message for message in body["messages"] if message["content"] is not None]
    else:
        return {}
    return body


def _is_foreign(block: Json) -> bool:
    return block.get("type") == "redacted_thinking" or (block.get("type") == "thinking" and block["signature"] != "")


def cleared(body: Json, keep: int, placeholder: str, excluded: list[str], with_inputs: bool) -> tuple[Json, int]:
    """The request with its old tool results cleared, and how many were."""
    body = copy.deepcopy(body)
    blocks = [block for message in body["messages"] for block in _blocks(message["content"])]
    uses = [block for block in blocks if block.get("type") == "tool_use"]
    results = {block["tool_use_id"]: block for block in blocks if block.get("type") == "tool_result"}
    count = 0
    for use in uses[: max(0, len(uses) - keep)]:
        result = results.get(use["id"], {})
        if use["name"] not in excluded and "content" in result:
            count += 1
            result["content"] = placeholder
            if with_inputs:
                use["input"] = {}
    return body, count
