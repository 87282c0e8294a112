"""A conversation on its way into the hub: Conversation takes its turns as they come, and puts them in the hub's order.

Whatever order a client has, results stand right behind their calls, a call that nobody answered gets a result that says
so, a result that answers nothing becomes text, and turns of one role that lie together are one (wire-protocols 4.3).
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

Json = dict[str, Any]
_NO_RESULT: Final = "no result"
_ORPHAN: Final = "Result of a tool call: "


def text(said: str) -> Json:
    return {"type": "text", "text": said}


class _Turn:
    """One turn; results of its calls by the call's id, None while there is none; `answered`: there is one."""

    __slots__ = ("answered", "blocks", "results", "role")

    def __init__(self, role: str, blocks: Sequence[Json]) -> None:
        self.role = role
        self.blocks = list(blocks)
        self.results: dict[str, Json | None] = {}
        self.answered = False


class Conversation:
    """Turns in the order in which the client has them."""

    __slots__ = ("_called", "_turns")

    def __init__(self) -> None:
        self._turns: list[_Turn] = []
        self._called: dict[str, _Turn] = {}

    def say(self, role: str, blocks: Sequence[Json]) -> None:
        """Take a turn; one without content is none, and what the model says goes on until a result comes."""
        if not blocks:
            return
        turn = self._turns[-1] if self._turns else None
        if turn is not None and turn.role == role == "assistant" and not turn.answered:
            turn.blocks += blocks
        else:
            turn = _Turn(role, blocks)
            self._turns.append(turn)
        for block in blocks:
            if block["type"] == "tool_use":
                turn.results[block["id"]] = None
                self._called[block["id"]] = turn

    def answer(self, id: str, content: str | Sequence[Json]) -> None:
        """Take the result of a call."""
        turn = self._called.get(id)
        if turn is not None:
            turn.results[id] = {"type": "tool_result", "tool_use_id": id, "content": content}
            turn.answered = True
        elif isinstance(content, str):
            self.say("user", [text(_ORPHAN + content)])
        else:
            self.say("user", [text(_ORPHAN.rstrip()), *content])

    def whole(self) -> tuple[list[Json], list[Json]]:
        """Give the system prompt's blocks, and the messages."""
        flat = list(self._flat())
        system: list[Json] = []
        messages: list[Json] = []
        for at, (role, blocks) in enumerate(flat):
            if role == "system" and not _may_stand(flat, at):
                system += blocks
            elif messages and messages[-1]["role"] == role:
                messages[-1]["content"] += blocks
            else:
                messages.append({"role": role, "content": list(blocks)})
        _end_with_words(messages)
        return system, messages

    def _flat(self) -> Iterator[tuple[str, Sequence[Json]]]:
        """Give the turns with their results behind them; what the system says twice in a row is one."""
        held: list[Json] = []
        for turn in self._turns:
            if turn.role == "system":
                held += turn.blocks
                continue
            if held:
                yield "system", held
                held = []
            yield turn.role, turn.blocks
            if turn.results:
                yield "user", [result or _missing(id) for id, result in turn.results.items()]
        if held:
            yield "system", held


def _end_with_words(messages: list[Json]) -> None:
    """Leave out thinking behind which nothing was said: no answer goes on from it, and Anthropic refuses it there."""
    while messages and messages[-1]["role"] == "assistant":
        content = messages[-1]["content"]
        while content and content[-1]["type"] in ("thinking", "redacted_thinking"):
            content.pop()
        if content:
            return
        messages.pop()


def _missing(id: str) -> Json:
    return {"type": "tool_result", "tool_use_id": id, "content": _NO_RESULT, "is_error": True}


def _may_stand(flat: Sequence[tuple[str, Sequence[Json]]], at: int) -> bool:
    """Tell whether a system turn may stand where it is: behind the user's, and before the model's or the end."""
    if at == 0 or flat[at - 1][0] != "user":
        return False
    return at + 1 == len(flat) or flat[at + 1][0] == "assistant"
