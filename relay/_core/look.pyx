"""The list that rules write their candidates to."""

from libc.stdint cimport int32_t, uint8_t
from libc.stdlib cimport realloc

from relay._core.kinds cimport TOKEN_CLASS

cdef Offer* _next(Offers* offers) except NULL nogil:
    """Give a free place at the end of the list."""
    cdef int room
    cdef void* items
    if offers.count == offers.room:
        room = 2 * offers.room + 16
        items = realloc(offers.items, <size_t>room * sizeof(Offer))
        if items == NULL:
            with gil:
                raise MemoryError()
        offers.items = <Offer*>items
        offers.room = room
    offers.count += 1
    return &offers.items[offers.count - 1]


cdef int offer(
    Offers* offers, Py_ssize_t trigger, Py_ssize_t start, Py_ssize_t end, int cls, int context
) except -1 nogil:
    """Offer the span [start, end), which has all that its rule asks for but the context."""
    _next(offers)[0] = Offer(
        <int32_t>start, <int32_t>end, <int32_t>trigger, <uint8_t>cls, <uint8_t>context, 0
    )
    return 0


cdef int offer_run(
    Offers* offers, Py_ssize_t trigger, Py_ssize_t start, Py_ssize_t end, int swallow
) except -1 nogil:
    """Offer a token that is certain while its run still goes on behind `end`."""
    offer(offers, trigger, start, end, TOKEN_CLASS, 0)
    offers.items[offers.count - 1].swallow = <uint8_t>swallow
    return 0
