"""One pass over a view: the rules are called where one of them could start, and everything else is skipped."""

from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport realloc

from relay._core.assigned cimport assigned_at, option_at
from relay._core.credentials cimport curl_at, header_at, scheme_tail, url_at
from relay._core.email cimport email_at, email_tail
from relay._core.families cimport families_at, families_tail
from relay._core.kinds cimport (
    CARD_CLASS,
    DIGIT,
    EMAIL_CLASS,
    FIRST_NAMED,
    HEX_LETTER,
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
from relay._core.numbers cimport iban_at, number_at

cdef enum:
    TOKENS = 1 << TOKEN_CLASS
    EMAILS = 1 << EMAIL_CLASS
    IBANS = 1 << IBAN_CLASS
    IPS = 1 << IP_CLASS
    PHONES = 1 << PHONE_CLASS
    HEXES = 1 << UUID_CLASS | 1 << MAC_CLASS | IPS
    NUMBERS = IPS | 1 << SSN_CLASS | 1 << CARD_CLASS


cdef int scan(View* view, Py_ssize_t begin, uint32_t on, Offers* offers, Starts* phones) except -1 nogil:
    """Have offered what starts from `begin` on; note where telephone numbers may.

    on   1 << Class of what is looked for
    """
    cdef const uint8_t* chars = view.chars
    cdef Py_ssize_t place = begin
    cdef uint32_t kind
    while place < view.end:
        kind = KIND[chars[place]]
        if kind & LETTER:
            if not KIND[chars[place - 1]] & LETTER:
                _letters_at(view, place, on, offers)
            place += 1
            while KIND[chars[place]] & LETTER:  # bound: END_CHAR is none
                place += 1
        elif kind & DIGIT:
            if not KIND[chars[place - 1]] & DIGIT:
                _digits_at(view, place, on, offers)
                if on & PHONES:
                    _note(phones, place)
            place += 1
            while KIND[chars[place]] & DIGIT:  # bound: END_CHAR is none
                place += 1
        else:
            if chars[place] == c"(" or chars[place] == c"+":
                if on & PHONES:
                    _note(phones, place)
            elif chars[place] != c" ":
                _mark_at(view, place, on, offers)
            place += 1
    return 0


cdef int _letters_at(View* view, Py_ssize_t place, uint32_t on, Offers* offers) except -1 nogil:
    """A run of letters starts."""
    if on & TOKENS:
        families_at(view, place, offers)
        assigned_at(view, place, offers)
        header_at(view, place, offers)
    if on & HEXES and KIND[view.chars[place]] & HEX_LETTER:
        hex_at(view, place, on, offers)
    if on & IBANS:
        iban_at(view, place, offers)
    return 0


cdef int _digits_at(View* view, Py_ssize_t place, uint32_t on, Offers* offers) except -1 nogil:
    """A run of digits starts."""
    if on & TOKENS:
        families_at(view, place, offers)
    if on & HEXES:
        hex_at(view, place, on, offers)
    if on & NUMBERS:
        number_at(view, place, on, offers)
    return 0


cdef int _mark_at(View* view, Py_ssize_t place, uint32_t on, Offers* offers) except -1 nogil:
    """A character that is neither starts, or is inside, something that a rule may know."""
    cdef uint8_t character = view.chars[place]
    if character == c"@" or (character == c"%" and view.chars[place + 1] == c"4" and view.chars[place + 2] == c"0"):
        return email_at(view, place, offers) if on & EMAILS else 0
    if character == c":" and on & IPS:
        ipv6_at(view, place, offers)
    if not on & TOKENS:
        return 0
    if character == c":":
        return url_at(view, place, offers)
    if character == c"-":
        option_at(view, place, offers)
        return curl_at(view, place, offers)
    if character == c"~" or character == c"=":
        return families_at(view, place, offers)
    return assigned_at(view, place, offers) if character >= FIRST_NAMED else 0


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
