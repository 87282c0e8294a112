"""Classes ssn, credit_card and iban (spec/redaction.md 5.5 to 5.7). See numbers.pyx for the contract."""

from libc.stdint cimport uint32_t

from relay._core.begins cimport Begins
from relay._core.look cimport Offers, View

cdef void note_numbers(Begins* begins) noexcept nogil
cdef void note_ibans(Begins* begins) noexcept nogil
cdef int number_at(View* view, Py_ssize_t place, uint32_t classes, Offers* offers) except -1 nogil
cdef int ssn_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef int card_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef int iban_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil
cdef int iban_tail(View* view, Py_ssize_t begin, Offers* offers) except -1 nogil
