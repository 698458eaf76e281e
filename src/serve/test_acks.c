/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/acks.h"

#include <pthread.h>
#include <sched.h>

#include "tap.h"

enum { WRITERS = 3, EACH = 10000 };

static void what_is_published_comes_out_once_in_order(void **state)
{
    auto_(acks_destroy) struct acks *a = NULL;
    const uint64_t one[2] = { 1, 10 }, two[2] = { 2, 20 }, three[2] = { 3, 30 };
    uint64_t got[2];
    size_t at = 0;
    (void)state;
    assert_int_equal(acks_create(2, &a), BF_OK);
    assert_true(acks_put(a, 1, one));
    assert_false(acks_take(a, &at, got)); /* not published */
    assert_true(acks_put(a, 1, two));
    assert_true(acks_put(a, 0, three));
    acks_publish(a, 1);
    acks_publish(a, 0);
    at = 0;
    assert_true(acks_take(a, &at, got) && got[0] == 3 && got[1] == 30);
    assert_true(acks_take(a, &at, got) && got[0] == 1 && got[1] == 10);
    assert_true(acks_take(a, &at, got) && got[0] == 2 && got[1] == 20);
    assert_false(acks_take(a, &at, got));
}

static void a_full_ring_takes_no_more_until_it_is_read(void **state)
{
    auto_(acks_destroy) struct acks *a = NULL;
    uint64_t got[2];
    size_t at = 0;
    (void)state;
    assert_int_equal(acks_create(1, &a), BF_OK);
    for (uint64_t i = 0; i < ACKS_RING; i++)
        assert_true(acks_put(a, 0, (const uint64_t[2]){ i, i }));
    assert_false(acks_put(a, 0, (const uint64_t[2]){ 0, 0 }));
    acks_publish(a, 0);
    assert_true(acks_take(a, &at, got));
    assert_int_equal(got[0], 0);
    assert_true(acks_put(a, 0, (const uint64_t[2]){ 0, 0 }));
}

struct writer {
    struct acks *acks;
    size_t number;
};

static void *write_all(void *arg)
{
    const struct writer *w = arg;
    for (uint64_t i = 0; i < EACH;) {
        const bool room = acks_put(w->acks, w->number, (const uint64_t[2]){ w->number, i });
        acks_publish(w->acks, w->number);
        i += room;
        if (!room)
            sched_yield();
    }
    return NULL;
}

static void writers_at_once_lose_nothing(void **state)
{
    auto_(acks_destroy) struct acks *a = NULL;
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    uint64_t next[WRITERS] = { 0 }, got[2];
    (void)state;
    assert_int_equal(acks_create(WRITERS, &a), BF_OK);
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ a, i };
        assert_int_equal(pthread_create(&threads[i], NULL, write_all, &writers[i]), 0);
    }
    for (size_t all = 0; all < (size_t)WRITERS * EACH;) {
        size_t at = 0;
        while (acks_take(a, &at, got)) {
            assert_int_equal(got[0], at);
            assert_int_equal(got[1], next[at]++);
            all++;
        }
    }
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_comes_out_once_in_order),
        cmocka_unit_test(a_full_ring_takes_no_more_until_it_is_read),
        cmocka_unit_test(writers_at_once_lose_nothing),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
