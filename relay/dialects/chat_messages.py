"""A conversation of the Messages dialect as Chat Completions has it (spec/wire-protocols.md 4.1)."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from relay.dialects import chat_blocks
from relay.dialects.conversation import Conversation, Json, Turn, refused, system_text

__all__ = ["Json", "Translation", "refused"]


class _Said:
    """What the model said in one message so far."""

    __slots__ = ("calls", "text", "thinking")

    def __init__(self) -> None:
        self.text = self.thinking = ""
        self.calls: list[tuple[str, Json]] = []

    def speak(self, text: str) -> None:
        self.text += text

    def think(self, block: Json) -> None:
        if not block["signature"]:  # signed thinking goes back to its signer alone
            self.thinking += block["thinking"]

    def call(self, id: str, call: Json) -> None:
        self.calls.append((id, call))


class Translation(Conversation[_Said]):
    """One request's way into the dialect.

    quirks   what the provider is known to want otherwise
    tools    the request's own
    """

    def __init__(self, quirks: frozenset[str], tools: Sequence[Json]) -> None:
        super().__init__(tools)
        self._quirks = quirks

    def messages(self, system: Any, messages: Sequence[Json]) -> list[Json]:
        """Give the conversation.

        raises   ProviderRefused for content that can't be sent
        """
        if text := system_text(system):
            self._put_system(text)
        return self.items(messages, goes_on="prefill" in self._quirks)

    def _id(self, id: str) -> str:
        if "nine_char_ids" in self._quirks:
            return id if len(id) == 9 and id.isalnum() and id.isascii() else sha256(id.encode()).hexdigest()[:9]
        return super()._id(id)

    def _new_said(self) -> _Said:
        return _Said()

    def _call(self, id: str, name: str, arguments: str) -> Json:
        return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}

    def _close(self, said: _Said) -> None:
        if not said.text.strip() and not said.calls:
            return
        silence = "" if "empty_content" in self._quirks else None
        message: Json = {"role": "assistant", "content": said.text if said.text.strip() else silence}
        if said.calls:
            message["tool_calls"] = [call for _, call in said.calls]
        if said.thinking and "reasoning_content" in self._quirks:
            message["reasoning_content"] = said.thinking
        turn = self._put(Turn([message], [call["id"] for _, call in said.calls]))
        self._answers(turn, [id for id, _ in said.calls])

    def _put_system(self, text: str) -> None:
        self._put(Turn([{"role": "system", "content": text}], is_system=True))

    def _put_user(self, parts: Sequence[Json]) -> None:
        if content := chat_blocks.joined(parts):
            self._put(Turn([{"role": "user", "content": content}]))

    def _result(self, turn: Turn, id: str, text: str, images: Sequence[Json]) -> Json:
        """Give a result, which holds text alone: its images follow all results."""
        for image in images:
            turn.behind.append(image)
            text += f"{chr(10) if text else ''}[image {len(turn.behind)} attached below]"
        return {"role": "tool", "tool_call_id": id, "content": text}

    def _ends(self, turn: Turn) -> list[Json]:
        return [{"role": "user", "content": turn.behind}] if turn.behind else []
