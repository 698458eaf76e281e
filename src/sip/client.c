/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of a transaction. What is asked is kept as text and read once; an answer counts when its top
 * Via carries our branch and its CSeq our number and method. The ACK of the last INVITE is kept, so that a final
 * answer that comes again is acknowledged again, whatever is asked meanwhile.
 */
#include "sip/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cidr.h"
#include "base/limits.h"
#include "base/random.h"
#include "sip/follow.h"
#include "sip/frame.h"

#define T1 MONO_MS(500)
#define T2 MONO_S(4)

/* A request in flight, or the one before. */
struct asked {
    char text[LIMIT_SIP_MESSAGE];
    size_t n;
    struct sip_message message; /* of text */
    struct span branch;
};

struct client {
    int fd;
    bool tcp, connected;
    struct tls_stream *tls; /* NULL: none */
    bool tls_waits;         /* during its handshake: for the other side */
    bool tls_half;          /* a record is half on its way */
    char local[64];
    struct asked asked;
    char ack[LIMIT_SIP_LINE];
    size_t n_ack;
    char acked_branch[128]; /* of the INVITE that `ack` belongs to */
    size_t n_acked_branch;

    enum client_state state;
    enum bf_err err;
    int sys_errno;
    bool provisional;
    mono_t deadline, resend_at, interval;

    char in[2 * LIMIT_SIP_MESSAGE]; /* TCP: what is held; UDP: one datagram */
    size_t n_in, from, taken;       /* taken: bytes of the answer shown, dropped at the next turn */
    struct sip_message answer;
    size_t n_out; /* TCP: bytes of asked.text that are sent */
};

char *client_word(char out[static CLIENT_WORD + 1])
{
    uint8_t bytes[CLIENT_WORD / 2];
    struct buf b = buf_on(out, CLIENT_WORD);
    random_bytes(bytes, sizeof bytes);
    buf_hex(&b, bytes, sizeof bytes);
    out[CLIENT_WORD] = '\0';
    return out;
}

static bool set_up(struct client *c, const struct client_options *o)
{
    struct sockaddr_storage local;
    socklen_t n = sizeof local;
    c->fd = socket(o->to->sa_family, (c->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0 || (o->from && bind(c->fd, o->from, o->from_n) != 0))
        return false;
    if (connect(c->fd, o->to, o->to_n) != 0 && errno != EINPROGRESS)
        return false;
    if (getsockname(c->fd, (struct sockaddr *)&local, &n) != 0)
        return false;
    addr_text((const struct sockaddr *)&local, c->local);
    return true;
}

enum bf_err client_open(const struct client_options *options, struct client **ret)
{
    struct client *c = calloc(1, sizeof *c);
    if (!c)
        return BF_ENOMEM;
    c->fd = -1;
    c->tcp = options->tcp || options->tls;
    c->connected = !c->tcp;
    if (!set_up(c, options)) {
        const int why = errno;
        client_close(c);
        errno = why;
        return BF_EIO;
    }
    if (options->tls) {
        const enum bf_err err = tls_stream_create(options->tls, c->fd, options->name, &c->tls);
        if (err) {
            client_close(c);
            return err;
        }
    }
    *ret = c;
    return BF_OK;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    tls_stream_destroy(c->tls);
    if (c->fd >= 0)
        close(c->fd);
    free(c);
}

const char *client_local(const struct client *c)
{
    return c->local;
}

const char *client_transport(const struct client *c)
{
    return c->tls ? "TLS" : c->tcp ? "TCP" : "UDP";
}

static enum client_state lose(struct client *c, enum bf_err err, int why)
{
    c->err = err;
    c->sys_errno = why;
    return c->state = CLIENT_LOST;
}

/* As send and recv do: how many, 0 for the end, -1 with errno. */
static ssize_t tls_result(struct client *c, enum tls_step step, size_t n)
{
    c->tls_waits = step == TLS_WANTS_READ;
    switch (step) {
    case TLS_DONE: return (ssize_t)n;
    case TLS_CLOSED: return 0;
    case TLS_WANTS_READ:
    case TLS_WANTS_WRITE: errno = EAGAIN; return -1;
    case TLS_BROKEN: break;
    }
    errno = EPROTO;
    return -1;
}

static ssize_t give(struct client *c, const char *p, size_t n)
{
    size_t sent = 0;
    if (!c->tls)
        return send(c->fd, p, n, MSG_NOSIGNAL);
    const enum tls_step step = tls_stream_write(c->tls, span_make(p, n), &sent);
    c->tls_half = step != TLS_DONE && tls_stream_shaken(c->tls);
    if (step == TLS_CLOSED) {
        errno = EPIPE;
        return -1;
    }
    return tls_result(c, step, sent);
}

static ssize_t take(struct client *c, char *out, size_t n)
{
    size_t got = 0;
    if (!c->tls)
        return recv(c->fd, out, n, 0);
    const enum tls_step step = tls_stream_read(c->tls, out, n, &got);
    return tls_result(c, step, got);
}

/* A datagram, or as much of the stream as the socket takes. false: the other side is gone. */
static bool send_bytes(struct client *c, const char *p, size_t n, size_t *sent)
{
    while (*sent < n) {
        const ssize_t got = give(c, p + *sent, n - *sent);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN || errno == ENOBUFS;
        *sent += (size_t)got;
    }
    return true;
}

/* ACK, CANCEL: small, and sent when nothing else is on its way. A datagram that is lost comes to be asked for again. */
static bool send_short(struct client *c, const char *p, size_t n)
{
    size_t sent = 0;
    return send_bytes(c, p, n, &sent) && (!c->tcp || sent == n);
}

enum bf_err client_begin(struct client *c, struct span request, mono_t now, mono_t deadline)
{
    struct sip_via via;
    struct asked *a = &c->asked;
    if (request.n > sizeof a->text)
        return BF_ELIMIT;
    if (c->tls_half || (c->tcp && c->n_out > 0 && c->n_out < a->n))
        return BF_EINVAL; /* half a request is on the stream: nothing can follow it */
    memmove(a->text, request.p, request.n);
    a->n = request.n;
    enum bf_err err = message_read(span_make(a->text, a->n), SIP_DATAGRAM, &a->message, NULL);
    if (err != BF_OK)
        return err;
    if (!a->message.is_request || message_missing(&a->message) ||
        message_top_via(&a->message, &via, NULL) != BF_OK || via.branch.n == 0)
        return BF_EFORM;
    a->branch = via.branch;
    c->state = CLIENT_WAITING;
    c->err = BF_OK;
    c->provisional = false;
    c->deadline = deadline;
    c->interval = T1;
    c->resend_at = now + T1;
    c->n_out = 0;
    if (c->connected && !send_bytes(c, a->text, a->n, &c->n_out)) {
        (void)lose(c, BF_EIO, errno);
        return BF_EIO;
    }
    return BF_OK;
}

/* The message that answers what is asked now. */
static bool is_ours(const struct client *c, const struct sip_message *m)
{
    struct sip_via via;
    return !m->is_request && message_top_via(m, &via, NULL) == BF_OK &&
           span_equal(via.branch, c->asked.branch) && m->cseq == c->asked.message.cseq &&
           span_equal(m->method_name, c->asked.message.method_name);
}

/* A final answer to the INVITE before, once more: its ACK was lost. */
static void acknowledge_again(struct client *c, const struct sip_message *m)
{
    struct sip_via via;
    const struct span branch = { c->acked_branch, c->n_acked_branch };
    if (c->n_ack && !m->is_request && m->status >= 200 && m->method == SIP_INVITE &&
        message_top_via(m, &via, NULL) == BF_OK && span_equal(via.branch, branch))
        (void)send_short(c, c->ack, c->n_ack);
}

static void acknowledge(struct client *c)
{
    char branch[7 + CLIENT_WORD + 1] = "z9hG4bK";
    struct buf out = BUF_ON(c->ack);
    const struct sip_message *request = &c->asked.message;
    client_word(branch + 7);
    const enum bf_err err = c->answer.status < 300
                                ? follow_dialog(&out, request, &c->answer, SIP_ACK, span_of(branch))
                                : follow_hop(&out, request, &c->answer, SIP_ACK);
    c->n_ack = err == BF_OK ? out.n : 0;
    c->n_acked_branch = c->asked.branch.n < sizeof c->acked_branch ? c->asked.branch.n : 0;
    memcpy(c->acked_branch, c->asked.branch.p, c->n_acked_branch);
    if (c->n_ack)
        (void)send_short(c, c->ack, c->n_ack);
}

/* c->answer was read: what does it mean? */
static enum client_state take_answer(struct client *c)
{
    if (!is_ours(c, &c->answer) || c->state == CLIENT_DONE) {
        acknowledge_again(c, &c->answer);
        return CLIENT_WAITING;
    }
    if (c->answer.status < 200) {
        c->provisional = true;
        if (c->asked.message.method != SIP_INVITE)
            c->interval = T2;
        return CLIENT_EARLY;
    }
    if (c->asked.message.method == SIP_INVITE)
        acknowledge(c);
    return c->state = CLIENT_DONE;
}

static void drop_taken(struct client *c)
{
    memmove(c->in, c->in + c->taken, c->n_in - c->taken);
    c->n_in -= c->taken;
    c->taken = 0;
}

/* One datagram. false: none is there, or the socket said why not. */
static bool read_datagram(struct client *c, enum client_state *ret)
{
    const ssize_t n = recv(c->fd, c->in, sizeof c->in, 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            *ret = lose(c, BF_EIO, errno);
        return false;
    }
    if (message_read(span_make(c->in, (size_t)n), SIP_DATAGRAM, &c->answer, NULL) == BF_OK)
        *ret = take_answer(c);
    return true;
}

/* What the stream holds, a message at a time. false: read on. */
static bool take_framed(struct client *c, enum client_state *ret)
{
    size_t n;
    const enum frame_kind kind = frame_next(span_make(c->in, c->n_in), &c->from, &n, NULL);
    if (kind == FRAME_MORE)
        return false;
    c->taken = n;
    if (kind == FRAME_BROKEN)
        *ret = lose(c, BF_EFORM, 0);
    else if (kind == FRAME_MESSAGE &&
             message_read(span_make(c->in, n), SIP_STREAM, &c->answer, NULL) == BF_OK)
        *ret = take_answer(c);
    return true;
}

static bool read_stream(struct client *c, enum client_state *ret)
{
    drop_taken(c);
    if (take_framed(c, ret))
        return true;
    const ssize_t n = take(c, c->in + c->n_in, sizeof c->in - c->n_in);
    if (n < 0 && errno == EINTR)
        return true;
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) {
        *ret = lose(c, BF_EIO, n < 0 ? errno : ECONNRESET);
        return false;
    }
    c->n_in += (size_t)n;
    return true;
}

/* The connection stands, or will not. */
static bool finish_connecting(struct client *c)
{
    struct pollfd p = { .fd = c->fd, .events = POLLOUT };
    int why = 0;
    socklen_t n = sizeof why;
    if (poll(&p, 1, 0) <= 0)
        return true;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &why, &n) != 0)
        why = errno;
    if (why) {
        errno = why;
        return false;
    }
    c->connected = true;
    return true;
}

/* Sends what is due: the rest of a stream's request, a datagram once more. */
static bool send_due(struct client *c, mono_t now)
{
    if (!c->connected && !finish_connecting(c))
        return false;
    if (!c->connected)
        return true;
    if (c->n_out < c->asked.n)
        return send_bytes(c, c->asked.text, c->asked.n, &c->n_out);
    const bool invite = c->asked.message.method == SIP_INVITE;
    if (c->tcp || now < c->resend_at || (invite && c->provisional))
        return true;
    c->interval = invite || 2 * c->interval < T2 ? 2 * c->interval : T2;
    c->resend_at = now + c->interval;
    c->n_out = 0;
    return send_bytes(c, c->asked.text, c->asked.n, &c->n_out);
}

enum client_state client_turn(struct client *c, mono_t now)
{
    enum client_state state = CLIENT_WAITING;
    if (c->state == CLIENT_LOST)
        return CLIENT_LOST;
    if (c->state == CLIENT_WAITING && !send_due(c, now))
        return lose(c, BF_EIO, errno);
    while (c->connected && state == CLIENT_WAITING &&
           (c->tcp ? read_stream(c, &state) : read_datagram(c, &state)))
        ;
    if (state == CLIENT_WAITING && c->state == CLIENT_WAITING && now >= c->deadline)
        return lose(c, BF_ETIME, 0);
    return state;
}

const struct sip_message *client_answer(const struct client *c)
{
    return &c->answer;
}

enum bf_err client_error(const struct client *c)
{
    return c->err;
}

int client_errno(const struct client *c)
{
    return c->sys_errno;
}

const char *client_why(const struct client *c)
{
    const char *why = c->tls ? tls_stream_why(c->tls) : "";
    return *why ? why : NULL;
}

int client_fd(const struct client *c)
{
    return c->fd;
}

short client_events(const struct client *c)
{
    const bool sending =
        !c->connected || (c->n_out < c->asked.n && !(c->tls && c->tls_waits && !tls_stream_shaken(c->tls)));
    return (short)(POLLIN | (sending ? POLLOUT : 0));
}

mono_t client_next(const struct client *c)
{
    const bool resending = !c->tcp && !(c->provisional && c->asked.message.method == SIP_INVITE);
    return resending && c->resend_at < c->deadline ? c->resend_at : c->deadline;
}

static mono_t mono_now(void)
{
    return clock_now(&clock_system).mono;
}

/* Until the socket or the clock has something to say. */
static void wait_for(const struct client *c)
{
    struct pollfd p = { .fd = c->fd, .events = client_events(c) };
    const mono_t left = client_next(c) - mono_now();
    (void)poll(&p, 1, left > 0 ? (int)(left / MONO_MS(1)) + 1 : 0);
}

/* Turns until a final answer, or none will come. */
static enum client_state finish(struct client *c, client_early *early, void *arg)
{
    for (;;) {
        const enum client_state state = client_turn(c, mono_now());
        if (state == CLIENT_DONE || state == CLIENT_LOST)
            return state;
        if (state == CLIENT_EARLY && early)
            early(arg, &c->answer);
        if (state == CLIENT_WAITING)
            wait_for(c);
    }
}

/* It rings and nobody waits any more: the INVITE is taken back, and its 487 is acknowledged if it comes soon. */
static void cancel(struct client *c)
{
    char text[4096];
    struct buf out = BUF_ON(text);
    if (follow_hop(&out, &c->asked.message, NULL, SIP_CANCEL) != BF_OK || !send_short(c, text, out.n))
        return;
    c->state = CLIENT_WAITING;
    c->deadline = mono_now() + T1;
    enum bf_err last = BF_ETIME;
    if (finish(c, NULL, NULL) == CLIENT_DONE && c->answer.status < 300)
        last = client_hang_up(c, 500); /* somebody answered at the last moment */
    (void)lose(c, last == BF_EIO ? BF_EIO : BF_ETIME, c->sys_errno);
}

enum bf_err client_ask(struct client *c, struct span request, int timeout_ms, client_early *early, void *arg,
                       const struct sip_message **ret)
{
    const mono_t now = mono_now();
    enum bf_err err = client_begin(c, request, now, now + MONO_MS(timeout_ms));
    if (err != BF_OK)
        return err;
    if (finish(c, early, arg) == CLIENT_DONE) {
        *ret = &c->answer;
        return BF_OK;
    }
    if (c->err == BF_ETIME && c->provisional && c->asked.message.method == SIP_INVITE)
        cancel(c);
    errno = c->sys_errno;
    return c->err;
}

enum bf_err client_hang_up(struct client *c, int timeout_ms)
{
    char branch[7 + CLIENT_WORD + 1] = "z9hG4bK", text[LIMIT_SIP_LINE];
    struct buf out = BUF_ON(text);
    const struct sip_message *answer;
    if (c->state != CLIENT_DONE || c->asked.message.method != SIP_INVITE || c->answer.status >= 300)
        return BF_EINVAL;
    client_word(branch + 7);
    enum bf_err err = follow_dialog(&out, &c->asked.message, &c->answer, SIP_BYE, span_of(branch));
    return err == BF_OK ? client_ask(c, buf_span(&out), timeout_ms, NULL, NULL, &answer) : err;
}
