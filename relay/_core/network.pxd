"""Classes ip, uuid and mac (spec/redaction.md 5.2 to 5.4). See network.pyx for the contract."""

from libc.stdint cimport uint32_t

from relay._core.look cimport Offers, View

cdef int hex_at(View* view, Py_ssize_t place, uint32_t classes, Offers* offers) except -1 nogil
cdef int ipv4_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef int ipv6_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef int uuid_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef int mac_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
