"""Model names: `parse()` gives the script that one names, or raises `Invalid`; `NAMES` lists all scripts.

The tables hold every script with the keys it takes; what scripts and faults do is in `scripts` and `faults`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from relay.run.demo.answer import Invalid

VOICES: Mapping[str, frozenset[str]] = {
    "chat": frozenset(),
    "echo": frozenset({"calls"}),
    "personal": frozenset(),
    "tools": frozenset({"calls", "interleaved"}),
    "thinking": frozenset({"signature"}),
    "agent": frozenset({"calls", "signature"}),
    "citations": frozenset(),
    "refusal": frozenset(),
    "unicode": frozenset(),
    "max-tokens": frozenset(),
    "stop-sequence": frozenset(),
    "pause": frozenset(),
    "cache": frozenset({"read", "write5m", "write1h"}),
    "unknown-events": frozenset(),
    "long": frozenset({"bytes", "size"}),
    "paced": frozenset({"rate"}),
}
FAULTS: Mapping[str, frozenset[str]] = {
    "error": frozenset({"status", "type", "message", "retry_after"}),
    "error-first": frozenset({"type"}),
    "error-mid": frozenset({"type", "after"}),
    "cut": frozenset({"bytes"}),
    "reset": frozenset({"bytes"}),
    "stall": frozenset({"after", "seconds"}),
    "silent": frozenset({"seconds"}),
    "slow-first": frozenset({"seconds"}),
    "no-stop": frozenset(),
    "no-usage": frozenset(),
    "html": frozenset(),
    "json-error": frozenset({"type"}),
    "json-answer": frozenset(),
    "bom": frozenset(),
    "crlf": frozenset(),
    "no-event-line": frozenset(),
    "empty-data": frozenset(),
    "bad-utf8": frozenset(),
}
NAMES = (*VOICES, *FAULTS)

MOST_EVENTS = 1_000_000

_FOR_ALL = frozenset({"delay", "events", "split"})
_WORDS = frozenset({"type", "message", "retry_after"})  # values that are no numbers
_MOST = 1 << 30  # a number that large is a slip, and would be memory or a stream without end


@dataclass(frozen=True, slots=True)
class Script:
    """What a model name asks for: who speaks, what goes wrong ("" nothing), and the keys."""

    voice: str
    fault: str
    keys: Mapping[str, str]

    def word(self, key: str, default: str) -> str:
        return self.keys.get(key, default)

    def number(self, key: str, default: float) -> float:
        """The value of `key`; finite and not negative, or `Invalid`."""
        text = self.keys.get(key)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError as cause:
            raise Invalid(f"model: {key}={text} is not a number") from cause
        if not math.isfinite(value) or not 0 <= value <= _MOST:
            raise Invalid(f"model: {key}={text} is out of range")
        return value

    def count(self, key: str, default: int) -> int:
        """The value of `key` as a whole number, or `Invalid`."""
        value = self.number(key, default)
        if value != int(value):
            raise Invalid(f"model: {key}={self.keys[key]} is not a whole number")
        return int(value)

    def events(self) -> int | None:
        """How many deltas of text were asked for; None: the script's own number."""
        if "events" not in self.keys:
            return None
        events = self.count("events", 1)
        if not 1 <= events <= MOST_EVENTS:
            raise Invalid(f"model: events={events} is not between 1 and {MOST_EVENTS}")
        return events


def parse(model: str) -> Script:
    """Give the script that `model` names."""
    name, _, rest = model.rpartition("/")[2].partition("@")
    if name not in VOICES and name not in FAULTS:
        return Script("chat", "", {})
    keys = _keys(rest)
    if name in VOICES:
        return _checked(Script(name, "", keys), _FOR_ALL | VOICES[name])
    voice = keys.pop("of", "chat")
    if voice not in VOICES:
        raise Invalid(f"model: of={voice} is no script that answers")
    return _checked(Script(voice, name, keys), _FOR_ALL | VOICES[voice] | FAULTS[name])


def _keys(text: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    for pair in filter(None, text.split(",")):
        key, found, value = pair.partition("=")
        if not found or key in keys:
            raise Invalid(f"model: {pair} is not key=value, or comes twice")
        keys[key] = value
    return keys


def _checked(script: Script, allowed: frozenset[str]) -> Script:
    unknown = sorted(script.keys.keys() - allowed)
    if unknown:
        takes = ", ".join(sorted(allowed))
        raise Invalid(f"model: {script.fault or script.voice} does not take {unknown[0]}; it takes {takes}")
    for key in script.keys.keys() - _WORDS:
        script.number(key, 0)
    return script
