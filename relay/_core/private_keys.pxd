"""Private keys (spec/redaction.md 6.1): see private_keys.pyx."""

from relay._core.look cimport Offers, View

cdef enum:
    PEM_KEY = 100                 # numbers of swallow sets
    PUTTY_KEY = 101

cdef int key_at(View* view, Py_ssize_t trigger, Py_ssize_t place, int swallow, Offers* offers) except -1 nogil
cdef Py_ssize_t key_end(View* view, Py_ssize_t place, int swallow, Py_ssize_t most) noexcept nogil
