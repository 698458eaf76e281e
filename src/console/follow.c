/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread follows the records for everybody who looks: what comes in goes out as an event to all browsers, and a few
 * bytes of every call stay here, so that the overview and the signers seen are sums over memory, never a scan of the store.
 */
#include <stdio.h>
#include <stdlib.h>

#include "console/follower.h"
#include "people/expected.h"

#define POLL_MS  200
#define AT_ONCE  5000u
#define BRIEFS   1000000u /* calls that the overview knows; then the older half goes */
#define PATIENCE 100u     /* milliseconds for the book: what is told late is told with the next look */
#define DAY      86400

/* ---- telling ---- */

char *event_text(const char *kind, const json_t *value, size_t *ret_n)
{
    const char *id = strcmp(kind, "call") == 0 ? json_text(value, "id") : "";
    char *json = json_dumps(value, JSON_COMPACT), *text = NULL;
    const int n = json ? asprintf(&text, "%s%s%sevent: %s\ndata: %s\n\n", *id ? "id: " : "", id,
                                  *id ? "\n" : "", kind, json)
                       : -1;
    free(json);
    *ret_n = n > 0 ? (size_t)n : 0;
    return n > 0 ? text : NULL;
}

void follower_tell(struct follower *f, const char *kind, json_t *value)
{
    struct event e = { 0 };
    e.plain = event_text(kind, value, &e.n);
    json_t *copy = json_deep_copy(value);
    mask(copy);
    e.masked = event_text(kind, copy, &e.n_masked);
    json_decref(copy);
    json_decref(value);
    pthread_mutex_lock(&f->lock);
    struct event *place = &f->events[f->end % EVENTS];
    free(place->plain);
    free(place->masked);
    *place = e;
    f->end++;
    pthread_cond_broadcast(&f->news);
    pthread_mutex_unlock(&f->lock);
}

void follower_renew(struct follower *f)
{
    pthread_mutex_lock(&f->lock);
    f->sessions++;
    pthread_cond_broadcast(&f->news);
    pthread_mutex_unlock(&f->lock);
}

void follower_forget(struct follower *f)
{
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < EVENTS; i++) {
        free(f->events[i].plain);
        free(f->events[i].masked);
        f->events[i] = (struct event){ 0 };
    }
    pthread_mutex_unlock(&f->lock);
}

/* ---- following ---- */

static void copy_text(char *out, size_t size, struct span s)
{
    snprintf(out, size, "%.*s", s.n < size ? (int)s.n : (int)size - 1, s.p ? s.p : "");
}

/* The number of a signer, from 1; 0: none, or too many different ones. */
static uint16_t signer_of(struct follower *f, const struct record *r)
{
    struct signer_seen s = { 0 };
    if (!r->subject.n)
        return 0;
    copy_text(s.spc, sizeof s.spc, r->spc);
    copy_text(s.subject, sizeof s.subject, r->subject);
    copy_text(s.issuer, sizeof s.issuer, r->issuer);
    copy_text(s.domain, sizeof s.domain, r->trust_domain);
    for (unsigned i = f->n_signers; i-- > 0;)
        if (strcmp(f->signers[i].subject, s.subject) == 0 && strcmp(f->signers[i].spc, s.spc) == 0 &&
            strcmp(f->signers[i].domain, s.domain) == 0)
            return (uint16_t)(i + 1);
    if (f->n_signers == SIGNERS)
        return 0;
    f->signers[f->n_signers++] = s;
    return (uint16_t)f->n_signers;
}

static bool is_proven(const struct record *r)
{
    return r->kind == RECORD_VERIFIED && r->person_id > 0 && r->person_id <= UINT32_MAX;
}

static void keep_brief(struct follower *f, const struct record *r)
{
    if (f->n == BRIEFS) {
        memmove(f->briefs, f->briefs + BRIEFS / 2, BRIEFS / 2 * sizeof *f->briefs);
        f->n = BRIEFS / 2;
    }
    if (f->n == f->size) {
        const size_t size = f->size ? 2 * f->size : 4096;
        struct brief *more = realloc(f->briefs, size * sizeof *more);
        if (!more)
            return;
        f->briefs = more;
        f->size = size;
    }
    f->briefs[f->n++] = (struct brief){ .at = r->at.utc,
                                        .latency_us = r->latency_us,
                                        .person = is_proven(r) ? (uint32_t)r->person_id : 0,
                                        .signer = signer_of(f, r),
                                        .kind = (uint8_t)r->kind,
                                        .outcome = r->outcome,
                                        .attest = r->attest };
}

static bool follow_one(void *arg, const struct record *r)
{
    struct follower *f = arg;
    memcpy(f->last, r->id, RECORD_ID);
    f->got++;
    pthread_mutex_lock(&f->lock);
    const bool go_on = !f->stop;
    keep_brief(f, r);
    pthread_mutex_unlock(&f->lock);
    if (r->at.utc >= f->since)
        follower_tell(f, "call", row_of(r));
    return go_on;
}

static bool wait_a_little(struct follower *f)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += POLL_MS * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000L;
    t.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&f->lock);
    if (!f->stop)
        pthread_cond_timedwait(&f->news, &f->lock, &t);
    const bool go_on = !f->stop;
    pthread_mutex_unlock(&f->lock);
    return go_on;
}

static void follow_records(struct follower *f)
{
    char after[sizeof f->last];
    char *message = NULL;
    memcpy(after, f->last, sizeof after);
    const struct record_filter filter = { .outcome = -1, .after_id = after, .limit = AT_ONCE };
    f->got = 0;
    if (record_query(f->console->url, &filter, follow_one, f, &message) != BF_OK) {
        /* not there yet, or busy: the next look tells */
    }
    free(message);
}

/* ---- expected calls ---- */

struct expected_look {
    struct follower *follower;
    struct expected_told *now;
    size_t n, size;
    bool full; /* no memory: all of it again with the next change */
};

static int state_told(const struct follower *f, int64_t id)
{
    for (size_t i = 0; i < f->n_told; i++)
        if (f->told[i].id == id)
            return f->told[i].state;
    return -1;
}

static bool look_at_expected(void *arg, const struct expected *e)
{
    struct expected_look *l = arg;
    if (l->n == l->size) {
        const size_t size = l->size ? 2 * l->size : 64;
        struct expected_told *more = realloc(l->now, size * sizeof *more);
        l->full = !more;
        if (!more)
            return false;
        l->now = more;
        l->size = size;
    }
    l->now[l->n++] = (struct expected_told){ e->id, (int)e->state };
    if (l->follower->generation && state_told(l->follower, e->id) != (int)e->state)
        follower_tell(l->follower, "expected", expected_json(l->follower->book, e));
    return true;
}

/* Those whose window ended a day ago at most; the first look tells nothing, for it is no change. */
static void follow_expected(struct follower *f)
{
    uint64_t generation = 0;
    char *message = NULL;
    struct expected_look l = { .follower = f };
    if (!f->book && book_open(f->console->url, DB_READ, &f->book, &message) == BF_OK)
        db_patience(book_db(f->book), PATIENCE);
    free(message);
    if (!f->book || book_generation(f->book, &generation) != BF_OK || generation == f->generation)
        return;
    const utc_t since = clock_now(&clock_system).utc - DAY;
    if (expected_list(f->book, 0, since, 0, look_at_expected, &l) != BF_OK || l.full) {
        free(l.now);
        return;
    }
    free(f->told);
    f->told = l.now;
    f->n_told = l.n;
    f->generation = generation;
}

static void *follow(void *arg)
{
    struct follower *f = arg;
    bool go_on = true;
    while (go_on) {
        follow_records(f);
        if (f->got < AT_ONCE) { /* else there is more already */
            follow_expected(f);
            go_on = wait_a_little(f);
        } else {
            pthread_mutex_lock(&f->lock);
            go_on = !f->stop;
            pthread_mutex_unlock(&f->lock);
        }
    }
    return NULL;
}

enum bf_err follower_create(struct console *c, struct follower **ret)
{
    struct follower *f = calloc(1, sizeof *f);
    if (!f)
        return BF_ENOMEM;
    *ret = f;
    f->console = c;
    f->since = clock_now(&clock_system).utc - 1;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->news, NULL);
    f->signers = calloc(SIGNERS, sizeof *f->signers);
    if (!f->signers)
        return BF_ENOMEM;
    f->started = pthread_create(&f->thread, NULL, follow, f) == 0;
    return f->started ? BF_OK : BF_EIO;
}

void follower_stop(struct follower *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_broadcast(&f->news);
    pthread_mutex_unlock(&f->lock);
    if (f->started)
        pthread_join(f->thread, NULL);
    f->started = false;
}

void follower_destroy(struct follower *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < EVENTS; i++) {
        free(f->events[i].plain);
        free(f->events[i].masked);
    }
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->news);
    book_close(f->book);
    free(f->told);
    free(f->signers);
    free(f->briefs);
    free(f);
}
