"""Telephone numbers, the second layer (spec/redaction.md 5.8)."""

from relay._core.look cimport Offers, View

cdef int phones_at(View* view, Py_ssize_t place, Offers* offers, bint worded) except -1 nogil
