/* SPDX-License-Identifier: Apache-2.0 */
#include "callback/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cidr.h"
#include "sip/frame.h"

#define OUT_MAX (2u * LIMIT_SIP_MESSAGE) /* bytes that may wait for a stream to take them */

struct wire {
    int fd;
    bool stream, connected, wants_write;
    struct tls_stream *tls;
    int gone; /* errno of a stream that took no more; 0: it lives */
    struct sockaddr_storage to, from;
    socklen_t to_n;
    char local[64], host[64];
    char in[2 * LIMIT_SIP_MESSAGE], out[OUT_MAX];
    size_t n_in, held_from, taken, n_out;
    struct sip_message message;
};

/* Which of our addresses the way there begins at. */
static bool find_local(const struct wire *w, struct sockaddr_storage *ret, socklen_t *ret_n)
{
    const int fd = socket(w->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    *ret_n = sizeof *ret;
    ret->ss_family = AF_UNSPEC;
    const bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)&w->to, w->to_n) == 0 &&
                    getsockname(fd, (struct sockaddr *)ret, ret_n) == 0;
    const int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    if (ok && ret->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)ret)->sin6_port = 0;
    else if (ok)
        ((struct sockaddr_in *)ret)->sin_port = 0;
    return ok;
}

static bool set_up(struct wire *w)
{
    struct sockaddr_storage local;
    socklen_t n;
    if (!find_local(w, &local, &n))
        return false;
    w->fd = socket(w->to.ss_family, (w->stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (w->fd < 0 || bind(w->fd, (const struct sockaddr *)&local, n) != 0)
        return false;
    if (w->stream && connect(w->fd, (const struct sockaddr *)&w->to, w->to_n) != 0 && errno != EINPROGRESS)
        return false;
    n = sizeof local;
    if (getsockname(w->fd, (struct sockaddr *)&local, &n) != 0)
        return false;
    addr_text((const struct sockaddr *)&local, w->local);
    addr_text((const struct sockaddr *)&local, w->host);
    *strrchr(w->host, ':') = '\0';
    return true;
}

enum bf_err wire_open(const struct callback_target *to, struct tls_context *tls, struct wire **ret)
{
    if (to->transport == CALLBACK_TLS && !tls)
        return BF_EINVAL;
    struct wire *w = calloc(1, sizeof *w);
    if (!w)
        return BF_ENOMEM;
    w->fd = -1;
    w->to = w->from = to->addr;
    w->to_n = to->n;
    w->stream = to->transport != CALLBACK_UDP;
    enum bf_err err = set_up(w) ? BF_OK : BF_EIO;
    const int why = errno;
    if (!err && to->transport == CALLBACK_TLS)
        err = tls_stream_create(tls, w->fd, to->name, &w->tls);
    if (err) {
        wire_close(w);
        errno = why;
        return err;
    }
    *ret = w;
    return BF_OK;
}

void wire_close(struct wire *w)
{
    if (!w)
        return;
    tls_stream_destroy(w->tls);
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}

const char *wire_local(const struct wire *w)
{
    return w->local;
}

const char *wire_host(const struct wire *w)
{
    return w->host;
}

const char *wire_transport(const struct wire *w)
{
    return w->tls ? "TLS" : w->stream ? "TCP" : "UDP";
}

bool wire_is_stream(const struct wire *w)
{
    return w->stream;
}

const char *wire_why(const struct wire *w)
{
    const char *why = w->tls ? tls_stream_why(w->tls) : "";
    return *why ? why : NULL;
}

int wire_fd(const struct wire *w)
{
    return w->fd;
}

short wire_events(const struct wire *w)
{
    const bool writes = w->stream && (w->tls ? w->wants_write || !w->connected : w->n_out || !w->connected);
    return (short)(POLLIN | (writes ? POLLOUT : 0));
}

/* ---- out ---- */

/* As recv and send do: how many, 0 for the end, -1 with errno. */
static ssize_t tls_result(struct wire *w, enum tls_step step, size_t n)
{
    w->wants_write = step == TLS_WANTS_WRITE;
    w->connected |= tls_stream_shaken(w->tls) || step == TLS_WANTS_READ;
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

static ssize_t give(struct wire *w)
{
    size_t n = 0;
    if (!w->tls)
        return send(w->fd, w->out, w->n_out, MSG_NOSIGNAL);
    const enum tls_step step = tls_stream_write(w->tls, span_make(w->out, w->n_out), &n);
    return tls_result(w, step, n);
}

/* What waits, as far as the socket takes it. false: the connection is gone. */
static bool flush(struct wire *w)
{
    while (w->n_out) {
        const ssize_t n = give(w);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return true;
        if (n <= 0) {
            w->gone = n < 0 ? errno : ECONNRESET;
            return false;
        }
        w->connected = true;
        w->n_out -= (size_t)n;
        memmove(w->out, w->out + n, w->n_out);
    }
    return true;
}

bool wire_send(struct wire *w, const struct sockaddr *to, struct span bytes)
{
    if (!w->stream) {
        const struct sockaddr *at =
            to && to->sa_family == w->to.ss_family ? to : (const struct sockaddr *)&w->to;
        (void)!sendto(w->fd, bytes.p, bytes.n, MSG_NOSIGNAL, at, w->to_n);
        return true;
    }
    if (w->gone || bytes.n > sizeof w->out - w->n_out)
        return false;
    memcpy(w->out + w->n_out, bytes.p, bytes.n);
    w->n_out += bytes.n;
    return flush(w);
}

/* ---- in ---- */

static enum wire_state next_datagram(struct wire *w)
{
    for (;;) {
        socklen_t n = sizeof w->from;
        const ssize_t got = recvfrom(w->fd, w->in, sizeof w->in, 0, (struct sockaddr *)&w->from, &n);
        if (got < 0 && (errno == EINTR || errno == ECONNREFUSED))
            continue;
        if (got < 0)
            return WIRE_NOTHING;
        if (message_read(span_make(w->in, (size_t)got), SIP_DATAGRAM, &w->message, NULL) == BF_OK)
            return WIRE_MESSAGE;
    }
}

static ssize_t take(struct wire *w)
{
    size_t n = 0;
    if (!w->tls)
        return recv(w->fd, w->in + w->n_in, sizeof w->in - w->n_in, 0);
    const enum tls_step step = tls_stream_read(w->tls, w->in + w->n_in, sizeof w->in - w->n_in, &n);
    return tls_result(w, step, n);
}

static void drop_taken(struct wire *w)
{
    memmove(w->in, w->in + w->taken, w->n_in - w->taken);
    w->n_in -= w->taken;
    w->taken = 0;
}

/* A whole message among what is held. */
static enum wire_state next_held(struct wire *w)
{
    for (;;) {
        size_t n;
        drop_taken(w);
        const enum frame_kind kind = frame_next(span_make(w->in, w->n_in), &w->held_from, &n, NULL);
        if (kind == FRAME_MORE)
            return WIRE_NOTHING;
        if (kind == FRAME_BROKEN)
            return WIRE_GONE;
        w->taken = n;
        if (kind == FRAME_PING)
            (void)wire_send(w, NULL, SPAN("\r\n"));
        if (kind == FRAME_MESSAGE &&
            message_read(span_make(w->in, n), SIP_STREAM, &w->message, NULL) == BF_OK)
            return WIRE_MESSAGE;
    }
}

static enum wire_state next_of_stream(struct wire *w)
{
    if (w->gone || !flush(w)) {
        errno = w->gone;
        return WIRE_GONE;
    }
    for (;;) {
        const enum wire_state held = next_held(w);
        if (held != WIRE_NOTHING)
            return held;
        const ssize_t n = take(w);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return WIRE_NOTHING;
        if (n <= 0) {
            errno = n < 0 ? errno : ECONNRESET;
            return WIRE_GONE;
        }
        w->n_in += (size_t)n;
    }
}

enum wire_state wire_next(struct wire *w, struct wire_heard *ret)
{
    const enum wire_state state = w->stream ? next_of_stream(w) : next_datagram(w);
    *ret = (struct wire_heard){ &w->message, &w->from };
    return state;
}
