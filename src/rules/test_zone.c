/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/zone.h"

#include "tap.h"

static void the_clock_on_the_wall_follows_its_zone(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        utc_t at;
        unsigned hour, minute, weekday;
    } rows[] = {
        { "", 0, 0, 0, 4 },                           /* 1970-01-01, a Thursday */
        { "UTC", 951782400, 0, 0, 2 },                /* 2000-02-29, a Tuesday */
        { "Europe/Rome", 1774745999, 1, 59, 0 },      /* 2026-03-29, the last second before summer time */
        { "Europe/Rome", 1774746000, 3, 0, 0 },       /* and the first of it */
        { "Europe/Rome", 1792889999, 2, 59, 0 },      /* 2026-10-25, its last */
        { "Europe/Rome", 1792890000, 2, 0, 0 },       /* the hour comes again */
        { "America/New_York", 1763856000, 19, 0, 6 }, /* 2025-11-23T00:00Z is Saturday evening there */
        { "Asia/Kolkata", 1763856000, 5, 30, 0 },     /* half an hour */
        { "Pacific/Kiritimati", 1763856000, 14, 0, 0 },
        { "America/New_York", 2540000000, 23, 33, 1 }, /* 2050-06-27, summer time */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct zone z;
        print_message("%s %lld\n", rows[i].zone, (long long)rows[i].at);
        assert_int_equal(zone_read(span_of(rows[i].zone), &z), BF_OK);
        const struct zone_time t = zone_time(&z, rows[i].at);
        assert_int_equal(t.minute, rows[i].hour * 60 + rows[i].minute);
        assert_int_equal(t.weekday, rows[i].weekday);
    }
}

static void a_zone_that_nobody_knows_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Europe/Atlantis",
        "GMT+99:00",
        "Europe/Rome ",
        "\xC3\x84",
        "a/name/that/goes/on/and/on/and/on/and/on/and/on/and/on/and/on/and/on/and/on",
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct zone z;
        assert_int_equal(zone_read(span_of(names[i]), &z), BF_EFORM);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_on_the_wall_follows_its_zone),
        cmocka_unit_test(a_zone_that_nobody_knows_is_refused),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
