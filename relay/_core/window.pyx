"""The text of one channel as far as it is still looked at: what is undecided, and some history to its left.

In: code points with the raw bytes that they were written in, of a text cut anywhere. Each code point becomes one
character of the view (spec/redaction.md 3) and remembers how many raw bytes it took; out go raw bytes, as they came.
Escapes are blanked and placeholder literals marked once they are complete: the view ends before one that is not.
"""

cimport cython
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memmove, memset

from relay._core.buffer cimport Buffer
from relay._core.codes cimport CodeSink, code_of
from relay._core.kinds cimport (
    END_CHAR, HEX, KIND, LITERAL_CHAR, OTHER_CHAR, START_CHAR, TELEPHONE_RECEIVER, UPPER, VIEW_CHAR
)
from relay._core.lanes cimport SLACK, ascii_size, signs_of, sum_of, widen
from relay._core.literals cimport literal_size
from relay._core.look cimport View
from relay._core.stretch cimport LANES, first_of
from relay._core.triggers cimport quiet

cdef enum:
    PIECE_ROOM = 256
    # The letters of escapes that stand for a blank, from `b` on.
    BLANKED = 1 | 1 << c"f" - c"b" | 1 << c"n" - c"b" | 1 << c"r" - c"b" | 1 << c"t" - c"b" | 1 << c"v" - c"b"
    RECEIVER = 0x1F4DE            # the one character beyond the first plane that a word is spelled with


cdef inline uint8_t _view_char(uint32_t code) noexcept nogil:
    if code < 0x10000:
        return VIEW_CHAR[code]
    return TELEPHONE_RECEIVER if code == RECEIVER else OTHER_CHAR


@cython.final
cdef class Window(CodeSink):
    """Grows at the end by pieces; lets go at the front."""

    def __cinit__(self):
        self._raw = Buffer()
        self._resize(LEAST_ROOM)

    def __dealloc__(self):
        if self._chars != NULL:
            free(self._chars - 1)
        free(self._codes)
        free(self._widths)

    cdef int _resize(self, Py_ssize_t room) except -1 nogil:
        cdef void* chars = realloc(self._chars - 1 if self._chars != NULL else NULL, <size_t>(room + 1 + SLACK))
        if chars == NULL:
            with gil:
                raise MemoryError()
        self._chars = <uint8_t*>chars + 1
        (<uint8_t*>chars)[0] = START_CHAR
        self._room = room
        if self._codes != NULL:
            self._add_codes()
        if self._widths != NULL:
            self._add_widths()
        return 0

    cdef int _make_room(self, Py_ssize_t size) except -1 nogil:
        cdef Py_ssize_t room = self._room
        if self.len + size <= room:
            return 0
        while room < self.len + size:
            room *= 2
        return self._resize(room)

    cdef int _add_codes(self) except -1 nogil:
        """Have as much room for codes as for characters."""
        cdef void* codes = realloc(self._codes, <size_t>self._room * sizeof(uint32_t))
        if codes == NULL:
            with gil:
                raise MemoryError()
        self._codes = <uint32_t*>codes
        return 0

    cdef int _add_widths(self) except -1 nogil:
        """Have as much room for widths as for characters; the characters so far had one byte each."""
        cdef bint is_new = self._widths == NULL
        cdef void* widths = realloc(self._widths, <size_t>self._room)
        if widths == NULL:
            with gil:
                raise MemoryError()
        self._widths = <uint8_t*>widths
        if is_new:
            memset(self._widths, 1, <size_t>self.len)
        return 0

    cdef int begin(self, const uint8_t* chars, Py_ssize_t size) except -1 nogil:
        """Empty it for another text, with these characters of a view as its history."""
        self._raw.clear()
        self._raw_at = 0
        self.len = 0
        self._make_room(size)
        memcpy(self._chars, chars, <size_t>size)
        if self._widths != NULL:
            memset(self._widths, 1, <size_t>size)
        self.len = self.released = self._settled = size
        self._plain = 0
        self.literal = -1
        if self.keeps_codes and size:
            if self._codes == NULL:
                self._add_codes()
            for at in range(size):
                self._codes[at] = chars[at]
        return 0

    cdef void wipe(self) noexcept nogil:
        """Leave nothing of what was in it; `begin` comes next."""
        memset(self._chars, 0, <size_t>self._room)
        if self._codes != NULL:
            memset(self._codes, 0, <size_t>self._room * sizeof(uint32_t))
        self._raw.wipe()

    cdef int text(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        """Take UTF-8 that stands for itself."""
        cdef Py_ssize_t plain = ascii_size(ptr, size)
        cdef uint32_t code
        cdef int width
        self._make_room(size)
        self._raw.append(ptr, size)
        self._ascii(ptr, plain)
        if plain == size:
            return 0
        if self._codes == NULL:
            self._add_codes()
        if self._widths == NULL:
            self._add_widths()
        while plain < size:
            if ptr[plain] & 0x80:
                code = code_of(<const uint8_t*>ptr + plain, &width)
                self._chars[self.len] = _view_char(code)
                self._codes[self.len] = code
                self._widths[self.len] = <uint8_t>width
                self.len += 1
                self._plain = self.len
                plain += width
                continue
            width = <int>ascii_size(ptr + plain, size - plain)
            self._ascii(ptr + plain, width)
            plain += width
        return 0

    cdef int _ascii(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        """Add ASCII to the characters; there is room."""
        memcpy(self._chars + self.len, ptr, <size_t>size)
        if self._widths != NULL:
            memset(self._widths + self.len, 1, <size_t>size)
        if self.keeps_codes:
            if self._codes == NULL:
                self._add_codes()
            widen(ptr, size, sizeof(uint32_t), self._codes + self.len, self._room - self.len)
        self.len += size
        return 0

    cdef int code(self, uint32_t code, const char* raw, int width) except -1 nogil:
        """Take one code point that is written in `width` raw bytes."""
        self._make_room(1)
        if self._codes == NULL and (code >= 0x80 or self.keeps_codes):
            self._add_codes()
        if self._widths == NULL and width != 1:
            self._add_widths()
        self._chars[self.len] = _view_char(code)
        if self._codes != NULL:
            self._codes[self.len] = code
        if self._widths != NULL:
            self._widths[self.len] = <uint8_t>width
        self._raw.append(raw, width)
        self.len += 1
        if width != 1:
            self._plain = self.len
        return 0

    cdef View* open(self, bint last) except NULL nogil:
        """Give the view of what is settled; until `close` nothing is added."""
        self._settle(last)
        self.view.chars = self._chars
        self.view.codes = self._codes
        self.view.end = self._settled
        self.view.last = last
        self.view.touched = False
        self._hidden = self._chars[self._settled] if self._settled < self.len else 0
        self._chars[self._settled] = END_CHAR
        return &self.view

    cdef Py_ssize_t pass_quiet(self, Py_ssize_t start) noexcept nogil:
        """Give up to where all is certain if no rule is called from `start` on, where the last scan ended; else -1."""
        cdef Py_ssize_t word = quiet(self._chars + start, self.len - start)
        if word < 0:
            return -1
        # Neither a backslash nor a bracket is in it.
        self._settled = self.len
        return max(start + word, self.released)

    cdef void close(self) noexcept nogil:
        if self._settled < self.len:
            self._chars[self._settled] = self._hidden

    cdef int _settle(self, bint last) except -1 nogil:
        """Blank escapes and mark literals, as far as they are complete."""
        cdef Py_ssize_t base = self._settled
        cdef Py_ssize_t behind = base
        cdef Py_ssize_t place
        cdef uint64_t signs
        while base < self.len:
            signs = signs_of(self._chars + base)
            while signs:  # bound: its bits
                place = base + first_of(signs)
                signs &= signs - 1
                if place >= self.len:
                    break
                # What an escape or a literal took in is no sign.
                if place < behind:
                    continue
                behind = self._blank(place, last) if self._chars[place] == c"\\" else self._literal(place, last)
                if behind == place:
                    self._settled = place
                    return 0
            base += LANES
        self._settled = self.len
        return 0

    cdef Py_ssize_t _blank(self, Py_ssize_t place, bint last) noexcept nogil:
        """Blank the escape at `place`; give where to go on, `place` itself when it may still become another."""
        cdef uint8_t* chars = self._chars + place
        cdef Py_ssize_t left = self.len - place
        cdef int at
        if left < 2:
            return place + 1 if last else place
        if chars[1] == c"[":
            return place + 1
        if chars[1] == c'"' or chars[1] == c"'" or chars[1] == c"/":
            chars[0] = c" "
        elif chars[1] == c"u":
            for at in range(2, 6):
                if at == left:
                    return place + 2 if last else place
                if not KIND[chars[at]] & HEX:
                    return place + 2
            memset(chars, c" ", 6)
            return place + 6
        elif c"b" <= chars[1] <= c"v" and BLANKED >> (chars[1] - c"b") & 1:
            chars[0] = chars[1] = c" "
        return place + 2

    cdef Py_ssize_t _literal(self, Py_ssize_t place, bint last) noexcept nogil:
        """Mark the literal at `place`, if one stands there; give where to go on, as `_blank` does."""
        cdef int cls = 0
        cdef int size
        if place + 1 < self.len and not KIND[self._chars[place + 1]] & UPPER:
            return place + 1
        size = literal_size(self._chars + place, self._chars + self.len, &cls)
        if size == 0:
            return place + 1
        if size < 0:
            return place + 1 if last else place
        memset(self._chars + place, LITERAL_CHAR + cls, <size_t>size)
        self.literal = place
        return place + size

    cdef Py_ssize_t raw_size(self, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
        """Give how many raw bytes the characters [start, end) have."""
        return end - start if start >= self._plain else sum_of(self._widths + start, end - start)

    cdef const char* raw_from(self, Py_ssize_t start) noexcept nogil:
        """Give the raw bytes of the character `start`, which was not released."""
        return self._raw.ptr + self._raw_at + self.raw_size(self.released, start)

    cdef const uint8_t* chars_from(self, Py_ssize_t start) noexcept nogil:
        """Give the view's characters from `start` on."""
        return self._chars + start

    cdef int release(self, Py_ssize_t end, Buffer out) except -1 nogil:
        """Let the characters before `end` go, as their raw bytes."""
        cdef Py_ssize_t size = self.raw_size(self.released, end)
        out.append(self._raw.ptr + self._raw_at, size)
        self._raw_at += size
        self.released = end
        return 0

    cdef int drop(self, Py_ssize_t end) except -1 nogil:
        """Let the characters before `end` go, unseen."""
        self._raw_at += self.raw_size(self.released, end)
        self.released = end
        return 0

    cdef Py_ssize_t compact(self) except -1 nogil:
        """Forget history that nobody looks at any more.

        returns   by how much all places moved to the left
        """
        cdef Py_ssize_t shift = self.released - HISTORY
        cdef size_t rest
        if self._raw_at == self._raw.len:
            self._raw.clear()
            self._raw_at = 0
        # Room alone is no reason to wait: a piece makes room for itself before it is compacted, and so for ever more.
        if shift <= 0 or (shift < HISTORY and self._room - self.len >= PIECE_ROOM):
            return 0
        rest = <size_t>(self.len - shift)
        memmove(self._chars, self._chars + shift, rest)
        if self._codes != NULL:
            memmove(self._codes, self._codes + shift, rest * sizeof(uint32_t))
        if self._widths != NULL:
            memmove(self._widths, self._widths + shift, rest)
        if self._raw_at:
            memmove(self._raw.ptr, self._raw.ptr + self._raw_at, <size_t>(self._raw.len - self._raw_at))
            self._raw.len -= self._raw_at
            self._raw_at = 0
        self.len -= shift
        self.released -= shift
        self._settled -= shift
        self._plain -= shift
        self.literal -= shift
        return shift

    cdef int shrink(self) except -1 nogil:
        """Give back the room that a large piece took."""
        return self._resize(LEAST_ROOM) if self.len <= LEAST_ROOM - PIECE_ROOM else 0
