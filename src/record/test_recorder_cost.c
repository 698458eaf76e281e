/* SPDX-License-Identifier: Apache-2.0 */
/* What an append costs besides its one write: nothing. Allocations of our own code are counted by the linker's --wrap. */
#include "base/limits.h"
#include "record/test_record.h"

#define AT 1700000000

static _Thread_local size_t allocations; /* the indexer allocates as it likes, in its own thread */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    allocations++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    allocations++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    allocations++;
    return __real_realloc(p, n);
}

static void a_warm_append_allocates_nothing(void **state)
{
    static struct sample samples[LIMIT_BATCH];
    static struct record batch[LIMIT_BATCH];
    struct recorder *r;
    char *message = NULL;
    uint64_t next = 0;
    (void)state;
    const struct place p = place_make();
    const struct recorder_options options = { .journal_dir = p.journal,
                                              .db_url = p.url,
                                              .durability = RECORD_RELAXED };
    assert_int_equal(recorder_create(&options, &r, &message), BF_OK);
    for (unsigned round = 0; round < 50; round++) {
        for (size_t i = 0; i < LIMIT_BATCH; i++) {
            sample_make(&samples[i], next++, AT);
            batch[i] = samples[i].record;
        }
        const size_t before = allocations;
        assert_int_equal(recorder_append(r, batch, LIMIT_BATCH), BF_OK);
        if (round == 0)
            assert_true(allocations > before); /* the counting counts */
        else
            assert_int_equal(allocations, before);
    }
    recorder_destroy(r);
    place_remove(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_warm_append_allocates_nothing),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
