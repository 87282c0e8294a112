"""Usage as Chat Completions and servers like it tell it."""

from libc.stdint cimport int64_t

from relay._core.translator cimport Tally
from relay._core.types cimport Slice

cdef int64_t count_of(Slice raw) noexcept nogil
cdef void keep(int64_t* known, Slice raw) noexcept nogil
cdef void take_usage(Tally* tally, Slice usage) noexcept nogil
