/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop: send what is owed, take what has come, count what was lost. Answers are matched by the number in their
 * Call-ID; the ACK of a call is copied from what was made before, with the To tag of its answer put in.
 */
#include "cli/bench/load.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/span.h"
#include "cli/bench/meter.h"

#define ANSWER_BYTES 4096u
#define ACK_BYTES    768u
#define TAG_MOST     64u
#define LOOK_AROUND  MONO_MS(20)       /* how often to ask whether to stop, and who was lost */
#define STAND_IN     ";tag=0123456789" /* for the tag of an echo, which has none: the ACK is of the usual size */

enum call_state { CALL_DUE, CALL_SENT, CALL_ANSWERED, CALL_LOST };

struct caller {
    const struct load *load;
    struct load_result *result;
    struct pace pace;
    int fd;
    uint8_t *states;
    mono_t *sent_at;
    size_t oldest;   /* calls before it are settled */
    mono_t answered; /* when an answer came, of late */
    /* out: ACKs, then INVITEs */
    struct mmsghdr out[2 * LOAD_BATCH];
    struct iovec out_parts[2 * LOAD_BATCH];
    char acks[LOAD_BATCH][ACK_BYTES];
    size_t n_acks;
    /* in */
    struct mmsghdr in[LOAD_BATCH];
    struct iovec in_parts[LOAD_BATCH];
    char answers[LOAD_BATCH][ANSWER_BYTES];
};

static mono_t now(void)
{
    return clock_now(&clock_system).mono;
}

/* ---- sending ---- */

static void out_put(struct caller *c, size_t at, const char *p, size_t n)
{
    c->out_parts[at] = (struct iovec){ (void *)(uintptr_t)p, n }; /* it is only sent */
    c->out[at].msg_hdr = (struct msghdr){ .msg_iov = &c->out_parts[at], .msg_iovlen = 1 };
}

static bool send_out(struct caller *c, size_t n)
{
    for (size_t sent = 0; sent < n;) {
        const int went = sendmmsg(c->fd, c->out + sent, (unsigned)(n - sent), 0);
        if (went < 0 && errno != EINTR && errno != EAGAIN && errno != ENOBUFS)
            return false;
        sent += went > 0 ? (size_t)went : 0;
    }
    return true;
}

/* How many INVITEs to send now. In a closed loop not a handful, unless it is the last: batches shall be full. */
static size_t owed_now(const struct caller *c, mono_t at)
{
    const size_t owed = pace_owed(&c->pace, at);
    const size_t least = c->pace.window < LOAD_BATCH ? c->pace.window / 2 : LOAD_BATCH / 2;
    if (c->pace.interval == 0 && owed < least && c->pace.n - c->pace.sent > owed)
        return 0;
    return owed < LOAD_BATCH ? owed : LOAD_BATCH;
}

/* The ACKs that are due, and the INVITEs that are owed. */
static bool send_owed(struct caller *c, mono_t at)
{
    size_t n = c->n_acks;
    const size_t owed = owed_now(c, at);
    for (size_t i = 0; i < owed; i++) {
        const size_t call = c->pace.sent++;
        out_put(c, n++, c->load->calls->all[call].p, c->load->calls->all[call].invite);
        c->states[call] = CALL_SENT;
        c->sent_at[call] = at;
    }
    c->n_acks = 0;
    return n == 0 || send_out(c, n);
}

/* ---- receiving ---- */

/* The To tag of an answer, `;tag=` included. */
static struct span tag_of(const char *answer, size_t n)
{
    static const char name[] = "\r\nTo: ";
    const char *to = memmem(answer, n, name, sizeof name - 1);
    const char *end = to ? memmem(to + 2, (size_t)(answer + n - to - 2), "\r\n", 2) : NULL;
    const char *tag = end ? memmem(to, (size_t)(end - to), ";tag=", 5) : NULL;
    if (!tag || end - tag > TAG_MOST)
        return SPAN(STAND_IN);
    return span_make(tag, (size_t)(end - tag));
}

static void ack_put(struct caller *c, size_t call, const char *answer, size_t n)
{
    const struct made_call *made = &c->load->calls->all[call];
    const struct span tag = tag_of(answer, n);
    char *ack = c->acks[c->n_acks];
    const size_t size = made->ack_head + tag.n + made->ack_tail;
    if (size > ACK_BYTES)
        return;
    memcpy(ack, made->p + made->invite, made->ack_head);
    memcpy(ack + made->ack_head, tag.p, tag.n);
    memcpy(ack + made->ack_head + tag.n, made->p + made->invite + made->ack_head, made->ack_tail);
    out_put(c, c->n_acks++, ack, size);
}

static bool is_right(const struct load *load, const char *answer, size_t n)
{
    const size_t first = strlen(load->first_line);
    return n >= first && memcmp(answer, load->first_line, first) == 0 &&
           memmem(answer + first, n - first, load->holds, strlen(load->holds));
}

static void take(struct caller *c, const char *answer, size_t n, mono_t at)
{
    struct load_result *r = c->result;
    const uint64_t number = call_number(answer, n);
    const size_t call = (size_t)(number - c->load->calls->first);
    if (number == UINT64_MAX || number < c->load->calls->first || call >= c->pace.sent ||
        (n > 8 && memcmp(answer, "SIP/2.0 1", 9) == 0)) /* 100 Trying is no answer yet */
        return;
    if (c->states[call] != CALL_SENT) {
        r->again += c->states[call] == CALL_ANSWERED;
        return;
    }
    const mono_t since = c->pace.interval > 0 ? pace_due(&c->pace, call) : c->sent_at[call];
    c->states[call] = CALL_ANSWERED;
    c->pace.answered++;
    r->answered++;
    r->right += is_right(c->load, answer, n);
    histogram_add(&r->latency, at - since, 1);
    ack_put(c, call, answer, n);
}

/* How many datagrams there were; -1: the socket is no good. */
static int receive(struct caller *c)
{
    const int n = recvmmsg(c->fd, c->in, LOAD_BATCH, MSG_DONTWAIT, NULL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    const mono_t at = now();
    c->answered = n ? at : c->answered;
    for (int i = 0; i < n; i++)
        take(c, c->answers[i], c->in[i].msg_len, at);
    return n;
}

/* ---- the loop ---- */

static void count_lost(struct caller *c, mono_t at)
{
    for (; c->oldest < c->pace.sent; c->oldest++) {
        if (c->states[c->oldest] == CALL_ANSWERED)
            continue;
        if (at - c->sent_at[c->oldest] < LOAD_PATIENCE)
            return;
        c->states[c->oldest] = CALL_LOST;
        c->pace.answered++; /* nobody waits for it any more */
        c->result->lost++;
    }
}

static void rest(const struct caller *c, mono_t at)
{
    if (!c->load->shares_cpu)
        return;
    struct pollfd wait = { .fd = c->fd, .events = POLLIN };
    mono_t most = LOOK_AROUND;
    if (c->pace.interval > 0 && c->pace.sent < c->pace.n && pace_due(&c->pace, c->pace.sent) - at < most)
        most = pace_due(&c->pace, c->pace.sent) - at;
    if (most > 0)
        ppoll(&wait, 1, &(struct timespec){ .tv_nsec = most }, NULL);
}

static bool place_all(struct caller *c)
{
    mono_t looked = c->pace.start;
    c->answered = looked;
    while (c->pace.answered < c->pace.n && !c->result->stopped) {
        const mono_t at = now();
        if (!send_owed(c, at))
            return false;
        const int got = receive(c);
        if (got < 0)
            return false;
        if (got == 0 && c->n_acks == 0 && owed_now(c, at) == 0)
            rest(c, at);
        if (at - looked < LOOK_AROUND)
            continue;
        looked = at;
        count_lost(c, at);
        if (at - c->answered > LOAD_GIVE_UP && c->result->lost) {
            errno = ETIMEDOUT;
            return false;
        }
        c->result->stopped = c->load->stop && c->load->stop(c->load->stop_arg);
    }
    c->result->wall = now() - c->pace.start;
    return c->n_acks == 0 || send_out(c, c->n_acks);
}

static int socket_open(const struct sockaddr_in *to)
{
    static const int room = 8 << 20;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool caller_open(struct caller *c, const struct load *load, struct load_result *ret)
{
    const size_t n = load->calls->n;
    c->load = load;
    c->result = ret;
    c->fd = socket_open(&load->to);
    c->states = calloc(n + 1, 1);
    c->sent_at = calloc(n + 1, sizeof *c->sent_at);
    c->pace = (struct pace){ .start = now(),
                             .interval = load->interval_ns,
                             .n = n,
                             .window = load->window ? load->window : LOAD_WINDOW };
    for (size_t i = 0; i < LOAD_BATCH; i++) {
        c->in_parts[i] = (struct iovec){ c->answers[i], ANSWER_BYTES };
        c->in[i].msg_hdr = (struct msghdr){ .msg_iov = &c->in_parts[i], .msg_iovlen = 1 };
    }
    return c->fd >= 0 && c->states && c->sent_at;
}

static void caller_close(struct caller *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->states);
    free(c->sent_at);
    free(c);
}

bool load_run(const struct load *load, struct load_result *ret)
{
    struct caller *c = calloc(1, sizeof *c);
    *ret = (struct load_result){ 0 };
    if (!c)
        return false;
    errno = 0;
    const bool good = caller_open(c, load, ret) && place_all(c);
    const int why = good ? 0 : errno;
    ret->sent = c->pace.sent;
    caller_close(c);
    errno = why;
    return good && ret->right == load->calls->n;
}

double load_cost(const struct load *load, pid_t pid, struct load_result *ret)
{
    const int64_t from = cpu_ns(pid);
    const bool clean = load_run(load, ret);
    if (clean)
        return (double)(cpu_ns(pid) - from) / (double)load->calls->n;
    if (!ret->stopped)
        fprintf(stderr, "%zu calls, %zu sent, %zu answered, %zu rightly, %zu lost%s%s\n", load->calls->n,
                ret->sent, ret->answered, ret->right, ret->lost, errno ? ": " : "",
                errno ? strerror(errno) : "");
    return -1;
}
