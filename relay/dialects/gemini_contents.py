"""A conversation of the Messages dialect as Gemini's contents (spec/wire-protocols.md 4.5).

Turns alternate and the user begins; all results of a turn stand in one content, then what they hold beside text. The
signature of a call came as thinking without a word before it (`_core.gemini_decoder`), and goes back with the call.
Thinking itself does not go back: only its signature counts.
"""

import mimetypes
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from relay.dialects.conversation import NO_RESULT, Conversation, Json, Turn, alternating, system_text
from relay.dialects.exact_json import decoded

__all__ = ["Contents", "Json"]

NO_SIGNATURE: Final = "skip_thought_signature_validator"
"""What Google documents for a call whose signature is lost."""
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_LEGAL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_ODD: Final = re.compile(r"[^A-Za-z0-9_]")
_BEGINNING: Final = "(The conversation begins with your answer.)"
_ERROR: Final = "Error: "


class _Said:
    """What the model said in one message so far."""

    __slots__ = ("calls", "ids", "parts", "signature")

    def __init__(self) -> None:
        self.parts: list[Json] = []
        self.calls: list[Json] = []
        self.ids: list[str] = []
        self.signature = ""

    def speak(self, text: str) -> None:
        if text.strip():
            self._add({"text": text})

    def think(self, block: Json) -> None:
        if _SIGNATURE.fullmatch(block["signature"]):
            self.signature = block["signature"]

    def call(self, id: str, call: Json) -> None:
        self.ids.append(id)
        self.calls.append(call)
        self._add(call)

    def _add(self, part: Json) -> None:
        if self.signature:
            part["thoughtSignature"] = self.signature
            self.signature = ""
        self.parts.append(part)


class Contents(Conversation[_Said]):
    """One request's way into the dialect.

    tools              the request's own
    wants_signatures   the model refuses calls that are not signed
    redacts            what is sent is redacted: a signature, which nothing can read, stays here
    """

    def __init__(self, tools: Sequence[Json], wants_signatures: bool, redacts: bool) -> None:
        self._wants_signatures = wants_signatures
        self._redacts = redacts
        self._failed: set[str] = set()
        self._tool_of: dict[str, str] = {}
        super().__init__(tools)

    def of(self, messages: Sequence[Json]) -> list[Json]:
        """Give the conversation.

        raises   ProviderRefused for content that can't be sent
        """
        contents = alternating(self.items(messages), "parts")
        if not contents or contents[0]["role"] == "model":
            contents.insert(0, _content("user", [{"text": _BEGINNING}]))
        return contents

    def system(self, system: Any) -> Json | None:
        """Give the system prompt."""
        text = system_text(system)
        return {"parts": [{"text": text}]} if text else None

    def alias(self, name: str) -> str:
        if _LEGAL.fullmatch(name):
            return name
        short = f"t_{_ODD.sub('_', name)[:40]}_{sha256(name.encode()).hexdigest()[:16]}"
        if _NAME.fullmatch(name):  # no tool that can be called has another one
            self.names[short.encode()] = name.encode()
        return short

    def _new_said(self) -> _Said:
        return _Said()

    def _call(self, id: str, name: str, arguments: str) -> Json:
        self._tool_of[id] = name
        value = decoded(arguments.encode())
        return {"functionCall": {"id": id, "name": name, "args": value if isinstance(value, dict) else {"_raw": value}}}

    def _close(self, said: _Said) -> None:
        if not said.parts:
            return
        if self._redacts:
            for part in said.parts:
                part.pop("thoughtSignature", None)
        if said.calls and self._wants_signatures:  # of parallel calls the first one is signed
            said.calls[0].setdefault("thoughtSignature", NO_SIGNATURE)
        ids = [call["functionCall"]["id"] for call in said.calls]
        turn = self._put(Turn([_content("model", said.parts)], ids))
        self._answers(turn, said.ids)

    def _user(self, blocks: Sequence[Json], path: str) -> None:
        failed = [each for each in blocks if each["type"] == "tool_result" and each.get("is_error")]
        self._failed |= {self._id(each["tool_use_id"]) for each in failed}
        super()._user(blocks, path)

    def _put_user(self, parts: Sequence[Json]) -> None:
        self._put(Turn([_content("user", [_part(part) for part in parts])]))

    def _put_system(self, text: str) -> None:
        """Put what the system says within the conversation where the user spoke last: there is no such role."""
        reminder = f"<system-reminder>\n{text}\n</system-reminder>"
        self._put(Turn([_content("user", [{"text": reminder}])]))

    def _result(self, turn: Turn, id: str, text: str, images: Sequence[Json]) -> Json:
        first = len(turn.behind) + 1
        turn.behind += [_part(image) for image in images]
        marks = [f"[image {number} attached below]" for number in range(first, len(turn.behind) + 1)]
        told = "\n".join([*([text] if text else []), *marks])
        is_failed = id in self._failed or text == NO_RESULT
        response = {"error": told.removeprefix(_ERROR)} if is_failed else {"output": told}
        return {"functionResponse": {"id": id, "name": self._tool_of[id], "response": response}}

    def _all(self, turn: Turn) -> list[Json]:
        """Give a turn and the one content that all its results are."""
        whole = super()._all(turn)
        return [*turn.items, _content("user", whole[len(turn.items) :])] if turn.calls else whole


def _content(role: str, parts: list[Json]) -> Json:
    return {"role": role, "parts": parts}


def _part(part: Json) -> Json:
    """Give a part of `chat_blocks` in Google's words."""
    if part["type"] == "text":
        return {"text": part["text"]}
    url: str = part["image_url"]["url"] if part["type"] == "image_url" else part["file"]["file_data"]
    head, comma, data = url.partition(";base64,")
    if comma and head.startswith("data:"):
        return {"inlineData": {"mimeType": head.removeprefix("data:"), "data": data}}
    kind = mimetypes.guess_type(url.partition("?")[0])[0]
    return {"fileData": {"mimeType": kind or "image/jpeg", "fileUri": url}}
