"""YAML text to plain data, with the line of every path: Source, and `read`.

Built from PyYAML's C events without recursion, because its composer overflows the stack on deep nesting. Only what JSON
can say comes out: text, numbers, true, false, null, lists, mappings with text keys. Duplicate keys are faults; tags are
refused; aliases work while what they stand for stays small. Numbers and booleans are read as YAML 1.2 and JSON do, so
`on`, `1:30` and `2024-01-01` are text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from relay.config.faults import ConfigError, Fault, Where, looks_secret, spell

MAX_BYTES = 4 << 20
MAX_DEPTH = 32
MAX_NODES = 200_000

_LITERAL = "looks like a credential; secrets never stand in the file, write {env: NAME} or {file: PATH}"
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,32}\.[0-9]{0,32}|\.[0-9]{1,32}|[0-9]{1,32})(?:[eE][-+]?[0-9]{1,3})?")


@dataclass(slots=True)
class Source:
    """Plain data and where it came from.

    lines       path → line, counted from 1
    variables   path → the environment variable that set it
    """

    name: str
    data: Any
    lines: dict[Where, int] = field(default_factory=dict)
    variables: dict[Where, str] = field(default_factory=dict)

    def fault(self, where: Where, reason: str) -> Fault:
        """Give the fault of a path, at its own line or that of the nearest thing around it."""
        steps = [where[:end] for end in range(len(where), -1, -1)]
        variable = next((self.variables[step] for step in steps if step in self.variables), None)
        if variable is not None:
            return Fault(variable, None, spell(where), reason)
        line = next((self.lines[step] for step in steps if step in self.lines), None)
        return Fault(self.name, line, spell(where), reason)


def read(content: bytes, name: str) -> tuple[Source, list[Fault]]:
    """Give the data of a YAML or JSON file and its faults; raises ConfigError when nothing can be made of it.

    name   how faults call the file; with the ending `.json`, tabs may indent
    """
    if len(content) > MAX_BYTES:
        raise ConfigError([Fault(name, None, "", f"the file is larger than {MAX_BYTES >> 20} MiB")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = content.count(b"\n", 0, cause.start) + 1
        raise ConfigError([Fault(name, line, "", "the file is not UTF-8")]) from cause
    # YAML refuses tabs as indentation; inside a JSON text a raw tab can only be white space.
    tree = _Tree(name)
    tree.grow(_events(text.replace("\t", " ") if name.endswith(".json") else text, name))
    return tree.source, tree.faults


def _events(text: str, name: str) -> Iterator[Any]:
    events = yaml.parse(text, Loader=yaml.CSafeLoader)
    while True:
        try:
            event = next(events)
        except StopIteration:
            return
        except yaml.MarkedYAMLError as cause:
            mark = cause.problem_mark or cause.context_mark
            line = None if mark is None else mark.line + 1
            raise ConfigError([Fault(name, line, "", f"not YAML: {cause.problem or cause.context}")]) from cause
        except yaml.YAMLError as cause:
            raise ConfigError([Fault(name, None, "", "not YAML: a character that no text file holds")]) from cause
        yield event


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been seen; `key` is the mapping's pending key."""

    value: list[Any] | dict[str, Any]
    where: Where
    anchor: str | None
    nodes_before: int
    key: str | None = None


class _Tree:
    """Grows plain data from parser events."""

    def __init__(self, name: str) -> None:
        self.source = Source(name, None)
        self.faults: list[Fault] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._documents = 0

    def grow(self, events: Iterator[Any]) -> None:
        """Take all events; raises ConfigError where going on makes no sense."""
        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event, line)
            elif isinstance(event, yaml.MappingStartEvent):
                self._begin({}, event, line)
            elif isinstance(event, yaml.SequenceStartEvent):
                self._begin([], event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event, line)
            elif isinstance(event, yaml.DocumentStartEvent):
                self._documents += 1
                if self._documents > 1:
                    raise self._refusal(line, "the file holds more than one document")

    def _scalar(self, event: Any, line: int) -> None:
        self._refuse_tag(event, line)
        text: str = event.value
        if self._wants_key():
            self._key(text, line)
            return
        if looks_secret(text):
            self._note(line, _LITERAL)
            text = "credential"
        value = _resolve(text) if event.implicit[0] else text
        self._place(value, line, 1)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)

    def _begin(self, value: list[Any] | dict[str, Any], event: Any, line: int) -> None:
        self._refuse_tag(event, line)
        if self._wants_key():
            raise self._refusal(line, "a key must be text")
        if len(self._open) >= MAX_DEPTH:
            raise self._refusal(line, f"nested deeper than {MAX_DEPTH} levels")
        where = self._where()
        self._place(value, line, 1)
        self._open.append(_Open(value, where, event.anchor, self._nodes - 1))

    def _end(self) -> None:
        closed = self._open.pop()
        if closed.anchor:
            self._anchors[closed.anchor] = (closed.value, self._nodes - closed.nodes_before)

    def _alias(self, event: Any, line: int) -> None:
        if self._wants_key():
            raise self._refusal(line, "a key must be text")
        if event.anchor not in self._anchors:
            raise self._refusal(line, "an alias stands before the end of what it names")
        value, nodes = self._anchors[event.anchor]
        self._place(value, line, nodes)

    def _key(self, text: str, line: int) -> None:
        top = self._open[-1]
        top.key = text
        where = self._where()
        if text in top.value:
            self._note(line, f"duplicate key; it stands in line {self.source.lines[where]} already")
        if looks_secret(text):
            self._note(line, _LITERAL)
        self.source.lines.setdefault(where, line)

    def _place(self, value: Any, line: int, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._refusal(line, f"more than {MAX_NODES} values, aliases counted by what they stand for")
        self.source.lines.setdefault(self._where(), line)
        if not self._open:
            self.source.data = value
            return
        top = self._open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is not None:
            top.value.setdefault(top.key, value)
            top.key = None

    def _where(self) -> Where:
        if not self._open:
            return ()
        top = self._open[-1]
        return (*top.where, len(top.value) if isinstance(top.value, list) else top.key or "")

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _refuse_tag(self, event: Any, line: int) -> None:
        if event.tag not in (None, "!"):
            raise self._refusal(line, "tags (`!…`) are not allowed")

    def _note(self, line: int, reason: str) -> None:
        self.faults.append(Fault(self.source.name, line, spell(self._where()), reason))

    def _refusal(self, line: int, reason: str) -> ConfigError:
        return ConfigError([*self.faults, Fault(self.source.name, line, "", reason)])


def _resolve(text: str) -> Any:
    """Give what a plain scalar means by the core schema of YAML 1.2."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
