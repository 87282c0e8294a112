"""Content codings of an answer: identity is asked for, but some send gzip all the same (spec/wire-protocols.md 1.3)."""

import zlib

MAX_PART = 256 << 10
MAX_RATIO = 100
_WINDOW_BITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}


class CodingError(Exception):
    """The content is not what its coding says, or in a coding that nobody asked for."""


class Decoder:
    """Decodes a body as its pieces come; raises CodingError, for an unknown coding at once."""

    __slots__ = ("_inflater",)

    def __init__(self, coding: bytes) -> None:
        if coding not in _WINDOW_BITS:
            raise CodingError
        self._inflater = zlib.decompressobj(_WINDOW_BITS[coding])

    def feed(self, body: bytes) -> bytes:
        """Give the decoded bytes of one piece; one that swells a hundredfold is an attack, not text."""
        try:
            out = self._inflater.decompress(body, max(MAX_PART, MAX_RATIO * len(body)))
        except zlib.error as cause:
            raise CodingError from cause
        if self._inflater.unconsumed_tail:
            raise CodingError
        return out
