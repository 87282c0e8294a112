"""What is said: `answer()` gives the Answer of a script to a prompt. Pure, and the same for the same arguments."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import cycle

from relay.run.demo import texts
from relay.run.demo.answer import (
    Answer,
    Block,
    Cache,
    Invalid,
    Json,
    Made,
    Prompt,
    Text,
    Thinking,
    Tool,
    ToolUse,
    Unknown,
)
from relay.run.demo.grammar import MOST_EVENTS, Script
from relay.run.demo.schema import filled

_SHELLS: Mapping[str, Json] = {
    "Bash": {"command": "echo hello from demo", "description": "Print a greeting"},
    "exec_command": {"cmd": "echo hello from demo"},
}
"""What agents run commands with, Claude Code and Codex, and the command: most of their other tools need a person."""

_QUOTED = 400  # characters of a tool result that are said back


def answer(prompt: Prompt, script: Script) -> Answer:
    """The answer of `script.voice`; a fault that only changes what is said is in it. Raises `Invalid` on a bad key."""
    said = _VOICES[script.voice](prompt, script)
    return replace(said, reports_usage=False) if script.fault == "no-usage" else said


def _chat(_prompt: Prompt, script: Script) -> Answer:
    return Answer((_prose(script),))


def _echo(prompt: Prompt, script: Script) -> Answer:
    tools = _chosen(prompt, script.count("calls", 0))
    if tools and prompt.tool_results:
        return _quoted(prompt)
    arguments = texts.uneven(json.dumps({"text": prompt.user_text}))
    calls = tuple(ToolUse(tool.name, arguments) for tool in tools)
    return Answer((_cut(prompt.user_text, script), *calls), "tool_use" if calls else "end_turn")


def _personal(_prompt: Prompt, script: Script) -> Answer:
    return Answer((_cut(texts.PERSONAL, script),))


def _cut(text: str, script: Script) -> Text:
    count = script.events()
    return Text(texts.uneven(text) if count is None else texts.even(text, count))


def _tools(prompt: Prompt, script: Script) -> Answer:
    if prompt.tool_results:
        return _quoted(prompt)
    if not prompt.tools:
        return Answer((Text(texts.uneven("The demo was offered no tool to call.")),))
    calls = tuple(_call(tool, "demo") for tool in _chosen(prompt, max(1, script.count("calls", 1))))
    interleaved = bool(script.count("interleaved", 0))
    return Answer((Text(("Let me ", "use a tool.")), *calls), "tool_use", interleaved=interleaved)


def _quoted(prompt: Prompt) -> Answer:
    said = " | ".join(result[:_QUOTED] for result in prompt.tool_results)
    return Answer((Text(texts.uneven(f"The demo called a tool, which answered: {said}")),))


def _chosen(prompt: Prompt, count: int) -> list[Tool]:
    """`count` tools: the one named first, or an agent's shell, then the others."""
    first = {prompt.wanted_tool} if prompt.wanted_tool else _SHELLS.keys()
    order = sorted(prompt.tools, key=lambda tool: tool.name not in first)
    return [order[n % len(order)] for n in range(min(count, 64) if order else 0)]


def _call(tool: Tool, word: str) -> ToolUse:
    arguments = _SHELLS.get(tool.name) or filled(tool.schema, word)
    return ToolUse(tool.name, texts.uneven(json.dumps(arguments)) if arguments else ())


def _thinking(prompt: Prompt, script: Script) -> Answer:
    size = script.count("signature", 300)
    return Answer((Thinking(texts.prose(None, texts.THOUGHT), signature(prompt.seed, size)), _prose(script)))


def signature(seed: str, size: int) -> str:
    """`size` characters of base64 that stand for `seed`: opaque, and easy to find altered."""
    raw = hashlib.shake_256(seed.encode()).digest(size)
    return base64.b64encode(raw).decode()[:size]


def _agent(prompt: Prompt, script: Script) -> Answer:
    if prompt.tool_results:
        return _quoted(prompt)
    tools = _chosen(prompt, script.count("calls", 2))
    calls = tuple(ToolUse(tool.name, said) for tool, said in zip(tools, cycle(texts.ARGUMENTS), strict=False))
    thought = Thinking(texts.uneven(texts.PLAN), signature(prompt.seed, script.count("signature", 300)))
    return Answer((thought, Text(texts.PROMISE), *calls), "tool_use" if calls else "end_turn")


def _citations(_prompt: Prompt, script: Script) -> Answer:
    document = {"document_index": 0, "document_title": "On streams", "file_id": None}
    located: Json = {
        "type": "char_location",
        "cited_text": texts.SOURCE[:33],
        "start_char_index": 0,
        "end_char_index": 33,
    }
    paged: Json = {"type": "page_location", "cited_text": texts.SOURCE, "start_page_number": 1, "end_page_number": 2}
    cited = Text(texts.uneven(texts.CITED), ({**located, **document}, {**paged, **document}))
    return Answer((_prose(script), cited))


def _refusal(_prompt: Prompt, script: Script) -> Answer:
    details = {"type": "refusal", "category": "general_harms", "explanation": "the model name asked for a refusal"}
    return Answer((Text(texts.prose(script.events(), texts.REFUSAL)),), "refusal", stop_details=details)


def _unicode(prompt: Prompt, _script: Script) -> Answer:
    blocks: tuple[Block, ...] = (Text(texts.UNICODE),)
    if not prompt.tools or prompt.tool_results:
        return Answer(blocks, escaped=True)
    arguments = json.dumps(filled(prompt.tools[0].schema, texts.UNICODE_WORD))
    call = ToolUse(prompt.tools[0].name, texts.uneven(arguments))
    return Answer((*blocks, call), "tool_use", escaped=True)


def _max_tokens(_prompt: Prompt, script: Script) -> Answer:
    return Answer((Text(texts.prose(script.events() or 20)),), "max_tokens")


def _stop_sequence(prompt: Prompt, script: Script) -> Answer:
    return Answer((_prose(script),), "stop_sequence", (*prompt.stop_sequences, "END")[0])


def _pause(_prompt: Prompt, script: Script) -> Answer:
    return Answer((_prose(script),), "pause_turn")


def _cache(_prompt: Prompt, script: Script) -> Answer:
    cache = Cache(script.count("read", 2000), script.count("write5m", 300), script.count("write1h", 100))
    return Answer((_prose(script),), cache=cache)


def _unknown_events(_prompt: Prompt, script: Script) -> Answer:
    return Answer((Unknown(("from ", "the ", "future")), _prose(script)))


def _long(_prompt: Prompt, script: Script) -> Answer:
    total, size = script.count("bytes", 1 << 20), max(1, script.count("size", 1024))
    size = max(size, -(-total // (script.events() or MOST_EVENTS)))
    piece = (texts.PARAGRAPH + " ") * (size // len(texts.PARAGRAPH) + 1)
    whole, rest = divmod(total, size)
    return Answer((Text(Made(whole + bool(rest), lambda n: piece[: size if n < whole else rest])),), rate=0)


def _paced(prompt: Prompt, script: Script) -> Answer:
    count, rate = script.events() or 100, script.number("rate", 50)
    if rate == 0:
        raise Invalid("model: rate must be more than 0")
    tag = prompt.tag
    return Answer((Text(Made(count, lambda n: f"{tag}#{n};")),), rate=rate)


def _prose(script: Script) -> Text:
    return Text(texts.prose(script.events()))


_VOICES: Mapping[str, Callable[[Prompt, Script], Answer]] = {
    "chat": _chat,
    "echo": _echo,
    "personal": _personal,
    "tools": _tools,
    "thinking": _thinking,
    "agent": _agent,
    "citations": _citations,
    "refusal": _refusal,
    "unicode": _unicode,
    "max-tokens": _max_tokens,
    "stop-sequence": _stop_sequence,
    "pause": _pause,
    "cache": _cache,
    "unknown-events": _unknown_events,
    "long": _long,
    "paced": _paced,
}
