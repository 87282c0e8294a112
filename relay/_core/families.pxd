"""Token families (spec/redaction.md 6.1): see families.pyx."""

from libc.stdint cimport uint8_t

from relay._core.begins cimport Begins
from relay._core.look cimport Offers, View

cdef void note_families(Begins* begins) noexcept nogil
cdef uint8_t listed_at(View* view, Py_ssize_t place) noexcept nogil
cdef int families_at(View* view, Py_ssize_t place, int listed, Offers* offers) except -1 nogil
cdef void families_tail(View* view, Offers* offers) noexcept nogil
cdef Py_ssize_t run_end(View* view, Py_ssize_t place, int swallow, Py_ssize_t most) noexcept nogil
