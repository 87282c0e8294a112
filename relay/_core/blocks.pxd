"""Where in a stretch of a view rules may have to be called, 64 characters at a time.

Memory is read up to SLACK bytes behind the last character. Where the machine has AVX2, 32 characters are looked at
together, else 16, or one. What is found is more than what begins something: each rule checks itself whether it may
start where it is called.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #include "tables.h"

    #define RELAY_BLOCKS 8
    #define RELAY_INLINE static inline __attribute__((always_inline))

    /* What 64 characters are, by a bit for each. */
    typedef struct {
        uint64_t letters, digits, hexes, hyphens, dots, colons, slashes;
        uint64_t blanks;                  /* and what no rule takes for one: 0 and `)` */
        uint64_t around;                  /* @ % */
        uint64_t openers;                 /* ( + */
        uint64_t of_phones;               /* what else than digits and blanks may stand in a telephone number */
        uint64_t begun;                   /* those at which something may begin, by what may stand first to third */
    } relay_block_t;

    /* What is kept of the block before. */
    typedef struct {
        uint64_t letters, digits, hexes, hyphens, blanks;
        uint64_t joints;                  /* : - . */
        uint64_t gaps;                    /* blanks - . */
    } relay_was_t;

    typedef struct {
        uint16_t starts[64 * RELAY_BLOCKS + 1];
        int count, blocks;
        uint64_t marks[RELAY_BLOCKS], phones[RELAY_BLOCKS], long_numbers[RELAY_BLOCKS];
        uint64_t numbers[RELAY_BLOCKS], hexes[RELAY_BLOCKS], ibans[RELAY_BLOCKS];
    } relay_found_t;

    /* The halves of bytes that kinds of characters have, high and low: a kind has all that both allow. */
    static const uint16_t RELAY_KINDS[16][2] = {
        {1 << 4 | 1 << 6, 0xFFFE},        /* A to O, a to o */
        {1 << 5 | 1 << 7, 0x07FF},        /* P to Z, p to z */
        {1 << 4 | 1 << 6, 0x007E},        /* A to F, a to f */
        {1 << 3, 0x03FF},                 /* digits */
        {1 << 2 | 1 << 0, 1 << 9 | 1 << 0},  /* blanks */
        {1 << 2, 1 << 13},                /* - */
        {1 << 2, 1 << 14},                /* . */
        {1 << 3, 1 << 10},                /* : */
        {1 << 2, 1 << 15},                /* slash */
        {1 << 4, 1 << 0},                 /* @ */
        {1 << 2, 1 << 5},                 /* % */
        {1 << 2, 1 << 8 | 1 << 11},       /* ( + */
        {1 << 2, 0xEF00},                 /* ( to slash, without the comma */
    };

    /* Write, for looks at 16 or 32 characters at a time, which kinds each half is of: eight to a row. */
    static inline void relay_note_kinds(uint8_t *halves) {
        for (int kind = 0; kind < 16; kind++)
            for (int half = 0; half < 16; half++) {
                halves[32 * (kind / 8) + half] |= (uint8_t)((RELAY_KINDS[kind][1] >> half & 1) << kind % 8);
                halves[32 * (kind / 8) + 16 + half] |= (uint8_t)((RELAY_KINDS[kind][0] >> half & 1) << kind % 8);
            }
    }

    #if defined(__SSE2__)
    #include <immintrin.h>
    #undef RELAY_WIDE
    #define RELAY_WIDE __attribute__((target("avx2,bmi,bmi2")))

    /* Which bits both halves of 32 characters have in common. */
    RELAY_WIDE static inline __m256i relay_common(__m256i text, const uint8_t *halves) {
        const __m256i nibble = _mm256_set1_epi8(15);
        const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)halves));
        const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(halves + 16)));
        return _mm256_and_si256(
            _mm256_shuffle_epi8(low, _mm256_and_si256(text, nibble)),
            _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(text, 4), nibble)));
    }

    #define RELAY_KIND(of, kind) (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_slli_epi16(of, 7 - (kind) % 8)) << at

    RELAY_WIDE static inline relay_block_t relay_block_wide(const uint8_t *chars, const uint8_t *heads) {
        relay_block_t out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        #pragma GCC unroll 2
        for (int at = 0; at < 64; at += 32) {
            const __m256i text = _mm256_loadu_si256((const __m256i *)(chars + at));
            const __m256i next = _mm256_loadu_si256((const __m256i *)(chars + at + 1));
            const __m256i third = _mm256_loadu_si256((const __m256i *)(chars + at + 2));
            const __m256i first = relay_common(text, heads + 96), others = relay_common(text, heads + 128);
            const __m256i begun = _mm256_and_si256(relay_common(text, heads),
                _mm256_and_si256(relay_common(next, heads + 32), relay_common(third, heads + 64)));
            const __m256i none = _mm256_cmpeq_epi8(begun, _mm256_setzero_si256());
            out.letters |= RELAY_KIND(first, 0) | RELAY_KIND(first, 1);
            out.hexes |= RELAY_KIND(first, 2);
            out.digits |= RELAY_KIND(first, 3);
            out.blanks |= RELAY_KIND(first, 4);
            out.hyphens |= RELAY_KIND(first, 5);
            out.dots |= RELAY_KIND(first, 6);
            out.colons |= RELAY_KIND(first, 7);
            out.slashes |= RELAY_KIND(others, 8);
            out.around |= RELAY_KIND(others, 9) | RELAY_KIND(others, 10);
            out.openers |= RELAY_KIND(others, 11);
            out.of_phones |= RELAY_KIND(others, 12);
            out.begun |= (uint64_t)~(unsigned)_mm256_movemask_epi8(none) << at;
        }
        out.hexes |= out.digits;
        return out;
    }

    #define RELAY_EQ(text, sign) _mm_cmpeq_epi8(text, _mm_set1_epi8(sign))
    #define RELAY_EITHER(one, other) _mm_or_si128(one, other)
    #define RELAY_SET(found) (uint64_t)(unsigned)_mm_movemask_epi8(found) << at

    static inline __m128i relay_some(__m128i text, char first, char count) {
        const __m128i from = _mm_sub_epi8(text, _mm_set1_epi8(first));
        return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8((char)(count - 1))), from);
    }

    static inline relay_block_t relay_block_narrow(const uint8_t *chars, const uint8_t *heads) {
        relay_block_t out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ~(uint64_t)0};
        for (int at = 0; at < 64; at += 16) {
            const __m128i text = _mm_loadu_si128((const __m128i *)(chars + at));
            const __m128i lower = _mm_or_si128(text, _mm_set1_epi8(0x20));
            out.letters |= RELAY_SET(relay_some(lower, 'a', 26));
            out.hexes |= RELAY_SET(relay_some(lower, 'a', 6));
            out.digits |= RELAY_SET(relay_some(text, '0', 10));
            out.blanks |= RELAY_SET(RELAY_EITHER(RELAY_EQ(text, ' '), RELAY_EQ(text, 9)));
            out.hyphens |= RELAY_SET(RELAY_EQ(text, '-'));
            out.dots |= RELAY_SET(RELAY_EQ(text, '.'));
            out.colons |= RELAY_SET(RELAY_EQ(text, ':'));
            out.slashes |= RELAY_SET(RELAY_EQ(text, '/'));
            out.around |= RELAY_SET(RELAY_EITHER(RELAY_EQ(text, '@'), RELAY_EQ(text, '%')));
            out.openers |= RELAY_SET(RELAY_EITHER(RELAY_EQ(text, '('), RELAY_EQ(text, '+')));
            out.of_phones |= RELAY_SET(_mm_andnot_si128(RELAY_EQ(text, ','), relay_some(text, '(', 8)));
        }
        out.hexes |= out.digits;
        return out;
    }

    #else

    #undef RELAY_WIDE
    #define RELAY_WIDE
    #define relay_block_wide relay_block_narrow

    static inline relay_block_t relay_block_narrow(const uint8_t *chars, const uint8_t *heads) {
        relay_block_t out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ~(uint64_t)0};
        for (int at = 0; at < 64; at++) {
            const uint8_t each = chars[at];
            const uint64_t bit = (uint64_t)1 << at;
            out.letters |= KIND[each] & (UPPER | LOWER) ? bit : 0;
            out.digits |= KIND[each] & DIGIT ? bit : 0;
            out.hexes |= KIND[each] & (DIGIT | HEX_LETTER) ? bit : 0;
            out.blanks |= KIND[each] & BLANK ? bit : 0;
            out.hyphens |= each == '-' ? bit : 0;
            out.dots |= each == '.' ? bit : 0;
            out.colons |= each == ':' ? bit : 0;
            out.slashes |= each == '/' ? bit : 0;
            out.around |= each == '@' || each == '%' ? bit : 0;
            out.openers |= each == '(' || each == '+' ? bit : 0;
            out.of_phones |= each >= '(' && each <= '/' && each != ',' ? bit : 0;
        }
        return out;
    }
    #endif

    static inline void relay_cut(relay_block_t *block, Py_ssize_t size) {
        const uint64_t there = ((uint64_t)1 << size) - 1;
        uint64_t *lanes = (uint64_t *)block;
        for (size_t at = 0; at < sizeof *block / sizeof *lanes; at++)
            lanes[at] &= there;
        block->of_phones |= ~there;       /* what lies behind may become anything */
    }

    /* Those of which also the next six are there, or behind all. */
    static inline uint64_t relay_seven(uint64_t lanes) {
        uint64_t others = ~lanes;
        others |= others >> 1;
        others |= others >> 2;
        others |= others >> 3;
        return ~others;
    }

    /* Those of which also the next seven are there, or behind all. */
    static inline uint64_t relay_eight(uint64_t lanes) {
        uint64_t others = ~lanes;
        others |= others >> 1;
        others |= others >> 2;
        others |= others >> 4;
        return ~others;
    }

    /* What stood `by` characters before each. */
    #define RELAY_BACK(lane, by) (now->lane << (by) | was->lane >> (64 - (by)))

    /* Say where rules may have to be called in a block; `edge`: behind these lies what is not looked at. */
    RELAY_INLINE void relay_tell(
        const relay_block_t *now, const relay_was_t *was, uint64_t starts, uint64_t edge, relay_found_t *found
    ) {
        const int at = found->blocks++;
        const uint64_t colons = now->colons & ((now->colons | now->slashes) >> 1 | edge);
        const uint64_t options = (now->hyphens >> 1 | edge) & ~RELAY_BACK(hyphens, 1);
        const uint64_t lettered = now->digits & RELAY_BACK(letters, 1);
        const uint64_t either = now->hyphens | now->dots;
        const uint64_t gaps = (either | now->blanks) << 1 | was->gaps >> 63;
        const uint64_t joints = (either | now->colons) << 1 | was->joints >> 63;
        found->marks[at] = now->around | colons | (now->hyphens & (options | RELAY_BACK(blanks, 1)));
        found->phones[at] = (starts | now->openers) & relay_seven(now->digits | now->blanks | now->of_phones);
        found->numbers[at] = now->digits & gaps & RELAY_BACK(digits, 2);
        found->hexes[at] = (now->hexes | now->colons) & joints & RELAY_BACK(hexes, 2);
        found->ibans[at] = !lettered ? 0 : lettered & (now->digits >> 1 | edge) & RELAY_BACK(letters, 2)
            & ~(RELAY_BACK(letters, 3) | RELAY_BACK(digits, 3));
    }

    /* Add where something begins. */
    RELAY_INLINE void relay_add(
        relay_found_t *found, uint64_t lanes, Py_ssize_t from, const uint8_t *chars, const uint32_t *begins
    ) {
        int count = found->count;
        for (; lanes; lanes &= lanes - 1) {
            const Py_ssize_t at = from + __builtin_ctzll(lanes);
            found->starts[count] = (uint16_t)at;
            count += (int)(begins[32u * chars[at] + NEXT[chars[at + 1]]] >> NEXT[chars[at + 2]] & 1);
        }
        found->count = count;
    }

    static inline void relay_begin(const uint8_t *chars, relay_was_t *was) {
        const uint64_t last = (uint64_t)1 << 63;
        const uint32_t kind = KIND[chars[-1]];
        memset(was, 0, sizeof *was);
        was->letters = kind & (UPPER | LOWER) ? last : 0;
        was->digits = kind & DIGIT ? last : 0;
        was->blanks = kind & BLANK ? last : 0;
        was->hyphens = chars[-1] == '-' ? last : 0;
    }

    /* Find in a stretch: of `rest` characters no more are looked at than fit. */
    #define RELAY_FIND(name, attributes, block_of) \\
        attributes static inline void name( \\
            const uint8_t *chars, Py_ssize_t rest, const uint32_t *begins, const uint8_t *heads, \\
            relay_was_t *before, relay_found_t *found \\
        ) { \\
            relay_was_t was = *before; \\
            found->count = found->blocks = 0; \\
            for (Py_ssize_t at = 0; at < rest && found->blocks < RELAY_BLOCKS; at += 64) { \\
                const Py_ssize_t left = rest - at; \\
                uint64_t edge = (uint64_t)1 << 63, behind = 0; \\
                relay_block_t now = block_of(chars + at, heads); \\
                /* What the last two begin may lie behind the end. */ \\
                if (left < 66) \\
                    now.begun |= left == 65 ? edge : left > 1 ? (uint64_t)3 << (left - 2) : 1; \\
                if (left <= 64) \\
                    edge |= (uint64_t)1 << (left - 1); \\
                if (left < 64) { \\
                    relay_cut(&now, left); \\
                    behind = ~(uint64_t)0 << left; \\
                } \\
                const uint64_t in_words = now.letters & (now.letters << 1 | was.letters >> 63); \\
                const uint64_t numbers = now.digits & ~(now.digits << 1 | was.digits >> 63); \\
                const uint64_t in_numbers = now.digits & ~numbers; \\
                const uint64_t long_numbers = relay_eight(now.digits | behind); \\
                /* What begins as a number does has eight digits or more (families.py). */ \\
                const uint64_t short_numbers = now.digits & now.digits >> 1 & now.digits >> 2 & ~long_numbers; \\
                found->long_numbers[found->blocks] = numbers & long_numbers; \\
                relay_add(found, now.begun & ~(in_words | in_numbers | short_numbers), at, chars, begins); \\
                relay_tell(&now, &was, numbers, edge, found); \\
                const uint64_t either = now.hyphens | now.dots; \\
                was = (relay_was_t){now.letters, now.digits, now.hexes, now.hyphens, now.blanks, \\
                    either | now.colons, either | now.blanks}; \\
            } \\
            *before = was; \\
        }

    RELAY_FIND(relay_find_narrow, , relay_block_narrow)
    RELAY_WIDE RELAY_FIND(relay_find_wide, , relay_block_wide)
    """
    ctypedef struct Was "relay_was_t":
        pass

    ctypedef struct Found "relay_found_t":
        uint16_t* starts          # places at which something begins
        int count
        int blocks                # of 64 characters; of each by a bit, from its first character on:
        uint64_t* marks
        uint64_t* phones          # where telephone numbers may start
        uint64_t* long_numbers    # where eight digits start
        uint64_t* numbers         # the first digit behind one that stands behind another number
        uint64_t* hexes           # what stands behind hex digits and a joint, and may go on a code
        uint64_t* ibans           # the first of two digits behind just two letters

    void note_kinds "relay_note_kinds"(uint8_t* halves) noexcept nogil
    void begin_blocks "relay_begin"(const uint8_t* chars, Was* was) noexcept nogil
    void find_narrow "relay_find_narrow"(
        const uint8_t*, Py_ssize_t, const uint32_t* begins, const uint8_t* heads, Was* was, Found*) noexcept nogil
    void find_wide "relay_find_wide"(
        const uint8_t*, Py_ssize_t, const uint32_t* begins, const uint8_t* heads, Was* was, Found*) noexcept nogil

cdef enum:
    STRETCH = 512                 # characters that are looked at together
