/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wiring behind the library: one set of anchors, one index of signers, one memory of tokens, and seats.
 *
 * A seat holds what belongs to a thread elsewhere (desk, arena, a place in the epoch); here it is lent from call to call,
 * under a mutex, so that a program may verify from any thread it likes.
 *
 * A call that waits for a certificate leaves the epoch, waits for the index to say "done" or for its budget to end,
 * and is judged again with the same arrival. The index may say "done" after the call gave up: the object it is told
 * through is counted, and the last one out frees it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "front/verifier.h"

#define SEATS       (EPOCH_READERS - 8u) /* the rest of the epoch's readers: the threads of the index */
#define ARENA_BLOCK ((size_t)64 << 10)
#define ARENA_MAX   ((size_t)4 << 20)
#define ROUNDS      4u /* missing, stale, and what a second look brings to light */

struct bf_verifier {
    struct es256_pool *pool;
    struct epoch *epoch;
    struct fetch *fetch;
    struct signers *signers;
    struct signer *given;
    struct replay *replay;
    struct judge judge;
    struct call_rules rules;
    unsigned budget_ms;
    bool ignore_pai, color;
    mono_t mono_shift; /* monotonic clock -> nanoseconds of UTC, as they stood at the start */

    pthread_mutex_t lock;
    pthread_cond_t seat_free;
    struct seat *free;
    unsigned seats;
};

/* ---- making one ---- */

static char *sentence(const char *format, ...) printf_(1, 2);
static char *sentence(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return text;
}

static enum bf_err file_read(const char *path, size_t max, char **ret, size_t *ret_n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return BF_EIO;
    char *bytes = malloc(max + 1);
    size_t n = 0;
    ssize_t got = bytes ? 1 : -1;
    while (bytes && n <= max && (got = read(fd, bytes + n, max + 1 - n)) > 0)
        n += (size_t)got;
    int saved = errno;
    close(fd);
    errno = saved;
    if (got < 0 || n > max) {
        free(bytes);
        return !bytes ? BF_ENOMEM : got < 0 ? BF_EIO : BF_ELIMIT;
    }
    *ret = bytes;
    *ret_n = n;
    return BF_OK;
}

/* --cert: this chain, whatever x5u says. It is built against the anchors like any other. */
static enum bf_err given_load(struct bf_verifier *v, const char *path, char **ret_message)
{
    char *pem = NULL;
    size_t n = 0;
    enum bf_err err = file_read(path, LIMIT_CHAIN_BYTES, &pem, &n);
    if (err) {
        *ret_message = sentence("%s: %s", path, err == BF_EIO ? strerror(errno) : bf_err_text(err));
        return err;
    }
    err = signer_build(signers_trust(v->signers), SPAN(""), span_make(pem, n), 0, &v->given);
    free(pem);
    if (err)
        return err;
    if (v->given->fitness == SIGNER_UNPARSED) {
        *ret_message = sentence("%s: %s", path, v->given->why);
        return BF_EFORM;
    }
    v->judge.given = v->given;
    return BF_OK;
}

static enum bf_err signers_start(struct bf_verifier *v, const struct verifier_options *o, struct trust *trust)
{
    enum bf_err err = BF_OK;
    if (!o->offline)
        err = fetch_create(&(struct fetch_options){ .lab = o->judge.lab_urls,
                                                    .total_ms = o->fetch_ms ? o->fetch_ms : o->budget_ms,
                                                    .proxy = o->proxy,
                                                    .ca_file = o->ca_file },
                           &v->fetch);
    if (!err)
        err = signers_create(&(struct signers_options){ .fetch = v->fetch,
                                                        .certs_dir = o->certs,
                                                        .cache_dir = o->cache,
                                                        .trust = trust,
                                                        .epoch = v->epoch,
                                                        .clock = &clock_system,
                                                        .lab = o->judge.lab_urls },
                             &v->signers);
    if (err)
        trust_destroy(trust);
    return err;
}

static enum bf_err pool_start(struct bf_verifier *v, const struct verifier_options *o, char **ret_message)
{
    const enum bf_err err = es256_pool_create(&(struct es256_pool_options){ .engine = o->engine,
                                                                            .tables_bytes = o->tables_bytes,
                                                                            .audit = ES256_AUDIT },
                                              &v->pool);
    if (err == BF_EUNSUP)
        *ret_message = sentence("the engine `lanes` cannot run here: %s", es256_unsupported());
    return err;
}

static enum bf_err directory_check(const char *path, char **ret_message)
{
    struct stat s;
    if (!path || (stat(path, &s) == 0 && S_ISDIR(s.st_mode)))
        return BF_OK;
    *ret_message =
        sentence("%s: %s", path, errno == ENOENT ? "there is no such directory" : "this is no directory");
    return BF_EIO;
}

static enum bf_err verifier_fill(struct bf_verifier *v, const struct verifier_options *o, char **ret_message)
{
    struct trust *trust = NULL;
    enum bf_err err = directory_check(o->certs, ret_message);
    if (!err)
        err = pool_start(v, o, ret_message);
    if (!err)
        err = epoch_create(&v->epoch);
    if (!err)
        err = trust_create(o->domains, o->n_domains, 1, clock_now(&clock_system).utc, &trust, ret_message);
    if (!err)
        err = signers_start(v, o, trust);
    if (!err && o->replay_entries)
        err = replay_create(o->replay_entries, MONO_S(2 * o->judge.freshness_s + 10), &v->replay);
    v->judge.options = o->judge;
    v->judge.signers = v->signers;
    v->judge.replay = v->replay;
    v->judge.people = o->people;
    if (!err && o->cert)
        err = given_load(v, o->cert, ret_message);
    return err;
}

enum bf_err verifier_create(const struct verifier_options *o, struct bf_verifier **ret, char **ret_message)
{
    struct bf_verifier *v = calloc(1, sizeof *v);
    if (!v)
        return BF_ENOMEM;
    struct instant now = clock_now(&clock_system);
    v->mono_shift = MONO_S(now.utc) + MONO_MS(now.ms) - now.mono;
    v->rules = o->rules;
    v->budget_ms = o->budget_ms;
    v->ignore_pai = o->ignore_pai;
    v->color = o->color;
    pthread_mutex_init(&v->lock, NULL);
    pthread_cond_init(&v->seat_free, NULL);

    char *message = NULL;
    enum bf_err err = verifier_fill(v, o, &message);
    if (err) {
        bf_verifier_destroy(v);
        if (ret_message)
            *ret_message = message ? message : sentence("%s", bf_err_text(err));
        else
            free(message);
        return err;
    }
    *ret = v;
    return BF_OK;
}

static void seat_destroy(struct bf_verifier *v, struct seat *seat)
{
    if (seat->epoch_slot != UINT32_MAX)
        epoch_leave(v->epoch, seat->epoch_slot);
    desk_destroy(seat->desk);
    arena_destroy(seat->arena);
    free(seat->message);
    free(seat->text);
    free(seat);
}

void bf_verifier_destroy(struct bf_verifier *v)
{
    if (!v)
        return;
    for (struct seat *s = v->free, *next; s; s = next) {
        next = s->next;
        seat_destroy(v, s);
    }
    es256_pool_destroy(v->pool);
    signers_destroy(
        v->signers); /* it asks the fetcher until it ends; answers that come later find its mailbox closed */
    fetch_destroy(v->fetch);
    signer_destroy(v->given);
    replay_destroy(v->replay);
    epoch_destroy(v->epoch);
    pthread_cond_destroy(&v->seat_free);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

const struct call_rules *verifier_rules(const struct bf_verifier *v)
{
    return &v->rules;
}

bool verifier_ignores_pai(const struct bf_verifier *v)
{
    return v->ignore_pai;
}

bool verifier_colors(const struct bf_verifier *v)
{
    return v->color;
}

/* ---- seats ---- */

static enum bf_err seat_create(struct bf_verifier *v, struct seat **ret)
{
    struct seat *s = calloc(1, sizeof *s);
    if (!s)
        return BF_ENOMEM;
    s->epoch_slot = UINT32_MAX;
    enum bf_err err = desk_create(v->pool, &s->desk);
    if (!err)
        err = arena_create(ARENA_BLOCK, ARENA_MAX, &s->arena);
    if (!err && (!(s->message = calloc(1, sizeof *s->message)) || !(s->text = malloc(SEAT_TEXT))))
        err = BF_ENOMEM;
    unsigned slot;
    if (!err && !(err = epoch_join(v->epoch, &slot)))
        s->epoch_slot = slot;
    if (err)
        seat_destroy(v, s);
    else
        *ret = s;
    return err;
}

enum bf_err verifier_sit(struct bf_verifier *v, struct seat **ret)
{
    pthread_mutex_lock(&v->lock);
    while (!v->free && v->seats == SEATS)
        pthread_cond_wait(&v->seat_free, &v->lock);
    struct seat *s = v->free;
    if (s)
        v->free = s->next;
    else
        v->seats++;
    pthread_mutex_unlock(&v->lock);
    if (s) {
        arena_reset(s->arena);
        *ret = s;
        return BF_OK;
    }
    enum bf_err err = seat_create(v, ret);
    if (err) {
        pthread_mutex_lock(&v->lock);
        v->seats--;
        pthread_cond_signal(&v->seat_free);
        pthread_mutex_unlock(&v->lock);
    }
    return err;
}

void verifier_leave(struct bf_verifier *v, struct seat *seat)
{
    pthread_mutex_lock(&v->lock);
    seat->next = v->free;
    v->free = seat;
    pthread_cond_signal(&v->seat_free);
    pthread_mutex_unlock(&v->lock);
}

/* ---- waiting for certificates ---- */

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t done;
    size_t open; /* answers on their way */
    size_t refs; /* whoever may still look here */
};

static struct waiting *waiting_create(size_t open)
{
    struct waiting *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->done, &attr);
    pthread_condattr_destroy(&attr);
    w->open = open;
    w->refs = open + 1;
    return w;
}

/* Unlocks. */
static void waiting_drop(struct waiting *w)
{
    bool last = --w->refs == 0;
    pthread_mutex_unlock(&w->lock);
    if (!last)
        return;
    pthread_cond_destroy(&w->done);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void waiting_done(void *arg)
{
    struct waiting *w = arg;
    pthread_mutex_lock(&w->lock);
    if (--w->open == 0)
        pthread_cond_signal(&w->done);
    waiting_drop(w);
}

static void wait_for_wants(struct bf_verifier *v, const struct hearing *h, mono_t deadline)
{
    struct waiting *w = waiting_create(h->n_wants);
    if (!w)
        return;
    for (size_t i = 0; i < h->n_wants; i++)
        if (signers_want(v->signers, h->wants[i].x5u, 0, h->wants[i].stale, waiting_done, w))
            waiting_done(w);

    struct timespec until = { .tv_sec = deadline / MONO_S(1), .tv_nsec = deadline % MONO_S(1) };
    pthread_mutex_lock(&w->lock);
    while (w->open && pthread_cond_timedwait(&w->done, &w->lock, &until) != ETIMEDOUT)
        ;
    waiting_drop(w);
}

struct instant verifier_arrival(const struct bf_verifier *v, utc_t at)
{
    struct instant now = clock_now(&clock_system);
    if (!at)
        return (struct instant){ .utc = now.utc, .ms = now.ms, .mono = now.mono + v->mono_shift };
    return (struct instant){ .utc = at, .mono = MONO_S(at) };
}

enum bf_err verifier_hear(struct bf_verifier *v, struct seat *seat, const struct call *call,
                          verifier_heard *heard, void *arg)
{
    struct hearing h = { .judge = &v->judge, .call = call, .arena = seat->arena, .desk = seat->desk };
    mono_t deadline = clock_now(&clock_system).mono + MONO_MS(v->budget_ms);

    for (unsigned round = 1;; round++) {
        h.last = round == ROUNDS || clock_now(&clock_system).mono >= deadline;
        epoch_enter(v->epoch, seat->epoch_slot);
        judge_many(&v->judge, seat->desk, (struct hearing *const[]){ &h }, 1);
        if (h.state == HEARING_JUDGED || h.last) {
            enum bf_err err = h.state == HEARING_JUDGED ? heard(arg, v, seat, &h.verdict, call) : BF_EINVAL;
            epoch_exit(v->epoch, seat->epoch_slot);
            return err;
        }
        epoch_exit(v->epoch, seat->epoch_slot);
        wait_for_wants(v, &h, deadline);
        for (size_t i = 0; i < h.n_wants; i++)
            h.asked_again |= h.wants[i].stale;
    }
}

enum bf_err verifier_try(struct bf_verifier *v, struct seat *seat, const struct call *call,
                         struct verifier_try *t, verifier_heard *heard, void *arg)
{
    struct hearing h = { .judge = &v->judge,
                         .call = call,
                         .arena = seat->arena,
                         .desk = seat->desk,
                         .last = t->last,
                         .asked_again = t->asked_again };
    epoch_enter(v->epoch, seat->epoch_slot);
    judge_many(&v->judge, seat->desk, (struct hearing *const[]){ &h }, 1);
    const bool judged = h.state == HEARING_JUDGED;
    const enum bf_err err = judged ? heard(arg, v, seat, &h.verdict, call) : t->last ? BF_EINVAL : BF_EAGAIN;
    epoch_exit(v->epoch, seat->epoch_slot);
    if (err != BF_EAGAIN || judged)
        return err;
    atomic_fetch_add(t->pending, (unsigned)h.n_wants);
    for (size_t i = 0; i < h.n_wants; i++) {
        t->asked_again |= h.wants[i].stale;
        if (signers_want(v->signers, h.wants[i].x5u, t->source, h.wants[i].stale, t->arrived, t->arg))
            t->arrived(t->arg);
    }
    return BF_EAGAIN;
}
