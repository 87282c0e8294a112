"""Whether up to 64 characters of a view call no rule before their last word.

Most text is calm: no mark and no digit is in it, and all that could begin what a rule knows is a word. Where the
machine has AVX2, a Sieve tells of all words at once which ones do not.
"""

from libc.stdint cimport uint8_t, uint32_t

# For its C, which that of this file is written with.
from relay._core.stretch cimport LANES as _LANES

cdef extern from *:
    """
    /* What begins something that a rule knows, by three characters of calm text: of each the groups that have it. The
       first is told by its low four bits and its case, the others by their low five bits. A table of sixteen is there
       twice, for both halves of a vector. */
    typedef struct {
        uint8_t groups[3][2][32];
    } relay_sieve_t;

    /* Of up to 64 characters by a bit for each. Words: what an address or a token may have before its trigger. */
    typedef struct {
        uint64_t letters, blanks, links, openers, joints, loud, words;
    } relay_quiet_t;

    #if defined(__SSE2__)
    #include <immintrin.h>
    #undef RELAY_WIDE
    #define RELAY_WIDE __attribute__((target("avx2,bmi,bmi2")))

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

    /* Of 32 characters by a bit for each, by what they are not. */
    typedef struct {
        uint32_t not_letters, not_words, not_calm, not_begun;
    } relay_half_t;

    RELAY_WIDE static inline __m256i relay_32(const void *chars) {
        return _mm256_loadu_si256((const __m256i *)chars);
    }

    /* By the high bits of each, a bit that the tables of tables.h have where it is of a class. */
    RELAY_WIDE static inline __m256i relay_rows(__m256i text) {
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(0x0F));
        return _mm256_shuffle_epi8(relay_32(HIGH_BITS), high);
    }

    RELAY_WIDE static inline uint32_t relay_none(__m256i one, __m256i other) {
        const __m256i both = _mm256_and_si256(one, other);
        return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(both, _mm256_setzero_si256()));
    }

    RELAY_WIDE static inline uint32_t relay_others(__m256i text, __m256i rows, const uint8_t *table) {
        return relay_none(_mm256_shuffle_epi8(relay_32(table), text), rows);
    }

    /* The groups of each character by one of two tables; `shift` brings the bit that chooses to the sign. */
    RELAY_WIDE static inline __m256i relay_groups(__m256i text, const uint8_t tables[2][32], int shift) {
        return _mm256_blendv_epi8(
            _mm256_shuffle_epi8(relay_32(tables[0]), text), _mm256_shuffle_epi8(relay_32(tables[1]), text),
            _mm256_slli_epi16(text, shift));
    }

    RELAY_WIDE static inline relay_half_t relay_half(const uint8_t *chars, const relay_sieve_t *sieve) {
        const __m256i text = relay_32(chars), rows = relay_rows(text);
        const __m256i first = relay_groups(text, sieve->groups[0], 2);
        const __m256i second = relay_groups(relay_32(chars + 1), sieve->groups[1], 3);
        const __m256i third = relay_groups(relay_32(chars + 2), sieve->groups[2], 3);
        return (relay_half_t){
            relay_others(text, rows, LETTER_ROWS), relay_others(text, rows, WORD_ROWS),
            relay_others(text, rows, CALM_ROWS), relay_none(first, _mm256_and_si256(second, third))};
    }

    RELAY_WIDE static inline uint32_t relay_not_loud(const uint8_t *chars) {
        const __m256i text = relay_32(chars);
        return relay_others(text, relay_rows(text), LOUD_ROWS);
    }

    RELAY_WIDE static __attribute__((noinline)) int relay_is_loud(const uint8_t *chars, Py_ssize_t size) {
        const uint64_t second = size > 32 ? (uint64_t)relay_not_loud(chars + 32) << 32 : 0;
        return (~(relay_not_loud(chars) | second) & ~(uint64_t)0 >> (64 - size)) != 0;
    }

    #else

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
    #endif

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

    #if defined(__SSE2__)
    /* The same of calm characters. Of what is cut by the end nothing is sifted out; in the last word it waits. */
    RELAY_WIDE static inline Py_ssize_t relay_calm(
        uint8_t *chars, Py_ssize_t size, const uint32_t *begins, uint64_t letters, uint64_t ends, uint64_t begun
    ) {
        const uint64_t whole = ~(uint64_t)0 >> (64 - size) >> 2;
        const uint64_t was_letter = (KIND[chars[-1]] & (UPPER | LOWER)) != 0;
        if (!ends)
            return -1;
        const int left = __builtin_clzll(ends);
        uint64_t starts = letters & ~(letters << 1 | was_letter) & ((begun & whole) | (~whole & ~(uint64_t)0 >> left));
        if (starts) {
            chars[size] = chars[size + 1] = END_CHAR;
            for (; starts; starts &= starts - 1)
                if (relay_begins(chars + __builtin_ctzll(starts), begins))
                    return -1;
        }
        return 64 - left;
    }

    RELAY_WIDE static __attribute__((noinline)) Py_ssize_t relay_quiet_long(
        uint8_t *chars, Py_ssize_t size, const uint32_t *begins, const relay_sieve_t *sieve
    ) {
        const relay_half_t one = relay_half(chars, sieve), two = relay_half(chars + 32, sieve);
        const uint64_t there = ~(uint64_t)0 >> (64 - size);
        if ((one.not_calm | (uint64_t)two.not_calm << 32) & there)
            return relay_is_loud(chars, size) ? -1 : relay_quiet(chars, size, begins);
        return relay_calm(
            chars, size, begins, ~(one.not_letters | (uint64_t)two.not_letters << 32) & there,
            (one.not_words | (uint64_t)two.not_words << 32) & there, ~(one.not_begun | (uint64_t)two.not_begun << 32));
    }

    RELAY_WIDE static inline Py_ssize_t relay_quiet_wide(
        uint8_t *chars, Py_ssize_t size, const uint32_t *begins, const relay_sieve_t *sieve
    ) {
        if (size > 32)
            return relay_quiet_long(chars, size, begins, sieve);
        const relay_half_t all = relay_half(chars, sieve);
        const uint64_t there = ~(uint64_t)0 >> (64 - size);
        if (all.not_calm & there)
            return relay_is_loud(chars, size) ? -1 : relay_quiet(chars, size, begins);
        return relay_calm(
            chars, size, begins, ~all.not_letters & there, all.not_words & there, ~(uint64_t)all.not_begun);
    }
    #else
    static inline Py_ssize_t relay_quiet_wide(
        uint8_t *chars, Py_ssize_t size, const uint32_t *begins, const relay_sieve_t *sieve
    ) {
        return relay_quiet(chars, size, begins);
    }
    #endif

    enum {RELAY_GROUPS = 8};

    static inline void relay_put(uint8_t tables[2][32], int table, int low, int group) {
        tables[table][low] |= (uint8_t)(1 << group);
        tables[table][low + 16] |= (uint8_t)(1 << group);
    }

    /* The same of all characters that count as one of these. */
    static inline void relay_put_next(uint8_t tables[2][32], const uint32_t *counts) {
        for (int group = 0; group < RELAY_GROUPS; group++)
            for (int each = 0; each < 128; each++)
                if (counts[group] >> NEXT[each] & 1)
                    relay_put(tables, each >> 4 & 1, each & 15, group);
    }

    /* The groups have little in common: hex digits, the capitals that any two letters may follow, and by the second. */
    static inline void relay_fill_sieve(relay_sieve_t *sieve, const uint32_t *begins) {
        const uint32_t calm = ~(1u << NEXT_DIGIT | 1u << NEXT_HYPHEN | 1u << NEXT_END), hex = 0x3F | 1u << NEXT_DOT;
        uint32_t seconds[RELAY_GROUPS] = {0}, thirds[RELAY_GROUPS] = {0};
        for (int first = 'A'; first <= 'z'; first++)
            for (int second = 0; second < 32 && KIND[first] & (UPPER | LOWER); second++) {
                const uint32_t some = calm >> second & 1 ? begins[32 * first + second] & calm : 0;
                const int is_hex = KIND[first] & HEX_LETTER && hex >> second & 1;
                const int group = is_hex && !(some & ~hex) ? 0 : first >= 'M' && first <= 'O' ? 1 : 2 + second % 6;
                if (!some)
                    continue;
                relay_put(sieve->groups[0], first >> 5 & 1, first & 15, group);
                seconds[group] |= 1u << second, thirds[group] |= some;
            }
        relay_put_next(sieve->groups[1], seconds);
        relay_put_next(sieve->groups[2], thirds);
    }
    """
    ctypedef struct Sieve "relay_sieve_t":
        pass

    Py_ssize_t quiet_narrow "relay_quiet"(uint8_t* chars, Py_ssize_t size, const uint32_t* begins) noexcept nogil
    Py_ssize_t quiet_wide "relay_quiet_wide"(
        uint8_t* chars, Py_ssize_t size, const uint32_t* begins, const Sieve* sieve
    ) noexcept nogil
    void fill_sieve "relay_fill_sieve"(Sieve* sieve, const uint32_t* begins) noexcept nogil
