"""The output of one read, made from pieces of the input and bytes of our own; copied once, when it is taken, in
an HTTP chunk where that is wanted.

Pieces that lie together in the input are one; an output that is the whole input leaves as the very object it came in.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy

from relay._core.buffer cimport Buffer
from relay._core.types cimport Slice

cdef enum:
    SIZE_LINE = 18                # the longest: sixteen hex digits, CR, LF

cdef const char* TAIL = b"\r\n0\r\n\r\n"  # what ends a chunk, and the body (RFC 9112 7.1)


cdef inline Py_ssize_t _tail(bint last) noexcept nogil:
    """Give how many bytes of TAIL end a chunk."""
    return 7 if last else 2


cdef int _size_line(Py_ssize_t size, char* line) noexcept nogil:
    """Write a chunk's size and CRLF at the end of `line`; give how many bytes they are."""
    cdef int at = SIZE_LINE - 2
    line[SIZE_LINE - 2] = c"\r"
    line[SIZE_LINE - 1] = c"\n"
    while size:
        at -= 1
        line[at] = <char>b"0123456789abcdef"[size & 15]
        size >>= 4
    return SIZE_LINE - at


@cython.final
cdef class Output:
    """Grows at the end; `begin` empties it."""

    def __cinit__(self):
        self._made = Buffer()
        self._pieces = Buffer()

    cdef void begin(self, const char* ptr, Py_ssize_t size) noexcept nogil:
        """A new read: what is written from these bytes needs no copy."""
        self._input = Slice(ptr, size)
        if self._spilt:
            self._made.clear()
            self._pieces.clear()
            self._spilt = False
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
        self._spilt = True
        self._made.append(ptr, size)
        self._open.len += size
        self.len += size
        return 0

    cdef int _close(self) except -1 nogil:
        if self._open.len:
            self._spilt = True
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
        if chunked:
            digits = _size_line(self.len, line)
        out = PyBytes_FromStringAndSize(NULL, before + digits + self.len + (_tail(last) if chunked else 0))
        at = PyBytes_AS_STRING(out)
        memcpy(at, PyBytes_AS_STRING(prefix), <size_t>before)
        memcpy(at + before, line + SIZE_LINE - digits, <size_t>digits)
        at = self._fill(at + before + digits)
        if chunked:
            memcpy(at, TAIL, <size_t>_tail(last))
        return out

    cdef char* _fill(self, char* at) except NULL nogil:
        cdef Piece* piece
        cdef Piece* end
        cdef const char* made
        if not self._spilt:
            memcpy(at, self._open.ptr, <size_t>self._open.len)
            return at + self._open.len
        self._close()
        piece = <Piece*>self._pieces.ptr
        end = <Piece*>(self._pieces.ptr + self._pieces.len)
        made = self._made.ptr
        while piece < end:
            if piece.ptr == NULL:
                memcpy(at, made, <size_t>piece.len)
                made += piece.len
            else:
                memcpy(at, piece.ptr, <size_t>piece.len)
            at += piece.len
            piece += 1
        return at


def chunk(bytes data not None, bint last=False, bytes prefix not None=b"") -> bytes:
    """Give `prefix` and `data` as one chunk: size in hex, CRLF, data, CRLF; with `last` the body's end behind it.

    raises   ValueError for empty data, which would be the end by itself
    """
    cdef Output out = Output()
    if PyBytes_GET_SIZE(data) == 0:
        raise ValueError("an empty chunk is the end of the body")
    out.put(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
    return out.take(data, prefix, True, last)
