"""Many characters at a time: inline helpers over texts, views and code points."""

from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    SLACK = 80                    # bytes that may be read behind the last character of a view

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    #if defined(__SSE2__)
    #include <emmintrin.h>

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
            int found = _mm_movemask_epi8(_mm_or_si128(
                _mm_cmpeq_epi8(text, _mm_set1_epi8('\\\\')), _mm_cmpeq_epi8(text, _mm_set1_epi8('['))));
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

    #else

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

    #endif

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
            uint8_t greatest = 0;
            int some = 0;  /* eight bits would do, but GCC 12 adds them up wrongly at -O3 */
            for (int i = 0; i < RELAY_STEP; i++) {
                const uint8_t each = (uint8_t)text[at + i];
                greatest = greatest > each ? greatest : each;
                some += (each & 0xC0) != 0x80;
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

    """
    Py_ssize_t ascii_size "relay_ascii_size"(const char* text, Py_ssize_t size) noexcept nogil
    Py_ssize_t plain_size "relay_plain_size"(const uint8_t* chars, Py_ssize_t size) noexcept nogil
    uint32_t code_at "relay_code_at"(int width, const void* codes, Py_ssize_t at) noexcept nogil
    void put_code "relay_put_code"(int width, void* codes, Py_ssize_t at, uint32_t code) noexcept nogil
    bint narrow "relay_narrow"(int width, const void* codes, Py_ssize_t at, char* out) noexcept nogil
    bint widen "relay_widen"(const char* text, int width, void* codes, Py_ssize_t at) noexcept nogil
    Py_ssize_t count_codes "relay_count_codes"(const char* text, Py_ssize_t size, uint8_t* most) noexcept nogil
    enum: STEP "RELAY_STEP"
    Py_ssize_t sum_of "relay_sum"(const uint8_t* numbers, Py_ssize_t size) noexcept nogil
