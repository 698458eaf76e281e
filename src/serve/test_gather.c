/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/gather.h"

#include "base/fault.h"
#include "tap.h"

#define US(n)   ((mono_t)(n)*1000)
#define CEILING US(500)

/* After a tenth of a second of such load. */
static struct gather after(unsigned calls, mono_t every)
{
    struct gather g = { 0 };
    for (mono_t now = MONO_S(100); now < MONO_S(100) + MONO_MS(100); now += every)
        gather_seen(&g, calls, now);
    return g;
}

static void one_waits_only_where_calls_come_fast(void **state)
{
    static const struct {
        const char *what;
        unsigned calls;
        mono_t every;
        bool waits;
    } rows[] = {
        { "ten a second", 1, MONO_MS(100), false },
        { "1,000 a second", 1, MONO_MS(1), false },
        { "3,000 a second", 1, US(333), false },
        { "10,000 a second", 1, US(100), true },
        { "10,000 in pairs", 2, US(200), true },
        { "50,000 a second", 1, US(20), true },
        { "eight, 10 times a second", 8, MONO_MS(100), false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct gather g = after(rows[i].calls, rows[i].every);
        if ((gather_wait(&g, 1, CEILING) > 0) != rows[i].waits)
            fail_msg("%s", rows[i].what);
    }
}

static void the_wait_is_what_the_rest_of_a_group_takes_and_no_longer_than_the_ceiling(void **state)
{
    struct gather fast = after(1, US(20)), slow = after(1, US(200));
    (void)state;
    assert_in_range(gather_wait(&fast, 1, CEILING), US(130), US(150)); /* seven calls, 20 µs each */
    assert_in_range(gather_wait(&fast, 7, CEILING), US(18), US(22));
    assert_int_equal(gather_wait(&slow, 1, CEILING), CEILING); /* seven would take 1,400 µs */
    assert_int_equal(gather_wait(&fast, 1, US(50)), US(50));
}

static void nobody_waits_without_need(void **state)
{
    struct gather fast = after(1, US(20));
    (void)state;
    assert_int_equal(gather_wait(&fast, 0, CEILING), 0); /* nothing there */
    assert_int_equal(gather_wait(&fast, GATHER_GROUP, CEILING), 0);
    assert_int_equal(gather_wait(&fast, 64, CEILING), 0);
    assert_int_equal(gather_wait(&fast, 1, 0), 0); /* switched off */
}

static void waits_that_meet_nobody_are_given_up_and_tried_again(void **state)
{
    struct gather g = after(1, US(20));
    unsigned waits = 0, refusals = 0;
    (void)state;
    for (mono_t wait; (wait = gather_wait(&g, 1, CEILING)) > 0 && waits < 100; waits++)
        gather_met(&g, wait, 0);
    assert_in_range(waits, 1, 10);
    while (gather_wait(&g, 1, CEILING) == 0 && refusals < 10 * GATHER_RETRY)
        refusals++;
    assert_in_range(refusals, GATHER_RETRY / 2, GATHER_RETRY);
    for (unsigned i = 0; i < 4; i++)
        gather_met(&g, US(140), 7); /* somebody is met again */
    for (unsigned i = 0; i < 10; i++)
        assert_true(gather_wait(&g, 1, CEILING) > 0);
}

static void a_burst_is_forgotten_soon(void **state)
{
    struct gather g = after(1, US(20));
    (void)state;
    assert_true(gather_wait(&g, 1, CEILING) > 0);
    gather_seen(&g, 1, g.at + MONO_S(1));
    assert_int_equal(gather_wait(&g, 1, CEILING), 0);
    g = after(64, US(20));
    gather_seen(&g, 1, g.at + MONO_S(3600));
    assert_int_equal(gather_wait(&g, 1, CEILING), 0);
}

static void a_clock_that_steps_back_breaks_nothing(void **state)
{
    struct gather g = after(1, US(20));
    (void)state;
    gather_seen(&g, 1, g.at - MONO_S(10));
    assert_in_range(gather_wait(&g, 1, CEILING), 0, CEILING);
    gather_seen(&g, 1, INT64_MIN / 4);
    assert_in_range(gather_wait(&g, 1, CEILING), 0, CEILING);
    gather_seen(&g, 1, MONO_S(200));
    assert_int_equal(gather_wait(&g, 1, CEILING), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_waits_only_where_calls_come_fast),
        cmocka_unit_test(the_wait_is_what_the_rest_of_a_group_takes_and_no_longer_than_the_ceiling),
        cmocka_unit_test(nobody_waits_without_need),
        cmocka_unit_test(waits_that_meet_nobody_are_given_up_and_tried_again),
        cmocka_unit_test(a_burst_is_forgotten_soon),
        cmocka_unit_test(a_clock_that_steps_back_breaks_nothing),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
