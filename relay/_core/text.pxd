"""Several bytes at a time: inline helpers over raw text, for scanner, estimator and codecs. Bounds are [ptr, end)."""

from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy

from relay._core.types cimport Slice

cdef enum:
    STEP = 8
    LONG = 32                     # a string that begins with so much is likely to go on

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
    static inline __m128i relay_specials(const char *ptr, int ascii) {
        __m128i text = _mm_loadu_si128((const __m128i *)ptr);
        __m128i quote = _mm_cmpeq_epi8(text, _mm_set1_epi8('"'));
        __m128i escape = _mm_cmpeq_epi8(text, _mm_set1_epi8('\\\\'));
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(text, _mm_set1_epi8(0x1F)), text);
        __m128i found = _mm_or_si128(_mm_or_si128(quote, escape), control);
        return ascii ? _mm_or_si128(found, text) : found; /* of which the high bits count */
    }
    static inline Py_ssize_t relay_first_special(const char *ptr, int ascii) {
        int found = _mm_movemask_epi8(relay_specials(ptr, ascii));
        return found ? __builtin_ctz((unsigned)found) : RELAY_STRIDE;
    }
    static __attribute__((noinline, unused))
    const char *relay_skip_blocks(const char *ptr, const char *end, int ascii) {
        for (; end - ptr >= 64; ptr += 64) {
            __m128i some = _mm_or_si128(relay_specials(ptr, ascii), relay_specials(ptr + 16, ascii));
            __m128i more = _mm_or_si128(relay_specials(ptr + 32, ascii), relay_specials(ptr + 48, ascii));
            if (_mm_movemask_epi8(_mm_or_si128(some, more)))
                break;
        }
        return ptr;
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
    static inline const char *relay_skip_blocks(const char *ptr, const char *end, int ascii) {
        return ptr;
    }
    #endif
    """
    enum: STRIDE "RELAY_STRIDE"
    Py_ssize_t first_special "relay_first_special"(const char* ptr, bint ascii) noexcept nogil
    const char* skip_blocks "relay_skip_blocks"(const char* ptr, const char* end, bint ascii) noexcept nogil

cdef inline const char* _skip(const char* ptr, const char* end, bint ascii) noexcept nogil:
    cdef const char* start = ptr
    cdef Py_ssize_t at
    while end - ptr >= STRIDE:  # bound: end
        at = first_special(ptr, ascii)
        ptr += at
        if at < STRIDE:
            return ptr
        if ptr - start == LONG:
            ptr = skip_blocks(ptr, end, ascii)
    while ptr < end and ptr[0] != c'"' and ptr[0] != c"\\" and <unsigned char>ptr[0] >= 0x20:
        if ascii and ptr[0] & 0x80:
            return ptr
        ptr += 1
    return ptr

cdef inline const char* skip_space(const char* ptr, const char* end) noexcept nogil:
    """Give the first byte that is no white space of JSON, or `end`."""
    while ptr < end and (ptr[0] == c" " or ptr[0] == c"\n" or ptr[0] == c"\r" or ptr[0] == c"\t"):
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
