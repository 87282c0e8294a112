"""Class email (spec/redaction.md 5.1). See email.pyx for the contract."""

from relay._core.look cimport Offers, View

cdef int email_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef void email_tail(View* view, Offers* offers) noexcept nogil
