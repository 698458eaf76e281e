/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/knowing.h"

#include <stdlib.h>
#include <time.h>

#include "people/learned.h"
#include "people/people.h"
#include "record/record.h"

#define LOOK_S   1         /* how often the store is asked */
#define LAG_S    10        /* a call may stand in the index so much later than it came */
#define AT_ONCE  (1 << 20) /* records read in one go */
#define HASTE_MS 1000      /* how long somebody else may hold the database before we look again later */

struct knowing {
    struct server *server;
    char *url;
    struct book *book;        /* the thread's; NULL: not open (yet) */
    bool told;                /* that it cannot be opened or read */
    char last[RECORD_ID + 1]; /* record up to which it has learned; "": none yet */
    bool placed;              /* `last` is known */
    _Atomic uint64_t people, met, missed, lessons;
    _Atomic bool failed;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
};

static void complain(struct knowing *k, const char *what, const char *why)
{
    atomic_store(&k->failed, true);
    if (!k->told)
        log_put(k->server->log, LOG_ALARM, "%s: %s", what, why && *why ? why : "no memory");
    k->told = true;
}

static void content(struct knowing *k)
{
    atomic_store(&k->failed, false);
    k->told = false;
}

/* ---- the book ---- */

static void release(void *people)
{
    people_destroy(people);
}

static void publish(struct knowing *k, const struct people *fresh)
{
    const struct people *old = atomic_exchange(&k->server->people, fresh);
    atomic_store(&k->people, people_count(fresh));
    if (old)
        epoch_retire(k->server->epoch, release, (void *)(uintptr_t)old);
}

static bool open_book(struct knowing *k)
{
    char *message = NULL;
    if (k->book)
        return true;
    if (book_open(k->url, DB_WRITE, &k->book, &message) != BF_OK) {
        k->book = NULL;
        complain(k, "the address book cannot be opened", message);
    } else {
        db_patience(book_db(k->book), HASTE_MS);
        content(k);
    }
    free(message);
    return k->book != NULL;
}

/* An empty book is no book: calls are judged as if there were none. */
static void load(struct knowing *k, uint64_t generation)
{
    struct people *fresh = NULL;
    char *message = NULL;
    if (people_load(k->book, &fresh, &message) != BF_OK) {
        complain(k, "the address book cannot be read, the one before stays in force", message);
        free(message);
        return;
    }
    content(k);
    log_put(k->server->log, LOG_INFO, "address book: %zu people (generation %llu)", people_count(fresh),
            (unsigned long long)generation);
    publish(k, fresh);
}

static void renew(struct knowing *k)
{
    const struct people *now = atomic_load(&k->server->people);
    uint64_t generation = 0;
    const enum bf_err err = book_generation(k->book, &generation);
    if (err != BF_OK && err != BF_EAGAIN)
        complain(k, "the address book cannot be read", book_error(k->book));
    else if (err == BF_OK && (!now || people_generation(now) != generation))
        load(k, generation);
}

/* ---- what records teach ---- */

static bool has_passed(const struct record *r, struct span check)
{
    for (size_t i = 0; i < r->n_ballots; i++)
        if (span_equal(r->ballots[i].check, check))
            return r->ballots[i].vote == PASS;
    return false;
}

static struct number number_of(struct span digits)
{
    struct number number = { .n = 0 };
    if (digits.n <= sizeof number.digits && digits.n) {
        memcpy(number.digits, digits.p, digits.n);
        number.n = (uint8_t)digits.n;
        number_assume_global(&number);
    }
    return number;
}

/* Only from calls that are genuine, undiverted, of attestation A, and proven by a signature of their own. */
static bool teaches(const struct record *r)
{
    return r->kind == RECORD_VERIFIED && r->outcome == GENUINE && r->person_id && r->attest == 'A' &&
           !r->diverted && span_equal(r->proof, SPAN("identity")) && r->caller.n;
}

static void learn(struct knowing *k, const struct record *r)
{
    const struct habit_lesson lesson = { .person = r->person_id,
                                         .number = number_of(r->caller),
                                         .spc = r->spc,
                                         .issuer = r->issuer,
                                         .trust_domain = r->trust_domain,
                                         .at = r->at.utc };
    if (habit_learn(k->book, &lesson) == BF_OK)
        atomic_fetch_add(&k->lessons, 1);
}

/* The snapshot is this thread's to free, so it may be read without a bracket. */
static void meet(struct knowing *k, const struct record *r)
{
    const struct number number = number_of(r->caller);
    const struct expected *e =
        people_expected(atomic_load(&k->server->people), r->person_id, &number, r->at.utc);
    if (!e || e->state != EXPECTED_OPEN ||
        expected_met(k->book, e->id, span_make(r->id, sizeof r->id)) != BF_OK)
        return;
    atomic_fetch_add(&k->met, 1);
    log_put(k->server->log, LOG_INFO, "expected call %lld came: record %.*s", (long long)e->id,
            (int)sizeof r->id, r->id);
}

static bool read_record(void *arg, const struct record *r)
{
    struct knowing *k = arg;
    memcpy(k->last, r->id, sizeof r->id);
    if (r->kind == RECORD_VERIFIED && r->outcome == GENUINE && r->person_id &&
        has_passed(r, SPAN("call-expected")))
        meet(k, r);
    if (teaches(r))
        learn(k, r);
    return true;
}

static bool newest(void *arg, const struct record *r)
{
    struct knowing *k = arg;
    memcpy(k->last, r->id, sizeof r->id);
    return false;
}

/* Where it stopped before the server did; where it never began, behind the newest record. */
static bool find_place(struct knowing *k)
{
    const struct record_filter one = { .outcome = -1, .limit = 1 };
    char *message = NULL;
    if (k->placed)
        return true;
    if (learned_get(k->book, k->last, sizeof k->last) != BF_OK)
        return false;
    if (!*k->last)
        k->placed = record_query(k->url, &one, newest, k, &message) == BF_OK;
    else
        k->placed = true;
    free(message);
    return k->placed;
}

static void read_records(struct knowing *k)
{
    char before[sizeof k->last];
    char *message = NULL;
    const struct record_filter filter = { .outcome = -1, .limit = AT_ONCE, .after_id = before };
    if (!find_place(k))
        return;
    memcpy(before, k->last, sizeof before);
    if (record_query(k->url, &filter, read_record, k, &message) == BF_OK && strcmp(before, k->last) != 0 &&
        learned_put(k->book, k->last) != BF_OK)
        complain(k, "the address book cannot be written", book_error(k->book));
    free(message);
}

static bool report_missed(void *arg, const struct expected *e)
{
    struct knowing *k = arg;
    char from[21], until[21];
    const struct person *p = people_by_id(atomic_load(&k->server->people), e->person);
    atomic_fetch_add(&k->missed, 1);
    log_put(k->server->log, LOG_WARN, "expected call %lld did not come: %s, %s to %s", (long long)e->id,
            p ? p->name : "somebody", utc_text(e->from, from), utc_text(e->until, until));
    return true;
}

static void look(struct knowing *k)
{
    if (!open_book(k))
        return;
    renew(k);
    if (people_count(atomic_load(&k->server->people)) == 0)
        return;
    read_records(k);
    if (expected_sweep(k->book, clock_now(k->server->clock).utc - LAG_S, report_missed, k) == BF_EIO)
        complain(k, "the address book cannot be written", book_error(k->book));
}

/* ---- the thread ---- */

static void *watch(void *arg)
{
    struct knowing *k = arg;
    pthread_mutex_lock(&k->lock);
    while (!k->stop) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOOK_S;
        pthread_cond_timedwait(&k->wake, &k->lock, &until);
        if (k->stop)
            break;
        pthread_mutex_unlock(&k->lock);
        look(k);
        pthread_mutex_lock(&k->lock);
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

enum bf_err knowing_create(struct server *server, const char *url, struct knowing **ret)
{
    struct knowing *k = calloc(1, sizeof *k);
    if (!k)
        return BF_ENOMEM;
    k->server = server;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->wake, NULL);
    if (url && *url && !(k->url = strdup(url))) {
        knowing_destroy(k);
        return BF_ENOMEM;
    }
    if (k->url && open_book(k))
        renew(k);
    *ret = k;
    return BF_OK;
}

enum bf_err knowing_start(struct knowing *k)
{
    if (!k->url)
        return BF_OK;
    k->started = pthread_create(&k->thread, NULL, watch, k) == 0;
    return k->started ? BF_OK : BF_EIO;
}

void knowing_stop(struct knowing *k)
{
    if (!k || !k->started)
        return;
    pthread_mutex_lock(&k->lock);
    k->stop = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    k->started = false;
}

/* No worker turns any more. */
void knowing_destroy(struct knowing *k)
{
    if (!k)
        return;
    knowing_stop(k);
    people_destroy((struct people *)(uintptr_t)atomic_exchange(&k->server->people, NULL));
    book_close(k->book);
    pthread_mutex_destroy(&k->lock);
    pthread_cond_destroy(&k->wake);
    free(k->url);
    free(k);
}

struct knowing_counts knowing_counts(const struct knowing *k)
{
    if (!k)
        return (struct knowing_counts){ .people = 0 };
    return (struct knowing_counts){ .people = atomic_load(&k->people),
                                    .met = atomic_load(&k->met),
                                    .missed = atomic_load(&k->missed),
                                    .lessons = atomic_load(&k->lessons),
                                    .failed = atomic_load(&k->failed) };
}
