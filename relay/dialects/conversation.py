"""A conversation of the Messages dialect on its way into another one (spec/wire-protocols.md 4, openrouter-messages 4).

Conversation walks through it and knows its rules: results stand right behind the calls that they answer, in their
order, and a call without one gets one that says so; tools that a provider ran are finished exchanges; ids and names of
tools that others don't take are replaced the same way in calls, results and definitions, and `names` leads back. What
a dialect does with it says a subclass.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, Generic, Protocol, TypeVar

from relay.dialects import chat_blocks
from relay.dialects.chat_blocks import Json, refused
from relay.dialects.exact_json import encoded

__all__ = ["Conversation", "Json", "Said", "Turn", "alternating", "refused", "system_text"]

MOST_ID: Final = 40
MOST_NAME: Final = 64
NO_RESULT: Final = "Error: no result"
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
BILLING: Final = "x-anthropic-billing-header:"


class Said(Protocol):
    """What the model said in one message so far, as a dialect keeps it."""

    def speak(self, text: str) -> None: ...
    def think(self, block: Json) -> None: ...
    def call(self, id: str, call: Json) -> None: ...


class Turn:
    """What goes out for one message, and what has to stand right behind it.

    items     messages, or whatever a dialect has for them
    calls     ids of its calls, as they are sent, in their order
    results   by those ids
    behind    what follows all results
    """

    __slots__ = ("behind", "calls", "is_system", "items", "results")

    def __init__(self, items: Sequence[Json], calls: Sequence[str] = (), *, is_system: bool = False) -> None:
        self.items = list(items)
        self.calls = list(calls)
        self.is_system = is_system
        self.results: dict[str, Json] = {}
        self.behind: list[Json] = []


S = TypeVar("S", bound=Said)


class Conversation(ABC, Generic[S]):
    """One request's way into a dialect.

    tools    the request's own
    names    what a tool's name that is sent stands for
    """

    def __init__(self, tools: Sequence[Json]) -> None:
        self._turns: list[Turn] = []
        self._called: dict[str, Turn] = {}
        self.names: dict[bytes, bytes] = {}
        for tool in tools:
            if isinstance(tool.get("name"), str):
                self.alias(tool["name"])

    # What a dialect has to say

    @abstractmethod
    def _new_said(self) -> S:
        """Give what keeps what the model says in a message."""

    @abstractmethod
    def _close(self, said: S) -> None:
        """Put what the model said, if it said anything."""

    @abstractmethod
    def _call(self, id: str, name: str, arguments: str) -> Json:
        """Give a call by the id and the name that are sent."""

    @abstractmethod
    def _result(self, turn: Turn, id: str, text: str, images: Sequence[Json]) -> Json:
        """Give the result of one of the turn's calls."""

    @abstractmethod
    def _put_user(self, parts: Sequence[Json]) -> None:
        """Put what the user said; parts are those of `chat_blocks`."""

    @abstractmethod
    def _put_system(self, text: str) -> None:
        """Put what the system says within the conversation."""

    def _ends(self, turn: Turn) -> Sequence[Json]:
        """Give what goes behind the results of a turn."""
        return turn.behind

    def _parts(self, block: Json, path: str) -> list[Json]:
        """Give the parts that a block of a user's message becomes."""
        return chat_blocks.parts(block, path)

    # What all have in common

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
        if len(id) <= MOST_ID and _ID.fullmatch(id):
            return id
        return f"call_{sha256(id.encode()).hexdigest()[:24]}"

    def items(self, messages: Sequence[Json], *, goes_on: bool = False) -> list[Json]:
        """Give the conversation; consecutive turns of a role stay apart.

        goes_on   the provider goes on with an answer that is begun
        raises    ProviderRefused for content that can't be sent
        """
        for at, message in enumerate(messages):
            content, path = message["content"], f"messages.{at}.content"
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            if message["role"] == "assistant":
                self._assistant(blocks, path)
            elif message["role"] == "user":
                self._user(blocks, path)
            elif text := system_text(blocks):
                self._put_system(text)
        last = messages[-1]
        if last["role"] == "assistant" and not goes_on and _is_prefill(last["content"]):
            reason = "an answer that is begun here can't be sent to an endpoint of this dialect"
            raise refused(f"messages.{len(messages) - 1}", reason)
        return [item for turn in self._turns for item in self._all(turn)]

    def _all(self, turn: Turn) -> list[Json]:
        results = [turn.results.get(id) or self._result(turn, id, NO_RESULT, ()) for id in turn.calls]
        return [*turn.items, *results, *self._ends(turn)]

    def _put(self, turn: Turn) -> Turn:
        self._turns.append(turn)
        return turn

    def _answers(self, turn: Turn, ids: Sequence[str]) -> None:
        """Note that a turn called tools by these ids of the client's."""
        self._called |= dict.fromkeys(ids, turn)

    def _assistant(self, blocks: Sequence[Json], path: str) -> None:
        """Put what the model said; a tool that the provider ran ends a turn, for its result stands behind it."""
        said = self._new_said()
        for at, block in enumerate(blocks):
            kind, place = block["type"], f"{path}.{at}"
            if kind == "text":
                said.speak(block["text"])
            elif kind == "thinking":
                said.think(block)
            elif kind == "redacted_thinking":
                continue
            elif kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
                if not isinstance(block.get("id"), str) or not isinstance(block.get("name"), str):
                    raise refused(place, "a call of a tool has an id and a name")
                arguments = encoded(block.get("input") or {}).decode()
                said.call(block["id"], self._call(self._id(block["id"]), self.alias(block["name"]), arguments))
            elif kind == "compaction":
                self._compact(block, place)
                said = self._new_said()
            elif kind in _RESULTS and isinstance(block.get("tool_use_id"), str):
                self._close(said)
                self._take_result(block["tool_use_id"], chat_blocks.rendered(block), [], place)
                said = self._new_said()
            else:
                raise refused(f"{place}.type", f"{kind[:64]!r} can't be sent to an endpoint of this dialect")
        self._close(said)

    def _compact(self, block: Json, path: str) -> None:
        """Start the conversation again with what stands for all of it so far."""
        if not isinstance(block.get("content"), str | None):
            raise refused(f"{path}.content", "must be a string")
        self._turns = [turn for turn in self._turns[:1] if turn.is_system]
        if summary := block.get("content"):
            self._put_user([chat_blocks.text(summary)])

    def _user(self, blocks: Sequence[Json], path: str) -> None:
        parts: list[Json] = []
        for at, block in enumerate(blocks):
            place = f"{path}.{at}"
            if block["type"] == "tool_result":
                images: list[Json] = []
                text = chat_blocks.result(block, place, images)
                self._take_result(block["tool_use_id"], text, images, place)
            else:
                parts += self._parts(block, place)
        if parts:
            self._put_user(parts)

    def _take_result(self, id: str, text: str, images: list[Json], path: str) -> None:
        """Put a result behind the call that it answers."""
        turn = self._called.get(id)
        if turn is None:
            raise refused(f"{path}.tool_use_id", "answers no tool call before it")
        sent = self._id(id)
        turn.results[sent] = self._result(turn, sent, text, images)


def alternating(items: Sequence[Json], content: str) -> list[Json]:
    """Give items of roles that take turns: what stands side by side is one, its parts in the member `content`."""
    joined: list[Json] = []
    for item in items:
        if joined and joined[-1]["role"] == item["role"]:
            joined[-1][content] += item[content]
        else:
            joined.append(item)
    return joined


def system_text(system: Any) -> str:
    """Give the system prompt as one text, without what a client says of billing in it: it changes with every call."""
    if not isinstance(system, list):
        return system or ""
    texts = [block["text"] for block in system if block.get("type") == "text"]
    return "\n\n".join([text for text in texts if text and not text.startswith(BILLING)])


def _is_prefill(content: Any) -> bool:
    """Tell whether a last message of the model is an answer to be gone on with, not a call that awaits its result."""
    return isinstance(content, str) or not any(block["type"].endswith("tool_use") for block in content)
