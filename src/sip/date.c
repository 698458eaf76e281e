/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One form, to the letter: `Fri, 25 Sep 2015 19:12:25 GMT` <-> 1443208345. Weekday included: a date whose weekday is
 * wrong was written by nobody who looked at a clock.
 */
#include "sip/date.h"

#include <stdio.h>

#define DAY 86400

static const char weekdays[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Days since 1970-01-01 of a date in the Gregorian calendar; years counted from March, eras of 400 years. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    const int64_t era = year / 400, year_of_era = year - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int days_in(int64_t year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* 0-based place of three letters in a list of such; -1 when they are not in it. */
static int name_at(const char *names, const char *three)
{
    for (int i = 0; names[3 * i]; i++)
        if (memcmp(names + 3 * i, three, 3) == 0)
            return i;
    return -1;
}

/* 'd' a digit, 'a' a letter of a name looked up later, else the character itself. */
static const char shape[] = "aaa, dd aaa dddd dd:dd:dd GMT";

static bool has_shape(struct span s, size_t *ret_at)
{
    for (size_t i = 0; i < SIP_DATE_TEXT; i++) {
        *ret_at = i;
        if (i == s.n)
            return false;
        const char c = s.p[i];
        if (shape[i] == 'd' ? c < '0' || c > '9' : shape[i] != 'a' && c != shape[i])
            return false;
    }
    *ret_at = SIP_DATE_TEXT;
    return s.n == SIP_DATE_TEXT;
}

static int digits(const char *p, int n)
{
    int value = 0;
    while (n--)
        value = value * 10 + (*p++ - '0');
    return value;
}

enum bf_err sip_date_read(struct span value, utc_t *ret, struct fault *fault)
{
    size_t at;
    if (!has_shape(value, &at))
        return fault_at(fault, BF_EFORM, at, "a date is `Fri, 25 Sep 2015 19:12:25 GMT`");
    const int year = digits(value.p + 12, 4), month = name_at(months, value.p + 8) + 1,
              day = digits(value.p + 5, 2);
    const int hour = digits(value.p + 17, 2), minute = digits(value.p + 20, 2),
              second = digits(value.p + 23, 2);
    if (month == 0)
        return fault_at(fault, BF_EFORM, 8, "there is no such month");
    if (day < 1 || day > days_in(year, month))
        return fault_at(fault, BF_EFORM, 5, "the month has no such day");
    if (hour > 23 || minute > 59 || second > 59)
        return fault_at(fault, BF_EFORM, 17, "there is no such time of day");
    const int64_t days = days_of(year, month, day);
    /* 1970-01-01 was a Thursday. */
    if (name_at(weekdays, value.p) != (int)(((days + 4) % 7 + 7) % 7))
        return fault_at(fault, BF_EFORM, 0, "the weekday is not that of the date");
    *ret = days * DAY + hour * 3600 + minute * 60 + second;
    return BF_OK;
}

/* Year, month, day of a day: the way back. */
static void date_of(int64_t days, int *year, int *month, int *day)
{
    int y = (int)(1970 + days / 365);
    while (days_of(y, 1, 1) > days)
        y--;
    while (days_of(y + 1, 1, 1) <= days)
        y++;
    int m = 12;
    while (days_of(y, m, 1) > days)
        m--;
    *year = y;
    *month = m;
    *day = (int)(days - days_of(y, m, 1)) + 1;
}

char *sip_date_write(utc_t t, char out[static SIP_DATE_TEXT + 1])
{
    const int64_t first = days_of(0, 3, 1) * DAY, last = days_of(9999, 12, 31) * DAY + DAY - 1;
    if (t < first)
        t = first;
    if (t > last)
        t = last;
    const int64_t days = (t >= 0 ? t : t - (DAY - 1)) / DAY;
    const int second = (int)(t - days * DAY);
    int year, month, day;
    date_of(days, &year, &month, &day);
    char text[80];
    snprintf(text, sizeof text, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             weekdays + 3 * (((days + 4) % 7 + 7) % 7), day, months + 3 * (month - 1), year, second / 3600,
             second / 60 % 60, second % 60);
    memcpy(out, text, SIP_DATE_TEXT);
    out[SIP_DATE_TEXT] = '\0';
    return out;
}
