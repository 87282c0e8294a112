"""UTF-8 validity."""

from relay._core.types cimport Slice

cdef bint is_utf8(Slice text) noexcept nogil
