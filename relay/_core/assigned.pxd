"""Secrets and passwords behind keys, and secrets behind options."""

from relay._core.begins cimport Begins
from relay._core.look cimport Offers, View

cdef void note_keys(Begins* begins) noexcept nogil
cdef int assigned_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef int option_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
