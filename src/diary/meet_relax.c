/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing was found: each constraint is left out by itself, and the search done again up to its first date. */
#include <stdlib.h>

#include "diary/meet_parts.h"

#define BLOCK ((size_t)1 << 20)

/* A wish with one thing changed; the parties are a copy. */
struct trial {
    struct meet_wish wish;
    struct meet_party parties[MEET_PARTIES];
    struct arena *arena;
};

/* What of one party can give way, the gentler first. false: it forbids nothing. */
static bool relax_buffer(struct trial *t, struct meet_party *p)
{
    (void)t;
    const bool has = p->before_s || p->after_s;
    p->before_s = p->after_s = 0;
    return has;
}
static bool relax_ways(struct trial *t, struct meet_party *p)
{
    (void)p;
    const bool has = t->wish.ways != NULL;
    t->wish.ways = NULL;
    return has;
}
static bool relax_tentative(struct trial *t, struct meet_party *p)
{
    (void)t;
    const bool has = p->tentative == TENTATIVE_BUSY;
    p->tentative = TENTATIVE_FREE;
    return has;
}
static bool relax_notice(struct trial *t, struct meet_party *p)
{
    const bool has = t->wish.now + (int64_t)p->notice_s > t->wish.from && p->notice_s;
    p->notice_s = 0;
    return has;
}
static bool relax_per_day(struct trial *t, struct meet_party *p)
{
    (void)t;
    const bool has = p->per_day != 0;
    p->per_day = 0;
    return has;
}
static bool relax_hours(struct trial *t, struct meet_party *p)
{
    (void)t;
    const bool has = p->hours != NULL;
    p->hours = NULL;
    return has;
}
static bool relax_length(struct trial *t, struct meet_party *p)
{
    (void)p;
    t->wish.length_s = t->wish.length_s / 2 / 60 * 60;
    return t->wish.length_s != 0;
}
static bool relax_presence(struct trial *t, struct meet_party *p)
{
    (void)t;
    p->role = MEET_OPTIONAL;
    return true;
}

static const struct {
    enum meet_cause cause;
    bool of_party;
    bool (*relax)(struct trial *t, struct meet_party *p);
} ways_out[] = {
    { MEET_BUFFER, true, relax_buffer },       { MEET_WAY, false, relax_ways },
    { MEET_TENTATIVE, true, relax_tentative }, { MEET_NOTICE, true, relax_notice },
    { MEET_PER_DAY, true, relax_per_day },     { MEET_HOURS, true, relax_hours },
    { MEET_LENGTH, false, relax_length },      { MEET_PRESENCE, true, relax_presence },
};

static void trial_begin(struct trial *t, const struct meet_wish *wish)
{
    t->wish = *wish;
    memcpy(t->parties, wish->parties, wish->n * sizeof *wish->parties);
    t->wish.parties = t->parties;
    arena_reset(t->arena);
}

/* BF_ENOENT: no date that way either. */
static enum bf_err trial_end(struct trial *t, struct meet_relaxed *ret)
{
    struct meet *m;
    const enum bf_err err = meet_ready(&t->wish, t->arena, &m);
    if (err)
        return err;
    return meet_first(m, &ret->first) ? BF_OK : BF_ENOENT;
}

static enum bf_err try_out(struct trial *t, const struct meet_wish *wish, size_t row, size_t party,
                           struct meet_relaxed *ret)
{
    *ret = (struct meet_relaxed){ ways_out[row].cause, party, 0, wish->length_s };
    enum bf_err err = BF_ENOENT;
    /* Only the length can be relaxed further when that was not enough. */
    for (struct meet_wish from = *wish; err == BF_ENOENT; from.length_s = t->wish.length_s) {
        trial_begin(t, &from);
        if (!ways_out[row].relax(t, party == SIZE_MAX ? NULL : &t->parties[party]))
            break;
        ret->length_s = t->wish.length_s;
        err = trial_end(t, ret);
        if (ways_out[row].cause != MEET_LENGTH)
            break;
    }
    return err;
}

/* rows come in the order of gentleness, so equal dates stay as they are. */
static void insert(struct meet_relaxed *list, size_t n, const struct meet_relaxed *it)
{
    size_t k = n;
    for (; k && it->cause != MEET_PRESENCE && list[k - 1].first > it->first; k--)
        list[k] = list[k - 1];
    for (; k && it->cause == MEET_PRESENCE && list[k - 1].cause == MEET_PRESENCE &&
           list[k - 1].first > it->first;
         k--)
        list[k] = list[k - 1];
    list[k] = *it;
}

enum bf_err meet_relax(const struct meet_wish *wish, struct arena *arena, struct meet_relaxed **ret,
                       size_t *ret_n)
{
    auto_(arena_destroy) struct arena *own = NULL;
    struct meet_relaxed *list = arena_take(arena, (ARRAY_SIZE(ways_out) * wish->n + 1) * sizeof *list), it;
    struct trial *t = arena_new(arena, struct trial);
    enum bf_err err = list && t ? arena_create(BLOCK, SIZE_MAX / 2, &own) : BF_ENOMEM;
    size_t n = 0;
    if (err)
        return err;
    t->arena = own;
    for (size_t row = 0; row < ARRAY_SIZE(ways_out); row++)
        for (size_t i = 0; i < (ways_out[row].of_party ? wish->n : 1); i++) {
            if (ways_out[row].of_party && wish->parties[i].role == MEET_OPTIONAL)
                continue;
            err = try_out(t, wish, row, ways_out[row].of_party ? i : SIZE_MAX, &it);
            if (err == BF_OK)
                insert(list, n++, &it);
            else if (err != BF_ENOENT)
                return err;
        }
    *ret = list;
    *ret_n = n;
    return BF_OK;
}
