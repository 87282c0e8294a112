"""The marks of what is to be cached, as the endpoint's way of caching takes them (spec/openrouter-messages.md 11)."""

from typing import Final

from relay._core import contains
from relay.errors import CallerInvalid
from relay.prepare.blocks import Block, blocks, with_inner
from relay.prepare.prompt import Edits, Prompt

MOST: Final = 4
_KEY: Final = "cache_control"
_NEEDLE: Final = b'"cache_control"'
_HOLDERS: Final = ("tools", "system", "messages")
"""In the order in which a provider reads them."""
_CACHEABLE: Final = frozenset(
    {
        "text",
        "image",
        "document",
        "tool_use",
        "tool_result",
        "server_tool_use",
        "web_search_tool_result",
        "search_result",
        "compaction",
    }
)


def place(prompt: Prompt) -> None:
    """Leave, remove or move the marks.

    raises   CallerInvalid for more of them than an endpoint takes that reads them
    """
    mode = prompt.accepts.caching
    if mode is None or not contains(prompt.call.content, _NEEDLE):
        return
    if mode in ("implicit", "none"):
        _remove(prompt)
        return
    wanted = prompt.value(_KEY)
    is_moved = mode == "explicit" and wanted != b""
    if not is_moved and prompt.call.content.count(_NEEDLE) <= MOST:
        return
    marks = _marks(prompt)
    if len(marks) > MOST:
        raise CallerInvalid(f"{marks[MOST]}.{_KEY}: at most {MOST} blocks of a request may carry it; this is one more")
    if is_moved:
        prompt.put(_KEY, b"")
        if len(marks) < MOST:
            _mark_last(prompt, wanted)


def _blocks(text: bytes, holder: str) -> list[Block]:
    """Give the blocks of a member that may carry a mark, inner ones too; only of messages that hold any."""
    if not contains(text, _NEEDLE):
        return []
    found = blocks(text, (0, len(text)), holder, _NEEDLE)
    if holder == "tools":
        return found
    if holder == "messages":
        found = [
            block
            for message in found
            for block in blocks(text, message.place("content"), f"{message.path}.content", _NEEDLE)
        ]
    return with_inner(text, found)


def _marks(prompt: Prompt) -> list[str]:
    """Give the path of each block that carries a mark."""
    paths = []
    for holder in _HOLDERS:
        text = prompt.value(holder)
        for block in _blocks(text, holder):
            mark = block.place(_KEY)
            if mark is not None and text[mark[0] : mark[1]] != b"null":
                paths.append(block.path)
    return paths


def _remove(prompt: Prompt) -> None:
    prompt.put(_KEY, b"")
    for holder in _HOLDERS:
        text = prompt.value(holder)
        edits = Edits(text)
        for block in _blocks(text, holder):
            edits.remove_fields(block.members, _KEY)
        changed = edits.applied()
        if changed is not text:
            prompt.put(holder, changed)


def _mark_last(prompt: Prompt, mark: bytes) -> None:
    """Mark the last block that can be cached, unless it is marked."""
    text = prompt.value("messages")
    for message in reversed(blocks(text, (0, len(text)), "messages")):
        changed = _marked(text, message.place("content"), mark)
        if changed is not None:
            prompt.put("messages", changed)
            return
    system = prompt.value("system")
    changed = _marked(system, (0, len(system)), mark) if system else None
    if changed is not None:
        prompt.put("system", changed)
        return
    tools = prompt.value("tools")
    for tool in reversed(blocks(tools, (0, len(tools)), "tools") if tools else []):
        deferred = tool.place("defer_loading")
        if deferred is None or tools[deferred[0] : deferred[1]] != b"true":
            prompt.put("tools", _with_mark(tools, tool, mark))
            return


def _marked(text: bytes, content: tuple[int, int] | None, mark: bytes) -> bytes | None:
    """Give a text with its last cacheable block of a content marked; None: the content has none."""
    if content is None:
        return None
    if text[content[0]] == 0x22:
        start, end = content
        if end - start == 2:
            return None
        edits = Edits(text)
        edits.replace(start, start, b'[{"type":"text","text":')
        edits.replace(end, end, b',"cache_control":%b}]' % mark)
        return edits.applied()
    for block in reversed(blocks(text, content, "")):
        said = block.place("text")
        if block.kind in _CACHEABLE and not (block.kind == "text" and said and text[said[0] : said[1]] == b'""'):
            return _with_mark(text, block, mark)
    return None


def _with_mark(text: bytes, block: Block, mark: bytes) -> bytes:
    edits = Edits(text)
    present = block.place(_KEY)
    if present is None:
        edits.replace(block.end - 1, block.end - 1, b',"cache_control":%b' % mark)
    elif text[present[0] : present[1]] == b"null":
        edits.replace(present[0], present[1], mark)
    return edits.applied()
