/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/hops.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "sip/client.h"
#include "sip/uri.h"

#define PROBE_TIME MONO_S(1) /* an answer that takes longer is none */

struct hops {
    struct log *log;
    _Atomic uint32_t up; /* a bit a hop */
    _Atomic unsigned n;
    pthread_mutex_t lock; /* of the rest; workers never take it */
    char *uris[HOPS_MAX];
    unsigned misses[HOPS_MAX];
    int64_t probe_s;
    uint64_t list; /* which list it is: an answer to an earlier one means nothing */
    pthread_t thread;
    struct hop_target targets[HOPS_MAX];
    _Atomic uint64_t version; /* of the targets */
    bool look_up;             /* somebody asks for them */
    struct tls_context *tls;  /* owned; of probes */
    bool started;
    int stop;
};

enum bf_err hops_create(struct log *log, struct hops **ret)
{
    struct hops *h = calloc(1, sizeof *h);
    if (!h)
        return BF_ENOMEM;
    h->log = log;
    pthread_mutex_init(&h->lock, NULL);
    h->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (h->stop < 0) {
        hops_destroy(h);
        return BF_EIO;
    }
    *ret = h;
    return BF_OK;
}

static void clear(struct hops *h)
{
    for (size_t i = 0; i < HOPS_MAX; i++) {
        free(h->uris[i]);
        h->uris[i] = NULL;
        h->misses[i] = 0;
        h->targets[i].known = false;
    }
}

static bool find(const char *uri, bool names, struct hop_target *ret);

void hops_destroy(struct hops *h)
{
    if (!h)
        return;
    hops_stop(h);
    clear(h);
    tls_context_destroy(h->tls);
    if (h->stop >= 0)
        close(h->stop);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

enum bf_err hops_set(struct hops *h, const char *const *uris, size_t n, int64_t probe_s)
{
    enum bf_err err = BF_OK;
    pthread_mutex_lock(&h->lock);
    clear(h);
    if (n > HOPS_MAX)
        n = HOPS_MAX;
    for (size_t i = 0; i < n && !err; i++)
        if (!(h->uris[i] = strdup(uris[i])))
            err = BF_ENOMEM;
        else
            h->targets[i].known = find(uris[i], false, &h->targets[i]);
    h->probe_s = probe_s;
    h->list++;
    atomic_fetch_add(&h->version, 1);
    atomic_store(&h->up, (1u << HOPS_MAX) - 1);
    atomic_store(&h->n, (unsigned)n);
    pthread_mutex_unlock(&h->lock);
    return err;
}

unsigned hops_choose(const struct hops *h)
{
    const unsigned n = atomic_load_explicit(&h->n, memory_order_relaxed);
    const uint32_t up = atomic_load_explicit(&h->up, memory_order_relaxed) & ((1u << n) - 1);
    return up ? (unsigned)__builtin_ctz(up) : 0;
}

bool hops_up(const struct hops *h, unsigned index)
{
    return atomic_load(&h->up) >> index & 1;
}

unsigned hops_count(const struct hops *h)
{
    return atomic_load(&h->n);
}

static void heard(struct hops *h, unsigned index, bool answered)
{
    const uint32_t bit = 1u << index;
    h->misses[index] = answered ? 0 : h->misses[index] + 1;
    if (answered && !(atomic_fetch_or(&h->up, bit) & bit))
        log_put(h->log, LOG_WARN, "next hop %s answers again", h->uris[index]);
    else if (h->misses[index] == HOPS_MISSES && atomic_fetch_and(&h->up, ~bit) & bit)
        log_put(h->log, LOG_WARN, "next hop %s does not answer OPTIONS: calls go to the next in sip.next_hop",
                h->uris[index]);
}

void hops_heard(struct hops *h, unsigned index, bool answered)
{
    pthread_mutex_lock(&h->lock);
    if (index < atomic_load(&h->n) && h->uris[index])
        heard(h, index, answered);
    pthread_mutex_unlock(&h->lock);
}

/* ---- probing ---- */

/*
 * `sip:host:port;transport=tcp`: the first address that the resolver names. Only a thread that may wait asks for names.
 */
static bool find(const char *uri, bool names, struct hop_target *ret)
{
    struct sip_uri u;
    struct fault fault;
    struct addrinfo *found = NULL;
    const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
                                    .ai_flags = AI_NUMERICSERV | (names ? 0 : AI_NUMERICHOST) };
    char host[256], port[8];
    struct span transport = SPAN_NONE;
    if (uri_read(span_of(uri), &u, &fault) != BF_OK || u.host.n == 0 || u.host.n >= sizeof host)
        return false;
    const bool six = u.host.p[0] == '[', named = sip_param(u.params, SPAN("transport"), &transport);
    const bool tls = u.scheme == URI_SIPS || (named && span_equal_nocase(transport, SPAN("tls")));
    snprintf(host, sizeof host, "%.*s", (int)(u.host.n - (six ? 2 : 0)), u.host.p + (six ? 1 : 0));
    snprintf(port, sizeof port, "%u", u.port ? u.port : tls ? 5061u : 5060u);
    if (getaddrinfo(host, port, &hints, &found) != 0 || !found)
        return false;
    snprintf(ret->name, sizeof ret->name, "%.*s", SPAN_FMT(u.host));
    ret->n = found->ai_addrlen;
    memset(&ret->addr, 0, sizeof ret->addr);
    memcpy(&ret->addr, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    ret->transport = tls ? HOP_TLS : named && span_equal_nocase(transport, SPAN("tcp")) ? HOP_TCP : HOP_UDP;
    return true;
}

static bool write_options(struct client *c, const char *uri, struct buf *out)
{
    char branch[CLIENT_WORD + 1], tag[CLIENT_WORD + 1], id[CLIENT_WORD + 1];
    const char *local = client_local(c);
    buf_printf(out,
               "OPTIONS %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\n"
               "From: <sip:bonafide@%s>;tag=%s\r\nTo: <%s>\r\nCall-ID: %s@bonafide\r\nCSeq: 1 OPTIONS\r\n"
               "Contact: <sip:bonafide@%s>\r\nAccept: application/sdp\r\nContent-Length: 0\r\n\r\n",
               uri, client_transport(c), local, client_word(branch), local, client_word(tag), uri,
               client_word(id), local);
    return buf_ok(out);
}

/* Waits for the client or the end of the server. */
static bool wait_for(struct hops *h, struct client *c)
{
    struct pollfd fds[2] = { { .fd = client_fd(c), .events = client_events(c) },
                             { .fd = h->stop, .events = POLLIN } };
    const mono_t left = client_next(c) - clock_now(&clock_system).mono;
    poll(fds, 2, left <= 0 ? 0 : (int)(left / 1000000 + 1));
    return !fds[1].revents;
}

void hops_trust(struct hops *h, struct tls_context *context)
{
    pthread_mutex_lock(&h->lock);
    struct tls_context *old = h->tls;
    h->tls = context;
    pthread_mutex_unlock(&h->lock);
    tls_context_destroy(old);
}

/* Its stream holds on to the context. */
static enum bf_err open_client(struct hops *h, const struct hop_target *to, struct client **ret)
{
    struct client_options options = { .to = (const struct sockaddr *)&to->addr,
                                      .to_n = to->n,
                                      .tcp = to->transport == HOP_TCP,
                                      .name = to->name };
    pthread_mutex_lock(&h->lock);
    options.tls = to->transport == HOP_TLS ? h->tls : NULL;
    const enum bf_err err = to->transport == HOP_TLS && !h->tls ? BF_EINVAL : client_open(&options, ret);
    pthread_mutex_unlock(&h->lock);
    return err;
}

/* Any final answer but 503 and 408 says that somebody is there to take calls. */
static bool probe(struct hops *h, const char *uri)
{
    char memory[2048];
    struct buf b = BUF_ON(memory);
    struct hop_target to;
    auto_(client_close) struct client *c = NULL;
    const mono_t now = clock_now(&clock_system).mono;
    if (!find(uri, true, &to))
        return false;
    if (open_client(h, &to, &c) != BF_OK || !write_options(c, uri, &b) ||
        client_begin(c, buf_span(&b), now, now + PROBE_TIME) != BF_OK)
        return false;
    while (wait_for(h, c)) {
        const enum client_state state = client_turn(c, clock_now(&clock_system).mono);
        if (state == CLIENT_LOST)
            return false;
        if (state == CLIENT_DONE)
            return client_answer(c)->status != 503 && client_answer(c)->status != 408;
    }
    return false;
}

/* The hop's URI, to be freed; NULL: there is none of that number. */
static char *uri_of(struct hops *h, unsigned index, uint64_t *ret_list, int64_t *ret_probe_s)
{
    pthread_mutex_lock(&h->lock);
    *ret_list = h->list;
    *ret_probe_s = h->probe_s;
    char *uri = h->probe_s && atomic_load(&h->n) > 1 && index < atomic_load(&h->n) && h->uris[index]
                    ? strdup(h->uris[index])
                    : NULL;
    pthread_mutex_unlock(&h->lock);
    return uri;
}

static bool stopped_within(struct hops *h, int64_t seconds)
{
    struct pollfd fd = { .fd = h->stop, .events = POLLIN };
    return poll(&fd, 1, (int)(seconds * 1000)) > 0;
}

/* ---- where they are ---- */

void hops_look_up(struct hops *h)
{
    h->look_up = true;
}

uint64_t hops_version(const struct hops *h)
{
    return atomic_load_explicit(&h->version, memory_order_acquire);
}

size_t hops_targets(struct hops *h, struct hop_target out[HOPS_MAX])
{
    pthread_mutex_lock(&h->lock);
    memcpy(out, h->targets, sizeof h->targets);
    pthread_mutex_unlock(&h->lock);
    return atomic_load(&h->n);
}

static void found_target(struct hops *h, unsigned index, uint64_t list, const struct hop_target *target)
{
    pthread_mutex_lock(&h->lock);
    struct hop_target *mine = &h->targets[index];
    if (h->list == list &&
        !(mine->known && mine->n == target->n && memcmp(&mine->addr, &target->addr, target->n) == 0)) {
        *mine = *target;
        mine->known = true;
        atomic_fetch_add(&h->version, 1);
    }
    pthread_mutex_unlock(&h->lock);
}

/* One that cannot be found any more stays where it was. */
static void look_up_all(struct hops *h)
{
    for (unsigned i = 0; h->look_up && i < HOPS_MAX; i++) {
        struct hop_target target = { .known = false };
        pthread_mutex_lock(&h->lock);
        char *uri = i < atomic_load(&h->n) && h->uris[i] ? strdup(h->uris[i]) : NULL;
        const uint64_t list = h->list;
        pthread_mutex_unlock(&h->lock);
        if (uri && find(uri, true, &target))
            found_target(h, i, list, &target);
        free(uri);
    }
}

static uint64_t list_of(struct hops *h)
{
    pthread_mutex_lock(&h->lock);
    const uint64_t list = h->list;
    pthread_mutex_unlock(&h->lock);
    return list;
}

static void *probe_all(void *arg)
{
    struct hops *h = arg;
    int64_t probe_s = 1, looked = 0;
    uint64_t heard_of = 0;
    pthread_setname_np(pthread_self(), "probe");
    do {
        uint64_t list, now_list;
        int64_t now_s;
        char *uri;
        const int64_t now = clock_now(&clock_system).mono / MONO_S(1);
        if (now - looked >= HOPS_LOOK_UP || list_of(h) != heard_of) {
            heard_of = list_of(h);
            look_up_all(h);
            looked = now;
        }
        for (unsigned i = 0; (uri = uri_of(h, i, &list, &probe_s)) != NULL; i++) {
            const bool answered = probe(h, uri);
            free(uri);
            if (stopped_within(h, 0))
                return NULL;
            free(uri_of(h, i, &now_list, &now_s));
            if (list == now_list)
                hops_heard(h, i, answered);
        }
    } while (!stopped_within(h, probe_s ? probe_s : 1));
    return NULL;
}

enum bf_err hops_start(struct hops *h)
{
    h->started = pthread_create(&h->thread, NULL, probe_all, h) == 0;
    return h->started ? BF_OK : BF_EIO;
}

void hops_stop(struct hops *h)
{
    const uint64_t one = 1;
    if (!h->started)
        return;
    if (write(h->stop, &one, sizeof one) == sizeof one)
        pthread_join(h->thread, NULL);
    h->started = false;
}
