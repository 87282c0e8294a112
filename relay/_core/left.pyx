"""Words to the left of a place, inside the window that the nearest earlier match or literal cuts.

`before` is that match, or NULL; literals are seen in the view itself. All of it looks only to the left, so nothing here
ever waits for more text.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp

from relay._core.kinds cimport (
    BESIDE_WORD,
    CARD_CLASS,
    KIND,
    LETTER,
    LINE_END,
    LITERAL,
    LITERAL_CHAR,
    LOWER_CASE,
    SPACE,
    SSN_CLASS,
)
from relay._core.look cimport View
from relay._core.spelling cimport FIRST_WORD, NO_WORD, WORD_POOL, WORDS_OF, four_of, may_spell
from relay._core.stretch cimport behind_literal, first_of, lanes_of

cdef extern from "tables.h":
    enum: SSN_WORDS, CREDIT_CARD_WORDS, PHONE_WORDS, PHONE_NEGATIVE_WORDS, VERSION_WORDS

cdef enum:
    NEAR = 32                     # characters of a window: phones, versions
    FAR = 40                      # ssn, credit_card: at most 48
    GLUE = 6                      # between two matches of which one carries the other's context on
    VERSION_TAIL = 12


cdef inline Py_ssize_t _floor(View* view, Py_ssize_t place, Py_ssize_t size, const Mark* before) noexcept nogil:
    """Give where the window of `size` before `place` starts: behind the nearest match and the nearest literal."""
    cdef Py_ssize_t stop = place - size if place > size else 0
    if before != NULL and before.end > stop:
        stop = before.end
    return stop + behind_literal(view.chars + stop, place - stop)


cdef Py_ssize_t _word_at(View* view, int words, Py_ssize_t at, Py_ssize_t end) noexcept nogil:
    """Give where a word of the list that starts at `at` ends, not after `end` and not inside a run of letters; or 0."""
    cdef uint16_t row = <uint16_t>(words * 256 + LOWER_CASE[view.chars[at]])
    cdef uint16_t number = FIRST_WORD[row]
    cdef uint32_t four
    cdef const uint8_t* word
    cdef int size, same
    if number == NO_WORD:
        return 0
    four = four_of(view.chars + at)
    while WORDS_OF[number].row == row:
        word = &WORD_POOL[WORDS_OF[number].at]
        size = WORDS_OF[number].len
        number += 1
        if size > end - at or not may_spell(&WORDS_OF[number - 1], four):
            continue
        same = 1
        while same < size and LOWER_CASE[view.chars[at + same]] == word[same]:
            same += 1
        if same < size:
            continue
        if at + size == end or not KIND[word[size - 1]] & LETTER or not KIND[view.chars[at + size]] & LETTER:
            return at + size
    return 0


cdef bint _says(View* view, int words, Py_ssize_t start, Py_ssize_t end, bint is_cut) noexcept nogil:
    """Tell whether a word of the list stands in [start, end).

    is_cut   what is left of `start` is a match or literal, and does not make a word that starts there a longer one
    """
    cdef uint64_t was_letter = <uint64_t>(not is_cut and KIND[view.chars[start - 1]] & LETTER != 0)
    cdef uint64_t letters, joints, starts
    lanes_of(view.chars + start, end - start, &letters, &joints)
    # Words start with letters; those beyond ASCII are joints.
    starts = (letters & ~(letters << 1 | was_letter)) | joints
    while starts:  # bound: its bits
        if _word_at(view, words, start + first_of(starts), end):
            return True
        starts &= starts - 1
    return False


cdef inline bint _is_mark(uint8_t character) noexcept nogil:
    return (
        character == c" " or character == c"\t" or character == c"," or character == c";" or character == c"/"
        or character == c"|" or character == c"&"
    )


cdef bint _is_glue(const uint8_t* at, const uint8_t* end) noexcept nogil:
    """Tell whether [at, end) is marks of a list, with perhaps one `and`, `or`, `und`, `et` or `y` among them."""
    cdef Py_ssize_t size = 0
    cdef uint8_t[4] word
    while at < end and _is_mark(at[0]):
        at += 1
    while at < end and KIND[at[0]] & LETTER:
        if size == 3:
            return False
        word[size] = LOWER_CASE[at[0]]
        size += 1
        at += 1
    if size == 1 and word[0] != c"y":
        return False
    if size == 2 and memcmp(word, b"or", 2) != 0 and memcmp(word, b"et", 2) != 0:
        return False
    if size == 3 and memcmp(word, b"and", 3) != 0 and memcmp(word, b"und", 3) != 0:
        return False
    while at < end and _is_mark(at[0]):
        at += 1
    return at == end


cdef bint has_word(View* view, Py_ssize_t place, int cls, const Mark* before) noexcept nogil:
    """Tell whether a word of the class's list stands to the left of `place`, or carries on from a match before it."""
    cdef int words = SSN_WORDS if cls == SSN_CLASS else CREDIT_CARD_WORDS if cls == CARD_CLASS else PHONE_WORDS
    cdef Py_ssize_t size = FAR if cls == SSN_CLASS or cls == CARD_CLASS else NEAR
    cdef Py_ssize_t start, end
    while True:
        start = _floor(view, place, size, before)
        if _says(view, words, start, place, _is_cut(view, start, before)):
            return True
        if place - start > GLUE:
            return False
        end = _floor(view, place, GLUE + 1, before)
        if place - end > GLUE or not _is_glue(&view.chars[end], &view.chars[place]):
            return False
        if before != NULL and before.end == end:
            return before.cls == cls and before.worded
        if view.chars[end - 1] != LITERAL_CHAR + cls:
            return False
        place = end - 1
        while place > 0 and view.chars[place - 1] == LITERAL_CHAR + cls:
            place -= 1


cdef inline bint _is_cut(View* view, Py_ssize_t start, const Mark* before) noexcept nogil:
    return (before != NULL and before.end == start) or KIND[view.chars[start - 1]] & LITERAL != 0


cdef bint is_version(View* view, Py_ssize_t place, const Mark* before) noexcept nogil:
    """Tell whether a version word leads up to `place`, on its line and within 32."""
    cdef Py_ssize_t start = _floor(view, place, NEAR, before)
    cdef Py_ssize_t at = place
    cdef Py_ssize_t end
    while at > start and not KIND[view.chars[at - 1]] & LINE_END:
        at -= 1
    start = at
    while at < place:
        if at == start or not KIND[view.chars[at]] & LETTER or not KIND[view.chars[at - 1]] & LETTER:
            end = _word_at(view, VERSION_WORDS, at, place)
            if end and place - end <= VERSION_TAIL and _is_version_tail(view, end, place):
                return True
        at += 1
    return False


cdef bint _is_version_tail(View* view, Py_ssize_t at, Py_ssize_t end) noexcept nogil:
    """Tell whether between a version word and its number stand only marks and small words."""
    cdef Py_ssize_t stop
    while at < end:
        if KIND[view.chars[at]] & SPACE or _is_version_mark(view.chars[at]):
            at += 1
            continue
        stop = at
        while stop < end and KIND[view.chars[stop]] & LETTER:
            stop += 1
        if KIND[view.chars[at - 1]] & LETTER or not _is_version_filler(&view.chars[at], stop - at):
            return False
        at = stop
    return True


cdef inline bint _is_version_mark(uint8_t character) noexcept nogil:
    return (
        character == c'"' or character == c"'" or character == c":" or character == c"=" or character == c"("
        or character == c"." or character == c"#" or character == c"_"
    )


cdef bint _is_version_filler(const uint8_t* at, Py_ssize_t size) noexcept nogil:
    if size == 2:
        return _is_word(at, b"no", 2) or _is_word(at, b"to", 2) or _is_word(at, b"is", 2) or _is_word(at, b"of", 2)
    return _is_word(at, b"from", 4) if size == 4 else size == 6 and _is_word(at, b"number", 6)


cdef inline bint _is_word(const uint8_t* at, const char* word, int size) noexcept nogil:
    cdef int same
    for same in range(size):
        if LOWER_CASE[at[same]] != <uint8_t>word[same]:
            return False
    return True


cdef bint is_named_otherwise(View* view, Py_ssize_t place, const Mark* before) noexcept nogil:
    """Tell whether a word of list `phone_negative` leads up to `place`."""
    cdef Py_ssize_t start = _floor(view, place, NEAR, before)
    cdef Py_ssize_t at = start
    cdef Py_ssize_t end
    while at < place:
        if at == start or not KIND[view.chars[at]] & LETTER or not KIND[view.chars[at - 1]] & LETTER:
            end = _word_at(view, PHONE_NEGATIVE_WORDS, at, place)
            if end and _leads_up(view, end, place):
                return True
        at += 1
    return False


cdef bint _leads_up(View* view, Py_ssize_t at, Py_ssize_t end) noexcept nogil:
    """Tell whether [at, end) is at most three marks, with perhaps a `no` or `number` among them."""
    cdef Py_ssize_t marks = 0
    cdef bint filled = False
    while at < end:
        if not KIND[view.chars[at]] & BESIDE_WORD:
            marks += 1
            at += 1
        elif not filled and end - at >= 6 and _is_word(&view.chars[at], b"number", 6):
            filled = True
            at += 6
        elif not filled and end - at >= 2 and _is_word(&view.chars[at], b"no", 2):
            filled = True
            at += 2
        else:
            return False
        if marks > 3:
            return False
    return True
