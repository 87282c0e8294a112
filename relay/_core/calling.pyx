"""Calling codes: whether digits are a telephone number of the international plan (spec/redaction.md 5.8, P1).

Digits are characters, those of the calling code first. The longest code of the table is split off; what is left must
have a length that the table gives for it, and may have a trunk zero in front that counts nowhere.
"""

from libc.stdint cimport uint8_t, uint32_t

cdef extern from "tables.h":
    const uint32_t CALLING[1000]

cdef enum:
    LEAST = 7                     # digits without the trunk zero
    MOST = 15
    CODE_MOST = 3


cdef bint fits_plan(const uint8_t* digits, int count) noexcept nogil:
    """Tell whether these digits are a whole number."""
    cdef int size = _code_size(digits, count)
    cdef uint32_t lengths
    if size == 0:
        return False
    lengths = _lengths(digits, size)
    if _is_length(lengths, count, size):
        return True
    return count > size and digits[size] == c"0" and _is_length(lengths, count - 1, size)


cdef int plan_most(const uint8_t* digits, int known) noexcept nogil:
    """Give the most digits that a number has whose first ones are these; 0 if no number starts so.

    `known` may be negative where digits before the code are still to come.
    """
    cdef int size, most = MOST
    cdef uint32_t lengths
    if known > 0 and digits[0] == c"0":
        return 0
    if known < CODE_MOST:
        return MOST + 1
    size = _code_size(digits, known)
    if size == 0:
        return 0
    lengths = _lengths(digits, size)
    while most > size and not _is_length(lengths, most, size):
        most -= 1
    return most + (known == size or digits[size] == c"0")


cdef inline bint _is_length(uint32_t lengths, int count, int size) noexcept nogil:
    """Tell whether a code of `size` digits has numbers of `count`, its own counted."""
    return LEAST <= count <= MOST and lengths >> (count - size) & 1


cdef int _code_size(const uint8_t* digits, int count) noexcept nogil:
    """Give how many digits the longest calling code has that these start with; 0 if there is none."""
    cdef int size = count if count < CODE_MOST else CODE_MOST
    if size <= 0 or digits[0] == c"0":
        return 0
    while size and not _lengths(digits, size):
        size -= 1
    return size


cdef uint32_t _lengths(const uint8_t* digits, int size) noexcept nogil:
    """Give the lengths of national numbers, as bits, after a calling code of so many digits."""
    cdef int code = 0, place
    for place in range(size):
        code = code * 10 + digits[place] - c"0"
    return CALLING[code]
