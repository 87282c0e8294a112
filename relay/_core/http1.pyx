"""HTTP/1.1 body framing for the way out; responses of providers are parsed by httptools."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy

cdef enum:
    HEAD = 18                     # sixteen hex digits, CR, LF
    TAIL = 5                      # the last chunk: 0 CR LF CR LF


def chunk(bytes data not None, bint last=False) -> bytes:
    """Give `data` as one chunk (RFC 9112 7.1): size in hex, CRLF, data, CRLF; with `last` the body's end behind it.

    raises   ValueError for empty data, which would be the end by itself
    """
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    cdef char[HEAD] head
    cdef int at = HEAD - 2
    cdef Py_ssize_t rest = size
    cdef bytes out
    cdef char* ptr
    if size == 0:
        raise ValueError("an empty chunk is the end of the body")
    head[HEAD - 2] = c"\r"
    head[HEAD - 1] = c"\n"
    while rest:
        at -= 1
        head[at] = <char>b"0123456789abcdef"[rest & 15]
        rest >>= 4
    out = PyBytes_FromStringAndSize(NULL, (HEAD - at) + size + 2 + (TAIL if last else 0))
    ptr = PyBytes_AS_STRING(out)
    memcpy(ptr, head + at, <size_t>(HEAD - at))
    ptr += HEAD - at
    memcpy(ptr, PyBytes_AS_STRING(data), <size_t>size)
    memcpy(ptr + size, b"\r\n0\r\n\r\n", 2 + TAIL if last else 2)
    return out
