"""Classes ssn, credit_card and iban (spec/redaction.md 5.5 to 5.7): what may start at a run of digits or of letters.

number_at  ssn, credit_card and IPv4, those of them that are on, at the start of a run of digits, by how long it is and
           what follows it
iban_at    an IBAN at the start of a run of letters

Each rule checks itself whether it may start where it is called. Two card numbers may start at one place: the shorter is
offered too where it needs no context and the longer does.
"""

from libc.stdint cimport uint8_t, uint32_t

from relay._core.begins cimport CODES, NEXT, NEXT_DIGIT, NEXT_DOT, NEXT_HYPHEN, Begins, note
from relay._core.kinds cimport (
    BESIDE_DIGIT, BESIDE_WORD, CARD_CLASS, DIGIT, END_CHAR, HEX, IBAN_CLASS, IP_CLASS, KIND, LETTER, LOWER, SSN_CLASS,
    UPPER
)
from relay._core.look cimport AFTER_CARD, AFTER_SSN, FREE, Offers, View, back, is_a, look, offer, pend, skip, was_a
from relay._core.network cimport ipv4_at

cdef extern from "tables.h":
    const uint8_t LOWER_CASE[256]
    const uint8_t IBAN_LENGTH[676]        # by the country's two letters; 0: none
    ctypedef struct Issuer:
        uint8_t digits                    # how many first digits the range is of
        uint32_t low
        uint32_t high
        uint32_t lengths                  # 1 << length
    const Issuer ISSUERS[]
    enum:
        ISSUERS_COUNT

cdef enum:
    CARD_LEAST = 12
    CARD_MOST = 19
    PREFIX_MOST = 6


cdef void note_numbers(Begins* begins) noexcept nogil:
    """Note three hex digits, or fewer and what may stand between groups: so begin numbers and addresses."""
    cdef uint32_t joints = <uint32_t>1 << NEXT_DOT | <uint32_t>1 << NEXT_HYPHEN
    cdef uint32_t digits = 0
    cdef int first, second
    for first in range(128):
        if KIND[first] & HEX:
            digits |= <uint32_t>1 << NEXT[first]
    for first in range(128):
        if not KIND[first] & HEX:
            continue
        note(begins, CODES, <uint8_t>first, NEXT_DOT, digits | <uint32_t>1 << NEXT_DOT)
        for second in range(128):
            if KIND[second] & HEX:
                note(begins, CODES, <uint8_t>first, NEXT[second], digits | joints)


cdef void note_ibans(Begins* begins) noexcept nogil:
    """Note the countries of IBANs."""
    cdef int country
    for country in range(676):
        if IBAN_LENGTH[country]:
            note(begins, CODES, <uint8_t>(c"A" + country // 26), country % 26, <uint32_t>1 << NEXT_DIGIT)
            note(begins, CODES, <uint8_t>(c"a" + country // 26), country % 26, <uint32_t>1 << NEXT_DIGIT)


cdef int number_at(View* view, Py_ssize_t place, uint32_t classes, Offers* offers) except -1 nogil:
    """Offer the numbers that start here, as far as `classes` (1 << Class) has them."""
    cdef Py_ssize_t size
    cdef uint8_t behind
    cdef bint ends
    if KIND[view.chars[place - 1]] & BESIDE_WORD:
        return 0
    size = skip(view, place, DIGIT, CARD_MOST + 1) - place
    behind = view.chars[place + size]
    ends = behind == END_CHAR
    if size > CARD_MOST:
        return 0
    if classes & (1 << CARD_CLASS) and (
        size >= CARD_LEAST or ends or (size == 4 and (behind == c" " or behind == c"-"))
    ):
        card_at(view, place, offers)
    if classes & (1 << IP_CLASS) and size <= 3 and (behind == c"." or ends):
        ipv4_at(view, place, offers)
    if classes & (1 << SSN_CLASS) and (
        size == 9 or (ends and size < 9) or (size == 3 and (behind == c"-" or behind == c" " or behind == c"."))
    ):
        ssn_at(view, place, offers)
    return 0


cdef int ssn_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the social security number that starts here."""
    cdef uint8_t before = view.chars[place - 1]
    cdef Py_ssize_t end
    if KIND[before] & BESIDE_WORD or before == c"-":
        return 0
    view.touched = False
    end = _ssn_end(view, place)
    if view.touched and not view.last:
        pend(offers, place, place)
    elif end >= 0:
        offer(offers, place, place, end, SSN_CLASS, FREE if view.chars[place + 3] == c"-" else AFTER_SSN)
    return 0


cdef Py_ssize_t _ssn_end(View* view, Py_ssize_t place) noexcept nogil:
    """Give where area, group and serial end, with one separator or none; -1 if they don't stand here."""
    cdef Py_ssize_t group
    cdef Py_ssize_t serial
    cdef uint8_t separator
    if view.chars[place] == c"9" or skip(view, place, DIGIT, 3) < place + 3 or _is_closed_area(view.chars + place):
        return -1
    separator = look(view, place + 3)
    if separator != c"-" and view.chars[place - 1] == c".":
        return -1
    if separator == c"-" or separator == c" " or separator == c".":
        group = place + 4
        serial = place + 7
    else:
        group = place + 3
        serial = place + 5
    if skip(view, group, DIGIT, 2) < group + 2 or _only_zeros(view, group, group + 2):
        return -1
    if serial > group + 2 and look(view, group + 2) != separator:
        return -1
    if skip(view, serial, DIGIT, 4) < serial + 4 or _only_zeros(view, serial, serial + 4):
        return -1
    return serial + 4 if _may_end(view, serial + 4) and not _adds(view, serial + 4, c"-") else -1


cdef inline bint _is_closed_area(const uint8_t* digits) noexcept nogil:
    """Tell whether three digits are 000 or 666."""
    return digits[0] == digits[1] == digits[2] and (digits[0] == c"0" or digits[0] == c"6")


cdef inline bint _only_zeros(View* view, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t place
    for place in range(start, end):
        if view.chars[place] != c"0":
            return False
    return True


cdef inline bint _may_end(View* view, Py_ssize_t end) noexcept nogil:
    """Tell whether neither a word goes on nor a dot and a digit follow."""
    return not is_a(view, end, BESIDE_WORD) and not _adds(view, end, c".")


cdef inline bint _adds(View* view, Py_ssize_t end, uint8_t mark) noexcept nogil:
    """Tell whether a mark and a digit follow."""
    return look(view, end) == mark and is_a(view, end + 1, BESIDE_DIGIT)


cdef int card_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the card numbers that start here."""
    cdef Py_ssize_t ends[2]
    cdef int context
    cdef int longer = -1
    cdef int at
    if was_a(view, place - 1, BESIDE_WORD) or view.chars[place - 1] == c".":
        return 0
    view.touched = False
    ends[0] = ends[1] = -1
    _read_card(view, place, ends)
    if view.touched and not view.last:
        pend(offers, place, place)
        return 0
    for at in range(1, -1, -1):
        context = _card_context(view, place, ends[at]) if ends[at] >= 0 else -1
        if context < 0 or context == longer:
            continue
        offer(offers, place, place, ends[at], CARD_CLASS, context)
        if context == FREE:
            break
        longer = context
    return 0


cdef int _read_card(View* view, Py_ssize_t place, Py_ssize_t* ends) noexcept nogil:
    """Write where digits in the shape of a card number end: ends[0] is all there is, but for a group of 1 to 3 more."""
    cdef Py_ssize_t end = skip(view, place, DIGIT, CARD_MOST + 1)
    cdef Py_ssize_t size = end - place
    cdef uint8_t separator
    if size >= CARD_LEAST:
        if size <= CARD_MOST and _may_end(view, end):
            ends[0] = end
        return 0
    if size != 4:
        return 0
    separator = look(view, end)
    if separator != c" " and separator != c"-":
        return 0
    size = skip(view, end + 1, DIGIT, 6) - end - 1
    end += 1 + size
    if size == 6:
        size = _group(view, end, separator)
        if (size == 4 or size == 5) and _may_end(view, end + 1 + size):
            ends[0] = end + 1 + size
        return 0
    if size != 4 or _group(view, end, separator) != 4 or _group(view, end + 5, separator) != 4:
        return 0
    end += 10
    if _may_end(view, end):
        ends[0] = end
        size = _group(view, end, separator)
        if 1 <= size <= 3 and _may_end(view, end + 1 + size):
            ends[1] = end + 1 + size
    return 0


cdef Py_ssize_t _group(View* view, Py_ssize_t place, uint8_t separator) noexcept nogil:
    """Give how many digits, of up to 5, follow a separator that must stand at `place`; 0 if it doesn't."""
    return skip(view, place + 1, DIGIT, 5) - place - 1 if look(view, place) == separator else 0


cdef int _card_context(View* view, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """Give the Context that the digits of a card number need; -1 if they are none."""
    cdef uint32_t prefix[PREFIX_MOST + 1]
    cdef uint32_t value = 0
    cdef int sums[2]
    cdef int count = 0
    cdef int digit
    cdef bint varied = False
    cdef Py_ssize_t place
    sums[0] = sums[1] = 0
    for place in range(start, end):
        if not was_a(view, place, DIGIT):
            continue
        varied |= view.chars[place] != view.chars[start]
        digit = view.chars[place] - <int>c"0"
        if count < PREFIX_MOST:
            value = value * 10 + <uint32_t>digit
            prefix[count + 1] = value
        # Luhn (ISO/IEC 7812-1): every second digit counts double, the last one does not.
        sums[count & 1] += digit
        sums[~count & 1] += digit * 2
        if digit > 4:
            sums[~count & 1] -= 9
        count += 1
    if not varied or sums[~count & 1] % 10:
        return -1
    return FREE if _is_issued(prefix, count) else AFTER_CARD


cdef bint _is_issued(const uint32_t* prefix, int count) noexcept nogil:
    """Tell whether an issuer that needs no context has numbers of `count` digits that start so."""
    cdef const Issuer* issuer
    cdef int at
    for at in range(ISSUERS_COUNT):
        issuer = &ISSUERS[at]
        if issuer.low <= prefix[issuer.digits] <= issuer.high and issuer.lengths >> count & 1:
            return True
    return False


cdef int iban_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the IBAN that starts here."""
    cdef uint32_t letters
    cdef Py_ssize_t size
    cdef Py_ssize_t end = -1
    if was_a(view, place - 1, BESIDE_WORD):
        return 0
    view.touched = False
    letters = <uint32_t>(UPPER if was_a(view, place, UPPER) else LOWER)
    if is_a(view, place + 1, letters):
        size = IBAN_LENGTH[_letter(view.chars[place]) * 26 + _letter(view.chars[place + 1])]
        if size and _has_check_digits(view, place + 2):
            end = _iban_end(view, place, size, letters | DIGIT)
    if view.touched and not view.last:
        pend(offers, place, place)
    elif end >= 0 and _remainder(view, place, place + 4, _remainder(view, place + 4, end, 0)) == 1:
        offer(offers, place, place, end, IBAN_CLASS, FREE)
    return 0


cdef int iban_tail(View* view, Py_ssize_t begin, Offers* offers) except -1 nogil:
    """Hold one or two letters at the end, from `begin` on, that a country may be written with."""
    cdef Py_ssize_t start = back(view, view.end, LETTER, 3)
    cdef int country
    if start < begin or view.end - start > 2 or start == view.end:
        return 0
    if view.end - start == 2:
        return iban_at(view, start, offers)
    for country in range(26 * _letter(view.chars[start]), 26 * _letter(view.chars[start]) + 26):
        if IBAN_LENGTH[country]:
            return iban_at(view, start, offers)
    return 0


cdef inline int _letter(uint8_t character) noexcept nogil:
    """Give the number of a letter, from 0 on."""
    return LOWER_CASE[character] - <int>c"a"


cdef inline bint _has_check_digits(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether a number from 02 to 98 stands here."""
    cdef int value
    if not is_a(view, place, DIGIT) or not is_a(view, place + 1, DIGIT):
        return False
    value = (view.chars[place] - <int>c"0") * 10 + view.chars[place + 1] - <int>c"0"
    return 2 <= value <= 98


cdef Py_ssize_t _iban_end(View* view, Py_ssize_t place, Py_ssize_t size, uint32_t kinds) noexcept nogil:
    """Give where `size` characters of these kinds end, with no separator or one behind each four; -1 if they don't."""
    cdef Py_ssize_t end = place + 4
    cdef Py_ssize_t left = size - 4
    cdef Py_ssize_t group
    cdef uint8_t separator = look(view, end)
    cdef bint grouped = separator == c" " or separator == c"-"
    while left > 0:
        if grouped and look(view, end) != separator:
            return -1
        end += grouped
        group = min(left, <Py_ssize_t>4) if grouped else left
        if skip(view, end, kinds, group) < end + group:
            return -1
        end += group
        left -= group
    return -1 if is_a(view, end, BESIDE_WORD) else end


cdef uint32_t _remainder(View* view, Py_ssize_t start, Py_ssize_t end, uint32_t number) noexcept nogil:
    """Give the remainder by 97 of a number that goes on with these characters, letters as 10 to 35 (ISO 13616)."""
    cdef Py_ssize_t place
    for place in range(start, end):
        if was_a(view, place, DIGIT):
            number = (number * 10 + view.chars[place] - <uint32_t>c"0") % 97
        elif was_a(view, place, LETTER):
            number = (number * 100 + 10 + <uint32_t>_letter(view.chars[place])) % 97
    return number
