/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "fetch/failures.h"
#include "fetch/freshness.h"
#include "tap.h"

#define NOW 1443208345 /* Fri, 25 Sep 2015 19:12:25 GMT */

static const struct {
    const char *header; /* fields, a line each */
    int64_t left;
} rows[] = {
    { "", -1 },
    { "X-Other: max-age=5", -1 },
    { "Cache-Control: public, max-age=86400", 86400 },
    { "cache-control:MAX-AGE=60", 60 },
    { "Cache-Control: max-age=\"60\"", 60 },
    { "Cache-Control: max-age = 60", 60 },
    { "Cache-Control: public", -1 },
    { "Cache-Control: max-age=60\nCache-Control: max-age=30", 30 },
    { "Cache-Control: max-age=30, max-age=60", 30 },
    { "Cache-Control: no-store", 0 },
    { "Cache-Control: max-age=60, no-store", 0 },
    { "Cache-Control: no-cache=\"set-cookie\"", 0 },
    { "Cache-Control: private=\"a, no-store\", max-age=9", 9 },
    { "Cache-Control: max-age=x", 0 },
    { "Cache-Control: max-age=", 0 },
    { "Cache-Control: max-age", 0 },
    { "Cache-Control: max-age=-5", 0 },
    { "Cache-Control: max-age=99999999999999999999999", 2147483648 },
    { "Cache-Control: s-maxage=5", -1 },
    { "Cache-Control: ,,, ,max-age=7,", 7 },
    { "Cache-Control: max-age=100\nAge: 40", 60 },
    { "Cache-Control: max-age=100\nAge: 400", 0 },
    { "Expires: Fri, 25 Sep 2015 19:13:25 GMT", 60 },
    { "Expires: Fri, 25 Sep 2015 19:13:25 GMT\nDate: Fri, 25 Sep 2015 19:13:15 GMT", 10 },
    { "Expires: Fri, 25 Sep 2015 19:12:25 GMT", 0 },
    { "Expires: Fri, 25 Sep 2014 19:12:25 GMT", 0 },
    { "Expires: 0", 0 },
    { "Expires: never", 0 },
    { "Expires:", 0 },
    { "Expires: Fri, 25 Sep 2215 19:12:25 GMT", 2147483648 },
    { "Expires: Fri, 25 Sep 2015 19:13:25 GMT\nCache-Control: max-age=5", 5 },
    { "Pragma: no-cache", 0 },
    { "Pragma: no-cache\nCache-Control: max-age=5", 5 },
};

static int64_t left_of(const char *header)
{
    struct freshness f = FRESHNESS_UNSAID;
    while (*header) {
        const size_t n = strcspn(header, "\n");
        const struct span line = span_make(header, n);
        const size_t colon = span_find(line, ':');
        freshness_header(&f, span_first(line, colon), span_trim(span_from(line, colon + 1)));
        header += n + (header[n] == '\n');
    }
    return freshness_left(&f, NOW);
}

static void x5u_007_what_a_header_says_of_freshness_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const int64_t left = left_of(rows[i].header);
        if (left != rows[i].left)
            fail_msg("%s: %lld", rows[i].header, (long long)left);
    }
}

static void a_failure_is_remembered_until_its_time(void **state)
{
    (void)state;
    static struct failures f;
    failures_note(&f, 7, 100);
    assert_true(failures_hold(&f, 7, 99));
    assert_false(failures_hold(&f, 7, 100));
    assert_false(failures_hold(&f, 8, 99));
    failures_note(&f, 7, 200);
    assert_true(failures_hold(&f, 7, 199));
    failures_forget(&f, 7);
    assert_false(failures_hold(&f, 7, 99));
    failures_forget(&f, 9);
}

static void sec_038_a_hundred_thousand_failures_take_the_room_of_the_last(void **state)
{
    (void)state;
    static struct failures f;
    unsigned held = 0;
    for (uint64_t i = 1; i <= 100000; i++)
        failures_note(&f, i, (mono_t)(1000 + i));
    for (uint64_t i = 1; i <= 100000; i++)
        held += failures_hold(&f, i, 1000);
    assert_int_equal(held, FAILURES_SETS * FAILURES_WAYS);
    assert_true(failures_hold(&f, 100000, 1000)); /* the newest stays, the oldest went */
    assert_false(failures_hold(&f, 1, 1000));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(x5u_007_what_a_header_says_of_freshness_is_read),
        cmocka_unit_test(a_failure_is_remembered_until_its_time),
        cmocka_unit_test(sec_038_a_hundred_thousand_failures_take_the_room_of_the_last),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
