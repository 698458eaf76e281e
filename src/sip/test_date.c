/* SPDX-License-Identifier: Apache-2.0 */
#include "sip/date.h"

#include "tap.h"

static void dt_001_the_one_form_is_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        utc_t t;
    } rows[] = {
        { "Fri, 25 Sep 2015 19:12:25 GMT", 1443208345 }, /* DT-003 */
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },          { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
        { "Tue, 29 Feb 2000 12:00:00 GMT", 951825600 },  { "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199 },
        { "Tue, 19 Jan 2038 03:14:08 GMT", 2147483648 }, { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        utc_t t;
        char text[SIP_DATE_TEXT + 1];
        struct fault fault = { 0 };
        if (sip_date_read(span_of(rows[i].text), &t, &fault) != BF_OK)
            fail_msg("%s: %s", rows[i].text, fault.what);
        assert_int_equal(t, rows[i].t);
        assert_string_equal(sip_date_write(rows[i].t, text), rows[i].text);
    }
}

static void dt_001_every_other_form_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        { "", 0 },
        { "Fri, 25 Sep 2015 19:12:25", 25 },
        { "Fri, 25 Sep 2015 19:12:25 EST", 26 },
        { "Fri, 25 Sep 2015 19:12:25 UTC", 26 },
        { "Fri, 25 Sep 2015 19:12:25 GMT ", 29 },
        { " Fri, 25 Sep 2015 19:12:25 GMT", 3 },
        { "Thu, 25 Sep 2015 19:12:25 GMT", 0 },
        { "fri, 25 Sep 2015 19:12:25 GMT", 0 },
        { "Fri, 25 sep 2015 19:12:25 GMT", 8 },
        { "Fri, 25 Sip 2015 19:12:25 GMT", 8 },
        { "Fri, 5 Sep 2015 19:12:25 GMT", 6 },
        { "Tue, 00 Sep 2015 19:12:25 GMT", 5 },
        { "Thu, 31 Sep 2015 19:12:25 GMT", 5 },
        { "Sun, 29 Feb 2015 19:12:25 GMT", 5 },
        { "Thu, 29 Feb 1900 19:12:25 GMT", 5 },
        { "Fri, 25 Sep 2015 24:00:00 GMT", 17 },
        { "Fri, 25 Sep 2015 19:60:25 GMT", 17 },
        { "Fri, 25 Sep 2015 23:59:60 GMT", 17 },
        { "Friday, 25-Sep-15 19:12:25 GMT", 3 },
        { "Fri Sep 25 19:12:25 2015", 3 },
        { "2015-09-25T19:12:25Z", 3 },
        { "Fri, 25 Sep 2015\r\n 19:12:25 GMT", 16 },
        { "SunMonTueWedThuFriSat", 3 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        utc_t t = 4711;
        struct fault fault = { 0 };
        if (sip_date_read(span_of(rows[i].text), &t, &fault) != BF_EFORM)
            fail_msg("`%s` was read", rows[i].text);
        if (fault.at != rows[i].at)
            fail_msg("`%s` is refused at %zu, not %zu", rows[i].text, fault.at, rows[i].at);
        assert_int_equal(t, 4711);
    }
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    for (utc_t t = -86400LL * 366 * 200; t < 86400LL * 366 * 200; t += 86400 * 3 + 3661) {
        char text[SIP_DATE_TEXT + 1];
        utc_t again;
        assert_int_equal(sip_date_read(span_of(sip_date_write(t, text)), &again, NULL), BF_OK);
        assert_int_equal(again, t);
    }
}

static void times_beyond_the_calendar_are_written_as_its_ends(void **state)
{
    (void)state;
    char text[SIP_DATE_TEXT + 1];
    assert_string_equal(sip_date_write(INT64_MAX, text), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_int_equal(strlen(sip_date_write(INT64_MIN, text)), SIP_DATE_TEXT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(dt_001_the_one_form_is_read_and_written),
        cmocka_unit_test(dt_001_every_other_form_is_refused),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(times_beyond_the_calendar_are_written_as_its_ends),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
