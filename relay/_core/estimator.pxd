"""Estimator: tokens from bytes by class."""

from libc.stdint cimport int64_t

from relay._core.text cimport STEP, word
from relay._core.types cimport Slice

cdef struct Counts:               # of text seen so far
    int64_t latin                 # bytes of one- and two-byte sequences
    int64_t wide                  # characters of three and four bytes

cdef void count(Counts* counts, const char* ptr, const char* end) noexcept nogil
cdef void count_escaped(Counts* counts, const char* ptr, const char* end) noexcept nogil
cdef int64_t tokens(Counts* counts, double factor) noexcept nogil

cdef class Estimator:
    cdef Counts _counts
    cdef double _factor
