"""A conversation of the Messages dialect as Chat Completions has it (spec/wire-protocols.md 4.1).

Translation.messages() gives the list; ids and names of tools that such providers don't take are replaced the same way
in calls, results and definitions, and `names` leads back.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import orjson

from relay.dialects import chat_blocks
from relay.dialects.chat_blocks import Json, refused

__all__ = ["Json", "Translation", "refused"]

MOST_ID: Final = 40
MOST_NAME: Final = 64
_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_RESULTS: Final = frozenset(
    {
        "advisor_tool_result",
        "bash_code_execution_tool_result",
        "code_execution_tool_result",
        "mcp_tool_result",
        "openrouter_bash_tool_result",
        "openrouter_shell_tool_result",
        "text_editor_code_execution_tool_result",
        "web_fetch_tool_result",
        "web_search_tool_result",
    }
)
"""Results of tools that a provider ran, of which all text is scanned where redaction is on; of others nothing is."""
_BILLING: Final = "x-anthropic-billing-header:"
_NO_RESULT: Final = "Error: no result"


class _Turn:
    """One message that goes out, and what has to stand right behind it: results of its calls, images in them."""

    __slots__ = ("calls", "images", "message", "results")

    def __init__(self, message: Json, calls: Sequence[str] = ()) -> None:
        self.message = message
        self.calls = list(calls)
        self.results: dict[str, Json] = {}
        self.images: list[Json] = []

    def all(self) -> list[Json]:
        """Give the message and the results in the order of its calls; a call without one gets one that says so."""
        results = [self.results.get(id) or _result(id, _NO_RESULT) for id in self.calls]
        images = [{"role": "user", "content": self.images}] if self.images else []
        return [self.message, *results, *images]


class Translation:
    """One request's way into the dialect.

    quirks   what the provider is known to want otherwise
    tools    the request's own
    redacts  what is sent is redacted: thinking, which is not scanned, stays here
    names    what a tool's name that is sent stands for
    """

    def __init__(self, quirks: frozenset[str], tools: Sequence[Json], redacts: bool) -> None:
        self._quirks = quirks - {"reasoning_content"} if redacts else quirks
        self._turns: list[_Turn] = []
        self._called: dict[str, _Turn] = {}
        self.names: dict[bytes, bytes] = {}
        for tool in tools:
            if isinstance(tool.get("name"), str):
                self.alias(tool["name"])

    def alias(self, name: str) -> str:
        """Give the name under which a tool is sent."""
        if len(name) <= MOST_NAME:
            return name
        short = f"{name[: MOST_NAME - 17]}_{sha256(name.encode()).hexdigest()[:16]}"
        if _ID.fullmatch(name):  # no tool that can be called has another one
            self.names[short.encode()] = name.encode()
        return short

    def _id(self, id: str) -> str:
        """Give the id under which a call is sent."""
        if "nine_char_ids" in self._quirks:
            return id if len(id) == 9 and id.isalnum() and id.isascii() else sha256(id.encode()).hexdigest()[:9]
        if len(id) <= MOST_ID and _ID.fullmatch(id):
            return id
        return f"call_{sha256(id.encode()).hexdigest()[:24]}"

    def messages(self, system: Any, messages: Sequence[Json]) -> list[Json]:
        """Give the conversation; consecutive turns of a role stay apart.

        raises   ProviderRefused for content that can't be sent
        """
        if text := _system(system):
            self._say({"role": "system", "content": text})
        for at, message in enumerate(messages):
            content, path = message["content"], f"messages.{at}.content"
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            if message["role"] == "assistant":
                self._assistant(blocks, path)
            elif message["role"] == "user":
                self._user(blocks, path)
            elif text := _system(blocks):
                self._say({"role": "system", "content": text})
        last = messages[-1]
        if last["role"] == "assistant" and "prefill" not in self._quirks and _is_prefill(last["content"]):
            reason = "an answer that is begun here can't be sent to an endpoint of the Chat Completions dialect"
            raise refused(f"messages.{len(messages) - 1}", reason)
        return [message for turn in self._turns for message in turn.all()]

    def _say(self, message: Json, calls: Sequence[str] = ()) -> _Turn:
        turn = _Turn(message, calls)
        self._turns.append(turn)
        return turn

    def _assistant(self, blocks: Sequence[Json], path: str) -> None:
        """Say what the model said; a tool that the provider ran ends a message, for its result stands behind it."""
        said = _Said()
        for at, block in enumerate(blocks):
            kind, place = block["type"], f"{path}.{at}"
            if kind == "text":
                said.text += block["text"]
            elif kind == "thinking":
                if not block["signature"]:  # signed thinking goes back to its signer alone
                    said.thinking += block["thinking"]
            elif kind == "redacted_thinking":
                continue
            elif kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
                if not isinstance(block.get("id"), str) or not isinstance(block.get("name"), str):
                    raise refused(place, "a call of a tool has an id and a name")
                said.calls.append((block["id"], self._call(block)))
            elif kind == "compaction":
                self._compact(block, place)
                said = _Said()
            elif kind in _RESULTS and isinstance(block.get("tool_use_id"), str):
                self._close(said)
                self._take_result(block["tool_use_id"], chat_blocks.rendered(block), [], place)
                said = _Said()
            else:
                raise refused(f"{place}.type", f"{kind[:64]!r} can't be sent to an endpoint of this dialect")
        self._close(said)

    def _call(self, block: Json) -> Json:
        arguments = orjson.dumps(block.get("input") or {}).decode()
        function = {"name": self.alias(block["name"]), "arguments": arguments}
        return {"id": self._id(block["id"]), "type": "function", "function": function}

    def _close(self, said: "_Said") -> None:
        """Send what the model said, if it said anything."""
        if not said.text.strip() and not said.calls:
            return
        message: Json = {"role": "assistant", "content": said.text if said.text.strip() else None}
        if said.calls:
            message["tool_calls"] = [call for _, call in said.calls]
        if said.thinking and "reasoning_content" in self._quirks:
            message["reasoning_content"] = said.thinking
        turn = self._say(message, [call["id"] for _, call in said.calls])
        self._called |= {id: turn for id, _ in said.calls}

    def _compact(self, block: Json, path: str) -> None:
        """Start the conversation again with what stands for all of it so far."""
        if not isinstance(block.get("content"), str | None):
            raise refused(f"{path}.content", "must be a string")
        self._turns = [turn for turn in self._turns[:1] if turn.message["role"] == "system"]
        if summary := block.get("content"):
            self._say({"role": "user", "content": summary})

    def _user(self, blocks: Sequence[Json], path: str) -> None:
        parts: list[Json] = []
        for at, block in enumerate(blocks):
            place = f"{path}.{at}"
            if block["type"] == "tool_result":
                images: list[Json] = []
                text = chat_blocks.result(block, place, images)
                self._take_result(block["tool_use_id"], text, images, place)
            else:
                parts += chat_blocks.parts(block, place)
        if content := chat_blocks.joined(parts):
            self._say({"role": "user", "content": content})

    def _take_result(self, id: str, text: str, images: list[Json], path: str) -> None:
        """Put a result behind the call that it answers; images follow all results, for results hold text alone."""
        turn = self._called.get(id)
        if turn is None:
            raise refused(f"{path}.tool_use_id", "answers no tool call before it")
        sent = self._id(id)
        for image in images:
            turn.images.append(image)
            text += f"{chr(10) if text else ''}[image {len(turn.images)} attached below]"
        turn.results[sent] = _result(sent, text)


class _Said:
    """What the model said in one message so far."""

    __slots__ = ("calls", "text", "thinking")

    def __init__(self) -> None:
        self.text = self.thinking = ""
        self.calls: list[tuple[str, Json]] = []


def _result(id: str, text: str) -> Json:
    return {"role": "tool", "tool_call_id": id, "content": text}


def _system(system: Any) -> str:
    """Give the system prompt as one text, without what a client says of billing in it: it changes with every call."""
    if not isinstance(system, list):
        return system or ""
    texts = [block["text"] for block in system if block.get("type") == "text"]
    return "\n\n".join([text for text in texts if text and not text.startswith(_BILLING)])


def _is_prefill(content: Any) -> bool:
    """Tell whether a last message of the model is an answer to be gone on with, not a call that awaits its result."""
    return isinstance(content, str) or not any(block["type"].endswith("tool_use") for block in content)
