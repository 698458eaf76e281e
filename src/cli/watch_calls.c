/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request that came by to its verdict.
 *
 * Each call is judged once: a request sent again, the same INVITE before and behind a proxy, an INVITE that comes again
 * because it was challenged, all are known by a hash of what makes them one call (enum watch_same).
 */
#include "cli/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cidr.h"

#define ROUNDS 4u /* as the verifier: missing, stale, and what a second look brings to light */

/* A call that lacks something. */
struct aside {
    struct aside *next;
    _Atomic unsigned pending; /* that the index has not told of yet */
    int wake;
    bool over; /* judged: it stays only until nobody tells of it any more */
    bool asked_again;
    unsigned rounds;
    mono_t deadline;
    struct capture_request request; /* its bytes are behind */
    struct instant at;
    char bytes[];
};

struct watch_calls {
    struct watch_calls_options o;
    struct watch_seen *seen;
    struct seat *seat; /* room to read a message in */
    struct hash_key key;
    struct aside *aside, **last; /* in the order they came */
    size_t n_aside, repeated;
    int wake;
};

enum bf_err watch_calls_create(const struct watch_calls_options *o, struct watch_calls **ret)
{
    struct watch_calls *c = calloc(1, sizeof *c);
    if (!c)
        return BF_ENOMEM;
    c->o = *o;
    c->last = &c->aside;
    c->key = hash_key_random();
    c->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    enum bf_err err = c->wake < 0 ? BF_EIO : watch_seen_create(&c->seen);
    if (err)
        watch_calls_destroy(c);
    else
        *ret = c;
    return err;
}

void watch_calls_destroy(struct watch_calls *c)
{
    if (!c)
        return;
    for (struct aside *a = c->aside, *next; a; a = next) {
        next = a->next;
        free(a);
    }
    watch_seen_destroy(c->seen);
    if (c->wake >= 0)
        close(c->wake);
    free(c);
}

/* ---- which call it is ---- */

static uint64_t address_hash(const struct watch_calls *c, const struct sockaddr_storage *addr)
{
    struct {
        uint8_t bytes[16];
        uint16_t port;
    } key = { .port = addr_port((const struct sockaddr *)addr) };
    addr_bytes((const struct sockaddr *)addr, key.bytes);
    return hash_bytes(c->key, span_make(&key, sizeof key));
}

/* Order counts, so that parts cannot stand for each other. */
static void mix(const struct watch_calls *c, uint64_t *hash, struct span part)
{
    const uint64_t both[] = { *hash, hash_bytes(c->key, part) };
    *hash = hash_bytes(c->key, span_make(both, sizeof both));
}

/* The token of an Identity value: what stands before its parameters. */
static struct span token_of(struct span identity)
{
    return span_trim(span_first(identity, span_find(identity, ';')));
}

static uint64_t hash_of(const struct watch_calls *c, const struct call *call, const struct capture_request *r)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < call->n_identities; i++)
        mix(c, &hash, token_of(call->identities[i]));
    if (c->o.same != WATCH_SAME_TOKEN || call->n_identities == 0) {
        mix(c, &hash, call->call_id);
        mix(c, &hash, call->from_tag);
    }
    if (c->o.same == WATCH_SAME_LEG) {
        const uint64_t ends[] = { address_hash(c, &r->from), address_hash(c, &r->to) };
        mix(c, &hash, span_make(ends, sizeof ends));
    }
    return hash;
}

/* ---- judging ---- */

/* What the one who sent it may say, as the server would let it (sip.peers). */
static void peer_of(const struct watch_calls *c, const struct capture_request *r, struct peer *ret)
{
    const uint64_t source = address_hash(c, &r->from);
    *ret = (struct peer){
        .addr = r->from, .source = source + !source, .says = PEER_IGNORE, .pai = !c->o.config
    };
    for (size_t i = 0; c->o.config && i < c->o.config->sip.n_peers; i++) {
        const struct config_peer *row = &c->o.config->sip.peers[i];
        if (!cidr_holds(&row->from, (const struct sockaddr *)&r->from))
            continue;
        ret->pai = row->pai;
        ret->priority = row->priority;
        ret->says = row->says == PEER_BELIEVE && !(r->reliable && row->private_link) ? PEER_SHOW : row->says;
        return;
    }
}

struct asking {
    struct watch_calls *c;
    const struct capture_request *request;
    struct instant at;
    bool late;
};

static enum bf_err heard(void *arg, const struct bf_verifier *v, struct seat *seat,
                         const struct verdict *verdict, const struct call *call)
{
    const struct asking *q = arg;
    const struct watch_heard h = { .verdict = verdict,
                                   .call = call,
                                   .message = seat->message,
                                   .request = q->request,
                                   .seat = seat,
                                   .at = q->at,
                                   .late = q->late };
    (void)v;
    q->c->o.heard(q->c->o.arg, &h);
    return BF_OK;
}

static void arrived(void *arg)
{
    struct aside *a = arg;
    const int wake = a->wake;
    const uint64_t one = 1;
    /* behind this it may be gone */
    if (atomic_fetch_sub(&a->pending, 1) == 1 && write(wake, &one, sizeof one) < 0)
        return; /* it is awake */
}

static enum bf_err read_call(struct watch_calls *c, struct seat *seat, const struct capture_request *r,
                             struct instant at, struct call *ret, struct fault *f)
{
    struct peer peer;
    enum bf_err err = message_read(r->bytes, SIP_BARE_LF, seat->message, f);
    if (!err)
        err = verifier_invite_check(seat->message, f);
    if (err)
        return err;
    peer_of(c, r, &peer);
    return call_of_sip(seat->message, verifier_rules(c->o.verifier), &peer, at, desk_sha256(seat->desk),
                       seat->arena, ret, f);
}

static void tell_refused(const struct watch_calls *c, const struct capture_request *r, enum bf_err err,
                         const struct fault *f)
{
    if (err != BF_EUNSUP) /* starts no call */
        c->o.refused(c->o.arg, r, f->what && f->what[0] ? f->what : bf_err_text(err));
}

static struct aside *put_aside(struct watch_calls *c, const struct capture_request *r, struct instant at)
{
    struct aside *a = malloc(sizeof *a + r->bytes.n);
    if (!a)
        return NULL;
    *a = (struct aside){ .wake = c->wake, .request = *r, .at = at };
    a->deadline = clock_now(&clock_system).mono + MONO_MS(c->o.budget_ms);
    memcpy(a->bytes, r->bytes.p, r->bytes.n);
    a->request.bytes = span_make(a->bytes, r->bytes.n);
    *c->last = a;
    c->last = &a->next;
    c->n_aside++;
    return a;
}

/* BF_EAGAIN: it stays aside. a NULL: it is judged now, whatever is lacking. */
static enum bf_err ask(struct watch_calls *c, struct seat *seat, const struct call *call, struct aside *a,
                       const struct capture_request *r, struct instant at, bool last)
{
    struct asking q = { c, r, at, a && last };
    _Atomic unsigned nobody = 0;
    struct verifier_try t = { .last = last || !a || c->o.budget_ms == 0,
                              .asked_again = a && a->asked_again,
                              .source = call->peer.source,
                              .pending = a ? &a->pending : &nobody,
                              .arrived = arrived,
                              .arg = a };
    const enum bf_err err = verifier_try(c->o.verifier, seat, call, &t, heard, &q);
    if (a)
        a->asked_again = t.asked_again;
    return err;
}

static struct instant instant_of(const struct capture_request *r)
{
    return (
        struct instant){ .utc = r->utc, .ms = r->us / 1000, .mono = MONO_S(r->utc) + (mono_t)r->us * 1000 };
}

/* Frees what is through. */
static void sweep(struct watch_calls *c)
{
    struct aside **at = &c->aside;
    while (*at) {
        struct aside *a = *at;
        if (!a->over || atomic_load(&a->pending)) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        c->n_aside--;
        free(a);
    }
    c->last = at;
}

/* The copy is made first, for whoever brings a certificate may be faster than we are. */
static void judge_new(struct watch_calls *c, struct seat *seat, const struct call *call,
                      const struct capture_request *r, struct instant at)
{
    struct aside *a = watch_calls_full(c) ? NULL : put_aside(c, r, at);
    if (ask(c, seat, call, a, r, at, !a) != BF_EAGAIN && a) {
        a->over = true;
        sweep(c);
    }
}

void watch_calls_take(struct watch_calls *c, const struct capture_request *r)
{
    struct seat *seat;
    struct call call = { 0 };
    struct fault f = { 0, "" };
    if (!span_starts(r->bytes, SPAN("INVITE ")))
        return;
    const enum bf_err got = verifier_sit(c->o.verifier, &seat);
    if (got) {
        c->o.refused(c->o.arg, r, bf_err_text(got));
        return;
    }
    const struct instant at = instant_of(r);
    const enum bf_err err = read_call(c, seat, r, at, &call, &f);
    if (err)
        tell_refused(c, r, err, &f);
    else if (watch_seen_new(c->seen, r->utc, hash_of(c, &call, r)))
        judge_new(c, seat, &call, r, at);
    else
        c->repeated++;
    verifier_leave(c->o.verifier, seat);
}

/* ---- those that waited ---- */

static void ask_again(struct watch_calls *c, struct aside *a, bool last)
{
    struct seat *seat;
    struct call call = { 0 };
    struct fault f = { 0, "" };
    if (verifier_sit(c->o.verifier, &seat))
        return;
    if (read_call(c, seat, &a->request, a->at, &call, &f) ||
        ask(c, seat, &call, a, &a->request, a->at, last || ++a->rounds >= ROUNDS) != BF_EAGAIN)
        a->over = true;
    verifier_leave(c->o.verifier, seat);
}

void watch_calls_turn(struct watch_calls *c, bool all)
{
    uint64_t news;
    const mono_t now = clock_now(&clock_system).mono;
    if (read(c->wake, &news, sizeof news) < 0)
        news = 0; /* there may be some out of time */
    for (struct aside *a = c->aside; a; a = a->next) {
        const bool late = all || now >= a->deadline;
        if (!a->over && (late || atomic_load(&a->pending) == 0))
            ask_again(c, a, late);
    }
    sweep(c);
}

bool watch_calls_full(const struct watch_calls *c)
{
    return c->n_aside >= WATCH_ASIDE;
}

size_t watch_calls_aside(const struct watch_calls *c)
{
    size_t n = 0;
    for (const struct aside *a = c->aside; a; a = a->next)
        n += !a->over;
    return n;
}

int watch_calls_fd(const struct watch_calls *c)
{
    return c->wake;
}

int watch_calls_patience(const struct watch_calls *c)
{
    mono_t first = INT64_MAX;
    for (const struct aside *a = c->aside; a; a = a->next)
        if (!a->over && a->deadline < first)
            first = a->deadline;
    if (first == INT64_MAX)
        return -1;
    const mono_t left = first - clock_now(&clock_system).mono;
    return left <= 0 ? 0 : (int)(left / 1000000) + 1;
}

size_t watch_calls_repeated(const struct watch_calls *c)
{
    return c->repeated;
}
