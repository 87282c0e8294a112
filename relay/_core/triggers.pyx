"""One pass over a view: the rules are called where one of them could start, and everything else is skipped."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport realloc

from relay._core.assigned cimport assigned_at, note_keys, option_at
from relay._core.begins cimport CODES, FAMILIES, NEXT, WORDS, Begins
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
from relay._core.lanes cimport LANES, Lanes, first_of, lanes_of
from relay._core.look cimport Offers, View
from relay._core.network cimport hex_at, ipv6_at, note_hexes
from relay._core.numbers cimport iban_at, note_ibans, number_at
from relay._core.phone cimport may_start_phone

cdef enum:
    TOKENS = 1 << TOKEN_CLASS
    EMAILS = 1 << EMAIL_CLASS
    IBANS = 1 << IBAN_CLASS
    IPS = 1 << IP_CLASS
    PHONES = 1 << PHONE_CLASS
    HEXES = 1 << UUID_CLASS | 1 << MAC_CLASS | IPS
    NUMBERS = IPS | 1 << SSN_CLASS | 1 << CARD_CLASS


cdef Begins BEGINS


cdef int scan(View* view, Py_ssize_t begin, uint32_t on, Offers* offers, Starts* phones) except -1 nogil:
    """Have offered what starts from `begin` on; note where telephone numbers may.

    on   1 << Class of what is looked for
    """
    cdef Lanes lanes
    cdef uint64_t letters, digits
    cdef uint64_t was_letter = KIND[view.chars[begin - 1]] & LETTER != 0
    cdef uint64_t was_digit = KIND[view.chars[begin - 1]] & DIGIT != 0
    cdef Py_ssize_t place = begin
    while place < view.end:
        lanes_of(view.chars + place, view.end - place, &lanes)
        letters = lanes.letters & ~(lanes.letters << 1 | was_letter)
        digits = lanes.digits & ~(lanes.digits << 1 | was_digit)
        was_letter = lanes.letters >> (LANES - 1)
        was_digit = lanes.digits >> (LANES - 1)
        _runs_at(view, place, letters | digits | lanes.joints, on, offers)
        if lanes.marks:
            _marks_at(view, place, lanes.marks, on, offers)
        if on & PHONES:
            _phones_at(view, place, digits | lanes.openers, phones)
        place += LANES
    return 0


cdef inline int _runs_at(View* view, Py_ssize_t place, uint64_t starts, uint32_t on, Offers* offers) except -1 nogil:
    """Runs of letters or digits, `=`, `~` and named characters stand where `starts` has bits."""
    cdef uint64_t[3] begun
    _begun_at(view.chars + place, starts, begun)
    if begun[<int>WORDS] and on & TOKENS:
        _words_at(view, place, begun[<int>WORDS], offers)
    if begun[<int>FAMILIES] and on & TOKENS:
        _tokens_at(view, place, begun[<int>FAMILIES], offers)
    if begun[<int>CODES]:
        _codes_at(view, place, begun[<int>CODES], on, offers)
    return 0


cdef inline void _begun_at(const uint8_t* chars, uint64_t starts, uint64_t* begun) noexcept nogil:
    """Give, by Sort, which of the starts begin what some rule knows."""
    cdef uint64_t words = 0, families = 0, codes = 0
    cdef const uint32_t* thirds
    cdef int at, third
    while starts:  # bound: its bits
        at = first_of(starts)
        starts &= starts - 1
        thirds = BEGINS.thirds[chars[at]][NEXT[chars[at + 1]]]
        third = NEXT[chars[at + 2]]
        words |= <uint64_t>(thirds[<int>WORDS] >> third & 1) << at
        families |= <uint64_t>(thirds[<int>FAMILIES] >> third & 1) << at
        codes |= <uint64_t>(thirds[<int>CODES] >> third & 1) << at
    begun[<int>WORDS] = words
    begun[<int>FAMILIES] = families
    begun[<int>CODES] = codes


cdef int _words_at(View* view, Py_ssize_t place, uint64_t starts, Offers* offers) except -1 nogil:
    """What may be a key or the name of a header starts."""
    cdef int at
    while starts:  # bound: its bits
        at = first_of(starts)
        starts &= starts - 1
        assigned_at(view, place + at, offers)
        header_at(view, place + at, offers)
    return 0


cdef int _tokens_at(View* view, Py_ssize_t place, uint64_t starts, Offers* offers) except -1 nogil:
    """What may be a token starts."""
    while starts:  # bound: its bits
        families_at(view, place + first_of(starts), offers)
        starts &= starts - 1
    return 0


cdef int _codes_at(View* view, Py_ssize_t place, uint64_t starts, uint32_t on, Offers* offers) except -1 nogil:
    """What may be a number or an address starts."""
    cdef uint32_t kind
    cdef Py_ssize_t start
    while starts:  # bound: its bits
        start = place + first_of(starts)
        starts &= starts - 1
        kind = KIND[view.chars[start]]
        if on & HEXES and kind & HEX:
            hex_at(view, start, on, offers)
        if on & NUMBERS and kind & DIGIT:
            number_at(view, start, on, offers)
        if on & IBANS and kind & LETTER and not KIND[view.chars[start + 2]] & LETTER:
            iban_at(view, start, offers)
    return 0


cdef inline int _marks_at(View* view, Py_ssize_t place, uint64_t marks, uint32_t on, Offers* offers) except -1 nogil:
    cdef int at
    while marks:  # bound: its bits
        at = first_of(marks)
        marks &= marks - 1
        _mark_at(view, place + at, on, offers)
    return 0


cdef inline int _phones_at(View* view, Py_ssize_t place, uint64_t starts, Starts* phones) except -1 nogil:
    """Note where telephone numbers may start."""
    cdef int at
    while starts:  # bound: its bits
        at = first_of(starts)
        starts &= starts - 1
        if may_start_phone(view, place + at):
            _note(phones, place + at)
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
note_hexes(&BEGINS)
note_ibans(&BEGINS)
