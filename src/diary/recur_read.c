/* SPDX-License-Identifier: Apache-2.0 */
/* `FREQ=MONTHLY;BYDAY=-1FR;COUNT=6`: a table of parts, each read by its kind; then what may not stand together. */
#include "diary/recur.h"

struct reading {
    struct span text;
    size_t at; /* of the part being read */
    struct recur *rule;
    struct fault *fault;
    bool has_freq, has_interval, has_count, has_until, has_week_start, has_scale, has_skip;
};

static enum bf_err bad(const struct reading *r, size_t at, const char *what)
{
    return fault_at(r->fault, BF_EFORM, at, what);
}

static size_t offset_of(const struct reading *r, struct span value)
{
    return (size_t)(value.p - r->text.p);
}

/* ---- values ---- */

static const char *const weekdays[] = { "SU", "MO", "TU", "WE", "TH", "FR", "SA" };

static bool weekday_read(struct span text, uint8_t *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(weekdays); i++)
        if (span_equal_nocase(text, span_of(weekdays[i]))) {
            *ret = (uint8_t)i;
            return true;
        }
    return false;
}

/* `[+-]digits` */
static bool number_read(struct span text, int64_t least, int64_t most, int64_t *ret)
{
    const bool minus = text.n && text.p[0] == '-', sign = minus || (text.n && text.p[0] == '+');
    uint64_t value;
    if (!span_decimal(span_from(text, sign), 1u << 31, &value))
        return false;
    *ret = minus ? -(int64_t)value : (int64_t)value;
    return *ret >= least && *ret <= most;
}

/* The next of a list parted by commas; false at its end. */
static bool list_next(struct span *list, struct span *ret)
{
    if (!list->p)
        return false;
    const size_t n = span_find(*list, ',');
    *ret = span_first(*list, n);
    *list = n < list->n ? span_from(*list, n + 1) : SPAN_NONE;
    return true;
}

static enum bf_err read_bits(const struct reading *r, struct span list, int64_t least, int64_t most,
                             uint64_t *ret)
{
    struct span item;
    int64_t value;
    *ret = 0;
    while (list_next(&list, &item)) {
        if (!number_read(item, least, most, &value))
            return bad(r, offset_of(r, item), "a number outside what this part of a rule may say");
        *ret |= (uint64_t)1 << value;
    }
    return BF_OK;
}

static enum bf_err read_set(const struct reading *r, struct span list, int64_t most, struct recur_set *ret)
{
    struct span item;
    int64_t value;
    if (ret->is_set)
        return bad(r, r->at, "a part that stands there twice");
    ret->is_set = true;
    while (list_next(&list, &item)) {
        if (!number_read(item, -most, most, &value) || value == 0)
            return bad(r, offset_of(r, item), "a number outside what this part of a rule may say");
        const uint64_t n = (uint64_t)(value < 0 ? -value : value);
        uint64_t *half = value < 0 ? ret->minus : ret->plus;
        half[n / 64] |= (uint64_t)1 << n % 64;
    }
    return BF_OK;
}

/* `-1FR`, `MO` */
static enum bf_err read_days(struct reading *r, struct span list)
{
    struct recur *rule = r->rule;
    struct span item;
    if (rule->n_days)
        return bad(r, r->at, "a part that stands there twice");
    while (list_next(&list, &item)) {
        const size_t split = item.n < 2 ? 0 : item.n - 2;
        int64_t nth = 0;
        uint8_t weekday, known = 0;
        if (!weekday_read(span_from(item, split), &weekday) ||
            (split && (!number_read(span_first(item, split), -53, 53, &nth) || nth == 0)))
            return bad(r, offset_of(r, item), "not a weekday: MO, or the last Friday: -1FR");
        while (known < rule->n_days && (rule->days[known].nth != nth || rule->days[known].weekday != weekday))
            known++;
        if (known == RECUR_DAYS)
            return fault_at(r->fault, BF_ELIMIT, offset_of(r, item), "more weekdays than a rule needs");
        rule->days[known].nth = (int8_t)nth;
        rule->days[known].weekday = weekday;
        if (known == rule->n_days)
            rule->n_days++;
    }
    return BF_OK;
}

static bool digits_read(struct span s, size_t at, size_t n, unsigned *ret)
{
    uint64_t value;
    if (at + n > s.n || !span_decimal(span_first(span_from(s, at), n), 9999, &value))
        return false;
    *ret = (unsigned)value;
    return true;
}

/* `19971224`, `19971224T000000`, `19971224T000000Z` */
static enum bf_err read_until(struct reading *r, struct span value)
{
    struct recur *rule = r->rule;
    unsigned year, month, day, hour = 0, minute = 0, second = 0;
    const bool is_date = value.n == 8, utc = value.n == 16 && (value.p[15] == 'Z' || value.p[15] == 'z');
    bool good = digits_read(value, 0, 4, &year) && digits_read(value, 4, 2, &month) &&
                digits_read(value, 6, 2, &day) && civil_is_date((int32_t)year, month, day);
    if (!is_date)
        good = good && (value.n == 15 || utc) && (value.p[8] == 'T' || value.p[8] == 't') &&
               digits_read(value, 9, 2, &hour) && digits_read(value, 11, 2, &minute) &&
               digits_read(value, 13, 2, &second) && hour < 24 && minute < 60 && second <= 60;
    if (!good)
        return bad(r, offset_of(r, value),
                   "UNTIL is neither a date nor a time: 20261224, or 20261224T090000Z");
    rule->until_kind = is_date ? UNTIL_DATE : utc ? UNTIL_UTC : UNTIL_LOCAL;
    rule->until = civil_day((int32_t)year, month, day) * DAY_S + hour * 3600 + minute * 60 +
                  (second == 60 ? 59 : second);
    return BF_OK;
}

static enum bf_err read_freq(struct reading *r, struct span value)
{
    static const char *const words[] = { "SECONDLY", "MINUTELY", "HOURLY", "DAILY",
                                         "WEEKLY",   "MONTHLY",  "YEARLY" };
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (span_equal_nocase(value, span_of(words[i]))) {
            r->rule->freq = (enum recur_freq)i;
            return BF_OK;
        }
    return bad(r, offset_of(r, value), "FREQ is none of SECONDLY to YEARLY");
}

/* ---- parts ---- */

enum part {
    PART_FREQ,
    PART_UNTIL,
    PART_COUNT,
    PART_INTERVAL,
    PART_SECOND,
    PART_MINUTE,
    PART_HOUR,
    PART_DAY,
    PART_MONTH_DAY,
    PART_YEAR_DAY,
    PART_WEEK,
    PART_MONTH,
    PART_POSITION,
    PART_WEEK_START,
    PART_SCALE,
    PART_SKIP,
    PARTS
};
static const char *const part_names[PARTS] = {
    "FREQ",       "UNTIL",     "COUNT",    "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY",
    "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH",  "BYSETPOS", "WKST",     "RSCALE", "SKIP",
};

static enum bf_err once(const struct reading *r, bool *has)
{
    if (*has)
        return bad(r, r->at, "a part that stands there twice");
    *has = true;
    return BF_OK;
}

static enum bf_err read_number(const struct reading *r, struct span value, uint64_t *ret)
{
    if (!span_decimal(value, UINT32_MAX, ret) || *ret == 0)
        return bad(r, offset_of(r, value), "not a number from 1 on");
    return BF_OK;
}

static enum bf_err read_small(struct reading *r, struct span list, int64_t least, int64_t most, bool *has,
                              uint64_t *ret)
{
    const enum bf_err err = once(r, has);
    return err ? err : read_bits(r, list, least, most, ret);
}

static enum bf_err read_limits(struct reading *r, enum part part, struct span value)
{
    struct recur *rule = r->rule;
    uint64_t n = 0;
    enum bf_err err;
    switch (part) {
    case PART_FREQ: err = once(r, &r->has_freq); return err ? err : read_freq(r, value);
    case PART_UNTIL: err = once(r, &r->has_until); return err ? err : read_until(r, value);
    case PART_COUNT: err = once(r, &r->has_count); return err ? err : read_number(r, value, &rule->count);
    case PART_INTERVAL:
        err = once(r, &r->has_interval);
        if (!err)
            err = read_number(r, value, &n);
        rule->interval = (uint32_t)n;
        return err;
    case PART_WEEK_START:
        err = once(r, &r->has_week_start);
        if (!err && !weekday_read(value, &rule->week_start))
            err = bad(r, offset_of(r, value), "WKST is no weekday: MO");
        return err;
    case PART_SCALE:
        err = once(r, &r->has_scale);
        if (!err && !span_equal_nocase(value, SPAN("GREGORIAN")))
            err = fault_at(r->fault, BF_EUNSUP, offset_of(r, value),
                           "a calendar that is not the Gregorian one");
        return err;
    default:
        err = once(r, &r->has_skip);
        if (!err && !span_equal_nocase(value, SPAN("OMIT")))
            err = fault_at(r->fault, BF_EUNSUP, offset_of(r, value),
                           "dates that do not exist are not moved (SKIP)");
        return err;
    }
}

static enum bf_err read_part(struct reading *r, enum part part, struct span value)
{
    struct recur *rule = r->rule;
    uint64_t bits = 0;
    enum bf_err err;
    switch (part) {
    case PART_SECOND:
        err = read_small(r, value, 0, 60, &rule->by_second, &rule->seconds);
        if (rule->seconds >> 60 & 1) /* a leap second is the second before it: RFC 5545 section 3.3.10 */
            rule->seconds = (rule->seconds | (uint64_t)1 << 59) & ~((uint64_t)1 << 60);
        return err;
    case PART_MINUTE: return read_small(r, value, 0, 59, &rule->by_minute, &rule->minutes);
    case PART_HOUR:
        err = read_small(r, value, 0, 23, &rule->by_hour, &bits);
        rule->hours = (uint32_t)bits;
        return err;
    case PART_MONTH:
        err = read_small(r, value, 1, 12, &rule->by_month, &bits);
        rule->months = (uint32_t)bits;
        return err;
    case PART_DAY: return read_days(r, value);
    case PART_MONTH_DAY: return read_set(r, value, 31, &rule->month_days);
    case PART_YEAR_DAY: return read_set(r, value, 366, &rule->year_days);
    case PART_WEEK: return read_set(r, value, 53, &rule->weeks);
    case PART_POSITION: return read_set(r, value, 366, &rule->positions);
    default: return read_limits(r, part, value);
    }
}

static enum bf_err read_one(struct reading *r, struct span text)
{
    const size_t split = span_find(text, '=');
    const struct span name = span_first(text, split), value = span_from(text, split + 1);
    if (split == text.n || value.n == 0)
        return bad(r, r->at, "a part of a rule is NAME=value");
    for (unsigned part = 0; part < PARTS; part++)
        if (span_equal_nocase(name, span_of(part_names[part])))
            return read_part(r, (enum part)part, value);
    if (span_starts_nocase(name, SPAN("X-")))
        return BF_OK;
    return bad(r, r->at, "a part that no rule has");
}

/* ---- what may not stand together: the notes below the table of RFC 5545 section 3.3.10 ---- */

static bool is_numbered(const struct recur *r)
{
    for (size_t i = 0; i < r->n_days; i++)
        if (r->days[i].nth)
            return true;
    return false;
}

static enum bf_err check(const struct reading *r)
{
    const struct recur *rule = r->rule;
    const bool others = rule->by_second || rule->by_minute || rule->by_hour || rule->by_month ||
                        rule->n_days || rule->month_days.is_set || rule->year_days.is_set ||
                        rule->weeks.is_set;
    const struct {
        bool wrong;
        const char *what;
    } rows[] = {
        { !r->has_freq, "a rule needs FREQ" },
        { r->has_count && r->has_until, "COUNT and UNTIL do not stand together" },
        { is_numbered(rule) && rule->freq != FREQ_MONTHLY && rule->freq != FREQ_YEARLY,
          "a numbered weekday needs FREQ=MONTHLY or YEARLY" },
        { is_numbered(rule) && rule->weeks.is_set, "a numbered weekday does not stand beside BYWEEKNO" },
        { rule->month_days.is_set && rule->freq == FREQ_WEEKLY,
          "BYMONTHDAY does not stand in a weekly rule" },
        { rule->year_days.is_set &&
              (rule->freq == FREQ_DAILY || rule->freq == FREQ_WEEKLY || rule->freq == FREQ_MONTHLY),
          "BYYEARDAY does not stand in a daily, weekly or monthly rule" },
        { rule->weeks.is_set && rule->freq != FREQ_YEARLY, "BYWEEKNO stands in yearly rules only" },
        { rule->positions.is_set && !others, "BYSETPOS needs another BY part" },
        { r->has_skip && !r->has_scale, "SKIP needs RSCALE" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].wrong)
            return bad(r, 0, rows[i].what);
    return BF_OK;
}

enum bf_err recur_read(struct span text, struct recur *ret, struct fault *fault)
{
    struct reading r = { .text = text, .rule = ret, .fault = fault };
    *ret = (struct recur){ .interval = 1, .week_start = 1 };
    if (text.n > RECUR_TEXT)
        return fault_at(fault, BF_ELIMIT, RECUR_TEXT, "a rule longer than any that makes sense");
    while (r.at < text.n) {
        const struct span rest = span_from(text, r.at), part = span_first(rest, span_find(rest, ';'));
        /* some programs end a rule with a semicolon */
        const enum bf_err err = part.n == 0 && part.n == rest.n ? BF_OK : read_one(&r, part);
        if (err)
            return err;
        r.at += part.n + 1;
    }
    return check(&r);
}
