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

    #define RELAY_STEP 16
    #if defined(__SSE2__)
    #define RELAY_LOAD(ptr, at) _mm_loadu_si128((const __m128i *)(ptr) + (at))
    #define RELAY_STORE(ptr, at, some) _mm_storeu_si128((__m128i *)(ptr) + (at), some)

    static inline int relay_any(__m128i some, __m128i bits) {
        return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_and_si128(some, bits), _mm_setzero_si128())) != 0xFFFF;
    }

    /* Write sixteen code points as ASCII, if they are. */
    static inline int relay_narrow(int width, const void *codes, Py_ssize_t at, char *out) {
        const char *from = (const char *)codes + width * at;
        __m128i one = RELAY_LOAD(from, 0), two, three, four;
        if (width == 1) {
            if (_mm_movemask_epi8(one))
                return 0;
        } else if (width == 2) {
            two = RELAY_LOAD(from, 1);
            if (relay_any(_mm_or_si128(one, two), _mm_set1_epi16(~0x7F)))
                return 0;
            one = _mm_packus_epi16(one, two);
        } else {
            two = RELAY_LOAD(from, 1), three = RELAY_LOAD(from, 2), four = RELAY_LOAD(from, 3);
            if (relay_any(_mm_or_si128(_mm_or_si128(one, two), _mm_or_si128(three, four)), _mm_set1_epi32(~0x7F)))
                return 0;
            one = _mm_packus_epi16(_mm_packs_epi32(one, two), _mm_packs_epi32(three, four));
        }
        RELAY_STORE(out, 0, one);
        return 1;
    }

    /* Write sixteen bytes of ASCII, if they are, as code points. */
    static inline int relay_widen(const char *text, int width, void *codes, Py_ssize_t at) {
        char *to = (char *)codes + width * at;
        const __m128i some = RELAY_LOAD(text, 0), zero = _mm_setzero_si128();
        if (_mm_movemask_epi8(some))
            return 0;
        if (width == 1) {
            RELAY_STORE(to, 0, some);
            return 1;
        }
        const __m128i low = _mm_unpacklo_epi8(some, zero), high = _mm_unpackhi_epi8(some, zero);
        if (width == 2) {
            RELAY_STORE(to, 0, low), RELAY_STORE(to, 1, high);
            return 1;
        }
        RELAY_STORE(to, 0, _mm_unpacklo_epi16(low, zero)), RELAY_STORE(to, 1, _mm_unpackhi_epi16(low, zero));
        RELAY_STORE(to, 2, _mm_unpacklo_epi16(high, zero)), RELAY_STORE(to, 3, _mm_unpackhi_epi16(high, zero));
        return 1;
    }

    /* How many code points UTF-8 has, and its greatest byte. */
    static inline Py_ssize_t relay_count_codes(const char *text, Py_ssize_t size, uint8_t *most) {
        const __m128i one = _mm_set1_epi8(1), zero = _mm_setzero_si128(), lead = _mm_set1_epi8((char)0xBF);
        __m128i counts = zero, greatest = zero;
        uint8_t each[16];
        Py_ssize_t at = 0, count;
        for (; size - at >= 16; at += 16) {
            const __m128i some = RELAY_LOAD(text + at, 0);
            counts = _mm_add_epi64(counts, _mm_sad_epu8(_mm_and_si128(_mm_cmpgt_epi8(some, lead), one), zero));
            greatest = _mm_max_epu8(greatest, some);
        }
        count = (Py_ssize_t)_mm_cvtsi128_si32(counts) + _mm_cvtsi128_si32(_mm_srli_si128(counts, 8));
        RELAY_STORE(each, 0, greatest);
        for (int i = 0; i < 16; i++)
            *most = *most > each[i] ? *most : each[i];
        for (; at < size; at++) {
            *most = *most > (uint8_t)text[at] ? *most : (uint8_t)text[at];
            count += (text[at] & 0xC0) != 0x80;
        }
        return count;
    }

    #else

    static inline int relay_narrow(int width, const void *codes, Py_ssize_t at, char *out) {
        for (int i = 0; i < RELAY_STEP; i++) {
            const uint32_t code = relay_code_at(width, codes, at + i);
            if (code >= 0x80)
                return 0;
            out[i] = (char)code;
        }
        return 1;
    }

    static inline int relay_widen(const char *text, int width, void *codes, Py_ssize_t at) {
        if (relay_ascii_size(text, RELAY_STEP) < RELAY_STEP)
            return 0;
        for (int i = 0; i < RELAY_STEP; i++)
            relay_put_code(width, codes, at + i, (uint8_t)text[i]);
        return 1;
    }

    static inline Py_ssize_t relay_count_codes(const char *text, Py_ssize_t size, uint8_t *most) {
        Py_ssize_t count = 0;
        for (Py_ssize_t at = 0; at < size; at++) {
            *most = *most > (uint8_t)text[at] ? *most : (uint8_t)text[at];
            count += (text[at] & 0xC0) != 0x80;
        }
        return count;
    }
    #endif
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
