#define _GNU_SOURCE
#include "checker.h"

#include <stddef.h>

const char *const FAULT_NAMES[FAULTS] = {"none", "connect", "status", "malformed", "lost", "crossed", "truncated", "unfinished"};

void checker_reset(struct checker *k, uint64_t id, unsigned expected, int paced, int unary)
{
    memset(k, 0, offsetof(struct checker, carry));
    k->expected = expected;
    k->paced = paced;
    k->unary = unary;
    put_letters(k->id, id, ID_LETTERS);
}

static void on_stamp(struct checker *k, const char *stamp, uint64_t at_ns, struct counts *counts)
{
    if (memcmp(stamp + 1, k->id, ID_LETTERS) != 0)
        k->fault = FAULT_CROSSED;
    else if (take_letters(stamp + 1 + ID_LETTERS, NUMBER_LETTERS) != k->number++)
        k->fault = FAULT_LOST;
    if (!counts->counting)
        return;
    counts->events++;
    if (!k->paced)
        return;
    uint64_t sent_ns = take_letters(stamp + BURST_STAMP, TIME_LETTERS);
    if (sent_ns > at_ns)
        k->fault = FAULT_MALFORMED;
    else
        histogram_add(&counts->lateness, at_ns - sent_ns);
}

/* Keeps the last TAIL_ROOM bytes of what follows the last stamp. */
static void keep_tail(struct checker *k, const char *data, size_t size)
{
    if (size >= TAIL_ROOM) {
        memcpy(k->tail, data + size - TAIL_ROOM, TAIL_ROOM);
        k->tail_used = TAIL_ROOM;
        return;
    }
    if (k->tail_used + size > TAIL_ROOM) {
        size_t surplus = k->tail_used + size - TAIL_ROOM;
        memmove(k->tail, k->tail + surplus, k->tail_used - surplus);
        k->tail_used -= (unsigned)surplus;
    }
    memcpy(k->tail + k->tail_used, data, size);
    k->tail_used += (unsigned)size;
}

static void scan(struct checker *k, const char *data, size_t size, uint64_t at_ns, struct counts *counts)
{
    const char *end = data + size;
    const size_t stamp_bytes = k->paced ? PACED_STAMP : BURST_STAMP;
    if (k->carry_used) {
        size_t missing = stamp_bytes - k->carry_used, taken = size < missing ? size : missing;
        memcpy(k->carry + k->carry_used, data, taken);
        k->carry_used += (unsigned)taken;
        data += taken;
        if (k->carry_used < stamp_bytes)
            return;
        k->carry_used = 0;
        on_stamp(k, k->carry, at_ns, counts);
    }
    while (data < end && (data = memchr(data, k->paced ? MARK_PACED : MARK_BURST, (size_t)(end - data)))) {
        if ((size_t)(end - data) < stamp_bytes) {
            memcpy(k->carry, data, (size_t)(end - data));
            k->carry_used = (unsigned)(end - data);
            return;
        }
        on_stamp(k, data, at_ns, counts);
        data += stamp_bytes;
    }
    /* The mark does not occur in what closes an answer, so after the last stamp the whole piece is tail. */
    if (k->number >= k->expected)
        keep_tail(k, end - (size < TAIL_ROOM ? size : TAIL_ROOM), size < TAIL_ROOM ? size : TAIL_ROOM);
}

static void judge_end(struct checker *k)
{
    const char *closing = k->unary ? "\"end_turn\"" : "\"message_stop\"";
    k->at = COMPLETE;
    if (k->number != k->expected)
        k->fault = FAULT_LOST;
    else if (!memmem(k->tail, k->tail_used, closing, strlen(closing)))
        k->fault = FAULT_TRUNCATED;
}

/* Adds to the head; gives how many of the bytes belong to it once it is complete, else 0. */
static size_t take_head(struct checker *k, const char *data, size_t size)
{
    size_t room = CHECKER_HEAD_ROOM - 1 - k->head_used, taken = size < room ? size : room;
    struct head head;
    memcpy(k->head + k->head_used, data, taken);
    k->head[k->head_used + taken] = 0; /* a fault shows it as text */
    size_t length = head_bytes(k->head, k->head_used + taken);
    if (!length) {
        k->head_used += (unsigned)taken;
        if (taken < size)
            k->fault = FAULT_MALFORMED;
        return 0;
    }
    if (head_parse(k->head, length, 1, &head) < 0)
        k->fault = FAULT_MALFORMED;
    else if (head.status != 200)
        k->fault = FAULT_STATUS;
    k->body = head.body;
    k->closes = head.closes;
    k->at = IN_CONTENT;
    return length - k->head_used;
}

void checker_feed(struct checker *k, const char *data, size_t size, uint64_t at_ns, struct counts *counts)
{
    const char *end = data + size, *span;
    size_t span_bytes;
    uint64_t events = counts->events;
    if (k->at == IN_HEAD) {
        size_t used = take_head(k, data, size);
        if (k->fault || k->at == IN_HEAD)
            return;
        data += used;
    }
    enum body_step step;
    while ((step = body_next(&k->body, &data, end, &span, &span_bytes)) == BODY_SPAN) {
        if (!k->first_ns)
            k->first_ns = at_ns;
        scan(k, span, span_bytes, at_ns, counts);
    }
    if (counts->events != events)
        counts->reads++;
    if (step == BODY_BAD && !k->fault)
        k->fault = FAULT_MALFORMED;
    if (step == BODY_ENDED && !k->fault)
        judge_end(k);
}
