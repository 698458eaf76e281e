/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread's day: copy what is there, in transactions of at most BATCH records that hold the position too; linger, so that
 * under load nobody has to wake it and a transaction has something to do; then sleep until a record comes. Once a minute it
 * tidies up. After a failure it throws its connection away and begins again from the position that the database itself
 * knows.
 */
#include "record/index.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "record/chunk.h"
#include "record/member.h"
#include "record/recent.h"
#include "record/retain.h"

#define BATCH        4096u
#define LINGER_MS    250
#define TIDY_MS      60000
#define PATIENCE_MS  200u
#define RETRY_MS     100
#define RETRY_MAX    5000
#define GOODBYE_MS   5000u
#define BEHIND_CALLS 10 /* niceness */

struct indexer {
    /* what others may touch */
    struct journal *journal;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    bool stop, hurry, tidy; /* under the lock */
    unsigned tidied;        /* times, under the lock */
    _Atomic bool asleep;
    _Atomic uint64_t position; /* indexed so far */
    _Atomic uint64_t noted, noted_then,
        rest_then; /* bytes appended; and as of the last look: those, and bytes to copy */
    _Atomic uint64_t db_bytes, damaged;
    _Atomic int64_t behind_since, last_at; /* milliseconds of wall time */
    /* the thread's */
    pthread_t thread;
    bool running, has_db;
    char *db_url, *journal_dir;
    struct retain rules;
    struct log *log;
    struct db *db;
    struct db_query *insert, *note, *overlap;
    int64_t known_seq, known_at; /* of the newest chunk, and of the newest record, when it connected */
    struct chunk chunk;          /* of this transaction, not inserted yet */
    struct journal_reader *reader;
    struct recent *recent; /* what the database has, or will with this transaction */
    struct record_ballot ballots[RECORD_BALLOTS];
    mono_t next_tidy, next_complaint;
    uint64_t settled; /* position that is on disk for sure */
    int retry_ms;
};

/* ---- the connection ---- */

static bool is_behind(const struct indexer *x)
{
    return x->has_db && atomic_load(&x->position) < journal_end(x->journal);
}

static void disconnect(struct indexer *x)
{
    db_finalize(x->insert);
    db_finalize(x->note);
    db_finalize(x->overlap);
    db_close(x->db);
    journal_reader_destroy(x->reader);
    recent_destroy(x->recent);
    x->recent = NULL;
    x->insert = x->note = x->overlap = NULL;
    chunk_empty(&x->chunk);
    x->db = NULL;
    x->reader = NULL;
}

static enum bf_err prepare(struct indexer *x)
{
    enum bf_err err = db_prepare(x->db, record_insert, &x->insert);
    if (err == BF_OK)
        err = db_prepare(x->db,
                         "INSERT INTO journals VALUES (?1, ?2) "
                         "ON CONFLICT (name) DO UPDATE SET position = excluded.position",
                         &x->note);
    if (err == BF_OK)
        err = db_prepare(x->db,
                         "SELECT n, entries FROM chunks "
                         "WHERE last_at >= ?1 AND first_at <= ?1 AND seq <= ?2",
                         &x->overlap);
    return err;
}

static enum bf_err read_position(struct indexer *x, uint64_t *ret)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(x->db, "SELECT position FROM journals WHERE name = ?1", &q);
    if (err != BF_OK)
        return err;
    db_bind_text(q, 1, span_make(journal_name(x->journal), JOURNAL_NAME));
    err = db_step(q);
    *ret = err == BF_OK ? (uint64_t)db_int(q, 0) : 0;
    return err == BF_ENOENT ? BF_OK : err;
}

static void enter_keys(struct indexer *x, int64_t n, struct span entries)
{
    struct record r;
    struct span entry;
    while (chunk_next(&entries, n, &entry))
        if (record_entry_read(entry, x->ballots, &r) == BF_OK)
            (void)recent_enter(x->recent, r.key);
}

/* After a failure, too: what it knew of a transaction that was rolled back must come again. */
static enum bf_err read_recent(struct indexer *x)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = recent_create(&x->recent);
    if (err == BF_OK)
        err = db_prepare(x->db, "SELECT n, entries FROM chunks WHERE last_at >= ?1 ORDER BY last_at", &q);
    if (err != BF_OK)
        return err;
    db_bind_int(q, 1, record_ms(clock_now(&clock_system).utc - RECENT_S, 0));
    while ((err = db_step(q)) == BF_OK)
        enter_keys(x, db_int(q, 0), db_blob(q, 1));
    return err == BF_ENOENT ? BF_OK : err;
}

/* What is newer than all that the database had cannot be there already. */
static enum bf_err read_known(struct indexer *x)
{
    auto_(db_finalize) struct db_query *q = NULL;
    enum bf_err err = db_prepare(x->db, "SELECT max(seq), (SELECT max(last_at) FROM chunks) FROM chunks", &q);
    if (err == BF_OK)
        err = db_step(q);
    if (err != BF_OK)
        return err;
    x->known_seq = db_int(q, 0);
    x->known_at = x->known_seq ? db_int(q, 1) : INT64_MIN;
    return BF_OK;
}

static void look_at_rest(struct indexer *x)
{
    atomic_store(&x->noted_then, atomic_load(&x->noted));
    atomic_store(&x->rest_then, is_behind(x) ? journal_reader_rest(x->reader) : 0);
}

/*
 * A position behind the journal's end: the machine crashed before a relaxed journal was on disk, and the database had those
 * records already. They are indexed; what comes next gets their positions anew.
 */
static enum bf_err find_place(struct indexer *x)
{
    uint64_t position;
    enum bf_err err = read_position(x, &position);
    if (err != BF_OK)
        return err;
    if (position > journal_end(x->journal))
        position = journal_end(x->journal);
    atomic_store(&x->position, position);
    err = journal_reader_create(x->journal_dir, position, &x->reader);
    if (err == BF_OK)
        look_at_rest(x);
    return err;
}

static enum bf_err connect_db(struct indexer *x, char **message)
{
    enum bf_err err = db_open(x->db_url, DB_WRITE, &x->db, message);
    if (err != BF_OK)
        return err;
    db_patience(x->db, PATIENCE_MS);
    err = db_migrate(x->db, "record", record_migrations, n_record_migrations, message);
    if (err != BF_OK)
        return err;
    /* A crash of the machine may take the last commits: the journal has them still, and the position went with them. */
    err = db_run(x->db, "PRAGMA synchronous=NORMAL");
    if (err == BF_OK)
        err = prepare(x);
    if (err == BF_OK)
        err = read_recent(x);
    if (err == BF_OK)
        err = read_known(x);
    if (err == BF_OK)
        err = find_place(x);
    if (err != BF_OK && asprintf(message, "%s: %s", x->db_url, db_error(x->db)) < 0)
        *message = NULL;
    if (err == BF_OK)
        atomic_store(&x->db_bytes, db_bytes(x->db));
    return err;
}

static mono_t mono_now(void)
{
    return clock_now(&clock_system).mono;
}

/* Once a minute at most: the indexer retries more often than anybody wants to read. */
static void complain(struct indexer *x, const char *why)
{
    if (mono_now() < x->next_complaint)
        return;
    x->next_complaint = mono_now() + MONO_S(60);
    log_put(x->log, LOG_ALARM, "records reach the journal but not the database, and wait there: %s", why);
}

static enum bf_err connected(struct indexer *x)
{
    char *message = NULL;
    if (x->db)
        return BF_OK;
    const enum bf_err err = connect_db(x, &message);
    if (err != BF_OK) {
        complain(x, message ? message : bf_err_text(err));
        disconnect(x);
    }
    free(message);
    return err;
}

/* ---- copying ---- */

static bool has_it(struct indexer *x, const struct record *r, int64_t n, struct span entries)
{
    struct record other;
    struct span entry;
    while (chunk_next(&entries, n, &entry))
        if (record_entry_read(entry, x->ballots, &other) == BF_OK && other.at.utc == r->at.utc &&
            other.at.ms == r->at.ms && memcmp(other.key, r->key, RECORD_KEY) == 0)
            return true;
    return false;
}

/* Did the database have it when this connection began? By time and key; BF_OK: no; BF_ENOENT: it is there. */
static enum bf_err is_new(struct indexer *x, const struct record *r, int64_t at)
{
    bool there = false;
    enum bf_err err = BF_ENOENT;
    if (at > x->known_at)
        return BF_OK;
    db_bind_int(x->overlap, 1, at);
    db_bind_int(x->overlap, 2, x->known_seq);
    while (!there && (err = db_step(x->overlap)) == BF_OK)
        there = has_it(x, r, db_int(x->overlap, 0), db_blob(x->overlap, 1));
    db_reset(x->overlap);
    if (there)
        return BF_ENOENT;
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err insert_chunk(struct indexer *x)
{
    if (x->chunk.n == 0)
        return BF_OK;
    record_bind(x->insert, &x->chunk);
    const enum bf_err err = db_step(x->insert);
    db_reset(x->insert);
    chunk_empty(&x->chunk);
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err insert(struct indexer *x, const struct record *r, struct span entry)
{
    const int64_t at = record_ms(r->at.utc, r->at.ms);
    if (!recent_enter(x->recent, r->key))
        return BF_OK;
    enum bf_err err = is_new(x, r, at);
    if (err != BF_OK)
        return err == BF_ENOENT ? BF_OK : err;
    if (chunk_is_full(&x->chunk, at))
        err = insert_chunk(x);
    return err == BF_OK ? chunk_add(&x->chunk, entry, at) : err;
}

static enum bf_err note_position(struct indexer *x, uint64_t position)
{
    db_bind_text(x->note, 1, span_make(journal_name(x->journal), JOURNAL_NAME));
    db_bind_int(x->note, 2, (int64_t)position);
    const enum bf_err err = db_step(x->note);
    db_reset(x->note);
    return err == BF_ENOENT ? BF_OK : err;
}

static enum bf_err copy_one(struct indexer *x, uint64_t position, struct span entry, int64_t *last_at)
{
    struct record r;
    enum bf_err err = record_entry_read(entry, x->ballots, &r);
    if (err == BF_EFORM) { /* the checksum holds, so it was written like this */
        atomic_fetch_add(&x->damaged, 1);
        log_put(x->log, LOG_ALARM,
                "record %llu of the journal cannot be read and is left out of the database",
                (unsigned long long)position);
        return BF_OK;
    }
    if (err == BF_EUNSUP) {
        complain(x, "a record was written by a newer version of this program");
        return err;
    }
    *last_at = r.at.utc * 1000 + r.at.ms;
    return insert(x, &r, entry);
}

static enum bf_err copy_batch(struct indexer *x, uint64_t end, int64_t *last_at)
{
    struct span entry;
    uint64_t position;
    for (unsigned i = 0; i < BATCH; i++) {
        const uint64_t from = journal_reader_position(x->reader);
        enum bf_err err = journal_reader_next(x->reader, end, &position, &entry);
        if (err == BF_EFORM) {
            atomic_fetch_add(&x->damaged, 1);
            log_put(x->log, LOG_ALARM, "the journal is damaged: records %llu to %llu cannot be read",
                    (unsigned long long)from, (unsigned long long)journal_reader_position(x->reader) - 1);
            continue;
        }
        if (err == BF_OK)
            err = copy_one(x, position, entry, last_at);
        if (err != BF_OK)
            return err == BF_ENOENT ? BF_OK : err;
    }
    return BF_OK;
}

/* BF_OK: something was copied; BF_ENOENT: there is nothing. */
static enum bf_err copy(struct indexer *x)
{
    int64_t last_at = 0;
    const uint64_t end = journal_end(x->journal);
    if (atomic_load(&x->position) >= end)
        return BF_ENOENT;
    enum bf_err err = db_begin(x->db);
    if (err == BF_OK)
        err = copy_batch(x, end, &last_at);
    if (err == BF_OK)
        err = insert_chunk(x);
    const uint64_t position = journal_reader_position(x->reader);
    if (err == BF_OK)
        err = note_position(x, position);
    if (err == BF_OK)
        err = db_commit(x->db);
    if (err != BF_OK)
        return err;
    if (position == atomic_load(&x->position))
        return BF_EFORM; /* the journal says there is more, and shows nothing */
    if (last_at)
        atomic_store(&x->last_at, last_at);
    atomic_store(&x->position, position);
    look_at_rest(x);
    return BF_OK;
}

/* ---- tidying ---- */

/* What the journal drops must be in the database for good: one commit that waits for the disk takes all before along. */
static enum bf_err settle(struct indexer *x, uint64_t position)
{
    if (position == x->settled)
        return BF_OK;
    enum bf_err err = db_run(x->db, "PRAGMA synchronous=FULL");
    if (err == BF_OK)
        err = note_position(x, position);
    if (err == BF_OK)
        err = db_run(x->db, "PRAGMA synchronous=NORMAL");
    if (err == BF_OK)
        x->settled = position;
    return err;
}

static bool stopping(struct indexer *x)
{
    pthread_mutex_lock(&x->lock);
    const bool stop = x->stop;
    pthread_mutex_unlock(&x->lock);
    return stop;
}

static enum bf_err tidy_rows(struct indexer *x, utc_t now)
{
    bool more = true;
    while (more && !stopping(x)) {
        enum bf_err err = retain_rows(&x->rules, x->db, journal_bytes(x->journal), now, &more);
        if (err == BF_OK)
            err = copy(x); /* new records do not wait for old ones to go */
        if (err != BF_OK && err != BF_ENOENT)
            return err;
    }
    atomic_store(&x->db_bytes, db_bytes(x->db));
    return BF_OK;
}

static enum bf_err tidy(struct indexer *x)
{
    const utc_t now = clock_now(&clock_system).utc;
    const uint64_t position = x->has_db ? atomic_load(&x->position) : journal_end(x->journal);
    enum bf_err err = x->has_db ? settle(x, position) : BF_OK;
    if (err == BF_OK)
        err = retain_journal(&x->rules, x->journal, x->has_db, position, now);
    if (err == BF_OK && x->has_db)
        err = tidy_rows(x, now);
    x->next_tidy = mono_now() + MONO_MS(TIDY_MS);
    return err;
}

/* ---- the thread ---- */

static struct timespec in_ms(long ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

/* deep: until a record comes; else only so long, or until somebody is in a hurry. */
static void rest(struct indexer *x, long ms, bool deep)
{
    const struct timespec until = in_ms(ms);
    pthread_mutex_lock(&x->lock);
    atomic_store(&x->asleep, deep);
    int late = 0;
    while (!x->stop && !x->hurry && !x->tidy && !late && !(deep && is_behind(x)))
        late = pthread_cond_timedwait(&x->wake, &x->lock, &until);
    atomic_store(&x->asleep, false);
    x->hurry = false;
    pthread_mutex_unlock(&x->lock);
}

/* Between two attempts a hurry does not help; only the end of the program does. */
static void back_off(struct indexer *x)
{
    const struct timespec until = in_ms(x->retry_ms);
    x->retry_ms = x->retry_ms * 2 > RETRY_MAX ? RETRY_MAX : x->retry_ms * 2;
    pthread_mutex_lock(&x->lock);
    while (!x->stop && pthread_cond_timedwait(&x->wake, &x->lock, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&x->lock);
}

static void report_done(struct indexer *x, bool tidied)
{
    pthread_mutex_lock(&x->lock);
    if (tidied) {
        x->tidy = false;
        x->tidied++;
    }
    pthread_cond_broadcast(&x->done);
    pthread_mutex_unlock(&x->lock);
}

static bool tidy_is_due(struct indexer *x)
{
    pthread_mutex_lock(&x->lock);
    const bool asked = x->tidy;
    pthread_mutex_unlock(&x->lock);
    return asked || mono_now() >= x->next_tidy;
}

/* BF_OK: there may be more at once; BF_ENOENT: nothing to do. */
static enum bf_err work(struct indexer *x)
{
    enum bf_err err = x->has_db ? connected(x) : BF_OK;
    if (err == BF_OK)
        err = x->has_db ? copy(x) : BF_ENOENT;
    if (err == BF_OK)
        report_done(x, false);
    if ((err == BF_OK || err == BF_ENOENT) && tidy_is_due(x)) {
        err = tidy(x);
        if (err == BF_OK)
            report_done(x, true);
    }
    if (err == BF_OK || err == BF_ENOENT)
        return err;
    if (x->db)
        complain(x, err == BF_EUNSUP || err == BF_EFORM ? bf_err_text(err) : db_error(x->db));
    disconnect(x);
    return err;
}

static void *run(void *arg)
{
    struct indexer *x = arg;
    bool fresh = false;
    pthread_setname_np(pthread_self(), "index");
    /* Calls go first: on a busy core a worker would wait for the end of its turn, milliseconds. A tenth is left to it. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), BEHIND_CALLS);
    while (!stopping(x)) {
        const enum bf_err err = work(x);
        if (err == BF_OK || err == BF_ENOENT)
            x->retry_ms = RETRY_MS;
        else
            back_off(x);
        if (err == BF_OK)
            rest(x, is_behind(x) ? 0 : LINGER_MS, false);
        else if (err == BF_ENOENT)
            rest(x, fresh ? LINGER_MS : (long)((x->next_tidy - mono_now()) / 1000000) + 1, !fresh);
        fresh = err == BF_OK;
    }
    return NULL;
}

/* ---- the outside ---- */

static enum bf_err start(struct indexer *x)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->wake, &attr);
    pthread_cond_init(&x->done, &attr);
    pthread_condattr_destroy(&attr);
    x->retry_ms = RETRY_MS;
    x->next_tidy = mono_now() + MONO_S(5);
    x->running = pthread_create(&x->thread, NULL, run, x) == 0;
    return x->running ? BF_OK : BF_ENOMEM;
}

/* Only what waiting cannot mend is refused: a busy database is the thread's business. */
static enum bf_err first_connect(struct indexer *x, char **message)
{
    enum bf_err err = connect_db(x, message);
    if (err == BF_EAGAIN) {
        disconnect(x);
        free(*message);
        *message = NULL;
        err = BF_OK;
    }
    return err;
}

enum bf_err indexer_create(const struct recorder_options *options, struct journal *journal,
                           struct indexer **ret, char **ret_message)
{
    auto_(indexer_destroy) struct indexer *x = calloc(1, sizeof *x);
    enum bf_err err = BF_OK;
    *ret_message = NULL;
    if (!x)
        return BF_ENOMEM;
    x->journal = journal;
    x->log = options->log;
    x->rules = (struct retain){ options->keep_days, options->keep_bytes };
    x->has_db = options->db_url != NULL;
    x->journal_dir = strdup(options->journal_dir);
    x->db_url = x->has_db ? strdup(options->db_url) : NULL;
    if (!x->journal_dir || (x->has_db && !x->db_url))
        return BF_ENOMEM;
    if (x->has_db)
        err = first_connect(x, ret_message);
    if (err == BF_OK)
        err = start(x);
    if (err != BF_OK)
        return err;
    *ret = x;
    x = NULL;
    return BF_OK;
}

static void stop(struct indexer *x)
{
    if (x->has_db)
        (void)!indexer_wait(x, journal_end(x->journal), GOODBYE_MS);
    pthread_mutex_lock(&x->lock);
    x->stop = true;
    pthread_cond_signal(&x->wake);
    pthread_mutex_unlock(&x->lock);
    pthread_join(x->thread, NULL);
    pthread_cond_destroy(&x->wake);
    pthread_cond_destroy(&x->done);
    pthread_mutex_destroy(&x->lock);
}

void indexer_destroy(struct indexer *x)
{
    if (!x)
        return;
    if (x->running)
        stop(x);
    disconnect(x);
    chunk_clear(&x->chunk);
    free(x->db_url);
    free(x->journal_dir);
    free(x);
}

/* The order matters: the journal's end moved before, so either the thread sees it, or we see that it sleeps. */
void indexer_note(struct indexer *x, uint64_t bytes, struct instant at)
{
    const uint64_t before = atomic_fetch_add(&x->noted, bytes);
    if (before == atomic_load(&x->noted_then))
        atomic_store(&x->behind_since, at.utc * 1000 + at.ms);
    if (!atomic_load(&x->asleep))
        return;
    pthread_mutex_lock(&x->lock);
    pthread_cond_signal(&x->wake);
    pthread_mutex_unlock(&x->lock);
}

enum bf_err indexer_wait(struct indexer *x, uint64_t position, unsigned timeout_ms)
{
    const struct timespec until = in_ms(timeout_ms);
    int late = 0;
    if (!x->has_db)
        return BF_OK;
    pthread_mutex_lock(&x->lock);
    while (atomic_load(&x->position) < position && !late) {
        x->hurry = true;
        pthread_cond_signal(&x->wake);
        late = pthread_cond_timedwait(&x->done, &x->lock, &until);
    }
    pthread_mutex_unlock(&x->lock);
    return atomic_load(&x->position) < position ? BF_ETIME : BF_OK;
}

enum bf_err indexer_tidy(struct indexer *x, unsigned timeout_ms)
{
    const struct timespec until = in_ms(timeout_ms);
    int late = 0;
    pthread_mutex_lock(&x->lock);
    const unsigned before = x->tidied;
    x->tidy = true;
    while (x->tidied == before && !late) {
        pthread_cond_signal(&x->wake);
        late = pthread_cond_timedwait(&x->done, &x->lock, &until);
    }
    const bool tidied = x->tidied != before;
    pthread_mutex_unlock(&x->lock);
    return tidied ? BF_OK : BF_ETIME;
}

struct indexer_counts indexer_counts(const struct indexer *x)
{
    const struct instant now = clock_now(&clock_system);
    const uint64_t end = journal_end(x->journal), position = atomic_load(&x->position);
    const uint64_t then = atomic_load(&x->noted_then), rest = atomic_load(&x->rest_then);
    const int64_t since = atomic_load(&x->behind_since), last = atomic_load(&x->last_at);
    struct indexer_counts c = { .db_bytes = atomic_load(&x->db_bytes), .damaged = atomic_load(&x->damaged) };
    if (!x->has_db || position >= end)
        return c;
    c.lag_records = end - position;
    c.lag_bytes = rest + atomic_load(&x->noted) - then;
    c.lag_ms = now.utc * 1000 + now.ms - (since > last ? since : last);
    if (c.lag_ms < 0)
        c.lag_ms = 0;
    return c;
}
