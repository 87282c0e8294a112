"""Secrets and passwords behind a key and an operator, and secrets behind an option (spec/redaction.md 6.2, 6.3).

`assigned_at` is called at every start of a run of ASCII letters and at every other character that a key starts with;
`option_at` at every `-` that starts a run of two or more. The span is the value alone. While only key and operator are
there nothing is held: the rule asks to be called again.
"""

from libc.stdint cimport uint8_t

from relay._core.begins cimport Begins, note_word
from relay._core.kinds cimport BESIDE_LETTER, BLANK, DOT, END_CHAR, LABEL_MARK, LETTER, LITERAL, LOWER_CASE, WORD
from relay._core.look cimport Offers, View, back, is_a, look, skip, was_a
from relay._core.secrets cimport password_value, secret_value, wait
from relay._core.spelling cimport (
    FIRST_WORD,
    JOIN_CHAR,
    NOT_SECRET_KEY_WORDS,
    NO_WORD,
    PASSWORD_KEY_WORDS,
    SECRET_KEY_WORDS,
    WORDS_OF,
    WORD_POOL,
    after,
    list_end,
)

cdef enum:
    NAME = WORD | DOT | LABEL_MARK
    MOST_BEFORE = 40              # of an identifier, before its key
    MOST_AFTER = 12
    MOST_BLANKS = 3
    MOST_IN_OPTION = 40           # between `--` and the key
    LONGEST_OPTION = MOST_BEFORE + MOST_IN_OPTION + 8 + MOST_AFTER


cdef void note_keys(Begins* begins) noexcept nogil:
    """Note what keys start with; none has fewer than three characters."""
    cdef int row = 0
    while WORDS_OF[row].len:
        if WORDS_OF[row].row >> 8 in (SECRET_KEY_WORDS, PASSWORD_KEY_WORDS):
            note_word(begins, WORD_POOL + WORDS_OF[row].at, JOIN_CHAR)
        row += 1


cdef int assigned_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer what is assigned to a key that starts here: a secret or a password."""
    cdef uint8_t first = LOWER_CASE[view.chars[place]]
    if FIRST_WORD[SECRET_KEY_WORDS * 256 + first] != NO_WORD:
        _assigned_to(view, place, SECRET_KEY_WORDS, offers)
    if FIRST_WORD[PASSWORD_KEY_WORDS * 256 + first] != NO_WORD:
        _assigned_to(view, place, PASSWORD_KEY_WORDS, offers)
    return 0


cdef int _assigned_to(View* view, Py_ssize_t place, int words, Offers* offers) except -1 nogil:
    """Offer what is assigned to a key of one list."""
    cdef Py_ssize_t start = _value_start(view, place, words)
    if start < 0 or (view.touched and not view.last):
        wait(view, place, start if start >= 0 else view.end, offers)
    elif words == SECRET_KEY_WORDS:
        secret_value(view, place, start, offers)
    else:
        password_value(view, place, start, offers)
    return 0


cdef Py_ssize_t _value_start(View* view, Py_ssize_t place, int words) noexcept nogil:
    """Give where the value starts that a key of this list, which starts here, is given; -1 if none is."""
    cdef Py_ssize_t end, start
    view.touched = False
    if was_a(view, place - 1, BESIDE_LETTER):
        return -1
    end = list_end(view, place, view.end + 1, words, 0)
    if end < 0:
        return -1
    end = skip(view, end, NAME, MOST_AFTER)
    if is_a(view, end, NAME):
        return -1
    start = _behind_operator(view, end)
    return start if start >= 0 and _names_secret(view, place, end) else -1


cdef bint _names_secret(View* view, Py_ssize_t place, Py_ssize_t end) noexcept nogil:
    """Tell whether the identifier with a key at `place` is short enough, hides nothing and says nothing else."""
    cdef Py_ssize_t first = back(view, place, NAME, MOST_BEFORE + 1)
    if place - first > MOST_BEFORE or was_a(view, first - 1, LITERAL):
        return False
    while first < end:
        if not was_a(view, first - 1, LETTER) and list_end(view, first, end, NOT_SECRET_KEY_WORDS, LETTER) >= 0:
            return False
        first += 1
    return True


cdef Py_ssize_t _behind_operator(View* view, Py_ssize_t place) noexcept nogil:
    """Give where a value starts behind the operator that stands here, or -1."""
    cdef Py_ssize_t closed = _behind_closers(view, skip(view, place, BLANK, MOST_BLANKS))
    cdef Py_ssize_t symbol = skip(view, closed, BLANK, MOST_BLANKS)
    if look(view, symbol) in (c":", c"=", c"?", c"-", c"|"):
        return _behind_symbol(view, symbol)
    if look(view, place) in (c'"', c"'"):
        symbol = skip(view, place + 1, BLANK, MOST_BLANKS)
        if look(view, symbol) == c",":
            return _opened(view, symbol + 1, MOST_BLANKS)
    symbol = after(view, _behind_closers(view, place), b" is ")
    if symbol >= 0:
        return _opened(view, symbol, MOST_BLANKS - 1)
    return _behind_attribute(view, place)


cdef inline Py_ssize_t _behind_closers(View* view, Py_ssize_t place) noexcept nogil:
    """Give where at most two characters that close a key end."""
    cdef Py_ssize_t stop = place + 2
    while place < stop and look(view, place) in (c'"', c"'", c"]"):
        place += 1
    return place


cdef Py_ssize_t _behind_symbol(View* view, Py_ssize_t place) noexcept nogil:
    """Give where a value starts behind one of `= := => : -> == ?= || ::=`, or -1."""
    cdef uint8_t first = look(view, place), second = look(view, place + 1)
    if first == c":" and second == c":":
        if look(view, place + 2) == c"=" and not _goes_on(view, place + 3):
            return _opened(view, place + 3, MOST_BLANKS)
        return place + 1
    if second == c"=" and first in (c":", c"=", c"?"):
        return _opened(view, place + 2, MOST_BLANKS)
    if second == c">" and first in (c"=", c"-") or second == c"|" and first == c"|":
        return _opened(view, place + 2, MOST_BLANKS)
    return _opened(view, place + 1, MOST_BLANKS) if first in (c":", c"=") else -1


cdef Py_ssize_t _behind_attribute(View* view, Py_ssize_t place) noexcept nogil:
    """Give where a value starts behind `" value="`, or -1."""
    if look(view, place) != c'"' or not is_a(view, place + 1, BLANK):
        return -1
    place = after(view, place + 2, b"value=")
    if place < 0 or look(view, place) not in (c'"', c"'") or _goes_on(view, place + 1):
        return -1
    return place + 1


cdef inline bint _goes_on(View* view, Py_ssize_t place) noexcept nogil:
    """Tell whether a character belongs to an operator, so that no value starts with it, or may turn out to."""
    return look(view, place) in (c"=", c">", END_CHAR)


cdef Py_ssize_t _opened(View* view, Py_ssize_t place, Py_ssize_t most) noexcept nogil:
    """Give where a value starts behind at most `most` blanks and a quote, -1 if the operator goes on there."""
    place = skip(view, place, BLANK, most)
    if look(view, place) in (c'"', c"'", c"`"):
        # A quote before `=` opens nothing; a backtick is then the first character of a password.
        return place if _goes_on(view, place + 1) else place + 1
    return -1 if look(view, place) in (c"=", c">") else place


cdef int option_at(View* view, Py_ssize_t place, Offers* offers) except -1 nogil:
    """Offer the secret or the password behind an option that names one, whose hyphens start here."""
    cdef Py_ssize_t end, start
    view.touched = False
    if view.chars[place - 1] == c"-":
        return 0
    end = skip(view, place, NAME, LONGEST_OPTION) if look(view, place + 1) == c"-" else place
    if not is_a(view, end, BLANK):
        wait(view, place, view.end, offers)
        return 0
    start = skip(view, end, BLANK, MOST_BLANKS)
    start += look(view, start) in (c'"', c"'")
    if _holds_key(view, place, end, PASSWORD_KEY_WORDS) and _names_secret(view, place, end):
        view.touched = False
        password_value(view, place, start, offers)
    if _holds_key(view, place, end, SECRET_KEY_WORDS) and _names_secret(view, place, end):
        view.touched = False
        secret_value(view, place, start, offers)
    return 0


cdef bint _holds_key(View* view, Py_ssize_t place, Py_ssize_t end, int words) noexcept nogil:
    """Tell whether the option of [place, end) names a secret at most 40 characters behind its `--`.

    A password's option ends in its key: what follows `--password-file` is none.
    """
    cdef Py_ssize_t before = place - back(view, place, NAME, MOST_BEFORE)
    cdef Py_ssize_t hyphens = skip(view, place, LABEL_MARK, MOST_BEFORE - before)
    cdef Py_ssize_t key, last
    # Any two of the hyphens may start the option: the last two that leave the identifier short enough reach furthest.
    if hyphens < place + 2:
        return False
    for key in range(hyphens, hyphens + MOST_IN_OPTION + 1):
        if key >= end:
            return False
        last = _key_end(view, key, end, words)
        if last >= 0 and end - last <= (MOST_AFTER if words == SECRET_KEY_WORDS else 0):
            return True
    return False


cdef Py_ssize_t _key_end(View* view, Py_ssize_t place, Py_ssize_t end, int words) noexcept nogil:
    """Give where a word ends that makes an option, which ends at `end`, one of these; -1 if none stands here."""
    cdef uint8_t first = LOWER_CASE[view.chars[place]]
    if was_a(view, place - 1, LETTER):
        return -1
    if words == PASSWORD_KEY_WORDS:
        return list_end(view, place, end, words, 0)
    if first not in (c"k", c"s", c"t", c"p"):
        return -1
    if first == c"k":
        return after(view, place, b"key")
    if first == c"s":
        return after(view, place, b"secret")
    return after(view, place, b"token" if first == c"t" else b"password")
