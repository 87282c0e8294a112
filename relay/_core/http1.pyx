"""HTTP/1.1 body framing for the way out (RFC 9112 7.1); `response` takes it off on the way in."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy

cdef const char* TAIL = b"\r\n0\r\n\r\n"


cdef int size_line(Py_ssize_t size, char* line) noexcept nogil:
    """Write a chunk's size and CRLF at the end of `line`; give how many bytes they are."""
    cdef int at = SIZE_LINE - 2
    line[SIZE_LINE - 2] = c"\r"
    line[SIZE_LINE - 1] = c"\n"
    while size:
        at -= 1
        line[at] = <char>b"0123456789abcdef"[size & 15]
        size >>= 4
    return SIZE_LINE - at


def chunk(bytes data not None, bint last=False, bytes prefix not None=b"") -> bytes:
    """Give `prefix` and `data` as one chunk: size in hex, CRLF, data, CRLF; with `last` the body's end behind it.

    raises   ValueError for empty data, which would be the end by itself
    """
    cdef Py_ssize_t before = PyBytes_GET_SIZE(prefix)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    cdef char[SIZE_LINE] line
    cdef int digits
    cdef bytes out
    cdef char* at
    if size == 0:
        raise ValueError("an empty chunk is the end of the body")
    digits = size_line(size, line)
    out = PyBytes_FromStringAndSize(NULL, before + digits + size + tail(last))
    at = PyBytes_AS_STRING(out)
    memcpy(at, PyBytes_AS_STRING(prefix), <size_t>before)
    memcpy(at + before, line + SIZE_LINE - digits, <size_t>digits)
    at += before + digits
    memcpy(at, PyBytes_AS_STRING(data), <size_t>size)
    memcpy(at + size, TAIL, <size_t>tail(last))
    return out
