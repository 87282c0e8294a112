/* Durations in nanoseconds, counted in buckets 1.6 % wide: one increment a value, percentiles at the end. */
#ifndef RELAY_BENCH_HISTOGRAM_H
#define RELAY_BENCH_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

enum { SUB_BITS = 6, SUB_BUCKETS = 1 << SUB_BITS, BUCKETS = (65 - SUB_BITS) * SUB_BUCKETS };

struct histogram {
    uint64_t count, max;
    uint64_t bucket[BUCKETS];
};

static inline void histogram_add(struct histogram *h, uint64_t value)
{
    unsigned high = value < SUB_BUCKETS ? SUB_BITS : 63u - (unsigned)__builtin_clzll(value);
    unsigned row = value < SUB_BUCKETS ? 0 : high - SUB_BITS + 1;
    unsigned column = value < SUB_BUCKETS ? (unsigned)value : (unsigned)(value >> (high - SUB_BITS)) & (SUB_BUCKETS - 1);
    h->bucket[row * SUB_BUCKETS + column]++;
    h->count++;
    if (value > h->max)
        h->max = value;
}

/* Writes `"name": {"count", "p50", "p99", "max"}` in microseconds. */
void histogram_json(const struct histogram *h, const char *name, FILE *to);

#endif
