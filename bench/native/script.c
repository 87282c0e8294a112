#define _GNU_SOURCE
#include "script.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

enum { SCRIPTS = 64, UNARY_TEXT = 560, PACED_TEXT = 32, DELTAS_PER_VALUE = 20 };

static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    "request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n";

static const char *const VALUES[] = {"jane.doe@example.org", "4111 1111 1111 1111", "+49 30 901820",
                                     "DE89 3704 0044 0532 0130 00", "203.0.113.7"};
enum { VALUE_COUNT = sizeof VALUES / sizeof *VALUES };

/* `size` bytes of prose that begin with a stamp whose id and time are still to be patched. */
static void write_prose(FILE *to, char mark, unsigned number, unsigned size)
{
    static const char prose[] = " of the sea and the wind that carries every word we said";
    char stamp[PACED_STAMP];
    unsigned stamp_bytes = mark == MARK_PACED ? PACED_STAMP : BURST_STAMP;
    memset(stamp, FIRST_LETTER, sizeof stamp);
    stamp[0] = mark;
    put_letters(stamp + 1 + ID_LETTERS, number, NUMBER_LETTERS);
    fwrite(stamp, 1, stamp_bytes, to);
    for (unsigned i = stamp_bytes; i < size; i++)
        fputc(prose[(i - stamp_bytes) % (sizeof prose - 1)], to);
}

/* The text of a delta: prose, or with values the first or the second half of one. No stamp stands between the halves:
 * the first ends its delta, the second begins the next one. */
static void write_text(FILE *to, const struct script *s, char mark, unsigned number, unsigned size)
{
    unsigned turn = number / DELTAS_PER_VALUE, at = number % DELTAS_PER_VALUE;
    const char *value = VALUES[turn % VALUE_COUNT];
    unsigned cut = 1 + (7 * turn + 3) % (unsigned)(strlen(value) - 1);
    if (s->has_values && at == 1)
        fprintf(to, "%s ", value + cut);
    write_prose(to, mark, number, size);
    if (s->has_values && at == 0)
        fprintf(to, " %.*s", (int)cut, value);
}

static void write_delta(FILE *to, const struct script *s, char mark, unsigned number, unsigned size)
{
    fputs(s->form->before, to);
    write_text(to, s, mark, number, size);
    fputs(s->form->after, to);
}

/* What an open_memstream wrote, framed: `head`, then `content` (freed) as one chunk, then `tail`. */
static char *framed(const char *head, char *content, size_t content_bytes, const char *tail, size_t *size)
{
    char *whole = NULL;
    FILE *to = open_memstream(&whole, size);
    fprintf(to, "%s%zx\r\n", head, content_bytes);
    fwrite(content, 1, content_bytes, to);
    fprintf(to, "\r\n%s", tail);
    fclose(to);
    free(content);
    return whole;
}

static void *allocated(size_t size)
{
    void *found = malloc(size);
    if (!found)
        die("malloc");
    return found;
}

static void make_unary(struct script *s)
{
    char *content = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&content, &size);
    fputs(s->form->unary_before, to);
    write_prose(to, MARK_BURST, 0, UNARY_TEXT);
    if (s->has_values)
        fprintf(to, " %s", VALUES[0]);
    fputs(s->form->unary_after, to);
    fclose(to);
    to = open_memstream(&s->answer, &s->answer_bytes);
    fprintf(to,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_bench\r\n"
            "content-length: %zu\r\n\r\n%s",
            size, content);
    fclose(to);
    free(content);
}

static void make_burst(struct script *s, unsigned text)
{
    char *content = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&content, &size);
    s->form->open(to);
    for (unsigned number = 0; number < s->events; number++)
        write_delta(to, s, MARK_BURST, number, text);
    s->form->close(to, s->events);
    fclose(to);
    s->answer = framed(STREAM_HEAD, content, size, "0\r\n\r\n", &s->answer_bytes);
}

/* Without values one delta is as good as all. */
static void make_deltas(struct script *s)
{
    s->delta_count = s->has_values ? VALUE_COUNT * DELTAS_PER_VALUE : 1;
    s->deltas = allocated(s->delta_count * sizeof *s->deltas);
    for (unsigned number = 0; number < s->delta_count; number++) {
        struct delta *delta = &s->deltas[number];
        char *content = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&content, &size);
        write_delta(to, s, MARK_PACED, number, PACED_TEXT);
        fclose(to);
        delta->bytes = framed("", content, size, "", &delta->size);
        delta->stamp = (size_t)((char *)memchr(delta->bytes, MARK_PACED, delta->size) - delta->bytes);
    }
}

static void make_paced(struct script *s)
{
    char *content = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&content, &size);
    s->form->open(to);
    fclose(to);
    s->answer = framed(STREAM_HEAD, content, size, "", &s->answer_bytes);
    make_deltas(s);
    to = open_memstream(&content, &size);
    s->form->close(to, s->events);
    fclose(to);
    s->closing = framed("", content, size, "0\r\n\r\n", &s->closing_bytes);
}

static void find_stamps(struct script *s)
{
    const char *at = s->answer, *end = s->answer + s->answer_bytes;
    s->stamps = allocated(s->events * sizeof *s->stamps);
    for (unsigned i = 0; i < s->events; i++) {
        at = memchr(at, MARK_BURST, (size_t)(end - at));
        s->stamps[i] = (size_t)(at++ - s->answer);
    }
}

/* Whether a name ends at `rest`, behind a `v` or without; notes which. */
static int ends(struct script *s, const char *rest)
{
    s->has_values = *rest == 'v';
    return rest[s->has_values] == 0;
}

/* Reads the name into kind, counts and pace. Returns the bytes of text of a delta, or -1. */
static int understand(struct script *s)
{
    unsigned text = BURST_STAMP;
    double rate = 0;
    int used = 0;
    if (s->name[0] == 'u' && ends(s, s->name + 1)) {
        s->kind = UNARY;
        s->events = 1;
        return UNARY_TEXT;
    }
    if (sscanf(s->name, "s%ux%u%n", &s->events, &text, &used) == 2 && ends(s, s->name + used)) {
        s->kind = BURST;
        return s->events > 0 && s->events < 1u << 16 && text >= BURST_STAMP && text < 1u << 16 ? (int)text : -1;
    }
    if (sscanf(s->name, "p%u@%lf%n", &s->events, &rate, &used) == 2 && ends(s, s->name + used) && rate > 0) {
        s->kind = PACED;
        s->period_ns = (uint64_t)(1e9 / rate);
        return s->events > 0 && s->events < 1u << (4 * NUMBER_LETTERS) ? PACED_TEXT : -1;
    }
    return -1;
}

struct script *script_find(const char *name, size_t size, const struct form *form)
{
    static struct script scripts[SCRIPTS];
    static unsigned made;
    if (size >= sizeof scripts[0].name)
        return NULL;
    for (unsigned i = 0; i < made; i++)
        if (scripts[i].form == form && memcmp(scripts[i].name, name, size) == 0 && scripts[i].name[size] == 0)
            return &scripts[i];
    if (made == SCRIPTS)
        return NULL;
    struct script *s = &scripts[made];
    memset(s, 0, sizeof *s);
    memcpy(s->name, name, size);
    s->form = form;
    int text = understand(s);
    if (text < 0)
        return NULL;
    if (s->kind == PACED)
        make_paced(s);
    else if (s->kind == BURST)
        make_burst(s, (unsigned)text);
    else
        make_unary(s);
    if (s->kind != PACED)
        find_stamps(s);
    made++;
    return s;
}
