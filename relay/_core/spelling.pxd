"""Words as tables.h spells them, read from a view: in any case; JOIN_CHAR stands for a blank, `_`, `-` or nothing."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from relay._core.kinds cimport KIND, LOWER_CASE
from relay._core.look cimport View, look

cdef extern from "tables.h":
    ctypedef struct Word:
        uint16_t at
        uint8_t len
        uint16_t row              # where in FIRST_WORD it belongs
        uint32_t head             # up to four letters that it starts with
        uint32_t mask             # where they are

    const uint8_t WORD_POOL[]
    const Word WORDS_OF[]
    const uint16_t FIRST_WORD[]   # list * 256 + first character

    enum:
        JOIN_CHAR
        SECRET_KEY_WORDS
        PASSWORD_KEY_WORDS
        NOT_SECRET_KEY_WORDS
        PLACEHOLDER_VALUE_WORDS

cdef enum:
    NO_WORD = 0xFFFF

cdef extern from *:
    """
    #include <string.h>

    /* Four characters in lower case, if they are letters; the first one lowest. */
    static inline uint32_t relay_four(const uint8_t *chars) {
        uint32_t four;
        memcpy(&four, chars, 4);
    #if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        four = __builtin_bswap32(four);
    #endif
        return four | 0x20202020u;
    }
    """
    uint32_t four_of "relay_four"(const uint8_t* chars) noexcept nogil

cdef inline bint may_spell(const Word* word, uint32_t four) noexcept nogil:
    """Tell whether a word may stand where these four characters do."""
    return (four ^ word.head) & word.mask == 0

cdef inline Py_ssize_t word_end(View* view, Py_ssize_t place, Py_ssize_t stop, const Word* word) noexcept nogil:
    """Give where a word that starts at `place` ends; -1 if it does not stand there, all of it before `stop`."""
    cdef const uint8_t* spelled = WORD_POOL + word.at
    cdef int i
    for i in range(word.len):
        if spelled[i] == JOIN_CHAR:
            place += place < stop and look(view, place) in (c" ", c"_", c"-")
        elif place < stop and LOWER_CASE[look(view, place)] == spelled[i]:
            place += 1
        else:
            return -1
    return place


cdef inline Py_ssize_t list_end(
    View* view, Py_ssize_t place, Py_ssize_t stop, int words, uint32_t beside
) noexcept nogil:
    """Give where the longest word of a list ends that starts here, no kind of `beside` behind it; or -1."""
    cdef uint16_t row = <uint16_t>(words * 256 + LOWER_CASE[view.chars[place]])
    cdef int number = FIRST_WORD[row]
    cdef uint32_t four = four_of(view.chars + place)
    cdef bint is_whole = place + 4 <= view.end
    cdef Py_ssize_t end
    if number == NO_WORD:
        return -1
    while WORDS_OF[number].row == row:
        # What the end cuts has to be looked at, so that it is waited for.
        if is_whole and not may_spell(&WORDS_OF[number], four):
            number += 1
            continue
        end = word_end(view, place, stop, &WORDS_OF[number])
        if end >= 0 and not KIND[view.chars[end]] & beside:
            return end
        number += 1
    return -1


cdef inline Py_ssize_t after(View* view, Py_ssize_t place, const char* word) noexcept nogil:
    """Give where a word of ASCII, written here in lower case and there in any, ends; -1 if it does not stand there."""
    while word[0]:
        if LOWER_CASE[look(view, place)] != <uint8_t>word[0]:
            return -1
        place += 1
        word += 1
    return place
