#include "histogram.h"

/* The middle of the bucket that holds the given fraction of all values. */
static double percentile(const struct histogram *h, double fraction)
{
    uint64_t wanted = (uint64_t)(fraction * (double)h->count), seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen <= wanted)
            continue;
        unsigned row = i / SUB_BUCKETS, column = i % SUB_BUCKETS;
        double low = row ? (double)((uint64_t)(SUB_BUCKETS + column) << (row - 1)) : column;
        double width = row ? (double)(1ull << (row - 1)) : 1;
        return low + width / 2;
    }
    return (double)h->max;
}

void histogram_json(const struct histogram *h, const char *name, FILE *to)
{
    fprintf(to, "\"%s\": {\"count\": %llu, \"p50\": %.2f, \"p99\": %.2f, \"max\": %.2f}", name,
            (unsigned long long)h->count, percentile(h, 0.50) / 1e3, percentile(h, 0.99) / 1e3, (double)h->max / 1e3);
}
