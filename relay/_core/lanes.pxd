"""Many characters at a time: inline helpers over texts, views and code points."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

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

    /* Which of 64 characters are backslashes or opening brackets, by a bit for each. */
    static inline uint64_t relay_signs(const uint8_t *chars) {
        const __m128i escape = _mm_set1_epi8('\\\\'), bracket = _mm_set1_epi8('[');
        uint64_t signs = 0;
        for (int at = 0; at < 64; at += 16) {
            const __m128i text = _mm_loadu_si128((const __m128i *)(chars + at));
            signs |= (uint64_t)(unsigned)_mm_movemask_epi8(
                _mm_or_si128(_mm_cmpeq_epi8(text, escape), _mm_cmpeq_epi8(text, bracket))) << at;
        }
        return signs;
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

    static inline uint64_t relay_signs(const uint8_t *chars) {
        uint64_t signs = 0;
        for (int at = 0; at < 64; at++)
            signs |= (uint64_t)(chars[at] == '\\\\' || chars[at] == '[') << at;
        return signs;
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

    #define RELAY_SHORT 64
    #if defined(__SSE2__)
    #include <immintrin.h>
    #undef RELAY_WIDE
    #define RELAY_WIDE __attribute__((target("avx2,bmi,bmi2")))
    #define RELAY_LOAD(ptr, at) _mm_loadu_si128((const __m128i *)(ptr) + (at))
    #define RELAY_STORE(ptr, at, some) _mm_storeu_si128((__m128i *)(ptr) + (at), some)

    /* Copy up to RELAY_SHORT bytes where so many can be read and written; they may overlap. */
    static inline void relay_copy_short(char *to, const char *from, Py_ssize_t size) {
        const __m128i one = RELAY_LOAD(from, 0), two = RELAY_LOAD(from, 1);
        if (size > 32) {
            const __m128i three = RELAY_LOAD(from, 2), four = RELAY_LOAD(from, 3);
            RELAY_STORE(to, 2, three), RELAY_STORE(to, 3, four);
        }
        RELAY_STORE(to, 0, one), RELAY_STORE(to, 1, two);
    }

    /* Copy up to RELAY_SHORT bytes and tell whether they are ASCII. */
    static inline int relay_copy_ascii(char *to, const char *from, Py_ssize_t size) {
        uint64_t first = 0, last = 0;
        if (size >= 16) {
            const char *from_end = from + size;
            char *to_end = to + size;
            __m128i one = RELAY_LOAD(from, 0), two = RELAY_LOAD(from_end, -1), all = _mm_or_si128(one, two);
            if (size > 32) {
                const __m128i three = RELAY_LOAD(from, 1), four = RELAY_LOAD(from_end, -2);
                RELAY_STORE(to, 1, three), RELAY_STORE(to_end, -2, four);
                all = _mm_or_si128(all, _mm_or_si128(three, four));
            }
            RELAY_STORE(to, 0, one), RELAY_STORE(to_end, -1, two);
            return !_mm_movemask_epi8(all);
        }
        if (size >= 8) {
            memcpy(&first, from, 8), memcpy(&last, from + size - 8, 8);
            memcpy(to, &first, 8), memcpy(to + size - 8, &last, 8);
        } else
            for (Py_ssize_t at = 0; at < size; at++)
                first |= (uint8_t)(to[at] = from[at]);
        return !((first | last) & 0x8080808080808080u);
    }

    static inline int relay_is_wide(void) {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    }

    /* Write sixteen code points as bytes; give a bit for each that is not ASCII, whose byte is anything. */
    static inline unsigned relay_narrow_16(const char *from, int width, char *out) {
        const __m128i zero = _mm_setzero_si128(), one = RELAY_LOAD(from, 0);
        if (width == 1) {
            RELAY_STORE(out, 0, one);
            return (unsigned)_mm_movemask_epi8(one);
        }
        const __m128i two = RELAY_LOAD(from, 1);
        if (width == 2) {
            const __m128i high = _mm_set1_epi16(~0x7F);
            RELAY_STORE(out, 0, _mm_packus_epi16(one, two));
            return 0xFFFF ^ (unsigned)_mm_movemask_epi8(_mm_packs_epi16(
                _mm_cmpeq_epi16(_mm_and_si128(one, high), zero), _mm_cmpeq_epi16(_mm_and_si128(two, high), zero)));
        }
        const __m128i three = RELAY_LOAD(from, 2), four = RELAY_LOAD(from, 3), high = _mm_set1_epi32(~0x7F);
        const __m128i is_one = _mm_cmpeq_epi32(_mm_and_si128(one, high), zero);
        const __m128i is_two = _mm_cmpeq_epi32(_mm_and_si128(two, high), zero);
        const __m128i is_three = _mm_cmpeq_epi32(_mm_and_si128(three, high), zero);
        const __m128i is_four = _mm_cmpeq_epi32(_mm_and_si128(four, high), zero);
        RELAY_STORE(out, 0, _mm_packus_epi16(_mm_packs_epi32(one, two), _mm_packs_epi32(three, four)));
        return 0xFFFF ^ (unsigned)_mm_movemask_epi8(_mm_packs_epi16(
            _mm_packs_epi32(is_one, is_two), _mm_packs_epi32(is_three, is_four)));
    }

    /* Write sixteen bytes as code points; give a bit for each that is not ASCII. */
    static inline unsigned relay_widen_16(const char *text, int width, char *to) {
        const __m128i some = RELAY_LOAD(text, 0), zero = _mm_setzero_si128();
        const __m128i low = _mm_unpacklo_epi8(some, zero), high = _mm_unpackhi_epi8(some, zero);
        if (width == 1) {
            RELAY_STORE(to, 0, some);
        } else if (width == 2) {
            RELAY_STORE(to, 0, low), RELAY_STORE(to, 1, high);
        } else {
            RELAY_STORE(to, 0, _mm_unpacklo_epi16(low, zero)), RELAY_STORE(to, 1, _mm_unpackhi_epi16(low, zero));
            RELAY_STORE(to, 2, _mm_unpacklo_epi16(high, zero)), RELAY_STORE(to, 3, _mm_unpackhi_epi16(high, zero));
        }
        return (unsigned)_mm_movemask_epi8(some);
    }

    /* The same of thirty-two, where the machine can. */
    #define RELAY_LOAD_WIDE(ptr, at) _mm256_loadu_si256((const __m256i *)(ptr) + (at))
    #define RELAY_STORE_WIDE(ptr, at, some) _mm256_storeu_si256((__m256i *)(ptr) + (at), some)

    RELAY_WIDE static inline unsigned relay_narrow_32(const char *from, int width, char *out) {
        const __m256i most16 = _mm256_set1_epi16(0xFF), most32 = _mm256_set1_epi32(0xFF);
        __m256i all = RELAY_LOAD_WIDE(from, 0);
        if (width == 2) {
            all = _mm256_packus_epi16(
                _mm256_min_epu16(all, most16), _mm256_min_epu16(RELAY_LOAD_WIDE(from, 1), most16));
            all = _mm256_permute4x64_epi64(all, 0xD8);
        } else if (width == 4) {
            const __m256i two = _mm256_min_epu32(RELAY_LOAD_WIDE(from, 1), most32);
            const __m256i three = _mm256_min_epu32(RELAY_LOAD_WIDE(from, 2), most32);
            const __m256i four = _mm256_min_epu32(RELAY_LOAD_WIDE(from, 3), most32);
            all = _mm256_packus_epi16(
                _mm256_packus_epi32(_mm256_min_epu32(all, most32), two), _mm256_packus_epi32(three, four));
            all = _mm256_permutevar8x32_epi32(all, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        }
        RELAY_STORE_WIDE(out, 0, all);
        return (unsigned)_mm256_movemask_epi8(all);
    }

    RELAY_WIDE static inline unsigned relay_widen_32(const char *text, int width, char *to) {
        const __m256i some = RELAY_LOAD_WIDE(text, 0);
        if (width == 1) {
            RELAY_STORE_WIDE(to, 0, some);
        } else if (width == 2) {
            RELAY_STORE_WIDE(to, 0, _mm256_cvtepu8_epi16(RELAY_LOAD(text, 0)));
            RELAY_STORE_WIDE(to, 1, _mm256_cvtepu8_epi16(RELAY_LOAD(text, 1)));
        } else {
            for (int at = 0; at < 4; at++)
                RELAY_STORE_WIDE(to, at, _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(text + 8 * at))));
        }
        return (unsigned)_mm256_movemask_epi8(some);
    }

    /* Write characters step by step, and give how many are ASCII from the first on; at most `room` are written. */
    #define RELAY_RUN(name, attributes, step, block, from_width, to_width) \\
        attributes static inline Py_ssize_t name( \\
            const char *from, Py_ssize_t size, int width, char *to, Py_ssize_t room \\
        ) { \\
            Py_ssize_t at = 0; \\
            while (size - at >= step && room - at >= step) { \\
                const unsigned others = block(from + from_width * at, width, to + to_width * at); \\
                if (others) \\
                    return at + __builtin_ctz(others); \\
                at += step; \\
            } \\
            return at; \\
        }

    RELAY_RUN(relay_narrow_run, , 16, relay_narrow_16, width, 1)
    RELAY_RUN(relay_widen_run, , 16, relay_widen_16, 1, width)
    RELAY_WIDE RELAY_RUN(relay_narrow_run_wide, , 32, relay_narrow_32, width, 1)
    RELAY_WIDE RELAY_RUN(relay_widen_run_wide, , 32, relay_widen_32, 1, width)

    /* Count 32 bytes at a time, and give how many bytes were; sums of bytes hold for 255 turns. */
    RELAY_WIDE static inline Py_ssize_t relay_count_wide(
        const char *text, Py_ssize_t size, Py_ssize_t *count, uint8_t *most
    ) {
        const __m256i zero = _mm256_setzero_si256(), lead = _mm256_set1_epi8((char)0xBF);
        __m256i greatest = zero, sums = zero;
        uint64_t each[4];
        uint8_t bytes[32];
        Py_ssize_t at = 0;
        while (size - at >= 32) {
            __m256i counts = zero;
            for (int turn = 0; turn < 255 && size - at >= 32; turn++, at += 32) {
                const __m256i some = RELAY_LOAD_WIDE(text + at, 0);
                counts = _mm256_sub_epi8(counts, _mm256_cmpgt_epi8(some, lead));
                greatest = _mm256_max_epu8(greatest, some);
            }
            sums = _mm256_add_epi64(sums, _mm256_sad_epu8(counts, zero));
        }
        RELAY_STORE_WIDE(each, 0, sums);
        RELAY_STORE_WIDE(bytes, 0, greatest);
        *count = (Py_ssize_t)(each[0] + each[1] + each[2] + each[3]);
        for (int i = 0; i < 32; i++)
            *most = *most > bytes[i] ? *most : bytes[i];
        return at;
    }

    /* How many code points UTF-8 has, and its greatest byte. */
    static inline Py_ssize_t relay_count_codes(const char *text, Py_ssize_t size, uint8_t *most) {
        Py_ssize_t before = 0;
        if (relay_is_wide()) {
            const Py_ssize_t counted = relay_count_wide(text, size, &before, most);
            text += counted, size -= counted;
        }
        const __m128i one = _mm_set1_epi8(1), zero = _mm_setzero_si128(), lead = _mm_set1_epi8((char)0xBF);
        __m128i counts = zero, greatest = zero;
        uint8_t each[16];
        Py_ssize_t at = 0, count;
        for (; size - at >= 16; at += 16) {
            const __m128i some = RELAY_LOAD(text + at, 0);
            counts = _mm_add_epi64(counts, _mm_sad_epu8(_mm_and_si128(_mm_cmpgt_epi8(some, lead), one), zero));
            greatest = _mm_max_epu8(greatest, some);
        }
        count = before + (Py_ssize_t)_mm_cvtsi128_si32(counts) + _mm_cvtsi128_si32(_mm_srli_si128(counts, 8));
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

    static inline void relay_copy_short(char *to, const char *from, Py_ssize_t size) {
        memmove(to, from, (size_t)size);
    }

    static inline int relay_copy_ascii(char *to, const char *from, Py_ssize_t size) {
        memcpy(to, from, (size_t)size);
        return relay_ascii_size(from, size) == size;
    }

    #define relay_is_wide() 0
    #define relay_narrow_run(from, size, width, to, room) 0
    #define relay_widen_run(from, size, width, to, room) 0
    #define relay_narrow_run_wide relay_narrow_run
    #define relay_widen_run_wide relay_widen_run

    static inline Py_ssize_t relay_count_codes(const char *text, Py_ssize_t size, uint8_t *most) {
        Py_ssize_t count = 0;
        for (Py_ssize_t at = 0; at < size; at++) {
            *most = *most > (uint8_t)text[at] ? *most : (uint8_t)text[at];
            count += (text[at] & 0xC0) != 0x80;
        }
        return count;
    }
    #endif

    /* Write code points as bytes up to the first that is not ASCII, and give how many; behind them as many bytes may be
       overwritten as there are code points. */
    static inline Py_ssize_t relay_narrow(int width, const void *codes, Py_ssize_t size, char *out) {
        const char *from = (const char *)codes;
        Py_ssize_t at = relay_is_wide() ? relay_narrow_run_wide(from, size, width, out, size)
                                        : relay_narrow_run(from, size, width, out, size);
        for (; at < size; at++) {
            const uint32_t code = relay_code_at(width, codes, at);
            if (code >= 0x80)
                break;
            out[at] = (char)code;
        }
        return at;
    }

    /* Write bytes as code points up to the first that is not ASCII, and give how many; `room` may be overwritten. */
    static inline Py_ssize_t relay_widen(const char *text, Py_ssize_t size, int width, void *codes, Py_ssize_t room) {
        char *to = (char *)codes;
        Py_ssize_t at = relay_is_wide() ? relay_widen_run_wide(text, size, width, to, room)
                                        : relay_widen_run(text, size, width, to, room);
        for (; at < size && !(text[at] & 0x80); at++)
            relay_put_code(width, codes, at, (uint8_t)text[at]);
        return at;
    }
    """
    Py_ssize_t ascii_size "relay_ascii_size"(const char* text, Py_ssize_t size) noexcept nogil
    uint64_t signs_of "relay_signs"(const uint8_t* chars) noexcept nogil
    void copy_short "relay_copy_short"(char* to, const char* start, Py_ssize_t size) noexcept nogil
    bint copy_ascii "relay_copy_ascii"(char* to, const char* start, Py_ssize_t size) noexcept nogil
    uint32_t code_at "relay_code_at"(int width, const void* codes, Py_ssize_t at) noexcept nogil
    void put_code "relay_put_code"(int width, void* codes, Py_ssize_t at, uint32_t code) noexcept nogil
    Py_ssize_t narrow "relay_narrow"(int width, const void* codes, Py_ssize_t size, char* out) noexcept nogil
    Py_ssize_t widen "relay_widen"(
        const char* text, Py_ssize_t size, int width, void* codes, Py_ssize_t room) noexcept nogil
    bint is_wide "relay_is_wide"() noexcept nogil
    Py_ssize_t count_codes "relay_count_codes"(const char* text, Py_ssize_t size, uint8_t* most) noexcept nogil
    enum: SHORT "RELAY_SHORT"
    Py_ssize_t sum_of "relay_sum"(const uint8_t* numbers, Py_ssize_t size) noexcept nogil
