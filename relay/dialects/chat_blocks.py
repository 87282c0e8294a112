"""Content blocks of the Messages dialect as parts of a Chat Completions message (spec/openrouter-messages.md 4)."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from relay.errors import ProviderRefused, Retry

Json = dict[str, Any]
_ERROR: Final = "Error: "
_OPAQUE: Final = frozenset({"encrypted_content", "encrypted_index", "encrypted_stdout"})


def refused(path: str, reason: str) -> ProviderRefused:
    """Give the refusal of what can't be said in this dialect; endpoints of another one may take it."""
    refusal = ProviderRefused(f"{path}: {reason}")
    refusal.retry = Retry.OTHER
    return refusal


def parts(block: Json, path: str) -> list[Json]:
    """Give the parts that a block of a user's message becomes; none of an empty text."""
    kind = block["type"]
    if kind == "text":
        return [text(block["text"])] if block["text"] else []
    if kind == "image":
        return [image(block, path)]
    if kind == "document":
        return _document(block, path)
    if kind == "search_result":
        return [text(_search_result(block))]
    raise refused(f"{path}.type", f"{kind[:64]!r} can't be sent to an endpoint of this dialect")


def joined(parts: Sequence[Json]) -> str | Sequence[Json]:
    """Give parts as the content of a message: one string where all are text."""
    if all(part["type"] == "text" for part in parts):
        return "\n\n".join([part["text"] for part in parts])
    return parts


def text(said: str) -> Json:
    return {"type": "text", "text": said}


def image(block: Json, path: str) -> Json:
    """Give an image by its URL, which may hold it."""
    source = block["source"]
    if source["type"] == "base64":
        return _by_url(f"data:{source['media_type']};base64,{source['data']}")
    if source["type"] == "url":
        return _by_url(source["url"])
    raise refused(f"{path}.source.type", f"{source['type']!r} can't be sent to an endpoint of this dialect")


def _by_url(url: str) -> Json:
    return {"type": "image_url", "image_url": {"url": url}}


def _document(block: Json, path: str) -> list[Json]:
    """Give a document: texts in line with their title, a PDF as a file."""
    source, head = block["source"], _head(block)
    if source["type"] == "text":
        return [text(head + source["data"])]
    if source["type"] == "content":
        inner = source["content"]
        blocks = [{"type": "text", "text": inner}] if isinstance(inner, str) else inner
        found = [part for at, each in enumerate(blocks) for part in parts(each, f"{path}.source.content.{at}")]
        return [text(head.rstrip()), *found] if head else found
    if source["type"] == "base64":
        name = block.get("title") or "document.pdf"
        data = f"data:{source['media_type']};base64,{source['data']}"
        return [{"type": "file", "file": {"filename": name, "file_data": data}}]
    raise refused(f"{path}.source.type", f"{source['type']!r} can't be sent to an endpoint of this dialect")


def _head(block: Json) -> str:
    return "".join([f"{block[key]}\n\n" for key in ("title", "context") if block.get(key)])


def _search_result(block: Json) -> str:
    texts = [each["text"] for each in block["content"] if isinstance(each.get("text"), str)]
    return "\n".join([block["title"], block["source"], *texts])


def result(block: Json, path: str, images: list[Json]) -> str:
    """Give the text of a tool's result; its images are added to `images`."""
    content = block.get("content")
    blocks = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    texts = []
    for at, each in enumerate(blocks):
        if each["type"] == "image":
            images.append(image(each, f"{path}.content.{at}"))
        elif each["type"] == "tool_reference":
            texts.append(str(each.get("tool_name") or ""))
        else:
            found = parts(each, f"{path}.content.{at}")
            texts += [part["text"] for part in found if part["type"] == "text"]
            images += [part for part in found if part["type"] != "text"]
    told = "\n".join([each for each in texts if each])
    return _ERROR + told if block.get("is_error") and not told.lower().startswith("error") else told


def rendered(block: Json) -> str:
    """Give the result of a tool that a provider or relay ran, as text for a model that did not see it run."""
    content = block.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, dict) and isinstance(code := content.get("error_code"), str):
        return _ERROR + code
    if isinstance(content, list) and content and all(_is_page(each) for each in content):
        return "\n\n".join([f"{each['title']}\n{each['url']}" for each in content])
    return orjson.dumps(_readable(content)).decode()


def _is_page(each: Any) -> bool:
    return isinstance(each, dict) and isinstance(each.get("title"), str) and isinstance(each.get("url"), str)


def _readable(value: Any) -> Any:
    """Leave out what only its maker can read."""
    if isinstance(value, dict):
        return {key: _readable(item) for key, item in value.items() if key not in _OPAQUE}
    return [_readable(item) for item in value] if isinstance(value, list) else value
