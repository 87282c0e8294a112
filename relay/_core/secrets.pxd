"""Where values end, and what of them is offered."""

from relay._core.look cimport Offers, View

cdef enum Run:                    # what ends it, besides white space: the table in secrets.pyx
    SECRET_VALUE = 1              # not a run: what may stand behind a secret
    PASSWORD_VALUE = 2
    CURL_USER = 4
    CURL_VALUE = 8
    URL_USER = 16
    URL_VALUE = 32

cdef enum:
    JUDGED = 64                   # a value is judged on so many characters
    SECRET_RUN = 200              # numbers of swallow sets
    PASSWORD_RUN = 201

cdef Py_ssize_t run_of(View* view, Py_ssize_t place, int run, Py_ssize_t most) noexcept nogil
cdef bint may_end(View* view, Py_ssize_t place) noexcept nogil
cdef int secret_value(View* view, Py_ssize_t trigger, Py_ssize_t start, Offers* offers) except -1 nogil
cdef int password_value(View* view, Py_ssize_t trigger, Py_ssize_t start, Offers* offers) except -1 nogil
cdef int long_value(View* view, Py_ssize_t trigger, Py_ssize_t start, int swallow, Offers* offers) except -1 nogil
cdef void wait(View* view, Py_ssize_t trigger, Py_ssize_t start, Offers* offers) noexcept nogil
cdef Py_ssize_t value_end(View* view, Py_ssize_t place, int swallow) noexcept nogil
