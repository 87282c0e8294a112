"""Secrets behind headers and behind `curl -u`, and the passwords of URLs (spec/redaction.md 6.4, 6.5).

`header_at` is called at every start of a run of ASCII letters, `curl_at` at every `-` behind a blank, `url_at` at every
`:` before `//`.
"""

from libc.stdint cimport uint8_t

from relay._core.begins cimport Begins, note_word
from relay._core.kinds cimport (
    ALNUM,
    BESIDE_LETTER,
    BESIDE_WORD,
    BLANK,
    DOT,
    EQUALS,
    KIND,
    LABEL_MARK,
    LETTER,
    LINE_END,
    LITERAL,
    LOWER_CASE,
    PLUS_SLASH,
    START_CHAR,
    TOKEN_CLASS,
    UNDERSCORE,
    is_beyond_urls,
)
from relay._core.look cimport FREE, Offers, View, is_a, look, offer, pend, skip, was_a
from relay._core.secrets cimport (
    CURL_USER,
    CURL_VALUE,
    JUDGED,
    SECRET_RUN,
    URL_USER,
    URL_VALUE,
    long_value,
    may_end,
    run_of,
    secret_value,
    wait,
)
from relay._core.spelling cimport after
from relay._core.values cimport is_basic, is_credential, never_basic, never_credential

cdef enum:
    BASE64 = ALNUM | PLUS_SLASH | UNDERSCORE | LABEL_MARK
    MOST_BLANKS = 3
    LEAST_BASIC = 4
    CURL_SIZE = 4
    MOST_BETWEEN = 200            # `curl` and its option
    LONGEST_SCHEME = 32
    LONGEST_USER = 256
    LEAST_VALUE = 3
    LONGEST_VALUE = 120


cdef void note_headers(Begins* begins) noexcept nogil:
    """Note what the names of headers and schemes start with."""
    note_word(begins, <const uint8_t*>b"authorization", 0)
    note_word(begins, <const uint8_t*>b"basic", 0)
    note_word(begins, <const uint8_t*>b"bearer", 0)
    note_word(begins, <const uint8_t*>b"token", 0)


cdef int header_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer what stands behind Bearer, Token, Authorization or Basic, if one of them starts here."""
    cdef uint8_t first = LOWER_CASE[view.chars[place]]
    cdef Py_ssize_t start
    if first not in (c"a", c"b", c"t") or was_a(view, place - 1, BESIDE_LETTER):
        return 0
    view.touched = False
    if first == c"b" and LOWER_CASE[look(view, place + 1)] == c"a":
        start = _behind_name(view, place, b"basic")
        if start >= 0:
            return _basic_value(view, place, start, offers)
    elif first == c"a":
        start = _behind_authorization(view, place)
    else:
        start = _behind_name(view, place, b"bearer" if first == c"b" else b"token")
    if start >= 0:
        return secret_value(view, place, start, offers)
    wait(view, place, view.end, offers)
    return 0


cdef Py_ssize_t _behind_name(View* view, Py_ssize_t place, const char* name) noexcept nogil:
    """Give where the blanks behind a name that stands here end, or -1."""
    cdef Py_ssize_t end = after(view, place, name)
    if end < 0 or not is_a(view, end, BLANK):
        return -1
    return skip(view, end, BLANK, MOST_BLANKS)


cdef Py_ssize_t _behind_authorization(View* view, Py_ssize_t place) noexcept nogil:
    """Give where the value of an Authorization header that stands here starts, or -1."""
    place = after(view, place, b"authorization")
    if place < 0:
        return -1
    place += look(view, place) in (c'"', c"'")
    place = skip(view, place, BLANK, MOST_BLANKS)
    if look(view, place) not in (c":", c"="):
        return -1
    place = skip(view, place + 1, BLANK, MOST_BLANKS)
    return place + (look(view, place) in (c'"', c"'"))


cdef int _basic_value(View* view, Py_ssize_t trigger, Py_ssize_t start, Offers* offers) except -1 nogil:
    """Offer user and password in base64, if they start here, or wait for them."""
    cdef Py_ssize_t end = skip(view, start, BASE64, JUDGED + 1)
    cdef Py_ssize_t size = min(end - start, JUDGED)
    if never_basic(view, start, size):
        return 0
    if end - start > JUDGED:
        return long_value(view, trigger, start, SECRET_RUN, offers) if is_basic(view, start, size) else 0
    end = skip(view, end, EQUALS, 2)
    if not may_end(view, end):
        return 0
    if view.touched and not view.last:
        wait(view, trigger, start, offers)
    elif size >= LEAST_BASIC and is_basic(view, start, size):
        offer(offers, trigger, start, end, TOKEN_CLASS, FREE)
    return 0


cdef int curl_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer what `curl` is given behind the colon of `-u` or `--user`, if one of them starts here."""
    cdef Py_ssize_t start, end
    if not was_a(view, place - 1, BLANK):
        return 0
    view.touched = False
    start = _behind_user(view, place)
    if start < 0 and not view.touched or not _is_of_curl(view, place):
        return 0
    if start < 0:
        wait(view, place, view.end, offers)
        return 0
    end = run_of(view, start, CURL_VALUE, LONGEST_VALUE)
    if never_credential(view, start) or _holds_literal(view, start, end):
        return 0
    if view.touched and not view.last:
        wait(view, place, start, offers)
    elif end - start >= LEAST_VALUE and is_credential(view, start, end - start):
        offer(offers, place, start, end, TOKEN_CLASS, FREE)
    return 0


cdef Py_ssize_t _behind_user(View* view, Py_ssize_t place) noexcept nogil:
    """Give where the value of the `-u user:` or `--user user:` that stands here starts, or -1."""
    place = _behind(view, place, b"-u" if look(view, place + 1) == c"u" else b"--user")
    if place < 0:
        return -1
    place = skip(view, place, BLANK | EQUALS, MOST_BLANKS)
    place += look(view, place) in (c'"', c"'")
    place = run_of(view, place, CURL_USER, LONGEST_USER)
    return place + 1 if look(view, place) == c":" else -1


cdef bint _is_of_curl(View* view, Py_ssize_t option) noexcept nogil:
    """Tell whether an option is the first with a value behind a `curl` that stands on the same line."""
    cdef Py_ssize_t place = option - 1
    cdef Py_ssize_t stop = place - MOST_BETWEEN - CURL_SIZE
    while place >= stop:
        if view.chars[place] == START_CHAR or was_a(view, place, LINE_END):
            return False
        if view.chars[place] == c"c" and place + CURL_SIZE < option and _is_curl(view, place):
            return True
        if place < option - 1 and was_a(view, place, BLANK) and _has_value(view, place + 1):
            return False
        place -= 1
    return False


cdef bint _is_curl(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether the word `curl` stands here."""
    cdef Py_ssize_t end = _behind(view, place, b"curl")
    return end >= 0 and not was_a(view, place - 1, BESIDE_WORD) and not was_a(view, end, BESIDE_WORD)


cdef bint _has_value(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether a `-u` or `--user` with a value stands here."""
    cdef Py_ssize_t start = _behind_user(view, place)
    return start >= 0 and run_of(view, start, CURL_VALUE, LEAST_VALUE) - start == LEAST_VALUE


cdef inline Py_ssize_t _behind(View* view, Py_ssize_t place, const char* word) noexcept nogil:
    """Give where a word spelled just so ends, -1 if it does not stand here."""
    while word[0]:
        if look(view, place) != <uint8_t>word[0]:
            return -1
        place += 1
        word += 1
    return place


cdef inline bint _holds_literal(View* view, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """Tell whether a placeholder stands in [start, end)."""
    while start < end:
        if was_a(view, start, LITERAL):
            return True
        start += 1
    return False


cdef int url_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the password of the URL whose `://` starts here."""
    cdef Py_ssize_t start, end
    if not _has_scheme(view, place):
        return 0
    view.touched = False
    start = _behind_colon(view, place + 1)
    if start < 0:
        if view.touched and not view.last:
            pend(offers, place, view.end)
        return 0
    if never_credential(view, start):
        return 0
    end = run_of(view, start, URL_VALUE, LONGEST_VALUE + 1)
    if end - start <= LONGEST_VALUE and look(view, end) == c"@":
        if end - start >= LEAST_VALUE and is_credential(view, start, end - start):
            return offer(offers, place, start, end, TOKEN_CLASS, FREE)
    elif view.touched and not view.last:
        pend(offers, place, start)
    return 0


cdef Py_ssize_t _behind_colon(View* view, Py_ssize_t place) noexcept nogil:
    """Give where the password of a URL starts whose `//` stands here, -1 if it has none."""
    cdef Py_ssize_t start = place + 2
    if look(view, place) != c"/" or look(view, place + 1) != c"/":
        return -1
    place = run_of(view, start, URL_USER, LONGEST_USER)
    while start < place:
        if is_beyond_urls(view.chars[start]):
            view.touched = False
            return -1
        start += 1
    return place + 1 if look(view, place) == c":" else -1


cdef bint _has_scheme(View* view, Py_ssize_t end) noexcept nogil:
    """Tell whether what ends before `end` is a scheme: it holds a letter."""
    cdef Py_ssize_t place = end
    while place > end - LONGEST_SCHEME and _is_of_scheme(view.chars[place - 1]):
        place -= 1
        if was_a(view, place, LETTER):
            return True
    return False


cdef inline bint _is_of_scheme(uint8_t character) noexcept nogil:
    """Tell whether a character may stand in a scheme."""
    return KIND[character] & (ALNUM | DOT | LABEL_MARK) != 0 or character == c"+"
