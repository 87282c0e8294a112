"""Content codings of an answer: identity is asked for, but some send gzip all the same (spec/wire-protocols.md 1.3)."""

import zlib

MAX_PART = 256 << 10
MAX_RATIO = 100
_WINDOW_BITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}


class CodingError(Exception):
    """The content is not what its coding says, or in a coding that nobody asked for."""


class Decoder:
    """Decodes a body as its pieces come; raises CodingError, for an unknown coding at once."""

    __slots__ = ("_begun", "_inflater", "_window_bits")

    def __init__(self, coding: bytes) -> None:
        if coding not in _WINDOW_BITS:
            raise CodingError
        self._window_bits = _WINDOW_BITS[coding]
        self._inflater = zlib.decompressobj(self._window_bits)
        self._begun = False

    @property
    def is_cut(self) -> bool:
        """What came so far is no whole body: more has to follow."""
        return self._begun and not self._inflater.eof

    def feed(self, body: bytes) -> bytes:
        """Give the decoded bytes of one piece; one that swells a hundredfold is an attack, not text."""
        room = max(MAX_PART, MAX_RATIO * len(body))
        parts = []
        while body:
            self._begun = True
            if self._inflater.eof:  # RFC 1952 2.2: one gzip member may follow the other
                self._inflater = zlib.decompressobj(self._window_bits)
            parts.append(self._inflate(body, room))
            room -= len(parts[-1])
            body = self._inflater.unused_data
        return b"".join(parts)

    def _inflate(self, body: bytes, room: int) -> bytes:
        if room <= 0:
            raise CodingError
        try:
            out = self._inflater.decompress(body, room)
        except zlib.error as cause:
            raise CodingError from cause
        if self._inflater.unconsumed_tail:
            raise CodingError
        return out
