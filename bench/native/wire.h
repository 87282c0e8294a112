/* What both roles share: clock, sockets, HTTP/1.1 heads and bodies, and the stamp that every delta's text carries.
 *
 * A stamp is a mark, the call's id, the event's number and (paced streams only) CLOCK_MONOTONIC in nanoseconds. All
 * numbers are written in the letters g to v, never in digits of any base: to a gateway that redacts a stamp has to look
 * like a word, not like a card, a telephone number or an address. Neither mark occurs anywhere else in what the
 * provider sends.
 */
#ifndef RELAY_BENCH_WIRE_H
#define RELAY_BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum {
    ID_LETTERS = 6,     /* 24 bits */
    NUMBER_LETTERS = 5, /* 20 bits */
    TIME_LETTERS = 15,  /* 60 bits of nanoseconds: 36 years of uptime */
    BURST_STAMP = 1 + ID_LETTERS + NUMBER_LETTERS,
    PACED_STAMP = BURST_STAMP + TIME_LETTERS,
    READ_BYTES = 256 * 1024,
};

#define MARK_BURST '^'
#define MARK_PACED '|'
#define FIRST_LETTER 'g'
#define MARK_REQUEST '#' /* before the id in the request's first message */

static inline uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void put_letters(char *to, uint64_t value, int letters)
{
    for (int i = letters - 1; i >= 0; i--, value >>= 4)
        to[i] = (char)(FIRST_LETTER + (value & 15));
}

/* The number in `letters` letters at `from`; UINT64_MAX when one of them is none. */
static inline uint64_t take_letters(const char *from, int letters)
{
    uint64_t value = 0;
    unsigned char wrong = 0;
    for (int i = 0; i < letters; i++) {
        unsigned char nibble = (unsigned char)(from[i] - FIRST_LETTER);
        wrong |= nibble & 0xf0;
        value = value << 4 | nibble;
    }
    return wrong ? UINT64_MAX : value;
}

/* How the bytes after a head are framed, and how far they have been read. */
struct body {
    enum { BODY_LENGTH, BODY_CHUNKED } kind;
    enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER, BODY_DONE } state;
    uint64_t left;        /* bytes of this chunk or of the whole body still to come */
    unsigned line_bytes;  /* of the trailer line so far */
};

enum body_step { BODY_BAD = -1, BODY_MORE = 0, BODY_SPAN = 1, BODY_ENDED = 2 };

/* Takes the next piece of content out of [*at, end) and moves *at behind it. A BODY_SPAN sets *span and *size. */
enum body_step body_next(struct body *body, const char **at, const char *end, const char **span, size_t *size);

/* One message head without its body. */
struct head {
    int status;      /* of a response, 0 for a request */
    int closes;      /* the peer will close the connection */
    struct body body;
};

/* Length of the head at the start of `data` with its blank line; 0 while incomplete. */
size_t head_bytes(const char *data, size_t size);

/* Reads a complete head. Returns 0, or -1 when its framing is unusable. */
int head_parse(const char *data, size_t size, int is_response, struct head *head);

int listen_on(unsigned port);
int connect_to(unsigned port); /* non-blocking, may still be connecting */
void watch(int epoll_fd, int fd, void *owner); /* edge-triggered, both directions, once for the fd's life */
void unblock(int fd);
void die(const char *what);

/* Waits until a watched fd is ready or `due_ns` passes (UINT64_MAX: no limit). */
struct epoll_event;
int wait_until(int epoll_fd, struct epoll_event *ready, int room, uint64_t due_ns);

#endif
