"""Recognises `[EMAIL]`, `[EMAIL_1]` and `[EMAIL_h…]`: a label, and perhaps a number or twelve characters of a hash."""

from libc.stdint cimport uint8_t
from libc.string cimport memcmp, strlen

from relay._core.kinds cimport CLASSES
from relay._core.types cimport Slice

cdef extern from *:
    """
    static const char *const RELAY_LABELS[10] = {
        "CUSTOM", "TOKEN", "IBAN", "CREDIT_CARD", "EMAIL", "UUID", "MAC", "IP", "SSN", "PHONE"
    };
    static const char *const RELAY_MASKS[10] = {
        "[CUSTOM]", "[TOKEN]", "[IBAN]", "[CREDIT_CARD]", "[EMAIL]", "[UUID]", "[MAC]", "[IP]", "[SSN]", "[PHONE]"
    };
    """
    const char* LABELS "RELAY_LABELS"[10]  # by Class
    const char* MASKS "RELAY_MASKS"[10]


cdef Slice mask(int cls) noexcept nogil:
    """Give `[EMAIL]`: the name of a class in brackets."""
    return Slice(MASKS[cls], <Py_ssize_t>strlen(LABELS[cls]) + 2)


cdef inline Py_ssize_t _least(Py_ssize_t first, Py_ssize_t second) noexcept nogil:
    return first if first < second else second


cdef int literal_size(const uint8_t* chars, const uint8_t* end, int* cls) noexcept nogil:
    """Give how long the literal at `chars[0]`, a `[`, is, and its class; OPEN_LITERAL when `end` cuts it."""
    cdef Py_ssize_t size
    cdef int at, stop
    cdef int is_open = NO_LITERAL
    for at in range(<int>CLASSES):
        size = <Py_ssize_t>strlen(LABELS[at])
        if memcmp(chars + 1, LABELS[at], <size_t>_least(size, end - chars - 1)) != 0:
            continue
        if end - chars <= size + 1:
            is_open = OPEN_LITERAL
            continue
        stop = _tail(chars + size + 1, end)
        if stop > 0:
            cls[0] = at
            return <int>size + 1 + stop
        if stop < 0:
            is_open = OPEN_LITERAL
    return is_open


cdef int _tail(const uint8_t* chars, const uint8_t* end) noexcept nogil:
    """Give how long `]`, `_1]` or `_h…]` is at `chars`, as `literal_size` does."""
    cdef int most, at
    if chars[0] == c"]":
        return 1
    if chars[0] != c"_":
        return NO_LITERAL
    if end - chars == 1:
        return OPEN_LITERAL
    if chars[1] == c"h":
        most = 14
    elif c"1" <= chars[1] <= c"9":
        most = 7
    else:
        return NO_LITERAL
    for at in range(2, most):
        if chars + at == end:
            return OPEN_LITERAL
        if most == 7 and chars[at] == c"]":
            return at + 1
        if most == 7 and not c"0" <= chars[at] <= c"9":
            return NO_LITERAL
        if most == 14 and not (c"a" <= chars[at] <= c"z" or c"2" <= chars[at] <= c"7"):
            return NO_LITERAL
    if chars + most == end:
        return OPEN_LITERAL
    if chars[most] != c"]":
        return NO_LITERAL
    return most + 1
