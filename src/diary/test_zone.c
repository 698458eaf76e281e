/* SPDX-License-Identifier: Apache-2.0 */
#include "diary/zone.h"

#include <stdlib.h>

#include "diary/when.h"
#include "tap.h"

static utc_t time_of(const char *text)
{
    struct when when;
    assert_true(when_read(span_of(text), &when));
    return when.t;
}

/* All VTIMEZONE of a text; the last error of a line. */
static struct zones *zones_of(const char *text, enum bf_err *ret_err, const char **ret_what)
{
    auto_(card_reader_destroy) struct card_reader *r = NULL;
    struct zones *z = NULL;
    struct card_line line;
    struct fault fault = { 0 };
    enum bf_err err;
    bool inside = false;
    *ret_err = BF_OK;
    assert_int_equal(zones_create(&z), BF_OK);
    assert_int_equal(card_reader_create(span_of(text), &r), BF_OK);
    while ((err = card_next(r, &line, &fault)) != BF_ENOENT) {
        assert_int_equal(err, BF_OK);
        inside =
            inside || (span_equal(line.name, SPAN("BEGIN")) && span_equal(line.value, SPAN("VTIMEZONE")));
        if (inside && (err = zones_line(z, &line, &fault)) != BF_OK) {
            *ret_err = err;
            if (ret_what)
                *ret_what = fault.what;
        }
        if (span_equal(line.name, SPAN("END")) && span_equal(line.value, SPAN("VTIMEZONE")))
            inside = false;
    }
    return z;
}

#define ZONE_TEXT(id, observances) "BEGIN:VTIMEZONE\r\nTZID:" id "\r\n" observances "END:VTIMEZONE\r\n"
#define OBSERVANCE(kind, start, from, to, more)                                                              \
    "BEGIN:" kind "\r\nDTSTART:" start "\r\nTZOFFSETFROM:" from "\r\nTZOFFSETTO:" to "\r\n" more "END:" kind \
    "\r\n"
#define EUROPE                                                                                               \
    OBSERVANCE("STANDARD", "16010101T030000", "+0200", "+0100",                                              \
               "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n")                                                \
    OBSERVANCE("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n")

static void names_find_their_zone(void **state)
{
    (void)state;
    static const struct {
        const char *name, *like;
        enum zone_source source;
    } rows[] = {
        { "Europe/Berlin", "Europe/Berlin", ZONE_OF_IANA },
        { "US/Eastern", "America/New_York", ZONE_OF_IANA },
        { "utc", "UTC", ZONE_OF_IANA },
        { "GMT", "UTC", ZONE_OF_IANA },
        { "/mozilla.org/20050126_1/Europe/Berlin", "Europe/Berlin", ZONE_OF_PREFIXED },
        { "/softwarestudio.org/Olson_20011030_5/America/Chicago", "America/Chicago", ZONE_OF_PREFIXED },
        { "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires",
          "America/Argentina/Buenos_Aires", ZONE_OF_PREFIXED },
        { "/Europe/Stockholm", "Europe/Stockholm", ZONE_OF_PREFIXED },
        { "posix/Europe/Vaduz", "Europe/Vaduz", ZONE_OF_PREFIXED },
        { "right/Europe/Vaduz", "Europe/Vaduz", ZONE_OF_PREFIXED },
        { "tzone://Microsoft/Utc", "UTC", ZONE_OF_PREFIXED },
        { "GMT Standard Time", "Europe/London", ZONE_OF_WINDOWS },
        { "W. Europe Standard Time", "Europe/Berlin", ZONE_OF_WINDOWS },
        { "eastern standard time", "America/New_York", ZONE_OF_WINDOWS },
        { "Eastern Standard Time 1", "America/New_York", ZONE_OF_WINDOWS },
        { "AUS Central Standard Time", "Australia/Darwin", ZONE_OF_WINDOWS },
        { "Yukon Standard Time", "America/Whitehorse", ZONE_OF_WINDOWS },
        { "UTC-11", "Pacific/Pago_Pago", ZONE_OF_WINDOWS },
        { "", NULL, ZONE_UNKNOWN },
        { "Customized Time Zone", NULL, ZONE_UNKNOWN },
        { "Customized Time Zone 1", NULL, ZONE_UNKNOWN },
        { "localtime", NULL, ZONE_UNKNOWN },
        { "/example.org/localtime", NULL, ZONE_UNKNOWN },
        { "/example.org/EST", NULL, ZONE_UNKNOWN },
        { "../../etc/passwd", NULL, ZONE_UNKNOWN },
        { "Europe", NULL, ZONE_UNKNOWN },
        { "/Europe/", NULL, ZONE_UNKNOWN },
        { "///", NULL, ZONE_UNKNOWN },
        { " 1", NULL, ZONE_UNKNOWN },
        { "12", NULL, ZONE_UNKNOWN },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_(tz_close) struct tz *z = NULL, *like = NULL;
        enum zone_source source = ZONE_UNKNOWN;
        const enum bf_err err = zone_open(span_of(rows[i].name), &z, &source);
        if (err != (rows[i].like ? BF_OK : BF_ENOENT) || source != rows[i].source)
            fail_msg("%s: %d, source %u", rows[i].name, (int)err, (unsigned)source);
        if (!rows[i].like)
            continue;
        assert_int_equal(tz_open(span_of(rows[i].like), &like), BF_OK);
        for (utc_t t = time_of("20260101"); t < time_of("20270101"); t += DAY_S)
            assert_int_equal(tz_offset(z, t), tz_offset(like, t));
    }
}

static void a_calendar_brings_its_own_zone(void **state)
{
    (void)state;
    static const struct {
        const char *text, *id;
        enum zone_source source;
        const char *local, *utc;
    } rows[] = {
        { ZONE_TEXT("Office", EUROPE), "Office", ZONE_OF_CALENDAR, "20260701T090000", "20260701T070000Z" },
        { ZONE_TEXT("Office", EUROPE), "\"Office\"", ZONE_OF_CALENDAR, "20261201T090000",
          "20261201T080000Z" },
        /* RFC 5545 section 3.3.5: skipped, and twice */
        { ZONE_TEXT("Office", EUROPE), "Office", ZONE_OF_CALENDAR, "20260329T023000", "20260329T013000Z" },
        { ZONE_TEXT("Office", EUROPE), "Office", ZONE_OF_CALENDAR, "20261025T023000", "20261025T003000Z" },
        { ZONE_TEXT("Office", EUROPE), "Office", ZONE_OF_CALENDAR, "21990701T090000", "21990701T070000Z" },
        /* the name is known, but the calendar means something else by it */
        { ZONE_TEXT("Europe/Berlin", OBSERVANCE("STANDARD", "19700101T000000", "+0530", "+0530", "")),
          "Europe/Berlin", ZONE_OF_CALENDAR, "20260701T090000", "20260701T033000Z" },
        { ZONE_TEXT("\"(UTC+01:00) Brussels\\, Paris\"", EUROPE), "(UTC+01:00) Brussels, Paris",
          ZONE_OF_CALENDAR, "20260701T090000", "20260701T070000Z" },
        { ZONE_TEXT("X", EUROPE), "Europe/Rome", ZONE_OF_IANA, "20260701T090000", "20260701T070000Z" },
        { ZONE_TEXT("X", EUROPE), "Y", ZONE_UNKNOWN, NULL, NULL },
        { ZONE_TEXT("X", EUROPE), "", ZONE_UNKNOWN, NULL, NULL },
        /* before the first change what it changed from; a list of changes; the last for ever */
        { ZONE_TEXT("X", OBSERVANCE("STANDARD", "20260101T000000", "+0300", "+0400",
                                    "RDATE:20260301T000000,20260501T000000\r\n")
                             OBSERVANCE("DAYLIGHT", "20260201T000000", "+0400", "+0500",
                                        "RDATE;VALUE=DATE:20260401\r\nRDATE:20260531T200000Z\r\n")),
          "X", ZONE_OF_CALENDAR, "20251231T120000", "20251231T090000Z" },
        { ZONE_TEXT("X",
                    OBSERVANCE("DAYLIGHT", "20260201T000000", "+0400", "+0500", "RDATE:20260531T200000Z\r\n")
                        OBSERVANCE("STANDARD", "20260401T000000", "+0500", "+0400", "")),
          "X", ZONE_OF_CALENDAR, "20260601T010000", "20260531T200000Z" },
        /* told by the clock before it: skipped */
        { ZONE_TEXT("X", OBSERVANCE("DAYLIGHT", "20260201T000000", "+0400", "+0500", "")), "X",
          ZONE_OF_CALENDAR, "20260201T003000", "20260131T203000Z" },
        /* the rule that ended holds no longer; UNTIL is in UTC */
        { ZONE_TEXT("X", OBSERVANCE("DAYLIGHT", "20240331T020000", "+0100", "+0200",
                                    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20250330T010000Z\r\n")
                             OBSERVANCE("STANDARD", "20241027T030000", "+0200", "+0100",
                                        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n")),
          "X", ZONE_OF_CALENDAR, "20250701T090000", "20250701T070000Z" },
        { ZONE_TEXT("X", OBSERVANCE("DAYLIGHT", "20240331T020000", "+0100", "+0200",
                                    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20250330T005959Z\r\n")
                             OBSERVANCE("STANDARD", "20241027T030000", "+0200", "+0100",
                                        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n")),
          "X", ZONE_OF_CALENDAR, "20250701T090000", "20250701T080000Z" },
        /* both begin on a day that is no change: neither counts before its rule does */
        { ZONE_TEXT("X", OBSERVANCE("DAYLIGHT", "20250101T000000", "-0500", "-0400",
                                    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n")
                             OBSERVANCE("STANDARD", "20250101T000000", "-0400", "-0500",
                                        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n")),
          "X", ZONE_OF_CALENDAR, "20250201T120000", "20250201T170000Z" },
        /* what cannot be read does not count: the name does, or where the program says it is */
        { ZONE_TEXT("Europe/Rome",
                    OBSERVANCE("STANDARD", "19700101T000000", "+0530", "+0530", "RRULE:FREQ=SOMETIMES\r\n")),
          "Europe/Rome", ZONE_OF_IANA, "20260701T090000", "20260701T070000Z" },
        { ZONE_TEXT("X", "X-LIC-LOCATION:Europe/Rome\r\n"), "X", ZONE_OF_LOCATION, "20260701T090000",
          "20260701T070000Z" },
        { ZONE_TEXT("X", "X-LIC-LOCATION:Mars/Olympus\r\n"), "X", ZONE_UNKNOWN, NULL, NULL },
        { ZONE_TEXT("X", OBSERVANCE("STANDARD", "19700101T000000", "+0530", "+0530",
                                    "RRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12\r\n")),
          "X", ZONE_UNKNOWN, NULL, NULL },
        /* two of one name: the first that can be read */
        { ZONE_TEXT("X", "") ZONE_TEXT("X", EUROPE)
              ZONE_TEXT("X", OBSERVANCE("STANDARD", "19700101T000000", "+0530", "+0530", "")),
          "X", ZONE_OF_CALENDAR, "20260701T090000", "20260701T070000Z" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        enum bf_err err;
        auto_(zones_destroy) struct zones *z = zones_of(rows[i].text, &err, NULL);
        const struct tz *zone = NULL, *again = NULL;
        enum zone_source source = ZONE_UNKNOWN;
        err = zones_find(z, span_of(rows[i].id), &zone, &source);
        if (source != rows[i].source || (err == BF_OK) != (rows[i].local != NULL))
            fail_msg("row %zu: %d, source %u", i, (int)err, (unsigned)source);
        if (!rows[i].local)
            continue;
        const utc_t is = tz_utc(zone, time_of(rows[i].local), NULL);
        if (is != time_of(rows[i].utc))
            fail_msg("row %zu: %s is %lld off", i, rows[i].local, (long long)(is - time_of(rows[i].utc)));
        assert_int_equal(zones_find(z, span_of(rows[i].id), &again, &source), BF_OK);
        assert_ptr_equal(zone, again);
    }
}

static void what_is_wrong_with_a_zone_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
        enum bf_err err;
    } rows[] = {
        { ZONE_TEXT("X", EUROPE), NULL, BF_OK },
        { ZONE_TEXT("X", ""), "STANDARD", BF_EFORM },
        { "BEGIN:VTIMEZONE\r\n" EUROPE "END:VTIMEZONE\r\n", "TZID", BF_EFORM },
        { ZONE_TEXT("X", "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"),
          "TZOFFSETFROM", BF_EFORM },
        { ZONE_TEXT("X", OBSERVANCE("STANDARD", "19700101T000000", "+0100", "0100", "")), "offset",
          BF_EFORM },
        { ZONE_TEXT("X", OBSERVANCE("STANDARD", "19700101T000000", "+0100", "+2400", "")), "offset",
          BF_EFORM },
        { ZONE_TEXT("X", OBSERVANCE("STANDARD", "19700132T000000", "+0100", "+0100", "")), "DTSTART",
          BF_EFORM },
        { ZONE_TEXT("X", OBSERVANCE("STANDARD", "19700101", "+0100", "+0100", "DTSTART:19700101\r\n")),
          "twice", BF_EFORM },
        { ZONE_TEXT("X", OBSERVANCE("STANDARD", "19700101", "+0100", "+0100", "RDATE:1970\r\n")), "RDATE",
          BF_EFORM },
        { ZONE_TEXT("X", OBSERVANCE("STANDARD", "19700101", "+0100", "+0100", "RRULE:FREQ=SECONDLY\r\n")),
          "yearly", BF_EFORM },
        { ZONE_TEXT("X", OBSERVANCE("STANDARD", "19700101", "+0100", "+0100", "EXDATE:19700101\r\n")),
          "exceptions", BF_EFORM },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        enum bf_err err;
        const char *what = "";
        zones_destroy(zones_of(rows[i].text, &err, &what));
        if (err != rows[i].err || (rows[i].word && !strstr(what, rows[i].word)))
            fail_msg("row %zu: %d, %s", i, (int)err, what);
    }
}

static void a_zone_with_an_unreadable_line_does_not_count(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "BEGIN:VTIMEZONE",    "TZID:X",           "BEGIN:STANDARD", "DTSTART:19700101T000000",
        "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "END:STANDARD",   "END:VTIMEZONE",
    };
    for (size_t spoil = 0; spoil <= 1; spoil++) {
        auto_(zones_destroy) struct zones *z = NULL;
        const struct tz *zone;
        enum zone_source source;
        enum bf_err err = BF_OK;
        assert_int_equal(zones_create(&z), BF_OK);
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
            struct card_line line;
            assert_int_equal(card_line_split(span_of(lines[i]), &line, NULL), BF_OK);
            err = zones_line(z, &line, NULL);
            if (spoil && i == 4)
                zones_spoil(z);
        }
        assert_int_equal(err, spoil ? BF_EFORM : BF_OK);
        assert_int_equal(zones_find(z, SPAN("X"), &zone, &source), spoil ? BF_ENOENT : BF_OK);
    }
}

static void limits_of_zones_hold(void **state)
{
    (void)state;
    auto_(zones_destroy) struct zones *z = NULL;
    const struct tz *zone;
    enum zone_source source;
    char name[ZONE_ID + 16];
    assert_int_equal(zones_create(&z), BF_OK);
    for (unsigned i = 0; i < ZONES; i++) {
        snprintf(name, sizeof name, "zone %u", i);
        assert_int_equal(zones_find(z, span_of(name), &zone, &source), BF_ENOENT);
    }
    assert_int_equal(zones_find(z, SPAN("one more"), &zone, &source), BF_ELIMIT);
    assert_null(zone);
    memset(name, 'x', sizeof name);
    assert_int_equal(zones_find(z, span_make(name, ZONE_ID + 1), &zone, &source), BF_ENOENT);
}

static void times_and_offsets_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        enum when_form form;
        const char *again;
    } times[] = {
        { "19970610", true, WHEN_DATE, "19970610" },
        { "19970610T090000", true, WHEN_LOCAL, "19970610T090000" },
        { "19970610t235960z", true, WHEN_UTC, "19970610T235959Z" },
        { "16010101T000000", true, WHEN_LOCAL, "16010101T000000" },
        { "19970631", false, 0, NULL },
        { "19970610T240000", false, 0, NULL },
        { "19970610T0900", false, 0, NULL },
        { "19970610 090000", false, 0, NULL },
        { "19970610T090000+", false, 0, NULL },
        { "1997-06-10", false, 0, NULL },
        { "", false, 0, NULL },
    };
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        struct when when;
        char text[WHEN_TEXT];
        if (when_read(span_of(times[i].text), &when) != times[i].good)
            fail_msg("%s", times[i].text);
        if (!times[i].good)
            continue;
        assert_int_equal(when.form, times[i].form);
        assert_string_equal(when_text(when, text), times[i].again);
    }
    static const struct {
        const char *text;
        bool good;
        int32_t east;
    } offsets[] = {
        { "+0100", true, 3600 }, { "-0530", true, -19800 }, { "+000144", true, 104 },
        { "-0000", true, 0 },    { "0100", false, 0 },      { "+01:00", false, 0 },
        { "+2400", false, 0 },   { "+0160", false, 0 },     { "+1", false, 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
        int32_t east = 0;
        if (when_offset_read(span_of(offsets[i].text), &east) != offsets[i].good || east != offsets[i].east)
            fail_msg("%s", offsets[i].text);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_find_their_zone),
        cmocka_unit_test(a_calendar_brings_its_own_zone),
        cmocka_unit_test(what_is_wrong_with_a_zone_is_said),
        cmocka_unit_test(a_zone_with_an_unreadable_line_does_not_count),
        cmocka_unit_test(limits_of_zones_hold),
        cmocka_unit_test(times_and_offsets_are_read),
    };
    return tap_run(tests, ARRAY_SIZE(tests));
}
