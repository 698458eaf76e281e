/* SPDX-License-Identifier: Apache-2.0 */
/* Years are counted from March, so that the leap day is a year's last, and in eras of 400 years, which are all of one length. */
#include "base/civil.h"

#define ERA_DAYS     146097
#define EPOCH_OF_ERA 719468 /* days from 0000-03-01 to 1970-01-01 */

bool civil_is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned civil_month_days(int32_t year, unsigned month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && civil_is_leap(year) ? 29 : days[month - 1];
}

bool civil_is_date(int32_t year, unsigned month, unsigned day)
{
    return month >= 1 && month <= 12 && day >= 1 && day <= civil_month_days(year, month);
}

/* Towards minus infinity, which C's own division does not do. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

day_t civil_day(int32_t year, unsigned month, unsigned day)
{
    const int64_t y = (int64_t)year - (month <= 2);
    const int64_t era = floor_div(y, 400), of_era = y - era * 400;
    const int64_t since_march = (int64_t)(month + 9) % 12;
    const int64_t of_year = (153 * since_march + 2) / 5 + (int64_t)day - 1;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_OF_ERA;
}

unsigned civil_weekday(day_t day)
{
    return (unsigned)(day + 4 - 7 * floor_div(day + 4, 7)); /* 1970-01-01 was a Thursday */
}

void civil_of_day(day_t day, int32_t *ret_year, uint8_t *ret_month, uint8_t *ret_day)
{
    const int64_t z = day + EPOCH_OF_ERA, era = floor_div(z, ERA_DAYS), of_era = z - era * ERA_DAYS;
    const int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year + year / 4 - year / 100), march = (5 * of_year + 2) / 153;
    *ret_day = (uint8_t)(of_year - (153 * march + 2) / 5 + 1);
    *ret_month = (uint8_t)(march < 10 ? march + 3 : march - 9);
    *ret_year = (int32_t)(year + era * 400 + (*ret_month <= 2));
}

local_t civil_seconds(const struct civil *c)
{
    return civil_day(c->year, c->month, c->day) * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
}

struct civil civil_of(local_t t)
{
    const day_t day = floor_div(t, DAY_S);
    const int64_t rest = t - day * DAY_S;
    struct civil c = { .hour = (uint8_t)(rest / 3600),
                       .minute = (uint8_t)(rest / 60 % 60),
                       .second = (uint8_t)(rest % 60) };
    civil_of_day(day, &c.year, &c.month, &c.day);
    return c;
}
