"""ThinkingDropper: an answer without its thinking blocks."""

from relay._core.buffer cimport Buffer
from relay._core.types cimport Event, Stage

cdef class ThinkingDropper(Stage):
    cdef int dropped              # blocks so far
    cdef bint is_dropping         # the open block is one
    cdef Buffer _scratch          # the event that gets another index

    cdef int _renumber(self, Event* event) except -1 nogil
