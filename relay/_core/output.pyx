"""The output of one read, made from pieces of the input and bytes of our own; copied once, when it is taken.

Pieces that lie together in the input are one; an output that is the whole input leaves as the very object it came in.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy

from relay._core.buffer cimport Buffer
from relay._core.http1 cimport SIZE_LINE, TAIL, size_line, tail
from relay._core.types cimport Slice


@cython.final
cdef class Output:
    """Grows at the end; `begin` empties it."""

    def __cinit__(self):
        self._made = Buffer()
        self._pieces = Buffer()

    cdef void begin(self, const char* ptr, Py_ssize_t size) noexcept nogil:
        """A new read: what is written from these bytes needs no copy."""
        self._input = Slice(ptr, size)
        self._made.clear()
        self._pieces.clear()
        self._open = Piece(NULL, 0)
        self.len = 0

    cdef int write(self, Slice part) except -1 nogil:
        """Add bytes that may lie in the input."""
        if not self._input.ptr <= part.ptr < self._input.ptr + self._input.len:
            return self.put(part.ptr, part.len)
        if self._open.ptr == NULL or part.ptr != self._open.ptr + self._open.len:
            self._close()
            self._open = Piece(part.ptr, 0)
        self._open.len += part.len
        self.len += part.len
        return 0

    cdef int put(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        """Add a copy of these bytes."""
        if self._open.ptr != NULL:
            self._close()
            self._open = Piece(NULL, 0)
        self._made.append(ptr, size)
        self._open.len += size
        self.len += size
        return 0

    cdef int _close(self) except -1 nogil:
        if self._open.len:
            self._pieces.append(<const char*>&self._open, sizeof(Piece))
        return 0

    cdef bytes take(self, bytes data, bytes prefix, bint chunked, bint last):
        """Give what is in it: `prefix`, then all of it, in an HTTP chunk where `chunked`; nothing when it is empty.

        data   the input: given back as it is when the output is no more and no less
        last   it is the end of the body (in a chunked one)
        """
        cdef Py_ssize_t before = PyBytes_GET_SIZE(prefix)
        cdef char[SIZE_LINE] line
        cdef int digits = 0
        cdef bytes out
        cdef char* at
        if self.len == 0:
            return b""
        if not chunked and before == 0 and self.len == self._open.len == self._input.len and self._open.ptr != NULL:
            return data
        self._close()
        if chunked:
            digits = size_line(self.len, line)
        out = PyBytes_FromStringAndSize(NULL, before + digits + self.len + (tail(last) if chunked else 0))
        at = PyBytes_AS_STRING(out)
        memcpy(at, PyBytes_AS_STRING(prefix), <size_t>before)
        memcpy(at + before, line + SIZE_LINE - digits, <size_t>digits)
        at = self._fill(at + before + digits)
        if chunked:
            memcpy(at, TAIL, <size_t>tail(last))
        return out

    cdef char* _fill(self, char* at) noexcept nogil:
        cdef Piece* piece = <Piece*>self._pieces.ptr
        cdef Piece* end = <Piece*>(self._pieces.ptr + self._pieces.len)
        cdef const char* made = self._made.ptr
        while piece < end:
            if piece.ptr == NULL:
                memcpy(at, made, <size_t>piece.len)
                made += piece.len
            else:
                memcpy(at, piece.ptr, <size_t>piece.len)
            at += piece.len
            piece += 1
        return at
