#define _GNU_SOURCE
#include "request.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

enum { TURN_BYTES = 1024, SHORT_BYTES = 2048, VALUE_BYTES = sizeof "write to ann.mail@example.com about it, " - 1 };

static const char PROSE[] = "the quick brown fox jumps over the lazy dog while the harbour wakes, ";

static void write_prose(FILE *to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        fputc(PROSE[i % (sizeof PROSE - 1)], to);
}

static void write_value(FILE *to, const char *name)
{
    fprintf(to, "write to ann.%.4s@example.com about it, ", name);
}

/* The rest of the first turn and as many further ones as `size` needs; a user's turn is the last. */
static void write_history(FILE *to, size_t size)
{
    unsigned turns = (unsigned)(size / TURN_BYTES) | 1;
    for (unsigned turn = 0; turn < turns; turn++) {
        char name[4];
        put_letters(name, turn * 2654435761u, sizeof name);
        if (turn > 0)
            fprintf(to, "\"},{\"role\":\"%s\",\"content\":\"", turn % 2 ? "assistant" : "user");
        write_prose(to, TURN_BYTES / 2);
        write_value(to, name);
        write_prose(to, TURN_BYTES / 2 - 80);
    }
}

void request_make(struct request *request, const char *model, const char *key, int stream, size_t body_bytes)
{
    char start[OPENING_ROOM];
    int start_bytes = snprintf(start, sizeof start,
                               "{\"model\":\"%s\",\"max_tokens\":4096,\"stream\":%s,\"messages\":"
                               "[{\"role\":\"user\",\"content\":\"%caaaaaa ",
                               model, stream ? "true" : "false", MARK_REQUEST);
    size_t left = body_bytes > (size_t)start_bytes + 4 ? body_bytes - (size_t)start_bytes - 4 : 0;
    FILE *to = open_memstream(&request->rest, &request->rest_bytes);
    if (body_bytes > SHORT_BYTES) {
        write_history(to, body_bytes);
    } else if (left > VALUE_BYTES) {
        write_value(to, "mail");
        write_prose(to, left - VALUE_BYTES);
    } else {
        write_prose(to, left);
    }
    fputs("\"}]}", to);
    fclose(to);
    request->opening_bytes = (size_t)snprintf(request->opening, OPENING_ROOM,
                                              "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: %s\r\n"
                                              "anthropic-version: 2023-06-01\r\ncontent-type: application/json\r\n"
                                              "content-length: %zu\r\n\r\n%s",
                                              key, (size_t)start_bytes + request->rest_bytes, start);
    if (request->opening_bytes >= OPENING_ROOM) {
        fprintf(stderr, "loadgen client: model and key are too long\n");
        exit(2);
    }
    request->id_at = request->opening_bytes - 1 - ID_LETTERS;
}

void request_opening(const struct request *request, uint64_t id, char *to)
{
    memcpy(to, request->opening, request->opening_bytes);
    put_letters(to + request->id_at, id, ID_LETTERS);
}
