"""Output: what one read lets out, in pieces until it is taken."""

from relay._core.buffer cimport Buffer
from relay._core.types cimport Slice

cdef struct Piece:
    const char* ptr               # in the input; NULL: the next bytes of `_made`
    Py_ssize_t len

cdef class Output:
    cdef Slice _input             # the current read: pieces of it need no copy
    cdef Buffer _made             # bytes that are not in the input
    cdef Buffer _pieces           # closed pieces, in order
    cdef Piece _open              # the last piece: what lies behind it is joined to it
    cdef bint _spilt              # there is something in _made or _pieces
    cdef Py_ssize_t len           # bytes of all pieces

    cdef void begin(self, const char* ptr, Py_ssize_t size) noexcept nogil
    cdef int write(self, Slice part) except -1 nogil
    cdef int put(self, const char* ptr, Py_ssize_t size) except -1 nogil
    cdef int _close(self) except -1 nogil
    cdef bytes take(self, bytes data, bytes prefix, bint chunked, bint last)
    cdef char* _fill(self, char* at) except NULL nogil
