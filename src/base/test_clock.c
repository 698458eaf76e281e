/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

#include "tap.h"
#include "base/fault.h"

static void times_are_written_as_rfc_3339_in_utc(void **state)
{
    static const struct {
        utc_t at;
        const char *text;
    } rows[] = {
        { 0, "1970-01-01T00:00:00Z" },
        { 1443208345, "2015-09-25T19:12:25Z" },
        { 951782400, "2000-02-29T00:00:00Z" },
        { -1, "1969-12-31T23:59:59Z" },
        { 2147483648, "2038-01-19T03:14:08Z" },
        { 253402300799, "9999-12-31T23:59:59Z" },
        { 253402300800, "-" },
        { -62167219200, "0000-01-01T00:00:00Z" },
        { -62167219201, "-" },
        { INT64_MAX, "-" },
        { INT64_MIN, "-" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[21];
        assert_string_equal(utc_text(rows[i].at, text), rows[i].text);
    }
}

static void the_systems_clock_agrees_with_time_and_never_goes_back(void **state)
{
    const utc_t before = time(NULL);
    const struct instant a = clock_now(&clock_system), b = clock_now(&clock_system);
    (void)state;
    assert_true(a.utc >= before && a.utc <= time(NULL));
    assert_in_range(a.ms, 0, 999);
    assert_true(b.mono >= a.mono);
}

static void a_fixed_clock_says_what_the_test_set(void **state)
{
    struct clock_fixed clock = { { clock_fixed_now }, { .utc = 1443208345, .mono = MONO_S(5) } };
    (void)state;
    assert_int_equal(clock_now(&clock.source).utc, 1443208345);
    clock_fixed_set(&clock, (struct instant){ .utc = 1443208346, .ms = 7, .mono = MONO_MS(5250) });
    assert_int_equal(clock_now(&clock.source).utc, 1443208346);
    assert_int_equal(clock_now(&clock.source).ms, 7);
    assert_true(clock_now(&clock.source).mono == MONO_MS(5250));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_as_rfc_3339_in_utc),
        cmocka_unit_test(the_systems_clock_agrees_with_time_and_never_goes_back),
        cmocka_unit_test(a_fixed_clock_says_what_the_test_set),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
