/* One response, read piece by piece: are all stamps there, once, in order, this call's own, and did it end well?
 *
 * Nothing is kept but the head, a stamp that a read cut in two, and the last bytes of the content.
 */
#ifndef RELAY_BENCH_CHECKER_H
#define RELAY_BENCH_CHECKER_H

#include "histogram.h"
#include "wire.h"

enum fault { NO_FAULT, FAULT_CONNECT, FAULT_STATUS, FAULT_MALFORMED, FAULT_LOST, FAULT_CROSSED, FAULT_TRUNCATED,
             FAULT_UNFINISHED, FAULTS };

extern const char *const FAULT_NAMES[FAULTS];

/* What is counted over all responses while `counting` is set. */
struct counts {
    int counting;
    uint64_t events, reads; /* reads: those that held at least one stamp */
    struct histogram lateness;
};

enum { CHECKER_HEAD_ROOM = 4096, TAIL_ROOM = 512 };

struct checker {
    enum { IN_HEAD, IN_CONTENT, COMPLETE } at;
    int closes, paced, unary;
    enum fault fault;
    uint64_t first_ns; /* arrival of the first byte of content, 0 before */
    unsigned expected, number;
    char id[ID_LETTERS];
    struct body body;
    unsigned head_used, carry_used, tail_used;
    char carry[PACED_STAMP], tail[TAIL_ROOM], head[CHECKER_HEAD_ROOM];
};

void checker_reset(struct checker *k, uint64_t id, unsigned expected, int paced, int unary);

/* Reads one piece that arrived at `at_ns`. Afterwards `at` is COMPLETE, or `fault` is set, or more has to come. */
void checker_feed(struct checker *k, const char *data, size_t size, uint64_t at_ns, struct counts *counts);

#endif
