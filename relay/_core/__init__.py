"""Bytes in, bytes and facts out: the compiled part of relay, sans-IO.

Knows no socket, event loop, clock or configuration. Every class may be fed its input in any split; concatenated output
and report do not depend on the split. This is the only import path for Python code.
"""

from relay._core.answer import answer
from relay._core.channel import Channel
from relay._core.document import Document
from relay._core.errors import LimitExceeded, Misuse, PeerError, ProtocolError, RedactionError, Truncated, Uncovered
from relay._core.estimator import Estimator
from relay._core.event_stream import EventStream
from relay._core.field import Field
from relay._core.finish import (
    CONVERSE_FAILURES,
    CONVERSE_REASONS,
    FAILURES,
    FINISH_REASONS,
    GEMINI_FAILURES,
    GEMINI_REASONS,
    GEMINI_UNSPECIFIED,
    INCOMPLETE,
)
from relay._core.json import Scanner, members
from relay._core.json_channel import JsonChannel
from relay._core.line import Line, decimal, moment
from relay._core.meter import Meter
from relay._core.outline import outline
from relay._core.output import chunk
from relay._core.pipeline import Pipeline
from relay._core.replacer import Replacer
from relay._core.report import Report
from relay._core.request import Request, whole_request
from relay._core.response import ResponseParser
from relay._core.rewriter import Rewriter
from relay._core.ruleset import CLASS_NAMES, Ruleset
from relay._core.spans import contains, fields, items
from relay._core.sse import SseParser
from relay._core.thinking import without_thinking
from relay._core.utf8 import utf8_length

__all__ = [
    "CLASS_NAMES",
    "CONVERSE_FAILURES",
    "CONVERSE_REASONS",
    "FAILURES",
    "FINISH_REASONS",
    "GEMINI_FAILURES",
    "GEMINI_REASONS",
    "GEMINI_UNSPECIFIED",
    "INCOMPLETE",
    "Channel",
    "Document",
    "Estimator",
    "EventStream",
    "Field",
    "JsonChannel",
    "LimitExceeded",
    "Line",
    "Meter",
    "Misuse",
    "PeerError",
    "Pipeline",
    "ProtocolError",
    "RedactionError",
    "Replacer",
    "Report",
    "Request",
    "ResponseParser",
    "Rewriter",
    "Ruleset",
    "Scanner",
    "SseParser",
    "Truncated",
    "Uncovered",
    "answer",
    "chunk",
    "contains",
    "decimal",
    "fields",
    "items",
    "members",
    "moment",
    "outline",
    "utf8_length",
    "whole_request",
    "without_thinking",
]
