/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates of the Gregorian calendar, extended to all times, as numbers one can count with.             RFC 3339; ISO 8601
 * A day is its distance from 1970-01-01; a local time is the seconds that a clock there would be past 1970-01-01T00:00:00.
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"

typedef int64_t day_t;
typedef int64_t local_t;

#define DAY_S ((int64_t)86400)

struct civil {
    int32_t year; /* -9999 to 9999 */
    uint8_t month, day;
    uint8_t hour, minute, second;
};

bool civil_is_leap(int32_t year);
unsigned civil_month_days(int32_t year, unsigned month); /* month 1 to 12 */
bool civil_is_date(int32_t year, unsigned month, unsigned day);

day_t civil_day(int32_t year, unsigned month, unsigned day); /* of a date that is one */
unsigned civil_weekday(day_t day);                           /* 0: Sunday */
void civil_of_day(day_t day, int32_t *ret_year, uint8_t *ret_month, uint8_t *ret_day);

local_t civil_seconds(const struct civil *c);
struct civil civil_of(local_t t);

#endif
