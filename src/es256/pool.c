/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool and its thread. Engines drop what they ask into boxes of fixed size, with atomics alone; what finds its place
 * taken is dropped, for a busy key asks again and an audit is one of many. The thread builds, evicts and audits.
 *
 * Lanes are believed as long as OpenSSL agrees. One signature that lanes accepted and OpenSSL refuses is enough: every
 * engine of the pool is back with OpenSSL from its next batch on.
 */
#include "es256/pool.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define TURN_MS      1000u
#define BEHIND_CALLS 10 /* niceness: a table or an audit may wait, calls may not */

/*
 * A table pays when what it saves has paid for building it: 0.3 ms, and 7 us a signature in a batch (9 without a
 * table, 2 with one), 60 us alone. Whoever has lost as much as a table costs is likely to lose it again.
 */
#define BUSY 32u

/* ---- what engines ask ---- */

void pool_wake(struct es256_pool *pool)
{
    sem_post(&pool->bell);
}

bool pool_ask_generator(struct es256_pool *pool)
{
    return !atomic_load_explicit(&pool->wants_generator, memory_order_relaxed) &&
           !atomic_exchange(&pool->wants_generator, true);
}

bool pool_ask_table(struct es256_pool *pool, const struct es256_key *key)
{
    struct es256_key *none = NULL;
    if (!atomic_load_explicit(&pool->tabled, memory_order_relaxed) ||
        atomic_load_explicit(&pool->fallen, memory_order_relaxed) ||
        atomic_exchange(&key_shared(key)->asked, true))
        return false;
    const unsigned at = (key->point[30] << 8 | key->point[31]) % POOL_REQUESTS;
    struct es256_key *mine = key_ref(key);
    if (atomic_compare_exchange_strong(&pool->requests[at], &none, mine))
        return true;
    atomic_store(&mine->asked, false);
    key_unref(mine);
    return false;
}

bool pool_ask_audit(struct es256_pool *pool, unsigned at, const struct es256_job *job)
{
    struct audit *a = &pool->audits[at % POOL_AUDITS];
    int free_ = AUDIT_FREE;
    if (!atomic_compare_exchange_strong(&a->state, &free_, AUDIT_WRITTEN_TO)) {
        atomic_fetch_add_explicit(&pool->unaudited, 1, memory_order_relaxed);
        return false;
    }
    a->key = key_ref(job->key);
    memcpy(a->digest, job->digest, sizeof a->digest);
    memcpy(a->signature, job->signature, sizeof a->signature);
    atomic_store_explicit(&a->state, AUDIT_READY, memory_order_release);
    return true;
}

/* ---- the thread: tables ---- */

static enum bf_err build_generator(struct es256_pool *pool)
{
    const enum bf_err err = pool->door->generator_build(pool->generator_room);
    if (!err)
        atomic_store_explicit(&pool->generator, pool->generator_room, memory_order_release);
    return err;
}

/* It was asked for; without memory it is tried again at the next turn. */
static void make_generator(struct es256_pool *pool)
{
    if (!atomic_load(&pool->wants_generator) || atomic_load(&pool->generator))
        return;
    const enum bf_err err = build_generator(pool);
    if (err && !pool->generator_failed)
        log_put(pool->log, LOG_WARN,
                "es256: OpenSSL verifies for now: the lanes' own table cannot be built: %s",
                bf_err_text(err));
    pool->generator_failed = err != BF_OK;
}

/* Ours, or nobody's yet. */
static bool adopt(const struct es256_pool *pool, struct es256_key *key)
{
    const struct es256_pool *owner = NULL;
    return atomic_compare_exchange_strong(&key->pool, &owner, pool) || owner == pool;
}

/* Takes over the reference when it is published. */
static bool make_table(struct es256_pool *pool, struct es256_key *key)
{
    const uint64_t second = atomic_load_explicit(&pool->second, memory_order_relaxed);
    if (atomic_load(&key->gone) || !adopt(pool, key) || atomic_load(&key->table))
        return false;
    void *table = tables_take(&pool->tables, second);
    if (!table) {
        atomic_fetch_add_explicit(&pool->refused, 1, memory_order_relaxed);
        return false;
    }
    if (pool->door->table_build(key->point, table) != BF_OK ||
        tables_publish(&pool->tables, key, table, second) != BF_OK) {
        tables_give_back(&pool->tables, table);
        return false;
    }
    atomic_fetch_add_explicit(&pool->built, 1, memory_order_relaxed);
    return true;
}

static void make_tables(struct es256_pool *pool)
{
    if (!atomic_load(&pool->generator) || atomic_load(&pool->fallen))
        return;
    for (size_t i = 0; i < POOL_REQUESTS && !atomic_load(&pool->stop); i++) {
        struct es256_key *key = atomic_exchange(&pool->requests[i], NULL);
        if (!key || make_table(pool, key))
            continue;
        atomic_store(&key->asked, false);
        key_unref(key);
    }
}

/* ---- the thread: audits ---- */

static void disagree(struct es256_pool *pool)
{
    atomic_fetch_add_explicit(&pool->disagreements, 1, memory_order_relaxed);
    if (!atomic_exchange(&pool->fallen, true))
        log_put(pool->log, LOG_ALARM,
                "es256: the lanes accepted a signature that OpenSSL refuses: OpenSSL verifies alone until "
                "the next start. Write \"es256.engine: openssl\", look again at calls that were genuine of "
                "late, test this machine's memory and processor, and report it");
}

static void audit(struct es256_pool *pool, const struct audit *a)
{
    switch (contexts_verify(pool->again, a->key, a->digest, a->signature)) {
    case BF_OK: break;
    case BF_EFORM: disagree(pool); break;
    default: atomic_fetch_add_explicit(&pool->unaudited, 1, memory_order_relaxed); return;
    }
    atomic_fetch_add_explicit(&pool->audited, 1, memory_order_relaxed);
}

static void audit_all(struct es256_pool *pool, bool drop)
{
    for (size_t i = 0; i < POOL_AUDITS; i++) {
        struct audit *a = &pool->audits[i];
        if (atomic_load_explicit(&a->state, memory_order_acquire) != AUDIT_READY)
            continue;
        if (!drop)
            audit(pool, a);
        key_unref(a->key);
        atomic_store_explicit(&a->state, AUDIT_FREE, memory_order_release);
    }
}

/* ---- the thread ---- */

static void move_on(struct es256_pool *pool)
{
    const uint64_t second = (uint64_t)(clock_now(pool->clock).mono / MONO_S(1));
    const size_t most = atomic_load(&pool->fallen) ? 0 : atomic_load(&pool->most_bytes) / TABLES_HUGE_PAGE;
    const bool same = second == atomic_load_explicit(&pool->second, memory_order_relaxed);
    if (same && most == pool->tables.most)
        return;
    atomic_store_explicit(&pool->second, second, memory_order_relaxed);
    pool->tables.most = most;
    tables_sweep(&pool->tables, second);
}

static void show(struct es256_pool *pool)
{
    atomic_store_explicit(&pool->n_tables, pool->tables.n_keys, memory_order_relaxed);
    atomic_store_explicit(&pool->bytes, pool->tables.bytes, memory_order_relaxed);
    atomic_store_explicit(&pool->evicted, pool->tables.evicted, memory_order_relaxed);
}

static uint64_t read_asked(struct es256_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    const uint64_t asked = pool->asked;
    pthread_mutex_unlock(&pool->lock);
    return asked;
}

static void tell_settled(struct es256_pool *pool, uint64_t asked)
{
    pthread_mutex_lock(&pool->lock);
    pool->done = asked;
    pthread_cond_broadcast(&pool->settled);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_bell(struct es256_pool *pool)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TURN_MS / 1000;
    sem_timedwait(&pool->bell, &until);
    while (sem_trywait(&pool->bell) == 0) /* one turn answers all who rang before it */
        ;
}

static void *work(void *arg)
{
    struct es256_pool *pool = arg;
    setpriority(PRIO_PROCESS, (id_t)gettid(), BEHIND_CALLS);
    while (!atomic_load(&pool->stop)) {
        const uint64_t asked = read_asked(pool);
        move_on(pool);
        make_generator(pool);
        make_tables(pool);
        audit_all(pool, false);
        show(pool);
        tell_settled(pool, asked);
        wait_for_bell(pool);
    }
    return NULL;
}

/* ---- the pool ---- */

const char *es256_unsupported(void)
{
    return lanes_door.supported() ? NULL : "this CPU has no AVX-512 IFMA";
}

static const char *why(const struct es256_pool_options *o, const struct lanes_door *door)
{
    if (o->engine == ES256_OPENSSL)
        return "es256.engine says so";
    if (!door->supported())
        return "this CPU has no AVX-512 IFMA";
    return o->engine == ES256_LANES ? "es256.engine says so" : "this CPU has AVX-512 IFMA";
}

/* Signals of the program are none of this thread's business. */
static enum bf_err start(struct es256_pool *pool)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&pool->thread, NULL, work, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? BF_ENOMEM : BF_OK;
}

static void clear(struct es256_pool *pool)
{
    for (size_t i = 0; i < POOL_REQUESTS; i++) {
        struct es256_key *key = atomic_load(&pool->requests[i]);
        if (key) {
            atomic_store(&key->asked, false);
            key_unref(key);
        }
    }
    audit_all(pool, true);
    for (size_t i = 0; i < pool->tables.n_keys; i++)
        atomic_store(&pool->tables.keys[i]->pool, NULL);
    tables_clear(&pool->tables);
    epoch_destroy(pool->epoch);
    contexts_destroy(pool->again);
    sem_destroy(&pool->bell);
    pthread_cond_destroy(&pool->settled);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* What only lanes need. */
static enum bf_err prepare(struct es256_pool *pool, bool insists)
{
    enum bf_err err = epoch_create(&pool->epoch);
    if (err)
        return err;
    tables_init(&pool->tables, LANES_TABLE_BYTES, pool->epoch);
    err = tables_first(&pool->tables, LANES_GENERATOR_BYTES, &pool->generator_room);
    if (!err)
        err = contexts_create(&pool->again);
    if (!err && insists)
        err = build_generator(pool);
    move_on(pool);
    return err ? err : start(pool);
}

enum bf_err pool_create(const struct es256_pool_options *options, const struct lanes_door *door,
                        struct es256_pool **ret)
{
    const bool lanes = options->engine != ES256_OPENSSL && door->supported();
    if (options->engine == ES256_LANES && !lanes)
        return BF_EUNSUP;
    struct es256_pool *pool = aligned_alloc(64, sizeof *pool);
    if (!pool)
        return BF_ENOMEM;
    memset(pool, 0, sizeof *pool);
    pool->door = lanes ? door : NULL;
    pool->why = why(options, door);
    pool->busy = options->busy ? options->busy : BUSY;
    pool->log = options->log;
    pool->clock = options->clock ? options->clock : &clock_system;
    es256_pool_set(pool, options->tables_bytes, options->audit);
    sem_init(&pool->bell, 0, 0);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->settled, NULL);
    const enum bf_err err = lanes ? prepare(pool, options->engine == ES256_LANES) : BF_OK;
    if (err) {
        clear(pool);
        return err;
    }
    *ret = pool;
    return BF_OK;
}

enum bf_err es256_pool_create(const struct es256_pool_options *options, struct es256_pool **ret)
{
    return pool_create(options, &lanes_door, ret);
}

void es256_pool_destroy(struct es256_pool *pool)
{
    if (!pool)
        return;
    if (pool->door) {
        atomic_store(&pool->stop, true);
        pool_wake(pool);
        pthread_join(pool->thread, NULL);
    }
    clear(pool);
}

void es256_pool_set(struct es256_pool *pool, size_t tables_bytes, unsigned audit)
{
    atomic_store(&pool->most_bytes, tables_bytes);
    atomic_store(&pool->tabled, tables_bytes >= TABLES_HUGE_PAGE);
    atomic_store(&pool->audit, audit);
}

const char *es256_pool_name(const struct es256_pool *pool)
{
    return pool->door && !atomic_load(&pool->fallen) ? "lanes" : "openssl";
}

const char *es256_pool_why(const struct es256_pool *pool)
{
    return atomic_load(&pool->fallen) ? "an audit found the lanes wrong" : pool->why;
}

struct es256_counts es256_pool_counts(const struct es256_pool *pool)
{
    return (struct es256_counts){ .tables = pool->n_tables,
                                  .bytes = pool->bytes,
                                  .built = pool->built,
                                  .evicted = pool->evicted,
                                  .refused = pool->refused,
                                  .audited = pool->audited,
                                  .unaudited = pool->unaudited,
                                  .disagreements = pool->disagreements };
}

void es256_pool_settle(struct es256_pool *pool)
{
    if (!pool->door)
        return;
    pthread_mutex_lock(&pool->lock);
    const uint64_t mine = ++pool->asked;
    pool_wake(pool);
    while (pool->done < mine)
        pthread_cond_wait(&pool->settled, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}
