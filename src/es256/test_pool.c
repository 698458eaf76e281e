/* SPDX-License-Identifier: Apache-2.0 */
/* What engines do around lanes, with lanes made of OpenSSL (door_for_tests.h); at the end with those of this CPU. */
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "es256/door_for_tests.h"
#include "es256/pool.h"

#define SLAB_TABLES  (TABLES_HUGE_PAGE / LANES_TABLE_BYTES)
#define FIRST_TABLES ((2 * TABLES_HUGE_PAGE - LANES_GENERATOR_BYTES) / LANES_TABLE_BYTES)
#define MOST_KEYS    64u

struct signer {
    EVP_PKEY *pkey;
    struct es256_key *key;
    struct es256_job good; /* a job that holds */
};

struct scene {
    struct fake_lanes *fake;
    struct clock_fixed clock;
    struct es256_pool *pool;
    struct es256 *engine;
    struct signer signers[MOST_KEYS];
    size_t n;
};

static struct signer signer_of(EVP_PKEY *pkey)
{
    struct signer s = { .pkey = pkey };
    assert_non_null(pkey);
    assert_int_equal(es256_key_create(pkey, &s.key), BF_OK);
    s.good.key = s.key;
    assert_int_equal(sha256_once(SPAN("a call"), s.good.digest), BF_OK);
    assert_int_equal(es256_sign(pkey, SPAN("a call"), s.good.signature), BF_OK);
    return s;
}

static void signer_clear(struct signer *s)
{
    es256_key_destroy(s->key);
    EVP_PKEY_free(s->pkey);
    *s = (struct signer){ .pkey = NULL };
}

static void open_scene(struct scene *s, size_t n, struct es256_pool_options o)
{
    memset(s, 0, sizeof *s);
    s->fake = fake_lanes_reset();
    s->clock = (struct clock_fixed){ { clock_fixed_now }, { .mono = MONO_S(1000) } };
    o.clock = &s->clock.source;
    assert_int_equal(pool_create(&o, &fake_door, &s->pool), BF_OK);
    assert_int_equal(es256_create(s->pool, &s->engine), BF_OK);
    for (s->n = 0; s->n < n; s->n++)
        s->signers[s->n] = signer_of(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
}

static void close_scene(struct scene *s)
{
    assert_int_equal(s->fake->wrong_tables, 0);
    es256_destroy(s->engine);
    es256_pool_destroy(s->pool);
    for (size_t i = 0; i < s->n; i++)
        signer_clear(&s->signers[i]);
}

static enum bf_err verify(struct scene *s, size_t i)
{
    struct es256_job job = s->signers[i].good;
    es256_verify_many(s->engine, &job, 1);
    return job.result;
}

/* Seconds pass, and the pool's thread has seen it. */
static void pass(struct scene *s, int64_t seconds)
{
    clock_fixed_set(&s->clock, (struct instant){ .mono = s->clock.at.mono + MONO_S(seconds) });
    es256_pool_settle(s->pool);
}

static bool has_table(const struct scene *s, size_t i)
{
    return atomic_load(&s->signers[i].key->table) != NULL;
}

/* Signer i has been busy enough, and the thread has done what it can about it. */
static void warm_up(struct scene *s, size_t i)
{
    for (unsigned k = 0; k < s->pool->busy; k++)
        assert_int_equal(verify(s, i), BF_OK);
    es256_pool_settle(s->pool);
}

/* ---- which engine ---- */

static void lanes_are_refused_in_words_where_the_cpu_has_none(void **state)
{
    (void)state;
    struct es256_pool *pool = NULL;
    fake_lanes_reset()->unsupported = true;
    assert_int_equal(pool_create(&(struct es256_pool_options){ .engine = ES256_LANES }, &fake_door, &pool),
                     BF_EUNSUP);
    assert_null(pool);
    assert_int_equal(pool_create(&(struct es256_pool_options){ .engine = ES256_AUTO }, &fake_door, &pool),
                     BF_OK);
    assert_string_equal(es256_pool_name(pool), "openssl");
    assert_string_equal(es256_pool_why(pool), "this CPU has no AVX-512 IFMA");
    es256_pool_destroy(pool);
    if (es256_unsupported())
        assert_string_equal(es256_unsupported(), "this CPU has no AVX-512 IFMA");
}

static void openssl_alone_verifies_and_counts_nothing(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, 1, (struct es256_pool_options){ .engine = ES256_OPENSSL, .busy = 1, .audit = 1 });
    s.pool->tables.most = 1;
    assert_int_equal(verify(&s, 0), BF_OK);
    es256_pool_settle(s.pool);
    assert_string_equal(es256_name(s.engine), "openssl");
    assert_string_equal(es256_pool_why(s.pool), "es256.engine says so");
    assert_int_equal(s.fake->batches + s.fake->generators_built, 0);
    assert_int_equal(es256_pool_counts(s.pool).audited, 0);
    close_scene(&s);
}

static void until_the_generators_table_is_there_openssl_verifies(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, 2, (struct es256_pool_options){ .engine = ES256_AUTO });
    assert_string_equal(es256_name(s.engine), "lanes");
    assert_int_equal(verify(&s, 0), BF_OK);
    es256_pool_settle(s.pool);
    assert_int_equal(s.fake->batches, 0);
    assert_int_equal(s.fake->generators_built, 0); /* one signature does not pay for it */
    for (int i = 0; i < 300; i++)
        assert_int_equal(verify(&s, (size_t)i % 2), BF_OK);
    es256_pool_settle(s.pool);
    assert_int_equal(s.fake->generators_built, 1);
    struct es256_job jobs[2] = { s.signers[0].good, s.signers[1].good };
    const uint64_t before = s.fake->cold;
    es256_verify_many(s.engine, jobs, 2);
    assert_int_equal(jobs[0].result, BF_OK);
    assert_int_equal(s.fake->cold, before + 2);
    close_scene(&s);
}

static void a_pool_that_insists_has_lanes_from_the_first_signature_on(void **state)
{
    struct scene s;
    struct es256 *other = NULL;
    (void)state;
    open_scene(&s, 1, (struct es256_pool_options){ .engine = ES256_LANES });
    assert_int_equal(verify(&s, 0), BF_OK);
    assert_int_equal(s.fake->cold, 1);
    assert_int_equal(es256_create(s.pool, &other), BF_OK);
    struct es256_job job = s.signers[0].good;
    es256_verify_many(other, &job, 1);
    assert_int_equal(s.fake->cold, 2);
    assert_int_equal(s.fake->generators_built, 1); /* for both */
    es256_destroy(other);
    close_scene(&s);
}

static void without_memory_for_the_generator_openssl_goes_on(void **state)
{
    struct scene s;
    struct es256_pool *none = NULL;
    (void)state;
    fake_lanes_reset()->no_memory = true;
    assert_int_equal(pool_create(&(struct es256_pool_options){ .engine = ES256_LANES }, &fake_door, &none),
                     BF_ENOMEM);
    open_scene(&s, 1, (struct es256_pool_options){ .engine = ES256_AUTO, .busy = 2 });
    s.fake->no_memory = true;
    warm_up(&s, 0);
    assert_int_equal(verify(&s, 0), BF_OK);
    assert_int_equal(s.fake->batches, 0);
    s.fake->no_memory = false;
    pass(&s, 1);
    assert_int_equal(s.fake->generators_built, 1);
    close_scene(&s);
}

/* ---- dealing out ---- */

/* Jobs of every kind: what must hold is known by how they are made. */
static bool job_of_kind(const struct scene *s, size_t i, struct es256_job *ret)
{
    const struct signer *signer = &s->signers[i % s->n];
    *ret = signer->good;
    ret->result = BF_EINVAL;
    switch (i % 7) {
    case 1: ret->digest[i % 32] ^= 1; return false;
    case 2: memset(ret->signature, 0, 32); return false;
    case 3: memset(ret->signature + 32, 0xFF, 32); return false;
    case 4: ret->key = s->signers[(i + 1) % s->n].key; return s->n == 1;
    default: return true;
    }
}

static void warm_and_cold_jobs_of_one_batch_get_their_own_results(void **state)
{
    enum { MOST = 200 };
    struct scene s;
    struct es256_job jobs[MOST];
    bool holds[MOST];
    (void)state;
    open_scene(
        &s, 9,
        (struct es256_pool_options){ .engine = ES256_LANES, .tables_bytes = ES256_TABLES_BYTES, .busy = 3 });
    for (size_t i = 0; i < s.n; i += 2)
        warm_up(&s, i);
    s.pool->busy = UINT32_MAX; /* the others stay cold */
    for (size_t n = 0; n <= MOST; n += n < 20 ? 1 : 45) {
        for (size_t i = 0; i < n; i++)
            holds[i] = job_of_kind(&s, i, &jobs[i]);
        es256_verify_many(s.engine, jobs, n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(jobs[i].result, holds[i] ? BF_OK : BF_EFORM);
    }
    assert_true(s.fake->warm > 200 && s.fake->cold > 200);
    assert_int_equal(es256_pool_counts(s.pool).tables, 5);
    close_scene(&s);
}

/* ---- tables ---- */

static const struct es256_pool_options few = { .engine = ES256_LANES,
                                               .tables_bytes = TABLES_HUGE_PAGE,
                                               .busy = 2 };

static void a_key_gets_a_table_when_enough_of_its_signatures_have_held(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, 2, few);
    assert_int_equal(verify(&s, 0), BF_OK);
    es256_pool_settle(s.pool);
    assert_false(has_table(&s, 0));
    assert_int_equal(verify(&s, 0), BF_OK);
    es256_pool_settle(s.pool);
    assert_true(has_table(&s, 0));
    for (int i = 0; i < 10; i++)
        assert_int_equal(verify(&s, 0), BF_OK);
    es256_pool_settle(s.pool);
    const struct es256_counts c = es256_pool_counts(s.pool);
    assert_int_equal(c.tables, 1);
    assert_int_equal(c.built, 1); /* once */
    assert_int_equal(s.fake->warm, 10);
    close_scene(&s);
}

static void signatures_that_do_not_hold_make_no_key_busy(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, 1, few);
    for (int i = 0; i < 20; i++) {
        struct es256_job job = s.signers[0].good;
        job.digest[0] ^= 1;
        es256_verify_many(s.engine, &job, 1);
        assert_int_equal(job.result, BF_EFORM);
    }
    es256_pool_settle(s.pool);
    assert_int_equal(s.fake->tables_built, 0);
    close_scene(&s);
    open_scene(&s, 1, (struct es256_pool_options){ .engine = ES256_AUTO, .busy = 2 });
    for (int i = 0; i < 200; i++) { /* nor does OpenSSL's word make lanes pay */
        struct es256_job job = s.signers[0].good;
        job.digest[0] ^= 1;
        es256_verify_many(s.engine, &job, 1);
    }
    es256_pool_settle(s.pool);
    assert_int_equal(s.fake->generators_built, 0);
    close_scene(&s);
}

static void busy_keys_get_there_however_many_share_their_place(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, 40,
               (struct es256_pool_options){
                   .engine = ES256_LANES, .tables_bytes = 4 * TABLES_HUGE_PAGE, .busy = 8 });
    for (size_t i = 0; i < s.n;
         i++) /* one set of eight places for all of them: the count is by the first byte */
        s.signers[i].key->point[0] = s.signers[0].key->point[0];
    s.fake->accepts_all = true; /* the points are none now */
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(verify(&s, i % 5), BF_OK);
    es256_pool_settle(s.pool);
    assert_int_equal(es256_pool_counts(s.pool).tables, 0); /* six each, and each is counted for itself */
    uint32_t dice = 1;
    for (int i = 0; i < 16000; i++) {
        dice = dice * 1664525 + 1013904223;
        assert_int_equal(verify(&s, (dice >> 16) % s.n), BF_OK);
        if (i % 64 == 0)
            es256_pool_settle(s.pool); /* so that no box is full */
    }
    es256_pool_settle(s.pool);
    assert_int_equal(es256_pool_counts(s.pool).tables, s.n);
    close_scene(&s);
}

static void fill(struct scene *s)
{
    for (size_t i = 0; i < FIRST_TABLES + SLAB_TABLES; i++)
        warm_up(s, i);
    assert_int_equal(es256_pool_counts(s->pool).tables, FIRST_TABLES + SLAB_TABLES);
}

static void the_least_recently_used_table_goes_first(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, FIRST_TABLES + SLAB_TABLES + 2, few);
    fill(&s);
    pass(&s, 20);
    for (size_t i = 0; i < s.n - 2; i++)
        if (i != 5 && i != 11)
            assert_int_equal(verify(&s, i), BF_OK);
    pass(&s, 20);
    assert_int_equal(verify(&s, 11), BF_OK);
    warm_up(&s, s.n - 2);
    assert_false(has_table(&s, 5));
    assert_true(has_table(&s, s.n - 2));
    for (size_t i = 0; i < s.n - 2; i++)
        assert_int_equal(has_table(&s, i), i != 5);
    assert_int_equal(es256_pool_counts(s.pool).evicted, 1);
    close_scene(&s);
}

static void tables_that_are_in_use_are_not_taken_for_others(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, FIRST_TABLES + SLAB_TABLES + 1, few);
    fill(&s);
    warm_up(&s, s.n - 1);
    assert_false(has_table(&s, s.n - 1));
    assert_int_equal(es256_pool_counts(s.pool).evicted, 0);
    assert_int_equal(es256_pool_counts(s.pool).refused, 1);
    pass(&s, 11);
    warm_up(&s, s.n - 1); /* it asks again */
    assert_true(has_table(&s, s.n - 1));
    close_scene(&s);
}

static void a_budget_that_shrinks_gives_memory_back(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, FIRST_TABLES + SLAB_TABLES, few);
    fill(&s);
    const uint64_t before = es256_pool_counts(s.pool).bytes;
    es256_pool_set(s.pool, 0, 0);
    es256_pool_settle(s.pool);
    pass(&s, 1);
    assert_int_equal(es256_pool_counts(s.pool).tables, 0);
    assert_int_equal(es256_pool_counts(s.pool).bytes, before - TABLES_HUGE_PAGE); /* the generator stays */
    warm_up(&s, 0);
    assert_false(has_table(&s, 0));
    es256_pool_set(s.pool, TABLES_HUGE_PAGE, 0);
    es256_pool_settle(s.pool);
    warm_up(&s, 0);
    assert_true(has_table(&s, 0));
    close_scene(&s);
}

static void tables_that_idle_and_tables_of_keys_that_are_gone_are_given_back(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, 3, few);
    for (size_t i = 0; i < 3; i++)
        warm_up(&s, i);
    signer_clear(&s.signers[2]);
    s.n = 2;
    pass(&s, 800);
    assert_int_equal(es256_pool_counts(s.pool).tables, 2);
    assert_int_equal(verify(&s, 0), BF_OK);
    pass(&s, 800);
    assert_true(has_table(&s, 0));
    assert_false(has_table(&s, 1));
    close_scene(&s);
}

static void requests_beyond_the_box_are_dropped_and_asked_again(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, 3, few);
    s.fake->held_up = true;
    for (int i = 0; i < 2; i++)
        assert_int_equal(verify(&s, 0), BF_OK); /* asked: the thread waits in it */
    while (!s.fake->waits)
        sched_yield();
    for (size_t i = 1; i < 3; i++) { /* both want the same place */
        memcpy(s.signers[i].key->point + 30, "xx", 2);
        pool_ask_table(s.pool, s.signers[i].key);
    }
    assert_true(atomic_load(&s.signers[1].key->asked));
    assert_false(atomic_load(&s.signers[2].key->asked)); /* so it may ask again */
    s.fake->held_up = false;
    es256_pool_settle(s.pool);
    pool_ask_table(s.pool, s.signers[2].key);
    es256_pool_settle(s.pool);
    assert_int_equal(es256_pool_counts(s.pool).tables, 3);
    close_scene(&s);
}

static void a_second_pool_does_not_read_the_tables_of_the_first(void **state)
{
    struct scene s;
    struct es256_pool *second = NULL;
    struct es256 *engine = NULL;
    (void)state;
    open_scene(&s, 1, few);
    warm_up(&s, 0);
    assert_int_equal(pool_create(&few, &fake_door, &second), BF_OK);
    assert_int_equal(es256_create(second, &engine), BF_OK);
    for (int i = 0; i < 5; i++) {
        struct es256_job job = s.signers[0].good;
        es256_verify_many(engine, &job, 1);
        es256_pool_settle(second);
        assert_int_equal(job.result, BF_OK);
    }
    assert_int_equal(s.fake->warm, 0);
    assert_int_equal(es256_pool_counts(second).built, 0);
    assert_true(has_table(&s, 0));
    es256_destroy(engine);
    es256_pool_destroy(second);
    close_scene(&s);
}

static void keys_may_outlive_their_pool_and_get_tables_of_the_next(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, 1, few);
    warm_up(&s, 0);
    es256_destroy(s.engine);
    es256_pool_destroy(s.pool);
    assert_false(has_table(&s, 0));
    assert_int_equal(pool_create(&few, &fake_door, &s.pool), BF_OK);
    assert_int_equal(es256_create(s.pool, &s.engine), BF_OK);
    warm_up(&s, 0);
    assert_true(has_table(&s, 0));
    close_scene(&s);
}

/* ---- many threads ---- */

static void *verify_first(void *arg)
{
    struct scene *s = arg;
    struct es256 *engine = NULL;
    struct es256_job job = s->signers[0].good;
    assert_int_equal(es256_create(s->pool, &engine), BF_OK);
    es256_verify_many(engine, &job, 1);
    es256_destroy(engine);
    return job.result == BF_OK ? s : NULL;
}

static void the_place_of_an_evicted_table_is_free_when_its_last_reader_has_left(void **state)
{
    struct scene s;
    pthread_t reader;
    void *good = NULL;
    (void)state;
    open_scene(&s, FIRST_TABLES + SLAB_TABLES + 1, few);
    fill(&s);
    s.fake->stop_next = true;
    assert_int_equal(pthread_create(&reader, NULL, verify_first, &s), 0);
    while (!s.fake->walks)
        sched_yield();
    pass(&s, 20);
    for (size_t i = 1; i < s.n - 1; i++)
        assert_int_equal(verify(&s, i), BF_OK);
    warm_up(&s, s.n - 1);
    assert_false(has_table(&s, 0));       /* evicted */
    assert_false(has_table(&s, s.n - 1)); /* and nobody has its place yet */
    s.fake->go_on = true;
    assert_int_equal(pthread_join(reader, &good), 0);
    assert_non_null(good);
    assert_int_equal(s.fake->wrong_tables, 0);
    warm_up(&s, s.n - 1);
    assert_true(has_table(&s, s.n - 1));
    close_scene(&s);
}

struct worker {
    struct scene *scene;
    unsigned n;
    bool ok;
};

static void *verify_all(void *arg)
{
    struct worker *w = arg;
    struct es256 *engine = NULL;
    w->ok = es256_create(w->scene->pool, &engine) == BF_OK;
    for (unsigned round = 0; w->ok && round < 60; round++) {
        struct es256_job jobs[12];
        for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
            jobs[i] = w->scene->signers[(round * 5 + i * (w->n + 1)) % w->scene->n].good;
            jobs[i].digest[0] ^= i % 4 == 3;
        }
        es256_verify_many(engine, jobs, ARRAY_SIZE(jobs));
        for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
            w->ok = w->ok && jobs[i].result == (i % 4 == 3 ? BF_EFORM : BF_OK);
    }
    es256_destroy(engine);
    return NULL;
}

/* Twice as many keys as tables, and a clock that runs: tables come and go under those who walk over them. */
static void no_place_is_used_again_while_somebody_walks_over_it(void **state)
{
    enum { THREADS = 3 };
    struct scene s;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    (void)state;
    open_scene(&s, 2 * (FIRST_TABLES + SLAB_TABLES), few);
    es256_pool_set(s.pool, TABLES_HUGE_PAGE, 4);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ &s, i, false };
        assert_int_equal(pthread_create(&threads[i], NULL, verify_all, &workers[i]), 0);
    }
    for (int i = 0; i < 100; i++)
        pass(&s, 11);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].ok);
    }
    es256_pool_settle(s.pool);
    assert_int_equal(s.fake->wrong_tables, 0);
    assert_int_equal(es256_pool_counts(s.pool).disagreements, 0);
    close_scene(&s);
}

/* ---- the audit ---- */

static void lanes_that_accept_too_much_are_found_out_and_left(void **state)
{
    struct scene s;
    auto_(log_destroy) struct log *log = NULL;
    char line[1024] = "";
    int fd = memfd_create("log", 0);
    struct es256 *other = NULL;
    (void)state;
    assert_int_equal(log_create(fd, LOG_INFO, false, &log), BF_OK);
    open_scene(
        &s, 1,
        (struct es256_pool_options){
            .engine = ES256_LANES, .tables_bytes = TABLES_HUGE_PAGE, .busy = 2, .audit = 1, .log = log });
    assert_int_equal(es256_create(s.pool, &other), BF_OK);
    warm_up(&s, 0);
    assert_int_equal(es256_pool_counts(s.pool).audited, 2);
    assert_int_equal(log_alarms(log), 0);
    s.fake->accepts_all = true;
    struct es256_job job = s.signers[0].good;
    job.digest[0] ^= 1;
    es256_verify_many(s.engine, &job, 1);
    assert_int_equal(job.result, BF_OK); /* the fault is there */
    es256_pool_settle(s.pool);
    assert_int_equal(es256_pool_counts(s.pool).disagreements, 1);
    assert_int_equal(log_alarms(log), 1);
    assert_string_equal(es256_name(s.engine), "openssl");
    assert_string_equal(es256_name(other), "openssl");
    assert_string_equal(es256_pool_why(s.pool), "an audit found the lanes wrong");
    for (int i = 0; i < 3; i++) { /* every engine, for good */
        es256_verify_many(i ? other : s.engine, &job, 1);
        assert_int_equal(job.result, BF_EFORM);
        assert_int_equal(verify(&s, 0), BF_OK);
    }
    es256_pool_settle(s.pool);
    assert_int_equal(es256_pool_counts(s.pool).tables, 0); /* nobody needs them now */
    assert_int_equal(log_alarms(log), 1);
    assert_true(pread(fd, line, sizeof line - 1, 0) > 0);
    assert_non_null(strstr(line, "OpenSSL verifies alone"));
    assert_non_null(strstr(line, "es256.engine: openssl")); /* what to do */
    es256_destroy(other);
    close_scene(&s);
    close(fd);
}

static void one_of_so_many_accepted_signatures_is_audited_and_none_that_was_refused(void **state)
{
    struct scene s;
    (void)state;
    open_scene(&s, 1, (struct es256_pool_options){ .engine = ES256_LANES, .audit = 8 });
    struct es256_job bad = s.signers[0].good;
    bad.digest[0] ^= 1;
    for (int i = 0; i < 1600; i++) {
        assert_int_equal(verify(&s, 0), BF_OK);
        es256_verify_many(s.engine, &bad, 1);
    }
    es256_pool_settle(s.pool);
    const struct es256_counts c = es256_pool_counts(s.pool);
    assert_in_range(c.audited + c.unaudited, 140, 260); /* 200; its deviation is 8 */
    assert_int_equal(c.disagreements, 0);
    es256_pool_set(s.pool, 0, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(verify(&s, 0), BF_OK);
    es256_pool_settle(s.pool);
    assert_int_equal(es256_pool_counts(s.pool).audited + es256_pool_counts(s.pool).unaudited,
                     c.audited + c.unaudited);
    close_scene(&s);
}

static void audits_that_find_no_room_are_counted_and_delay_nobody(void **state)
{
    struct scene s;
    (void)state;
    open_scene(
        &s, 1,
        (struct es256_pool_options){ .engine = ES256_LANES, .tables_bytes = TABLES_HUGE_PAGE, .busy = 1 });
    s.fake->held_up = true;
    assert_int_equal(verify(&s, 0), BF_OK);
    while (!s.fake->waits) /* the thread builds, and will for some time */
        sched_yield();
    es256_pool_set(s.pool, TABLES_HUGE_PAGE, 1);
    for (unsigned i = 0; i < POOL_AUDITS + 44; i++)
        assert_int_equal(verify(&s, 0), BF_OK);
    assert_int_equal(es256_pool_counts(s.pool).unaudited, 44);
    s.fake->held_up = false;
    es256_pool_settle(s.pool);
    assert_int_equal(es256_pool_counts(s.pool).audited, POOL_AUDITS);
    close_scene(&s);
}

/* ---- the lanes of this CPU ---- */

static void lanes_and_openssl_agree_warm_and_cold_in_batches_of_every_size(void **state)
{
    enum { MOST = 150 };
    struct scene s;
    struct es256_job jobs[MOST];
    bool holds[MOST];
    (void)state;
    if (es256_unsupported()) {
        tap_skip(es256_unsupported());
        return;
    }
    open_scene(&s, 11, (struct es256_pool_options){ .engine = ES256_OPENSSL });
    es256_destroy(s.engine);
    es256_pool_destroy(s.pool);
    const struct es256_pool_options o = {
        .engine = ES256_LANES, .tables_bytes = ES256_TABLES_BYTES, .busy = 3, .audit = 1
    };
    assert_int_equal(es256_pool_create(&o, &s.pool), BF_OK);
    assert_int_equal(es256_create(s.pool, &s.engine), BF_OK);
    assert_string_equal(es256_name(s.engine), "lanes");
    for (size_t warm = 0; warm <= s.n; warm += 5) {
        for (size_t n = 1; n <= MOST; n += n < 18 ? 1 : 31) {
            for (size_t i = 0; i < n; i++)
                holds[i] = job_of_kind(&s, i + n, &jobs[i]);
            es256_verify_many(s.engine, jobs, n);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(jobs[i].result, holds[i] ? BF_OK : BF_EFORM);
        }
        for (size_t i = warm; i < warm + 5 && i < s.n; i++)
            warm_up(&s, i);
    }
    es256_pool_settle(s.pool);
    assert_int_equal(es256_pool_counts(s.pool).tables, s.n);
    assert_true(es256_pool_counts(s.pool).audited > 0);
    assert_int_equal(es256_pool_counts(s.pool).disagreements, 0);
    close_scene(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_are_refused_in_words_where_the_cpu_has_none),
        cmocka_unit_test(openssl_alone_verifies_and_counts_nothing),
        cmocka_unit_test(until_the_generators_table_is_there_openssl_verifies),
        cmocka_unit_test(a_pool_that_insists_has_lanes_from_the_first_signature_on),
        cmocka_unit_test(without_memory_for_the_generator_openssl_goes_on),
        cmocka_unit_test(warm_and_cold_jobs_of_one_batch_get_their_own_results),
        cmocka_unit_test(a_key_gets_a_table_when_enough_of_its_signatures_have_held),
        cmocka_unit_test(signatures_that_do_not_hold_make_no_key_busy),
        cmocka_unit_test(busy_keys_get_there_however_many_share_their_place),
        cmocka_unit_test(the_least_recently_used_table_goes_first),
        cmocka_unit_test(tables_that_are_in_use_are_not_taken_for_others),
        cmocka_unit_test(a_budget_that_shrinks_gives_memory_back),
        cmocka_unit_test(tables_that_idle_and_tables_of_keys_that_are_gone_are_given_back),
        cmocka_unit_test(requests_beyond_the_box_are_dropped_and_asked_again),
        cmocka_unit_test(a_second_pool_does_not_read_the_tables_of_the_first),
        cmocka_unit_test(keys_may_outlive_their_pool_and_get_tables_of_the_next),
        cmocka_unit_test(the_place_of_an_evicted_table_is_free_when_its_last_reader_has_left),
        cmocka_unit_test(no_place_is_used_again_while_somebody_walks_over_it),
        cmocka_unit_test(lanes_that_accept_too_much_are_found_out_and_left),
        cmocka_unit_test(one_of_so_many_accepted_signatures_is_audited_and_none_that_was_refused),
        cmocka_unit_test(audits_that_find_no_room_are_counted_and_delay_nobody),
        cmocka_unit_test(lanes_and_openssl_agree_warm_and_cold_in_batches_of_every_size),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
