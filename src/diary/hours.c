/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between two changes of a zone the clock on the wall runs evenly. So a window is cut at the changes, and in each part the days are
 * laid out in local time and moved by the offset that holds there: no case for summer time is needed, none can be forgotten.
 */
#include "diary/hours.h"

#define WORK_DAY                                                                                             \
    {                                                                                                        \
        .pieces = { { 9 * 3600, 17 * 3600 } }, .n = 1                                                        \
    }

const struct hours hours_usual = { .week = { [1] = WORK_DAY, WORK_DAY, WORK_DAY, WORK_DAY, WORK_DAY } };

/* ---- the text ---- */

static bool take(struct span *s, char c)
{
    if (!s->n || *s->p != c)
        return false;
    *s = span_from(*s, 1);
    return true;
}

static bool take_number(struct span *s, size_t digits, uint32_t *ret)
{
    uint64_t value;
    if (s->n < digits || !span_decimal(span_first(*s, digits), 9999, &value))
        return false;
    *s = span_from(*s, digits);
    *ret = (uint32_t)value;
    return true;
}

static bool take_weekday(struct span *s, unsigned *ret)
{
    static const struct span names[] = { SPAN("Su"), SPAN("Mo"), SPAN("Tu"), SPAN("We"),
                                         SPAN("Th"), SPAN("Fr"), SPAN("Sa") };
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (span_starts_nocase(*s, names[i])) {
            *s = span_from(*s, 2);
            *ret = i;
            return true;
        }
    return false;
}

static bool take_date(struct span *s, day_t *ret)
{
    uint32_t year, month, day;
    if (!take_number(s, 4, &year) || !take(s, '-') || !take_number(s, 2, &month) || !take(s, '-') ||
        !take_number(s, 2, &day) || !civil_is_date((int32_t)year, month, day))
        return false;
    *ret = civil_day((int32_t)year, month, day);
    return true;
}

static bool take_time(struct span *s, int32_t *ret)
{
    uint32_t hour, minute;
    if (!take_number(s, 2, &hour) || !take(s, ':') || !take_number(s, 2, &minute) || minute > 59 ||
        hour * 60 + minute > 24 * 60)
        return false;
    *ret = (int32_t)(hour * 3600 + minute * 60);
    return true;
}

/* `/09:00-12:30+13:30-17:00` */
static bool take_day(struct span *s, struct hours_day *ret)
{
    *ret = (struct hours_day){ .n = 0 };
    if (!take(s, '/'))
        return false;
    do {
        struct hours_piece piece;
        if (ret->n == HOURS_PIECES || !take_time(s, &piece.from) || !take(s, '-') || !take_time(s, &piece.to))
            return false;
        if (piece.to <= piece.from)
            piece.to += (int32_t)DAY_S;
        ret->pieces[ret->n++] = piece;
    } while (take(s, '+'));
    return true;
}

struct reading {
    struct hours *hours;
    bool weekday_named;
};

static bool take_other(struct span *s, struct reading *r)
{
    const bool closed = take(s, '!');
    struct hours_other *o = &r->hours->other[r->hours->n_other];
    if (!take_date(s, &o->first))
        return false;
    o->last = o->first;
    if (take(s, '.') && (!take(s, '.') || !take_date(s, &o->last) || o->last < o->first))
        return false;
    o->day.n = 0;
    r->hours->n_other++;
    return closed || take_day(s, &o->day);
}

static bool take_week(struct span *s, struct reading *r)
{
    unsigned first, last;
    struct hours_day day;
    if (!take_weekday(s, &first))
        return false;
    last = first;
    if ((take(s, '-') && !take_weekday(s, &last)) || !take_day(s, &day))
        return false;
    for (unsigned i = 0; !r->weekday_named && i < 7; i++)
        r->hours->week[i].n = 0;
    r->weekday_named = true;
    for (unsigned d = first;; d = (d + 1) % 7) {
        struct hours_day *into = &r->hours->week[d];
        if (into->n + day.n > HOURS_PIECES)
            return false;
        memcpy(&into->pieces[into->n], day.pieces, day.n * sizeof day.pieces[0]);
        into->n += day.n;
        if (d == last)
            return true;
    }
}

static size_t commas(struct span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == ',';
    return n;
}

enum bf_err hours_read(struct span text, struct arena *arena, struct hours *ret, struct fault *fault)
{
    struct hours made = { .n_other = 0 };
    struct reading r = { &made, false };
    struct span s = text;
    const size_t n = commas(text) + 1;
    if (n > HOURS_DAYS)
        return fault_at(fault, BF_ELIMIT, 0, "there are too many days");
    made.other = arena_take(arena, n * sizeof *made.other);
    if (!made.other)
        return BF_ENOMEM;
    for (unsigned d = 0; d < 7; d++)
        made.week[d] = (struct hours_day){ .pieces = { { 0, (int32_t)DAY_S } }, .n = 1 };
    do {
        const bool other = s.n && (*s.p == '!' || (*s.p >= '0' && *s.p <= '9'));
        if (!(other ? take_other(&s, &r) : take_week(&s, &r)) || (s.n && *s.p != ','))
            return fault_at(fault, BF_EFORM, (size_t)(s.p - text.p),
                            "hours are like Mo-Fr/09:00-12:30+13:30-17:00,!2026-12-25");
    } while (take(&s, ','));
    *ret = made;
    return BF_OK;
}

/* ---- the window ---- */

/* What is said of the date, not of its weekday, or NULL. */
static const struct hours_day *other_of(const struct hours *h, day_t day)
{
    for (size_t i = h->n_other; i-- > 0;)
        if (h->other[i].first <= day && day <= h->other[i].last)
            return &h->other[i].day;
    return NULL;
}

static size_t pieces_most(const struct hours *h, utc_t from, utc_t to)
{
    size_t widest = 1;
    for (unsigned d = 0; d < 7; d++)
        widest = h->week[d].n > widest ? h->week[d].n : widest;
    for (size_t i = 0; i < h->n_other; i++)
        widest = h->other[i].day.n > widest ? h->other[i].day.n : widest;
    return to > from ? widest * (size_t)((to - from) / DAY_S + 5) : 0;
}

/* A part of the window in which one offset holds, in local time. */
struct even {
    local_t from, to;
    int32_t offset;
    uint16_t kinds;
};

static size_t lay_day(const struct hours *h, const struct even *e, day_t day, struct period *ret)
{
    const struct hours_day *other = other_of(h, day), *tomorrow = other_of(h, day + 1);
    const struct hours_day *of = other ? other : &h->week[civil_weekday(day)];
    size_t made = 0;
    for (uint32_t i = 0; i < of->n; i++) {
        local_t from = day * DAY_S + of->pieces[i].from, to = day * DAY_S + of->pieces[i].to;
        if (tomorrow && !tomorrow->n && to > (day + 1) * DAY_S)
            to = (day + 1) * DAY_S;
        from = from > e->from ? from : e->from;
        to = to < e->to ? to : e->to;
        if (from < to)
            ret[made++] = (struct period){ from - e->offset, to - e->offset, e->kinds, 0 };
    }
    return made;
}

static day_t day_at(local_t t)
{
    return t >= 0 ? t / DAY_S : -((-t + DAY_S - 1) / DAY_S);
}

enum bf_err hours_open(const struct hours *h, const struct tz *zone, const struct period *within,
                       struct arena *arena, struct periods *ret)
{
    size_t changes = 1, n = 0;
    for (utc_t at = within->from; (at = tz_change(zone, at)) < within->to;)
        changes++;
    const size_t most = pieces_most(h, within->from, within->to) + changes * 3 * HOURS_PIECES;
    struct period *made = arena_take(arena, 2 * most * sizeof *made);
    if (!made)
        return BF_ENOMEM;
    for (utc_t at = within->from; at < within->to;) {
        const utc_t change = tz_change(zone, at), until = change < within->to ? change : within->to;
        const int32_t offset = tz_offset(zone, at);
        const struct even e = { at + offset, until + offset, offset, within->kinds };
        for (day_t day = day_at(e.from) - 1; day * DAY_S < e.to; day++)
            n += lay_day(h, &e, day, made + n);
        at = until;
    }
    periods_sort(made, n, made + most);
    *ret = (struct periods){ made, periods_union(made, n, PERIOD_ANY, made) };
    return BF_OK;
}
