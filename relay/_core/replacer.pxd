"""Replacer: what stands in the place of each match, as far as it needs no question."""

from libc.stdint cimport int64_t, uint32_t

from relay._core.kinds cimport CLASSES

cdef class Replacer:
    cdef uint32_t masked          # bits by Class
    cdef uint32_t kept
    cdef readonly object treatment
    cdef readonly object numbers
    cdef readonly object hashes   # None: no class needs them
    cdef int64_t[CLASSES] found

    cdef void tally(self, int cls) noexcept nogil
