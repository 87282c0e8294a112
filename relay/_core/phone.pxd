"""Telephone numbers, the second layer (spec/redaction.md 5.8)."""

from libc.stdint cimport uint64_t

from relay._core.kinds cimport BESIDE_WORD, DIGIT, END_CHAR, KIND
from relay._core.look cimport Offers, View

cdef enum:
    DIGITS_LEAST = 7              # of every number
    BETWEEN_MOST = 4              # characters between two of its digits: `) (` and one more blank

cdef inline bint may_start_phone(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether `phones_at` may find, or have to wait for, a number here: it is dear, and so are its contexts."""
    cdef uint64_t between = <uint64_t>0xE301 << 32  # of ` ` to `/`: ` ( ) - . /`
    cdef unsigned char character = view.chars[place], before = view.chars[place - 1]
    cdef int digits = 0, gap = 0
    if KIND[before] & BESIDE_WORD or before == c"+":
        return False
    if (before == c"." or before == c"-") and character != c"0" and character != c"+":
        return False
    if character == c"+":
        place += 1
        character = view.chars[place]
    while gap <= BETWEEN_MOST:
        if KIND[character] & DIGIT:
            digits += 1
            gap = 0
            if digits == DIGITS_LEAST:
                return True
        elif character < 64 and between >> character & 1:
            gap += 1
        else:
            return character == END_CHAR and not view.last
        place += 1
        character = view.chars[place]
    return False

cdef int phones_at(View* view, Py_ssize_t place, Offers* offers, bint worded) except -1 nogil
