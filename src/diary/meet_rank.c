/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Possible starts are weighed in whole numbers, and the best taken, a half-day at a time. Weight: what the worst-placed party suffers
 * counts first, then what is not certain, who is absent, how far away it is, holes too small for a meeting, full days, lunch, and the
 * quarter hours; of two that weigh the same, the one where the parties together are nearer to their hours, then the earlier.
 */
#include <stdlib.h>

#include "diary/meet_parts.h"

#define AWAY_MOST 12u /* hours */
#define LOAD_MOST 10u /* meetings of a day */
#define HOUR      3600

enum weight {
    WEIGHT_WORST = 40,
    WEIGHT_TENTATIVE = 30,
    WEIGHT_ABSENT = 20,
    WEIGHT_AHEAD = 10,
    WEIGHT_HOLE = 8,
    WEIGHT_LOAD = 5,
    WEIGHT_LUNCH = 3,
    WEIGHT_ODD = 2
};

/* Where the last questions about a party were answered. */
struct side_cursor {
    size_t all, soft, preferred, clock;
};
struct weighing {
    const struct meet *m;
    struct meet_cursor cursor;
    struct side_cursor *sides;
};

struct slot {
    utc_t start;
    uint32_t cost, sum;
    day_t half; /* half-day of the wish's clock */
    bool gone, lunch;
};

/* ---- one party ---- */

/* By how many hours the meeting would have to move. */
static uint32_t hours_away(struct periods open, size_t *hint, utc_t start, utc_t end)
{
    int64_t least = (int64_t)AWAY_MOST * HOUR;
    (void)periods_at(open, hint, start, end);
    for (size_t i = *hint ? *hint - 1 : 0; i < open.n && i <= *hint; i++) {
        const int64_t early = open.p[i].from - start, late = end - open.p[i].to;
        const int64_t move = early > late ? early : late;
        least = move < least ? move : least;
    }
    return least <= 0 ? 0 : (uint32_t)((least + HOUR - 1) / HOUR);
}

static bool over_lunch(int64_t second_of_day, uint32_t length_s)
{
    return second_of_day < 13 * (int64_t)HOUR && second_of_day + (int64_t)length_s > 12 * (int64_t)HOUR;
}

struct weighed {
    uint32_t worst, sum, tentative, absent, load;
    bool lunch;
};

static void weigh_side(struct weighing *w, size_t i, utc_t start, struct weighed *sum, struct meet_view *view)
{
    const struct meet_wish *wish = w->m->wish;
    const struct meet_party *p = &wish->parties[i];
    const struct meet_side *s = &w->m->sides[i];
    struct side_cursor *c = &w->sides[i];
    const utc_t end = start + (int64_t)wish->length_s;
    const local_t local = start + clock_offset(s->clock, &c->clock, start);
    const bool absent = p->role == MEET_OPTIONAL && periods_at(s->all, &c->all, start, end);
    const bool tentative = !absent && s->soft.n && periods_at(s->soft, &c->soft, start, end);
    const uint32_t away =
        p->role == MEET_RESOURCE || absent ? 0 : hours_away(s->preferred, &c->preferred, start, end);
    sum->worst = away > sum->worst ? away : sum->worst;
    sum->sum += away;
    sum->absent += absent;
    sum->tentative += tentative;
    if (p->role == MEET_REQUIRED) {
        const int64_t day = clock_day(local) - s->first_day;
        const uint32_t load = day >= 0 && day < (int64_t)s->days ? (uint32_t)s->per_day[day] : 0;
        sum->load = load > sum->load ? load : sum->load;
    }
    if (p->role != MEET_RESOURCE && !absent)
        sum->lunch = sum->lunch || over_lunch(local - clock_day(local) * DAY_S, wish->length_s);
    if (view)
        *view = (struct meet_view){ .party = i,
                                    .offset = (int32_t)(local - start),
                                    .away_h = away,
                                    .absent = absent,
                                    .tentative = tentative };
}

/* ---- one start ---- */

static uint32_t logarithm(int64_t n)
{
    uint32_t bits = 0;
    for (; n > 1; n /= 2)
        bits++;
    return bits;
}

/* Holes beside it in which no other meeting of this length fits. */
static uint32_t holes(const struct weighing *w, utc_t start)
{
    const struct periods f = w->m->forbidden;
    const size_t next = w->cursor.forbidden;
    const int64_t length = w->m->wish->length_s;
    const int64_t before = next ? start - f.p[next - 1].to : 0;
    const int64_t after = next < f.n ? f.p[next].from - (start + length) : 0;
    return (before > 0 && before < length ? 1u : 0) + (after > 0 && after < length ? 1u : 0);
}

/* views: one a party, or NULL. */
static struct slot weigh(struct weighing *w, utc_t start, struct meet_view *views)
{
    const struct meet_wish *wish = w->m->wish;
    struct weighed s = { 0 };
    for (size_t i = 0; i < wish->n; i++)
        weigh_side(w, i, start, &s, views ? &views[i] : NULL);
    const local_t local = start + clock_offset(w->m->clock, &w->cursor.clock, start);
    const int64_t ahead = start > wish->now ? (start - wish->now) / DAY_S : 0;
    const bool odd = (local - clock_day(local) * DAY_S) % (HOUR / 2) != 0;
    const uint32_t load = s.load < LOAD_MOST ? s.load : LOAD_MOST;
    return (struct slot){
        .start = start,
        .cost = WEIGHT_WORST * s.worst + WEIGHT_TENTATIVE * s.tentative + WEIGHT_ABSENT * s.absent +
                WEIGHT_AHEAD * logarithm(ahead + 1) + WEIGHT_HOLE * holes(w, start) + WEIGHT_LOAD * load +
                WEIGHT_LUNCH * s.lunch + WEIGHT_ODD * odd,
        .sum = s.sum,
        .half = clock_day(2 * local),
        .lunch = s.lunch,
    };
}

static bool is_better(const struct slot *a, const struct slot *b)
{
    if (a->cost != b->cost)
        return a->cost < b->cost;
    return a->sum != b->sum ? a->sum < b->sum : a->start < b->start;
}

/* ---- all of them ---- */

static enum bf_err weighing_begin(const struct meet *m, struct arena *arena, struct weighing *ret)
{
    *ret = (struct weighing){ .m = m, .sides = arena_take(arena, m->wish->n * sizeof *ret->sides) };
    return ret->sides ? BF_OK : BF_ENOMEM;
}

static size_t gather(struct weighing *w, struct slot *ret)
{
    const struct meet_wish *wish = w->m->wish;
    size_t n = 0;
    utc_t at = meet_grid(w->m, &w->cursor, wish->from), behind;
    for (; at + (int64_t)wish->length_s <= wish->to; at = meet_grid(w->m, &w->cursor, behind))
        if (!meet_refused(w->m, &w->cursor, at, &behind))
            ret[n++] = weigh(w, at, NULL);
    return n;
}

/* The best whose half-day is not taken yet, else the best; NULL: none is left. */
static const struct slot *best(const struct slot *slots, size_t n, const struct slot *taken, size_t n_taken)
{
    const struct slot *found[2] = { NULL, NULL };
    for (size_t i = 0; i < n; i++) {
        bool again = false;
        if (slots[i].gone || (found[0] && !is_better(&slots[i], found[0])))
            continue;
        for (size_t k = 0; k < n_taken; k++)
            again = again || taken[k].half == slots[i].half;
        if (!found[again] || is_better(&slots[i], found[again]))
            found[again] = &slots[i];
    }
    return found[0] ? found[0] : found[1];
}

static size_t choose(struct slot *slots, size_t n, int64_t length, size_t top, struct slot *ret)
{
    size_t chosen = 0;
    while (chosen < top) {
        const struct slot *const found = best(slots, n, ret, chosen);
        if (!found)
            break;
        ret[chosen] = *found;
        for (size_t i = 0; i < n; i++)
            if (slots[i].start < ret[chosen].start + length && ret[chosen].start < slots[i].start + length)
                slots[i].gone = true;
        chosen++;
    }
    return chosen;
}

/* ---- how it is seen ---- */

/* Resources last, the absent before them, the worst-placed first; else as they were named. */
static uint32_t standing(const struct meet_wish *wish, const struct meet_view *v)
{
    if (wish->parties[v->party].role == MEET_RESOURCE)
        return 0;
    return v->absent ? 1 : 2 + v->away_h;
}

static void order_views(const struct meet_wish *wish, struct meet_view *views)
{
    for (size_t i = 1; i < wish->n; i++) {
        const struct meet_view moved = views[i];
        size_t k = i;
        for (; k && standing(wish, &views[k - 1]) < standing(wish, &moved); k--)
            views[k] = views[k - 1];
        views[k] = moved;
    }
}

static enum bf_err see(struct weighing *w, const struct slot *slot, struct arena *arena,
                       struct meet_date *ret)
{
    const struct meet_wish *wish = w->m->wish;
    struct meet_view *views = arena_take(arena, wish->n * sizeof *views);
    const utc_t start = slot->start, end = start + (int64_t)wish->length_s;
    if (!views)
        return BF_ENOMEM;
    (void)weigh(w, start, views);
    for (size_t i = 0; i < wish->n; i++) {
        size_t hint = 0;
        const struct periods meetings = w->m->sides[i].meetings;
        const struct period *before = periods_at(meetings, &hint, start - 1, start);
        const struct period *after = periods_at(meetings, &hint, end, end + 1);
        views[i].follows = before && before->to == start;
        views[i].leads = after && after->from == end;
    }
    order_views(wish, views);
    *ret = (struct meet_date){ start, end, slot->cost, views, slot->lunch };
    return BF_OK;
}

enum bf_err meet_dates(const struct meet *m, struct arena *arena, struct meet_date **ret, size_t *ret_n)
{
    const struct meet_wish *wish = m->wish;
    const size_t top = wish->top < MEET_TOP ? wish->top : MEET_TOP;
    const size_t most = (size_t)((wish->to - wish->from) / wish->step_s) +
                        (size_t)((wish->to - wish->from) / DAY_S) + 2 * m->clock.n + 2;
    struct slot *slots = malloc(most * sizeof *slots), chosen[MEET_TOP];
    struct meet_date *dates = arena_take(arena, (top + 1) * sizeof *dates);
    struct weighing w;
    enum bf_err err = slots && dates ? weighing_begin(m, arena, &w) : BF_ENOMEM;
    size_t n = 0;
    if (!err)
        n = choose(slots, gather(&w, slots), wish->length_s, top, chosen);
    for (size_t i = 0; !err && i < n; i++)
        err = see(&w, &chosen[i], arena, &dates[i]);
    free(slots);
    if (err)
        return err;
    *ret = dates;
    *ret_n = n;
    return BF_OK;
}
