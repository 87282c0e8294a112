"""A heap overflow on purpose: the fuzzer must find it before its silence about other code means anything."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport free, malloc
from libc.string cimport memset


def touch(bytes data not None) -> bytes:
    """Write past the end of an eight-byte buffer when `data` starts with RELAY, one edge per letter."""
    cdef const char* ptr = PyBytes_AS_STRING(data)
    cdef char* buffer = <char*>malloc(8)
    cdef int at = 0
    if PyBytes_GET_SIZE(data) > 4 and ptr[0] == c"R":
        at = 1
        if ptr[1] == c"E":
            at = 2
            if ptr[2] == c"L":
                at = 3
                if ptr[3] == c"A":
                    at = 4
                    if ptr[4] == c"Y":
                        at = 8
    memset(buffer, 0, 8)
    buffer[at] = 1
    try:
        return PyBytes_FromStringAndSize(buffer, 8)  # used, so that no compiler may leave the write out
    finally:
        free(buffer)
