"""Private keys (spec/redaction.md 6.1): a header, 32 characters of key in a row, and all up to the footer.

A key is certain at its 32 characters, which stand before a footer and within 256 of the header. It ends behind its
footer, or before the first character that no key has. A run of key characters is never left inside what may be a
footer: whoever goes on from there has to see the footer whole.
"""

from libc.stdint cimport uint8_t

from relay._core.kinds cimport ALNUM, DIGIT, DOT, EQUALS, KIND, LABEL_MARK, PLUS_SLASH, SPACE, UPPER
from relay._core.kinds cimport TOKEN_CLASS
from relay._core.look cimport FREE, Offers, View, look, offer, offer_run, pend, skip

cdef enum:
    DASHES = 5
    PUTTY_TRIGGER = 6             # behind the `PuTTY-` of a header
    LABEL_WORDS = 6
    LABEL_WORD_MOST = 24
    PROOF = 32
    PROOF_WITHIN = 256
    MAC_LEAST = 40
    MAC_MOST = 64
    FAR = 640                     # a key that is longer is offered as a run


cdef int key_at(View* view, Py_ssize_t trigger, Py_ssize_t place, int swallow, Offers* offers) except -1 nogil:
    """Offer the key whose header is read up to `place`: to `-----BEGIN` or to the end of a PuTTY header."""
    cdef Py_ssize_t start = trigger - (DASHES if swallow == PEM_KEY else PUTTY_TRIGGER)
    cdef Py_ssize_t body = _label_end(view, place) if swallow == PEM_KEY else place
    cdef Py_ssize_t end = _proved(view, body, swallow) if body >= 0 else -1
    cdef Py_ssize_t foot
    if end < 0:
        if view.touched and not view.last:
            pend(offers, trigger, start)
        return 0
    view.touched = False
    end = _body_end(view, end, swallow, start + FAR)
    if end == start + FAR:
        return offer_run(offers, trigger, start, end, swallow)
    foot = _footer_end(view, end, swallow)
    if foot >= 0 and (view.last or not view.touched):
        return offer(offers, trigger, start, foot, TOKEN_CLASS, FREE)
    if view.touched and not view.last:
        return offer_run(offers, trigger, start, end, swallow)
    return offer(offers, trigger, start, end, TOKEN_CLASS, FREE)


cdef Py_ssize_t key_end(View* view, Py_ssize_t place, int swallow, Py_ssize_t most) noexcept nogil:
    """Give where a key ends, from a place within it at which it may have `most` characters more."""
    cdef Py_ssize_t end = _body_end(view, place, swallow, place + most)
    cdef Py_ssize_t foot
    if end == place + most:
        return end
    foot = _footer_end(view, end, swallow)
    if view.touched and not view.last:
        return end
    if foot > place + most:
        return place + most
    return foot if foot >= 0 else end


cdef inline bint _is_key(uint8_t character) noexcept nogil:
    if KIND[character] & (ALNUM | PLUS_SLASH | EQUALS | DOT | LABEL_MARK):
        return True
    return character == c":" or character == c"," or character == c"\\"


cdef inline bint _may_be_footer(uint8_t character, int swallow) noexcept nogil:
    return character == (c"-" if swallow == PEM_KEY else c"P")


cdef Py_ssize_t _proved(View* view, Py_ssize_t place, int swallow) noexcept nogil:
    """Give where the characters that prove a key end, -1 where they are missing or not yet certain."""
    cdef Py_ssize_t stop = place + PROOF_WITHIN
    cdef uint8_t character
    cdef int row = 0
    while place < stop:  # bound: PROOF_WITHIN
        character = look(view, place)
        if _may_be_footer(character, swallow):
            if _footer_end(view, place, swallow) >= 0 or (view.touched and not view.last):
                return -1
        if _is_key(character):
            row += 1
        elif KIND[character] & SPACE:
            row = 0
        else:
            return -1
        place += 1
        if row == PROOF:
            return place
    return -1


cdef Py_ssize_t _body_end(View* view, Py_ssize_t place, int swallow, Py_ssize_t stop) noexcept nogil:
    """Give the first place at which a footer stands or may stand, no character of a key, or `stop`."""
    cdef uint8_t character
    while place < stop:
        character = look(view, place)
        if not _is_key(character) and not KIND[character] & SPACE:
            return place
        if _may_be_footer(character, swallow):
            if _footer_end(view, place, swallow) >= 0 or (view.touched and not view.last):
                return place
        place += 1
    return place


cdef Py_ssize_t _footer_end(View* view, Py_ssize_t place, int swallow) noexcept nogil:
    """Give the end of the footer that stands at a place, -1 if none does."""
    cdef Py_ssize_t end
    cdef Py_ssize_t stop
    if swallow == PEM_KEY:
        return _label_end(view, place + 8) if _spells(view, place, b"-----END", 8) else -1
    if not _spells(view, place, b"Private-MAC: ", 13):
        return -1
    place += 13
    stop = place + MAC_MOST
    end = place
    while end < stop and _is_hex(look(view, end)):
        end += 1
    return end if end - place >= MAC_LEAST else -1


cdef inline bint _is_hex(uint8_t character) noexcept nogil:
    return KIND[character] & DIGIT != 0 or (character >= c"a" and character <= c"f")


cdef Py_ssize_t _label_end(View* view, Py_ssize_t place) noexcept nogil:
    """Give the end of ` … PRIVATE KEY[ BLOCK]-----`, with up to three words before, -1 where none stands."""
    cdef int words = 0
    cdef Py_ssize_t end
    while words < LABEL_WORDS and look(view, place) == c" ":
        end = skip(view, place + 1, UPPER | DIGIT, LABEL_WORD_MOST)
        if end == place + 1:
            return -1
        place = end
        words += 1
    if not _ends_in(view, place, b" PRIVATE KEY BLOCK", 18):
        if words == LABEL_WORDS or not _ends_in(view, place, b" PRIVATE KEY", 12):
            return -1
    return place + DASHES if _spells(view, place, b"-----", DASHES) else -1


cdef bint _spells(View* view, Py_ssize_t place, const char* word, int size) noexcept nogil:
    cdef int at
    for at in range(size):
        if look(view, place + at) != <uint8_t>word[at]:
            return False
    return True


cdef bint _ends_in(View* view, Py_ssize_t place, const char* word, int size) noexcept nogil:
    """Tell whether a word ends before a place; reads back to its first difference and no further."""
    cdef int at
    for at in range(1, size + 1):
        if view.chars[place - at] != <uint8_t>word[size - at]:
            return False
    return True
