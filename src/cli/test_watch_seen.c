/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch.h"
#include "tap.h"

#define START 1443208345

static struct watch_seen *fresh(void)
{
    struct watch_seen *s = NULL;
    assert_int_equal(watch_seen_create(&s), BF_OK);
    return s;
}

static void a_call_is_new_once(void **state)
{
    struct watch_seen *s = fresh();
    (void)state;
    assert_true(watch_seen_new(s, START, 7));
    assert_false(watch_seen_new(s, START + 1, 7));
    assert_true(watch_seen_new(s, START + 1, 0));
    assert_false(watch_seen_new(s, START + 1, 0));
    watch_seen_destroy(s);
}

static void it_is_remembered_for_one_generation_at_least_and_two_at_most(void **state)
{
    struct watch_seen *s = fresh();
    (void)state;
    assert_true(watch_seen_new(s, START, 1)); /* begins a generation */
    assert_true(watch_seen_new(s, START + WATCH_SEEN_TIME - 1, 7));
    assert_false(watch_seen_new(s, START + 2 * WATCH_SEEN_TIME - 2, 7));
    assert_true(watch_seen_new(s, START + 5 * WATCH_SEEN_TIME, 8));
    assert_true(watch_seen_new(s, START + 6 * WATCH_SEEN_TIME, 9));
    assert_true(watch_seen_new(s, START + 6 * WATCH_SEEN_TIME, 7));
    watch_seen_destroy(s);
}

/* However many come, the table ends neither in an endless search nor in more memory; the newest are known. */
static void a_flood_makes_the_oldest_forgotten(void **state)
{
    struct watch_seen *s = fresh();
    const uint64_t n = 3 * (uint64_t)WATCH_SEEN;
    (void)state;
    for (uint64_t i = 1; i <= n; i++)
        assert_true(watch_seen_new(s, START, i * 0x9E3779B97F4A7C15));
    assert_false(watch_seen_new(s, START, n * 0x9E3779B97F4A7C15));
    assert_true(watch_seen_new(s, START, 0x9E3779B97F4A7C15));
    watch_seen_destroy(s);
}

static void a_clock_that_goes_back_does_not_stop_time(void **state)
{
    struct watch_seen *s = fresh();
    (void)state;
    assert_true(watch_seen_new(s, START, 7));
    for (utc_t at = START - 1000; at < START - 1000 + 3 * WATCH_SEEN_TIME; at += WATCH_SEEN_TIME)
        assert_true(watch_seen_new(s, at, (uint64_t)at));
    assert_true(watch_seen_new(s, START - 700, 7));
    watch_seen_destroy(s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_new_once),
        cmocka_unit_test(it_is_remembered_for_one_generation_at_least_and_two_at_most),
        cmocka_unit_test(a_flood_makes_the_oldest_forgotten),
        cmocka_unit_test(a_clock_that_goes_back_does_not_stop_time),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
