/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP, and TLS on it: an acceptor deals connections, workers frame them.              RFC 3261 section 18, RFC 5626 section 3.5.1; SIP-021
 *
 * A connection belongs to one worker. Its messages are judged where they lie in its buffer, so that buffer neither moves nor
 * shrinks before the batch is over. What it may hold is bounded, and so is the time it may take over a message;
 * while its answers cannot leave, nothing more is read from it.
 */
#include "base/random.h"
#include "serve/proxy.h"
#include "tls/tls.h"
#include "sip/frame.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define READ_AT_LEAST 4096u
#define IN_MAX        (LIMIT_SIP_MESSAGE + READ_AT_LEAST)
#define OUT_MAX       (1u << 20)  /* answers that wait for a slow reader */
#define HELD_MAX      (64u << 20) /* bytes of all connections together */
#define MESSAGE_TIME  MONO_S(32)  /* a message must be whole by then (64 x T1) */
#define SHAKE_TIME    MONO_S(10)  /* a TLS handshake */
#define CONNECT_TIME  MONO_S(4)   /* until a connection of ours stands */
#define PING_AFTER    MONO_S(30)  /* without a byte on a connection of ours */
#define PONG_TIME     MONO_S(10)  /* RFC 5626 section 4.4.1 */
#define BACKLOG       512

struct pile {
    char *p;
    size_t n, size;
};

struct connection {
    struct inbox_item item;
    struct connection *before, *next, *next_touched;
    struct worker *worker;
    int fd; /* -1: closed */
    uint64_t number;
    enum listener_role role;
    struct sockaddr_storage peer;
    socklen_t peer_n;
    struct pile in, out;
    size_t eaten, looked;
    mono_t heard, began;    /* last byte; first byte of the message that is not whole yet */
    unsigned parked;        /* calls of it that wait: it is not forgotten before they are answered */
    bool secure;            /* TLS */
    struct tls_stream *tls; /* NULL: none, or not adopted yet */
    char tls_name[TLS_NAME + 1];
    size_t tls_name_n;
    bool shaken;                  /* the handshake is over */
    bool shaking_in, shaking_out; /* TLS goes on when bytes have come, or can leave */
    bool touched, blocked;
    bool closing;  /* nothing more is heard; closed once all is said */
    bool dead;     /* closed as soon as the batch is over */
    bool dialed;   /* ours, to a next hop or into a dialog */
    bool stood;    /* of those: something could be said */
    bool pongs;    /* and it answers pings */
    mono_t pinged; /* 0: no answer to one is due */
    char *wanted;  /* and of TLS: whom it must prove to be */
};

/* ---- memory ---- */

static bool pile_grow(struct server *s, struct pile *pile, size_t size)
{
    if (size <= pile->size)
        return true;
    const size_t more = size - pile->size;
    if (atomic_fetch_add(&s->held, more) + more <= HELD_MAX) {
        char *p = realloc(pile->p, size);
        if (p) {
            pile->p = p;
            pile->size = size;
            return true;
        }
    }
    atomic_fetch_sub(&s->held, more);
    return false;
}

static void pile_clear(struct server *s, struct pile *pile)
{
    free(pile->p);
    atomic_fetch_sub(&s->held, pile->size);
    *pile = (struct pile){ NULL, 0, 0 };
}

/* ---- a connection's life ---- */

static void watch(struct connection *c, int operation)
{
    const bool out = c->blocked || c->shaking_out;
    struct epoll_event e = { .events = out ? EPOLLOUT : c->closing ? 0 : EPOLLIN, .data.ptr = c };
    if (epoll_ctl(c->worker->epoll, operation, c->fd, &e) != 0)
        c->dead = true;
}

static void cut(struct worker *w, struct connection *c);

void connection_adopt(struct worker *w, struct inbox_item *item)
{
    struct connection *c = (struct connection *)item;
    c->worker = w;
    c->heard = w->now.mono;
    c->before = NULL;
    c->next = w->connections;
    if (c->next)
        c->next->before = c;
    w->connections = c;
    watch(c, EPOLL_CTL_ADD);
    if (!c->secure || c->dialed)
        return;
    c->began = w->now.mono;
    /* the snapshot has one: TLS listeners need a restart */
    if (!w->snapshot->tls || tls_stream_create(w->snapshot->tls, c->fd, NULL, &c->tls) != BF_OK)
        cut(w, c);
}

/* It did not let us in: not again before a while, and others are tried meanwhile. */
static void rest(struct worker *w, const struct connection *c)
{
    uint32_t chance;
    char text[64];
    const struct sockaddr *peer = (const struct sockaddr *)&c->peer;
    random_bytes(&chance, sizeof chance);
    reach_failed(&w->reach, peer, c->peer_n, w->now.mono, chance);
    log_put(w->log, LOG_INFO, "%s:%s lets nobody in: it rests before it is tried again",
            c->secure ? "tls" : "tcp", addr_text(peer, text));
}

/* The object stays until the turn is over and no parked call names it any more. */
static void close_connection(struct worker *w, struct connection *c)
{
    if (c->fd < 0)
        return;
    tls_stream_destroy(c->tls);
    c->tls = NULL;
    if (c->dialed && !c->stood)
        rest(w, c);
    free(c->wanted);
    c->wanted = NULL;
    close(c->fd);
    c->fd = -1;
    c->number = 0;
    pile_clear(w->server, &c->in);
    pile_clear(w->server, &c->out);
    atomic_fetch_sub(&w->server->connections, 1);
    if (c->dialed && w->proxy)
        proxy_connection_lost(w, (const struct sockaddr *)&c->peer);
    if (c->next)
        c->next->before = c->before;
    if (c->before)
        c->before->next = c->next;
    else
        w->connections = c->next;
    c->before = NULL;
    c->next = w->closed;
    w->closed = c;
}

static void touch(struct worker *w, struct connection *c)
{
    if (c->touched)
        return;
    c->touched = true;
    c->next_touched = w->touched;
    w->touched = c;
}

void connections_bury(struct worker *w)
{
    for (struct connection **at = &w->closed; *at;) {
        struct connection *c = *at;
        if (c->parked) {
            at = &c->next;
        } else {
            *at = c->next;
            free(c);
        }
    }
}

void connection_wait(struct worker *w, const struct origin *origin, int calls)
{
    if (origin->door != DOOR_TCP)
        return;
    origin->connection->parked += (unsigned)calls;
    if (calls < 0 && origin->connection->fd >= 0)
        touch(w, origin->connection); /* it may have stayed open for this one alone */
}

static void cut(struct worker *w, struct connection *c)
{
    if (!c->dead)
        count_add(&w->counts, COUNT_CONNECTIONS_CUT, 1);
    c->dead = true;
    touch(w, c);
}

/* ---- writing ---- */

static void say(struct worker *w, struct connection *c, struct span bytes)
{
    if (bytes.n == 0)
        return;
    if (c->out.n + bytes.n > OUT_MAX || !pile_grow(w->server, &c->out, c->out.n + bytes.n)) {
        cut(w, c);
        return;
    }
    memcpy(c->out.p + c->out.n, bytes.p, bytes.n);
    c->out.n += bytes.n;
    touch(w, c);
}

void connection_send(struct worker *w, const struct origin *origin, struct span bytes)
{
    struct connection *c = origin->connection;
    if (c->number == origin->connection_number && c->fd >= 0)
        say(w, c, bytes);
    else
        count_add(&w->counts, COUNT_SEND_FAILED, 1); /* whoever asked has hung up */
}

static bool begin_tls(struct worker *w, struct connection *c, const char *name)
{
    c->secure = true;
    c->began = w->now.mono;
    c->wanted = strdup(name);
    return c->wanted && w->snapshot->tls_out &&
           tls_stream_create(w->snapshot->tls_out, c->fd, name, &c->tls) == BF_OK;
}

/* Not connected yet: what is to be said waits, and is said or lost when the other side has answered. */
static struct connection *dial(struct worker *w, const struct connection_to *where)
{
    const struct sockaddr *to = where->addr;
    const socklen_t n = where->n;
    struct server *s = w->server;
    const int one = 1, fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct connection *c = fd >= 0 ? calloc(1, sizeof *c) : NULL;
    if (!c || n > sizeof c->peer || (connect(fd, to, n) != 0 && errno != EINPROGRESS)) {
        if (fd >= 0)
            close(fd);
        free(c);
        return NULL;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    atomic_fetch_add(&s->connections, 1);
    *c = (struct connection){
        .fd = fd, .peer_n = n, .number = atomic_fetch_add(&s->numbers, 1) + 1, .dialed = true
    };
    memcpy(&c->peer, to, n);
    connection_adopt(w, &c->item);
    if (where->tls && !begin_tls(w, c, where->tls))
        cut(w, c);
    return c;
}

/* Over TLS its certificate must speak for the name: one that was asked for another may not. */
static bool leads_to(const struct connection *c, const struct connection_to *to)
{
    if (c->dead || c->closing || c->secure != (to->tls != NULL) || c->peer_n != to->n ||
        memcmp(&c->peer, to->addr, to->n) != 0)
        return false;
    return !to->tls || (c->dialed ? c->wanted && strcmp(c->wanted, to->tls) == 0
                                  : c->shaken && tls_stream_is(c->tls, span_of(to->tls)));
}

static bool may_dial(const struct worker *w, const struct connection_to *to)
{
    return atomic_load(&w->server->connections) < w->server->max_connections &&
           !reach_rests(&w->reach, to->addr, to->n, w->now.mono);
}

bool connection_reach(struct worker *w, const struct connection_to *to, struct span bytes)
{
    struct connection *c = w->connections;
    while (c && !leads_to(c, to))
        c = c->next;
    if (!c && may_dial(w, to))
        c = dial(w, to);
    if (!c) {
        count_add(&w->counts, COUNT_SEND_FAILED, 1);
        return false;
    }
    if (!c->dead)
        say(w, c, bytes);
    return !c->dead;
}

/* As send and recv of a socket: how many bytes, 0 for an end, -1 with errno. */
static ssize_t tls_result(struct worker *w, struct connection *c, enum tls_step step, size_t n)
{
    errno = EAGAIN;
    c->shaking_in = false;
    if (!c->shaken && tls_stream_shaken(c->tls)) {
        const struct span name = tls_stream_peer(c->tls);
        memcpy(c->tls_name, name.p, name.n);
        c->tls_name_n = name.n;
        c->shaken = true;
        c->began = 0;
    }
    switch (step) {
    case TLS_DONE: return (ssize_t)n;
    case TLS_WANTS_READ: c->shaking_in = true; return -1;
    case TLS_WANTS_WRITE: c->shaking_out = true; return -1;
    case TLS_CLOSED: return 0;
    case TLS_BROKEN: break;
    }
    if (!c->shaken) {
        count_add(&w->counts, COUNT_TLS_FAILED, 1);
        if (c->dialed)
            log_put(w->log, LOG_WARN, "the next hop %s is not spoken to: %s", c->wanted,
                    tls_stream_why(c->tls));
        else
            log_put(w->log, LOG_DEBUG, "a TLS handshake failed: %s", tls_stream_why(c->tls));
    }
    c->dead = true;
    errno = EPIPE;
    return -1;
}

static ssize_t give(struct worker *w, struct connection *c, struct span bytes)
{
    size_t n = 0;
    if (!c->secure)
        return send(c->fd, bytes.p, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    const enum tls_step step = tls_stream_write(c->tls, bytes, &n);
    return tls_result(w, c, step, n);
}

static ssize_t take(struct worker *w, struct connection *c, char *out, size_t size)
{
    size_t n = 0;
    if (!c->secure)
        return recv(c->fd, out, size, MSG_DONTWAIT);
    const enum tls_step step = tls_stream_read(c->tls, out, size, &n);
    return tls_result(w, c, step, n);
}

static void write_out(struct worker *w, struct connection *c)
{
    while (c->out.n) {
        const ssize_t n = give(w, c, span_make(c->out.p, c->out.n));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n <= 0) {
            count_add(&w->counts, COUNT_SEND_FAILED, 1);
            c->dead = true;
            return;
        }
        if (c->dialed && !c->stood) {
            c->stood = true;
            reach_stood(&w->reach, (const struct sockaddr *)&c->peer, c->peer_n);
        }
        c->out.n -= (size_t)n;
        memmove(c->out.p, c->out.p + n, c->out.n);
    }
    if (c->out.n == 0)
        pile_clear(w->server, &c->out);
    const bool blocked = c->out.n > 0 && !c->shaking_in;
    if (c->blocked != blocked) {
        c->blocked = blocked;
        watch(c, EPOLL_CTL_MOD);
    }
}

static void give_back(struct worker *w, struct connection *c)
{
    if (c->eaten) {
        c->in.n -= c->eaten;
        memmove(c->in.p, c->in.p + c->eaten, c->in.n);
        c->eaten = 0;
    }
    if (c->in.n == 0)
        pile_clear(w->server, &c->in);
}

void connections_flush(struct worker *w)
{
    while (w->touched) {
        struct connection *c = w->touched;
        w->touched = c->next_touched;
        c->touched = false;
        if (c->fd < 0)
            continue;
        if (!c->dead)
            write_out(w, c);
        give_back(w, c);
        if (c->dead || (c->closing && c->out.n == 0 && c->parked == 0))
            close_connection(w, c);
    }
}

/* ---- reading ---- */

static void add_message(struct worker *w, struct connection *c, size_t n)
{
    const uint64_t number = c->number;
    struct lane *lane = worker_lane(w); /* may run the batch, which moves our bytes or closes us */
    if (c->number != number) {
        lane->state = LANE_DROP;
        lane->origin.door = DOOR_TCP;
        return;
    }
    lane->bytes = span_make(c->in.p + c->eaten, n);
    lane->arrival = w->now;
    /* No kernel stamps these: they have waited as long as the turn before lasted. */
    lane->shed = w->overloaded || w->took > w->snapshot->overload_age;
    lane->origin = (struct origin){ .door = DOOR_TCP,
                                    .role = c->role,
                                    .connection = c,
                                    .connection_number = number,
                                    .peer = c->peer,
                                    .peer_n = c->peer_n,
                                    .secure = c->secure,
                                    .tls_name = span_make(c->tls_name, c->tls_name_n) };
    c->eaten += n;
    touch(w, c);
}

static void eat(struct connection *c, size_t n)
{
    c->eaten += n;
    c->looked = 0;
}

static void stop_hearing(struct connection *c)
{
    c->closing = true;
    watch(c, EPOLL_CTL_MOD);
}

/* Every whole message among the bytes held. */
static void frame(struct worker *w, struct connection *c)
{
    struct fault fault;
    size_t n = 0;
    const uint64_t number = c->number;
    while (c->number == number && !c->closing && !c->dead) {
        const struct span held = span_make(c->in.p + c->eaten, c->in.n - c->eaten);
        switch (held.n ? frame_next(held, &c->looked, &n, &fault) : FRAME_MORE) {
        case FRAME_MORE:
            if (held.n == 0 ||
                held.p[0] == '\r') /* half a keepalive may stay half: some clients send one CRLF */
                c->began = 0;
            else if (!c->began)
                c->began = w->now.mono;
            return;
        case FRAME_MESSAGE:
            c->looked = 0;
            c->began = 0;
            add_message(w, c, n);
            break;
        case FRAME_PING:
            eat(c, n);
            say(w, c, SPAN("\r\n"));
            break;
        case FRAME_BLANK:
            c->pongs = true;
            eat(c, n);
            break;
        case FRAME_BROKEN: /* where the next message begins, nobody knows any more */
            count_add(&w->counts, COUNT_CONNECTIONS_CUT, 1);
            add_message(w, c,
                        n && n < LIMIT_SIP_MESSAGE   ? n
                        : held.n < LIMIT_SIP_MESSAGE ? held.n
                                                     : LIMIT_SIP_MESSAGE);
            if (c->number == number)
                stop_hearing(c);
            return;
        }
    }
}

static void read_in(struct worker *w, struct connection *c)
{
    size_t size = c->in.size;
    if (size - c->in.n < READ_AT_LEAST)
        size = size * 2 > READ_AT_LEAST ? size * 2 : READ_AT_LEAST;
    if (size > IN_MAX)
        size = IN_MAX;
    if (c->in.n >= IN_MAX || !pile_grow(w->server, &c->in, size)) {
        cut(w, c);
        return;
    }
    const ssize_t n = take(w, c, c->in.p + c->in.n, c->in.size - c->in.n);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        if (c->shaking_out)
            watch(c, EPOLL_CTL_MOD);
        if (c->out.n)
            touch(w, c); /* what waited for the handshake */
        return;
    }
    touch(w, c);
    if (n <= 0) {
        stop_hearing(c); /* what is still to be said may go out */
        return;
    }
    c->in.n += (size_t)n;
    c->heard = w->now.mono;
    c->pinged = 0;
    frame(w, c);
}

/* Of a record that OpenSSL has opened no poll tells: it is read to its end. Lanes that fill up run the batch. */
static void read_all(struct worker *w, struct connection *c)
{
    read_in(w, c);
    while (c->tls && !c->dead && !c->closing && tls_stream_pending(c->tls)) {
        if (c->touched)
            batch_run(w); /* its bytes stand in lanes: they must not move */
        if (c->fd >= 0 && c->tls)
            read_in(w, c);
    }
}

static void go_on_shaking(struct worker *w, struct connection *c)
{
    c->shaking_out = false;
    watch(c, EPOLL_CTL_MOD);
    read_all(w, c);
}

void connection_event(struct worker *w, struct connection *c, unsigned events)
{
    if (c->fd < 0)
        return;
    if (c->touched)
        batch_run(w); /* its bytes stand in lanes: they must not move */
    if (c->fd < 0)
        return;
    if (c->blocked && events & EPOLLOUT)
        touch(w, c);
    else if (c->shaking_out && events & EPOLLOUT)
        go_on_shaking(w, c);
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !c->blocked && !c->closing)
        read_all(w, c);
    else if (events & (EPOLLHUP | EPOLLERR))
        cut(w, c);
    if (w->n_lanes == 0)
        connections_flush(w);
}

/* A connection of ours is kept: RFC 5626 section 3.5.1. Only who has answered a ping before must go on to. */
static bool is_lost(struct worker *w, struct connection *c, mono_t now)
{
    if (!c->dialed)
        return false;
    if (!c->stood)
        return now - c->heard > CONNECT_TIME && !(c->tls && c->shaken);
    if (!c->pinged && now - c->heard > PING_AFTER) {
        c->pinged = now;
        say(w, c, SPAN("\r\n\r\n"));
    }
    return c->pinged && c->pongs && now - c->pinged > PONG_TIME;
}

void connections_sweep(struct worker *w)
{
    for (struct connection *c = w->connections, *next; c; c = next) {
        const mono_t now = w->now.mono;
        const bool shakes = c->tls && !c->shaken;
        next = c->next;
        if (shakes && now - c->began > SHAKE_TIME)
            count_add(&w->counts, COUNT_TLS_FAILED, 1);
        if (is_lost(w, c, now) || (shakes && now - c->began > SHAKE_TIME) ||
            now - c->heard > w->server->idle || (c->began && now - c->began > MESSAGE_TIME))
            cut(w, c);
    }
    if (w->n_lanes == 0)
        connections_flush(w);
}

void connections_close(struct worker *w)
{
    while (w->connections)
        close_connection(w, w->connections);
    w->touched = NULL;
}

void connections_free(struct worker *w)
{
    connections_close(w);
    for (struct connection *c = w->closed; c; c = c->next)
        c->parked = 0;
    connections_bury(w);
}

void connection_drop(struct inbox_item *item)
{
    struct connection *c = (struct connection *)item;
    close(c->fd);
    free(c);
}

/* ---- the acceptor ---- */

struct acceptor {
    struct server *server;
    pthread_t thread;
    bool started;
    int stop;
    unsigned slot;
    struct pollfd *fds; /* the listeners, then `stop` */
};

enum bf_err tcp_open(const struct sockaddr *addr, socklen_t n, int *ret, struct sockaddr_storage *ret_addr,
                     socklen_t *ret_n, char **ret_message)
{
    char text[64];
    const int one = 1, fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *ret_n = sizeof *ret_addr;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        (addr->sa_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) == 0) &&
        bind(fd, addr, n) == 0 && listen(fd, BACKLOG) == 0 &&
        getsockname(fd, (struct sockaddr *)ret_addr, ret_n) == 0) {
        *ret = fd;
        return BF_OK;
    }
    if (asprintf(ret_message, "tcp:%s cannot be opened: %s", addr_text(addr, text), strerror(errno)) < 0)
        *ret_message = NULL;
    if (fd >= 0)
        close(fd);
    return BF_EIO;
}

enum bf_err acceptor_create(struct server *server, struct acceptor **ret)
{
    auto_(acceptor_destroy) struct acceptor *a = calloc(1, sizeof *a);
    if (!a)
        return BF_ENOMEM;
    a->server = server;
    a->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    a->fds = calloc(server->n_listeners + 1, sizeof *a->fds);
    if (a->stop < 0 || !a->fds)
        return a->fds ? BF_EIO : BF_ENOMEM;
    for (size_t i = 0; i < server->n_listeners; i++)
        a->fds[i] = (struct pollfd){ .fd = server->listeners[i].fd, .events = POLLIN };
    a->fds[server->n_listeners] = (struct pollfd){ .fd = a->stop, .events = POLLIN };
    *ret = a, a = NULL;
    return BF_OK;
}

void acceptor_destroy(struct acceptor *a)
{
    if (!a)
        return;
    if (a->stop >= 0)
        close(a->stop);
    free(a->fds);
    free(a);
}

static bool is_welcome(struct acceptor *a, const struct sockaddr *addr)
{
    struct server *s = a->server;
    epoch_enter(s->epoch, a->slot);
    const bool client = snapshot_admits(atomic_load(&s->snapshot), addr);
    epoch_exit(s->epoch, a->slot);
    if (!client)
        count_add(&s->counts, COUNT_DROPPED_CLIENT, 1);
    return client;
}

static bool has_room(struct server *s)
{
    if (atomic_fetch_add(&s->connections, 1) < s->max_connections)
        return true;
    atomic_fetch_sub(&s->connections, 1);
    count_add(&s->counts, COUNT_CONNECTIONS_REFUSED, 1);
    return false;
}

static void deal(struct acceptor *a, int fd, const struct tcp_listener *listener,
                 const struct sockaddr_storage *peer, socklen_t n)
{
    struct server *s = a->server;
    const int one = 1;
    struct connection *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        atomic_fetch_sub(&s->connections, 1);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *c = (struct connection){ .item = { NULL, INBOX_CONNECTION },
                              .fd = fd,
                              .role = listener->role,
                              .secure = listener->secure,
                              .peer = *peer,
                              .peer_n = n,
                              .number = atomic_fetch_add(&s->numbers, 1) + 1 };
    count_add(&s->counts, COUNT_CONNECTIONS, 1);
    inbox_put(&server_next_worker(s)->inbox, &c->item);
}

static void accept_one(struct acceptor *a, const struct tcp_listener *listener)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof peer;
    const int fd = accept4(listener->fd, (struct sockaddr *)&peer, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            poll(&a->fds[a->server->n_listeners], 1, 100); /* until somebody hangs up */
        return;
    }
    if (is_welcome(a, (struct sockaddr *)&peer) && has_room(a->server))
        deal(a, fd, listener, &peer, n);
    else
        close(fd);
}

static void *accept_all(void *arg)
{
    struct acceptor *a = arg;
    const size_t n = a->server->n_listeners;
    pthread_setname_np(pthread_self(), "accept");
    for (;;) {
        if (poll(a->fds, n + 1, -1) < 0 && errno != EINTR)
            return NULL;
        if (a->fds[n].revents)
            return NULL;
        for (size_t i = 0; i < n; i++)
            if (a->fds[i].revents)
                accept_one(a, &a->server->listeners[i]);
    }
}

enum bf_err acceptor_start(struct acceptor *a)
{
    const enum bf_err err = epoch_join(a->server->epoch, &a->slot);
    if (err)
        return err;
    a->started = pthread_create(&a->thread, NULL, accept_all, a) == 0;
    if (!a->started)
        epoch_leave(a->server->epoch, a->slot);
    return a->started ? BF_OK : BF_EIO;
}

void acceptor_stop(struct acceptor *a)
{
    const uint64_t one = 1;
    if (!a || !a->started)
        return;
    if (write(a->stop, &one, sizeof one) == sizeof one)
        pthread_join(a->thread, NULL);
    a->started = false;
    epoch_leave(a->server->epoch, a->slot);
    for (size_t i = 0; i < a->server->n_listeners; i++) {
        close(a->server->listeners[i].fd);
        a->server->listeners[i].fd = -1;
    }
}
