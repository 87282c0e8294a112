"""The Gemini dialect, inwards: a whole answer as a message of the hub (spec/wire-protocols.md 4.5, 5.2).

Streams are read in `_core.gemini_decoder`; both say the same of the same parts.
"""

from collections.abc import Sequence

from relay._core import GEMINI_FAILURES, GEMINI_REASONS, GEMINI_UNSPECIFIED, PeerError, ProtocolError
from relay.dialects import answers
from relay.dialects.answers import Json, count_of, object_of, objects_of, string_of
from relay.dialects.translated import Reading


def message(content: bytes, seed: str, sent: Reading) -> bytes:
    """Give the message that an answer is.

    seed     what ids of tool calls are made from that have none of their own
    sent     says what names of tools stand for, and whether only the first call is kept
    raises   PeerError when it is an error; ProtocolError when it is no answer
    """
    answer = answers.parsed(content)
    if answer.get("error") not in (None, ""):
        told = object_of(answer, "error")
        raise answers.fault(told | {"type": told.get("status")}, string_of(answer, "error"))
    candidate = next((each for each in objects_of(answer, "candidates") if not each.get("index")), {})
    reason = string_of(candidate, "finishReason").encode()
    if reason in GEMINI_FAILURES:
        raise PeerError(GEMINI_FAILURES[reason], "")
    if not reason or reason in GEMINI_UNSPECIFIED:
        reason = _blocked(answer)
    blocks = _Blocks(seed, sent)
    for part in objects_of(object_of(candidate, "content"), "parts"):
        blocks.add(part)
    stop = GEMINI_REASONS.get(reason, b"end_turn").decode()
    if stop == "end_turn" and blocks.calls:
        stop = "tool_use"
    named = {"id": answer.get("responseId"), "model": answer.get("modelVersion")}
    return answers.message(named, blocks.found, stop, None, _usage(object_of(answer, "usageMetadata")))


def _blocked(answer: Json) -> bytes:
    """Give the reason of an answer without one of its own: its prompt was refused."""
    blocked = string_of(object_of(answer, "promptFeedback"), "blockReason").encode()
    if not blocked or blocked in GEMINI_UNSPECIFIED:
        raise ProtocolError("the answer does not say why it ended")
    return b"SAFETY"


class _Blocks:
    """The blocks of an answer, part by part."""

    def __init__(self, seed: str, sent: Reading) -> None:
        self._seed = seed
        self._sent = sent
        self.found: list[Json] = []
        self.calls = 0

    def add(self, part: Json) -> None:
        signature, text = string_of(part, "thoughtSignature"), string_of(part, "text")
        if isinstance(part.get("functionCall"), dict):
            self._call(part["functionCall"], signature)
            return
        is_thought = part.get("thought") is True
        if is_thought:
            self._say("thinking", text)
        if signature and (is_thought or self._open() == "thinking"):
            self.found.append(answers.thinking("", signature))
        if not is_thought:
            self._say("text", text)

    def _open(self) -> str:
        """Give the type of the block that may go on: what tells a signature is whole."""
        return self.found[-1]["type"] if self.found and not self.found[-1].get("signature") else ""

    def _say(self, kind: str, text: str) -> None:
        if not text:
            return
        if self._open() != kind:
            self.found.append(answers.thinking("", "") if kind == "thinking" else answers.text(""))
        self.found[-1][kind] += text

    def _call(self, call: Json, signature: str) -> None:
        if self._sent.single and self.calls:
            return
        if signature:
            self.found.append(answers.thinking("", signature))
        id = string_of(call, "id")
        minted = f"toolu_{self._seed}{self.calls:02d}"
        if id in self._ids():
            id = minted
        name = string_of(call, "name")
        self.found.append(answers.tool_use(id, minted, name, object_of(call, "args"), self._sent.names))
        self.calls += 1

    def _ids(self) -> Sequence[str]:
        return [block["id"] for block in self.found if block["type"] == "tool_use"]


def _usage(told: Json) -> Json:
    """Give usage: thoughts count beside the candidates, unless the total denies it, and tools beside the prompt."""
    prompt, said, thought = (count_of(told, f"{name}TokenCount") for name in ("prompt", "candidates", "thoughts"))
    asked = None if prompt is None else prompt + (count_of(told, "toolUsePromptTokenCount") or 0)
    if said is not None and asked is not None and asked + said == count_of(told, "totalTokenCount"):
        completion: int | None = said
    else:
        completion = None if said is None and thought is None else (said or 0) + (thought or 0)
    return answers.usage(asked, count_of(told, "cachedContentTokenCount"), None, completion, thought)
