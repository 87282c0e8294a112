"""The values behind keys, options and headers: where they end, what of them is offered (spec/redaction.md 6.2, 6.3).

A value is judged on its first 64 characters. One that ends within them is offered closed; of a longer one it no longer
matters what ends it, so it is offered as soon as 65 are there, and `value_end` tells where it goes on to. While the
view ends inside the first 64, and they may still make a value, its start is held.
"""

from libc.stdint cimport uint8_t

from relay._core.kinds cimport (
    ALNUM,
    DOT,
    END_CHAR,
    EQUALS,
    KIND,
    LABEL_MARK,
    LITERAL,
    PLUS_SLASH,
    SPACE,
    TOKEN_CLASS,
    UNDERSCORE,
)
from relay._core.look cimport FREE, Offers, View, is_a, offer, offer_run, pend
from relay._core.values cimport is_password, is_secret, never_password, never_secret

cdef extern from *:
    """
    #include "tables.h"
    #define SECRET_ 1u
    #define PASS_ 2u
    #define USER_ 20u             /* of curl and of a URL */
    #define URL_ 48u              /* user and value of a URL */
    static const uint8_t ENDS[256] = {
        ['"'] = 63u, ['\\''] = 63u, [END_CHAR] = 63u,
        ['`'] = SECRET_, ['\\\\'] = SECRET_, ['('] = PASS_, ['{'] = PASS_, ['['] = PASS_,
        [','] = SECRET_ | PASS_, [';'] = SECRET_ | PASS_, ['&'] = SECRET_ | PASS_,
        [')'] = SECRET_ | PASS_, ['}'] = SECRET_ | PASS_, [']'] = SECRET_ | PASS_,
        ['<'] = SECRET_ | PASS_ | URL_, ['>'] = SECRET_ | PASS_ | URL_,
        [':'] = USER_, ['/'] = URL_, ['@'] = URL_, ['?'] = 16u, ['#'] = 16u,
        [LITERAL_CHAR ... LITERAL_CHAR + 9] = PASS_ | URL_,
    };
    """
    const uint8_t ENDS[256]       # bits of Run that a character ends

cdef enum:
    SECRET_KINDS = ALNUM | UNDERSCORE | DOT | LABEL_MARK | PLUS_SLASH | EQUALS


cdef Py_ssize_t run_of(View* view, Py_ssize_t place, int run, Py_ssize_t most) noexcept nogil:
    """Give where a run from `place` on ends, at most `most` characters further."""
    cdef Py_ssize_t stop = place + most
    while place < stop and not KIND[view.chars[place]] & SPACE and not ENDS[view.chars[place]] & run:
        place += 1
    if place < stop:
        view.touched |= view.chars[place] == END_CHAR
    return place


cdef inline Py_ssize_t _secret_run(View* view, Py_ssize_t place, Py_ssize_t most) noexcept nogil:
    """Give where a run of the characters of secrets ends, at most `most` characters further."""
    cdef Py_ssize_t stop = place + most
    while place < stop and (KIND[view.chars[place]] & SECRET_KINDS or view.chars[place] == c"~"):
        place += 1
    if place < stop:
        view.touched |= view.chars[place] == END_CHAR
    return place


cdef bint may_end(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether a character, or the end of the text, may stand behind a secret."""
    return is_a(view, place, SPACE) or ENDS[view.chars[place]] & SECRET_VALUE != 0


cdef int secret_value(View* view, Py_ssize_t trigger, Py_ssize_t start, Offers* offers) except -1 nogil:
    """Offer the secret that starts at `start`, if one does, or wait for it."""
    cdef Py_ssize_t end = _secret_run(view, start, JUDGED + 1)
    if end - start > JUDGED:
        return long_value(view, trigger, start, SECRET_RUN, offers) if is_secret(view, start, JUDGED) else 0
    if not may_end(view, end):
        return 0
    if view.touched and not view.last:
        if not never_secret(view, start, end - start):
            wait(view, trigger, start, offers)
    elif is_secret(view, start, end - start):
        offer(offers, trigger, start, end, TOKEN_CLASS, FREE)
    return 0


cdef int password_value(View* view, Py_ssize_t trigger, Py_ssize_t start, Offers* offers) except -1 nogil:
    """Offer the password that starts at `start`, if one does, or wait for it."""
    cdef Py_ssize_t end = run_of(view, start, PASSWORD_VALUE, JUDGED + 1)
    if end - start > JUDGED:
        return long_value(view, trigger, start, PASSWORD_RUN, offers) if is_password(view, start, JUDGED) else 0
    if is_a(view, end, LITERAL) or view.chars[end] in (c"(", c"["):
        return 0
    if view.chars[start - 1] not in (c'"', c"'", c"`"):
        while end > start and view.chars[end - 1] in (c".", c":", c"?", c"!"):
            end -= 1
    if view.touched and not view.last:
        if not never_password(view, start, end - start):
            wait(view, trigger, start, offers)
    elif is_password(view, start, end - start):
        offer(offers, trigger, start, end, TOKEN_CLASS, FREE)
    return 0


cdef int long_value(View* view, Py_ssize_t trigger, Py_ssize_t start, int swallow, Offers* offers) except -1 nogil:
    """Offer a value of which more than 64 characters are there: closed if its end is in sight."""
    cdef Py_ssize_t end = value_end(view, start + JUDGED, swallow)
    if view.chars[end] == END_CHAR and not view.last:
        return offer_run(offers, trigger, start, end, swallow)
    return offer(offers, trigger, start, end, TOKEN_CLASS, FREE)


cdef void wait(View* view, Py_ssize_t trigger, Py_ssize_t start, Offers* offers) noexcept nogil:
    """Pend, if the text may go on, a rule whose span would start at `start`: nothing before it has to be held."""
    if view.touched and not view.last:
        pend(offers, trigger, start)


cdef Py_ssize_t value_end(View* view, Py_ssize_t place, int swallow) noexcept nogil:
    """Give where the run of a long value goes on to, from a place inside it; `touched` if it may go on further."""
    if swallow == SECRET_RUN:
        return _secret_run(view, place, view.end - place + 1)
    return run_of(view, place, PASSWORD_VALUE, view.end - place + 1)
