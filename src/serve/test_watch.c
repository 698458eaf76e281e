/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/watch.h"

#include "tap.h"

static struct instant at(int64_t wall_ms, int64_t mono_ms)
{
    return (
        struct instant){ .utc = wall_ms / 1000, .ms = (int32_t)(wall_ms % 1000), .mono = MONO_MS(mono_ms) };
}

static void sec_043_a_step_of_more_than_two_seconds_is_told(void **state)
{
    static const struct {
        const char *what;
        int64_t wall_ms, mono_ms, jump_ms;
        bool step;
    } rows[] = {
        { "the first look", 1000000, 5000, 0, false },
        { "a second later", 1001000, 6000, 0, false },
        { "slewed a little", 1002100, 7000, 100, false },
        { "two seconds forward", 1005100, 8000, 2000, false },
        { "more than two seconds forward", 1008101, 9000, 2001, true },
        { "then on as before", 1009101, 10000, 0, false },
        { "an hour back", 1009101 - 3599000, 11000, -3600000, true },
        { "a look that came late", 1009101 - 3589000, 21000, 0, false },
    };
    struct watch w = { .begun = false };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t jump;
        const bool step = watch_step(&w, at(rows[i].wall_ms, rows[i].mono_ms), &jump);
        if (step != rows[i].step || jump != rows[i].jump_ms)
            fail_msg("%s: %lld ms", rows[i].what, (long long)jump);
    }
}

static void the_median_of_signed_times_is_told_beyond_20_seconds(void **state)
{
    static const struct {
        const char *what;
        size_t n;
        int32_t most, few; /* the value of two thirds, and of the rest */
        bool alarm;
    } rows[] = {
        { "a good clock", 100, 0, 1, false },
        { "some callers are far off", 100, 1, 5000, false },
        { "ours is slow", 100, 21, 0, true },
        { "ours is fast", 100, -21, 0, true },
        { "just within", 100, 20, -3, false },
        { "too few to say", WATCH_LEAST - 1, 500, 500, false },
        { "enough to say", WATCH_LEAST, 500, 500, true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct watch w = { .begun = false };
        int32_t offsets[100], scratch[100];
        int64_t median;
        for (size_t k = 0; k < rows[i].n; k++)
            offsets[k] = k % 3 ? rows[i].most : rows[i].few;
        if (watch_median(&w, offsets, scratch, rows[i].n, 1000, &median) != rows[i].alarm)
            fail_msg("%s", rows[i].what);
    }
}

static void the_same_samples_alarm_once(void **state)
{
    struct watch w = { .begun = false };
    int32_t offsets[64], scratch[64];
    int64_t median;
    (void)state;
    for (size_t i = 0; i < 64; i++)
        offsets[i] = 60;
    assert_true(watch_median(&w, offsets, scratch, 64, 64, &median));
    assert_false(watch_median(&w, offsets, scratch, 64, 64, &median));
    assert_false(watch_median(&w, offsets, scratch, 64, 100, &median));
    assert_int_equal(median, 60);
    assert_true(watch_median(&w, offsets, scratch, 64, 128, &median));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sec_043_a_step_of_more_than_two_seconds_is_told),
        cmocka_unit_test(the_median_of_signed_times_is_told_beyond_20_seconds),
        cmocka_unit_test(the_same_samples_alarm_once),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
