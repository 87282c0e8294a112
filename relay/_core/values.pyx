"""What a value must look like to be a secret, a password or a credential (spec/redaction.md 6.2 to 6.5).

`is_…` judges a value as a whole, at most 64 characters of it. `never_…` tells of the beginning of one that no longer
value can be one either: such a value is not worth waiting for. Neither reads a character outside the value, save that
`is_credential` may look at the one behind it.
"""

from libc.math cimport log2
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from relay._core.kinds cimport (
    ALNUM,
    DIGIT,
    DOT,
    KIND,
    LABEL_MARK,
    LETTER,
    LOWER,
    UNDERSCORE,
    UPPER,
    WORD,
)
from relay._core.look cimport View
from relay._core.spelling cimport PLACEHOLDER_VALUE_WORDS, after, list_end

cdef enum:
    LONG_SECRET = 32              # from here on one digit will do
    LONGEST_NUMBER = 4            # of words with a number at their end
    LONGEST_EXTENSION = 5
    DATE_SIZE = 10

cdef double LEAST_BITS = 3.0


cdef bint is_secret(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Tell whether a value reads like a secret and like nothing else."""
    cdef const uint8_t* value = view.chars + start
    if size < 16 or _count(value, size, DIGIT) < (1 if size >= LONG_SECRET else 2) or not _count(value, size, LETTER):
        return False
    if _is_words(value, size) or _is_path(value, size) or _is_date(value, size):
        return False
    if _is_identifier(value, size) and _count(value, size, DOT):
        return False
    # Three bits take eight distinct characters: the contract's six need no test of their own.
    return entropy(view, start, size) >= LEAST_BITS and not _is_stand_in(view, start, size)


cdef bint never_secret(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Tell whether what starts so is no secret, however it goes on."""
    return _opens_path(view.chars + start, size) or _is_stand_in(view, start, size)


cdef bint is_password(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Tell whether a value reads like a password and like nothing else."""
    cdef const uint8_t* value = view.chars + start
    cdef Py_ssize_t digits = _count(value, size, DIGIT), letters = _count(value, size, LETTER)
    cdef int kinds
    if size < 8 or never_password(view, start, size):
        return False
    if _is_identifier(value, size) and _count(value, size, DOT | UNDERSCORE):
        return False
    kinds = (digits > 0) + (digits + letters < size)
    kinds += (_count(value, size, LOWER) > 0) + (_count(value, size, UPPER) > 0)
    if kinds >= 3:
        return True
    return letters > 0 and digits >= 2 and size >= 10 and entropy(view, start, size) >= LEAST_BITS


cdef bint never_password(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Tell whether what starts so is no password, however it goes on: a variable, a path, `name=`, a stand-in."""
    cdef const uint8_t* value = view.chars + start
    cdef Py_ssize_t named = 0
    if size and value[0] in (c"$", c"%", c"/"):
        return True
    while named < size and KIND[value[named]] & WORD:
        named += 1
    if 0 < named < size and value[named] == c"=" and not KIND[value[0]] & DIGIT:
        return True
    return _is_stand_in(view, start, size)


cdef bint is_credential(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Tell whether the password of a URL is no variable, no name of itself and no words joined by underscores."""
    cdef Py_ssize_t end = start + size
    if never_credential(view, start) or _is_snake(view.chars + start, size):
        return False
    if end == after(view, start, b"password") or end == after(view, start, b"pass"):
        return False
    return end != after(view, start, b"pwd") and end != after(view, start, b"secret")


cdef bint never_credential(View* view, Py_ssize_t start) noexcept nogil:
    """Tell whether what starts so is a variable."""
    return view.chars[start] in (c"$", c"<", c"{", c"%")


cdef bint is_basic(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Tell whether base64 text, its padding left out, decodes to printable ASCII with a colon."""
    return size % 4 != 1 and _decoded_colons(view.chars + start, size) > 0


cdef bint never_basic(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Tell whether base64 text holds a byte that is not printable ASCII."""
    return _decoded_colons(view.chars + start, size) < 0


cdef double entropy(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Give the Shannon entropy of at most 64 characters, in bits a character."""
    cdef uint64_t counted = 0
    cdef double total = 0, share
    cdef Py_ssize_t i, j
    cdef int count
    for i in range(size):
        if counted >> i & 1:
            continue
        count = 0
        for j in range(i, size):
            if _is_same(view, start + i, start + j):
                counted |= <uint64_t>1 << j
                count += 1
        share = <double>count / <double>size
        total -= share * log2(share)
    return total


cdef inline bint _is_same(View* view, Py_ssize_t one, Py_ssize_t other) noexcept nogil:
    """Tell whether two characters are the same code point, as far as the fold leaves them apart."""
    return view.chars[one] == view.chars[other] and (view.chars[one] < 0x80 or view.codes[one] == view.codes[other])


cdef inline Py_ssize_t _count(const uint8_t* value, Py_ssize_t size, uint32_t kinds) noexcept nogil:
    """Give how many characters are of these kinds."""
    cdef Py_ssize_t i, count = 0
    for i in range(size):
        count += KIND[value[i]] & kinds != 0
    return count


cdef bint _is_stand_in(View* view, Py_ssize_t start, Py_ssize_t size) noexcept nogil:
    """Tell whether a word of list `placeholder_value` stands in a value."""
    cdef Py_ssize_t place
    for place in range(start, start + size):
        if list_end(view, place, start + size, PLACEHOLDER_VALUE_WORDS, 0) >= 0:
            return True
    return False


cdef inline bint _joins(uint8_t character) noexcept nogil:
    """Tell whether a character joins words."""
    return character in (c"_", c".", c"/", c"-")


cdef bint _is_words(const uint8_t* value, Py_ssize_t size) noexcept nogil:
    """Tell whether a value is letters joined by `_ . / -`, with at most 4 digits at their end."""
    cdef Py_ssize_t i, end = size
    while end > 0 and KIND[value[end - 1]] & DIGIT:
        end -= 1
    if size - end > LONGEST_NUMBER or end < 2 or not KIND[value[0]] & LETTER:
        return False
    for i in range(end):
        if not KIND[value[i]] & LETTER and not _joins(value[i]):
            return False
    return not (_joins(value[end - 1]) and _joins(value[end - 2]))


cdef bint _is_identifier(const uint8_t* value, Py_ssize_t size) noexcept nogil:
    """Tell whether a value is one name, or names joined by dots; none starts with a digit."""
    cdef bint starts = True
    cdef Py_ssize_t i
    for i in range(size):
        if value[i] == c"." and not starts:
            starts = True
        elif KIND[value[i]] & WORD and not (starts and KIND[value[i]] & DIGIT):
            starts = False
        else:
            return False
    return not starts


cdef bint _opens_path(const uint8_t* value, Py_ssize_t size) noexcept nogil:
    """Tell whether a value starts with `~/`, `./` or `../`, or with `/` and holds another one."""
    cdef Py_ssize_t i
    if size >= 2 and value[0] in (c"~", c".") and value[1] == c"/":
        return True
    if size >= 3 and value[0] == c"." and value[1] == c"." and value[2] == c"/":
        return True
    for i in range(1, size if size and value[0] == c"/" else 1):
        if value[i] == c"/":
            return True
    return False


cdef bint _is_path(const uint8_t* value, Py_ssize_t size) noexcept nogil:
    """Tell whether a value opens like a path, or holds `/` and ends in a file's extension."""
    cdef Py_ssize_t i, dot = size - 1
    while dot >= 0 and KIND[value[dot]] & ALNUM:
        dot -= 1
    if dot >= 0 and value[dot] == c"." and 0 < size - 1 - dot <= LONGEST_EXTENSION:
        for i in range(dot):
            if value[i] == c"/":
                return True
    return _opens_path(value, size)


cdef bint _is_date(const uint8_t* value, Py_ssize_t size) noexcept nogil:
    """Tell whether a value is `2024-05-01`, a time of that day or a number behind it."""
    cdef Py_ssize_t i
    for i in range(size):
        if not _is_of_date(value[i], i):
            return False
    return size >= DATE_SIZE


cdef inline bint _is_of_date(uint8_t character, Py_ssize_t place) noexcept nogil:
    """Tell whether a character may stand at a place of a date and time."""
    if place == 4 or place == 7:
        return character == c"-"
    if place < DATE_SIZE:
        return KIND[character] & DIGIT != 0
    if place == DATE_SIZE and character in (c"T", c"_"):
        return True
    return KIND[character] & (DIGIT | DOT | LABEL_MARK) != 0 or character in (c"+", c"Z")


cdef bint _is_snake(const uint8_t* value, Py_ssize_t size) noexcept nogil:
    """Tell whether a value is two or more lower-case words joined by one underscore each."""
    cdef bint starts = True
    cdef Py_ssize_t i
    for i in range(size):
        if value[i] == c"_" and not starts:
            starts = True
        elif KIND[value[i]] & LOWER:
            starts = False
        else:
            return False
    return not starts and _count(value, size, UNDERSCORE) > 0


cdef int _decoded_colons(const uint8_t* value, Py_ssize_t size) noexcept nogil:
    """Give how many colons base64 text of either alphabet holds; -1 when a byte is not printable ASCII."""
    cdef uint32_t bits = 0, byte
    cdef int have = 0, colons = 0
    cdef Py_ssize_t i
    for i in range(size):
        bits = bits << 6 | _six_bits(value[i])
        have += 6
        if have >= 8:
            have -= 8
            byte = bits >> have & 0xFF
            if not 0x20 <= byte <= 0x7E:
                return -1
            colons += byte == c":"
    return colons


cdef inline uint32_t _six_bits(uint8_t character) noexcept nogil:
    """Give what a character of base64 stands for."""
    if KIND[character] & UPPER:
        return character - <uint32_t>c"A"
    if KIND[character] & LOWER:
        return character - <uint32_t>c"a" + 26
    if KIND[character] & DIGIT:
        return character - <uint32_t>c"0" + 52
    return 62 if character in (c"+", c"-") else 63
