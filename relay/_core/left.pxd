"""What stands to the left of a candidate (spec/redaction.md 4, Context)."""

from relay._core.look cimport View

cdef struct Mark:                 # a match that was chosen
    Py_ssize_t start
    Py_ssize_t end
    int cls
    int swallow                   # the run that goes on behind `end`; 0: none
    bint worded                   # it had a word of its class's list to its left, itself or by one before it

cdef bint has_word(View* view, Py_ssize_t place, int cls, const Mark* before) noexcept nogil
cdef bint is_version(View* view, Py_ssize_t place, const Mark* before) noexcept nogil
cdef bint is_named_otherwise(View* view, Py_ssize_t place, const Mark* before) noexcept nogil
