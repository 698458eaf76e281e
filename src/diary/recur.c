/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule gives, for each of its periods (a year, a week, an hour …), a set of times: the days of the period that its parts let
 * through, each with every hour, minute and second they name. Both are bits, so a set of a million times is a handful of
 * words; the k-th time is reckoned, and BYSETPOS picks by k. Periods are counted from the one that DTSTART is in, so that any
 * of them is reached by a multiplication.
 */
#include "diary/recur.h"

#define HOUR   3600
#define MINUTE 60

/* ---- bits ---- */

static bool bit_is(const uint64_t *words, unsigned n)
{
    return words[n / 64] >> n % 64 & 1;
}

static bool set_holds(const struct recur_set *s, unsigned plus, unsigned minus)
{
    return bit_is(s->plus, plus) || bit_is(s->minus, minus);
}

/* The place of the k-th bit that is set; there are more than k. */
static unsigned bit_at(uint64_t word, uint32_t k)
{
    for (; k; k--)
        word &= word - 1;
    return (unsigned)__builtin_ctzll(word);
}

static uint32_t bits_count(uint64_t word)
{
    return (uint32_t)__builtin_popcountll(word);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* ---- a day ---- */

struct date {
    day_t day;
    int32_t year;
    uint8_t month, of_month, weekday;
    unsigned of_year, year_days, month_days;
};

static struct date date_of(day_t day)
{
    struct date d = { .day = day, .weekday = (uint8_t)civil_weekday(day) };
    civil_of_day(day, &d.year, &d.month, &d.of_month);
    d.of_year = (unsigned)(day - civil_day(d.year, 1, 1)) + 1;
    d.year_days = civil_is_leap(d.year) ? 366 : 365;
    d.month_days = civil_month_days(d.year, d.month);
    return d;
}

/* The first day of week 1: of the first week with at least four days in the year. */
static day_t weeks_begin(int32_t year, unsigned week_start)
{
    const day_t first = civil_day(year, 1, 1);
    const unsigned into = (civil_weekday(first) + 7 - week_start) % 7;
    return into <= 3 ? first - into : first + 7 - into;
}

static bool week_holds(const struct recur *r, const struct date *d)
{
    int32_t year = d->year;
    if (d->day < weeks_begin(year, r->week_start))
        year--;
    else if (d->day >= weeks_begin(year + 1, r->week_start))
        year++;
    const day_t begin = weeks_begin(year, r->week_start), end = weeks_begin(year + 1, r->week_start);
    const unsigned week = (unsigned)((d->day - begin) / 7) + 1, weeks = (unsigned)((end - begin) / 7);
    return set_holds(&r->weeks, week, weeks + 1 - week);
}

static bool weekday_holds(const struct recur_walk *w, const struct date *d)
{
    const unsigned at = w->numbered_in_year ? d->of_year : d->of_month;
    const unsigned n = w->numbered_in_year ? d->year_days : d->month_days;
    const int from_begin = (int)((at - 1) / 7) + 1, from_end = -(int)((n - at) / 7) - 1;
    for (size_t i = 0; i < w->rule.n_days; i++) {
        const int nth = w->rule.days[i].nth; /* NOLINT(bugprone-signed-char-misuse): a number, no character */
        if (w->rule.days[i].weekday == d->weekday && (nth == 0 || nth == from_begin || nth == from_end))
            return true;
    }
    return false;
}

static bool day_holds(const struct recur_walk *w, day_t day)
{
    const struct recur *r = &w->rule;
    const struct date d = date_of(day);
    return (!r->by_month || r->months >> d.month & 1) &&
           (!r->month_days.is_set || set_holds(&r->month_days, d.of_month, d.month_days + 1 - d.of_month)) &&
           (!r->year_days.is_set || set_holds(&r->year_days, d.of_year, d.year_days + 1 - d.of_year)) &&
           (!r->weeks.is_set || week_holds(r, &d)) && (!r->n_days || weekday_holds(w, &d));
}

/* ---- a period ---- */

/* Its number, counted in years, months, weeks … from the beginning of all. */
static int64_t period_of(const struct recur_walk *w, local_t t)
{
    const struct civil c = civil_of(t);
    const day_t day = floor_div(t, DAY_S);
    switch (w->rule.freq) {
    case FREQ_YEARLY: return c.year;
    case FREQ_MONTHLY: return (int64_t)c.year * 12 + c.month - 1;
    case FREQ_WEEKLY: return floor_div(day + 4 - w->rule.week_start, 7); /* day -4 was a Sunday */
    case FREQ_DAILY: return day;
    case FREQ_HOURLY: return floor_div(t, HOUR);
    case FREQ_MINUTELY: return floor_div(t, MINUTE);
    case FREQ_SECONDLY: return t;
    }
    return 0;
}

static local_t period_begin(const struct recur_walk *w, int64_t p)
{
    switch (w->rule.freq) {
    case FREQ_YEARLY: return civil_day((int32_t)p, 1, 1) * DAY_S;
    case FREQ_MONTHLY:
        return civil_day((int32_t)floor_div(p, 12), (unsigned)(p - 12 * floor_div(p, 12)) + 1, 1) * DAY_S;
    case FREQ_WEEKLY: return (p * 7 - 4 + w->rule.week_start) * DAY_S;
    case FREQ_DAILY: return p * DAY_S;
    case FREQ_HOURLY: return p * HOUR;
    case FREQ_MINUTELY: return p * MINUTE;
    case FREQ_SECONDLY: return p;
    }
    return 0;
}

/* One hour, minute or second is given by the period; what stands in its parts may let it through or not. */
static bool times_fill(struct recur_walk *w)
{
    const struct recur *r = &w->rule;
    const struct civil c = civil_of(period_begin(w, w->period));
    w->hours = r->hours;
    w->minutes = r->minutes;
    w->seconds = r->seconds;
    if (r->freq <= FREQ_HOURLY)
        w->hours = (uint32_t)1 << c.hour & (r->by_hour ? r->hours : ~0u);
    if (r->freq <= FREQ_MINUTELY)
        w->minutes = (uint64_t)1 << c.minute & (r->by_minute ? r->minutes : ~(uint64_t)0);
    if (r->freq == FREQ_SECONDLY)
        w->seconds = (uint64_t)1 << c.second & (r->by_second ? r->seconds : ~(uint64_t)0);
    w->n_times = bits_count(w->hours) * bits_count(w->minutes) * bits_count(w->seconds);
    return w->n_times > 0;
}

static void days_fill(struct recur_walk *w)
{
    const local_t begin = period_begin(w, w->period);
    w->first_day = floor_div(begin, DAY_S);
    const day_t end = w->rule.freq <= FREQ_DAILY ? w->first_day + 1 : period_begin(w, w->period + 1) / DAY_S;
    memset(w->days, 0, sizeof w->days);
    w->n_days = 0;
    for (day_t day = w->first_day; day < end; day++)
        if (day_holds(w, day)) {
            const unsigned i = (unsigned)(day - w->first_day);
            w->days[i / 64] |= (uint64_t)1 << i % 64;
            w->n_days++;
        }
}

static void period_fill(struct recur_walk *w)
{
    days_fill(w);
    w->n = times_fill(w) ? w->n_days * w->n_times : 0;
    w->at = 0;
}

static local_t time_at(const struct recur_walk *w, uint32_t k)
{
    uint32_t day = k / w->n_times, rest = k % w->n_times, word = 0;
    while (day >= bits_count(w->days[word]))
        day -= bits_count(w->days[word++]);
    const uint32_t seconds = bits_count(w->seconds), minutes = bits_count(w->minutes);
    const unsigned hour = bit_at(w->hours, rest / (minutes * seconds));
    const unsigned minute = bit_at(w->minutes, rest / seconds % minutes),
                   second = bit_at(w->seconds, rest % seconds);
    return (w->first_day + word * 64 + bit_at(w->days[word], day)) * DAY_S + hour * HOUR + minute * MINUTE +
           second;
}

/* BYSETPOS lets the k-th of n through; those in the middle of a large set cannot be named. */
static bool position_next(struct recur_walk *w, uint32_t *ret)
{
    const struct recur_set *s = &w->rule.positions;
    while (w->at < w->n) {
        const uint32_t k = w->at++, from_end = w->n - k;
        if (!s->is_set || (k < 366 && bit_is(s->plus, k + 1)) ||
            (from_end <= 366 && bit_is(s->minus, from_end))) {
            *ret = k;
            return true;
        }
        if (k >= 366 && from_end > 367)
            w->at = w->n - 366;
    }
    return false;
}

/* ---- from period to period ---- */

/* Forward to the first period of the rule that begins at `target` (a number) or behind. */
static void period_reach(struct recur_walk *w, int64_t target)
{
    const int64_t interval = w->rule.interval;
    if (target > w->period)
        w->period += (target - w->period + interval - 1) / interval * interval;
}

/* Of periods shorter than a day, all of a day, or of an hour, that lets none through are passed over at once. */
static void period_next(struct recur_walk *w)
{
    const struct recur *r = &w->rule;
    const local_t begin = period_begin(w, w->period);
    int64_t target = w->period + 1;
    if (r->freq < FREQ_DAILY && w->n_days == 0)
        target = period_of(w, (floor_div(begin, DAY_S) + 1) * DAY_S);
    else if (r->freq < FREQ_HOURLY && w->hours == 0)
        target = period_of(w, (floor_div(begin, HOUR) + 1) * HOUR);
    else if (r->freq < FREQ_MINUTELY && w->minutes == 0)
        target = period_of(w, (floor_div(begin, MINUTE) + 1) * MINUTE);
    period_reach(w, target);
}

/*
 * Every period gives as many times as any other, so that those that are passed over can be counted. Of months, days that all of
 * them have; of years likewise.
 */
static bool is_regular(const struct recur_walk *w)
{
    const struct recur *r = &w->rule;
    const bool no_days = !r->n_days && !r->month_days.is_set && !r->year_days.is_set && !r->weeks.is_set;
    const uint64_t late = (uint64_t)7 << 29;
    const bool early = !((r->month_days.plus[0] | r->month_days.minus[0]) & late);
    switch (r->freq) {
    case FREQ_YEARLY: return !r->n_days && !r->year_days.is_set && !r->weeks.is_set && early;
    case FREQ_MONTHLY: return !r->by_month && !r->n_days && early;
    case FREQ_WEEKLY: return !r->by_month;
    case FREQ_DAILY: return !r->by_month && no_days;
    case FREQ_HOURLY: return !r->by_month && no_days && !r->by_hour;
    case FREQ_MINUTELY: return !r->by_month && no_days && !r->by_hour && !r->by_minute;
    case FREQ_SECONDLY: return !r->by_month && no_days && !r->by_hour && !r->by_minute && !r->by_second;
    }
    return false;
}

static uint64_t positions_count(struct recur_walk *w)
{
    uint64_t n = 0;
    uint32_t k;
    if (!w->rule.positions.is_set)
        return w->n;
    while (position_next(w, &k))
        n++;
    w->at = 0;
    return n;
}

/*
 * The first period holds times before DTSTART, which do not count, so jumps start at the one behind it. A series that
 * is counted is jumped along only where its periods are alike.
 */
static void jump(struct recur_walk *w)
{
    const int64_t first = w->period, window = period_of(w, w->from);
    if (window <= first + w->rule.interval || (w->rule.count && !is_regular(w)))
        return;
    if (!w->rule.count) {
        period_reach(w, window - w->rule.interval); /* one more: it may hold what is left of an earlier day */
        period_fill(w);
        return;
    }
    uint32_t k;
    while (position_next(w, &k))
        w->counted += time_at(w, k) >= w->start;
    period_next(w);
    period_fill(w);
    const uint64_t each = positions_count(w),
                   periods = (uint64_t)((window - w->period) / (int64_t)w->rule.interval);
    const uint64_t left = w->counted < w->rule.count && each ? (w->rule.count - w->counted) / each : 0;
    const uint64_t passed = periods < left ? periods : left;
    w->counted += passed * each;
    w->period += (int64_t)(passed * w->rule.interval);
    period_fill(w);
}

/* ---- the walk ---- */

/* What the rule does not say is said by DTSTART.                                            RFC 5545 section 3.3.10 */
static void fill_from_start(struct recur_walk *w)
{
    struct recur *r = &w->rule;
    const struct civil c = civil_of(w->start);
    const bool no_days = !r->n_days && !r->month_days.is_set && !r->year_days.is_set;
    w->numbered_in_year = r->freq == FREQ_YEARLY && !r->by_month;
    if (!r->by_second && r->freq > FREQ_SECONDLY)
        r->seconds = (uint64_t)1 << c.second;
    if (!r->by_minute && r->freq > FREQ_MINUTELY)
        r->minutes = (uint64_t)1 << c.minute;
    if (!r->by_hour && r->freq > FREQ_HOURLY)
        r->hours = (uint32_t)1 << c.hour;
    if (r->freq < FREQ_WEEKLY || !no_days)
        return;
    if (r->freq == FREQ_WEEKLY || r->weeks.is_set) {
        r->days[0].weekday = (uint8_t)civil_weekday(floor_div(w->start, DAY_S));
        r->days[0].nth = 0;
        r->n_days = 1;
        return;
    }
    if (r->freq == FREQ_YEARLY && !r->by_month)
        r->months = (uint32_t)1 << c.month;
    r->by_month = r->by_month || r->freq == FREQ_YEARLY;
    r->month_days.is_set = true;
    r->month_days.plus[0] = (uint64_t)1 << c.day;
}

void recur_begin(struct recur_walk *w, const struct recur *rule, local_t start, const struct tz *zone,
                 local_t from, local_t to)
{
    *w = (struct recur_walk){ .rule = *rule, .zone = zone, .start = start, .from = from, .to = to };
    fill_from_start(w);
    w->period = period_of(w, start);
    period_fill(w);
    jump(w);
}

static bool is_behind_until(const struct recur_walk *w, local_t t)
{
    const struct recur *r = &w->rule;
    switch (r->until_kind) {
    case UNTIL_NONE: return false;
    case UNTIL_DATE: return t >= r->until + DAY_S;
    case UNTIL_LOCAL: return t > r->until;
    case UNTIL_UTC: return (w->zone ? tz_utc(w->zone, t, NULL) : t) > r->until;
    }
    return false;
}

/* The next that the rule gives, in the window or before it. */
static enum bf_err next(struct recur_walk *w, local_t *ret)
{
    const local_t last = civil_day(RECUR_YEAR + 1, 1, 1) * DAY_S;
    uint32_t k;
    while (!position_next(w, &k)) {
        period_next(w);
        if (w->period > period_of(w, w->to < last ? w->to : last))
            return BF_ENOENT;
        if (++w->steps > RECUR_STEPS)
            return BF_ELIMIT;
        period_fill(w);
    }
    *ret = time_at(w, k);
    return BF_OK;
}

enum bf_err recur_next(struct recur_walk *w, local_t *ret)
{
    while (!w->ended) {
        const enum bf_err err = next(w, ret);
        if (err == BF_ELIMIT)
            return err;
        w->ended = err || *ret >= w->to;
        if (w->ended || *ret < w->start)
            continue;
        w->ended = is_behind_until(w, *ret) || (w->rule.count && w->counted++ >= w->rule.count);
        if (!w->ended && *ret >= w->from)
            return BF_OK;
        if (++w->steps > RECUR_STEPS)
            return BF_ELIMIT;
    }
    return BF_ENOENT;
}
