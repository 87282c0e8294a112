"""The grammar of placeholder literals (spec/redaction.md 8.2)."""

from libc.stdint cimport uint8_t

from relay._core.types cimport Slice

cdef enum:
    LONGEST_LITERAL = 28
    NO_LITERAL = 0
    OPEN_LITERAL = -1             # may become one with what follows

cdef int literal_size(const uint8_t* chars, const uint8_t* end, int* cls) noexcept nogil
cdef Slice mask(int cls) noexcept nogil
