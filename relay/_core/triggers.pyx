"""One pass over a view: the rules are called where one of them could start, and everything else is skipped."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport realloc

from relay._core.assigned cimport assigned_at, note_keys, option_at
from relay._core.begins cimport CODES, FAMILIES, NEXT, SORTS, WORDS, Begins
from relay._core.credentials cimport curl_at, header_at, note_headers, scheme_tail, url_at
from relay._core.email cimport email_at, email_tail
from relay._core.families cimport families_at, families_tail, note_families
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
    LETTER,
    MAC_CLASS,
    PHONE_CLASS,
    SSN_CLASS,
    TOKEN_CLASS,
    UUID_CLASS,
)
from relay._core.look cimport Offers, View
from relay._core.network cimport hex_at, ipv6_at
from relay._core.numbers cimport iban_at, note_ibans, note_numbers, number_at
from relay._core.phone cimport may_start_phone
from relay._core.stretch cimport LANES, STRETCH, Found, Places, find_narrow, find_wide, is_wide, quiet_to

cdef enum:
    TOKENS = 1 << TOKEN_CLASS
    EMAILS = 1 << EMAIL_CLASS
    IBANS = 1 << IBAN_CLASS
    IPS = 1 << IP_CLASS
    PHONES = 1 << PHONE_CLASS
    HEXES = 1 << UUID_CLASS | 1 << MAC_CLASS | IPS
    NUMBERS = IPS | 1 << SSN_CLASS | 1 << CARD_CLASS


cdef Begins BEGINS
cdef bint IS_WIDE = is_wide()


cdef int scan(View* view, Py_ssize_t begin, uint32_t on, Offers* offers, Starts* phones) except -1 nogil:
    """Have offered what starts from `begin` on; note where telephone numbers may.

    on   1 << Class of what is looked for
    """
    cdef Found found
    cdef Places[<int>SORTS] begun
    cdef Py_ssize_t place = begin
    while place < view.end:
        _find(view.chars + place, min(view.end - place, <Py_ssize_t>STRETCH), &found)
        if found.starts.count:
            _pick(view.chars + place, &found.starts, begun)
            if on & TOKENS:
                _words_at(view, place, &begun[<int>WORDS], offers)
                _tokens_at(view, place, &begun[<int>FAMILIES], offers)
            _codes_at(view, place, &begun[<int>CODES], on, offers)
        _marks_at(view, place, &found.marks, on, offers)
        if on & PHONES:
            _phones_at(view, place, &found.phones, phones)
        place += STRETCH
    return 0


cdef Py_ssize_t quiet(uint8_t* chars, Py_ssize_t size) noexcept nogil:
    """Give where the last word starts of a text in which no rule is called before it; -1 if one may be, or it is long.

    What the rules of `scan_end` would hold of such a text lies in its last word. Up to two characters behind the text
    are overwritten.
    """
    return quiet_to(chars, size, &BEGINS.any[0][0]) if 0 < size <= LANES else -1


cdef inline void _find(const uint8_t* chars, Py_ssize_t size, Found* found) noexcept nogil:
    """Find what stands in a stretch."""
    if IS_WIDE:
        find_wide(chars, size, &BEGINS.any[0][0], found)
    else:
        find_narrow(chars, size, &BEGINS.any[0][0], found)


cdef void _pick(const uint8_t* chars, const Places* starts, Places* begun) noexcept nogil:
    """Tell the starts by the sort of the rules that ask to be called there."""
    cdef const uint32_t* thirds
    cdef uint16_t at
    cdef int number, sort, third
    for sort in range(<int>SORTS):
        begun[sort].count = 0
    for number in range(starts.count):
        at = starts.at[number]
        thirds = BEGINS.thirds[chars[at]][NEXT[chars[at + 1]]]
        third = NEXT[chars[at + 2]]
        for sort in range(<int>SORTS):
            begun[sort].at[begun[sort].count] = at
            begun[sort].count += <int>(thirds[sort] >> third & 1)


cdef int _words_at(View* view, Py_ssize_t place, Places* words, Offers* offers) except -1 nogil:
    """Call the rules of what may be a key or the name of a header."""
    cdef int number
    for number in range(words.count):
        assigned_at(view, place + words.at[number], offers)
        header_at(view, place + words.at[number], offers)
    return 0


cdef int _tokens_at(View* view, Py_ssize_t place, Places* tokens, Offers* offers) except -1 nogil:
    """Call the rule of what may be a token."""
    cdef int number
    for number in range(tokens.count):
        families_at(view, place + tokens.at[number], offers)
    return 0


cdef int _codes_at(View* view, Py_ssize_t place, Places* codes, uint32_t on, Offers* offers) except -1 nogil:
    """Call the rules of what may be a number, an address or an IBAN."""
    cdef uint32_t kind
    cdef Py_ssize_t start
    cdef int number
    for number in range(codes.count):
        start = place + codes.at[number]
        kind = KIND[view.chars[start]]
        if on & HEXES and kind & HEX:
            hex_at(view, start, on, offers)
        if on & NUMBERS and kind & DIGIT:
            number_at(view, start, on, offers)
        # Behind the end lies what an earlier text left: only what comes can say that no check digit follows.
        if on & IBANS and kind & LETTER and (
            view.chars[start + 1] == END_CHAR or not KIND[view.chars[start + 2]] & LETTER
        ):
            iban_at(view, start, offers)
    return 0


cdef int _marks_at(View* view, Py_ssize_t place, Places* marks, uint32_t on, Offers* offers) except -1 nogil:
    """Call the rules of what may stand around these marks."""
    cdef int number
    for number in range(marks.count):
        _mark_at(view, place + marks.at[number], on, offers)
    return 0


cdef int _phones_at(View* view, Py_ssize_t place, Places* starts, Starts* phones) except -1 nogil:
    """Note where telephone numbers may start."""
    cdef int number
    for number in range(starts.count):
        if may_start_phone(view, place + starts.at[number]):
            _note(phones, place + starts.at[number])
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
        scheme_tail(view, offers)
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
