"""Chunks: events of a Messages stream out of their wrapping."""

from relay._core.buffer cimport Buffer
from relay._core.types cimport Frame, FrameSink, Slice

cdef class Chunks(FrameSink):
    cdef FrameSink _out
    cdef Buffer _json             # of the present event
    cdef Buffer _text             # the same as server-sent events have it

    cdef Slice _plain(self, Slice value) except *
    cdef int _decode(self, Slice text) except -1 nogil
    cdef int _event(self) except -1 nogil
