"""Class email (spec/redaction.md 5.1): what stands around an `@` or a `%40`.

email_at    the address whose `@`, or whose `%40`, stands at `place`
email_tail  once for each piece that is not the last: the local part at its end, whose `@` may be yet to come

Bounds that the contract leaves open, so that a stream can decide: leading marks of a local part are followed for 320
characters; of a label's run, hyphens at its end included, the first 64 characters count (31 if CJK), and 254 of the
whole domain.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp

from relay._core.kinds cimport (
    ALNUM, CJK, DIGIT, EMAIL_CLASS, KIND, LABEL, LETTER, LITERAL, LOCAL, LOCAL_MARK, SPACE, START_CHAR, is_beyond_urls
)
from relay._core.look cimport FREE, Offers, View, is_a, look, offer, pend, skip

cdef extern from "tables.h":
    const uint8_t LOWER_CASE[256]
    const uint16_t DOMAIN_SLOT[]          # number + 1 of a name at its hash or behind it; 0: free
    const uint16_t DOMAIN_POOL[]
    const uint16_t DOMAIN_START[]
    const uint16_t CAPITALS[][2]          # capital and small letter, beyond ASCII
    enum:
        CAPITALS_COUNT

cdef enum:
    LOCAL_MOST = 64
    LOCAL_LOOK = 320
    AUTHORITY_LOOK = 256
    LABELS_MOST = 10
    LABEL_MOST = 63
    CJK_LABEL_MOST = 30
    DOMAIN_MOST = 253
    DOMAIN_SLOTS = 4096


cdef int email_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the address around an `@` or a `%40`."""
    cdef bint encoded = view.chars[place] == c"%"
    cdef Py_ssize_t start = _local_start(view, place, place - LOCAL_LOOK, LOCAL_MOST)
    cdef Py_ssize_t end
    cdef bint waits
    if start == place or not _is_local(view, start, place, encoded):
        return 0
    view.touched = False
    end = _domain_end(view, place + (3 if encoded else 1))
    if end >= 0 and _is_repository(view, start, place, end):
        end = -1
    waits = view.touched and not view.last
    if (end < 0 and not waits) or _is_in_authority(view, place):
        return 0
    if waits:
        pend(offers, place, start)
        return 0
    return offer(offers, place, start, end, EMAIL_CLASS, FREE)


cdef void email_tail(View* view, Offers* offers) noexcept nogil:
    """Wait for the `@` of a local part that ends where the text does."""
    # An authority before it excludes nothing: an apostrophe that is yet to come would end it.
    cdef Py_ssize_t end = view.end
    # The reach back counts from the `@`: what that may not see must not count here.
    cdef Py_ssize_t start = _local_start(view, end, end + LOCAL_MOST - LOCAL_LOOK, LOCAL_MOST + 2)
    cdef Py_ssize_t size = end - start
    if size > LOCAL_MOST and view.chars[end - 1] == c"4":
        size -= 1
        end -= 1
    if size > LOCAL_MOST and view.chars[end - 1] == c"%":
        size -= 1
    if 0 < size <= LOCAL_MOST and not _has_pair(view, start, view.end):
        pend(offers, start, start)


cdef Py_ssize_t _local_start(View* view, Py_ssize_t stop, Py_ssize_t floor, Py_ssize_t most) noexcept nogil:
    """Give where the local part that would end before `stop` starts; `stop` if there is none of up to `most`."""
    cdef Py_ssize_t place = stop
    cdef Py_ssize_t start = stop
    cdef uint32_t kind
    while place > floor:
        kind = KIND[view.chars[place - 1]]
        if not kind & LOCAL_MARK:
            if not kind & (LOCAL | LITERAL) or (kind & LETTER and _ends_colon(view, place, floor)):
                break
            if kind & LITERAL or stop - place >= most:
                return stop
            start = place - 1
        place -= 1
    return start


cdef inline bint _ends_colon(View* view, Py_ssize_t place, Py_ssize_t floor) noexcept nogil:
    """Tell whether the letter before `place` is the last of a `%3A`."""
    return (
        view.chars[place - 1] | 0x20 == c"a" and place - 3 >= floor
        and view.chars[place - 2] == c"3" and view.chars[place - 3] == c"%"
    )


cdef bint _is_local(View* view, Py_ssize_t start, Py_ssize_t stop, bint encoded) noexcept nogil:
    """Tell whether local characters may be the local part before an `@` or a `%40` at `stop`."""
    cdef Py_ssize_t place
    if view.chars[stop - 1] == c"." or view.chars[stop - 1] == c"'" or _has_pair(view, start, stop):
        return False
    if encoded:
        for place in range(start, stop):
            if view.chars[place] == c"%" and not _is_plus(view.chars + place):
                return False
    return True


cdef inline bint _is_plus(const uint8_t* escape) noexcept nogil:
    return escape[1] == c"2" and escape[2] | 0x20 == c"b"


cdef bint _has_pair(View* view, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """Tell whether two dots or two apostrophes stand side by side."""
    cdef Py_ssize_t place
    for place in range(start + 1, stop):
        if view.chars[place] == view.chars[place - 1] and (view.chars[place] == c"." or view.chars[place] == c"'"):
            return True
    return False


cdef Py_ssize_t _domain_end(View* view, Py_ssize_t start) noexcept nogil:
    """Give where the longest domain that starts here ends; -1 if there is none."""
    cdef Py_ssize_t limit = start + DOMAIN_MOST + 1
    cdef Py_ssize_t place = start
    cdef Py_ssize_t end = -1
    cdef Py_ssize_t stop
    cdef int labels
    for labels in range(1, LABELS_MOST + 1):
        stop = _label_end(view, place, limit)
        if stop < 0:
            break
        if labels > 1 and _is_top(view, place, stop):
            end = stop
        if labels == LABELS_MOST or look(view, stop) != c".":
            break
        place = stop + 1
    return end


cdef Py_ssize_t _label_end(View* view, Py_ssize_t place, Py_ssize_t limit) noexcept nogil:
    """Give where the label that starts here ends, hyphens at its end left out; -1 if there is none before `limit`."""
    cdef Py_ssize_t stop
    if place >= limit:
        return -1
    if is_a(view, place, CJK):
        stop = skip(view, place, CJK, min(<Py_ssize_t>CJK_LABEL_MOST + 1, limit - place))
        return stop if stop - place <= CJK_LABEL_MOST and stop < limit else -1
    if view.chars[place] == c"-":
        return -1
    stop = skip(view, place, LABEL | LITERAL, min(<Py_ssize_t>LABEL_MOST + 1, limit - place))
    while stop > place and view.chars[stop - 1] == c"-":
        stop -= 1
    if stop == place or stop - place > LABEL_MOST or stop >= limit or _has_literal(view, place, stop):
        return -1
    return stop


cdef bint _has_literal(View* view, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """Tell whether one of these characters belongs to a placeholder."""
    cdef Py_ssize_t place
    for place in range(start, stop):
        if KIND[view.chars[place]] & LITERAL:
            return True
    return False


cdef bint _is_top(View* view, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """Tell whether a label is a top-level domain."""
    cdef uint32_t number = 0
    cdef Py_ssize_t place
    if (
        stop - start > 4 and view.chars[start] | 0x20 == c"x" and view.chars[start + 1] | 0x20 == c"n"
        and view.chars[start + 2] == c"-" and view.chars[start + 3] == c"-"
    ):
        return True
    for place in range(start, stop):
        number = number * 31 + _small(view, place)
    number %= DOMAIN_SLOTS
    while DOMAIN_SLOT[number]:
        if _is_name(view, start, stop, DOMAIN_SLOT[number] - 1):
            return True
        number = (number + 1) % DOMAIN_SLOTS
    return False


cdef bint _is_name(View* view, Py_ssize_t start, Py_ssize_t stop, int name) noexcept nogil:
    """Tell whether a label is a name of the table."""
    cdef Py_ssize_t shift = DOMAIN_START[name] - start
    cdef Py_ssize_t place
    if stop + shift != DOMAIN_START[name + 1]:
        return False
    for place in range(start, stop):
        if _small(view, place) != DOMAIN_POOL[place + shift]:
            return False
    return True


cdef inline uint32_t _small(View* view, Py_ssize_t place) noexcept nogil:
    """Give the code point of a character of a label, in lower case."""
    cdef uint32_t code
    cdef int at
    if view.chars[place] < 0x80:
        return LOWER_CASE[view.chars[place]]
    code = view.codes[place]
    for at in range(CAPITALS_COUNT):
        if CAPITALS[at][0] == code:
            return CAPITALS[at][1]
    return code


cdef bint _is_repository(View* view, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t end) noexcept nogil:
    """Tell whether this is `git@host:path` or its like, which is no address."""
    cdef const uint8_t* name = view.chars + start
    cdef Py_ssize_t size = stop - start
    if not (
        (size == 3 and (memcmp(name, b"git", 3) == 0 or memcmp(name, b"svn", 3) == 0))
        or (size == 2 and memcmp(name, b"hg", 2) == 0)
    ):
        return False
    return look(view, end) in (c":", c"/")


cdef bint _is_in_authority(View* view, Py_ssize_t at) noexcept nogil:
    """Tell whether an `@` is the first of an authority: `scheme://` and no end of it stand before."""
    cdef Py_ssize_t floor = at - AUTHORITY_LOOK
    cdef Py_ssize_t place = at
    while place > floor and not _ends_authority(view.chars[place - 1]):
        place -= 1
    if (
        place - 3 <= floor or view.chars[place - 1] != c"/"
        or view.chars[place - 2] != c"/" or view.chars[place - 3] != c":"
    ):
        return False
    if not _is_user(view, place, at):
        return False
    place -= 3
    while place > floor:
        if KIND[view.chars[place - 1]] & (LETTER | LITERAL):
            return True
        if not (KIND[view.chars[place - 1]] & DIGIT or view.chars[place - 1] in (c"+", c".", c"-")):
            return False
        place -= 1
    return False


cdef inline bint _ends_authority(uint8_t character) noexcept nogil:
    if KIND[character] & ALNUM:
        return False
    return KIND[character] & SPACE or character in (c"/", c"?", c"#", c"@", c"'", c'"', c"<", c">", START_CHAR)


cdef bint _is_user(View* view, Py_ssize_t place, Py_ssize_t stop) noexcept nogil:
    """Tell whether a user of a URL may stand at `place`: up to `stop`, or to the colon of a password."""
    while place < stop and view.chars[place] != c":":
        if is_beyond_urls(view.chars[place]):
            return False
        place += 1
    return True
