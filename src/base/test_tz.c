/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/tz_rule.h"
#include "tap.h"

static utc_t at(int32_t year, unsigned month, unsigned day, unsigned hour, unsigned minute)
{
    return civil_day(year, month, day) * DAY_S + hour * 3600 + minute * 60;
}

static void days_are_counted_both_ways(void **state)
{
    (void)state;
    assert_int_equal(civil_day(1970, 1, 1), 0);
    assert_int_equal(civil_day(2000, 3, 1), 11017);
    assert_int_equal(civil_weekday(civil_day(2026, 11, 23)), 1);
    assert_int_equal(civil_weekday(civil_day(1899, 12, 31)), 0);
    day_t expected = civil_day(-400, 1, 1);
    for (int32_t year = -400; year <= 2400; year++)
        for (unsigned month = 1; month <= 12; month++)
            for (unsigned day = 1; day <= civil_month_days(year, month); day++, expected++) {
                int32_t y;
                uint8_t m, d;
                assert_int_equal(civil_day(year, month, day), expected);
                civil_of_day(expected, &y, &m, &d);
                assert_true(y == year && m == month && d == day);
            }
}

static void a_date_that_is_none_is_told(void **state)
{
    (void)state;
    static const struct {
        int32_t year;
        unsigned month, day;
        bool good;
    } rows[] = { { 2024, 2, 29, true },  { 2023, 2, 29, false }, { 1900, 2, 29, false },
                 { 2000, 2, 29, true },  { 2026, 13, 1, false }, { 2026, 0, 1, false },
                 { 2026, 4, 31, false }, { 2026, 4, 0, false } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(civil_is_date(rows[i].year, rows[i].month, rows[i].day), rows[i].good);
}

static void a_rule_says_when_summer_begins(void **state)
{
    (void)state;
    auto_(tz_close) struct tz *z = NULL;
    assert_int_equal(tz_of_rule(SPAN("CET-1CEST,M3.5.0,M10.5.0/3"), &z, NULL), BF_OK);
    assert_int_equal(tz_change(z, at(2026, 1, 1, 0, 0)), at(2026, 3, 29, 1, 0));
    assert_int_equal(tz_offset(z, at(2026, 3, 29, 0, 59)), 3600);
    assert_int_equal(tz_offset(z, at(2026, 3, 29, 1, 0)), 7200);
    assert_int_equal(tz_change(z, at(2026, 3, 29, 1, 0)), at(2026, 10, 25, 1, 0));
    assert_int_equal(tz_offset(z, at(2026, 10, 25, 1, 0)), 3600);
    assert_int_equal(tz_change(z, at(2026, 10, 25, 1, 0)), at(2027, 3, 28, 1, 0));
}

static void rules_of_every_kind_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t january, july; /* minutes, in 2026 */
    } rows[] = {
        { "UTC0", 0, 0 },
        { "<+0330>-3:30", 210, 210 },
        { "EST5EDT,M3.2.0,M11.1.0", -300, -240 },
        { "NZST-12NZDT,M9.5.0,M4.1.0/3", 780, 720 },
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -120, -60 },
        { "IST-1GMT0,M10.5.0,M3.5.0/1", 0, 60 },              /* Dublin's winter is the exception */
        { "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 660, 630 }, /* Lord Howe moves by half an hour */
        { "XXX3EDT4,0/0,J365/23", -240, -240 },               /* summer all year long */
        { "EST5EDT,J60/2,300/2", -300, -240 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_(tz_close) struct tz *z = NULL;
        assert_int_equal(tz_of_rule(span_of(rows[i].text), &z, NULL), BF_OK);
        assert_int_equal(tz_offset(z, at(2026, 1, 15, 12, 0)), rows[i].january * 60);
        assert_int_equal(tz_offset(z, at(2026, 7, 15, 12, 0)), rows[i].july * 60);
    }
}

static void a_rule_that_is_none_is_pointed_at(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
    } rows[] = { { "", 0 },          { "CE-1", 2 },          { "CET", 3 },
                 { "CET-1CEST", 9 }, { "CET-1CEST,M3", 12 }, { "CET-1CEST,M13.5.0,M10.5.0", 13 },
                 { "CET-25", 6 },    { "<+03-3", 6 },        { "CET-1CEST,M3.5.0,M10.5.0x", 24 } };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct tz *z = NULL;
        struct fault fault = { 0 };
        assert_int_equal(tz_of_rule(span_of(rows[i].text), &z, &fault), BF_EFORM);
        if (fault.at != rows[i].at)
            fail_msg("%s: byte %zu", rows[i].text, fault.at);
        assert_null(z);
    }
}

static void rfc_5545_a_time_that_is_skipped_or_comes_twice(void **state)
{
    (void)state;
    auto_(tz_close) struct tz *z = NULL;
    enum tz_sort sort;
    assert_int_equal(tz_of_rule(SPAN("EST5EDT,M3.2.0,M11.1.0"), &z, NULL), BF_OK);
    /* the two examples of RFC 5545 section 3.3.5 */
    assert_int_equal(tz_utc(z, at(2007, 11, 4, 1, 30), &sort), at(2007, 11, 4, 5, 30));
    assert_int_equal(sort, TZ_TWICE);
    assert_int_equal(tz_utc(z, at(2007, 3, 11, 2, 30), &sort), at(2007, 3, 11, 7, 30));
    assert_int_equal(sort, TZ_SKIPPED);
    assert_int_equal(tz_utc(z, at(2007, 7, 1, 12, 0), &sort), at(2007, 7, 1, 16, 0));
    assert_int_equal(sort, TZ_ONCE);
}

static utc_t time_of(const char *text)
{
    struct civil c;
    unsigned year, month, day, hour, minute, second;
    assert_int_equal(sscanf(text, "%4u%2u%2uT%2u%2u%2u", &year, &month, &day, &hour, &minute, &second), 6);
    c = (struct civil){ (int32_t)year, (uint8_t)month,  (uint8_t)day,
                        (uint8_t)hour, (uint8_t)minute, (uint8_t)second };
    return civil_seconds(&c);
}

/* What the C library reads in the same files. */
static int32_t libc_offset(const char *zone, utc_t when)
{
    struct tm tm;
    const time_t t = (time_t)when;
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
    assert_non_null(localtime_r(&t, &tm));
    return (int32_t)tm.tm_gmtoff;
}

static void the_c_library_says_the_same(void **state)
{
    (void)state;
    static const char *const zones[] = { "Europe/Rome",         "Europe/Dublin",     "Africa/Casablanca",
                                         "Asia/Tehran",         "America/Sao_Paulo", "Pacific/Apia",
                                         "Antarctica/Troll",    "Africa/Cairo",      "Asia/Gaza",
                                         "Australia/Lord_Howe", "America/Nuuk",      "Etc/GMT+5" };
    for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
        auto_(tz_close) struct tz *z = NULL;
        const enum bf_err err = tz_open(span_of(zones[i]), &z);
        if (err == BF_ENOENT) {
            tap_skip("this system has no tzdata");
            return;
        }
        assert_int_equal(err, BF_OK);
        for (utc_t when = at(1950, 1, 1, 0, 0); when < at(2060, 1, 1, 0, 0); when += 5 * 3600 + 7)
            if (tz_offset(z, when) != libc_offset(zones[i], when))
                fail_msg("%s at %lld", zones[i], (long long)when);
    }
}

/* The material was made with tzdata 2026f. Where the system's is older, what its files say counts, as the C library reads them. */
static bool system_differs(const struct tz *z, const char *zone, utc_t when)
{
    for (utc_t t = when - 2 * DAY_S; t <= when + 2 * DAY_S; t += 1800)
        if (tz_offset(z, t) != libc_offset(zone, t))
            return false;
    return true;
}

static void local_times_of_awkward_zones(void **state)
{
    (void)state;
    const char *path = tap_shared("diary/tz_local_to_utc.dev.jsonl");
    if (!path)
        return;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[1024];
    size_t rows = 0, older = 0;
    while (fgets(line, sizeof line, file)) {
        auto_(tz_close) struct tz *z = NULL;
        json_t *row = json_loads(line, 0, NULL);
        const char *name = json_string_value(json_object_get(row, "tz"));
        const char *kind = json_string_value(json_object_get(row, "kind"));
        const utc_t expected = time_of(json_string_value(json_object_get(row, "utc")));
        enum tz_sort sort;
        assert_int_equal(tz_open(span_of(name), &z), BF_OK);
        const utc_t is = tz_utc(z, time_of(json_string_value(json_object_get(row, "local"))), &sort);
        const bool sorted = strcmp(kind, "gap") == 0             ? sort == TZ_SKIPPED
                            : strcmp(kind, "overlap-first") == 0 ? sort == TZ_TWICE
                                                                 : true;
        if (is != expected || !sorted) {
            if (!system_differs(z, name, expected))
                fail_msg("%s: %lld", json_string_value(json_object_get(row, "id")), (long long)is);
            older++;
        }
        json_decref(row);
        rows++;
    }
    fclose(file);
    assert_true(rows > 3000);
    assert_true(older < rows / 100);
}

/* A file by hand: two changes, and a rule behind them. */
static size_t file_write(char *out, bool footer)
{
    static const char head[20] = "TZif2", counts[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\2\0\0\0\4";
    static const char empty[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    static const char times[] = "\0\0\0\0\0\0\0\144\0\0\0\0\0\0\0\310",
                      types[] = "\0\0\0\0\0\0\0\0\016\020\1\0";
    size_t n = 0;
    const struct {
        const char *p;
        size_t n;
    } parts[] = { { head, 20 },   { empty, 24 }, { head, 20 },
                  { counts, 24 }, { times, 16 }, { "\1\0", 2 },
                  { types, 12 },  { "UTC", 4 },  { "\nUTC0\n", footer ? 6 : 0 } };
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        memcpy(out + n, parts[i].p, parts[i].n);
        n += parts[i].n;
    }
    return n;
}

static void a_file_is_read_or_refused(void **state)
{
    (void)state;
    char bytes[256];
    auto_(tz_close) struct tz *z = NULL;
    struct fault fault = { 0 };
    const size_t n = file_write(bytes, true);
    assert_int_equal(tz_of_file(span_make(bytes, n), &z, &fault), BF_OK);
    assert_int_equal(tz_offset(z, 99), 0);
    assert_int_equal(tz_offset(z, 100), 3600);
    assert_int_equal(tz_offset(z, 200), 0);
    assert_int_equal(tz_change(z, 0), 100);
    assert_int_equal(tz_change(z, 200), INT64_MAX);
    for (size_t less = 0; less < n; less++) {
        struct tz *none = NULL;
        assert_int_equal(tz_of_file(span_make(bytes, less), &none, &fault), BF_EFORM);
        assert_null(none);
    }
    bytes[44 + 44 + 7] = (char)250; /* the first change behind the second */
    struct tz *none = NULL;
    assert_int_equal(tz_of_file(span_make(bytes, n), &none, &fault), BF_EFORM);
    assert_string_equal(fault.what, "the changes of the zone are in disorder");
}

static void names_that_are_none_open_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = { "../etc/passwd", "/etc/passwd",   "Europe/", "Europe//Rome", ".",
                                       "Europe/..",     "Europe/Rome\n", "+0100" };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct tz *z = NULL;
        assert_int_equal(tz_open(span_of(bad[i]), &z), BF_EFORM);
    }
    struct tz *z = NULL;
    assert_int_equal(tz_open(SPAN("Europe"), &z), BF_ENOENT);
    assert_int_equal(tz_open(SPAN("Europe/Atlantis"), &z), BF_ENOENT);
    auto_(tz_close) struct tz *utc = NULL;
    assert_int_equal(tz_open(SPAN(""), &utc), BF_OK);
    assert_int_equal(tz_offset(utc, 0), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_counted_both_ways),
        cmocka_unit_test(a_date_that_is_none_is_told),
        cmocka_unit_test(a_rule_says_when_summer_begins),
        cmocka_unit_test(rules_of_every_kind_are_read),
        cmocka_unit_test(a_rule_that_is_none_is_pointed_at),
        cmocka_unit_test(rfc_5545_a_time_that_is_skipped_or_comes_twice),
        cmocka_unit_test(the_c_library_says_the_same),
        cmocka_unit_test(local_times_of_awkward_zones),
        cmocka_unit_test(a_file_is_read_or_refused),
        cmocka_unit_test(names_that_are_none_open_nothing),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
