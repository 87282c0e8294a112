"""What a character of a view is: one table look-up, and the sets that the rules name."""

from libc.stdint cimport uint8_t, uint32_t

cdef extern from "tables.h":
    const uint32_t KIND[256]
    const uint8_t LOWER_CASE[256]
    const uint8_t VIEW_CHAR[65536]
    const uint8_t TELEPHONE_RECEIVER

    # Bits of KIND, disjoint where the comments say no other.
    enum:
        DIGIT
        UPPER
        LOWER
        UNDERSCORE
        LITERAL                   # a character of a placeholder
        HEX_LETTER                # a–f, A–F: UPPER or LOWER too
        LETTER_OTHER              # U+00C0–024F, U+0370–052F
        CJK                       # U+3040–30FF, U+3400–9FFF, U+AC00–D7A3
        SPACE                     # white space of any kind
        BLANK                     # SPACE and TAB: SPACE too
        LINE_END                  # CR and LF: SPACE too
        LOCAL_MARK                # . % + ' -
        LABEL_MARK                # -
        DOT
        PLUS_SLASH                # + /
        EQUALS

    # Characters of a view beyond ASCII (tables.py says which code points have one of their own).
    enum:
        OTHER_CHAR
        FIRST_NAMED               # named characters: from here to START_CHAR
        START_CHAR                # before the first character of a channel
        END_CHAR                  # behind the last character that is there
        LITERAL_CHAR              # the first of ten: LITERAL_CHAR + class

cdef enum:
    LETTER = UPPER | LOWER
    ALNUM = DIGIT | LETTER
    WORD = ALNUM | UNDERSCORE
    HEX = DIGIT | HEX_LETTER
    LOCAL = WORD | LOCAL_MARK     # of an e-mail address
    LABEL = ALNUM | LETTER_OTHER | LABEL_MARK
    # What stands beside a match counts a literal as a letter, a digit and a word character.
    BESIDE_DIGIT = DIGIT | LITERAL
    BESIDE_LETTER = LETTER | LITERAL
    BESIDE_ALNUM = ALNUM | LITERAL
    BESIDE_WORD = WORD | LITERAL

cdef inline bint is_beyond_urls(uint8_t character) noexcept nogil:
    """Tell whether no URL holds a character: `|`, a backtick, and what is neither ASCII nor a letter of a label."""
    if character < OTHER_CHAR:
        return character == c"|" or character == c"`"
    return KIND[character] & (LETTER_OTHER | LITERAL) == 0 and character != END_CHAR


cdef enum Class:                  # in the order that settles ties (spec/redaction.md 4); phone is the second layer
    CUSTOM_CLASS, TOKEN_CLASS, IBAN_CLASS, CARD_CLASS, EMAIL_CLASS, UUID_CLASS, MAC_CLASS, IP_CLASS, SSN_CLASS
    PHONE_CLASS
    CLASSES
