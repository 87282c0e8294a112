/* The provider: an HTTP/1.1 keep-alive server that speaks Messages, and Chat Completions at CHAT_PATH; one thread, one
 * epoll, no allocation per event. It answers every request by the script that its body's "model" names and ignores the
 * rest of the body, except the id that the client wrote behind a '#': that id comes back in every stamp.
 *
 * Paced streams wait in one heap, ordered by when they are due. A stream's phase is its number times the golden ratio,
 * so that any number of streams is spread evenly over the period. A late provider keeps the schedule: it catches up.
 */
#define _GNU_SOURCE
#include "roles.h"
#include "script.h"
#include "wire.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_ROOM = 4096, PREFIX_ROOM = 2048, READY = 256, SEND_BUFFER = 512 * 1024 };

struct conn {
    int fd;      /* -1: gone, freed as soon as no stream in the heap points here */
    int in_heap;
    enum { AT_HEAD, AT_BODY } at;
    unsigned head_used, prefix_used;
    struct body body;
    struct script *script; /* of the paced stream that runs here */
    unsigned number;       /* its next delta */
    char id[ID_LETTERS];
    char *pending; /* what the socket did not take yet; NULL nearly always */
    size_t pending_bytes;
    char head[HEAD_ROOM], prefix[PREFIX_ROOM];
};

struct due {
    uint64_t at_ns;
    struct conn *conn;
};

static struct due *heap;
static unsigned heap_used, heap_room;
static uint64_t streams;
static char input[READ_BYTES];

static void sift_down(unsigned i)
{
    struct due moving = heap[i];
    for (unsigned child; (child = 2 * i + 1) < heap_used; i = child) {
        if (child + 1 < heap_used && heap[child + 1].at_ns < heap[child].at_ns)
            child++;
        if (heap[child].at_ns >= moving.at_ns)
            break;
        heap[i] = heap[child];
    }
    heap[i] = moving;
}

static void push(struct conn *c, uint64_t at_ns)
{
    if (heap_used == heap_room) {
        heap_room = heap_room ? heap_room * 2 : 1024;
        heap = realloc(heap, heap_room * sizeof *heap);
        if (!heap)
            die("realloc");
    }
    unsigned i = heap_used++;
    for (; i > 0 && heap[(i - 1) / 2].at_ns > at_ns; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = (struct due){at_ns, c};
    c->in_heap = 1;
}

static struct conn *pop(void)
{
    struct conn *c = heap[0].conn;
    c->in_heap = 0;
    heap[0] = heap[--heap_used];
    if (heap_used)
        sift_down(0);
    return c;
}

static void leave(struct conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->pending);
    c->pending = NULL;
    c->fd = -1;
    if (!c->in_heap)
        free(c);
}

/* Sends, keeping a copy of what the socket does not take. A failed send is left to the reading side to notice. */
static void put(struct conn *c, const char *data, size_t size)
{
    ssize_t sent = c->pending ? 0 : send(c->fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return;
    sent = sent < 0 ? 0 : sent;
    if ((size_t)sent == size)
        return;
    c->pending = realloc(c->pending, c->pending_bytes + size - (size_t)sent);
    if (!c->pending)
        die("realloc");
    memcpy(c->pending + c->pending_bytes, data + sent, size - (size_t)sent);
    c->pending_bytes += size - (size_t)sent;
}

static void put_pending(struct conn *c)
{
    ssize_t sent = send(c->fd, c->pending, c->pending_bytes, MSG_NOSIGNAL);
    if (sent <= 0)
        return;
    c->pending_bytes -= (size_t)sent;
    memmove(c->pending, c->pending + sent, c->pending_bytes);
    if (c->pending_bytes)
        return;
    free(c->pending);
    c->pending = NULL;
}

static const char CHAT_PATH[] = "POST /v1/chat/completions ";

/* The script named by the value of "model" behind its last slash. */
static struct script *chosen(const struct conn *c)
{
    const char *end = c->prefix + c->prefix_used;
    const char *key = memmem(c->prefix, c->prefix_used, "\"model\"", 7);
    const char *open = key ? memchr(key + 7, '"', (size_t)(end - key - 7)) : NULL;
    const char *close = open ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
    if (!close)
        return NULL;
    const char *slash = memrchr(open, '/', (size_t)(close - open));
    const char *name = slash ? slash + 1 : open + 1;
    int is_chat = memcmp(c->head, CHAT_PATH, sizeof CHAT_PATH - 1) == 0;
    return script_find(name, (size_t)(close - name), is_chat ? &CHAT_FORM : &MESSAGES_FORM);
}

static void take_id(struct conn *c)
{
    const char *mark = memchr(c->prefix, MARK_REQUEST, c->prefix_used);
    memset(c->id, FIRST_LETTER, ID_LETTERS);
    if (mark && mark + 1 + ID_LETTERS <= c->prefix + c->prefix_used)
        memcpy(c->id, mark + 1, ID_LETTERS);
}

static void start_stream(struct conn *c, struct script *s)
{
    double turns = (double)++streams * 0.6180339887498949;
    uint64_t phase = (uint64_t)((turns - (double)(uint64_t)turns) * (double)s->period_ns);
    c->script = s;
    c->number = 0;
    put(c, s->answer, s->answer_bytes);
    push(c, now_ns() + phase);
}

static void answer(struct conn *c)
{
    static const char refusal[] = "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 92\r\n\r\n"
                                  "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\","
                                  "\"message\":\"the bench has no such script\"}}";
    struct script *s = chosen(c);
    c->at = AT_HEAD;
    c->head_used = 0;
    if (!s) {
        put(c, refusal, sizeof refusal - 1);
        return;
    }
    take_id(c);
    if (s->kind == PACED) {
        start_stream(c, s);
        return;
    }
    for (unsigned i = 0; i < s->events; i++)
        memcpy(s->answer + s->stamps[i] + 1, c->id, ID_LETTERS);
    put(c, s->answer, s->answer_bytes);
}

/* Sends the next delta, or the end, of the stream that is due first. */
static void step_stream(void)
{
    struct conn *c = heap[0].conn;
    struct script *s = c->script;
    if (c->fd < 0) {
        leave(pop());
        return;
    }
    if (c->number == s->events) {
        put(pop(), s->closing, s->closing_bytes);
        return;
    }
    struct delta *delta = &s->deltas[c->number % s->delta_count];
    char *stamp = delta->bytes + delta->stamp + 1;
    memcpy(stamp, c->id, ID_LETTERS);
    put_letters(stamp + ID_LETTERS, c->number++, NUMBER_LETTERS);
    put_letters(stamp + ID_LETTERS + NUMBER_LETTERS, now_ns(), TIME_LETTERS);
    put(c, delta->bytes, delta->size);
    heap[0].at_ns += s->period_ns;
    sift_down(0);
}

/* Adds bytes to the head; when it is complete gives how many of them belong to it, else 0. -1: unusable. */
static int take_head(struct conn *c, const char *data, size_t size)
{
    size_t room = HEAD_ROOM - c->head_used, taken = size < room ? size : room;
    struct head head;
    memcpy(c->head + c->head_used, data, taken);
    size_t length = head_bytes(c->head, c->head_used + taken);
    if (!length) {
        c->head_used += (unsigned)taken;
        return taken < size ? -1 : 0;
    }
    if (head_parse(c->head, length, 0, &head) < 0)
        return -1;
    c->body = head.body;
    c->prefix_used = 0;
    c->at = AT_BODY;
    return (int)(length - c->head_used);
}

/* Reads requests out of `data`. -1: the connection is unusable. */
static int take(struct conn *c, const char *data, size_t size)
{
    const char *end = data + size, *span;
    size_t span_bytes;
    while (data < end) {
        if (c->in_heap)
            return -1; /* a request before the last answer ended: the scripts know no pipelining */
        if (c->at == AT_HEAD) {
            int used = take_head(c, data, (size_t)(end - data));
            if (used <= 0)
                return used;
            data += used;
        }
        enum body_step step;
        while ((step = body_next(&c->body, &data, end, &span, &span_bytes)) == BODY_SPAN) {
            size_t room = PREFIX_ROOM - c->prefix_used, kept = span_bytes < room ? span_bytes : room;
            memcpy(c->prefix + c->prefix_used, span, kept);
            c->prefix_used += (unsigned)kept;
        }
        if (step == BODY_BAD)
            return -1;
        if (step == BODY_ENDED)
            answer(c);
    }
    return 0;
}

static void on_ready(struct conn *c, uint32_t events)
{
    if (events & EPOLLOUT && c->pending)
        put_pending(c);
    while (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        ssize_t got = recv(c->fd, input, sizeof input, 0);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0 || take(c, input, (size_t)got) < 0) {
            leave(c);
            return;
        }
        /* Edge-triggered: a short read has emptied the socket, and an end would come with its own event. */
        if ((size_t)got < sizeof input && !(events & EPOLLRDHUP))
            return;
    }
}

static void accept_all(int listener, int epoll_fd)
{
    int fd, size = SEND_BUFFER;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct conn *c = malloc(sizeof *c);
        if (!c)
            die("malloc");
        memset(c, 0, offsetof(struct conn, head));
        c->fd = fd;
        unblock(fd);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        watch(epoll_fd, fd, c);
    }
}

int provider_main(int count, char **words)
{
    struct epoll_event ready[READY];
    if (count != 2) {
        fprintf(stderr, "usage: loadgen provider PORT\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int listener = listen_on((unsigned)atoi(words[1])), epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll_fd, listener, NULL);
    for (;;) {
        int n = wait_until(epoll_fd, ready, READY, heap_used ? heap[0].at_ns : UINT64_MAX);
        for (int i = 0; i < n; i++) {
            if (ready[i].data.ptr)
                on_ready(ready[i].data.ptr, ready[i].events);
            else
                accept_all(listener, epoll_fd);
        }
        for (uint64_t now = now_ns(); heap_used && heap[0].at_ns <= now;)
            step_stream();
    }
}
