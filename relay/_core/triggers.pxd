"""Where rules may start."""

from libc.stdint cimport uint8_t, uint32_t

from relay._core.look cimport Offers, View

cdef struct Starts:               # places, from left to right
    int* places                   # owned by whoever made it
    int count
    int room

cdef Py_ssize_t quiet(uint8_t* chars, Py_ssize_t size) noexcept nogil
cdef int scan(View* view, Py_ssize_t begin, uint32_t on, Offers* offers, Starts* phones) except -1 nogil
cdef int scan_end(View* view, uint32_t on, Offers* offers) except -1 nogil
