"""Secrets behind headers and curl, and the passwords of URLs."""

from relay._core.begins cimport Begins
from relay._core.look cimport Offers, View

cdef void note_headers(Begins* begins) noexcept nogil
cdef int header_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef int curl_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef int url_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
