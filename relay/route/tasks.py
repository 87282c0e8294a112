"""What a request is about: classified(call) gives a Task by a look at it, without a model, the network or a wait.

A guess, for the choice of a model (contract 12.3). What is looked at is bounded: the ends of the newest text of the
user's, the tools' names, and whether there are images. WORDS and PARTS are the whole of its knowledge: what in a text
speaks for a task, and how loudly. Add a task: name it in catalog.TASKS, and give it a row.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Raw, Struct
from msgspec.json import Decoder

from relay.call import Call

DEFAULT: Final = "chat"
END: Final = 2 << 10
"""Characters that are read of either end of a text."""
LARGE: Final = 128 << 10
"""Bytes of messages of which only the end is read, as it stands."""
MOST_MESSAGES: Final = 16
"""From the newest on; further back nobody looks for a text of the user's."""

WORDS: Final[Mapping[str, Sequence[tuple[float, str]]]] = {
    "coding": (
        (2, "python javascript typescript rust golang java kotlin swift c++ c# sql bash regex html css cython django"),
        (2, "traceback stacktrace segfault syntaxerror typeerror nullpointerexception compiler refactor debug pytest"),
        (1, "code function method script api endpoint variable library framework class import git repository unittest"),
        (1, "fonction funktion función código quelltext programm programme bug compile codebase npm pip docker"),
    ),
    "math": (
        (2, "prove proof theorem lemma integral derivative eigenvalue polynomial equation gleichung équation ecuación"),
        (1.5, "solve calculate compute probability algebra geometry calculus berechne calcule calcula sqrt modulo"),
    ),
    "reasoning": (
        (2, "riddle puzzle paradox deduce hypothesis trade-off tradeoff tradeoffs"),
        (1, "why analyze analyse evaluate compare assess strategy decide plan warum pourquoi argue justify"),
    ),
    "writing": (
        (2, "essay poem story novel lyrics screenplay haiku blog gedicht poème cuento sonnet fiction"),
        (1.5, "rewrite rephrase proofread draft slogan headline paragraph paraphrase umformulieren"),
        (1, "write email letter article speech tone lettre carta brief schreibe écris escribe"),
    ),
    "translation": (
        (3, "translate translation traduire traduis traduction traducir traduce traduzca перевод переведи"),
    ),
    "summary": (
        (3, "summarize summarise summary tldr zusammenfassung résumé résume resumen resume"),
        (1, "condense shorten gist takeaways overview abstract"),
    ),
    "extraction": (
        (2, "extract classify categorize categorise extrahiere extrais clasifica"),
        (1, "label csv json structured fields entities schema parse spreadsheet"),
    ),
}
"""Whole words, in lower case."""

PARTS: Final[Mapping[str, Sequence[tuple[float, str]]]] = {
    "coding": ((3, "```"), (2, "stack trace"), (2, "def "), (2, "();"), (2, "=> {"), (2, "#include"), (1, "</")),
    "math": ((3, "\\frac"), (3, "\\int"), (2, "$$"), (1, " = x"), (1, "x^")),
    "reasoning": ((2, "step by step"), (2, "pros and cons"), (2, "root cause"), (1, "schritt für schritt")),
    "writing": ((1.5, "write a"), (1.5, "tone of"), (1, "cover letter")),
    "translation": (
        (3, "übersetz"),
        (3, "翻译"),
        (3, "翻訳"),
        (1, "into english"),
        (1, "into german"),
        (1, "in french"),
    ),
    "summary": ((3, "zusammenfass"), (3, "tl;dr"), (2, "key points"), (2, "main points"), (1, "bullet points")),
    "extraction": ((2, "json schema"), (2, "as json"), (1, "table of"), (1, "for each")),
}
"""Parts of a text, in lower case."""

TOOLS_WEIGHT: Final = 2.0
IMAGE_WEIGHT: Final = 3.0
_WORD: Final = re.compile(r"[^\W\d_][\w+#-]*")
_OF_WORDS: Final[Mapping[str, tuple[str, float]]] = {
    word: (task, weight) for task, rows in WORDS.items() for weight, words in rows for word in words.split()
}
_TOOL_NAME: Final = re.compile(rb'"name"\s*:\s*"([^"\\]{1,128})"')
_CODING_TOOLS: Final = re.compile(rb"bash|shell|edit|patch|grep|glob|terminal|read_?file|write_?file|execute", re.I)


class Task:
    """A guess: one of catalog.TASKS, and how sure it is, from 0 to 1."""

    __slots__ = ("confidence", "word")

    def __init__(self, word: str, confidence: float) -> None:
        self.word = word
        self.confidence = confidence

    def data(self) -> dict[str, Any]:
        """Give it as `openrouter_metadata.pipeline` shows it."""
        return {"task_type": self.word, "confidence": self.confidence}


class _Message(Struct):
    role: str
    content: Raw


class _Block(Struct):
    type: str = ""
    text: str = ""


_MESSAGES: Final = Decoder(list[Raw])
_MESSAGE: Final = Decoder(_Message)
_CONTENT: Final = Decoder(str | list[_Block])


def classified(call: Call) -> Task:
    """Give what a call seems to be about."""
    try:
        return _guess(call)
    except Exception:  # noqa: BLE001 - a guess: that there is none must not fail the call (contract 12.3)
        return Task(DEFAULT, 0.0)


def _guess(call: Call) -> Task:
    messages = _last(call, "messages", LARGE + 1)
    text = _newest_text(messages)
    found = _weights(text.lower())
    tools = _last(call, "tools", 2 * END)
    if len(tools) > len(b"[]"):
        names = _TOOL_NAME.findall(tools)
        found["coding"] += TOOLS_WEIGHT * bool(_CODING_TOOLS.search(b" ".join(names)))
        found["agent"] = TOOLS_WEIGHT
    if b'"image"' in messages:
        found["vision"] = IMAGE_WEIGHT
    word = max(found, key=lambda task: found[task])
    best, all_of_them = found[word], sum(found.values())
    return Task(word, round(best / (all_of_them + 1), 2)) if best else Task(DEFAULT, 0.0)


def _weights(text: str) -> dict[str, float]:
    """Give how loudly a text, in lower case, speaks for each task."""
    found = {task: sum([weight for weight, part in rows if part in text]) for task, rows in PARTS.items()}
    for word in _OF_WORDS.keys() & set(_WORD.findall(text)):
        task, weight = _OF_WORDS[word]
        found[task] += weight
    return found


def _last(call: Call, name: str, most: int) -> bytes:
    """Give the last bytes of a member, none when the request has none."""
    for key, _, _, start, end in call.members:
        if key == name:
            return call.content[max(start, end - most) : end]
    return b""


def _newest_text(messages: bytes) -> str:
    """Give both ends of the newest text that the user wrote."""
    if len(messages) > LARGE:
        return messages[-2 * END :].decode("utf-8", "replace")
    for raw in _MESSAGES.decode(messages)[: -MOST_MESSAGES - 1 : -1]:
        message = _MESSAGE.decode(raw)
        if message.role == "user" and (text := _text_of(message.content)):
            return text if len(text) <= 2 * END else f"{text[:END]}\n{text[-END:]}"
    return ""


def _text_of(raw: Raw) -> str:
    content = _CONTENT.decode(raw)
    if isinstance(content, str):
        return content
    return "\n".join([block.text for block in content if block.type == "text"])
