"""Bytes to code points: UTF-8, or the inside of JSON strings, cut anywhere.

In: pieces of one text. Out, to a CodeSink: runs of whole UTF-8, and single code points with the raw bytes that stand
for them. Bytes that are no UTF-8 become U+FFFD, by the maximal subpart as the Encoding Standard has it; a lone
surrogate passes as it came. Carries at most one unfinished sequence, or an escaped high surrogate.
"""

cimport cython
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memchr, memcpy, memmove

from relay._core.lanes cimport ascii_size, code_at, count_codes, narrow, put_code, widen

cdef extern from "Python.h":
    unicode PyUnicode_New(Py_ssize_t size, uint32_t most)
    void* PyUnicode_DATA(object text)
    int PyUnicode_KIND(object text)

cdef enum:
    REPLACEMENT = 0xFFFD


cdef class CodeSink:
    """Takes a text in order."""

    cdef int text(self, const char* ptr, Py_ssize_t size) except -1 nogil:
        """Take UTF-8 that stands for itself; surrogates are let pass."""
        return 0

    cdef int code(self, uint32_t code, const char* raw, int width) except -1 nogil:
        """Take one code point that is written in `width` raw bytes."""
        return 0


cdef inline int _sequence_size(const uint8_t* ptr, Py_ssize_t size) noexcept nogil:
    """Give how many bytes the sequence at `ptr` has; 0 when it may go on behind `size`, -n when n bytes are none."""
    cdef uint8_t lead = ptr[0]
    cdef uint8_t low = 0x80
    cdef uint8_t high = 0xBF
    cdef int count = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    cdef int at
    if lead < 0xC2 or lead > 0xF4:
        return -1
    if lead == 0xE0:
        low = 0xA0
    elif lead == 0xF0:
        low = 0x90
    elif lead == 0xF4:
        high = 0x8F
    for at in range(1, count):
        if at == size:
            return 0
        if not low <= ptr[at] <= high:
            return -at
        low = 0x80
        high = 0xBF
    return count


@cython.final
cdef class Codes:
    """Decoder of one text."""

    cdef int utf8(self, const char* ptr, Py_ssize_t size, CodeSink sink) except -1 nogil:
        """Take UTF-8 that may be cut anywhere; what is none becomes U+FFFD, a surrogate passes."""
        cdef const char* end = ptr + size
        cdef const char* start
        cdef int used
        if self._partial_len and ptr < end:
            ptr = self._go_on(ptr, end, sink)
        start = ptr
        while True:
            ptr += ascii_size(ptr, end - ptr)
            if ptr == end:
                break
            used = _sequence_size(<const uint8_t*>ptr, end - ptr)
            if used > 0:
                ptr += used
                continue
            sink.text(start, ptr - start)
            if used == 0:
                self._partial_len = <int>(end - ptr)
                memcpy(self._partial, ptr, <size_t>(end - ptr))
                return 0
            sink.code(REPLACEMENT, b"\xef\xbf\xbd", 3)
            ptr -= used
            start = ptr
        return sink.text(start, end - start)

    cdef const char* _go_on(self, const char* ptr, const char* end, CodeSink sink) except NULL nogil:
        """Take what goes on the unfinished sequence, and give where it ends."""
        cdef int used
        while self._partial_len and ptr < end:
            self._partial[self._partial_len] = ptr[0]
            self._partial_len += 1
            used = _sequence_size(<const uint8_t*>self._partial, self._partial_len)
            if used == 0:
                ptr += 1
                continue
            if used > 0:
                sink.text(self._partial, used)
            else:
                sink.code(REPLACEMENT, b"\xef\xbf\xbd", 3)
            # A byte that does not go on the sequence begins anew behind U+FFFD.
            if used > 0 or -used == self._partial_len:
                ptr += 1
            self._partial_len = 0
        return ptr

    cdef int escaped(self, const char* ptr, Py_ssize_t size, CodeSink sink) except -1 nogil:
        """Take a piece of the inside of a JSON string."""
        cdef const char* end = ptr + size
        cdef const char* stop
        while ptr < end:
            if self._escape_len == 6 and ptr[0] != c"\\":
                self._lone(sink)
            if self._escape_len and ptr[0] & 0x80:
                self._pass_escape(sink)
            if self._escape_len or ptr[0] == c"\\":
                if self._partial_len:
                    self._broken(sink)
                self._escape[self._escape_len] = ptr[0]
                self._escape_len += 1
                self._resolve(sink)
                ptr += 1
                continue
            stop = <const char*>memchr(ptr, c"\\", <size_t>(end - ptr))
            if stop == NULL:
                stop = end
            self.utf8(ptr, stop - ptr, sink)
            ptr = stop
        return 0

    cdef int _resolve(self, CodeSink sink) except -1 nogil:
        """Give what the escape says once it is complete; a high surrogate waits for what follows it."""
        cdef int first = 0 if self._escape_len <= 6 else 6
        cdef const char* escape = self._escape + first
        cdef uint32_t code
        if self._escape_len - first < 2 or (escape[1] == c"u" and self._escape_len - first < 6):
            return 0
        if escape[1] == c"u":
            code = _escaped_code(escape)
        else:
            code = unescaped(<uint8_t>escape[1]) or <uint8_t>escape[1]
        if first:
            if escape[1] == c"u" and 0xDC00 <= code <= 0xDFFF:
                self._escape_len = 0
                code += 0x10000 - 0xDC00 + ((_escaped_code(self._escape) - 0xD800) << 10)
                return sink.code(code, self._escape, 12)
            sink.code(_escaped_code(self._escape), self._escape, 6)
            self._escape_len -= 6
            memmove(self._escape, escape, <size_t>self._escape_len)
        if 0xD800 <= code <= 0xDBFF:
            return 0
        sink.code(code, self._escape, self._escape_len)
        self._escape_len = 0
        return 0

    cdef int _lone(self, CodeSink sink) except -1 nogil:
        self._escape_len = 0
        return sink.code(_escaped_code(self._escape), self._escape, 6)

    cdef int _broken(self, CodeSink sink) except -1 nogil:
        self._partial_len = 0
        return sink.code(REPLACEMENT, b"\xef\xbf\xbd", 3)

    cdef int finish(self, CodeSink sink) except -1 nogil:
        """End the text: what is unfinished passes as it came, but half a sequence becomes U+FFFD."""
        if self._partial_len:
            self._broken(sink)
        return self._pass_escape(sink)

    cdef int _pass_escape(self, CodeSink sink) except -1 nogil:
        """Pass an unfinished escape as it came."""
        cdef int at
        cdef int begun = self._escape_len
        if begun >= 6:
            self._lone(sink)
        self._escape_len = 0
        for at in range(6 if begun >= 6 else 0, begun):
            sink.code(<uint8_t>self._escape[at], self._escape + at, 1)
        return 0

    cdef void begin(self) noexcept nogil:
        """Start another text."""
        self._partial_len = self._escape_len = 0


cdef inline uint32_t _escaped_code(const char* escape) noexcept nogil:
    """Give the code of `\\uXXXX`."""
    cdef uint32_t code = 0
    for at in range(2, 6):
        code = code << 4 | hex_value(<uint8_t>escape[at])
    return code


cdef Py_ssize_t to_utf8(int width, const void* codes, Py_ssize_t start, int count, char* out) noexcept nogil:
    """Write `count` code points of `width` bytes each, from number `start` on, as UTF-8; give how many bytes it has."""
    cdef char* end = out
    cdef Py_ssize_t at = start
    cdef Py_ssize_t stop = start + count
    cdef Py_ssize_t plain
    while at < stop:
        plain = narrow(width, <const char*>codes + width * at, stop - at, end)
        at += plain
        end += plain
        if at < stop:
            end += _put(code_at(width, codes, at), end)
            at += 1
    return end - out


cdef inline int _put(uint32_t code, char* out) noexcept nogil:
    """Write a code point, or a surrogate, as UTF-8; give how many bytes it has."""
    if code < 0x80:
        out[0] = <char>code
        return 1
    if code < 0x800:
        out[0] = <char>(0xC0 | code >> 6)
        out[1] = <char>(0x80 | (code & 0x3F))
        return 2
    if code < 0x10000:
        out[0] = <char>(0xE0 | code >> 12)
        out[1] = <char>(0x80 | (code >> 6 & 0x3F))
        out[2] = <char>(0x80 | (code & 0x3F))
        return 3
    out[0] = <char>(0xF0 | code >> 18)
    out[1] = <char>(0x80 | (code >> 12 & 0x3F))
    out[2] = <char>(0x80 | (code >> 6 & 0x3F))
    out[3] = <char>(0x80 | (code & 0x3F))
    return 4


cdef str from_utf8(const char* ptr, Py_ssize_t size):
    """Give UTF-8 as a string; surrogates pass, what is none is refused."""
    cdef uint8_t most = 0
    cdef Py_ssize_t count
    if size == 0:
        return ""
    count = count_codes(ptr, size, &most)
    # The greatest of the leads says how wide a string has to be.
    text = PyUnicode_New(count, 0x7F if most < 0x80 else 0xFF if most < 0xC4 else 0xFFFF if most < 0xF0 else 0x10FFFF)
    if most < 0x80:
        memcpy(PyUnicode_DATA(text), ptr, <size_t>size)
    elif not _read(ptr, ptr + size, PyUnicode_KIND(text), <char*>PyUnicode_DATA(text), count):
        return PyUnicode_DecodeUTF8(ptr, size, "surrogatepass")
    return text


cdef bint _read(const char* ptr, const char* end, int width, char* codes, Py_ssize_t count) noexcept nogil:
    """Write what UTF-8 says as `count` code points of `width` bytes each; False if it is none."""
    cdef Py_ssize_t at = 0, plain
    cdef int size
    while ptr < end:
        plain = widen(ptr, end - ptr, width, codes + width * at, count - at)
        ptr += plain
        at += plain
        if ptr < end:
            if _sequence_size(<const uint8_t*>ptr, end - ptr) <= 0:
                return False
            put_code(width, codes, at, code_of(<const uint8_t*>ptr, &size))
            ptr += size
            at += 1
    return True
