"""Window: what is still looked at of a channel's text."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memset

from relay._core.buffer cimport Buffer
from relay._core.codes cimport CodeSink
from relay._core.lanes cimport SHORT, copy_ascii, copy_short
from relay._core.look cimport View
from relay._core.triggers cimport quiet

cdef enum:
    LOUD = -2
    LEAST_ROOM = 1024             # HISTORY, all that is ever held, and a small piece
    HISTORY = 384                 # characters kept to the left of what is undecided: more than any rule looks back

cdef class Window(CodeSink):
    cdef Py_ssize_t len           # characters in it
    cdef Py_ssize_t released      # those before this have left and are history
    cdef Py_ssize_t literal       # where the last literal that was marked starts; below `released`: it has left
    cdef bint keeps_codes         # codes are wanted of ASCII too
    cdef View view                # the settled part, between `open` and `close`

    cdef uint8_t* _chars          # owned; one START_CHAR in front of the first
    cdef uint32_t* _codes         # owned; NULL until a character beyond ASCII comes
    cdef uint8_t* _widths         # owned; raw bytes of each character; NULL while all are one
    cdef Py_ssize_t _room         # characters that fit
    cdef Py_ssize_t _plain        # from here on all have one raw byte
    cdef Py_ssize_t _settled      # escapes and literals before this are marked
    cdef uint8_t _hidden          # what END_CHAR stands over
    cdef Buffer _raw              # raw bytes from `released` on
    cdef Py_ssize_t _raw_at       # where in it `released` lies

    cdef inline Py_ssize_t pass_on(self, const char* ptr, Py_ssize_t size, Py_ssize_t start, Buffer out) noexcept nogil:
        """Take a short piece and let all but its last word go, if no rule is called from `start` on.

        Does what `text`, a scan and `release` would: a stream's next delta finds nothing in a cache, and pays for every
        line of code and data that it touches.

        start    where the last scan ended
        returns  up to where all is certain; -1: nothing was done; LOUD: nor will a look at the same text say else
        """
        cdef Py_ssize_t end = self.len + size
        cdef uint8_t* added = self._chars + self.len
        cdef Py_ssize_t word, gone, rest
        if end - start > SHORT or end > self._room or size + SHORT > self._raw.room - self._raw.len:
            return -1
        if SHORT > out.room - out.len or not copy_ascii(<char*>added, ptr, size):
            return -1
        word = quiet(self._chars + start, end - start)
        if word < 0:
            return LOUD
        word = max(start + word, self.released)
        if self._widths != NULL:
            memset(self._widths + self.len, 1, <size_t>size)
        gone = self.raw_size(self.released, word) if self._widths != NULL else word - self.released
        rest = self._raw.len + size - self._raw_at - gone
        if gone > SHORT or rest > SHORT:
            return -1
        copy_short(self._raw.ptr + self._raw.len, <char*>added, size)
        copy_short(out.ptr + out.len, self._raw.ptr + self._raw_at, gone)
        copy_short(self._raw.ptr, self._raw.ptr + self._raw_at + gone, rest)
        out.len += gone
        self._raw.len = rest
        self._raw_at = 0
        self.len = self._settled = end
        self.released = word
        return word

    cdef inline bint is_full(self) noexcept nogil:
        """Tell whether `compact` would make room."""
        return self.released >= 2 * HISTORY

    cdef inline bint is_roomy(self) noexcept nogil:
        """Tell whether `shrink` would give something back."""
        return self._room > LEAST_ROOM

    cdef int begin(self, const uint8_t* chars, Py_ssize_t size) except -1 nogil
    cdef void wipe(self) noexcept nogil
    cdef View* open(self, bint last) except NULL nogil
    cdef void close(self) noexcept nogil
    cdef int release(self, Py_ssize_t end, Buffer out) except -1 nogil
    cdef int drop(self, Py_ssize_t end) except -1 nogil
    cdef Py_ssize_t raw_size(self, Py_ssize_t start, Py_ssize_t end) noexcept nogil
    cdef const char* raw_from(self, Py_ssize_t start) noexcept nogil
    cdef const uint8_t* chars_from(self, Py_ssize_t start) noexcept nogil
    cdef Py_ssize_t pass_quiet(self, Py_ssize_t start) noexcept nogil
    cdef Py_ssize_t compact(self) except -1 nogil
    cdef int shrink(self) except -1 nogil

    cdef int _make_room(self, Py_ssize_t size) except -1 nogil
    cdef int _resize(self, Py_ssize_t room) except -1 nogil
    cdef int _add_codes(self) except -1 nogil
    cdef int _add_widths(self) except -1 nogil
    cdef int _ascii(self, const char* ptr, Py_ssize_t size) except -1 nogil
    cdef int _settle(self, bint last) except -1 nogil
    cdef Py_ssize_t _blank(self, Py_ssize_t place, bint last) noexcept nogil
    cdef Py_ssize_t _literal(self, Py_ssize_t place, bint last) noexcept nogil
