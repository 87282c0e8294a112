"""JsonChannel: one JSON document, its strings redacted while it streams."""

from libc.stdint cimport uint8_t, uint32_t

from relay._core.channel cimport Channel

cdef enum:
    KEY_SIZE = 64                 # characters of a key that are context
    KEYS = 32                     # levels whose keys are remembered
    DEPTH = 512                   # levels that are told apart; deeper ones are broken
    ESCAPES = 12                  # characters of an escaped surrogate pair
    WIDEST = 12                   # raw bytes of one character

cdef enum Form:                   # what a token is so far
    WRONG, MINUS, ZERO, DIGITS, POINT, FRACTION, MARK, SIGN, EXPONENT, NAME

cdef enum State:                  # what the next character belongs to
    VALUE, FIRST_VALUE, FIRST_KEY, KEY, COLON, COMMA, KEY_STRING, STRING, TOKEN, ENDED, BROKEN

cdef class JsonChannel(Channel):
    cdef State _state
    cdef int _depth
    cdef uint8_t[DEPTH] _is_object
    cdef uint8_t[KEYS][KEY_SIZE + 2] _keys    # as characters of a view, with `: ` behind
    cdef int[KEYS] _key_sizes
    cdef Form _form               # of the token
    cdef bint _is_long            # the token is too long to be a match, and passes
    cdef uint32_t[ESCAPES] _pending           # the characters of an unfinished escape, or of a high surrogate
    cdef uint8_t[ESCAPES] _widths
    cdef char[ESCAPES * WIDEST] _raw
    cdef int _pending_count
    cdef bint _is_resolved        # the six that are pending are a high surrogate

    cdef int _outside(self, uint32_t code, const char* raw, int width) except -1 nogil
    cdef int _begin_value(self, uint32_t code, const char* raw, int width) except -1 nogil
    cdef int _open(self, bint is_object) except -1 nogil
    cdef int _close(self, bint is_object) except -1 nogil
    cdef int _token(self, uint32_t code, const char* raw, int width) except -1 nogil
    cdef int _end_token(self) except -1 nogil
    cdef int _number(self) except -1 nogil
    cdef int _inside(self, uint32_t code, const char* raw, int width) except -1 nogil
    cdef int _escape(self, uint32_t code, const char* raw, int width) except -1 nogil
    cdef uint32_t _pending_code(self, int at) noexcept nogil
    cdef int _resolve(self) except -1 nogil
    cdef int _give(self, uint32_t code, int count) except -1 nogil
    cdef void _break(self) noexcept nogil
    cdef int _give_up(self) except -1 nogil
    cdef int _begin(self) except -1 nogil
    cdef int _end_string(self) except -1 nogil
    cdef int _remember_key(self) except -1 nogil
    cdef int _quote(self) except -1 nogil
    cdef int _pass(self, const char* raw, int width) except -1 nogil
