/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verification over HTTP costs: `bonafide serve` on one CPU, a client with CONNECTIONS keep-alive connections on the
 * other, one request on its way on each, every request a call of its own, signed beforehand, every answer looked at; in turns
 * with a bare libmicrohttpd daemon that takes the same bytes and answers as many. CPU time of the whole server process.
 *
 *     bench_http PROGRAM [CALLS] [TURNS] [CONNECTIONS]
 *
 * Exit status 1: more than GOAL_US a verification.
 */
#include <errno.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/span.h"
#include "cli/bench/meter.h"
#include "cli/bench/stage.h"
#include "cli/bench/stats.h"

#define GOAL_US  40.0 /* 25,000 a second on one core */
#define CARRIERS 1000u
#define CONNECTIONS                                                                                          \
    120u /* libmicrohttpd 0.9.75 waits, threads of its own given, when 128 have news at once */
#define CONNECTIONS_MOST 512u
#define REQUEST          4096u
#define ANSWER           16384u
#define TURNS_MOST       16u

/* ---- requests ---- */

enum form { FORM_SIP, FORM_JSON, FORM_STIR, N_FORMS };

static const struct {
    const char *name, *path, *type, *holds;
} forms[N_FORMS] = {
    [FORM_SIP] = { "/v1/verdict, SIP", "/v1/verdict", "message/sip", "\"verdict\":\"genuine\"" },
    [FORM_JSON] = { "/v1/verdict, JSON", "/v1/verdict", "application/json", "\"verdict\":\"genuine\"" },
    [FORM_STIR] = { "/stir/v1/verification", "/stir/v1/verification", "application/json",
                    "TN-Validation-Passed" },
};

struct request {
    uint32_t n;
    char p[REQUEST];
};

static struct span between(struct span s, const char *from, const char *to)
{
    const char *begin = memmem(s.p, s.n, from, strlen(from));
    if (!begin)
        return SPAN_NONE;
    begin += strlen(from);
    const char *end = memmem(begin, (size_t)(s.p + s.n - begin), to, strlen(to));
    return end ? span_make(begin, (size_t)(end - begin)) : SPAN_NONE;
}

static size_t body_of(enum form form, struct span invite, char *out, size_t size)
{
    if (form == FORM_SIP) {
        memcpy(out, invite.p, invite.n);
        return invite.n;
    }
    const struct span caller = between(invite, "From: \"Lab\" <sip:+", "@");
    const struct span identity = between(invite, "\r\nIdentity: ", "\r\n");
    size_t n =
        (size_t)snprintf(out, size,
                         "{\"verificationRequest\":{\"from\":{\"tn\":\"%.*s\"},\"to\":{\"tn\":[\"" MADE_CALLED
                         "\"]},\"time\":%lld,\"identity\":\"",
                         SPAN_FMT(caller), (long long)clock_now(&clock_system).utc);
    for (size_t i = 0; i < identity.n; i++) {
        if (identity.p[i] == '"')
            out[n++] = '\\';
        out[n++] = identity.p[i];
    }
    return n + (size_t)snprintf(out + n, size - n, "\"}}");
}

static void request_make(enum form form, const struct made_call *call, struct request *ret)
{
    char body[REQUEST];
    const size_t n = body_of(form, span_make(call->p, call->invite), body, sizeof body);
    const int head = snprintf(ret->p, sizeof ret->p,
                              "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\n"
                              "Accept: application/json\r\nContent-Length: %zu\r\n\r\n",
                              forms[form].path, forms[form].type, n);
    memcpy(ret->p + head, body, n);
    ret->n = (uint32_t)((size_t)head + n);
}

/* ---- the echo ---- */

struct echo {
    pid_t pid;
    struct sockaddr_in at;
};

static enum MHD_Result echo_handle(void *arg, struct MHD_Connection *connection, const char *path,
                                   const char *method, const char *version, const char *data, size_t *data_n,
                                   void **state)
{
    static char answer[ANSWER];
    (void)path, (void)method, (void)version, (void)data;
    if (!*state) {
        *state = arg;
        return MHD_YES;
    }
    if (*data_n) {
        *data_n = 0;
        return MHD_YES;
    }
    struct MHD_Response *r =
        MHD_create_response_from_buffer(*(const size_t *)arg, answer, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(r, "Content-Type", "application/json");
    const enum MHD_Result result = MHD_queue_response(connection, 200, r);
    MHD_destroy_response(r);
    return result;
}

static _Noreturn void echo_run(int fd, size_t answer)
{
    struct MHD_Daemon *d =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, echo_handle, &answer,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(32u << 10), MHD_OPTION_END);
    while (d)
        pause();
    _exit(1);
}

static bool echo_open(size_t answer, int cpu, struct echo *ret)
{
    const pid_t parent = getpid();
    socklen_t n = sizeof ret->at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *ret = (struct echo){ .at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
    if (fd < 0 || bind(fd, (const struct sockaddr *)&ret->at, n) != 0 || listen(fd, 512) != 0 ||
        getsockname(fd, (struct sockaddr *)&ret->at, &n) != 0)
        return false;
    ret->pid = fork();
    if (ret->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        echo_run(fd, answer);
    }
    close(fd);
    poll(NULL, 0, 100); /* its thread starts */
    cpu_pin_process(ret->pid, cpu);
    return ret->pid > 0;
}

static void echo_close(struct echo *e)
{
    if (e->pid > 0) {
        kill(e->pid, SIGKILL);
        waitpid(e->pid, NULL, 0);
    }
    e->pid = 0;
}

/* ---- the client ---- */

struct line {
    int fd;
    size_t n; /* bytes of its answer so far */
    char answer[ANSWER];
};

struct client {
    struct line *lines;
    size_t n_lines;
    int epoll;
    const struct request *requests;
    size_t n, sent, answered, wrong, answer;
    const char *holds; /* NULL: anything */
};

static bool client_open(struct client *c, const struct sockaddr_in *at, size_t n)
{
    static const int yes = 1;
    *c = (struct client){ .epoll = epoll_create1(EPOLL_CLOEXEC), .lines = calloc(n, sizeof *c->lines) };
    for (; c->lines && c->n_lines < n; c->n_lines++) {
        struct line *l = &c->lines[c->n_lines];
        struct epoll_event e = { .events = EPOLLIN, .data.ptr = l };
        l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (l->fd < 0 || connect(l->fd, (const struct sockaddr *)at, sizeof *at) != 0 ||
            setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
            epoll_ctl(c->epoll, EPOLL_CTL_ADD, l->fd, &e) != 0)
            return false;
    }
    return c->n_lines == n;
}

static void client_close(struct client *c)
{
    for (size_t i = 0; i < c->n_lines; i++)
        close(c->lines[i].fd);
    close(c->epoll);
    free(c->lines);
}

static bool send_next(struct client *c, struct line *l)
{
    if (c->sent == c->n)
        return true;
    const struct request *r = &c->requests[c->sent++];
    l->n = 0;
    return send(l->fd, r->p, r->n, MSG_NOSIGNAL) == (ssize_t)r->n;
}

/* How long the answer is, head and body; 0: it is not known yet. */
static size_t whole(const struct line *l)
{
    const char *end = memmem(l->answer, l->n, "\r\n\r\n", 4);
    const struct span length =
        end ? between(span_make(l->answer, l->n), "Content-Length: ", "\r") : SPAN_NONE;
    return length.p ? (size_t)(end + 4 - l->answer) + strtoul(length.p, NULL, 10) : 0;
}

static bool take(struct client *c, struct line *l)
{
    const ssize_t got = recv(l->fd, l->answer + l->n, sizeof l->answer - l->n - 1, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    l->n += (size_t)got;
    const size_t n = whole(l);
    if (n == 0 || l->n < n)
        return l->n < sizeof l->answer - 1;
    c->answered++;
    c->answer = n;
    if (memcmp(l->answer, "HTTP/1.1 200", 12) != 0 ||
        (c->holds && !memmem(l->answer, l->n, c->holds, strlen(c->holds)))) {
        l->answer[l->n] = '\0';
        if (c->wrong++ == 0)
            fprintf(stderr, "not what was expected: %.600s\n", l->answer);
    }
    return send_next(c, l);
}

static bool client_run(struct client *c, const struct request *requests, size_t n)
{
    struct epoll_event events[64];
    bool good = true;
    c->requests = requests;
    c->n = n;
    c->sent = c->answered = c->wrong = 0;
    for (size_t i = 0; good && i < c->n_lines; i++)
        good = send_next(c, &c->lines[i]);
    while (good && c->answered < n) {
        const int ready = epoll_wait(c->epoll, events, 64, 5000);
        good = ready > 0 || (ready < 0 && errno == EINTR);
        for (int i = 0; good && i < ready; i++)
            good = take(c, events[i].data.ptr);
    }
    if (!good)
        fprintf(stderr, "%zu of %zu answered, then none\n", c->answered, n);
    return good && c->wrong == 0;
}

/* ---- in turns ---- */

struct asked {
    const char *name;
    const struct sockaddr_in *at;
    size_t answer; /* bytes of one */
    pid_t pid;
    enum form form;
    double us[TURNS_MOST], rate[TURNS_MOST];
};

struct run {
    struct stage_lab lab;
    struct stage stage;
    struct echo echo;
    struct request *requests;
    uint64_t next;
    size_t n, connections;
    unsigned turns;
    int cpus[2];
};

static bool make_requests(struct run *r, enum form form)
{
    struct made_calls calls;
    cpu_pin(-1);
    if (!calls_make(&r->lab.carriers, r->next, r->n, 2, &calls))
        return false;
    r->next += r->n;
    for (size_t i = 0; i < r->n; i++)
        request_make(form, &calls.all[i], &r->requests[i]);
    calls_free(&calls);
    cpu_pin(r->cpus[1]);
    return true;
}

static bool take_turn(struct run *r, struct asked *s, unsigned turn)
{
    if (!make_requests(r, s->form))
        return false;
    struct client c; /* of each turn: a server closes connections that were idle while others had theirs */
    bool good = client_open(&c, s->at, r->connections);
    c.holds = s->pid == r->stage.server ? forms[s->form].holds : NULL;
    const int64_t cpu = cpu_ns(s->pid);
    const mono_t from = clock_now(&clock_system).mono;
    good = good && client_run(&c, r->requests, r->n);
    s->us[turn] = (double)(cpu_ns(s->pid) - cpu) / 1e3 / (double)r->n;
    s->rate[turn] = (double)r->n * 1e9 / (double)(clock_now(&clock_system).mono - from);
    s->answer = c.answer;
    client_close(&c);
    return good;
}

/* Chains are fetched and tables made, and it is known how long an answer is. */
static bool warm(struct run *r, struct asked *s)
{
    for (unsigned i = 0; i < 3; i++)
        if (!take_turn(r, s, 0))
            return false;
    return true;
}

static bool measure(struct run *r, struct asked *s, size_t n, const struct asked *echo)
{
    for (unsigned turn = 0; turn < r->turns; turn++)
        for (size_t i = 0; i < n; i++)
            if (!take_turn(r, &s[i], turn))
                return false;
    bool good = true;
    const double bare = median(memcpy((double[TURNS_MOST]){ 0 }, echo->us, sizeof echo->us), r->turns);
    printf("%-24s %12s %12s %12s %8s\n", "", "CPU us each", "a second", "by the wall", "x echo");
    for (size_t i = 0; i < n; i++) {
        const double us = median(s[i].us, r->turns);
        printf("%-24s %12.1f %12.0f %12.0f %8.2f\n", s[i].name, us, 1e6 / us, median(s[i].rate, r->turns),
               us / bare);
        good = good && us <= GOAL_US;
    }
    return good;
}

static bool server_speaks_stir(struct run *r)
{
    struct client c;
    struct request *one = calloc(1, sizeof *one);
    bool good = false;
    *one = (struct request){ .n = 0 };
    one->n = (uint32_t)snprintf(one->p, sizeof one->p,
                                "POST /stir/v1/verification HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                                "Content-Type: application/json\r\n\r\n{}");
    if (client_open(&c, &r->stage.http_at, 1) && send(c.lines[0].fd, one->p, one->n, MSG_NOSIGNAL) > 0)
        good = recv(c.lines[0].fd, c.lines[0].answer, ANSWER, 0) > 12 &&
               memcmp(c.lines[0].answer, "HTTP/1.1 404", 12) != 0;
    client_close(&c);
    free(one);
    return good;
}

static bool run_all(struct run *r)
{
    struct asked *s = calloc(N_FORMS + 1, sizeof *s);
    const size_t forms_n = server_speaks_stir(r) ? N_FORMS : N_FORMS - 1;
    size_t n = 0;
    bool good = s != NULL;
    for (; good && n < forms_n; n++) {
        s[n] = (struct asked){
            .name = forms[n].name, .at = &r->stage.http_at, .pid = r->stage.server, .form = (enum form)n
        };
        good = warm(r, &s[n]);
    }
    if (good && echo_open(s[0].answer, r->cpus[0], &r->echo)) {
        s[n] = (struct asked){ .name = "bare libmicrohttpd", .at = &r->echo.at, .pid = r->echo.pid };
        good = warm(r, &s[n++]);
        cpu_pin_process(r->stage.server, r->cpus[0]);
        good = good && measure(r, s, n, &s[n - 1]);
    }
    free(s);
    return good;
}

static unsigned argument(int argc, char **argv, int i, unsigned usual, unsigned most)
{
    const unsigned long n = argc > i ? strtoul(argv[i], NULL, 10) : usual;
    return n < 1 ? usual : n > most ? most : (unsigned)n;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 64;
    struct run r = { .n = argument(argc, argv, 2, 20000, 200000),
                     .turns = argument(argc, argv, 3, 5, TURNS_MOST),
                     .connections = argument(argc, argv, 4, CONNECTIONS, CONNECTIONS_MOST) };
    const bool record = getenv("BENCH_RECORD") != NULL;
    const struct stage_options options = { .program = argv[1],
                                           .name = "http",
                                           .store = record ? "  durability: relaxed\n"
                                                           : "  url: \"\"\n  journal: \"\"\n",
                                           .more = "es256:\n  busy: 1\n",
                                           .workers = 1,
                                           .cpu = -1,
                                           .metrics = true };
    r.requests = calloc(r.n, sizeof *r.requests);
    cpu_pair(r.cpus);
    bool good = r.requests && stage_lab_open(CARRIERS, &r.lab);
    if (good) {
        good = stage_open(&r.lab, &options, &r.stage) && stage_meet(&r.stage, r.next);
        r.next += CARRIERS;
        good = good && run_all(&r);
        echo_close(&r.echo);
        stage_close(&r.stage);
        stage_lab_close(&r.lab);
    }
    free(r.requests);
    return good ? 0 : 1;
}
