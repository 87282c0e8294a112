"""How what the rules look for begins: three characters, so that nearly every word is passed over at one look.

Each rule notes its beginnings once, at import. Where the end of a view cuts one, what is there decides.
"""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport strchr

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
    CODES                         # numbers, addresses and IBANs: in a scan they are found by their digits

cdef struct Begins:
    # By the first character and what the second counts as: a bit for each that the third may count as.
    uint32_t[256][32] words
    uint32_t[256][32] named       # words and families
    uint32_t[256][32] any
    # By the low half of a character and then by the high one: for each of the three a bit for each group of beginnings
    # that may have such a half there; and the kinds that a character with such a half may be of (blocks.pxd).
    uint8_t[5][32] heads

cdef enum:
    ANY = 0xFFFFFFFF

cdef inline void note(Begins* begins, Sort sort, uint8_t first, int second, uint32_t thirds) noexcept nogil:
    """Note a beginning; `second` and the bits of `thirds` say what the characters count as."""
    _note(begins.any[first], second, thirds)
    if sort != CODES:
        _note(begins.named[first], second, thirds)
    if sort == WORDS:
        _note(begins.words[first], second, thirds)

cdef inline void _note(uint32_t* row, int second, uint32_t thirds) noexcept nogil:
    row[second] |= thirds | <uint32_t>1 << NEXT_END
    # What is read behind the end may be anything.
    row[<int>NEXT_END] = ANY

cdef inline uint8_t group_of(int first) noexcept nogil:
    """Give the bit of a first character; those of a bit go together so that few words pass that begin nothing."""
    cdef const char** groups = [b"0123456789", b"=MNO~", b"ab", b"Tdkt", b"BEGPSUV", b"CHLceln", b"Ffghimouw"]
    cdef int number
    for number in range(7):
        if 0 < first < 0x80 and strchr(groups[number], first) != NULL:
            return <uint8_t>(1 << number)
    return 1 << 7

cdef inline void note_heads(Begins* begins) noexcept nogil:
    """Sum up what was noted of words and families; what the end cuts is not among it."""
    cdef uint32_t seconds, thirds
    cdef uint8_t group
    cdef int first, second, each
    for first in range(256):
        group = group_of(first)
        seconds = thirds = 0
        for second in range(<int>NEXT_END):
            if begins.named[first][second]:
                seconds |= <uint32_t>1 << second
            thirds |= begins.named[first][second]
        for each in range(256):
            if seconds and each == first:
                _note_halves(begins.heads[0], each, group)
            if seconds >> NEXT[each] & 1:
                _note_halves(begins.heads[1], each, group)
            if (thirds & ~(<uint32_t>1 << NEXT_END)) >> NEXT[each] & 1:
                _note_halves(begins.heads[2], each, group)

cdef inline void _note_halves(uint8_t* halves, int character, uint8_t group) noexcept nogil:
    halves[character & 15] |= group
    halves[16 + (character >> 4)] |= group

cdef inline void note_word(Begins* begins, const uint8_t* word, uint8_t joint) noexcept nogil:
    """Note a word of three characters or more in any case; `joint` in it may be spelled in any way."""
    cdef uint32_t thirds = ANY if word[2] == joint else <uint32_t>1 << NEXT[word[2]]
    cdef int first
    for first in range(256):
        if LOWER_CASE[first] == word[0]:
            note(begins, WORDS, <uint8_t>first, NEXT[word[1]], thirds)
