"""A conversation of the Messages dialect as Bedrock's Converse has it (spec/wire-protocols.md 4.6).

Turns alternate there: what stands side by side is joined, results of tools before all else. A mark of what is to be
cached is a block of its own behind the one that had it, where the endpoint is known to take such marks.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from relay.dialects import chat_blocks
from relay.dialects.conversation import BILLING, NO_RESULT, Conversation, Json, Turn, alternating, refused

__all__ = ["Json", "Translation", "cache_point", "refused"]

_FORMATS: Final = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_NO_OUTPUT: Final = "(no output)"
"""In place of a result without a word: text that is empty or blank is refused."""
_DOCUMENT: Final = "(see above)"
"""Beside documents that come without a word: they are refused alone."""
_NO_BYTES: Final = "must hold the bytes of a PDF, or of a PNG, JPEG, GIF or WebP image"


def cache_point(block: Json) -> Json:
    """Give the mark that stands behind a block that asks to be cached."""
    point: Json = {"type": "default"}
    if (ttl := block["cache_control"].get("ttl")) is not None:
        point["ttl"] = ttl
    return {"cachePoint": point}


class _Said:
    """What the model said in one message so far."""

    __slots__ = ("blocks", "calls", "keeps_thinking")

    def __init__(self, keeps_thinking: bool) -> None:
        self.keeps_thinking = keeps_thinking
        self.blocks: list[Json] = []
        self.calls: list[tuple[str, str]] = []

    def speak(self, text: str) -> None:
        if text.strip():
            self.blocks.append({"text": text})

    def think(self, block: Json) -> None:
        if self.keeps_thinking and block["signature"]:
            said = {"text": block["thinking"], "signature": block["signature"]}
            self.blocks.append({"reasoningContent": {"reasoningText": said}})

    def call(self, id: str, call: Json) -> None:
        self.blocks.append(call)
        self.calls.append((id, call["toolUse"]["toolUseId"]))


class Translation(Conversation[_Said]):
    """One request's way into the dialect.

    tools    the request's own
    marks    the endpoint takes marks of what is to be cached
    redacts  what is sent is redacted: thinking, which is not scanned, stays here
    called   names of the tools that were called so far, as they are sent
    """

    def __init__(self, tools: Sequence[Json], marks: bool, redacts: bool) -> None:
        super().__init__(tools)
        self.marks = marks
        self.called: dict[str, None] = {}
        self._redacts = redacts
        self._failed: set[str] = set()
        self._documents = 0

    def system(self, system: Any) -> list[Json]:
        """Give the system prompt, without what a client says of billing in it: it changes with every call."""
        blocks = system if isinstance(system, list) else [{"type": "text", "text": system or ""}]
        found: list[Json] = []
        for block in blocks:
            if block["text"].strip() and not block["text"].startswith(BILLING):
                found += [{"text": block["text"]}, *self._mark(block)]
        return found

    def messages(self, messages: Sequence[Json]) -> list[Json]:
        """Give the conversation, its turns alternating.

        raises   ProviderRefused for content that can't be sent
        """
        turns = alternating(self.items(messages), "content")
        for turn in turns:
            kinds = {kind for block in turn["content"] for kind in block}
            if "document" in kinds and "text" not in kinds:
                turn["content"].append({"text": _DOCUMENT})
        return turns

    def _mark(self, block: Json) -> list[Json]:
        return [cache_point(block)] if self.marks and block.get("cache_control") else []

    def _new_said(self) -> _Said:
        return _Said(not self._redacts)

    def _call(self, id: str, name: str, arguments: str) -> Json:
        self.called[name] = None
        return {"toolUse": {"toolUseId": id, "name": name, "input": orjson.loads(arguments)}}

    def _close(self, said: _Said) -> None:
        if said.blocks:
            turn = self._put(Turn([{"role": "assistant", "content": said.blocks}], [sent for _, sent in said.calls]))
            self._answers(turn, [id for id, _ in said.calls])

    def _assistant(self, blocks: Sequence[Json], path: str) -> None:
        before = len(self._turns)
        super()._assistant(blocks, path)
        marks = [point for block in blocks for point in self._mark(block)]
        if marks and len(self._turns) > before:
            self._turns[-1].items[-1]["content"].append(marks[-1])

    def _put_system(self, text: str) -> None:
        self._put(Turn([_user([{"text": f"<system-reminder>{text}</system-reminder>"}])]))

    def _put_user(self, parts: Sequence[Json]) -> None:
        content = [block for part in parts for block in _blocks(part)]
        if content:
            self._put(Turn([_user(content)]))

    def _user(self, blocks: Sequence[Json], path: str) -> None:
        results = [block for block in blocks if block["type"] == "tool_result"]
        _check_images(blocks, path)
        self._failed |= {self._id(block["tool_use_id"]) for block in results if block.get("is_error")}
        super()._user(blocks, path)
        for block in results:
            self._called[block["tool_use_id"]].behind += self._mark(block)

    def _parts(self, block: Json, path: str) -> list[Json]:
        parts = [self._part(part, path) for part in chat_blocks.parts(block, path)]
        return [*parts, *self._mark(block)] if parts else []

    def _part(self, part: Json, path: str) -> Json:
        """Give a part of the Chat dialect as one of this: content that comes with its bytes alone."""
        if part["type"] == "text":
            return {"text": part["text"]}
        data = part["file"]["file_data"] if part["type"] == "file" else part["image_url"]["url"]
        media_type, comma, content = data.removeprefix("data:").partition(";base64,")
        if part["type"] == "file" and media_type == "application/pdf":
            self._documents += 1  # a name of the client's could be read as an instruction, and has to be unique
            name = f"Document {self._documents}"
            return {"document": {"format": "pdf", "name": name, "source": {"bytes": content}}}
        if not comma or media_type not in _FORMATS:
            raise refused(f"{path}.source", _NO_BYTES)
        return {"image": {"format": _FORMATS[media_type], "source": {"bytes": content}}}

    def _result(self, _: Turn, id: str, text: str, images: Sequence[Json]) -> Json:
        content: list[Json] = [{"text": text}] if text.strip() else []
        content += [self._part(image, "") for image in images]
        status = "error" if id in self._failed or text == NO_RESULT else "success"
        return {"toolResult": {"toolUseId": id, "content": content or [{"text": _NO_OUTPUT}], "status": status}}

    def _all(self, turn: Turn) -> list[Json]:
        """Give a turn, and the results of its calls as what the user says to it."""
        results = super()._all(turn)[len(turn.items) :]
        return [*turn.items, _user(results)] if results else turn.items


def _check_images(blocks: Sequence[Json], path: str) -> None:
    """Refuse results of tools whose images lie elsewhere, or are of a kind that such an endpoint can't read."""
    for at, block in enumerate(blocks):
        content = block.get("content") if block["type"] == "tool_result" else None
        for within, inner in enumerate(content if isinstance(content, list) else ()):
            source = inner.get("source")
            if inner["type"] == "image" and source.get("media_type") not in _FORMATS:
                raise refused(f"{path}.{at}.content.{within}.source", _NO_BYTES)


def _user(content: list[Json]) -> Json:
    return {"role": "user", "content": content}


def _blocks(part: Json) -> list[Json]:
    """Give a part, which the shared code may have made, as content; none of nothing but spaces."""
    text = part.get("text")
    if isinstance(text, str):
        return [{"text": text}] if text.strip() else []
    return [part]
