/* The load generator: calls a gateway over kept-alive connections and checks every answer. One thread, one epoll.
 *
 *   closed   each connection calls again as soon as its answer is complete, until `--until`
 *   once     each connection makes one call, begun within `--spread`, and reads it to its end
 *   rate     calls begin `--rate` times a second on whichever connection is idle, until `--until`
 *
 * Counts what arrives from `--from` to `--until` (CLOCK_MONOTONIC, ns); faults count always. Prints one JSON object.
 */
#define _GNU_SOURCE
#include "checker.h"
#include "request.h"
#include "roles.h"
#include "script.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READY = 256, FAULTS_BEFORE_GIVING_UP = 200 };

struct caller {
    int fd;
    enum { IDLE, CONNECTING, SENDING, RECEIVING } state;
    size_t sent;
    uint64_t begun_ns, sent_ns;
    char opening[OPENING_ROOM];
    struct checker checker;
};

static struct {
    unsigned port, connections;
    enum { CLOSED, ONCE, RATE } mode;
    double rate;
    uint64_t spread_ns, from_ns, until_ns, deadline_ns;
    struct script *script;
} plan;

static struct request request;
static struct caller *callers;
static struct counts counts;
static struct histogram first_byte, duration;
static uint64_t calls, begun, faults[FAULTS], fault_count;
static unsigned running, idle_from;
static int epoll_fd;
static char input[READ_BYTES];

static void hang_up(struct caller *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* Ends the call. The first fault is shown with the head of the answer, because a count alone explains nothing. */
static void end_call(struct caller *c, enum fault fault)
{
    running--;
    c->state = IDLE;
    if (fault) {
        faults[fault]++;
        if (fault_count++ == 0)
            fprintf(stderr, "first fault: %s after %u of %u events: %.600s\n", FAULT_NAMES[fault], c->checker.number,
                    c->checker.expected, c->checker.head);
    }
    if (fault || c->checker.closes)
        hang_up(c);
}

static void send_request(struct caller *c)
{
    size_t whole = request.opening_bytes + request.rest_bytes;
    while (c->sent < whole) {
        size_t skip = c->sent < request.opening_bytes ? c->sent : request.opening_bytes;
        size_t rest_skip = c->sent - skip;
        struct iovec pieces[2] = {{c->opening + skip, request.opening_bytes - skip},
                                  {request.rest + rest_skip, request.rest_bytes - rest_skip}};
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
        ssize_t sent = sendmsg(c->fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent < 0) {
            end_call(c, FAULT_CONNECT);
            return;
        }
        c->sent += (size_t)sent;
    }
    c->state = RECEIVING;
    c->sent_ns = now_ns();
}

static void begin_call(struct caller *c, uint64_t now)
{
    uint64_t id = ++begun & ((1u << (4 * ID_LETTERS)) - 1);
    checker_reset(&c->checker, id, plan.script->events, plan.script->kind == PACED, plan.script->kind == UNARY);
    request_opening(&request, id, c->opening);
    c->sent = 0;
    c->begun_ns = now;
    running++;
    if (c->fd >= 0) {
        c->state = SENDING;
        send_request(c);
        return;
    }
    c->state = CONNECTING;
    c->fd = connect_to(plan.port);
    if (c->fd < 0)
        end_call(c, FAULT_CONNECT);
    else
        watch(epoll_fd, c->fd, c);
}

static int counts_now(uint64_t now)
{
    return now >= plan.from_ns && now < plan.until_ns;
}

static int may_call_again(uint64_t now)
{
    return plan.mode == CLOSED && now < plan.until_ns && fault_count < FAULTS_BEFORE_GIVING_UP;
}

/* A call of a held stream begins before the window, so its first byte counts whenever it comes. */
static void count_call(const struct caller *c, uint64_t now)
{
    if (counts_now(now)) {
        calls++;
        histogram_add(&duration, now - c->begun_ns);
    }
    if (c->checker.first_ns > c->sent_ns && (plan.mode == ONCE || counts_now(c->checker.first_ns)))
        histogram_add(&first_byte, c->checker.first_ns - c->sent_ns);
}

static void on_data(struct caller *c, size_t size, uint64_t now)
{
    counts.counting = counts_now(now);
    checker_feed(&c->checker, input, size, now, &counts);
    if (c->checker.fault) {
        end_call(c, c->checker.fault);
    } else if (c->checker.at == COMPLETE) {
        count_call(c, now);
        end_call(c, NO_FAULT);
    }
}

static void on_end(struct caller *c)
{
    if (c->state == IDLE)
        hang_up(c);
    else
        end_call(c, c->state == CONNECTING ? FAULT_CONNECT : FAULT_TRUNCATED);
}

static void on_ready(struct caller *c, uint32_t events)
{
    if (c->fd < 0)
        return;
    if (events & EPOLLOUT && (c->state == CONNECTING || c->state == SENDING))
        send_request(c);
    while (c->fd >= 0 && events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        ssize_t got = recv(c->fd, input, sizeof input, 0);
        uint64_t now = now_ns();
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0 || c->state == IDLE) {
            on_end(c);
            break;
        }
        on_data(c, (size_t)got, now);
        /* Edge-triggered: a short read has emptied the socket, and an end would come with its own event. */
        if ((size_t)got < sizeof input && !(events & EPOLLRDHUP))
            break;
    }
    uint64_t now = now_ns();
    if (c->state == IDLE && may_call_again(now))
        begin_call(c, now);
}

static struct caller *idle_caller(void)
{
    for (unsigned i = 0; i < plan.connections; i++) {
        struct caller *c = &callers[(idle_from + i) % plan.connections];
        if (c->state == IDLE) {
            idle_from = (idle_from + i + 1) % plan.connections;
            return c;
        }
    }
    return NULL;
}

/* When the next call has to begin by the clock; UINT64_MAX when none has. */
static uint64_t next_start(uint64_t start_ns)
{
    if (plan.mode == RATE) {
        uint64_t due = start_ns + (uint64_t)((double)begun * 1e9 / plan.rate);
        return due < plan.until_ns ? due : UINT64_MAX;
    }
    if (idle_from >= plan.connections)
        return UINT64_MAX;
    return start_ns + plan.spread_ns / plan.connections * idle_from;
}

/* Begins what is due. Gives when to look again. */
static uint64_t begin_due(uint64_t start_ns)
{
    uint64_t due, now = now_ns();
    while ((due = next_start(start_ns)) <= now) {
        struct caller *c = plan.mode == RATE ? idle_caller() : &callers[idle_from++];
        if (!c)
            return UINT64_MAX; /* all busy: an answer will wake us */
        begin_call(c, now);
    }
    return due;
}

static void run(void)
{
    struct epoll_event ready[READY];
    uint64_t start_ns = now_ns(), due;
    while ((due = begin_due(start_ns)) != UINT64_MAX || running) {
        int n = wait_until(epoll_fd, ready, READY, due < plan.deadline_ns ? due : plan.deadline_ns);
        for (int i = 0; i < n; i++)
            on_ready(ready[i].data.ptr, ready[i].events);
        if (now_ns() >= plan.deadline_ns)
            break;
    }
    for (unsigned i = 0; i < plan.connections; i++)
        if (callers[i].state != IDLE)
            end_call(&callers[i], FAULT_UNFINISHED);
}

static void report(void)
{
    printf("{\"calls\": %llu, \"events\": %llu, \"reads\": %llu, \"begun\": %llu, \"errors\": %llu, \"faults\": {",
           (unsigned long long)calls, (unsigned long long)counts.events, (unsigned long long)counts.reads,
           (unsigned long long)begun, (unsigned long long)fault_count);
    const char *comma = "";
    for (int i = 1; i < FAULTS; i++) {
        if (!faults[i])
            continue;
        printf("%s\"%s\": %llu", comma, FAULT_NAMES[i], (unsigned long long)faults[i]);
        comma = ", ";
    }
    printf("}, ");
    histogram_json(&counts.lateness, "lateness_us", stdout);
    printf(", ");
    histogram_json(&first_byte, "first_byte_us", stdout);
    printf(", ");
    histogram_json(&duration, "duration_us", stdout);
    printf("}\n");
}

static void understand(int count, char **words)
{
    enum { PORT = 1, MODEL, KEY, CONNECTIONS, BODY, MODE, PER_SECOND, SPREAD, FROM, UNTIL, DEADLINE };
    static const struct option known[] = {
        {"port", 1, NULL, PORT},       {"model", 1, NULL, MODEL},       {"key", 1, NULL, KEY},
        {"connections", 1, NULL, CONNECTIONS}, {"body-bytes", 1, NULL, BODY}, {"mode", 1, NULL, MODE},
        {"rate", 1, NULL, PER_SECOND}, {"spread-ns", 1, NULL, SPREAD},  {"from-ns", 1, NULL, FROM},
        {"until-ns", 1, NULL, UNTIL},  {"deadline-ns", 1, NULL, DEADLINE}, {NULL, 0, NULL, 0},
    };
    const char *model = "", *key = "";
    size_t body_bytes = 300;
    for (int option; (option = getopt_long(count, words, "", known, NULL)) != -1;) {
        switch (option) {
        case PORT: plan.port = (unsigned)atoi(optarg); break;
        case MODEL: model = optarg; break;
        case KEY: key = optarg; break;
        case CONNECTIONS: plan.connections = (unsigned)atoi(optarg); break;
        case BODY: body_bytes = strtoull(optarg, NULL, 10); break;
        case MODE: plan.mode = optarg[0] == 'c' ? CLOSED : optarg[0] == 'o' ? ONCE : RATE; break;
        case PER_SECOND: plan.rate = atof(optarg); break;
        case SPREAD: plan.spread_ns = strtoull(optarg, NULL, 10); break;
        case FROM: plan.from_ns = strtoull(optarg, NULL, 10); break;
        case UNTIL: plan.until_ns = strtoull(optarg, NULL, 10); break;
        case DEADLINE: plan.deadline_ns = strtoull(optarg, NULL, 10); break;
        default: exit(2);
        }
    }
    const char *slash = strrchr(model, '/');
    const char *name = slash ? slash + 1 : model;
    plan.script = script_find(name, strlen(name), &MESSAGES_FORM);
    if (!plan.script || !plan.port || !plan.connections || !plan.deadline_ns || (plan.mode == RATE && plan.rate <= 0)) {
        fprintf(stderr, "loadgen client: --port, --connections, --deadline-ns and a known --model are needed\n");
        exit(2);
    }
    request_make(&request, model, key, plan.script->kind != UNARY, body_bytes);
}

int client_main(int count, char **words)
{
    understand(count, words);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    callers = calloc(plan.connections, sizeof *callers);
    if (!callers)
        die("calloc");
    for (unsigned i = 0; i < plan.connections; i++)
        callers[i].fd = -1;
    run();
    report();
    return 0;
}
