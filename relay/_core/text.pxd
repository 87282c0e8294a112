"""Eight bytes at a time: inline helpers over raw text, for scanner, estimator and codecs. Bounds are [ptr, end)."""

from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy

from relay._core.types cimport Slice

cdef enum:
    STEP = 8

cdef inline uint64_t word(const char* ptr) noexcept nogil:
    """Load eight bytes from anywhere."""
    cdef uint64_t out
    memcpy(&out, ptr, STEP)
    return out

cdef inline uint64_t zeros(uint64_t value) noexcept nogil:
    """Give non-zero when a byte of `value` is 0 (exact for "is there any")."""
    return (value - <uint64_t>0x0101010101010101) & ~value & <uint64_t>0x8080808080808080

cdef inline bint is_plain(uint64_t value) noexcept nogil:
    """Tell whether none of eight bytes ends or interrupts the inside of a JSON string: no quote, backslash, control."""
    return (
        zeros(value ^ <uint64_t>0x2222222222222222)
        | zeros(value ^ <uint64_t>0x5C5C5C5C5C5C5C5C)
        | ((value - <uint64_t>0x2020202020202020) & ~value & <uint64_t>0x8080808080808080)
    ) == 0

cdef inline bint is_ascii(const char* ptr, const char* end) noexcept nogil:
    """Tell whether no byte has its high bit set."""
    while end - ptr >= STEP:  # bound: end
        if word(ptr) & <uint64_t>0x8080808080808080:
            return False
        ptr += STEP
    while ptr < end:
        if ptr[0] & 0x80:
            return False
        ptr += 1
    return True

cdef inline bint equals(Slice part, const char* text, Py_ssize_t size) noexcept nogil:
    return part.len == size and memcmp(part.ptr, text, <size_t>size) == 0
