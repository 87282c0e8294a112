/* What the provider answers, chosen by the model's name behind its last slash; how it is spelled follows the path.
 *
 *   u          one JSON body of 0.8 KB
 *   s<N>x<B>   a stream of N deltas with B bytes of text each, head and all events in one write, one HTTP chunk
 *   p<N>@<R>   a stream of N deltas, R a second (a fraction is fine), one write and one HTTP chunk each
 *
 * With a `v` behind it the text holds personal values: one in a JSON body, five in 100 deltas, each cut in two.
 *
 * The bytes are made once for each name; a call only patches its id, and a paced delta its number and time, in place.
 */
#ifndef RELAY_BENCH_SCRIPT_H
#define RELAY_BENCH_SCRIPT_H

#include "form.h"

#include <stddef.h>
#include <stdint.h>

struct delta {
    char *bytes; /* one HTTP chunk */
    size_t size, stamp;
};

struct script {
    char name[32];
    const struct form *form;
    enum { UNARY, BURST, PACED } kind;
    int has_values;
    unsigned events;
    uint64_t period_ns;
    char *answer; /* the whole answer; of a paced stream only head and opening */
    size_t answer_bytes;
    size_t *stamps;       /* where the marks stand in `answer`; `events` of them, NULL if paced */
    struct delta *deltas; /* paced: sent in turn, again and again */
    unsigned delta_count;
    char *closing; /* paced: from behind the last delta to the last chunk */
    size_t closing_bytes;
};

/* The script of that name in that form, made on first use; NULL when no script has such a name. Lives as long as the
 * process. */
struct script *script_find(const char *name, size_t size, const struct form *form);

#endif
