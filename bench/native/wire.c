#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of chunk framing; the states that hold data are not seen here. */
static enum body_step framing_byte(struct body *body, char c)
{
    switch (body->state) {
    case CHUNK_SIZE: {
        int digit = hex_digit(c);
        if (digit >= 0 && body->left < 1u << 28) {
            body->left = body->left << 4 | (unsigned)digit;
            return BODY_MORE;
        }
        if (c != ';' && c != '\r' && c != '\n' && c != ' ')
            return BODY_BAD;
        body->state = CHUNK_EXTENSION; /* the same byte may end the line */
    }
        __attribute__((fallthrough));
    case CHUNK_EXTENSION:
        if (c == '\n') {
            body->state = body->left ? CHUNK_DATA : CHUNK_TRAILER;
            body->line_bytes = 0;
        }
        return BODY_MORE;
    case CHUNK_END:
        if (c == '\n')
            body->state = CHUNK_SIZE;
        return c == '\n' || c == '\r' ? BODY_MORE : BODY_BAD;
    default: /* CHUNK_TRAILER: an empty line ends the body */
        if (c == '\n' && body->line_bytes == 0) {
            body->state = BODY_DONE;
            return BODY_ENDED;
        }
        body->line_bytes = c == '\n' ? 0 : body->line_bytes + (c != '\r');
        return BODY_MORE;
    }
}

enum body_step body_next(struct body *body, const char **at, const char *end, const char **span, size_t *size)
{
    while (body->kind == BODY_CHUNKED && body->state != CHUNK_DATA && *at < end) {
        if (body->state == BODY_DONE)
            return BODY_ENDED;
        enum body_step step = framing_byte(body, *(*at)++);
        if (step != BODY_MORE)
            return step;
    }
    if (body->kind == BODY_LENGTH && body->left == 0)
        return BODY_ENDED;
    if (*at == end)
        return BODY_MORE;
    *span = *at;
    *size = (uint64_t)(end - *at) < body->left ? (size_t)(end - *at) : (size_t)body->left;
    *at += *size;
    body->left -= *size;
    if (body->left == 0 && body->kind == BODY_CHUNKED)
        body->state = CHUNK_END;
    return BODY_SPAN;
}

size_t head_bytes(const char *data, size_t size)
{
    const char *end = memmem(data, size, "\r\n\r\n", 4);
    return end ? (size_t)(end - data) + 4 : 0;
}

static int field_is(const char *line, const char *name)
{
    return strncasecmp(line, name, strlen(name)) == 0;
}

int head_parse(const char *data, size_t size, int is_response, struct head *head)
{
    const char *end = data + size;
    int has_length = 0;
    memset(head, 0, sizeof *head);
    if (is_response) {
        if (size < 16 || memcmp(data, "HTTP/1.1 ", 9) != 0)
            return -1;
        head->status = atoi(data + 9);
    }
    for (const char *line = memchr(data, '\n', size); line && ++line < end; line = memchr(line, '\n', (size_t)(end - line))) {
        if (field_is(line, "content-length:")) {
            head->body.left = strtoull(line + 15, NULL, 10);
            has_length = 1;
        } else if (field_is(line, "transfer-encoding: chunked")) {
            head->body.kind = BODY_CHUNKED;
        } else if (field_is(line, "connection: close")) {
            head->closes = 1;
        }
    }
    if (head->body.kind == BODY_CHUNKED)
        return has_length ? -1 : 0;
    /* A response that ends with its connection could be cut without anybody noticing. */
    return is_response && !has_length ? -1 : 0;
}

void die(const char *what)
{
    perror(what);
    exit(1);
}

void unblock(int fd)
{
    int on = 1;
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        die("fcntl");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static struct sockaddr_in loopback(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int listen_on(unsigned port)
{
    struct sockaddr_in address = loopback(port);
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0)
        die("listen");
    unblock(fd);
    return fd;
}

int connect_to(unsigned port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    unblock(fd);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

void watch(int epoll_fd, int fd, void *owner)
{
    struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = owner};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &interest) < 0)
        die("epoll_ctl");
}

int wait_until(int epoll_fd, struct epoll_event *ready, int room, uint64_t due_ns)
{
    struct timespec left = {0, 0}, *limit = &left;
    uint64_t now = now_ns();
    if (due_ns == UINT64_MAX) {
        limit = NULL;
    } else if (due_ns > now) {
        left.tv_sec = (time_t)((due_ns - now) / 1000000000u);
        left.tv_nsec = (long)((due_ns - now) % 1000000000u);
    }
    int count = epoll_pwait2(epoll_fd, ready, room, limit, NULL);
    if (count < 0 && errno != EINTR)
        die("epoll_pwait2");
    return count < 0 ? 0 : count;
}
