"""How a rule looks at a view, and how it says what it found.

A rule reads characters from left to right by `look` and `skip`; reading END_CHAR sets `touched`: what it decides then
may change with the next piece, unless the channel has ended. Each part of a rule that decides by itself clears
`touched` first and, where it is set after and the view is not `last`, calls `pend` in place of what it would offer.
"""

from libc.stdint cimport int32_t, uint8_t, uint32_t

from relay._core.kinds cimport END_CHAR, KIND

cdef enum Context:                # what must stand to the left of a candidate (spec/redaction.md 4)
    FREE                          # nothing
    AFTER_SSN                     # a word of list `ssn` within 40
    AFTER_CARD                    # a word of list `credit_card` within 40
    NO_VERSION                    # no version word that leads up to it within 32 on its line
    PLAIN                         # no word of list `phone_negative` that leads up to it within 32
    AFTER_PHONE                   # a word of list `phone` within 32
    PLAIN_AFTER_PHONE             # both


cdef struct View:
    const uint8_t* chars          # chars[-1] may be read; chars[end] is END_CHAR
    const uint32_t* codes         # code points; valid where chars[i] >= 0x80
    Py_ssize_t end
    bint last                     # nothing follows: the channel has ended
    bint touched

cdef struct Offer:
    int32_t start                 # what is replaced: [start, end)
    int32_t end
    int32_t trigger               # where a scan has to go on for the rule to find it again
    uint8_t cls                   # Class
    uint8_t context               # Context
    uint8_t swallow               # number of a swallow set; 0: the match is `closed`

cdef struct Offers:
    Offer* items                  # owned by whoever made it
    int count
    int room
    Py_ssize_t hold               # no span that is still undecided starts before this
    Py_ssize_t rescan             # triggers from here on have to be looked at again

cdef inline uint8_t look(View* view, Py_ssize_t place) noexcept nogil:
    """Give a character; behind the last one END_CHAR, which is then noted."""
    cdef uint8_t character = view.chars[place]
    view.touched |= character == END_CHAR
    return character

cdef inline bint is_a(View* view, Py_ssize_t place, uint32_t kinds) noexcept nogil:
    """Tell whether a character is of one of these kinds; the end is of none."""
    return KIND[look(view, place)] & kinds != 0

cdef inline bint was_a(View* view, Py_ssize_t place, uint32_t kinds) noexcept nogil:
    """Tell the same of a character to the left, which is never the end."""
    return KIND[view.chars[place]] & kinds != 0

cdef inline Py_ssize_t skip(View* view, Py_ssize_t place, uint32_t kinds, Py_ssize_t most) noexcept nogil:
    """Give where a run of these kinds from `place` on ends, at most `most` characters further.

    Looks at no character that the answer does not need: a run of `most` is not asked how it goes on.
    """
    cdef Py_ssize_t stop = place + most
    while place < stop and KIND[view.chars[place]] & kinds:
        place += 1
    if place < stop:
        view.touched |= view.chars[place] == END_CHAR
    return place

cdef inline Py_ssize_t back(View* view, Py_ssize_t place, uint32_t kinds, Py_ssize_t most) noexcept nogil:
    """Give where the run of these kinds that ends before `place` starts, at most `most` characters further left."""
    cdef Py_ssize_t stop = place - most
    while place > stop and KIND[view.chars[place - 1]] & kinds:
        place -= 1
    return place

cdef int offer(
    Offers* offers, Py_ssize_t trigger, Py_ssize_t start, Py_ssize_t end, int cls, int context
) except -1 nogil
cdef int offer_run(
    Offers* offers, Py_ssize_t trigger, Py_ssize_t start, Py_ssize_t end, int swallow
) except -1 nogil

cdef inline void pend(Offers* offers, Py_ssize_t trigger, Py_ssize_t start) noexcept nogil:
    """Say that a rule cannot tell yet: its span would not start before `start`."""
    if start < offers.hold:
        offers.hold = start
    if trigger < offers.rescan:
        offers.rescan = trigger
