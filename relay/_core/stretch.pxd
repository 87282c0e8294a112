"""Up to 64 characters of a view at a look: what they are, by a bit for each.

Memory is read up to SLACK bytes behind the last one. 16 characters are looked at together, or one.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

cdef enum:
    LANES = 64

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #include "tables.h"

    /* Whether something that a rule knows begins as three characters do, by what the last two of them count as. */
    static inline int relay_begins(const uint8_t *chars, const uint32_t *begins) {
        return begins[32 * chars[0] + NEXT[chars[1]]] >> NEXT[chars[2]] & 1;
    }

    #if defined(__SSE2__)
    #include <emmintrin.h>

    #define RELAY_IS(text, sign) _mm_cmpeq_epi8(text, _mm_set1_epi8(sign))
    #define RELAY_OR(one, other) _mm_or_si128(one, other)

    static inline __m128i relay_between(__m128i text, char first, char count) {
        __m128i from = _mm_sub_epi8(text, _mm_set1_epi8(first));
        return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8((char)(count - 1))), from);
    }

    static inline uint64_t relay_bits(__m128i found, int at) {
        return (uint64_t)(unsigned)_mm_movemask_epi8(found) << at;
    }

    static inline void relay_lanes(const uint8_t *chars, uint64_t *letters, uint64_t *joints) {
        const __m128i named = _mm_set1_epi8((char)FIRST_NAMED);
        for (int at = 0; at < 48; at += 16) {
            __m128i text = _mm_loadu_si128((const __m128i *)(chars + at));
            __m128i joint = RELAY_OR(RELAY_OR(RELAY_IS(text, '='), RELAY_IS(text, '~')),
                                     _mm_cmpeq_epi8(_mm_max_epu8(text, named), text));
            *letters |= relay_bits(relay_between(RELAY_OR(text, _mm_set1_epi8(0x20)), 'a', 26), at);
            *joints |= relay_bits(joint, at);
        }
    }

    /* How many of up to 48 characters of a view the last one of a placeholder and those before it are. */
    static inline int relay_behind_literal(const uint8_t *chars, Py_ssize_t size) {
        const __m128i first = _mm_set1_epi8((char)LITERAL_CHAR);
        uint64_t found = 0;
        for (int at = 0; at < 48; at += 16) {
            __m128i text = _mm_loadu_si128((const __m128i *)(chars + at));
            found |= relay_bits(_mm_cmpeq_epi8(_mm_max_epu8(text, first), text), at);
        }
        found &= ((uint64_t)1 << size) - 1;
        return found ? 64 - __builtin_clzll(found) : 0;
    }

    #else

    static inline void relay_lanes(const uint8_t *chars, uint64_t *letters, uint64_t *joints) {
        for (int at = 0; at < 48; at++) {
            const uint64_t bit = (uint64_t)1 << at;
            *letters |= KIND[chars[at]] & (UPPER | LOWER) ? bit : 0;
            *joints |= chars[at] == '=' || chars[at] == '~' || chars[at] >= FIRST_NAMED ? bit : 0;
        }
    }

    static inline int relay_behind_literal(const uint8_t *chars, Py_ssize_t size) {
        while (size > 0 && chars[size - 1] < LITERAL_CHAR)
            size--;
        return (int)size;
    }
    #endif

    /* What the first of a word may be, of up to 48 characters. */
    static inline void relay_lanes_of(const uint8_t *chars, Py_ssize_t size, uint64_t *letters, uint64_t *joints) {
        const uint64_t there = ((uint64_t)1 << size) - 1;
        *letters = *joints = 0;
        relay_lanes(chars, letters, joints);
        *letters &= there, *joints &= there;
    }

    static inline int relay_first(uint64_t lanes) {
        return __builtin_ctzll(lanes);
    }
    """
    void lanes_of "relay_lanes_of"(const uint8_t*, Py_ssize_t, uint64_t* letters, uint64_t* joints) noexcept nogil
    int behind_literal "relay_behind_literal"(const uint8_t* chars, Py_ssize_t size) noexcept nogil
    int first_of "relay_first"(uint64_t lanes) noexcept nogil
