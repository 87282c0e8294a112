"""Whether bytes are UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing over U+10FFFF."""

from relay._core.types cimport Slice


cdef inline bint _continues(const unsigned char* ptr, int count) noexcept nogil:
    cdef int at
    for at in range(1, count + 1):
        if ptr[at] & 0xC0 != 0x80:
            return False
    return True


cdef bint is_utf8(Slice text) noexcept nogil:
    cdef const unsigned char* ptr = <const unsigned char*>text.ptr
    cdef const unsigned char* end = ptr + text.len
    cdef unsigned char byte
    while ptr < end:
        byte = ptr[0]
        if byte < 0x80:
            ptr += 1
        elif 0xC2 <= byte <= 0xDF and end - ptr > 1 and _continues(ptr, 1):
            ptr += 2
        elif 0xE0 <= byte <= 0xEF and end - ptr > 2 and _continues(ptr, 2):
            if (byte == 0xE0 and ptr[1] < 0xA0) or (byte == 0xED and ptr[1] > 0x9F):
                return False
            ptr += 3
        elif 0xF0 <= byte <= 0xF4 and end - ptr > 3 and _continues(ptr, 3):
            if (byte == 0xF0 and ptr[1] < 0x90) or (byte == 0xF4 and ptr[1] > 0x8F):
                return False
            ptr += 4
        else:
            return False
    return True
