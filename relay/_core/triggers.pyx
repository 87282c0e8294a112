"""One pass over a view: the rules are called where one of them could start, and everything else is skipped."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport realloc

from relay._core.assigned cimport assigned_at, note_keys, option_at
from relay._core.begins cimport NEXT, Begins, note_heads
from relay._core.blocks cimport STRETCH, Found, Was, begin_blocks, find_narrow, find_wide, note_kinds
from relay._core.credentials cimport curl_at, header_at, note_headers, url_at
from relay._core.email cimport email_at, email_tail
from relay._core.families cimport families_at, families_tail, listed_at, note_families
from relay._core.kinds cimport (
    BLANK,
    CARD_CLASS,
    DIGIT,
    EMAIL_CLASS,
    END_CHAR,
    HEX,
    IBAN_CLASS,
    IP_CLASS,
    KIND,
    MAC_CLASS,
    PHONE_CLASS,
    SSN_CLASS,
    TOKEN_CLASS,
    UUID_CLASS,
)
from relay._core.lanes cimport is_wide
from relay._core.look cimport Offers, View, back
from relay._core.network cimport hex_at, ipv6_at
from relay._core.numbers cimport iban_at, iban_tail, note_ibans, note_numbers, number_at
from relay._core.phone cimport may_start_phone
from relay._core.quiet cimport Sieve, fill_sieve, quiet_narrow, quiet_wide
from relay._core.stretch cimport LANES, first_of

cdef enum:
    TOKENS = 1 << TOKEN_CLASS
    EMAILS = 1 << EMAIL_CLASS
    IBANS = 1 << IBAN_CLASS
    IPS = 1 << IP_CLASS
    PHONES = 1 << PHONE_CLASS
    HEXES = 1 << UUID_CLASS | 1 << MAC_CLASS | IPS
    NUMBERS = IPS | 1 << SSN_CLASS | 1 << CARD_CLASS
    LONGEST_HEX = 9               # digits that are looked at: one more than any code has in its first group
    LONGEST_NUMBER = 20
    DOTTED_HEX = 4


cdef Begins BEGINS
cdef Sieve SIEVE
cdef bint IS_WIDE = is_wide()


cdef int scan(View* view, Py_ssize_t begin, uint32_t on, Offers* offers, Starts* phones) except -1 nogil:
    """Have offered what starts from `begin` on; note where telephone numbers may.

    on   1 << Class of what is looked for
    """
    cdef Was was
    cdef Found found
    cdef Py_ssize_t place = begin
    begin_blocks(view.chars + place, &was)
    while place < view.end:
        _find(view, place, &was, &found)
        if on & TOKENS:
            _words_at(view, place, &found, offers)
            _tokens_at(view, place, &found, offers)
        _blocks_at(view, place, begin, &found, on, offers)
        if on & PHONES:
            _phones_at(view, place, &found, phones)
        place += STRETCH
    if not view.last:
        _codes_tail(view, begin, on, offers)
    return 0


cdef Py_ssize_t quiet(uint8_t* chars, Py_ssize_t size) noexcept nogil:
    """Give where the last word starts of a text in which no rule is called before it; -1 if one may be, or it is long.

    What the rules of `scan_end` would hold of such a text lies in its last word. Up to two characters behind the text
    are overwritten.
    """
    if not 0 < size <= LANES:
        return -1
    if IS_WIDE:
        return quiet_wide(chars, size, &BEGINS.any[0][0], &SIEVE)
    return quiet_narrow(chars, size, &BEGINS.any[0][0])


cdef inline void _find(View* view, Py_ssize_t place, Was* was, Found* found) noexcept nogil:
    """Find what stands in the stretch from `place` on, behind `was`."""
    if IS_WIDE:
        find_wide(view.chars + place, view.end - place, &BEGINS.named[0][0], &BEGINS.heads[0][0], was, found)
    else:
        find_narrow(view.chars + place, view.end - place, &BEGINS.named[0][0], &BEGINS.heads[0][0], was, found)


cdef int _words_at(View* view, Py_ssize_t place, const Found* found, Offers* offers) except -1 nogil:
    """Call the rules of what may be a key or the name of a header."""
    cdef Py_ssize_t start
    cdef int number
    for number in range(found.count):
        start = place + found.starts[number]
        if BEGINS.words[view.chars[start]][NEXT[view.chars[start + 1]]] >> NEXT[view.chars[start + 2]] & 1:
            assigned_at(view, start, offers)
            header_at(view, start, offers)
    return 0


cdef int _tokens_at(View* view, Py_ssize_t place, const Found* found, Offers* offers) except -1 nogil:
    """Call the rule of what may be a token: first those are told that none begins with, all alike."""
    cdef uint16_t[STRETCH + 1] starts
    cdef uint8_t[STRETCH + 1] lists
    cdef int number, count = 0
    for number in range(found.count):
        starts[count] = found.starts[number]
        lists[count] = listed_at(view, place + starts[count])
        count += lists[count] != 0
    for number in range(count):
        families_at(view, place + starts[number], lists[number], offers)
    return 0


cdef int _blocks_at(
    View* view, Py_ssize_t place, Py_ssize_t begin, const Found* found, uint32_t on, Offers* offers
) except -1 nogil:
    """Call the rules of what may stand around marks, and of numbers, addresses and IBANs from `begin` on."""
    cdef int number
    for number in range(found.blocks):
        if found.marks[number]:
            _marks_at(view, place, found.marks[number], on, offers)
        if on & NUMBERS and found.long_numbers[number] | found.numbers[number]:
            _numbers_at(view, place, begin, found.long_numbers[number], found.numbers[number], on, offers)
        if on & HEXES and found.hexes[number]:
            _hexes_at(view, place, begin, found.hexes[number], on, offers)
        if on & IBANS and found.ibans[number]:
            _ibans_at(view, place, begin, found.ibans[number], offers)
        place += LANES
    return 0


cdef inline int _marks_at(View* view, Py_ssize_t place, uint64_t marks, uint32_t on, Offers* offers) except -1 nogil:
    """Call the rules of what may stand around these marks."""
    while marks:  # bound: its bits
        _mark_at(view, place + first_of(marks), on, offers)
        marks &= marks - 1
    return 0


cdef inline int _numbers_at(
    View* view, Py_ssize_t place, Py_ssize_t begin, uint64_t starts, uint64_t seconds, uint32_t on, Offers* offers
) except -1 nogil:
    """Call the rules of numbers: of long ones where they start, of others where a second follows."""
    cdef Py_ssize_t start
    while starts:  # bound: its bits
        number_at(view, place + first_of(starts), on, offers)
        starts &= starts - 1
    while seconds:  # bound: its bits
        start = _number_before(view, place + first_of(seconds) - 1)
        if start >= begin:
            number_at(view, start, on, offers)
        seconds &= seconds - 1
    return 0


cdef inline Py_ssize_t _number_before(View* view, Py_ssize_t joint) noexcept nogil:
    """Give where the digits before a joint start if a number may go on behind it, else -1.

    Before a dot it has up to three, and another dot follows (an address, ssn); else three (ssn) or four (credit_card).
    """
    cdef const uint8_t* chars = view.chars + joint
    cdef Py_ssize_t start = back(view, joint, DIGIT, 5)
    cdef Py_ssize_t size = joint - start
    if chars[0] == c".":
        return start if size <= 3 and (_is_dot(chars[2]) or _is_dot(chars[3]) or _is_dot(chars[4])) else -1
    return start if size == 3 or size == 4 else -1


cdef inline bint _is_dot(uint8_t character) noexcept nogil:
    """Tell whether a dot stands here, or may."""
    return character == c"." or character == END_CHAR


cdef inline int _hexes_at(
    View* view, Py_ssize_t place, Py_ssize_t begin, uint64_t seconds, uint32_t on, Offers* offers
) except -1 nogil:
    """Call the rule of hex digits where what they start goes on."""
    cdef Py_ssize_t joint, start
    while seconds:  # bound: its bits
        joint = place + first_of(seconds) - 1
        # Of the codes with dots each group has four digits.
        if view.chars[joint] == c"." and (joint < begin + DOTTED_HEX or not KIND[view.chars[joint - DOTTED_HEX]] & HEX):
            start = -1
        else:
            start = back(view, joint, HEX, LONGEST_HEX)
        if start >= begin:
            hex_at(view, start, on, offers)
        seconds &= seconds - 1
    return 0


cdef inline int _ibans_at(
    View* view, Py_ssize_t place, Py_ssize_t begin, uint64_t digits, Offers* offers
) except -1 nogil:
    """Call the rule of IBANs by their check digits."""
    cdef Py_ssize_t start
    while digits:  # bound: its bits
        start = place + first_of(digits) - 2
        if start >= begin:
            iban_at(view, start, offers)
        digits &= digits - 1
    return 0


cdef int _codes_tail(View* view, Py_ssize_t begin, uint32_t on, Offers* offers) except -1 nogil:
    """Call the rules of what the view ends in, before it can be seen to go on: digits, and those with a joint."""
    cdef Py_ssize_t end = view.end, start
    if on & IBANS:
        iban_tail(view, begin, offers)
    if end > begin and not KIND[view.chars[end - 1]] & HEX:
        end -= 1
    start = back(view, end, HEX, LONGEST_HEX)
    if on & HEXES and begin <= start < end:
        hex_at(view, start, on, offers)
    start = back(view, end, DIGIT, LONGEST_NUMBER)
    if on & NUMBERS and begin <= start < end:
        number_at(view, start, on, offers)
    return 0


cdef int _phones_at(View* view, Py_ssize_t place, const Found* found, Starts* phones) except -1 nogil:
    """Note where telephone numbers may start."""
    cdef uint64_t starts
    cdef int number
    for number in range(found.blocks):
        starts = found.phones[number]
        while starts:  # bound: its bits
            if may_start_phone(view, place + first_of(starts)):
                _note(phones, place + first_of(starts))
            starts &= starts - 1
        place += LANES
    return 0


cdef inline int _mark_at(View* view, Py_ssize_t place, uint32_t on, Offers* offers) except -1 nogil:
    """A mark stands here, which may be inside something that a rule knows."""
    cdef uint8_t character = view.chars[place]
    cdef uint8_t behind = view.chars[place + 1]
    if character == c"@" or (character == c"%" and behind == c"4" and view.chars[place + 2] == c"0"):
        return email_at(view, place, offers) if on & EMAILS else 0
    if character == c":" and (behind == c":" or behind == c"/" or behind == END_CHAR):
        if on & IPS:
            ipv6_at(view, place, offers)
        return url_at(view, place, offers) if on & TOKENS else 0
    if character == c"-" and on & TOKENS:
        if behind == c"-" or behind == END_CHAR:
            option_at(view, place, offers)
        if KIND[view.chars[place - 1]] & BLANK:
            curl_at(view, place, offers)
    return 0


cdef int scan_end(View* view, uint32_t on, Offers* offers) except -1 nogil:
    """Have held what rules whose trigger is not their first character could still make of the end."""
    if on & EMAILS:
        email_tail(view, offers)
    if on & TOKENS:
        families_tail(view, offers)
    return 0


cdef int _note(Starts* starts, Py_ssize_t place) except -1 nogil:
    cdef void* places
    if starts.count == starts.room:
        starts.room = 2 * starts.room + 32
        places = realloc(starts.places, <size_t>starts.room * sizeof(int))
        if places == NULL:
            with gil:
                raise MemoryError()
        starts.places = <int*>places
    starts.places[starts.count] = <int>place
    starts.count += 1
    return 0


note_keys(&BEGINS)
note_headers(&BEGINS)
note_families(&BEGINS)
note_numbers(&BEGINS)
note_ibans(&BEGINS)
note_heads(&BEGINS)
note_kinds(BEGINS.heads[3])
fill_sieve(&SIEVE, &BEGINS.any[0][0])
