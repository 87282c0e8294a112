"""Bytes in, bytes and facts out: the compiled part of relay, sans-IO.

Knows no socket, event loop, clock or configuration. Every class may be fed its input in any split; concatenated output
and report do not depend on the split. This is the only import path for Python code.
"""

from relay._core.answer import answer
from relay._core.errors import LimitExceeded, Misuse, PeerError, ProtocolError, Truncated
from relay._core.estimator import Estimator
from relay._core.http1 import chunk
from relay._core.json import Scanner, members
from relay._core.meter import Meter
from relay._core.money import usd
from relay._core.pipeline import Pipeline
from relay._core.sse import SseParser

__all__ = [
    "Estimator",
    "LimitExceeded",
    "Meter",
    "Misuse",
    "PeerError",
    "Pipeline",
    "ProtocolError",
    "Scanner",
    "SseParser",
    "Truncated",
    "answer",
    "chunk",
    "members",
    "usd",
]
