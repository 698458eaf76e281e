/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two buffers: callers append packets to one, under a lock that is held as long as a copy takes; the thread takes it away whole
 * and leaves the other in its place. What finds no room is dropped and counted: a collector is never worth a call.
 */
#include "record/hep.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define QUEUE_BYTES (4u << 20) /* each */
#define CORRELATION 256u       /* of a Call-ID, bytes that are sent */
#define RETRY_MS    1000
#define SEND_MS     1000

struct hep_sender {
    struct hep_options o;
    char *password;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct buf filling, sending;
    char *memory; /* of both, and of one packet's text */
    bool end;
    int fd;
    mono_t retry;             /* when a collector that was not there is tried again */
    bool told;                /* that it is not there */
    struct hep_counts counts; /* under the lock */
};

/* ---- the queue ---- */

static void count_dropped(struct hep_sender *s, uint64_t packets)
{
    pthread_mutex_lock(&s->lock);
    s->counts.dropped += packets;
    pthread_mutex_unlock(&s->lock);
}

static void put_packet(struct hep_sender *s, const struct hep_packet *p)
{
    pthread_mutex_lock(&s->lock);
    const size_t before = s->filling.n;
    if (hep_write(p, &s->filling) == BF_OK) {
        if (before == 0)
            pthread_cond_signal(&s->filled);
    } else {
        s->filling.n = before;
        s->filling.full = false;
        s->counts.dropped++;
    }
    pthread_mutex_unlock(&s->lock);
}

static bool message_may_go(const struct hep_sender *s, const struct hep_call *call)
{
    return call->message.n &&
           (s->o.messages == HEP_ALL || (s->o.messages == HEP_SHOWN && !call->record->masked));
}

void hep_sender_call(struct hep_sender *s, const struct hep_call *call)
{
    char text[32768];
    struct record shown = *call->record;
    struct hep_packet p = { .from = call->from,
                            .to = call->to,
                            .tcp = call->tcp,
                            .at = shown.at,
                            .agent = s->o.agent,
                            .key = span_of(s->password),
                            .correlation = span_first(shown.call_id, CORRELATION) };
    if (message_may_go(s, call)) {
        p.type = HEP_SIP;
        p.payload = call->message;
        put_packet(s, &p);
    }
    shown.message = shown.answer = SPAN_NONE;
    struct buf json = BUF_ON(text);
    if (record_json(&shown, &json) != BF_OK) { /* then the verdict without its reasons */
        shown.n_ballots = 0;
        json = BUF_ON(text);
        if (record_json(&shown, &json) != BF_OK) {
            count_dropped(s, 1);
            return;
        }
    }
    p.type = HEP_LOG;
    p.payload = buf_span(&json);
    put_packet(s, &p);
}

struct hep_counts hep_sender_counts(struct hep_sender *s)
{
    struct hep_counts c = { 0, 0 };
    if (!s)
        return c;
    pthread_mutex_lock(&s->lock);
    c = s->counts;
    pthread_mutex_unlock(&s->lock);
    return c;
}

/* ---- the thread ---- */

static bool writable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    return poll(&p, 1, SEND_MS) == 1;
}

static void hang_up(struct hep_sender *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static bool connected(int fd)
{
    int error = 0;
    socklen_t n = sizeof error;
    return writable(fd) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0;
}

static bool dial(struct hep_sender *s)
{
    const mono_t now = clock_now(&clock_system).mono;
    if (s->fd >= 0)
        return true;
    if (now < s->retry)
        return false;
    s->retry = now + MONO_MS(RETRY_MS);
    s->fd =
        socket(s->o.to.ss_family, (s->o.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return false;
    const int status = connect(s->fd, (const struct sockaddr *)&s->o.to, s->o.to_n);
    if (status == 0 || (errno == EINPROGRESS && connected(s->fd)))
        return true;
    hang_up(s);
    return false;
}

static size_t packet_bytes(const char *p)
{
    return (size_t)((unsigned char)p[4] << 8 | (unsigned char)p[5]);
}

/* One packet over either; a refusal that an earlier datagram brought back is none of this one's. */
static bool send_packet(struct hep_sender *s, const char *p, size_t n)
{
    while (n) {
        const ssize_t sent = send(s->fd, p, n, MSG_NOSIGNAL);
        if (sent > 0) {
            p += sent;
            n -= (size_t)sent;
        } else if (errno == EAGAIN) {
            if (!writable(s->fd))
                return false;
        } else if (errno != EINTR && !(errno == ECONNREFUSED && !s->o.tcp)) {
            return false;
        } else if (errno == ECONNREFUSED) {
            return send(s->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
        }
    }
    return true;
}

static void tell(struct hep_sender *s, bool there)
{
    if (s->o.tcp && s->told == there)
        log_put(s->o.log, LOG_WARN, "the HEP collector (hep.to) %s",
                there ? "takes packets again"
                      : "cannot be reached: what it should have had is dropped and counted");
    s->told = !there;
}

static void send_all(struct hep_sender *s)
{
    uint64_t sent = 0, dropped = 0;
    bool there = dial(s);
    for (size_t at = 0; at < s->sending.n;) {
        const size_t n = packet_bytes(s->sending.p + at);
        const bool went = there && send_packet(s, s->sending.p + at, n);
        if (!went && there && s->o.tcp) { /* half a packet may have gone: the stream is of no use any more */
            hang_up(s);
            there = false;
        }
        sent += went;
        dropped += !went;
        at += n;
    }
    tell(s, there);
    pthread_mutex_lock(&s->lock);
    s->counts.sent += sent;
    s->counts.dropped += dropped;
    pthread_mutex_unlock(&s->lock);
}

/* false: it is over, and there is nothing left. */
static bool take(struct hep_sender *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->filling.n == 0 && !s->end)
        pthread_cond_wait(&s->filled, &s->lock);
    const struct buf full = s->filling;
    s->filling = buf_on(s->sending.p, QUEUE_BYTES);
    s->sending = full;
    pthread_mutex_unlock(&s->lock);
    return full.n > 0;
}

static void *run(void *arg)
{
    struct hep_sender *s = arg;
    while (take(s))
        send_all(s);
    return NULL;
}

/* ---- the whole ---- */

enum bf_err hep_sender_create(const struct hep_options *o, struct hep_sender **ret)
{
    struct hep_sender *s = calloc(1, sizeof *s);
    if (!s)
        return BF_ENOMEM;
    s->o = *o;
    s->fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->filled, NULL);
    s->password = strdup(o->password ? o->password : "");
    s->memory = malloc(2u * QUEUE_BYTES);
    enum bf_err err = s->password && s->memory ? BF_OK : BF_ENOMEM;
    if (!err) {
        s->filling = buf_on(s->memory, QUEUE_BYTES);
        s->sending = buf_on(s->memory + QUEUE_BYTES, QUEUE_BYTES);
        err = pthread_create(&s->thread, NULL, run, s) == 0 ? BF_OK : BF_EIO;
    }
    if (err) {
        s->end = true;
        free(s->memory);
        free(s->password);
        free(s);
        return err;
    }
    *ret = s;
    return BF_OK;
}

void hep_sender_destroy(struct hep_sender *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->end = true;
    pthread_cond_signal(&s->filled);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    hang_up(s);
    pthread_cond_destroy(&s->filled);
    pthread_mutex_destroy(&s->lock);
    free(s->memory);
    free(s->password);
    free(s);
}
