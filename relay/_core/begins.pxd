"""How what the rules look for begins: three characters, so that nearly every word is passed over at one look.

Each rule notes its beginnings once, at import; of a word that the end of a view cuts, what is there decides.
"""

from libc.stdint cimport uint8_t, uint32_t

from relay._core.kinds cimport LOWER_CASE

cdef extern from "tables.h":
    const uint8_t NEXT[256]       # what a second or third character counts as: a letter of any case, a digit …
    enum:
        NEXT_DIGIT
        NEXT_HYPHEN
        NEXT_DOT                  # or a colon
        NEXT_END

cdef struct Begins:
    uint32_t[256][32] row         # by the first character and what the second counts as: bits for the third

cdef enum:
    ANY = 0xFFFFFFFF

cdef inline bint may_begin(const Begins* begins, const uint8_t* chars) noexcept nogil:
    """Tell whether a rule asks to be called at `chars[0]`; `chars[2]` may be behind the end, and is any character."""
    return begins.row[chars[0]][NEXT[chars[1]]] >> NEXT[chars[2]] & 1

cdef inline void note(Begins* begins, uint8_t first, int second, uint32_t thirds) noexcept nogil:
    """Note a beginning; `second` and the bits of `thirds` say what the characters count as."""
    begins.row[first][second] |= thirds | <uint32_t>1 << NEXT_END
    begins.row[first][NEXT_END] = ANY

cdef inline void note_word(Begins* begins, const uint8_t* word, uint8_t joint) noexcept nogil:
    """Note a word of three characters or more in any case; `joint` in it may be spelled in any way."""
    cdef uint32_t thirds = ANY if word[2] == joint else <uint32_t>1 << NEXT[word[2]]
    cdef int first
    for first in range(256):
        if LOWER_CASE[first] == word[0]:
            note(begins, <uint8_t>first, NEXT[word[1]], thirds)
