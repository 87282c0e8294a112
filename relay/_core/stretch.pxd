"""Where in a view the few characters stand that matter: Lanes of 64 characters, and what is Found in a stretch.

A Lanes says of LANES characters, by a bit for each, what they are. Memory is read up to SLACK bytes behind the last
one. Where the machine has AVX2, 32 characters are looked at together, else 16, or one.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    LANES = 64
    STRETCH = 512

cdef struct Lanes:
    uint64_t letters              # of ASCII
    uint64_t digits
    uint64_t marks                # @ % : -
    uint64_t joints               # = ~, and named characters of a view
    uint64_t openers              # ( +
    uint64_t of_phones            # digits, blanks and what else may stand in a telephone number; bits behind all are 1

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #include "tables.h"

    #define RELAY_STRETCH 512

    /* Places in a stretch, from left to right; what is written behind the last one counts nothing. */
    typedef struct {
        uint16_t at[RELAY_STRETCH + 16];
        int count;
    } relay_places_t;

    typedef struct {
        relay_places_t starts, marks, phones;
    } relay_found_t;

    /* Of up to 64 characters by a bit for each. Words: what an address or a token may have before its trigger. */
    typedef struct {
        uint64_t letters, blanks, links, openers, joints, loud, words;
    } relay_quiet_t;

    /* Those of which also the next six are there, or behind all. */
    static inline uint64_t relay_seven(uint64_t lanes) {
        uint64_t others = ~lanes;
        others |= others >> 1;
        others |= others >> 2;
        others |= others >> 3;
        return ~others;
    }

    /* Add where bits are set, four at a time without a branch: what lies behind the last one counts nothing. */
    static inline void relay_add(relay_places_t *places, uint64_t lanes, Py_ssize_t from) {
        while (lanes)
            for (int turn = 0; turn < 4; turn++) {
                places->at[places->count] = (uint16_t)(from + __builtin_ctzll(lanes | (uint64_t)1 << 63));
                places->count += lanes != 0;
                lanes &= lanes - 1;
            }
    }

    /* Whether something that a rule knows begins as three characters do, by what the last two of them count as. */
    static inline int relay_begins(const uint8_t *chars, const uint32_t *begins) {
        return begins[32 * chars[0] + NEXT[chars[1]]] >> NEXT[chars[2]] & 1;
    }

    /* The same, of those only at which something begins. */
    static inline void relay_add_begun(
        relay_places_t *places, uint64_t lanes, Py_ssize_t from, const uint8_t *chars, const uint32_t *begins
    ) {
        int count = places->count;
        while (lanes)
            for (int turn = 0; turn < 4; turn++) {
                const int at = __builtin_ctzll(lanes | (uint64_t)1 << 63);
                places->at[count] = (uint16_t)(from + at);
                count += relay_begins(chars + from + at, begins) & (lanes != 0);
                lanes &= lanes - 1;
            }
        places->count = count;
    }

    #if defined(__SSE2__)
    #include <immintrin.h>

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

    /* The same of 32 characters at a time, where the machine can. */
    #define RELAY_WIDE __attribute__((target("avx2,bmi,bmi2")))
    #define RELAY_IS_WIDE(text, sign) _mm256_cmpeq_epi8(text, _mm256_set1_epi8(sign))
    #define RELAY_OR_WIDE(one, other) _mm256_or_si256(one, other)

    RELAY_WIDE static inline __m256i relay_between_wide(__m256i text, char first, char count) {
        __m256i from = _mm256_sub_epi8(text, _mm256_set1_epi8(first));
        return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8((char)(count - 1))), from);
    }

    RELAY_WIDE static inline uint64_t relay_bits_wide(__m256i found, int at) {
        return (uint64_t)(unsigned)_mm256_movemask_epi8(found) << at;
    }

    RELAY_WIDE static inline void relay_lanes_wide(const uint8_t *chars, uint64_t *out) {
        const __m256i named = _mm256_set1_epi8((char)FIRST_NAMED);
        uint64_t letters = 0, digits = 0, marks = 0, joints = 0, openers = 0, of_phones = 0;
        for (int at = 0; at < 64; at += 32) {
            __m256i text = _mm256_loadu_si256((const __m256i *)(chars + at));
            __m256i mark = RELAY_OR_WIDE(RELAY_OR_WIDE(RELAY_IS_WIDE(text, '@'), RELAY_IS_WIDE(text, '%')),
                                         RELAY_OR_WIDE(RELAY_IS_WIDE(text, ':'), RELAY_IS_WIDE(text, '-')));
            __m256i joint = RELAY_OR_WIDE(RELAY_OR_WIDE(RELAY_IS_WIDE(text, '='), RELAY_IS_WIDE(text, '~')),
                                          _mm256_cmpeq_epi8(_mm256_max_epu8(text, named), text));
            __m256i lower = RELAY_OR_WIDE(text, _mm256_set1_epi8(0x20));
            letters |= relay_bits_wide(relay_between_wide(lower, 'a', 26), at);
            digits |= relay_bits_wide(relay_between_wide(text, '0', 10), at);
            marks |= relay_bits_wide(mark, at);
            joints |= relay_bits_wide(joint, at);
            of_phones |= relay_bits_wide(RELAY_OR_WIDE(RELAY_IS_WIDE(text, ' '),
                _mm256_andnot_si256(RELAY_IS_WIDE(text, ','), relay_between_wide(text, '(', '9' - '(' + 1))), at);
            openers |= relay_bits_wide(RELAY_OR_WIDE(RELAY_IS_WIDE(text, '('), RELAY_IS_WIDE(text, '+')), at);
        }
        out[0] = letters, out[1] = digits, out[2] = marks, out[3] = joints, out[4] = openers, out[5] = of_phones;
    }

    /* What relay_quiet asks of up to 64 characters. */
    static inline void relay_quiet_lanes(const uint8_t *chars, Py_ssize_t size, relay_quiet_t *out) {
        const __m128i named = _mm_set1_epi8((char)FIRST_NAMED);
        for (int at = 0; at < size; at += 16) {
            __m128i text = _mm_loadu_si128((const __m128i *)(chars + at));
            __m128i letter = relay_between(RELAY_OR(text, _mm_set1_epi8(0x20)), 'a', 26);
            __m128i tilde = RELAY_IS(text, '~'), hyphen = RELAY_IS(text, '-'), plus = RELAY_IS(text, '+');
            __m128i mark = RELAY_OR(RELAY_OR(RELAY_IS(text, '_'), RELAY_IS(text, '.')), RELAY_IS(text, 0x27));
            __m128i named_or = RELAY_OR(tilde, _mm_cmpeq_epi8(_mm_max_epu8(text, named), text));
            __m128i loud = RELAY_OR(RELAY_OR(relay_between(text, '0', 10), relay_between(text, '[', 2)),
                                    RELAY_OR(RELAY_IS(text, '@'), RELAY_IS(text, '%')));
            out->letters |= relay_bits(letter, at);
            out->blanks |= relay_bits(RELAY_IS(text, ' '), at);
            out->links |= relay_bits(RELAY_OR(hyphen, RELAY_IS(text, ':')), at);
            out->openers |= relay_bits(RELAY_OR(plus, RELAY_IS(text, '(')), at);
            out->joints |= relay_bits(RELAY_OR(named_or, RELAY_IS(text, '=')), at);
            out->loud |= relay_bits(loud, at);
            out->words |= relay_bits(RELAY_OR(RELAY_OR(letter, mark), RELAY_OR(tilde, RELAY_OR(hyphen, plus))), at);
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

    #define RELAY_WIDE
    #define relay_lanes_wide relay_lanes

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

    static inline void relay_quiet_lanes(const uint8_t *chars, Py_ssize_t size, relay_quiet_t *out) {
        for (int at = 0; at < size; at++) {
            const uint8_t each = chars[at];
            const uint64_t bit = (uint64_t)1 << at;
            out->letters |= KIND[each] & (UPPER | LOWER) ? bit : 0;
            out->blanks |= each == ' ' ? bit : 0;
            out->links |= each == '-' || each == ':' ? bit : 0;
            out->openers |= each == '+' || each == '(' ? bit : 0;
            out->joints |= each == '=' || each == '~' || each >= FIRST_NAMED ? bit : 0;
            out->loud |= KIND[each] & DIGIT || (each && strchr("[\\\\@%", each)) ? bit : 0;
            out->words |= KIND[each] & (UPPER | LOWER) || (each && strchr("_.\\'~-+", each)) ? bit : 0;
        }
    }

    static inline int relay_behind_literal(const uint8_t *chars, Py_ssize_t size) {
        while (size > 0 && chars[size - 1] < LITERAL_CHAR)
            size--;
        return (int)size;
    }
    #endif

    static inline void relay_mask(uint64_t *lanes, Py_ssize_t size) {
        const uint64_t there = ((uint64_t)1 << size) - 1;
        for (int at = 0; at < 5; at++)
            lanes[at] &= there;
        lanes[5] |= ~there;
    }

    static inline void relay_lanes_of(const uint8_t *chars, Py_ssize_t size, void *out) {
        uint64_t *lanes = (uint64_t *)out;
        relay_lanes(chars, lanes);
        if (size < 64)
            relay_mask(lanes, size);
    }

    static inline int relay_first(uint64_t lanes) {
        return __builtin_ctzll(lanes);
    }


    /* What stands in `size` characters, at most a stretch. */
    #define RELAY_FIND(name, lanes_of) \\
        static inline void name( \\
            const uint8_t *chars, Py_ssize_t size, const uint32_t *begins, relay_found_t *found \\
        ) { \\
            uint64_t was_letter = (KIND[chars[-1]] & (UPPER | LOWER)) != 0; \\
            uint64_t was_digit = (KIND[chars[-1]] & DIGIT) != 0; \\
            found->starts.count = found->marks.count = found->phones.count = 0; \\
            for (Py_ssize_t at = 0; at < size; at += 64) { \\
                uint64_t lanes[6]; \\
                lanes_of(chars + at, lanes); \\
                if (size - at < 64) \\
                    relay_mask(lanes, size - at); \\
                const uint64_t letters = lanes[0] & ~(lanes[0] << 1 | was_letter); \\
                const uint64_t digits = lanes[1] & ~(lanes[1] << 1 | was_digit); \\
                was_letter = lanes[0] >> 63, was_digit = lanes[1] >> 63; \\
                relay_add_begun(&found->starts, letters | digits | lanes[3], at, chars, begins); \\
                relay_add(&found->marks, lanes[2], at); \\
                relay_add(&found->phones, (digits | lanes[4]) & relay_seven(lanes[5]), at); \\
            } \\
        }

    RELAY_FIND(relay_find_narrow, relay_lanes)
    RELAY_WIDE RELAY_FIND(relay_find_wide, relay_lanes_wide)

    /* Where the last word of up to 64 characters starts, if no rule is called in them before it; else -1.

       A hyphen or colon calls none behind a letter and before a letter or blank, an opener none before a letter. Two
       characters behind the last one are overwritten: a word that they might make begin something waits, if it is the
       last one. */
    static inline Py_ssize_t relay_quiet(uint8_t *chars, Py_ssize_t size, const uint32_t *begins) {
        const uint64_t there = ~(uint64_t)0 >> (64 - size);
        relay_quiet_t all = {0, 0, 0, 0, 0, 0, 0};
        relay_quiet_lanes(chars, size, &all);
        const uint64_t letters = all.letters & there, ends = ~all.words & there;
        const uint64_t still = letters << 1 & (letters | (all.blanks & there)) >> 1;
        if (!ends || ((all.loud | (all.links & ~still) | (all.openers & ~(letters >> 1))) & there))
            return -1;
        const Py_ssize_t word = 64 - __builtin_clzll(ends);
        uint64_t starts = letters & ~(letters << 1 | ((KIND[chars[-1]] & (UPPER | LOWER)) != 0));
        chars[size] = chars[size + 1] = END_CHAR;
        for (starts |= all.joints & there; starts; starts &= starts - 1) {
            const int at = __builtin_ctzll(starts);
            if (at >= word && at > size - 3)
                break;
            if (relay_begins(chars + at, begins))
                return -1;
        }
        return word;
    }

    static inline int relay_is_wide(void) {
    #if defined(__SSE2__)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    #else
        return 0;
    #endif
    }
    """
    ctypedef struct Places "relay_places_t":
        uint16_t* at
        int count

    ctypedef struct Found "relay_found_t":
        Places starts             # of runs of letters or digits; `=`, `~` and named characters: those that begin a rule
        Places marks
        Places phones

    void lanes_of "relay_lanes_of"(const uint8_t* chars, Py_ssize_t size, Lanes* lanes) noexcept nogil
    int behind_literal "relay_behind_literal"(const uint8_t* chars, Py_ssize_t size) noexcept nogil
    int first_of "relay_first"(uint64_t lanes) noexcept nogil
    Py_ssize_t quiet_to "relay_quiet"(uint8_t* chars, Py_ssize_t size, const uint32_t* begins) noexcept nogil
    bint is_wide "relay_is_wide"() noexcept nogil
    void find_narrow "relay_find_narrow"(const uint8_t*, Py_ssize_t, const uint32_t*, Found*) noexcept nogil
    void find_wide "relay_find_wide"(const uint8_t*, Py_ssize_t, const uint32_t*, Found*) noexcept nogil
