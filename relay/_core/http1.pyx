"""HTTP/1.1 body framing for the way out; responses of providers are parsed by httptools."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy


def chunk(bytes data not None) -> bytes:
    """Give `data` as one chunk: size in hex, CRLF, data, CRLF (RFC 9112 7.1); empty data, the end, is refused."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    cdef char[18] head
    cdef int at = 18
    cdef Py_ssize_t rest = size
    cdef bytes out
    cdef char* ptr
    if size == 0:
        raise ValueError("an empty chunk is the end of the body")
    head[16] = c"\r"
    head[17] = c"\n"
    at = 16
    while rest:
        at -= 1
        head[at] = <char>b"0123456789abcdef"[rest & 15]
        rest >>= 4
    out = PyBytes_FromStringAndSize(NULL, (18 - at) + size + 2)
    ptr = PyBytes_AS_STRING(out)
    memcpy(ptr, head + at, <size_t>(18 - at))
    memcpy(ptr + 18 - at, PyBytes_AS_STRING(data), <size_t>size)
    ptr[18 - at + size] = c"\r"
    ptr[19 - at + size] = c"\n"
    return out
