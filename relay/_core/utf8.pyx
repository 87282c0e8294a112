"""Whether bytes are UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing over U+10FFFF."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from relay._core.lanes cimport ascii_size
from relay._core.types cimport Slice


cdef inline bint _continues(const unsigned char* ptr, int count) noexcept nogil:
    cdef int at
    for at in range(1, count + 1):
        if ptr[at] & 0xC0 != 0x80:
            return False
    return True


cdef Py_ssize_t _valid(Slice text) noexcept nogil:
    """Give how many bytes from the start are UTF-8."""
    cdef const unsigned char* start = <const unsigned char*>text.ptr
    cdef const unsigned char* ptr = start
    cdef const unsigned char* end = ptr + text.len
    cdef unsigned char byte
    while ptr < end:
        ptr += ascii_size(<const char*>ptr, end - ptr)
        if ptr == end:
            break
        byte = ptr[0]
        if 0xC2 <= byte <= 0xDF and end - ptr > 1 and _continues(ptr, 1):
            ptr += 2
        elif 0xE0 <= byte <= 0xEF and end - ptr > 2 and _continues(ptr, 2):
            if (byte == 0xE0 and ptr[1] < 0xA0) or (byte == 0xED and ptr[1] > 0x9F):
                break
            ptr += 3
        elif 0xF0 <= byte <= 0xF4 and end - ptr > 3 and _continues(ptr, 3):
            if (byte == 0xF0 and ptr[1] < 0x90) or (byte == 0xF4 and ptr[1] > 0x8F):
                break
            ptr += 4
        else:
            break
    return ptr - start


cdef bint is_utf8(Slice text) noexcept nogil:
    return _valid(text) == text.len


def utf8_length(bytes data not None) -> int:
    """Give how many bytes from the start are UTF-8: all of them, or up to the first that is not."""
    return _valid(Slice(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)))
