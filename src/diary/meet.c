/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wish is made ready: what forbids, party by party and cause by cause, then all of it in one list. Whether a start is possible
 * is then one question to one list, which is why the list of dates and the booking of one cannot disagree.
 */
#include "diary/meet_parts.h"

#include <limits.h>

#define AROUND   ((int64_t)1 << 33) /* what lies further away than some centuries is cut off */
#define A_DAY_ON 1440u              /* minutes of a way that nobody knows */

const char *meet_cause_word(enum meet_cause cause)
{
    static const char *const words[] = {
        [MEET_POSSIBLE] = "possible", [MEET_WINDOW] = "window",       [MEET_GRID] = "grid",
        [MEET_REPEATED] = "repeated", [MEET_TAKEN] = "taken",         [MEET_BUFFER] = "buffer",
        [MEET_WAY] = "way",           [MEET_TENTATIVE] = "tentative", [MEET_NOTICE] = "notice",
        [MEET_PER_DAY] = "per-day",   [MEET_HOURS] = "hours",         [MEET_LENGTH] = "length",
        [MEET_PRESENCE] = "presence",
    };
    return (size_t)cause < ARRAY_SIZE(words) ? words[cause] : "?";
}

/* ---- clocks ---- */

local_t clock_day(local_t t)
{
    return t >= 0 ? t / DAY_S : -((-t + DAY_S - 1) / DAY_S);
}

int32_t clock_offset(struct clock_parts parts, size_t *hint, utc_t at)
{
    size_t i = *hint;
    while (i && parts.p[i].from > at)
        i--;
    while (i + 1 < parts.n && parts.p[i + 1].from <= at)
        i++;
    *hint = i;
    return parts.p[i].offset;
}

/* What the clock of a zone does in the window and two days around it. */
static enum bf_err clock_read(const struct tz *zone, const struct meet_wish *w, struct arena *arena,
                              struct clock_parts *ret)
{
    const utc_t from = w->from - 2 * DAY_S, to = w->to + 2 * DAY_S;
    size_t n = 1;
    for (utc_t at = from; (at = tz_change(zone, at)) < to;)
        n++;
    struct clock_part *p = arena_take(arena, n * sizeof *p);
    if (!p)
        return BF_ENOMEM;
    p[0] = (struct clock_part){ from, tz_offset(zone, from) };
    for (size_t i = 1; i < n; i++) {
        p[i].from = tz_change(zone, p[i - 1].from);
        p[i].offset = tz_offset(zone, p[i].from);
    }
    *ret = (struct clock_parts){ p, n };
    return BF_OK;
}

/* Both times that the clock shows an hour, where it is set back. */
static size_t repeated(struct clock_parts clock, struct period *ret)
{
    size_t n = 0;
    for (size_t i = 1; i < clock.n; i++) {
        const int32_t back = clock.p[i - 1].offset - clock.p[i].offset;
        if (back > 0)
            ret[n++] = (struct period){ clock.p[i].from - back, clock.p[i].from + back, PERIOD_BUSY, 0 };
    }
    return n;
}

/* ---- what forbids, of one party ---- */

struct making {
    const struct meet_wish *wish;
    const struct meet_party *party;
    struct meet_side *side;
    struct arena *arena;
};

enum { WITH_BUFFERS = 1, WITH_WAYS = 2 };

static int64_t way_s(const struct meet_wish *w, uint16_t a, uint16_t b)
{
    if (!w->ways || !a || !b || a >= w->places || b >= w->places)
        return 0;
    const uint16_t minutes = w->ways[(size_t)a * w->places + b];
    return 60 * (int64_t)(minutes == MEET_WAYS ? A_DAY_ON : minutes);
}

/* The taken time of these kinds, and what a new meeting has to leave free around it. */
static enum bf_err list_taken(const struct making *k, uint32_t kinds, unsigned with, struct periods *ret)
{
    const struct meet_wish *w = k->wish;
    const struct meet_party *p = k->party;
    struct period *made = arena_take(k->arena, (2 * p->busy.n + 1) * sizeof *made);
    size_t n = 0;
    if (!made)
        return BF_ENOMEM;
    for (size_t i = 0; i < p->busy.n; i++) {
        struct period it = p->busy.p[i];
        if (!(it.kinds & kinds) || it.from >= it.to)
            continue;
        const int64_t there = with & WITH_WAYS ? way_s(w, w->place, it.place) : 0;
        const int64_t here = with & WITH_WAYS ? way_s(w, it.place, w->place) : 0;
        const int64_t after = with & WITH_BUFFERS ? p->after_s : 0,
                      before = with & WITH_BUFFERS ? p->before_s : 0;
        it.from = it.from > w->from - AROUND ? it.from : w->from - AROUND;
        it.to = it.to < w->to + AROUND ? it.to : w->to + AROUND;
        it.from -= after > there ? after : there;
        it.to += before > here ? before : here;
        made[n++] = it;
    }
    periods_sort(made, n, made + n);
    *ret = (struct periods){ made, periods_union(made, n, kinds, made) };
    return BF_OK;
}

static enum bf_err list_hours(const struct making *k, struct periods *ret)
{
    const struct meet_wish *w = k->wish;
    const struct period window = { w->from, w->to, PERIOD_UNAVAILABLE, 0 };
    struct periods open;
    if (!k->party->hours)
        return BF_OK;
    const enum bf_err err = hours_open(k->party->hours, k->party->zone, &window, k->arena, &open);
    struct period *made = err ? NULL : arena_take(k->arena, (open.n + 1) * sizeof *made);
    if (!made)
        return err ? err : BF_ENOMEM;
    *ret = (struct periods){ made, periods_complement(open.p, open.n, &window, made) };
    return BF_OK;
}

static enum bf_err list_notice(const struct making *k, struct periods *ret)
{
    const struct meet_wish *w = k->wish;
    const utc_t until = w->now + (int64_t)k->party->notice_s;
    struct period *made = arena_take(k->arena, sizeof *made);
    if (!made)
        return BF_ENOMEM;
    *made = (struct period){ w->from, until, PERIOD_BUSY, 0 };
    *ret = (struct periods){ made, until > w->from };
    return BF_OK;
}

static bool is_meeting(const struct meet_party *p, const struct period *it)
{
    return it->from < it->to &&
           (it->kinds & PERIOD_BUSY || (it->kinds & PERIOD_TENTATIVE && p->tentative != TENTATIVE_FREE));
}

/* The same time twice is one meeting, in two calendars of one person. */
static bool is_again(const struct periods *busy, size_t at, const struct meet_party *p)
{
    for (size_t i = at; i-- > 0 && busy->p[i].from == busy->p[at].from;)
        if (busy->p[i].to == busy->p[at].to && is_meeting(p, &busy->p[i]))
            return true;
    return false;
}

static enum bf_err count_days(const struct making *k)
{
    const struct meet_wish *w = k->wish;
    struct meet_side *side = k->side;
    size_t hint = 0;
    side->first_day = clock_day(w->from + clock_offset(side->clock, &hint, w->from));
    side->days = (size_t)(clock_day(w->to + clock_offset(side->clock, &hint, w->to)) - side->first_day) + 1;
    side->per_day = arena_take(k->arena, (side->days + 1) * sizeof *side->per_day);
    if (!side->per_day)
        return BF_ENOMEM;
    for (size_t i = 0; i < k->party->busy.n; i++) {
        const struct period *it = &k->party->busy.p[i];
        if (!is_meeting(k->party, it) || it->to <= w->from - 2 * DAY_S || it->from >= w->to + 2 * DAY_S ||
            is_again(&k->party->busy, i, k->party))
            continue;
        const utc_t from = it->from > w->from - 2 * DAY_S ? it->from : w->from - 2 * DAY_S;
        const utc_t last = (it->to < w->to + 2 * DAY_S ? it->to : w->to + 2 * DAY_S) - 1;
        day_t a = clock_day(from + clock_offset(side->clock, &hint, from)) - side->first_day;
        day_t b = clock_day(last + clock_offset(side->clock, &hint, last)) - side->first_day;
        a = a > 0 ? a : 0;
        b = b < (day_t)side->days ? b : (day_t)side->days - 1;
        if (a > b)
            continue;
        side->per_day[a]++;
        side->per_day[b + 1]--;
    }
    for (size_t d = 1; d <= side->days; d++)
        side->per_day[d] += side->per_day[d - 1];
    return BF_OK;
}

static enum bf_err list_per_day(const struct making *k, struct periods *ret)
{
    struct meet_side *side = k->side;
    struct period *made = arena_take(k->arena, side->days * sizeof *made);
    size_t n = 0;
    if (!made)
        return BF_ENOMEM;
    for (size_t d = 0; k->party->per_day && d < side->days; d++) {
        const local_t day = (side->first_day + (day_t)d) * DAY_S;
        if (side->per_day[d] >= 0 && (uint32_t)side->per_day[d] >= k->party->per_day)
            made[n++] = (struct period){ tz_utc(k->party->zone, day, NULL),
                                         tz_utc(k->party->zone, day + DAY_S, NULL), PERIOD_BUSY, 0 };
    }
    *ret = (struct periods){ made, periods_union(made, n, PERIOD_ANY, made) };
    return BF_OK;
}

static enum bf_err list_preferred(const struct making *k, struct periods *ret)
{
    const struct meet_wish *w = k->wish;
    const struct meet_party *p = k->party;
    const struct hours *h = p->preferred ? p->preferred : p->hours ? p->hours : &hours_usual;
    const struct period window = { w->from - DAY_S, w->to + DAY_S, PERIOD_BUSY, 0 };
    return hours_open(h, p->zone, &window, k->arena, ret);
}

/* Several lists into one. */
static enum bf_err together(const struct periods *lists, size_t n, struct arena *arena, struct periods *ret)
{
    struct periods used[MEET_PARTIES > LISTS ? MEET_PARTIES : LISTS];
    size_t all = 0;
    for (size_t i = 0; i < n; i++) {
        used[i] = lists[i];
        all += lists[i].n;
    }
    struct period *made = arena_take(arena, (all + 1) * sizeof *made);
    if (!made)
        return BF_ENOMEM;
    all = periods_merge(used, n, made);
    *ret = (struct periods){ made, periods_union(made, all, PERIOD_ANY, made) };
    return BF_OK;
}

static enum bf_err side_ready(const struct making *k)
{
    struct meet_side *s = k->side;
    const bool busy = k->party->tentative == TENTATIVE_BUSY, soft = k->party->tentative == TENTATIVE_SOFT;
    const unsigned all = WITH_BUFFERS | WITH_WAYS;
    enum bf_err err = clock_read(k->party->zone, k->wish, k->arena, &s->clock);
    if (!err)
        err = list_taken(k, PERIOD_FIRM, 0, &s->lists[LIST_TAKEN]);
    if (!err && (k->party->before_s || k->party->after_s))
        err = list_taken(k, PERIOD_FIRM, WITH_BUFFERS, &s->lists[LIST_BUFFER]);
    if (!err && k->wish->ways)
        err = list_taken(k, PERIOD_FIRM, WITH_WAYS, &s->lists[LIST_WAY]);
    if (!err && busy)
        err = list_taken(k, PERIOD_TENTATIVE, all, &s->lists[LIST_TENTATIVE]);
    if (!err && soft)
        err = list_taken(k, PERIOD_TENTATIVE, all, &s->soft);
    if (!err)
        err = list_taken(k, PERIOD_BUSY | PERIOD_TENTATIVE, 0, &s->meetings);
    if (!err)
        err = list_notice(k, &s->lists[LIST_NOTICE]);
    if (!err)
        err = list_hours(k, &s->lists[LIST_HOURS]);
    if (!err)
        err = count_days(k);
    if (!err)
        err = list_per_day(k, &s->lists[LIST_PER_DAY]);
    if (!err)
        err = list_preferred(k, &s->preferred);
    return err ? err : together(s->lists, LISTS, k->arena, &s->all);
}

/* ---- all of them ---- */

static enum bf_err join_twice(struct meet *m, struct arena *arena)
{
    const struct meet_wish *w = m->wish;
    size_t most = 1, n = 0;
    for (size_t i = 0; i < w->n; i++)
        most += m->sides[i].clock.n;
    struct period *made = arena_take(arena, 2 * most * sizeof *made);
    if (!made)
        return BF_ENOMEM;
    for (size_t i = 0; i < w->n; i++)
        if (w->parties[i].role != MEET_RESOURCE)
            n += repeated(m->sides[i].clock, made + n);
    periods_sort(made, n, made + most);
    m->twice = (struct periods){ made, periods_union(made, n, PERIOD_ANY, made) };
    return BF_OK;
}

static enum bf_err join_forbidden(struct meet *m, struct arena *arena)
{
    struct periods lists[MEET_PARTIES];
    size_t n = 0;
    for (size_t i = 0; i < m->wish->n; i++)
        if (m->wish->parties[i].role != MEET_OPTIONAL)
            lists[n++] = m->sides[i].all;
    return together(lists, n, arena, &m->forbidden);
}

static enum bf_err wish_fits(const struct meet_wish *w)
{
    if (w->n == 0 || w->n > MEET_PARTIES || w->from >= w->to || !w->length_s || !w->step_s ||
        w->step_s > DAY_S)
        return BF_EINVAL;
    return (w->to - w->from) / w->step_s > MEET_SLOTS ? BF_ELIMIT : BF_OK;
}

enum bf_err meet_ready(const struct meet_wish *wish, struct arena *arena, struct meet **ret)
{
    enum bf_err err = wish_fits(wish);
    struct meet *m = err ? NULL : arena_new(arena, struct meet);
    if (!m)
        return err ? err : BF_ENOMEM;
    m->wish = wish;
    m->sides = arena_take(arena, wish->n * sizeof *m->sides);
    err = m->sides ? clock_read(wish->zone, wish, arena, &m->clock) : BF_ENOMEM;
    for (size_t i = 0; !err && i < wish->n; i++) {
        const struct making making = { wish, &wish->parties[i], &m->sides[i], arena };
        err = side_ready(&making);
    }
    if (!err)
        err = join_twice(m, arena);
    if (!err)
        err = join_forbidden(m, arena);
    if (!err)
        *ret = m;
    return err;
}

/* ---- the decision ---- */

utc_t meet_grid(const struct meet *m, struct meet_cursor *cursor, utc_t at)
{
    for (;;) {
        const int32_t offset = clock_offset(m->clock, &cursor->clock, at);
        const local_t local = at + offset, midnight = clock_day(local) * DAY_S;
        const int64_t step = m->wish->step_s, past = (local - midnight) % step;
        if (past == 0)
            return at;
        /* At the latest at midnight, or where the clock is changed, it begins anew. */
        const local_t next = local - past + step < midnight + DAY_S ? local - past + step : midnight + DAY_S;
        const size_t part = cursor->clock + 1;
        const utc_t change = part < m->clock.n ? m->clock.p[part].from : INT64_MAX;
        at = next - offset < change ? next - offset : change;
    }
}

bool meet_refused(const struct meet *m, struct meet_cursor *cursor, utc_t start, utc_t *ret_behind)
{
    const utc_t end = start + (int64_t)m->wish->length_s;
    const struct period *in_way;
    *ret_behind = start + 1;
    if (start < m->wish->from || end > m->wish->to)
        return true;
    in_way = periods_at(m->forbidden, &cursor->forbidden, start, end);
    if (in_way) {
        *ret_behind = in_way->to;
        return true;
    }
    in_way = periods_at(m->twice, &cursor->twice, start, start + 1);
    if (in_way) {
        *ret_behind = in_way->to;
        return true;
    }
    return meet_grid(m, cursor, start) != start;
}

/* Who forbids it, and why: only asked when somebody does. */
static struct meet_refusal refusal_of(const struct meet *m, utc_t start)
{
    static const enum meet_cause causes[LISTS] = {
        [LIST_TAKEN] = MEET_TAKEN,         [LIST_BUFFER] = MEET_BUFFER, [LIST_WAY] = MEET_WAY,
        [LIST_TENTATIVE] = MEET_TENTATIVE, [LIST_NOTICE] = MEET_NOTICE, [LIST_PER_DAY] = MEET_PER_DAY,
        [LIST_HOURS] = MEET_HOURS
    };
    const utc_t end = start + (int64_t)m->wish->length_s;
    if (start < m->wish->from || end > m->wish->to)
        return (struct meet_refusal){ MEET_WINDOW, SIZE_MAX };
    for (size_t list = 0; list < LISTS; list++)
        for (size_t i = 0; i < m->wish->n; i++) {
            size_t hint = 0;
            if (m->wish->parties[i].role != MEET_OPTIONAL &&
                periods_at(m->sides[i].lists[list], &hint, start, end))
                return (struct meet_refusal){ causes[list], i };
        }
    size_t hint = 0;
    return (struct meet_refusal){ periods_at(m->twice, &hint, start, start + 1) ? MEET_REPEATED : MEET_GRID,
                                  SIZE_MAX };
}

bool meet_possible(const struct meet *m, utc_t start, struct meet_refusal *ret)
{
    struct meet_cursor cursor = { 0 };
    utc_t behind;
    const bool within = start >= m->wish->from && start < m->wish->to;
    const bool refused = !within || meet_refused(m, &cursor, start, &behind);
    if (ret)
        *ret = refused ? refusal_of(m, start) : (struct meet_refusal){ MEET_POSSIBLE, SIZE_MAX };
    return !refused;
}

bool meet_first(const struct meet *m, utc_t *ret)
{
    struct meet_cursor cursor = { 0 };
    utc_t at = meet_grid(m, &cursor, m->wish->from), behind;
    for (; at + (int64_t)m->wish->length_s <= m->wish->to; at = meet_grid(m, &cursor, behind))
        if (!meet_refused(m, &cursor, at, &behind)) {
            *ret = at;
            return true;
        }
    return false;
}
