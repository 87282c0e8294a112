"""How what the rules look for begins: three characters, so that nearly every word is passed over at one look.

Each rule notes its beginnings once, at import. Where the end of a view cuts one, what is there decides.
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

cdef enum Sort:
    WORDS                         # keys, and the names of headers
    FAMILIES                      # of tokens
    CODES                         # numbers, addresses and IBANs
    SORTS

cdef struct Begins:
    # By the first character, what the second counts as, and Sort: a bit for each that the third may count as.
    uint32_t[256][32][4] thirds
    # The same of any sort: a quarter of the bytes, so that nearly all words cost one look.
    uint32_t[256][32] any

cdef enum:
    ANY = 0xFFFFFFFF

cdef inline void note(Begins* begins, Sort sort, uint8_t first, int second, uint32_t thirds) noexcept nogil:
    """Note a beginning; `second` and the bits of `thirds` say what the characters count as."""
    begins.thirds[first][second][<int>sort] |= thirds | <uint32_t>1 << NEXT_END
    begins.any[first][second] |= thirds | <uint32_t>1 << NEXT_END
    # What is read behind the end may be anything.
    begins.thirds[first][NEXT_END][<int>sort] = begins.any[first][NEXT_END] = ANY

cdef inline void note_word(Begins* begins, const uint8_t* word, uint8_t joint) noexcept nogil:
    """Note a word of three characters or more in any case; `joint` in it may be spelled in any way."""
    cdef uint32_t thirds = ANY if word[2] == joint else <uint32_t>1 << NEXT[word[2]]
    cdef int first
    for first in range(256):
        if LOWER_CASE[first] == word[0]:
            note(begins, WORDS, <uint8_t>first, NEXT[word[1]], thirds)
