/* The request that all calls of a client share; only the id in its opening differs. */
#ifndef RELAY_BENCH_REQUEST_H
#define RELAY_BENCH_REQUEST_H

#include <stddef.h>
#include <stdint.h>

enum { OPENING_ROOM = 768 };

struct request {
    char opening[OPENING_ROOM]; /* head and first bytes of the body, up to behind the id */
    size_t opening_bytes, id_at;
    char *rest;
    size_t rest_bytes;
};

/* Fills `request` for a body of about `body_bytes`: one message of prose, or above 2 KB a long history of turns of
 * 1 KB, each with one mail address in it where there is room. */
void request_make(struct request *request, const char *model, const char *key, int stream, size_t body_bytes);

/* Writes the opening of the call `id`. */
void request_opening(const struct request *request, uint64_t id, char *to);

#endif
