/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An observance holds from its DTSTART on, and again from every time that its RRULE or RDATE gives, all told by the clock that
 * TZOFFSETFROM set. What holds at an instant is the observance that began last.
 */
#include "diary/zone_rules.h"

#include <stdlib.h>

#include "diary/recur.h"
#include "diary/when.h"
#include "diary/zone.h"

struct observance {
    bool has_start, has_from, has_to, has_rule;
    struct when start;
    int32_t from, to;
    struct recur rule;
    struct when *dates; /* RDATE */
    size_t n_dates;
};

struct zone_rules {
    struct observance *at[ZONE_OBSERVANCES];
    size_t n;
    unsigned depth; /* components open within the zone */
    bool in_observance;
    enum bf_err err;
    char location[TZ_NAME + 1];
};

/* ---- lines ---- */

enum bf_err zone_rules_create(struct zone_rules **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? BF_OK : BF_ENOMEM;
}

void zone_rules_destroy(struct zone_rules *r)
{
    for (size_t i = 0; r && i < r->n; i++) {
        free(r->at[i]->dates);
        free(r->at[i]);
    }
    free(r);
}

const char *zone_rules_location(const struct zone_rules *r)
{
    return r->location[0] ? r->location : NULL;
}

bool zone_rules_outside(const struct zone_rules *r)
{
    return r->depth == 0;
}

static enum bf_err bad(struct fault *fault, const char *what)
{
    return fault_at(fault, BF_EFORM, 0, what);
}

static enum bf_err begin_component(struct zone_rules *r, struct span name, struct fault *fault)
{
    const bool known = r->depth == 0 && (span_equal_nocase(name, SPAN("STANDARD")) ||
                                         span_equal_nocase(name, SPAN("DAYLIGHT")));
    if (r->depth++ == 4)
        return fault_at(fault, BF_ELIMIT, 0, "components within components within a zone");
    if (!known)
        return BF_OK;
    if (r->n == ZONE_OBSERVANCES)
        return fault_at(fault, BF_ELIMIT, 0, "more observances than a zone needs");
    struct observance *o = calloc(1, sizeof *o);
    if (!o)
        return BF_ENOMEM;
    r->at[r->n++] = o;
    r->in_observance = true;
    return BF_OK;
}

static enum bf_err end_component(struct zone_rules *r, struct fault *fault)
{
    if (r->depth == 0)
        return bad(fault, "an END without its BEGIN");
    r->depth--;
    if (r->depth || !r->in_observance)
        return BF_OK;
    const struct observance *o = r->at[r->n - 1];
    r->in_observance = false;
    return o->has_start && o->has_from && o->has_to
               ? BF_OK
               : bad(fault, "an observance needs DTSTART, TZOFFSETFROM and TZOFFSETTO");
}

/* One property, once. */
static enum bf_err once(bool *has, struct fault *fault)
{
    if (*has)
        return bad(fault, "a property that stands there twice");
    *has = true;
    return BF_OK;
}

static enum bf_err read_start(struct observance *o, struct span value, struct fault *fault)
{
    const enum bf_err err = once(&o->has_start, fault);
    return err                           ? err
           : when_read(value, &o->start) ? BF_OK
                                         : bad(fault, "DTSTART is no time: 19971026T020000");
}

static enum bf_err read_offset(bool *has, int32_t *ret, struct span value, struct fault *fault)
{
    const enum bf_err err = once(has, fault);
    return err ? err : when_offset_read(value, ret) ? BF_OK : bad(fault, "not an offset from UTC: -0500");
}

static enum bf_err read_rule(struct observance *o, struct span value, struct fault *fault)
{
    enum bf_err err = once(&o->has_rule, fault);
    if (!err)
        err = recur_read(value, &o->rule, fault);
    if (!err && o->rule.freq != FREQ_YEARLY)
        err = bad(fault, "the rules of a zone are yearly");
    return err;
}

/* `19971026T020000,19981025T020000`; of a period its beginning. */
static enum bf_err read_dates(struct observance *o, struct span value, struct fault *fault)
{
    while (value.p) {
        const size_t n = span_find(value, ',');
        const struct span item = span_first(value, n), one = span_first(item, span_find(item, '/'));
        struct when when;
        if (!when_read(one, &when))
            return bad(fault, "RDATE is no time: 19971026T020000");
        if (o->n_dates == ZONE_CHANGES)
            return fault_at(fault, BF_ELIMIT, 0, "more changes than a zone has");
        if ((o->n_dates & (o->n_dates - 1)) == 0) { /* full at every power of two */
            struct when *more = reallocarray(o->dates, o->n_dates ? 2 * o->n_dates : 1, sizeof *more);
            if (!more)
                return BF_ENOMEM;
            o->dates = more;
        }
        o->dates[o->n_dates++] = when;
        value = n < value.n ? span_from(value, n + 1) : SPAN_NONE;
    }
    return BF_OK;
}

static enum bf_err observance_line(struct observance *o, const struct card_line *line, struct fault *fault)
{
    if (span_equal_nocase(line->name, SPAN("DTSTART")))
        return read_start(o, line->value, fault);
    if (span_equal_nocase(line->name, SPAN("TZOFFSETFROM")))
        return read_offset(&o->has_from, &o->from, line->value, fault);
    if (span_equal_nocase(line->name, SPAN("TZOFFSETTO")))
        return read_offset(&o->has_to, &o->to, line->value, fault);
    if (span_equal_nocase(line->name, SPAN("RRULE")))
        return read_rule(o, line->value, fault);
    if (span_equal_nocase(line->name, SPAN("RDATE")))
        return read_dates(o, line->value, fault);
    if (span_equal_nocase(line->name, SPAN("EXRULE")) || span_equal_nocase(line->name, SPAN("EXDATE")))
        return bad(fault, "an observance has no exceptions");
    return BF_OK;
}

static enum bf_err any_line(struct zone_rules *r, const struct card_line *line, struct fault *fault)
{
    if (span_equal_nocase(line->name, SPAN("BEGIN")))
        return begin_component(r, line->value, fault);
    if (span_equal_nocase(line->name, SPAN("END")))
        return end_component(r, fault);
    if (r->depth == 1 && r->in_observance)
        return observance_line(r->at[r->n - 1], line, fault);
    if (r->depth == 0 && span_equal_nocase(line->name, SPAN("X-LIC-LOCATION")) && line->value.n <= TZ_NAME) {
        memcpy(r->location, line->value.p, line->value.n);
        r->location[line->value.n] = '\0';
    }
    return BF_OK;
}

/* Of a zone that is wrong only where it ends is still looked at. */
static void depth_only(struct zone_rules *r, const struct card_line *line)
{
    if (span_equal_nocase(line->name, SPAN("BEGIN")))
        r->depth++;
    else if (span_equal_nocase(line->name, SPAN("END")) && r->depth)
        r->depth--;
}

enum bf_err zone_rules_line(struct zone_rules *r, const struct card_line *line, struct fault *fault)
{
    if (r->err) {
        depth_only(r, line);
        return BF_OK;
    }
    r->err = any_line(r, line, fault);
    return r->err;
}

enum bf_err zone_rules_end(struct zone_rules *r, struct fault *fault)
{
    if (!r->err && r->n == 0)
        r->err = bad(fault, "a zone without STANDARD and DAYLIGHT");
    return r->err;
}

/* ---- changes ---- */

struct onset {
    utc_t at;
    int32_t from, to;
};
struct onsets {
    struct onset at[ZONE_CHANGES];
    size_t n;
};

static enum bf_err onset_add(struct onsets *all, const struct observance *o, utc_t at)
{
    if (all->n == ZONE_CHANGES)
        return BF_ELIMIT;
    all->at[all->n++] = (struct onset){ at, o->from, o->to };
    return BF_OK;
}

static utc_t utc_of(const struct observance *o, const struct when *w)
{
    return w->form == WHEN_UTC ? w->t : w->t - o->from;
}

/* The rule, told by the clock before the change. BF_ENOENT: it gives nothing at all. */
static enum bf_err onsets_of_rule(struct onsets *all, const struct observance *o)
{
    struct recur rule = o->rule;
    struct recur_walk walk;
    const local_t start = o->start.form == WHEN_UTC ? o->start.t + o->from : o->start.t;
    const local_t first = civil_day(ZONE_FIRST_YEAR, 1, 1) * DAY_S,
                  end = civil_day(ZONE_LAST_YEAR + 1, 1, 1) * DAY_S;
    const size_t before = all->n;
    local_t t;
    enum bf_err err;
    if (rule.until_kind == UNTIL_UTC) {
        rule.until += o->from;
        rule.until_kind = UNTIL_LOCAL;
    }
    recur_begin(&walk, &rule, start, NULL, start > first ? start : first, end);
    while ((err = recur_next(&walk, &t)) == BF_OK)
        if ((err = onset_add(all, o, t - o->from)) != BF_OK)
            return err;
    return err == BF_ENOENT && all->n > before ? BF_OK : err;
}

/* DTSTART counts by itself where there is no rule, or where the rule gives nothing: many programs put it where no change was. */
static enum bf_err onsets_of(struct onsets *all, const struct observance *o)
{
    enum bf_err err = o->has_rule ? onsets_of_rule(all, o) : BF_ENOENT;
    if (err == BF_ENOENT)
        err = onset_add(all, o, utc_of(o, &o->start));
    for (size_t i = 0; !err && i < o->n_dates; i++)
        err = onset_add(all, o, utc_of(o, &o->dates[i]));
    return err;
}

static int by_time(const void *a, const void *b)
{
    const struct onset *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

static enum bf_err changes_of(struct onsets *all, struct tz **ret)
{
    struct tz_period periods[ZONE_CHANGES];
    size_t n = 0;
    qsort(all->at, all->n, sizeof all->at[0], by_time);
    for (size_t i = 0; i < all->n; i++)
        if (i + 1 == all->n || all->at[i + 1].at != all->at[i].at)
            periods[n++] = (struct tz_period){ all->at[i].at, all->at[i].to };
    return tz_of_periods(all->at[0].from, periods, n, ret);
}

enum bf_err zone_rules_compile(const struct zone_rules *r, struct tz **ret)
{
    struct onsets all = { .n = 0 };
    enum bf_err err = BF_OK;
    for (size_t i = 0; !err && i < r->n; i++)
        err = onsets_of(&all, r->at[i]);
    if (err)
        return err;
    return all.n ? changes_of(&all, ret) : BF_EFORM;
}
