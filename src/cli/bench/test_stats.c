/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/stats.h"

#include "tap.h"

static void percentiles_of_known_values(void **state)
{
    (void)state;
    static struct histogram h;
    for (mono_t v = 1; v <= 100; v++) /* below 128 every value has its own bucket */
        histogram_add(&h, v, 1);
    assert_int_equal(histogram_at(&h, 0.5), 50);
    assert_int_equal(histogram_at(&h, 0.99), 99);
    assert_int_equal(histogram_at(&h, 0.991), 100);
    assert_int_equal(histogram_at(&h, 1), 100);
    assert_int_equal(h.most, 100);
}

static void a_percentile_is_never_low_and_at_most_one_percent_high(void **state)
{
    (void)state;
    static const mono_t values[] = {
        0,       1,   127,       128,        129,          255,       256,
        257,     999, 1000000,   1048575,    1048576,      123456789, (mono_t)1 << 39,
        3999999, 60,  999999999, 1000000007, 5000000000000
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct histogram h = { 0 };
        histogram_add(&h, values[i], 3);
        histogram_add(&h, values[i] * 4 + 4, 1); /* so that `most` does not help */
        const mono_t at = histogram_at(&h, 0.75);
        if (values[i] < (mono_t)1 << 40)
            assert_in_range(at - values[i], 0, values[i] / 100 + 1);
    }
}

static void values_beyond_all_buckets_count_as_the_longest(void **state)
{
    (void)state;
    static struct histogram h;
    histogram_add(&h, -5, 1);
    histogram_add(&h, INT64_MAX, 1);
    assert_int_equal(h.n, 2);
    assert_int_equal(histogram_at(&h, 0.5), 0);
    assert_true(histogram_at(&h, 1) > (mono_t)1 << 40);
}

static void an_empty_histogram_says_nothing(void **state)
{
    (void)state;
    static struct histogram h;
    assert_int_equal(histogram_at(&h, 0.99), 0);
}

static void calls_are_due_by_the_clock(void **state)
{
    (void)state;
    struct pace p = { .start = 1000, .interval = 10, .n = 5, .window = 100 };
    assert_int_equal(pace_owed(&p, 999), 0);
    assert_int_equal(pace_owed(&p, 1000), 1);
    assert_int_equal(pace_owed(&p, 1009), 1);
    assert_int_equal(pace_owed(&p, 1010), 2);
    p.sent = 2;
    assert_int_equal(pace_owed(&p, 1010), 0);
    assert_int_equal(pace_owed(&p, 5000), 3);
    assert_int_equal(pace_due(&p, 4), 1040);
}

static void the_window_holds_calls_back_without_moving_when_they_are_due(void **state)
{
    (void)state;
    struct pace p = { .start = 0, .interval = 10, .n = 100, .window = 8, .sent = 8 };
    assert_int_equal(pace_owed(&p, 500), 0);
    p.answered = 3;
    assert_int_equal(pace_owed(&p, 500), 3);
    assert_int_equal(pace_due(&p, 8), 80);
}

static void a_closed_loop_sends_whenever_there_is_room(void **state)
{
    (void)state;
    struct pace p = { .start = 7, .n = 1000, .window = 64, .sent = 64, .answered = 60 };
    assert_int_equal(pace_owed(&p, 7), 60);
    p.sent = 998;
    p.answered = 998;
    assert_int_equal(pace_owed(&p, 7), 2);
}

/*
 * A simulated server: a call takes `service`, one after the other; once, at `stall_at`, it stands still for `stall`. The
 * generator of this simulation looks at the clock every `tick`.
 */
struct simulation {
    mono_t service, stall_at, stall, tick;
    double interval;
    size_t n, window;
};

static void simulate(const struct simulation *s, struct histogram *from_due, struct histogram *from_sent)
{
    struct pace p = { .interval = s->interval, .n = s->n, .window = s->window };
    mono_t free_at = 0, sent_at[4096], answer_at[4096];
    assert_true(s->n <= 4096);
    for (mono_t now = 0; p.answered < s->n; now += s->tick) {
        while (p.answered < p.sent && answer_at[p.answered] <= now) {
            histogram_add(from_due, now - pace_due(&p, p.answered), 1);
            histogram_add(from_sent, now - sent_at[p.answered], 1);
            p.answered++;
        }
        for (size_t owed = pace_owed(&p, now); owed; owed--) {
            mono_t begin = free_at > now ? free_at : now;
            if (begin >= s->stall_at && begin < s->stall_at + s->stall)
                begin = s->stall_at + s->stall;
            sent_at[p.sent] = now;
            answer_at[p.sent++] = free_at = begin + s->service;
        }
    }
}

static void a_server_that_stands_still_shows_in_p99_though_few_calls_were_on_their_way(void **state)
{
    (void)state;
    static struct histogram from_due, from_sent;
    /* 4,000 calls in 400 ms; 40 ms of standstill meet 10 % of them, of which only 8 had been sent */
    const struct simulation s = { .service = 10000,
                                  .stall_at = 200000000,
                                  .stall = 40000000,
                                  .tick = 5000,
                                  .interval = 100000,
                                  .n = 4000,
                                  .window = 8 };
    simulate(&s, &from_due, &from_sent);
    assert_int_equal(from_due.n, 4000);
    assert_in_range(histogram_at(&from_due, 0.5), 5000, 30000);
    assert_in_range(histogram_at(&from_due, 0.99), 34000000, 40100000); /* told by the due times */
    assert_true(histogram_at(&from_sent, 0.99) < 1000000); /* and hidden from a clock started at sending */
}

static void a_server_that_is_too_slow_falls_behind_for_good(void **state)
{
    (void)state;
    static struct histogram from_due, from_sent;
    const struct simulation s = { .service = 200000,
                                  .stall_at = INT64_MAX / 2,
                                  .stall = 0,
                                  .tick = 5000,
                                  .interval = 100000,
                                  .n = 1000,
                                  .window = 8 };
    simulate(&s, &from_due, &from_sent);
    /* the last call is due after 100 ms and answered after 200 */
    assert_in_range(from_due.most, 99000000, 101000000);
}

static void a_gap_meets_whoever_was_due_in_it(void **state)
{
    (void)state;
    static struct histogram h;
    gap_add(&h, 0, 90, 100); /* nobody was due */
    assert_int_equal(h.n, 0);
    gap_add(&h, 90, 1000, 100); /* due at 100, 200 … 1,000: they waited 900, 800 … 0 */
    assert_int_equal(h.n, 10);
    assert_int_equal(h.most, 900);
    gap_add(&h, 1000, 1001, 100); /* the one at 1,000 is not counted twice */
    assert_int_equal(h.n, 10);
}

static void a_median_stands_in_the_middle(void **state)
{
    (void)state;
    double odd[] = { 9, 1, 5 }, even[] = { 4, 1, 3, 2 };
    assert_true(median(odd, 3) == 5);
    assert_true(median(even, 4) == 2.5);
    assert_true(median(NULL, 0) == 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_of_known_values),
        cmocka_unit_test(a_percentile_is_never_low_and_at_most_one_percent_high),
        cmocka_unit_test(values_beyond_all_buckets_count_as_the_longest),
        cmocka_unit_test(an_empty_histogram_says_nothing),
        cmocka_unit_test(calls_are_due_by_the_clock),
        cmocka_unit_test(the_window_holds_calls_back_without_moving_when_they_are_due),
        cmocka_unit_test(a_closed_loop_sends_whenever_there_is_room),
        cmocka_unit_test(a_server_that_stands_still_shows_in_p99_though_few_calls_were_on_their_way),
        cmocka_unit_test(a_server_that_is_too_slow_falls_behind_for_good),
        cmocka_unit_test(a_gap_meets_whoever_was_due_in_it),
        cmocka_unit_test(a_median_stands_in_the_middle),
    };
    return tap_run(tests, sizeof tests / sizeof tests[0]);
}
