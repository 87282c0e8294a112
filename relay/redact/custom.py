"""What a caller or an operator wants found besides the built-in classes: Pattern, and compile() to a Compiled set.

A pattern is a phrase (literal text) or RE2, with the limits of spec/redaction.md 7. compile() caches by content, for
conversations come back with the same set; a set holds nothing of the texts that it is used on.

RE2 judges here: what it takes, and within its limits, is a pattern. What matches while text streams are the automata
that `_core.Customs` makes of the same sources.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from time import thread_time_ns
from typing import Any, Final

from relay.redact.fields import MAX_FIELD_CHARS, Fields

MAX_PATTERNS: Final = 32
MAX_PATTERN_BYTES: Final = 512
MAX_MATCH_CHARS: Final = 256
DEFAULT_MATCH_CHARS: Final = 128
MAX_PROGRAM_BYTES: Final = 1 << 20
MAX_SET_BYTES: Final = 8 << 20
MAX_COMPILE_NS: Final = 50_000_000
CACHED_SETS: Final = 256

_MAX_NAME_CHARS: Final = 64
_SLASHED: Final = re.compile("/(.+)/(i?)", re.DOTALL)
_TOKEN: Final = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)"
    r"|(?P<escape>\\.)"
    r"|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]"
    r"|\(\?(?P<flags>[imsU-]+)[:)]"
    r"|\(\?P?<(?P<name>\w+)>"
    r"|(?P<anchor>[\^$])"
    r"|.",
    re.DOTALL,
)
"""One piece of a pattern that RE2 takes; a class in brackets is one piece."""


class Unusable(Exception):
    """A pattern can't be used; `index` is its place in the set, None: the set as a whole. Quotes no pattern."""

    def __init__(self, index: int | None, reason: str) -> None:
        super().__init__(reason)
        self.index = index
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Pattern:
    """One thing to find.

    source    RE2, or the phrase itself where `literal`
    max_len   most characters of a match; of a phrase, its own
    name      what its writer calls it
    """

    source: str
    literal: bool = False
    ignore_case: bool = False
    max_len: int = DEFAULT_MATCH_CHARS
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A set ready to match: the program of each pattern, and one of all together that says whether to look closer."""

    patterns: tuple[Pattern, ...]
    programs: tuple[Any, ...]
    screen: Any


def written(text: str) -> Pattern:
    """Give the pattern that a string stands for: a phrase in any case, or RE2 between slashes."""
    if slashed := _SLASHED.fullmatch(text):
        return Pattern(slashed[1], ignore_case=bool(slashed[2]))
    return phrase(text, ignore_case=True)


def phrase(text: str, *, ignore_case: bool, name: str | None = None) -> Pattern:
    """Give the pattern of a literal text, which is as long as it is."""
    return Pattern(text, literal=True, ignore_case=ignore_case, max_len=len(text), name=name)


def read(fields: Fields) -> tuple[Pattern, ...]:
    """Give the patterns of field `custom`, compiled once to see that they can be used; none when one can't."""
    patterns = tuple(_read(fields, entry, at) for at, entry in enumerate(fields.items("custom", MAX_PATTERNS)))
    usable = tuple(pattern for pattern in patterns if pattern is not None)
    if not usable or len(usable) < len(patterns):
        return ()
    try:
        compile(usable)
    except Unusable as cause:
        fields.refuse(cause.reason, "custom", *(() if cause.index is None else (cause.index,)))
        return ()
    return usable


def _read(fields: Fields, entry: Any, at: int) -> Pattern | None:
    if isinstance(entry, dict):
        return _read_object(Fields(entry, (*fields.where, "custom", at), fields.found))
    text = fields.string(entry, MAX_FIELD_CHARS, "custom", at)
    if text == "":
        fields.refuse("String should have at least 1 character", "custom", at)
    return written(text) if text else None


def _read_object(fields: Fields) -> Pattern | None:
    name, source = fields.text("name", _MAX_NAME_CHARS), fields.text("pattern", MAX_FIELD_CHARS)
    literal, ignore_case = fields.flag("literal", False), fields.flag("ignore_case", False)
    max_len = fields.number("max_len", 1, MAX_MATCH_CHARS)
    fields.close()
    if not fields.has("pattern"):
        fields.refuse("Field required", "pattern")
    elif source == "":
        fields.refuse("String should have at least 1 character", "pattern")
    if not source:
        return None
    if not literal:
        return Pattern(source, ignore_case=ignore_case, max_len=max_len or DEFAULT_MATCH_CHARS, name=name)
    if max_len is not None and max_len < len(source):
        fields.refuse(f"Input should be greater than or equal to {len(source)}, the length of the literal", "max_len")
    return phrase(source, ignore_case=ignore_case, name=name)


@lru_cache(maxsize=CACHED_SETS)
def compile(patterns: tuple[Pattern, ...]) -> Compiled:
    """Give the compiled set; raises Unusable for the first pattern that can't be used, in RE2's words."""
    return build(patterns, thread_time_ns)


def build(patterns: tuple[Pattern, ...], clock: Callable[[], int]) -> Compiled:
    """Compile a set without the cache.

    clock    nanoseconds of this thread's own work: a busy machine must not refuse what an idle one takes
    raises   Unusable
    """
    _re2()  # to load it is no work of the patterns
    deadline = clock() + MAX_COMPILE_NS
    programs = []
    for index, pattern in enumerate(patterns):
        programs.append(_program(index, pattern))
        if clock() > deadline:
            raise Unusable(index, "the patterns take too long to compile")
    together = "|".join(f"(?{'i' if each.ignore_case else ''}:{_plain(each)})" for each in patterns)
    screen = _compile(None, together, MAX_SET_BYTES)
    if clock() > deadline:
        raise Unusable(None, "the patterns take too long to compile")
    return Compiled(patterns, tuple(programs), screen)


def _re2() -> Any:
    """Give the library, loaded for the first pattern of the process: most see none, and it takes four megabytes."""
    import re2  # type: ignore[import-untyped]  # it has no types of its own

    return re2


def _program(index: int, pattern: Pattern) -> Any:
    if len(pattern.source.encode()) > MAX_PATTERN_BYTES:
        raise Unusable(index, f"longer than {MAX_PATTERN_BYTES} bytes")
    case = "(?i)" if pattern.ignore_case else ""
    if pattern.literal:
        return _compile(index, case + _re2().escape(pattern.source), MAX_PROGRAM_BYTES)
    program = _compile(index, case + pattern.source, MAX_PROGRAM_BYTES)
    if reason := next(_refused(pattern.source), None):
        raise Unusable(index, reason)
    # Besides the empty text, a pattern may match nothing at all between a word and its end.
    if program.fullmatch("") or program.fullmatch("a", 1, 1):
        raise Unusable(index, "matches the empty string")
    return program


def _compile(index: int | None, source: str, max_bytes: int) -> Any:
    re2 = _re2()
    options = re2.Options()
    options.max_mem = max_bytes
    options.longest_match = True
    options.never_capture = True
    options.log_errors = False
    try:
        return re2.compile(source, options)
    except re2.error as cause:
        # What RE2 says after the colon is the pattern, which may be as private as what it finds.
        words = str(cause.args[0], "utf-8", "replace") if isinstance(cause.args[0], bytes) else str(cause)
        raise Unusable(index, words.partition(": ")[0]) from None


def _refused(source: str) -> Iterator[str]:
    """Give why each piece that relay can't match on a stream is refused."""
    for token in _TOKEN.finditer(source):
        if token["anchor"]:
            yield f"`{token['anchor']}` is not allowed: a stream has no lines to anchor on"
        elif token["escape"] in ("\\A", "\\z"):
            yield f"`{token['escape']}` is not allowed: a stream has no lines to anchor on"
        elif token["escape"] == "\\C":
            yield "`\\C` is not allowed: it matches a byte, not a character"
        elif token["flags"] and "m" in token["flags"]:
            yield "`(?m)` is not allowed: a stream has no lines to anchor on"


def _plain(pattern: Pattern) -> str:
    """Give the RE2 source in a form that stands beside others: without names of groups, without an open quote."""
    return str(_re2().escape(pattern.source)) if pattern.literal else _TOKEN.sub(_unnamed, pattern.source)


def _unnamed(token: re.Match[str]) -> str:
    if token["name"]:
        return "(?:"
    return str(_re2().escape(token["quoted"])) if token["quoted"] is not None else token[0]
