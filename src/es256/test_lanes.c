/* SPDX-License-Identifier: Apache-2.0 */
/* Eight verifications at once: every exception of the addition is met, in every lane, and gives the right answer. */
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "es256/cases_for_tests.h"
#include "es256/lanes.h"
#include "es256/lanes_trace.h"

struct bench {
    struct curve curve;
    void *generator;
    struct lanes *lanes;
    void *tables[8];
};

static void *room(size_t bytes)
{
    void *p = aligned_alloc(64, bytes);
    assert_non_null(p);
    return p;
}

static int open_bench(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    *state = NULL;
    if (!lanes_supported() || !b) {
        free(b);
        return 0;
    }
    b->curve = curve_open();
    b->generator = room(LANES_GENERATOR_BYTES);
    if (lanes_generator_build(b->generator) != BF_OK || lanes_create(b->generator, &b->lanes) != BF_OK)
        return -1;
    for (unsigned i = 0; i < 8; i++)
        b->tables[i] = room(LANES_TABLE_BYTES);
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    struct bench *b = *state;
    if (!b)
        return 0;
    for (unsigned i = 0; i < 8; i++)
        free(b->tables[i]);
    lanes_destroy(b->lanes);
    free(b->generator);
    curve_close(&b->curve);
    free(b);
    return 0;
}

static struct bench *bench_of(void **state)
{
    if (!*state)
        tap_skip("this CPU has no AVX-512 IFMA");
    return *state;
}

static struct lanes_job job_of(const struct made *m, const void *table)
{
    return (struct lanes_job){
        .point = m->point, .table = table, .digest = m->digest, .signature = m->signature
    };
}

/* What an engine says of all of them, at most 64, with their tables or without. */
static void ask(struct bench *b, const struct made *made, size_t n, bool warm)
{
    struct lanes_job jobs[64];
    for (size_t at = 0; at < n; at += 8) {
        for (size_t i = at; i < n && i < at + 8; i++) {
            if (warm)
                assert_int_equal(lanes_table_build(made[i].point, b->tables[i - at]), BF_OK);
            jobs[i] = job_of(&made[i], warm ? b->tables[i - at] : NULL);
            jobs[i].holds = !made[i].holds;
        }
        lanes_verify(b->lanes, jobs + at, n - at < 8 ? n - at : 8);
        for (size_t i = at; i < n && i < at + 8; i++)
            assert_int_equal(jobs[i].holds, made[i].holds);
    }
}

static const struct exception {
    const char *what;
    long d, u1, u2;
} exceptions[] = {
    { "Q is G, the same row on both sides", 1, 5, 5 },
    { "Q is G, opposite rows: the sum is nothing", 1, -5, 5 },
    { "opposite rows, then more rows", 1, -5 + 3 * 4096, 5 },
    { "opposite rows twice", 1, -5 - 7 * 4096, 5 + 7 * 4096 },
    { "Q is -G", -1, 5, 5 },
    { "Q is -G, the same row", -1, -5, 5 },
    { "Q is 2 G, the same point by different rows", 2, 10, 5 },
    { "Q is 3 G, opposite points", 3, -15, 5 },
    { "the key's rows add up to a row of the generator", 1, 64 + 128, 64 + 128 },
    { "its opposite", 1, -64 - 128, 64 + 128 },
    { "u1 is 0", 7, 0, 11 },
    { "u1 is 0, u2 is 1: one row in all", 7, 0, 1 },
    { "u2 is 1", 7, 9, 1 },
    { "u2 is n - 1", 7, 9, -1 },
    { "u1 is n - 1", 7, -1, 9 },
    { "both are n - 1", 1, -1, -1 },
    { "the largest digit", 5, 2048, 64 },
    { "one more than the largest digit", 5, 2049, 65 },
    { "sums that meet two windows on", 128, 4096 * 128, 4096 },
    { "and opposite", 128, -4096 * 128, 4096 },
};

static struct made made_of(const struct bench *b, const struct exception *e)
{
    return made_small(&b->curve, e->d, e->u1, e->u2);
}

static struct made lying_of(const struct bench *b, const struct exception *e)
{
    return made_lying(&b->curve, e->d, e->u1, e->u2);
}

static void every_exception_is_answered_rightly_in_every_lane(void **state)
{
    struct bench *const b = bench_of(state);
    const struct made plain = b ? made_small(&b->curve, 4711, 1234567, 7654321) : (struct made){ 0 };
    for (size_t k = 0; b && k < ARRAY_SIZE(exceptions); k++)
        for (unsigned lane = 0; lane < 8; lane++) {
            struct made made[8];
            for (unsigned i = 0; i < 8; i++)
                made[i] = plain;
            made[lane] = made_of(b, &exceptions[k]);
            made[(lane + 3) % 8] = lying_of(b, &exceptions[k]);
            ask(b, made, 8, true);
            ask(b, made, 8, false);
        }
}

static void every_exception_is_answered_rightly_in_batches_of_one_to_eight(void **state)
{
    struct bench *const b = bench_of(state);
    for (size_t k = 0; b && k < ARRAY_SIZE(exceptions); k++)
        for (unsigned n = 1; n <= 8; n++) {
            struct made made[8];
            for (unsigned i = 0; i < n; i++)
                made[i] = made_of(b, &exceptions[(k + i) % ARRAY_SIZE(exceptions)]);
            ask(b, made, n, true);
            ask(b, made, n, false);
            for (unsigned i = 0; i < n; i++)
                made[i] = lying_of(b, &exceptions[(k + i) % ARRAY_SIZE(exceptions)]);
            ask(b, made, n, true);
            ask(b, made, n, false);
        }
}

static void each_kind_of_exception_is_met(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    struct lanes_trace before = *lanes_trace(b->lanes);
    const struct made equal = made_small(&b->curve, 1, 5, 5);
    ask(b, &equal, 1, true);
    assert_true(lanes_trace(b->lanes)->equal > before.equal);
    assert_true(lanes_trace(b->lanes)->careful > before.careful);

    before = *lanes_trace(b->lanes);
    struct made eight[8];
    for (unsigned i = 0; i < 8;
         i++) /* opposite rows, and one lane has more to come: nothing on the left, on the right */
        eight[i] = made_small(&b->curve, 1, i == 3 ? -5 + 3 * 4096 : -5, 5);
    ask(b, eight, 8, true);
    assert_int_equal(lanes_trace(b->lanes)->opposite - before.opposite, 8);
    assert_true(lanes_trace(b->lanes)->infinite_left > before.infinite_left);
    assert_true(lanes_trace(b->lanes)->infinite_right > before.infinite_right);

    before = *lanes_trace(b->lanes);
    ask(b, eight, 8, false);
    assert_true(lanes_trace(b->lanes)->opposite > before.opposite);
}

static void an_ordinary_batch_meets_none(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    const struct lanes_trace before = *lanes_trace(b->lanes);
    struct made made[8];
    for (long i = 0; i < 8; i++)
        made[i] = made_small(&b->curve, 1000003 + i, 7000000001 * (i + 1), 9000000000001 + i);
    for (unsigned n = 1; n <= 8; n++) {
        ask(b, made, n, true);
        ask(b, made, n, false);
    }
    assert_memory_equal(lanes_trace(b->lanes), &before, sizeof before);
}

static void an_x_that_was_reduced_modulo_n_is_found(void **state)
{
    struct bench *const b = bench_of(state);
    for (unsigned k = 0; b && k < 16; k++) {
        struct made made[8];
        for (unsigned i = 0; i < 8; i++) {
            made[i] = made_wrapped(&b->curve, k, 3 + i, 17 * (long)k + i);
            if (i % 2) { /* another r as small as that */
                made[i].signature[31] ^= 1;
                made[i].holds = false;
            }
        }
        ask(b, made, 8, true);
        ask(b, made, 8, false);
        ask(b, made, 1, true);
        ask(b, made, 3, true);
    }
}

static void r_and_s_outside_of_the_order_never_hold(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    for (unsigned which = 0; which < 2; which++)
        for (int off = -1; off <= 2; off++) {
            struct made made[8];
            BIGNUM *value = off == 2 ? BN_new() : BN_dup(b->curve.n);
            assert_non_null(value);
            if (off == -1)
                assert_int_equal(BN_sub_word(value, 1), 1);
            else if (off == 1)
                assert_int_equal(BN_add_word(value, 1), 1);
            for (unsigned i = 0; i < 8; i++) {
                made[i] = made_small(&b->curve, 5 + i, 6, 7);
                if (i == 2 || i == 5) {
                    assert_int_equal(BN_bn2binpad(value, made[i].signature + 32 * which, 32), 32);
                    made[i].holds = false;
                }
            }
            BN_free(value);
            ask(b, made, 8, true);
            ask(b, made, 8, false);
        }
}

static void warm_cold_and_broken_jobs_may_come_together(void **state)
{
    struct bench *const b = bench_of(state);
    if (!b)
        return;
    enum { N = 150 };
    static struct made made[N];
    static struct lanes_job jobs[N];
    struct made keys[8];
    for (long i = 0; i < 8; i++) {
        keys[i] = made_small(&b->curve, 100 + i, 1, 1);
        assert_int_equal(lanes_table_build(keys[i].point, b->tables[i]), BF_OK);
    }
    for (size_t n = 1; n <= N; n += n < 20 ? 1 : 13) {
        for (size_t i = 0; i < n; i++) {
            const unsigned key = (unsigned)(i * 5 % 8);
            made[i] = made_small(&b->curve, 100 + key, (long)(i * 7919 + n), (long)(i * 104729 + 1));
            if (i % 3 == 1) {
                made[i].signature[i % 64] ^= (uint8_t)(1u << i % 8);
                made[i].holds = false;
            }
            if (i % 11 == 5)
                memset(made[i].signature + 32 * (i & 1), 0, 32), made[i].holds = false;
            jobs[i] = job_of(&made[i], i % 4 ? b->tables[key] : NULL);
            jobs[i].holds = !made[i].holds;
        }
        lanes_verify(b->lanes, jobs, n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(jobs[i].holds, made[i].holds);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_exception_is_answered_rightly_in_every_lane, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(every_exception_is_answered_rightly_in_batches_of_one_to_eight,
                                        open_bench, close_bench),
        cmocka_unit_test_setup_teardown(each_kind_of_exception_is_met, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(an_ordinary_batch_meets_none, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(an_x_that_was_reduced_modulo_n_is_found, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(r_and_s_outside_of_the_order_never_hold, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(warm_cold_and_broken_jobs_may_come_together, open_bench, close_bench),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
