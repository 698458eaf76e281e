/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine hands a batch to the lanes, with the table of the key where there is one; to OpenSSL where there are no lanes,
 * or not yet. It counts, for keys without a table, how many of their signatures held, and asks for a table when they are
 * many.
 */
#include <stdlib.h>

#include "base/random.h"
#include "es256/pool.h"
#include "es256/signature.h"

#define BATCH 64u

/* The generator's table takes 3.4 ms to build, and lanes save some 55 us a signature in a batch, without tables of keys. */
#define LANES_PAY 64u

/*
 * How many signatures of a key have held. A set of the table belongs to keys with the same bits; a newcomer takes the
 * place of the least and its number, so that a busy key gets there whoever shares its set. All halve each minute.
 */
#define SETS   256u
#define WAYS   8u
#define HALF_S 60u
struct meeting {
    const struct es256_key *key; /* compared, never looked at */
    unsigned held;
};

struct es256 {
    struct es256_pool *pool; /* NULL: OpenSSL alone */
    struct contexts *openssl;
    struct lanes *lanes; /* to be used once the generator's table is there */
    bool wakes;          /* at the end of the batch: the pool's thread has something to do */
    unsigned slot;       /* in the pool's epoch */
    unsigned audit, audit_left, audit_at;
    uint64_t random, halved;
    unsigned held; /* all that held without a table */
    struct meeting (*meetings)[WAYS];
    struct lanes_job jobs[BATCH];
    uint16_t of_job[BATCH];
};

/* ---- its life ---- */

static enum bf_err join(struct es256 *e)
{
    if (!(e->meetings = calloc(SETS, sizeof *e->meetings)))
        return BF_ENOMEM;
    random_bytes(&e->random, sizeof e->random);
    e->random |= 1;
    e->audit_at = (unsigned)(e->random >> 32);
    /* it only notes where the table will be: the hot path is to allocate nothing */
    const enum bf_err err = e->pool->door->create(e->pool->generator_room, &e->lanes);
    return err ? err : epoch_join(e->pool->epoch, &e->slot);
}

enum bf_err es256_create(struct es256_pool *pool, struct es256 **ret)
{
    struct es256 *e = calloc(1, sizeof *e);
    if (!e)
        return BF_ENOMEM;
    enum bf_err err = contexts_create(&e->openssl);
    if (!err && pool && pool->door) {
        e->pool = pool;
        err = join(e);
    }
    if (err) {
        if (e->lanes)
            pool->door->destroy(e->lanes);
        e->lanes = NULL;
        e->pool = NULL; /* it has not joined */
        es256_destroy(e);
        return err;
    }
    *ret = e;
    return BF_OK;
}

void es256_destroy(struct es256 *e)
{
    if (!e)
        return;
    if (e->lanes)
        e->pool->door->destroy(e->lanes);
    if (e->pool)
        epoch_leave(e->pool->epoch, e->slot);
    contexts_destroy(e->openssl);
    free(e->meetings);
    free(e);
}

const char *es256_name(const struct es256 *e)
{
    return e->pool ? es256_pool_name(e->pool) : "openssl";
}

/* ---- busy keys ---- */

static void halve(struct es256 *e, uint64_t second)
{
    if (second < e->halved + HALF_S)
        return;
    e->halved = second;
    for (size_t i = 0; i < SETS; i++)
        for (size_t k = 0; k < WAYS; k++)
            e->meetings[i][k].held /= 2;
}

static void count_held(struct es256 *e, const struct es256_key *key)
{
    struct meeting *set = e->meetings[key->point[0]], *m = set;
    if (++e->held >= LANES_PAY)
        e->wakes |= pool_ask_generator(e->pool);
    for (size_t k = 0; k < WAYS && m->key != key; k++)
        if (set[k].key == key || set[k].held < m->held)
            m = &set[k];
    m->key = key;
    if (++m->held < e->pool->busy)
        return;
    m->held = 0;
    e->wakes |= pool_ask_generator(e->pool);
    e->wakes |= pool_ask_table(e->pool, key);
}

/* ---- audit ---- */

static uint64_t draw(struct es256 *e)
{
    e->random ^= e->random << 13;
    e->random ^= e->random >> 7;
    e->random ^= e->random << 17;
    return e->random;
}

/* From 1 to 2n - 1, n in the middle: nobody can count which one is next. */
static void draw_next(struct es256 *e, unsigned share)
{
    e->audit = share;
    e->audit_left = share ? 1 + (unsigned)(draw(e) % (2 * (uint64_t)share - 1)) : 0;
}

static void perhaps_audit(struct es256 *e, const struct es256_job *job)
{
    const unsigned share = atomic_load_explicit(&e->pool->audit, memory_order_relaxed);
    if (share != e->audit)
        draw_next(e, share);
    if (!e->audit || --e->audit_left)
        return;
    draw_next(e, share);
    e->wakes |= pool_ask_audit(e->pool, e->audit_at++, job);
}

/* ---- verifying ---- */

static void verify_openssl(struct es256 *e, struct es256_job *job)
{
    job->result = contexts_verify(e->openssl, job->key, job->digest, job->signature);
    if (e->pool && job->result == BF_OK)
        count_held(e, job->key);
}

/* Inside the epoch. NULL: there is none that this engine may read. */
static const void *table_of(struct es256 *e, const struct es256_key *key, uint64_t second)
{
    if (atomic_load_explicit(&key->pool, memory_order_relaxed) != e->pool)
        return NULL;
    const void *table = atomic_load(&key->table);
    if (table && atomic_load_explicit(&key->used, memory_order_relaxed) != second)
        atomic_store_explicit(&key_shared(key)->used, second, memory_order_relaxed);
    return table;
}

static void add(struct es256 *e, size_t at, const struct es256_job *job, size_t of, const void *table)
{
    e->jobs[at] = (struct lanes_job){ job->key->point, table, job->digest, job->signature, false };
    e->of_job[at] = (uint16_t)of;
}

static void take_result(struct es256 *e, struct es256_job *job, const struct lanes_job *of_lanes)
{
    job->result = of_lanes->holds ? BF_OK : BF_EFORM;
    if (!of_lanes->holds)
        return;
    if (!of_lanes->table)
        count_held(e, job->key);
    perhaps_audit(e, job);
}

/* At most BATCH. */
static void verify_some(struct es256 *e, struct es256_job *jobs, size_t n, uint64_t second)
{
    size_t all = 0;
    for (size_t i = 0; i < n; i++) {
        jobs[i].result = BF_EFORM;
        if (signature_in_range(jobs[i].signature))
            add(e, all++, &jobs[i], i, table_of(e, jobs[i].key, second));
    }
    if (all)
        e->pool->door->verify(e->lanes, e->jobs, all);
    for (size_t i = 0; i < all; i++)
        take_result(e, &jobs[e->of_job[i]], &e->jobs[i]);
}

/* Lanes are chosen, believed, and have what they need. */
static bool has_lanes(const struct es256 *e)
{
    return e->pool && !atomic_load_explicit(&e->pool->fallen, memory_order_relaxed) &&
           atomic_load_explicit(&e->pool->generator, memory_order_acquire);
}

static void verify_all_lanes(struct es256 *e, struct es256_job *jobs, size_t n)
{
    const uint64_t second = atomic_load_explicit(&e->pool->second, memory_order_relaxed);
    halve(e, second);
    epoch_enter(e->pool->epoch, e->slot);
    for (size_t at = 0; at < n; at += BATCH)
        verify_some(e, jobs + at, n - at < BATCH ? n - at : BATCH, second);
    epoch_exit(e->pool->epoch, e->slot);
}

void es256_verify_many(struct es256 *e, struct es256_job *jobs, size_t n)
{
    if (has_lanes(e))
        verify_all_lanes(e, jobs, n);
    else
        for (size_t i = 0; i < n; i++)
            verify_openssl(e, &jobs[i]);
    if (e->wakes) {
        e->wakes = false;
        pool_wake(e->pool);
    }
}
