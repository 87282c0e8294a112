"""Many characters at a time: where in a text or a view the few stand that matter.

A Lanes says of LANES characters, by a bit for each, what they are. Memory is read up to LANES bytes from the first one,
whatever `size` is: who gives it keeps SLACK bytes behind the last character. Bits from `size` on are 0.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    LANES = 64
    SLACK = LANES + 16
    STRETCH = 512
    SPARE = 16

cdef struct Lanes:
    uint64_t letters              # of ASCII
    uint64_t digits
    uint64_t marks                # @ % : -
    uint64_t joints               # = ~, and named characters of a view
    uint64_t openers              # ( +
    uint64_t of_phones            # digits, blanks and what else may stand in a telephone number; bits behind all are 1

cdef struct Places:               # in a stretch, from left to right
    uint16_t[528] at              # STRETCH + SPARE
    int count

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #include "tables.h"

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

    static inline void relay_lanes(const uint8_t *chars, uint64_t *out) {
        const __m128i named = _mm_set1_epi8((char)FIRST_NAMED);
        uint64_t letters = 0, digits = 0, marks = 0, joints = 0, openers = 0, of_phones = 0;
        for (int at = 0; at < 64; at += 16) {
            __m128i text = _mm_loadu_si128((const __m128i *)(chars + at));
            __m128i mark = RELAY_OR(RELAY_OR(RELAY_IS(text, '@'), RELAY_IS(text, '%')),
                                    RELAY_OR(RELAY_IS(text, ':'), RELAY_IS(text, '-')));
            __m128i joint = RELAY_OR(RELAY_OR(RELAY_IS(text, '='), RELAY_IS(text, '~')),
                                     _mm_cmpeq_epi8(_mm_max_epu8(text, named), text));
            letters |= relay_bits(relay_between(RELAY_OR(text, _mm_set1_epi8(0x20)), 'a', 26), at);
            digits |= relay_bits(relay_between(text, '0', 10), at);
            marks |= relay_bits(mark, at);
            joints |= relay_bits(joint, at);
            of_phones |= relay_bits(RELAY_OR(RELAY_IS(text, ' '),
                _mm_andnot_si128(RELAY_IS(text, ','), relay_between(text, '(', '9' - '(' + 1))), at);
            openers |= relay_bits(RELAY_OR(RELAY_IS(text, '('), RELAY_IS(text, '+')), at);
        }
        out[0] = letters, out[1] = digits, out[2] = marks, out[3] = joints, out[4] = openers, out[5] = of_phones;
    }

    /* Where the first byte lies that is not ASCII, or `size`. */
    static inline Py_ssize_t relay_ascii_size(const char *text, Py_ssize_t size) {
        Py_ssize_t at = 0;
        for (; size - at >= 16; at += 16) {
            int found = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(text + at)));
            if (found)
                return at + __builtin_ctz((unsigned)found);
        }
        while (at < size && !(text[at] & 0x80))
            at++;
        return at;
    }

    /* Where the first backslash or opening bracket lies, or `size`. */
    static inline Py_ssize_t relay_plain_size(const uint8_t *chars, Py_ssize_t size) {
        Py_ssize_t at = 0;
        for (; size - at >= 16; at += 16) {
            __m128i text = _mm_loadu_si128((const __m128i *)(chars + at));
            int found = _mm_movemask_epi8(RELAY_OR(RELAY_IS(text, '\\\\'), RELAY_IS(text, '[')));
            if (found)
                return at + __builtin_ctz((unsigned)found);
        }
        while (at < size && chars[at] != '\\\\' && chars[at] != '[')
            at++;
        return at;
    }

    static inline Py_ssize_t relay_sum(const uint8_t *numbers, Py_ssize_t size) {
        __m128i sums = _mm_setzero_si128();
        Py_ssize_t at = 0;
        for (; size - at >= 16; at += 16) {
            __m128i some = _mm_loadu_si128((const __m128i *)(numbers + at));
            sums = _mm_add_epi64(sums, _mm_sad_epu8(some, _mm_setzero_si128()));
        }
        Py_ssize_t sum = (Py_ssize_t)_mm_cvtsi128_si32(sums) + _mm_cvtsi128_si32(_mm_srli_si128(sums, 8));
        while (at < size)
            sum += numbers[at++];
        return sum;
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

    static inline void relay_lanes(const uint8_t *chars, uint64_t *out) {
        memset(out, 0, 6 * sizeof *out);
        for (int at = 0; at < 64; at++) {
            const uint8_t each = chars[at];
            const uint64_t bit = (uint64_t)1 << at;
            if (each == ' ' || (each >= '(' && each <= '9' && each != ','))
                out[5] |= bit;
            if (KIND[each] & (UPPER | LOWER))
                out[0] |= bit;
            else if (KIND[each] & DIGIT)
                out[1] |= bit;
            else if (each == '@' || each == '%' || each == ':' || each == '-')
                out[2] |= bit;
            else if (each == '=' || each == '~' || each >= FIRST_NAMED)
                out[3] |= bit;
            else if (each == '(' || each == '+')
                out[4] |= bit;
        }
    }

    static inline Py_ssize_t relay_ascii_size(const char *text, Py_ssize_t size) {
        Py_ssize_t at = 0;
        while (at < size && !(text[at] & 0x80))
            at++;
        return at;
    }

    static inline Py_ssize_t relay_plain_size(const uint8_t *chars, Py_ssize_t size) {
        Py_ssize_t at = 0;
        while (at < size && chars[at] != '\\\\' && chars[at] != '[')
            at++;
        return at;
    }

    static inline Py_ssize_t relay_sum(const uint8_t *numbers, Py_ssize_t size) {
        Py_ssize_t sum = 0;
        for (Py_ssize_t at = 0; at < size; at++)
            sum += numbers[at];
        return sum;
    }

    static inline int relay_behind_literal(const uint8_t *chars, Py_ssize_t size) {
        while (size > 0 && chars[size - 1] < LITERAL_CHAR)
            size--;
        return (int)size;
    }
    #endif

    static inline void relay_lanes_of(const uint8_t *chars, Py_ssize_t size, void *out) {
        uint64_t *lanes = (uint64_t *)out;
        relay_lanes(chars, lanes);
        if (size < 64) {
            const uint64_t there = ((uint64_t)1 << size) - 1;
            for (int at = 0; at < 5; at++)
                lanes[at] &= there;
            lanes[5] |= ~there;
        }
    }

    /* Those of which also the next six are there, or behind all. */
    static inline uint64_t relay_seven(uint64_t lanes) {
        uint64_t others = ~lanes;
        others |= others >> 1;
        others |= others >> 2;
        others |= others >> 3;
        return ~others;
    }

    static inline uint32_t relay_code_at(int width, const void *codes, Py_ssize_t at) {
        if (width == 1)
            return ((const uint8_t *)codes)[at];
        return width == 2 ? ((const uint16_t *)codes)[at] : ((const uint32_t *)codes)[at];
    }

    static inline void relay_put_code(int width, void *codes, Py_ssize_t at, uint32_t code) {
        if (width == 1)
            ((uint8_t *)codes)[at] = (uint8_t)code;
        else if (width == 2)
            ((uint16_t *)codes)[at] = (uint16_t)code;
        else
            ((uint32_t *)codes)[at] = code;
    }

    /* Loops of a constant number of turns, which compilers make into a few instructions. */
    #define RELAY_STEP 16
    #define RELAY_NARROW(type) { \\
        const type *restrict from = (const type *)codes + at; \\
        type all = 0; \\
        for (int i = 0; i < RELAY_STEP; i++) \\
            all |= from[i]; \\
        if (all >= 0x80) \\
            return 0; \\
        for (int i = 0; i < RELAY_STEP; i++) \\
            out[i] = (char)from[i]; \\
        return 1; \\
    }
    #define RELAY_WIDEN(type) { \\
        type *restrict to = (type *)codes + at; \\
        for (int i = 0; i < RELAY_STEP; i++) \\
            to[i] = (uint8_t)text[i]; \\
        return 1; \\
    }

    /* Write code points as ASCII, if they are. */
    static inline int relay_narrow(int width, const void *codes, Py_ssize_t at, char *restrict out) {
        if (width == 1)
            RELAY_NARROW(uint8_t)
        if (width == 2)
            RELAY_NARROW(uint16_t)
        RELAY_NARROW(uint32_t)
    }

    /* Write ASCII, if it is, as code points. */
    static inline int relay_widen(const char *restrict text, int width, void *codes, Py_ssize_t at) {
        if (relay_ascii_size(text, RELAY_STEP) < RELAY_STEP)
            return 0;
        if (width == 1)
            RELAY_WIDEN(uint8_t)
        if (width == 2)
            RELAY_WIDEN(uint16_t)
        RELAY_WIDEN(uint32_t)
    }

    /* How many code points UTF-8 has, and its greatest byte. */
    static inline Py_ssize_t relay_count_codes(const char *text, Py_ssize_t size, uint8_t *most) {
        Py_ssize_t count = 0, at = 0;
        for (; size - at >= RELAY_STEP; at += RELAY_STEP) {
            uint8_t greatest = 0, some = 0;
            for (int i = 0; i < RELAY_STEP; i++) {
                const uint8_t each = (uint8_t)text[at + i];
                greatest = greatest > each ? greatest : each;
                some = (uint8_t)(some + ((each & 0xC0) != 0x80));
            }
            *most = *most > greatest ? *most : greatest;
            count += some;
        }
        for (; at < size; at++) {
            const uint8_t each = (uint8_t)text[at];
            *most = *most > each ? *most : each;
            count += (each & 0xC0) != 0x80;
        }
        return count;
    }

    static inline int relay_first(uint64_t lanes) {
        return __builtin_ctzll(lanes);
    }

    static inline int relay_count(uint64_t lanes) {
        lanes -= lanes >> 1 & 0x5555555555555555;
        lanes = (lanes & 0x3333333333333333) + (lanes >> 2 & 0x3333333333333333);
        return (int)(((lanes + (lanes >> 4)) & 0x0F0F0F0F0F0F0F0F) * 0x0101010101010101 >> 56);
    }

    /* Add where bits are set, sixteen at a time without a branch: what lies behind the last one counts nothing. */
    static inline int relay_places(uint16_t *places, int count, uint64_t lanes, Py_ssize_t from) {
        const int all = lanes ? count + relay_count(lanes) : count;
        for (; count < all; count += 16)
            for (int at = 0; at < 16; at++) {
                places[count + at] = (uint16_t)(from + __builtin_ctzll(lanes | (uint64_t)1 << 63));
                lanes &= lanes - 1;
            }
        return all;
    }
    """
    void lanes_of "relay_lanes_of"(const uint8_t* chars, Py_ssize_t size, Lanes* lanes) noexcept nogil
    int behind_literal "relay_behind_literal"(const uint8_t* chars, Py_ssize_t size) noexcept nogil
    int first_of "relay_first"(uint64_t lanes) noexcept nogil
    uint64_t seven_of "relay_seven"(uint64_t lanes) noexcept nogil
    int _add "relay_places"(uint16_t* places, int count, uint64_t lanes, Py_ssize_t start) noexcept nogil
    Py_ssize_t ascii_size "relay_ascii_size"(const char* text, Py_ssize_t size) noexcept nogil
    Py_ssize_t plain_size "relay_plain_size"(const uint8_t* chars, Py_ssize_t size) noexcept nogil
    uint32_t code_at "relay_code_at"(int width, const void* codes, Py_ssize_t at) noexcept nogil
    void put_code "relay_put_code"(int width, void* codes, Py_ssize_t at, uint32_t code) noexcept nogil
    bint narrow "relay_narrow"(int width, const void* codes, Py_ssize_t at, char* out) noexcept nogil
    bint widen "relay_widen"(const char* text, int width, void* codes, Py_ssize_t at) noexcept nogil
    Py_ssize_t count_codes "relay_count_codes"(const char* text, Py_ssize_t size, uint8_t* most) noexcept nogil
    enum: STEP "RELAY_STEP"
    Py_ssize_t sum_of "relay_sum"(const uint8_t* numbers, Py_ssize_t size) noexcept nogil

cdef inline void add_places(Places* places, uint64_t lanes, Py_ssize_t start) noexcept nogil:
    """Add where bits are set."""
    places.count = _add(places.at, places.count, lanes, start)
