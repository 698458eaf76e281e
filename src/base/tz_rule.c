/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tz_rule.h"

#define USUAL_TIME (2 * 3600)

/* ---- reading ---- */

struct reading {
    struct span text;
    size_t at;
};

static int peek(const struct reading *r)
{
    return r->at < r->text.n ? (unsigned char)r->text.p[r->at] : -1;
}

static bool take(struct reading *r, char c)
{
    if (peek(r) != c)
        return false;
    r->at++;
    return true;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* One to three digits. */
static bool read_number(struct reading *r, unsigned least, unsigned most, unsigned *ret)
{
    unsigned value = 0, n = 0;
    for (; n < 3 && is_digit(peek(r)); n++)
        value = value * 10 + (unsigned)(r->text.p[r->at++] - '0');
    *ret = value;
    return n > 0 && value >= least && value <= most;
}

/* `CET`, `<+03>`: at least three characters, which nobody shows. */
static bool read_name(struct reading *r)
{
    const bool quoted = take(r, '<');
    const size_t from = r->at;
    while (is_letter(peek(r)) || (quoted && (is_digit(peek(r)) || peek(r) == '+' || peek(r) == '-')))
        r->at++;
    return r->at - from >= 3 && (!quoted || take(r, '>'));
}

/* `[+-]hh[:mm[:ss]]` */
static bool read_time(struct reading *r, unsigned most_hours, int32_t *ret)
{
    const bool minus = take(r, '-');
    unsigned hours, minutes = 0, seconds = 0;
    if (!minus)
        (void)take(r, '+');
    if (!read_number(r, 0, most_hours, &hours) || (take(r, ':') && !read_number(r, 0, 59, &minutes)) ||
        (take(r, ':') && !read_number(r, 0, 59, &seconds)))
        return false;
    const int32_t value = (int32_t)(hours * 3600 + minutes * 60 + seconds);
    *ret = minus ? -value : value;
    return true;
}

static bool read_day(struct reading *r, struct tz_day *ret)
{
    unsigned month, week, day;
    if (take(r, 'M')) {
        if (!read_number(r, 1, 12, &month) || !take(r, '.') || !read_number(r, 1, 5, &week) ||
            !take(r, '.') || !read_number(r, 0, 6, &day))
            return false;
        *ret = (struct tz_day){ TZ_OF_MONTH, (uint16_t)day, (uint8_t)month, (uint8_t)week, USUAL_TIME };
    } else {
        const bool julian = take(r, 'J');
        if (!read_number(r, julian, 365, &day))
            return false;
        *ret = (struct tz_day){ julian ? TZ_JULIAN : TZ_OF_YEAR, (uint16_t)day, 0, 0, USUAL_TIME };
    }
    return !take(r, '/') || read_time(r, 167, &ret->time);
}

/* Offsets are written as what must be added to get UTC. */
static bool read_offset(struct reading *r, int32_t *ret)
{
    int32_t west;
    if (!read_time(r, 24, &west))
        return false;
    *ret = -west;
    return true;
}

static bool read_rule(struct reading *r, struct tz_rule *ret)
{
    if (!read_name(r) || !read_offset(r, &ret->usual))
        return false;
    if (r->at == r->text.n)
        return true;
    ret->has_summer = true;
    ret->summer = ret->usual + 3600;
    if (!read_name(r) || (peek(r) != ',' && !read_offset(r, &ret->summer)))
        return false;
    return take(r, ',') && read_day(r, &ret->begin) && take(r, ',') && read_day(r, &ret->end) &&
           r->at == r->text.n;
}

enum bf_err tz_rule_read(struct span text, struct tz_rule *ret, struct fault *fault)
{
    struct reading r = { text, 0 };
    *ret = (struct tz_rule){ .is_set = true };
    if (read_rule(&r, ret))
        return BF_OK;
    *ret = (struct tz_rule){ 0 };
    return fault_at(fault, BF_EFORM, r.at, "not a rule of a time zone, such as CET-1CEST,M3.5.0,M10.5.0/3");
}

/* ---- asking ---- */

static day_t day_of(const struct tz_day *d, int32_t year)
{
    const day_t first = civil_day(year, 1, 1);
    if (d->kind == TZ_OF_YEAR)
        return first + d->day;
    if (d->kind == TZ_JULIAN)
        return first + d->day - 1 + (d->day >= 60 && civil_is_leap(year));
    const day_t month = civil_day(year, d->month, 1);
    const unsigned ahead = (d->day + 7 - civil_weekday(month)) % 7;
    day_t day = month + ahead + 7 * (d->week - 1);
    return day >= month + civil_month_days(year, d->month) ? day - 7 : day;
}

struct year {
    utc_t begin, end; /* of summer time */
};

static struct year year_of(const struct tz_rule *r, int32_t year)
{
    return (struct year){ day_of(&r->begin, year) * DAY_S + r->begin.time - r->usual,
                          day_of(&r->end, year) * DAY_S + r->end.time - r->summer };
}

static int32_t year_at(utc_t at)
{
    return civil_of(at).year;
}

/*
 * The last change at or before the instant says what holds. Other years' changes are asked too: a rule may say 167 hours before
 * or behind a day, so that one of the year before last can be the last. Where both fall on one instant (summer all year long),
 * summer is what begins there.
 */
int32_t tz_rule_offset(const struct tz_rule *r, utc_t at)
{
    if (!r->has_summer)
        return r->usual;
    const int32_t year = year_at(at);
    utc_t last = INT64_MIN;
    int32_t offset = r->usual;
    for (int32_t y = year - 2; y <= year + 1; y++) {
        const struct year changes = year_of(r, y);
        if (changes.end <= at && changes.end > last) {
            last = changes.end;
            offset = r->usual;
        }
        if (changes.begin <= at && changes.begin >= last) {
            last = changes.begin;
            offset = r->summer;
        }
    }
    return offset;
}

utc_t tz_rule_change(const struct tz_rule *r, utc_t at)
{
    if (!r->has_summer)
        return INT64_MAX;
    const int32_t year = year_at(at), now = tz_rule_offset(r, at);
    utc_t next = INT64_MAX;
    for (int32_t y = year - 1; y <= year + 2; y++) {
        const struct year changes = year_of(r, y);
        const utc_t both[] = { changes.begin, changes.end };
        for (size_t i = 0; i < 2; i++)
            if (both[i] > at && both[i] < next && tz_rule_offset(r, both[i]) != now)
                next = both[i];
    }
    return next;
}
