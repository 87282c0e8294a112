"""Code points of a text that comes in pieces."""

from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    WIDEST = 4                    # bytes of a code point

cdef Py_ssize_t to_utf8(int width, const void* codes, Py_ssize_t start, int count, char* out) noexcept nogil
cdef str from_utf8(const char* ptr, Py_ssize_t size)

cdef class CodeSink:
    cdef int text(self, const char* ptr, Py_ssize_t size) except -1 nogil
    cdef int code(self, uint32_t code, const char* raw, int width) except -1 nogil

cdef class Codes:
    cdef char[4] _partial         # an unfinished UTF-8 sequence
    cdef int _partial_len
    cdef char[12] _escape         # an unfinished escape, or a high surrogate that waits for its other half
    cdef int _escape_len

    cdef inline bint is_whole(self) noexcept nogil:
        """Tell whether nothing is carried: no sequence and no escape is cut."""
        return self._partial_len == 0 and self._escape_len == 0

    cdef int utf8(self, const char* ptr, Py_ssize_t size, CodeSink sink) except -1 nogil
    cdef int escaped(self, const char* ptr, Py_ssize_t size, CodeSink sink) except -1 nogil
    cdef int finish(self, CodeSink sink) except -1 nogil
    cdef void begin(self) noexcept nogil
    cdef const char* _go_on(self, const char* ptr, const char* end, CodeSink sink) except NULL nogil
    cdef int _resolve(self, CodeSink sink) except -1 nogil
    cdef int _lone(self, CodeSink sink) except -1 nogil
    cdef int _pass_escape(self, CodeSink sink) except -1 nogil
    cdef int _broken(self, CodeSink sink) except -1 nogil

cdef inline uint32_t code_of(const uint8_t* ptr, int* width) noexcept nogil:
    """Give the code point whose UTF-8 starts here, and its size."""
    cdef uint32_t lead = ptr[0]
    if lead < 0x80:
        width[0] = 1
        return lead
    if lead < 0xE0:
        width[0] = 2
        return (lead & 0x1F) << 6 | (ptr[1] & 0x3Fu)
    if lead < 0xF0:
        width[0] = 3
        return (lead & 0x0F) << 12 | (ptr[1] & 0x3Fu) << 6 | (ptr[2] & 0x3Fu)
    width[0] = 4
    return (lead & 0x07) << 18 | (ptr[1] & 0x3Fu) << 12 | (ptr[2] & 0x3Fu) << 6 | (ptr[3] & 0x3Fu)

cdef inline uint32_t hex_value(uint32_t digit) noexcept nogil:
    if digit <= c"9":
        return digit - c"0"
    return (digit | 0x20) - c"a" + 10

cdef inline uint32_t unescaped(uint32_t letter) noexcept nogil:
    """Give the code point of a two-character escape (RFC 8259, 7); 0 when there is none."""
    if letter == c'"' or letter == c"\\" or letter == c"/":
        return letter
    if letter == c"n":
        return 10
    if letter == c"t":
        return 9
    if letter == c"r":
        return 13
    if letter == c"b":
        return 8
    return 12 if letter == c"f" else 0
