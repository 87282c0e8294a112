"""Several bytes at a time: inline helpers over raw text, for scanner, estimator and codecs. Bounds are [ptr, end)."""

from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy

from relay._core.types cimport Slice

cdef enum:
    STEP = 8

cdef inline uint64_t word(const char* ptr) noexcept nogil:
    """Load eight bytes from anywhere."""
    cdef uint64_t out
    memcpy(&out, ptr, STEP)
    return out

cdef extern from *:
    """
    /* Where in STRIDE bytes the first lies that ends or interrupts the inside of a JSON string: quote, backslash,
       control, and with `ascii` also what is not ASCII; STRIDE when none does. */
    #if defined(__SSE2__)
    #include <emmintrin.h>
    #define RELAY_STRIDE 16
    static inline Py_ssize_t relay_first_special(const char *ptr, int ascii) {
        __m128i text = _mm_loadu_si128((const __m128i *)ptr);
        __m128i quote = _mm_cmpeq_epi8(text, _mm_set1_epi8('"'));
        __m128i escape = _mm_cmpeq_epi8(text, _mm_set1_epi8('\\\\'));
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(text, _mm_set1_epi8(0x1F)), text);
        int found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, escape), control));
        if (ascii)
            found |= _mm_movemask_epi8(text);
        return found ? __builtin_ctz((unsigned)found) : RELAY_STRIDE;
    }
    #else
    #include <stdint.h>
    #include <string.h>
    #define RELAY_STRIDE 8
    static inline Py_ssize_t relay_first_special(const char *ptr, int ascii) {
        for (Py_ssize_t at = 0; at < RELAY_STRIDE; at++)
            if (ptr[at] == '"' || ptr[at] == '\\\\' || (unsigned char)ptr[at] < 0x20 || (ascii && ptr[at] & 0x80))
                return at;
        return RELAY_STRIDE;
    }
    #endif
    """
    enum: STRIDE "RELAY_STRIDE"
    Py_ssize_t first_special "relay_first_special"(const char* ptr, bint ascii) noexcept nogil

cdef inline const char* _skip(const char* ptr, const char* end, bint ascii) noexcept nogil:
    cdef Py_ssize_t at
    while end - ptr >= STRIDE:  # bound: end
        at = first_special(ptr, ascii)
        ptr += at
        if at < STRIDE:
            return ptr
    while ptr < end and ptr[0] != c'"' and ptr[0] != c"\\" and <unsigned char>ptr[0] >= 0x20:
        if ascii and ptr[0] & 0x80:
            return ptr
        ptr += 1
    return ptr

cdef inline const char* skip_plain(const char* ptr, const char* end) noexcept nogil:
    """Give the first byte that ends or interrupts the inside of a JSON string (quote, backslash, control), or `end`."""
    return _skip(ptr, end, False)

cdef inline const char* skip_ascii(const char* ptr, const char* end) noexcept nogil:
    """Give the first byte that does so or is not ASCII, or `end`."""
    return _skip(ptr, end, True)

cdef inline bint is_ascii(const char* ptr, const char* end) noexcept nogil:
    """Tell whether no byte has its high bit set."""
    while end - ptr >= STEP:  # bound: end
        if word(ptr) & <uint64_t>0x8080808080808080:
            return False
        ptr += STEP
    while ptr < end:
        if ptr[0] & 0x80:
            return False
        ptr += 1
    return True

cdef inline bint is_object(Slice value) noexcept nogil:
    return value.ptr != NULL and value.ptr[0] == c"{"

cdef inline bint equals(Slice part, const char* text, Py_ssize_t size) noexcept nogil:
    return part.len == size and memcmp(part.ptr, text, <size_t>size) == 0
